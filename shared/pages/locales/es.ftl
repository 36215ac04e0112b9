# Spanish. The person who reads is addressed as tú, as products for a broad public do; nothing is said of their gender.

## Every page

continue = Continuar
or = o
back-to = Volver a { $client }
signed-in-as = Has iniciado sesión como { $user }.
language = Idioma: { $language }
footer-terms = Términos
footer-privacy = Privacidad
footer-help = Ayuda
not-you = ¿No eres tú?
trace = Para soporte

## Sign in

sign-in = Iniciar sesión
sign-in-to = para continuar en { $client }
sign-in-to-device = para conectar tu dispositivo
sign-in-failed = El nombre y la contraseña no coinciden. Revísalos e inténtalo de nuevo.
sign-in-failed-email = El correo electrónico y la contraseña no coinciden. Revísalos e inténtalo de nuevo.
sign-in-username = Nombre
sign-in-password = Contraseña
sign-in-email = Correo electrónico
sign-in-email-or-username = Correo electrónico o nombre
show-password = Mostrar la contraseña
sign-in-too-many = { $unit ->
    [second] { $count ->
        [one] Se han introducido demasiadas contraseñas incorrectas. Inténtalo de nuevo en 1 segundo.
       *[other] Se han introducido demasiadas contraseñas incorrectas. Inténtalo de nuevo en { $count } segundos.
    }
    [minute] { $count ->
        [one] Se han introducido demasiadas contraseñas incorrectas. Inténtalo de nuevo en 1 minuto.
       *[other] Se han introducido demasiadas contraseñas incorrectas. Inténtalo de nuevo en { $count } minutos.
    }
    [hour] { $count ->
        [one] Se han introducido demasiadas contraseñas incorrectas. Inténtalo de nuevo en 1 hora.
       *[other] Se han introducido demasiadas contraseñas incorrectas. Inténtalo de nuevo en { $count } horas.
    }
   *[day] { $count ->
        [one] Se han introducido demasiadas contraseñas incorrectas. Inténtalo de nuevo en 1 día.
       *[other] Se han introducido demasiadas contraseñas incorrectas. Inténtalo de nuevo en { $count } días.
    }
}
sandbox-hint = Este es un entorno de pruebas. Inicia sesión como { $username } con la contraseña { $password }.
continue-with = Continuar con { $provider }
sign-in-identifier = Correo electrónico o nombre
sign-in-no-source = No puedes iniciar sesión aquí con esta dirección. Revísala o vuelve a la aplicación.
sign-in-leading = Te estamos redirigiendo. Si no pasa nada, continúa con el botón.
used-last = Usado la última vez

## Choice of an account

choose-account = Elige una cuenta
continue-as = Continuar como { $user }
another-account = Usar otra cuenta

## Consent

consent-title = ¿Permitir el acceso a { $client }?
consent-asks = La aplicación quiere:
consent-nothing = La aplicación solo pide que confirmes este inicio de sesión.
consent-allow = Permitir
consent-deny = Rechazar
consent-application = Aplicación
consent-destination = Después irás a
consent-api = Acceso a
consent-lifetime = Duración del acceso
consent-known = Ya permitido
consent-sensitive = Piénsalo bien
consent-required = Siempre
consent-publisher = Editor
client-policy = Política de privacidad de { $client }
client-terms = Términos de { $client }
consent-unassured = Esta aplicación se ejecuta en tu dispositivo. Continúa solo si acabas de abrirla tú.

## Claims that an application asks for one by one

claim-name = Ver tu nombre completo
claim-given_name = Ver tu nombre de pila
claim-family_name = Ver tus apellidos
claim-middle_name = Ver tu segundo nombre
claim-nickname = Ver tu apodo
claim-preferred_username = Ver tu nombre de usuario
claim-profile = Ver la dirección de tu página de perfil
claim-picture = Ver tu foto
claim-website = Ver tu sitio web
claim-gender = Ver tu género
claim-birthdate = Ver tu fecha de nacimiento
claim-zoneinfo = Ver tu zona horaria
claim-locale = Ver tu idioma
claim-updated_at = Saber cuándo cambiaste tus datos por última vez
claim-email = Ver tu correo electrónico
claim-email_verified = Saber si tu correo electrónico está confirmado
claim-phone_number = Ver tu número de teléfono
claim-phone_number_verified = Saber si tu número de teléfono está confirmado
claim-address = Ver tu dirección postal

