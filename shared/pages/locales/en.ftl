# The texts of all pages in English. The other languages have the same messages with the same variables; a test compares them.
#
# A message is text: no HTML. A value is isolated and set apart by the page, so write it without quotation marks.

## Every page

continue = Continue
or = or
back-to = Back to { $client }
signed-in-as = You are signed in as { $user }.
language = Language: { $language }
footer-terms = Terms
footer-privacy = Privacy
footer-help = Help
not-you = Not you?
trace = For support

## Sign in

sign-in = Sign in
sign-in-to = to continue to { $client }
sign-in-to-device = to connect your device
sign-in-failed = Name and password do not match. Check both and try again.
sign-in-failed-email = E-mail address and password do not match. Check both and try again.
sign-in-username = Name
sign-in-password = Password
sign-in-email = E-mail address
sign-in-email-or-username = E-mail address or name
show-password = Show password
sign-in-too-many = { $unit ->
    [second] { $count ->
        [one] Too many wrong passwords were entered. Try again in 1 second.
       *[other] Too many wrong passwords were entered. Try again in { $count } seconds.
    }
    [minute] { $count ->
        [one] Too many wrong passwords were entered. Try again in 1 minute.
       *[other] Too many wrong passwords were entered. Try again in { $count } minutes.
    }
    [hour] { $count ->
        [one] Too many wrong passwords were entered. Try again in 1 hour.
       *[other] Too many wrong passwords were entered. Try again in { $count } hours.
    }
   *[day] { $count ->
        [one] Too many wrong passwords were entered. Try again in 1 day.
       *[other] Too many wrong passwords were entered. Try again in { $count } days.
    }
}
sandbox-hint = This is a sandbox. Sign in as { $username } with the password { $password }.
continue-with = Continue with { $provider }
sign-in-identifier = Email address or name
sign-in-no-source = You cannot sign in with this address here. Check it, or go back to the application.
sign-in-leading = You are being taken there. If nothing happens, continue yourself.
used-last = Used last

## Choice of an account

choose-account = Choose an account
continue-as = Continue as { $user }
another-account = Use another account

## Consent

consent-title = Allow { $client }?
consent-asks = It asks to:
consent-nothing = It asks for nothing but that you confirm this sign-in.
consent-allow = Allow
consent-deny = Deny
consent-application = Application
consent-destination = You will be sent to
consent-api = Access to
consent-lifetime = Access lasts
consent-known = Already allowed
consent-sensitive = Think twice
consent-required = Always
consent-publisher = Publisher
client-policy = Privacy policy of { $client }
client-terms = Terms of { $client }
consent-unassured = This application runs on your device. Go on only if you have just started it yourself.

## Claims that an application asks for one by one

claim-name = See your full name
claim-given_name = See your given name
claim-family_name = See your family name
claim-middle_name = See your middle name
claim-nickname = See your nickname
claim-preferred_username = See your user name
claim-profile = See the address of your profile page
claim-picture = See your picture
claim-website = See your website
claim-gender = See your gender
claim-birthdate = See your date of birth
claim-zoneinfo = See your time zone
claim-locale = See your language
claim-updated_at = Know when you last changed your details
claim-email = See your e-mail address
claim-email_verified = Know whether your e-mail address is confirmed
claim-phone_number = See your phone number
claim-phone_number_verified = Know whether your phone number is confirmed
claim-address = See your postal address

## Devices

