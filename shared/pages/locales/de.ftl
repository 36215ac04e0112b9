# German. The person who reads is addressed formally.

## Every page

continue = Weiter
or = oder
back-to = Zurück zu { $client }
signed-in-as = Sie sind als { $user } angemeldet.
language = Sprache: { $language }
footer-terms = Nutzungsbedingungen
footer-privacy = Datenschutz
footer-help = Hilfe
not-you = Nicht Sie?
trace = Für den Support

## Sign in

sign-in = Anmelden
sign-in-to = um mit { $client } fortzufahren
sign-in-to-device = um Ihr Gerät zu verbinden
sign-in-failed = Name und Passwort passen nicht zusammen. Prüfen Sie beide und versuchen Sie es noch einmal.
sign-in-failed-email = E-Mail-Adresse und Passwort passen nicht zusammen. Prüfen Sie beide und versuchen Sie es noch einmal.
sign-in-username = Name
sign-in-password = Passwort
sign-in-email = E-Mail-Adresse
sign-in-email-or-username = E-Mail-Adresse oder Name
show-password = Passwort anzeigen
sign-in-too-many = { $unit ->
    [second] { $count ->
        [one] Es wurden zu viele falsche Passwörter eingegeben. Versuchen Sie es in 1 Sekunde noch einmal.
       *[other] Es wurden zu viele falsche Passwörter eingegeben. Versuchen Sie es in { $count } Sekunden noch einmal.
    }
    [minute] { $count ->
        [one] Es wurden zu viele falsche Passwörter eingegeben. Versuchen Sie es in 1 Minute noch einmal.
       *[other] Es wurden zu viele falsche Passwörter eingegeben. Versuchen Sie es in { $count } Minuten noch einmal.
    }
    [hour] { $count ->
        [one] Es wurden zu viele falsche Passwörter eingegeben. Versuchen Sie es in 1 Stunde noch einmal.
       *[other] Es wurden zu viele falsche Passwörter eingegeben. Versuchen Sie es in { $count } Stunden noch einmal.
    }
   *[day] { $count ->
        [one] Es wurden zu viele falsche Passwörter eingegeben. Versuchen Sie es in 1 Tag noch einmal.
       *[other] Es wurden zu viele falsche Passwörter eingegeben. Versuchen Sie es in { $count } Tagen noch einmal.
    }
}
sandbox-hint = Dies ist eine Testumgebung. Melden Sie sich als { $username } mit dem Passwort { $password } an.
continue-with = Weiter mit { $provider }
sign-in-identifier = E-Mail-Adresse oder Name
sign-in-no-source = Mit dieser Adresse können Sie sich hier nicht anmelden. Prüfen Sie sie oder gehen Sie zurück zur Anwendung.
sign-in-leading = Sie werden gleich weitergeleitet. Wenn nichts geschieht, fahren Sie selbst fort.
used-last = Zuletzt benutzt

## Choice of an account

choose-account = Konto auswählen
continue-as = Als { $user } fortfahren
another-account = Anderes Konto verwenden

## Consent

consent-title = { $client } Zugriff erlauben?
consent-asks = Die Anwendung möchte:
consent-nothing = Die Anwendung verlangt nichts weiter, als dass Sie diese Anmeldung bestätigen.
consent-allow = Erlauben
consent-deny = Ablehnen
consent-application = Anwendung
consent-destination = Danach geht es weiter zu
consent-api = Zugriff auf
consent-lifetime = Der Zugriff gilt
consent-known = Bereits erlaubt
consent-sensitive = Gut überlegen
consent-required = Immer
consent-publisher = Herausgeber
client-policy = Datenschutzerklärung von { $client }
client-terms = Nutzungsbedingungen von { $client }
consent-unassured = Diese Anwendung läuft auf Ihrem Gerät. Fahren Sie nur fort, wenn Sie sie gerade selbst gestartet haben.

## Claims that an application asks for one by one