## Devices

device-title = Conectar un dispositivo
device-enter = Introduce el código que muestra tu dispositivo.
device-code = Código
device-caution = Continúa solo si has empezado esto en un dispositivo tuyo. No introduzcas nunca un código que te haya enviado otra persona.
device-unknown-code = Ningún dispositivo espera este código. Revísalo o pide uno nuevo en el dispositivo: cada código sirve una sola vez y durante pocos minutos.
device-not-signed-in = No se inició sesión. Introduce el código de nuevo para volver a intentarlo.
device-too-many = { $unit ->
    [second] { $count ->
        [one] Se han introducido demasiados códigos incorrectos. Inténtalo de nuevo en 1 segundo.
       *[other] Se han introducido demasiados códigos incorrectos. Inténtalo de nuevo en { $count } segundos.
    }
    [minute] { $count ->
        [one] Se han introducido demasiados códigos incorrectos. Inténtalo de nuevo en 1 minuto.
       *[other] Se han introducido demasiados códigos incorrectos. Inténtalo de nuevo en { $count } minutos.
    }
    [hour] { $count ->
        [one] Se han introducido demasiados códigos incorrectos. Inténtalo de nuevo en 1 hora.
       *[other] Se han introducido demasiados códigos incorrectos. Inténtalo de nuevo en { $count } horas.
    }
   *[day] { $count ->
        [one] Se han introducido demasiados códigos incorrectos. Inténtalo de nuevo en 1 día.
       *[other] Se han introducido demasiados códigos incorrectos. Inténtalo de nuevo en { $count } días.
    }
}
device-consent-title = ¿Conectar { $client }?
device-acts-for-you = El dispositivo actuaría en tu nombre.
device-check-code = ¿Tu dispositivo muestra este código?
device-warning = ¿Has empezado esto tú? Si otra persona te envió el código o el enlace, elige «Rechazar»: de lo contrario, entraría en tu cuenta.
device-asked = Solicitado
device-asked-ago = { $unit ->
    [second] { $count ->
        [one] hace 1 segundo
       *[other] hace { $count } segundos
    }
    [minute] { $count ->
        [one] hace 1 minuto
       *[other] hace { $count } minutos
    }
    [hour] { $count ->
        [one] hace 1 hora
       *[other] hace { $count } horas
    }
   *[day] { $count ->
        [one] hace 1 día
       *[other] hace { $count } días
    }
}
device-address = Desde
device-address-unknown = una dirección desconocida
device-network-same = La red que estás usando ahora
device-network-other = Una red distinta de la que estás usando ahora
device-name = Dispositivo
device-name-unknown = no lo indica
device-allowed = Tu dispositivo está conectado
device-allowed-more = Puedes cerrar esta página y seguir en tu dispositivo.
device-denied = Acceso rechazado
device-denied-more = El dispositivo no recibe nada. Puedes cerrar esta página.
device-not-allowed = No permitido
device-not-allowed-more = Tu cuenta no puede usar esta aplicación. El dispositivo no recibe nada. Puedes cerrar esta página.
device-invalidated = No se ha conectado
device-invalidated-more = Este código ya no sirve. Pide uno nuevo en el dispositivo.

duration = { $unit ->
    [second] { $count ->
        [one] 1 segundo
       *[other] { $count } segundos
    }
    [minute] { $count ->
        [one] 1 minuto
       *[other] { $count } minutos
    }
    [hour] { $count ->
        [one] 1 hora
       *[other] { $count } horas
    }
   *[day] { $count ->
        [one] 1 día
       *[other] { $count } días
    }
}

## The account page

