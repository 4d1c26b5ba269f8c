# Las páginas públicas. Cada mensaje tiene el mismo nombre y los mismos argumentos en todos los idiomas.
language = Español
skip = Ir al contenido
menu = Menú
languages = Idiomas
menu-listings = Casas en venta
menu-sold = Vendidas
menu-guides = Guías
menu-about = Sobre mí
menu-contact = Contacto
call = Llamar al { $phone }
licence = Licencia { $licence }
rights = © { $year } { $name }
made-with = Hecho con OrganicAgent

missing-title = Esta página no existe
missing-text = Puede que haya cambiado de lugar o que la dirección tenga un error.
gone-title = Esta casa ya no está a la venta
gone-text = La propiedad se retiró del mercado. Quizá haya otra que le convenga.
to-listings = Ver las casas en venta
to-home = Ir a la página principal

home-kicker = Bienes raíces
home-kicker-area = Bienes raíces en { $area }
home-description = { $name }: { $place }. Casas en venta, guías gratuitas y respuestas claras a sus preguntas.
home-headline = Encuentre la casa que va con su vida
home-intro = Ayudo a comprar y vender con consejos claros, con calma y sin dejar nada al azar.
home-new = Casas en venta
home-new-all = Ver todas las casas
home-none = Por ahora no hay casas publicadas. Escríbame: de muchas me entero antes de que salgan.
home-guides = Guías gratuitas
home-guides-intro = Breves, útiles y gratuitas: lo que le cuento a cada cliente antes de empezar.
home-areas = Dónde trabajo
home-about = Sobre { $name }
home-about-more = Más sobre mí
home-contact = ¿Piensa en mudarse?
home-contact-text = Pregúnteme lo que quiera. Le contesto yo, no una máquina.
home-contact-button = Escríbame
spoken = Hablo { $languages }

short-beds = { $count } hab.
short-baths = { $count } baños
short-size = { $size } ft²
photo-alt = Foto { $number } de { $address }
photo-none = Aún sin foto

status-active = En venta
status-coming-soon = Próximamente
status-active-under-contract = Bajo contrato
status-pending = Venta pendiente
status-closed = Vendida

listing-back = Todas las casas
listing-about = Sobre esta casa
listing-ask = Pregunte por esta casa
photos = Fotos

guides-title = Guías gratuitas
guides-intro = Lo que le cuento a cada cliente antes de empezar, para leer con calma.
guides-description = Guías gratuitas de { $name } para quien compra o vende.
guides-none = Todavía no hay guías.
guide-get = Recibir la guía
guide-inside = Qué encontrará
guide-description = { $title }: una guía gratuita de { $name }.
guide-by = Por { $name }

about-title = Sobre { $name }
about-description = Quién es { $name }, dónde trabaja { $name } y cómo ponerse en contacto.
about-areas = Dónde trabajo
about-languages = Idiomas