claim-name = Ihren vollständigen Namen sehen
claim-given_name = Ihren Vornamen sehen
claim-family_name = Ihren Nachnamen sehen
claim-middle_name = Ihren zweiten Vornamen sehen
claim-nickname = Ihren Spitznamen sehen
claim-preferred_username = Ihren Benutzernamen sehen
claim-profile = Die Adresse Ihrer Profilseite sehen
claim-picture = Ihr Bild sehen
claim-website = Ihre Website sehen
claim-gender = Ihr Geschlecht sehen
claim-birthdate = Ihr Geburtsdatum sehen
claim-zoneinfo = Ihre Zeitzone sehen
claim-locale = Ihre Sprache sehen
claim-updated_at = Wissen, wann Sie Ihre Angaben zuletzt geändert haben
claim-email = Ihre E-Mail-Adresse sehen
claim-email_verified = Wissen, ob Ihre E-Mail-Adresse bestätigt ist
claim-phone_number = Ihre Telefonnummer sehen
claim-phone_number_verified = Wissen, ob Ihre Telefonnummer bestätigt ist
claim-address = Ihre Postanschrift sehen

## Devices

device-title = Gerät verbinden
device-enter = Geben Sie den Code ein, den Ihr Gerät anzeigt.
device-code = Code
device-caution = Fahren Sie nur fort, wenn Sie dies auf einem eigenen Gerät begonnen haben. Geben Sie nie einen Code ein, den Ihnen jemand geschickt hat.
device-unknown-code = Auf diesen Code wartet kein Gerät. Prüfen Sie ihn oder lassen Sie das Gerät einen neuen anzeigen: Ein Code gilt einmal und nur wenige Minuten.
device-not-signed-in = Sie wurden nicht angemeldet. Geben Sie den Code noch einmal ein, um es erneut zu versuchen.
device-too-many = { $unit ->
    [second] { $count ->
        [one] Es wurden zu viele falsche Codes eingegeben. Versuchen Sie es in 1 Sekunde noch einmal.
       *[other] Es wurden zu viele falsche Codes eingegeben. Versuchen Sie es in { $count } Sekunden noch einmal.
    }
    [minute] { $count ->
        [one] Es wurden zu viele falsche Codes eingegeben. Versuchen Sie es in 1 Minute noch einmal.
       *[other] Es wurden zu viele falsche Codes eingegeben. Versuchen Sie es in { $count } Minuten noch einmal.
    }
    [hour] { $count ->
        [one] Es wurden zu viele falsche Codes eingegeben. Versuchen Sie es in 1 Stunde noch einmal.
       *[other] Es wurden zu viele falsche Codes eingegeben. Versuchen Sie es in { $count } Stunden noch einmal.
    }
   *[day] { $count ->
        [one] Es wurden zu viele falsche Codes eingegeben. Versuchen Sie es in 1 Tag noch einmal.
       *[other] Es wurden zu viele falsche Codes eingegeben. Versuchen Sie es in { $count } Tagen noch einmal.
    }
}
device-consent-title = { $client } verbinden?
device-acts-for-you = Das Gerät würde in Ihrem Namen handeln.
device-check-code = Zeigt Ihr Gerät diesen Code?
device-warning = Haben Sie dies selbst begonnen? Wenn Ihnen jemand den Code oder den Link geschickt hat, wählen Sie „Ablehnen“: Sonst bekäme diese Person Zugang zu Ihrem Konto.
device-asked = Angefragt
device-asked-ago = { $unit ->
    [second] { $count ->
        [one] vor 1 Sekunde
       *[other] vor { $count } Sekunden
    }
    [minute] { $count ->
        [one] vor 1 Minute
       *[other] vor { $count } Minuten
    }
    [hour] { $count ->
        [one] vor 1 Stunde
       *[other] vor { $count } Stunden
    }
   *[day] { $count ->
        [one] vor 1 Tag
       *[other] vor { $count } Tagen
    }
}
device-address = Von
device-address-unknown = unbekannte Adresse
device-network-same = Das Netzwerk, das Sie gerade benutzen
device-network-other = Ein anderes Netzwerk als das, das Sie gerade benutzen
device-name = Gerät
device-name-unknown = keine Angabe
device-allowed = Ihr Gerät ist verbunden
device-allowed-more = Sie können diese Seite schließen und auf Ihrem Gerät weitermachen.
device-denied = Abgelehnt
device-denied-more = Das Gerät erhält nichts. Sie können diese Seite schließen.
device-not-allowed = Nicht erlaubt
device-not-allowed-more = Ihr Konto darf diese Anwendung nicht nutzen. Das Gerät erhält nichts. Sie können diese Seite schließen.
device-invalidated = Nicht verbunden
device-invalidated-more = Dieser Code gilt nicht mehr. Lassen Sie das Gerät einen neuen anzeigen.