device-title = Connect a device
device-enter = Enter the code that your device shows.
device-code = Code
device-caution = Go on only if you have started this on a device of your own. Never enter a code that somebody else sent you.
device-unknown-code = There is no device waiting with this code. Check it, or have the device show a new one: a code works once, for a few minutes.
device-not-signed-in = You were not signed in. Enter the code again to retry.
device-too-many = { $unit ->
    [second] { $count ->
        [one] Too many wrong codes were entered. Try again in 1 second.
       *[other] Too many wrong codes were entered. Try again in { $count } seconds.
    }
    [minute] { $count ->
        [one] Too many wrong codes were entered. Try again in 1 minute.
       *[other] Too many wrong codes were entered. Try again in { $count } minutes.
    }
    [hour] { $count ->
        [one] Too many wrong codes were entered. Try again in 1 hour.
       *[other] Too many wrong codes were entered. Try again in { $count } hours.
    }
   *[day] { $count ->
        [one] Too many wrong codes were entered. Try again in 1 day.
       *[other] Too many wrong codes were entered. Try again in { $count } days.
    }
}
device-consent-title = Connect { $client }?
device-acts-for-you = The device would act in your name.
device-check-code = Does your device show this code?
device-warning = Did you start this yourself? If somebody else sent you the code or the link, choose Deny: they would get into your account.
device-asked = Asked
device-asked-ago = { $unit ->
    [second] { $count ->
        [one] 1 second ago
       *[other] { $count } seconds ago
    }
    [minute] { $count ->
        [one] 1 minute ago
       *[other] { $count } minutes ago
    }
    [hour] { $count ->
        [one] 1 hour ago
       *[other] { $count } hours ago
    }
   *[day] { $count ->
        [one] 1 day ago
       *[other] { $count } days ago
    }
}
device-address = From
device-address-unknown = an unknown address
device-network-same = The network that you are using now
device-network-other = Another network than you are using now
device-name = Device
device-name-unknown = it does not say
device-allowed = Your device is connected
device-allowed-more = You can close this page and continue on your device.
device-denied = Denied
device-denied-more = The device gets nothing. You can close this page.
device-not-allowed = Not allowed
device-not-allowed-more = Your account may not use this application, so the device gets nothing. You can close this page.
device-invalidated = Not connected
device-invalidated-more = This code is no longer valid. Have the device show a new one.

duration = { $unit ->
    [second] { $count ->
        [one] 1 second
       *[other] { $count } seconds
    }
    [minute] { $count ->
        [one] 1 minute
       *[other] { $count } minutes
    }
    [hour] { $count ->
        [one] 1 hour
       *[other] { $count } hours
    }
   *[day] { $count ->
        [one] 1 day
       *[other] { $count } days
    }
}

## The account page

account-title = Your account
account-link = Your account
account-profile = About you
account-name = Name
account-username = User name
account-email = E-mail address
account-phone = Phone number
account-ways = Ways to sign in
account-set = Set
account-sessions = Where you are signed in
account-this-browser = This browser
account-device = { $browser } on { $system }
account-device-unknown = Unknown device
account-signed-in = Signed in
account-last-used = Last used
account-end = Sign out there
account-end-others = Sign out everywhere else
account-applications = Applications with access
account-applications-none = No application has access.
account-allowed = Allowed
account-withdraw = Withdraw
account-done-ended = You are signed out there.
account-done-others = You are signed out everywhere else.
account-done-withdrawn = The application no longer has access. If you use it again, it has to ask you again.
account-done-again = You have signed in again. Now you can make your change.
account-not-signed-in = You are not signed in
account-not-signed-in-more = Sign in to see your account.

## Sign out

sign-out = Sign out
sign-out-title = Sign out?
sign-out-asked = { $client } asks to sign you out. You will be signed out here, and applications that you used will be told.
sign-out-consequence = You will be signed out here, and applications that you used will be told.
sign-out-invalid = An application asked to sign you out, but its request is not valid. You can sign out here all the same, and will not be sent back to it.
sign-out-stay = Stay signed in
sign-out-failed = Not signed out yet
sign-out-failed-more = This browser has forgotten you, but the service is not available at the moment, so your session could not be ended.
try-again = Try again
signed-out = You are signed out
signed-out-more = You can close this page.
still-signed-in = You are still signed in
still-signed-in-more = Nothing was ended here. The application may have ended its own session.

## Back to the application

form-post-title = Back to the application
form-post-more = Your browser is about to take you to { $destination }. If nothing happens, go on yourself.

## Errors: what happened