account-title = Su cuenta
account-link = Su cuenta
account-profile = Sobre usted
account-name = Nombre
account-username = Nombre de usuario
account-email = Correo electrónico
account-phone = Número de teléfono
account-ways = Formas de iniciar sesión
account-set = Establecida
account-sessions = Dónde ha iniciado sesión
account-this-browser = Este navegador
account-device = { $browser } en { $system }
account-device-unknown = Dispositivo desconocido
account-signed-in = Sesión iniciada
account-last-used = Último uso
account-end = Cerrar esa sesión
account-end-others = Cerrar todas las demás sesiones
account-applications = Aplicaciones con acceso
account-applications-none = Ninguna aplicación tiene acceso.
account-allowed = Permitido
account-withdraw = Retirar el acceso
account-done-ended = La sesión se ha cerrado allí.
account-done-others = Se han cerrado todas las demás sesiones.
account-done-withdrawn = La aplicación ya no tiene acceso. Si vuelve a usarla, tendrá que pedírselo de nuevo.
account-done-again = Ha vuelto a iniciar sesión. Ahora puede hacer el cambio.
account-not-signed-in = No ha iniciado sesión
account-not-signed-in-more = Inicie sesión para ver su cuenta.

## Sign out

sign-out = Cerrar sesión
sign-out-title = ¿Cerrar sesión?
sign-out-asked = { $client } pide cerrar tu sesión. Se cerrará aquí, y se avisará a las aplicaciones que has usado.
sign-out-consequence = Tu sesión se cerrará aquí, y se avisará a las aplicaciones que has usado.
sign-out-invalid = Una aplicación pidió cerrar tu sesión, pero su solicitud no es válida. Puedes cerrarla aquí de todos modos, y no volverás a esa aplicación.
sign-out-stay = Mantener la sesión
sign-out-failed = La sesión aún no se ha cerrado
sign-out-failed-more = Este navegador te ha olvidado, pero el servicio no está disponible en este momento y no se pudo cerrar tu sesión.
try-again = Intentar de nuevo
signed-out = Has cerrado sesión
signed-out-more = Puedes cerrar esta página.
still-signed-in = Tu sesión sigue abierta
still-signed-in-more = Aquí no se ha cerrado nada. Puede que la aplicación haya cerrado su propia sesión.

## Back to the application

form-post-title = Volver a la aplicación
form-post-more = Tu navegador te llevará a { $destination }. Si no ocurre nada, continúa tú.

## Errors: what happened

error-title = Algo no ha funcionado
error-title-not-found = No se encuentra
error-title-unavailable = No disponible
error-encoding = Un parámetro no es UTF-8 codificado de forma válida.
error-repeated = El parámetro { $parameter } se envió más de una vez.
error-repeated-unknown = Un parámetro se envió más de una vez.
error-missing-client-id = La solicitud no incluye client_id.
error-unknown-client = No hay ninguna aplicación registrada con este client_id.
error-missing-redirect-uri = La solicitud no incluye redirect_uri. La aplicación tiene varias o pide openid.
error-unregistered-redirect-uri = La dirección redirect_uri { $uri } no está registrada para esta aplicación.
error-unknown-request-uri = La dirección request_uri es desconocida, ha caducado, ya se usó o pertenece a otra aplicación.
error-unregistered-post-logout-uri = La dirección post_logout_redirect_uri { $uri } no está registrada para esta aplicación.
error-foreign-hint = El valor de id_token_hint no es un token de identidad emitido aquí para esta aplicación.
error-stale-logout = Esta página de cierre de sesión ha caducado o no procede de aquí.
error-too-large = La solicitud es demasiado grande.
error-stale = Este inicio de sesión ha caducado o no empezó aquí.
error-other-browser = Este inicio de sesión empezó en otro navegador.
error-finished = Este inicio de sesión ya se ha completado.
error-cross-site = Este formulario no se envió desde una página de este servidor.
error-not-a-form = Una solicitud POST lleva todos sus parámetros en el cuerpo, como formulario.
error-incomplete-form = El formulario está incompleto.
error-unknown-source = Esta forma de iniciar sesión no existe aquí.
error-foreign-answer = Esta respuesta no corresponde a ningún inicio de sesión de este navegador.
error-provider-denied = No has iniciado sesión con el otro proveedor.
error-provider-refused = El otro proveedor no confirmó tu identidad.
error-provider-unreachable = No se puede contactar con el otro proveedor.
error-not-found = Esta página no existe.
error-method = Esta página no se puede abrir de ese modo.
error-unavailable = El servicio no está disponible en este momento.

## Errors: what to do