duration = { $unit ->
    [second] { $count ->
        [one] 1 Sekunde
       *[other] { $count } Sekunden
    }
    [minute] { $count ->
        [one] 1 Minute
       *[other] { $count } Minuten
    }
    [hour] { $count ->
        [one] 1 Stunde
       *[other] { $count } Stunden
    }
   *[day] { $count ->
        [one] 1 Tag
       *[other] { $count } Tage
    }
}

## The account page

account-title = Ihr Konto
account-link = Ihr Konto
account-profile = Über Sie
account-name = Name
account-username = Benutzername
account-email = E-Mail-Adresse
account-phone = Telefonnummer
account-ways = Möglichkeiten zur Anmeldung
account-set = Festgelegt
account-sessions = Wo Sie angemeldet sind
account-this-browser = Dieser Browser
account-device = { $browser } unter { $system }
account-device-unknown = Unbekanntes Gerät
account-signed-in = Angemeldet
account-last-used = Zuletzt benutzt
account-end = Dort abmelden
account-end-others = Überall sonst abmelden
account-applications = Anwendungen mit Zugriff
account-applications-none = Keine Anwendung hat Zugriff.
account-allowed = Erlaubt
account-withdraw = Entziehen
account-done-ended = Sie sind dort abgemeldet.
account-done-others = Sie sind überall sonst abgemeldet.
account-done-withdrawn = Die Anwendung hat keinen Zugriff mehr. Wenn Sie sie wieder benutzen, muss sie erneut fragen.
account-done-again = Sie haben sich erneut angemeldet. Jetzt können Sie die Änderung vornehmen.
account-not-signed-in = Sie sind nicht angemeldet
account-not-signed-in-more = Melden Sie sich an, um Ihr Konto zu sehen.

## Sign out

sign-out = Abmelden
sign-out-title = Abmelden?
sign-out-asked = { $client } möchte Sie abmelden. Sie werden hier abgemeldet, und die Anwendungen, die Sie benutzt haben, werden benachrichtigt.
sign-out-consequence = Sie werden hier abgemeldet, und die Anwendungen, die Sie benutzt haben, werden benachrichtigt.
sign-out-invalid = Eine Anwendung wollte Sie abmelden, aber ihre Anfrage ist nicht gültig. Sie können sich hier trotzdem abmelden und werden danach nicht zu ihr zurückgeleitet.
sign-out-stay = Angemeldet bleiben
sign-out-failed = Noch nicht abgemeldet
sign-out-failed-more = Dieser Browser hat Sie vergessen, aber der Dienst ist gerade nicht erreichbar. Ihre Sitzung konnte deshalb nicht beendet werden.
try-again = Noch einmal versuchen
signed-out = Sie sind abgemeldet
signed-out-more = Sie können diese Seite schließen.
still-signed-in = Sie sind weiterhin angemeldet
still-signed-in-more = Hier wurde nichts beendet. Vielleicht hat die Anwendung ihre eigene Sitzung beendet.

