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

# Los formularios con los que un visitante se convierte en contacto.
form-name = Su nombre
form-email = Correo electrónico
form-phone = Teléfono
form-optional = opcional
form-reach = Basta un correo electrónico o un teléfono.
form-address = Dirección de su casa
form-address-hint = Calle, número y localidad
form-message = Mensaje
form-message-question = Su pregunta
form-message-valuation = ¿Qué debería saber sobre ella?
form-trap = Deje este campo vacío
form-send = Enviar el mensaje
form-ask = Enviar la pregunta
form-value = Pedir una valoración
form-get = Envíeme la guía
form-consent = Al enviar esto, acepta que { $name } le responda por correo electrónico, teléfono o mensaje de texto. No es condición para comprar ni vender nada.
form-wrong = Aún no se ha enviado. Revise los campos marcados abajo.
form-missing = Rellene este campo.
form-no-reach = Indique un correo electrónico o un teléfono para que pueda responderle.
form-no-address = Revíselo: un correo electrónico tiene la forma ana@example.com.
form-too-long = Acórtelo a { $count } caracteres.
form-many-title = Demasiados mensajes a la vez
form-many-text = Desde su conexión llegaron muchos mensajes en un minuto. Espere un minuto y vuelva a enviar el suyo.

contact-title = Escríbame
contact-description = Escriba a { $name }: preguntas sobre comprar, vender o una casa que ha visto.
contact-intro = Pregúnteme lo que quiera sobre comprar o vender. Le contesto yo, no una máquina.
contact-valuation = ¿Prefiere saber cuánto vale su casa?
contact-valuation-link = Pedir una valoración
valuation-title = ¿Cuánto vale su casa?
valuation-description = Pregunte a { $name } por cuánto podría vender su casa: gratis y sin compromiso.
valuation-intro = Dígame dónde está. Miro lo que se vendió cerca y le respondo con una cifra y sus razones.
valuation-step-1 = La comparo con lo que se vendió cerca últimamente.
valuation-step-2 = Le digo cuánto podría dar y qué la haría valer más.
valuation-step-3 = Es gratis y no le obliga a nada.
valuation-how = Cómo funciona

thanks-contact = Gracias, su mensaje ha llegado
thanks-question = Gracias, su pregunta ha llegado
thanks-valuation = Gracias, su solicitud ha llegado
thanks-guide = Gracias, aquí tiene su guía
thanks-text = Pronto tendrá noticias mías. Si indicó un correo electrónico, le llegará una confirmación.
thanks-guide-text = Descárguela ahora. El enlace también va camino de su correo y funciona durante siete días.
thanks-guide-later = El enlace va camino de su correo electrónico.
thanks-download = Descargar la guía (PDF)
download-over-title = Este enlace ha caducado
download-over-text = Los enlaces a una guía funcionan durante siete días. Pídala otra vez y recibirá uno nuevo al momento.
download-over-button = Obtener otro enlace
download-none-title = Aquí no hay ninguna guía
download-none-text = El enlace no está completo o la guía ya no se ofrece.