error-title = This did not work
error-title-not-found = Not found
error-title-unavailable = Not available
error-encoding = A parameter is not valid percent-encoded UTF-8.
error-repeated = The parameter { $parameter } was sent more than once.
error-repeated-unknown = A parameter was sent more than once.
error-missing-client-id = The request has no client_id.
error-unknown-client = No application is registered under this client_id.
error-missing-redirect-uri = The request has no redirect_uri, and the application has several or asks for openid.
error-unregistered-redirect-uri = The redirect_uri { $uri } is not registered for this application.
error-unknown-request-uri = The request_uri is unknown, has expired or was used, or belongs to another application.
error-unregistered-post-logout-uri = The post_logout_redirect_uri { $uri } is not registered for this application.
error-foreign-hint = The id_token_hint is not an ID token that was issued here to this application.
error-stale-logout = This sign-out page has expired or was not made here.
error-too-large = The request is too large.
error-stale = This sign-in has expired or was not begun here.
error-other-browser = This sign-in was begun in another browser.
error-finished = This sign-in has already been completed.
error-cross-site = This form was not sent from a page of this server.
error-not-a-form = A POST request carries all its parameters in its body, as a form.
error-incomplete-form = The form is incomplete.
error-unknown-source = There is no such way to sign in here.
error-foreign-answer = This answer does not belong to a sign-in that was begun in this browser.
error-provider-denied = You did not sign in with the other provider.
error-provider-refused = The other provider did not confirm who you are.
error-provider-unreachable = The other provider cannot be reached.
error-not-found = There is no such page.
error-method = This page does not take that method.
error-unavailable = The service is not available at the moment.

## Errors: what to do

advice-sign-in-again = Go back to the application and sign in again from there.
advice-operator = Nothing is wrong on your side. The operator of the application must correct its configuration.
advice-sign-out-again = Go back to the application and sign out again from there.
advice-smaller = Nothing is wrong on your side. The application must send a smaller request.
advice-reload = Go back, reload the page, and send the form from there.
advice-another-way = Go back to the application and choose another way to sign in.
advice-wait-or-another-way = Try again in a moment, or choose another way to sign in.
advice-address = Check the address.
advice-from-application = Open the page from the application.
advice-retry = Nothing was lost. Try again in a moment.
advice-start = Check the address, or go to the start.
advice-start-over = Start over to sign in again, or go back to the application.
advice-ways = You can sign in another way, or go back.
way-start = To the start
way-start-over = Start over
way-other-sign-in = Choose another way to sign in

## Recovery of a password

recovery-forgot = Forgot your password?
recovery-title = Set a new password
recovery-ask = Enter what you sign in with. If there is such an account, a code goes to its e-mail address.
recovery-send = Send code
recovery-sent = If there is an account for { $account }, a code is on its way to its e-mail address. It works once, within 10 minutes.
recovery-for = for { $account }
recovery-code = Code from the message
recovery-wrong = This code or link is not valid, or not any more. Check it, or have a new one sent.
recovery-again = Did nothing arrive? Look into the spam folder, or have a new code sent. Only the newest one works.
recovery-send-again = Send a new code
recovery-too-many = Too many codes were asked for. Try again in { $time }.
new-password = New password
new-password-hint = At least { $count } characters. Several words are long and easy to remember.
new-password-save = Save password
password-too-short = The password is too short.
password-unusable = The password is too long, or has a character that a password cannot have.
password-known = This password is a common one, or was published in a leak. Choose another.
password-context = The password is little more than your name, your address or the name of this service. Choose another.
password-predictable = The password is easily guessed. Add more words that do not belong together.
back-to-sign-in = Back to sign-in
password-changed = Your password is changed
password-changed-more = You were signed out everywhere. Go back to the application and sign in with the new password.

## Mail

mail-recovery-subject = Set a new password
mail-recovery = Somebody wants to set a new password for your account at { $service }. If this was you, enter this code on the page where you asked for it:
mail-recovery-way = Or use this link instead. Code and link work once, within 10 minutes.
mail-recovery-button = Set a new password
mail-recovery-closing = If this was not you, you need not do anything: your password is unchanged. Never give the code or the link to anybody.
mail-password-changed = Your password was changed
mail-password-changed-opening = The password of your account at { $service } was just changed. Every other sign-in to the account was ended.
mail-password-changed-closing = If this was not you, set a new password at once: choose "Forgot your password?" where you sign in, and tell the operator.
mail-footer = { $service } sent this message automatically to { $address }.

## The front page of a laptop

start-title = Postern is running
start-more = Point an application at one of these issuers:
start-discovery = Discovery document
start-demo = The demo is not among them. To see it, start { $command } without { $option }.