## Back to the application

form-post-title = Zurück zur Anwendung
form-post-more = Ihr Browser leitet Sie gleich zu { $destination } weiter. Wenn nichts geschieht, fahren Sie selbst fort.

## Errors: what happened

error-title = Das hat nicht geklappt
error-title-not-found = Nicht gefunden
error-title-unavailable = Nicht verfügbar
error-encoding = Ein Parameter ist kein gültig codiertes UTF-8.
error-repeated = Der Parameter { $parameter } wurde mehr als einmal gesendet.
error-repeated-unknown = Ein Parameter wurde mehr als einmal gesendet.
error-missing-client-id = Der Anfrage fehlt die client_id.
error-unknown-client = Unter dieser client_id ist keine Anwendung registriert.
error-missing-redirect-uri = Der Anfrage fehlt die redirect_uri. Die Anwendung hat mehrere oder verlangt openid.
error-unregistered-redirect-uri = Die redirect_uri { $uri } ist für diese Anwendung nicht registriert.
error-unknown-request-uri = Die request_uri ist unbekannt, abgelaufen oder verbraucht, oder sie gehört zu einer anderen Anwendung.
error-unregistered-post-logout-uri = Die post_logout_redirect_uri { $uri } ist für diese Anwendung nicht registriert.
error-foreign-hint = Der id_token_hint ist kein ID-Token, das hier für diese Anwendung ausgestellt wurde.
error-stale-logout = Diese Abmeldeseite ist abgelaufen oder stammt nicht von hier.
error-too-large = Die Anfrage ist zu groß.
error-stale = Diese Anmeldung ist abgelaufen oder wurde nicht hier begonnen.
error-other-browser = Diese Anmeldung wurde in einem anderen Browser begonnen.
error-finished = Diese Anmeldung ist bereits abgeschlossen.
error-cross-site = Dieses Formular wurde nicht von einer Seite dieses Servers gesendet.
error-not-a-form = Eine POST-Anfrage enthält alle Parameter als Formular in ihrem Inhalt.
error-incomplete-form = Das Formular ist unvollständig.
error-unknown-source = Diese Art der Anmeldung gibt es hier nicht.
error-foreign-answer = Diese Antwort gehört zu keiner Anmeldung, die in diesem Browser begonnen wurde.
error-provider-denied = Sie haben sich beim anderen Anbieter nicht angemeldet.
error-provider-refused = Der andere Anbieter hat nicht bestätigt, wer Sie sind.
error-provider-unreachable = Der andere Anbieter ist nicht erreichbar.
error-not-found = Diese Seite gibt es nicht.
error-method = Diese Seite kann so nicht aufgerufen werden.
error-unavailable = Der Dienst ist gerade nicht verfügbar.

## Errors: what to do

advice-sign-in-again = Gehen Sie zurück zur Anwendung und melden Sie sich von dort aus noch einmal an.
advice-operator = Sie haben nichts falsch gemacht. Der Betreiber der Anwendung muss ihre Einstellungen berichtigen.
advice-sign-out-again = Gehen Sie zurück zur Anwendung und melden Sie sich von dort aus noch einmal ab.
advice-smaller = Sie haben nichts falsch gemacht. Die Anwendung muss eine kleinere Anfrage senden.
advice-reload = Gehen Sie zurück, laden Sie die Seite neu und senden Sie das Formular von dort.
advice-another-way = Gehen Sie zurück zur Anwendung und wählen Sie eine andere Art der Anmeldung.
advice-wait-or-another-way = Versuchen Sie es gleich noch einmal oder wählen Sie eine andere Art der Anmeldung.
advice-address = Prüfen Sie die Adresse.
advice-from-application = Öffnen Sie die Seite von der Anwendung aus.
advice-retry = Es ging nichts verloren. Versuchen Sie es gleich noch einmal.
advice-start = Prüfen Sie die Adresse oder gehen Sie zur Startseite.
advice-start-over = Beginnen Sie die Anmeldung von vorn oder gehen Sie zurück zur Anwendung.
advice-ways = Sie können sich auf andere Art anmelden oder zurückgehen.
way-start = Zur Startseite
way-start-over = Von vorn beginnen
way-other-sign-in = Andere Art der Anmeldung wählen