advice-sign-in-again = Vuelve a la aplicación e inicia sesión de nuevo desde allí.
advice-operator = No has hecho nada mal. Los responsables de la aplicación deben corregir su configuración.
advice-sign-out-again = Vuelve a la aplicación y cierra sesión de nuevo desde allí.
advice-smaller = No has hecho nada mal. La aplicación debe enviar una solicitud más pequeña.
advice-reload = Vuelve atrás, recarga la página y envía el formulario desde allí.
advice-another-way = Vuelve a la aplicación y elige otra forma de iniciar sesión.
advice-wait-or-another-way = Inténtalo de nuevo en un momento o elige otra forma de iniciar sesión.
advice-address = Comprueba la dirección.
advice-from-application = Abre la página desde la aplicación.
advice-retry = No se ha perdido nada. Inténtalo de nuevo en un momento.
advice-start = Comprueba la dirección o ve al inicio.
advice-start-over = Empieza de nuevo el inicio de sesión o vuelve a la aplicación.
advice-ways = Puedes iniciar sesión de otra forma o volver.
way-start = Ir al inicio
way-start-over = Empezar de nuevo
way-other-sign-in = Elegir otra forma de iniciar sesión

## Recovery of a password

recovery-forgot = ¿Ha olvidado la contraseña?
recovery-title = Establecer una contraseña nueva
recovery-ask = Escriba con qué inicia sesión. Si existe esa cuenta, se envía un código a su dirección de correo electrónico.
recovery-send = Enviar código
recovery-sent = Si existe una cuenta para { $account }, un código va de camino a su dirección de correo electrónico. Funciona una sola vez, durante 10 minutos.
recovery-for = para { $account }
recovery-code = Código del mensaje
recovery-wrong = Este código o enlace no es válido, o ya no lo es. Compruébelo o pida que se envíe uno nuevo.
recovery-again = ¿No ha llegado nada? Mire en la carpeta de correo no deseado o pida un código nuevo. Solo funciona el más reciente.
recovery-send-again = Enviar un código nuevo
recovery-too-many = Se han pedido demasiados códigos. Inténtelo de nuevo dentro de { $time }.
new-password = Contraseña nueva
new-password-hint = Al menos { $count } caracteres. Varias palabras son largas y fáciles de recordar.
new-password-save = Guardar contraseña
password-too-short = La contraseña es demasiado corta.
password-unusable = La contraseña es demasiado larga o tiene un carácter que una contraseña no puede tener.
password-known = Esta contraseña es común o se publicó en una filtración. Elija otra.
password-context = La contraseña es poco más que su nombre, su dirección o el nombre de este servicio. Elija otra.
password-predictable = La contraseña es fácil de adivinar. Añada palabras que no tengan relación entre sí.
back-to-sign-in = Volver al inicio de sesión
password-changed = Su contraseña se ha cambiado
password-changed-more = Se ha cerrado su sesión en todas partes. Vuelva a la aplicación e inicie sesión con la contraseña nueva.

## Mail

mail-recovery-subject = Establecer una contraseña nueva
mail-recovery = Alguien quiere establecer una contraseña nueva para su cuenta de { $service }. Si es usted, escriba este código en la página donde lo pidió:
mail-recovery-way = O use este enlace. El código y el enlace funcionan una sola vez, durante 10 minutos.
mail-recovery-button = Establecer una contraseña nueva
mail-recovery-closing = Si no es usted, no tiene que hacer nada: su contraseña no ha cambiado. No dé nunca el código ni el enlace a nadie.
mail-password-changed = Su contraseña ha cambiado
mail-password-changed-opening = La contraseña de su cuenta de { $service } acaba de cambiar. Se han cerrado todas las demás sesiones de la cuenta.
mail-password-changed-closing = Si no ha sido usted, establezca de inmediato una contraseña nueva: elija «¿Ha olvidado la contraseña?» al iniciar sesión, y avise al operador.
mail-footer = { $service } ha enviado este mensaje automáticamente a { $address }.

## The front page of a laptop

start-title = Postern está en marcha
start-more = Configura una aplicación con uno de estos emisores:
start-discovery = Documento de descubrimiento
start-demo = La demo no está entre ellos. Para verla, inicia { $command } sin { $option }.
