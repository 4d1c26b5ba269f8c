# Las palabras de los correos. Cada idioma tiene los mismos mensajes con los mismos argumentos.
language = Español

# Al pie de cada correo.
footer = OrganicAgent en { $site }

reset-subject = Elige una contraseña nueva
reset-text = Alguien, probablemente tú, ha pedido una contraseña nueva para { $email }.
reset-button = Elegir una contraseña nueva
link-note = El enlace vale durante una hora y para un solo uso.
reset-note = Si no has sido tú, no tienes que hacer nada: tu contraseña sigue igual.

known-subject = Ya tienes una cuenta
known-text = Alguien, probablemente tú, ha querido registrarse con { $email }. Esta dirección ya tiene una cuenta, así que no hace falta registrarse.
known-button = Iniciar sesión
known-note = Si has olvidado la contraseña, pide una nueva en la página de inicio de sesión. Si no has sido tú, no tienes que hacer nada.

sign-up-subject = Termina el registro
sign-up-text = Solo queda un paso: sigue el enlace y tu oficina estará lista.
sign-up-button = Terminar el registro
sign-up-note = Si no eres tú quien se ha registrado con { $email }, no tienes que hacer nada: no se crea ninguna cuenta.

address-subject = Confirma tu nueva dirección de correo
address-text = La cuenta de { $old } pasará a iniciar sesión con { $new }.
address-button = Confirmar la nueva dirección
address-note = Si no has sido tú, no tienes que hacer nada: no cambia nada.

changed-subject = Tu dirección de correo ha cambiado
changed-text = Tu cuenta inicia sesión ahora con { $new } y ya no con { $old }.
changed-note = Si no has sido tú, otra persona conoce tu contraseña: avisa enseguida a quien administra este servidor.

webhook-failing-subject = Un webhook falla: { $host }
webhook-failing-text = { $host } no ha aceptado ningún evento desde { $since }. Cada evento se vuelve a intentar durante unos tres días.
webhook-soon-subject = Un webhook está a punto de desactivarse: { $host }
webhook-soon-text = { $host } no ha aceptado ningún evento desde { $since }. Si sigue así un día más, el webhook se desactiva; los eventos se retienen hasta que lo actives de nuevo.
webhook-disabled-subject = Se ha desactivado un webhook: { $host }
webhook-refused-text = { $host } no ha aceptado ningún evento durante cinco días, así que su webhook se ha desactivado. Los eventos nuevos se retienen hasta que lo actives de nuevo.
webhook-gone-text = { $host } ha respondido que ya no existe (410), así que su webhook se ha desactivado. Los eventos nuevos se retienen hasta que lo actives de nuevo.
webhook-error = El último error
webhook-button = Ver el webhook

new-leads-subject = { $count ->
    [one] Nuevo contacto: { $name }
   *[other] { $count } contactos nuevos
}
new-leads-heading = { $count ->
    [one] Un contacto nuevo
   *[other] { $count } contactos nuevos
}
new-leads-more = { $count ->
    [one] Y uno más.
   *[other] Y { $count } más.
}
many-leads-heading = Más de { $count } contactos nuevos
lead-email = Correo
lead-phone = Teléfono
lead-property = Inmueble
lead-source = Origen
lead-message = Mensaje
lead-open = Abrir el contacto
leads-open = Ver todos los contactos
leads-note = Para no recibir más estos correos: { $url }

showings-requested-subject = { $count ->
    [one] { $name } pide una visita
   *[other] Se piden { $count } visitas
}
showings-requested-text = { $count ->
    [one] Elige una hora o recházala: un toque, sin iniciar sesión.
   *[other] Elige una hora para cada una o recházala: un toque, sin iniciar sesión.
}
showings-more = { $count ->
    [one] Y una más.
   *[other] Y { $count } más.
}
showing-client = Cliente
showing-time = Hora
showing-notes = Notas
showing-confirm = Confirmar { $time }
showing-times = Otra hora
showing-decline = Rechazar
showing-open = Abrir la visita
showings-open = Ver todas las visitas
showing-link-note = Cada enlace pregunta una vez más antes de hacer nada. No reenvíes este correo: quien lo tenga puede responder por ti.
reminder-subject = Visita ({ $time }): { $address }
reminder-heading = Se acerca una visita
mails-note = Para no recibir más estos correos: { $url }

inquiry-contact-subject = Su mensaje ha llegado
inquiry-contact-text = Gracias. { $agent } tiene su mensaje y le responderá pronto.
inquiry-question-subject = Su pregunta ha llegado
inquiry-question-text = Gracias. { $agent } tiene su pregunta sobre { $address } y le responderá pronto.
inquiry-valuation-subject = Su solicitud de valoración ha llegado
inquiry-valuation-text = Gracias. { $agent } tiene los datos de su casa y le dirá cuánto podría valer.
inquiry-reply = Si quiere añadir algo, responda a este correo: le llega a { $agent }.
inquiry-button = Ver el sitio web
inquiry-note = Recibe este correo porque se indicó { $email } en el sitio web de { $agent }. Si no fue usted, no tiene que hacer nada.
guide-subject = Su guía: { $title }
guide-text = Gracias por su interés. Aquí tiene «{ $title }», de { $agent }.
guide-button = Descargar la guía (PDF)
guide-note = El enlace funciona durante siete días. Después, vuelva a pedir la guía en el sitio web.

# Una hora. $weekday y $month son palabras de abajo; $time, horas y minutos.
moment = { $weekday } { $day } { $month }, { $time }
weekdays = lun mar mié jue vie sáb dom
months = ene feb mar abr may jun jul ago sep oct nov dic

# En un dispositivo, por Web Push.
push-source = De { $source }
push-more = { $count ->
    [one] { $names } y uno más
   *[other] { $names } y { $count } más
}
push-test-title = Este dispositivo recibe avisos
push-test-text = Así se anuncia un contacto o una visita que alguien pide.

unknown-subject = Un mensaje de OrganicAgent
unknown-text = Este correo no se puede mostrar: falta su clave o lo hizo una versión más nueva.