## Recovery of a password

recovery-forgot = Passwort vergessen?
recovery-title = Neues Passwort festlegen
recovery-ask = Geben Sie ein, womit Sie sich anmelden. Wenn es ein solches Konto gibt, geht ein Code an dessen E-Mail-Adresse.
recovery-send = Code senden
recovery-sent = Wenn es ein Konto für { $account } gibt, ist ein Code an dessen E-Mail-Adresse unterwegs. Er gilt einmal und nur 10 Minuten lang.
recovery-for = für { $account }
recovery-code = Code aus der Nachricht
recovery-wrong = Dieser Code oder Link ist nicht oder nicht mehr gültig. Prüfen Sie ihn oder lassen Sie einen neuen senden.
recovery-again = Nichts angekommen? Sehen Sie im Spam-Ordner nach oder lassen Sie einen neuen Code senden. Nur der neueste gilt.
recovery-send-again = Neuen Code senden
recovery-too-many = Es wurden zu viele Codes angefordert. Versuchen Sie es in { $time } noch einmal.
new-password = Neues Passwort
new-password-hint = Mindestens { $count } Zeichen. Mehrere Wörter sind lang und leicht zu merken.
new-password-save = Passwort speichern
password-too-short = Das Passwort ist zu kurz.
password-unusable = Das Passwort ist zu lang oder hat ein Zeichen, das ein Passwort nicht haben kann.
password-known = Dieses Passwort ist verbreitet oder wurde bei einem Datenleck veröffentlicht. Wählen Sie ein anderes.
password-context = Das Passwort ist kaum mehr als Ihr Name, Ihre Adresse oder der Name dieses Dienstes. Wählen Sie ein anderes.
password-predictable = Das Passwort ist leicht zu erraten. Fügen Sie Wörter hinzu, die nicht zusammengehören.
back-to-sign-in = Zurück zur Anmeldung
password-changed = Ihr Passwort ist geändert
password-changed-more = Sie wurden überall abgemeldet. Gehen Sie zurück zur Anwendung und melden Sie sich mit dem neuen Passwort an.

## Mail

mail-recovery-subject = Neues Passwort festlegen
mail-recovery = Jemand möchte ein neues Passwort für Ihr Konto bei { $service } festlegen. Wenn Sie das sind, geben Sie diesen Code auf der Seite ein, auf der Sie ihn angefordert haben:
mail-recovery-way = Oder benutzen Sie stattdessen diesen Link. Code und Link gelten einmal und nur 10 Minuten lang.
mail-recovery-button = Neues Passwort festlegen
mail-recovery-closing = Wenn Sie das nicht sind, brauchen Sie nichts zu tun: Ihr Passwort ist unverändert. Geben Sie Code und Link niemals weiter.
mail-password-changed = Ihr Passwort wurde geändert
mail-password-changed-opening = Das Passwort Ihres Kontos bei { $service } wurde soeben geändert. Alle anderen Anmeldungen bei diesem Konto wurden beendet.
mail-password-changed-closing = Wenn Sie das nicht waren, legen Sie sofort ein neues Passwort fest: Wählen Sie bei der Anmeldung „Passwort vergessen?“ und benachrichtigen Sie den Betreiber.
mail-footer = { $service } hat diese Nachricht automatisch an { $address } gesendet.

## The front page of a laptop

start-title = Postern läuft
start-more = Richten Sie eine Anwendung auf einen dieser Issuer:
start-discovery = Discovery-Dokument
start-demo = Die Demo ist nicht dabei. Um sie zu sehen, starten Sie { $command } ohne { $option }.
