# French. The person who reads is addressed formally. Nothing is said of their gender.

## Every page

continue = Continuer
or = ou
back-to = Retour à { $client }
signed-in-as = Session ouverte au nom de { $user }.
language = Langue : { $language }
footer-terms = Conditions
footer-privacy = Confidentialité
footer-help = Aide
not-you = Ce n’est pas vous ?
trace = Pour l’assistance

## Sign in

sign-in = Se connecter
sign-in-to = pour accéder à { $client }
sign-in-to-device = pour associer votre appareil
sign-in-failed = Le nom et le mot de passe ne correspondent pas. Vérifiez-les puis réessayez.
sign-in-failed-email = L'adresse e-mail et le mot de passe ne correspondent pas. Vérifiez-les puis réessayez.
sign-in-username = Nom
sign-in-password = Mot de passe
sign-in-email = Adresse e-mail
sign-in-email-or-username = Adresse e-mail ou nom
show-password = Afficher le mot de passe
sign-in-too-many = { $unit ->
    [second] { $count ->
        [one] Trop de mots de passe incorrects ont été saisis. Réessayez dans { $count } seconde.
       *[other] Trop de mots de passe incorrects ont été saisis. Réessayez dans { $count } secondes.
    }
    [minute] { $count ->
        [one] Trop de mots de passe incorrects ont été saisis. Réessayez dans { $count } minute.
       *[other] Trop de mots de passe incorrects ont été saisis. Réessayez dans { $count } minutes.
    }
    [hour] { $count ->
        [one] Trop de mots de passe incorrects ont été saisis. Réessayez dans { $count } heure.
       *[other] Trop de mots de passe incorrects ont été saisis. Réessayez dans { $count } heures.
    }
   *[day] { $count ->
        [one] Trop de mots de passe incorrects ont été saisis. Réessayez dans { $count } jour.
       *[other] Trop de mots de passe incorrects ont été saisis. Réessayez dans { $count } jours.
    }
}
sandbox-hint = Ceci est un environnement de test. Connectez-vous en tant que { $username } avec le mot de passe { $password }.
continue-with = Continuer avec { $provider }
sign-in-identifier = Adresse e-mail ou nom
sign-in-no-source = Cette adresse ne permet pas de se connecter ici. Vérifiez-la ou retournez à l’application.
sign-in-leading = Redirection en cours. Si rien ne se passe, continuez vous-même.
used-last = Dernier utilisé

## Choice of an account

choose-account = Choisir un compte
continue-as = Continuer en tant que { $user }
another-account = Utiliser un autre compte

## Consent

consent-title = Autoriser { $client } ?
consent-asks = L’application souhaite :
consent-nothing = L’application demande seulement que vous confirmiez cette connexion.
consent-allow = Autoriser
consent-deny = Refuser
consent-application = Application
consent-destination = Vous irez ensuite vers
consent-api = Accès à
consent-lifetime = Durée de l’accès
consent-known = Déjà autorisé
consent-sensitive = À bien réfléchir
consent-required = Toujours
consent-publisher = Éditeur
client-policy = Politique de confidentialité de { $client }
client-terms = Conditions d’utilisation de { $client }
consent-unassured = Cette application s’exécute sur votre appareil. Continuez uniquement si vous venez de la lancer vous-même.

## Claims that an application asks for one by one

claim-name = Voir votre nom complet
claim-given_name = Voir votre prénom
claim-family_name = Voir votre nom de famille
claim-middle_name = Voir votre deuxième prénom
claim-nickname = Voir votre surnom
claim-preferred_username = Voir votre nom d’utilisateur
claim-profile = Voir l’adresse de votre page de profil
claim-picture = Voir votre photo
claim-website = Voir votre site web
claim-gender = Voir votre genre
claim-birthdate = Voir votre date de naissance
claim-zoneinfo = Voir votre fuseau horaire
claim-locale = Voir votre langue
claim-updated_at = Savoir quand vous avez modifié vos informations pour la dernière fois
claim-email = Voir votre adresse e-mail
claim-email_verified = Savoir si votre adresse e-mail est confirmée
claim-phone_number = Voir votre numéro de téléphone
claim-phone_number_verified = Savoir si votre numéro de téléphone est confirmé
claim-address = Voir votre adresse postale

## Devices

device-title = Associer un appareil
device-enter = Saisissez le code affiché par votre appareil.
device-code = Code
device-caution = Continuez uniquement si vous avez lancé cette opération sur un appareil qui vous appartient. Ne saisissez jamais un code qu’une autre personne vous a envoyé.
device-unknown-code = Aucun appareil n’attend ce code. Vérifiez-le, ou affichez un nouveau code sur l’appareil : un code ne sert qu’une fois et n’est valable que quelques minutes.
device-not-signed-in = La connexion n’a pas abouti. Saisissez de nouveau le code pour réessayer.
device-too-many = { $unit ->
    [second] { $count ->
        [one] Trop de codes incorrects ont été saisis. Réessayez dans { $count } seconde.
       *[other] Trop de codes incorrects ont été saisis. Réessayez dans { $count } secondes.
    }
    [minute] { $count ->
        [one] Trop de codes incorrects ont été saisis. Réessayez dans { $count } minute.
       *[other] Trop de codes incorrects ont été saisis. Réessayez dans { $count } minutes.
    }
    [hour] { $count ->
        [one] Trop de codes incorrects ont été saisis. Réessayez dans { $count } heure.
       *[other] Trop de codes incorrects ont été saisis. Réessayez dans { $count } heures.
    }
   *[day] { $count ->
        [one] Trop de codes incorrects ont été saisis. Réessayez dans { $count } jour.
       *[other] Trop de codes incorrects ont été saisis. Réessayez dans { $count } jours.
    }
}
device-consent-title = Associer { $client } ?
device-acts-for-you = L’appareil agirait en votre nom.
device-check-code = Votre appareil affiche-t-il ce code ?
device-warning = Avez-vous lancé cette opération vous-même ? Si une autre personne vous a envoyé le code ou le lien, choisissez « Refuser » : elle accéderait à votre compte.
device-asked = Demandé
device-asked-ago = { $unit ->
    [second] { $count ->
        [one] il y a { $count } seconde
       *[other] il y a { $count } secondes
    }
    [minute] { $count ->
        [one] il y a { $count } minute
       *[other] il y a { $count } minutes
    }
    [hour] { $count ->
        [one] il y a { $count } heure
       *[other] il y a { $count } heures
    }
   *[day] { $count ->
        [one] il y a { $count } jour
       *[other] il y a { $count } jours
    }
}
device-address = Depuis
device-address-unknown = une adresse inconnue
device-network-same = Le réseau que vous utilisez actuellement
device-network-other = Un autre réseau que celui que vous utilisez actuellement
device-name = Appareil
device-name-unknown = non précisé
device-allowed = Votre appareil est associé
device-allowed-more = Vous pouvez fermer cette page et continuer sur votre appareil.
device-denied = Accès refusé
device-denied-more = L’appareil ne reçoit rien. Vous pouvez fermer cette page.
device-not-allowed = Accès non autorisé
device-not-allowed-more = Votre compte n’est pas autorisé à utiliser cette application. L’appareil ne reçoit rien. Vous pouvez fermer cette page.
device-invalidated = Appareil non associé
device-invalidated-more = Ce code n’est plus valable. Affichez-en un nouveau sur l’appareil.

duration = { $unit ->
    [second] { $count ->
        [one] { $count } seconde
       *[other] { $count } secondes
    }
    [minute] { $count ->
        [one] { $count } minute
       *[other] { $count } minutes
    }
    [hour] { $count ->
        [one] { $count } heure
       *[other] { $count } heures
    }
   *[day] { $count ->
        [one] { $count } jour
       *[other] { $count } jours
    }
}

## The account page

account-title = Votre compte
account-link = Votre compte
account-profile = À propos de vous
account-name = Nom
account-username = Nom d’utilisateur
account-email = Adresse e-mail
account-phone = Numéro de téléphone
account-ways = Moyens de connexion
account-set = Défini
account-sessions = Où vous êtes connecté
account-this-browser = Ce navigateur
account-device = { $browser } sous { $system }
account-device-unknown = Appareil inconnu
account-signed-in = Connexion
account-last-used = Dernière utilisation
account-end = Déconnecter
account-end-others = Déconnecter partout ailleurs
account-applications = Applications ayant accès
account-applications-none = Aucune application n’a accès.
account-allowed = Autorisée
account-withdraw = Retirer l’accès
account-done-ended = Vous y êtes déconnecté.
account-done-others = Vous êtes déconnecté partout ailleurs.
account-done-withdrawn = L’application n’a plus accès. Si vous l’utilisez à nouveau, elle devra vous redemander.
account-done-again = Vous vous êtes reconnecté. Vous pouvez maintenant faire votre modification.
account-not-signed-in = Vous n’êtes pas connecté
account-not-signed-in-more = Connectez-vous pour voir votre compte.

## Sign out

sign-out = Se déconnecter
sign-out-title = Se déconnecter ?
sign-out-asked = { $client } demande votre déconnexion. Votre session prendra fin ici, et les applications que vous avez utilisées en seront informées.
sign-out-consequence = Votre session prendra fin ici, et les applications que vous avez utilisées en seront informées.
sign-out-invalid = Une application a demandé votre déconnexion, mais sa demande n’est pas valide. Vous pouvez tout de même vous déconnecter ici, sans retour vers elle.
sign-out-stay = Garder la session
sign-out-failed = Déconnexion incomplète
sign-out-failed-more = Ce navigateur vous a oublié, mais le service est momentanément indisponible : votre session n’a pas pu être fermée.
try-again = Réessayer
signed-out = Déconnexion effectuée
signed-out-more = Vous pouvez fermer cette page.
still-signed-in = Votre session reste ouverte
still-signed-in-more = Rien n’a été fermé ici. L’application a peut-être fermé sa propre session.

## Back to the application

form-post-title = Retour à l’application
form-post-more = Votre navigateur va vous rediriger vers { $destination }. Si rien ne se passe, continuez vous-même.

## Errors: what happened

error-title = L’opération n’a pas abouti
error-title-not-found = Page introuvable
error-title-unavailable = Service indisponible
error-encoding = Un paramètre n’est pas encodé en UTF-8 valide.
error-repeated = Le paramètre { $parameter } a été envoyé plusieurs fois.
error-repeated-unknown = Un paramètre a été envoyé plusieurs fois.
error-missing-client-id = Le paramètre client_id est absent de la demande.
error-unknown-client = Aucune application n’est enregistrée sous ce client_id.
error-missing-redirect-uri = Le paramètre redirect_uri est absent de la demande. L’application en a plusieurs, ou demande openid.
error-unregistered-redirect-uri = L’adresse redirect_uri { $uri } n’est pas enregistrée pour cette application.
error-unknown-request-uri = L’adresse request_uri est inconnue, a expiré, a déjà servi, ou appartient à une autre application.
error-unregistered-post-logout-uri = L’adresse post_logout_redirect_uri { $uri } n’est pas enregistrée pour cette application.
error-foreign-hint = Le paramètre id_token_hint n’est pas un jeton d’identité émis ici pour cette application.
error-stale-logout = Cette page de déconnexion a expiré ou ne vient pas d’ici.
error-too-large = La demande est trop volumineuse.
error-stale = Cette connexion a expiré ou n’a pas été commencée ici.
error-other-browser = Cette connexion a été commencée dans un autre navigateur.
error-finished = Cette connexion est déjà terminée.
error-cross-site = Ce formulaire n’a pas été envoyé depuis une page de ce serveur.
error-not-a-form = Une requête POST porte tous ses paramètres dans son corps, sous forme de formulaire.
error-incomplete-form = Le formulaire est incomplet.
error-unknown-source = Ce mode de connexion n’existe pas ici.
error-foreign-answer = Cette réponse ne correspond à aucune connexion commencée dans ce navigateur.
error-provider-denied = La connexion auprès de l’autre fournisseur n’a pas eu lieu.
error-provider-refused = L’autre fournisseur n’a pas confirmé votre identité.
error-provider-unreachable = L’autre fournisseur est injoignable.
error-not-found = Cette page n’existe pas.
error-method = Cette page ne peut pas être appelée de cette façon.
error-unavailable = Le service est momentanément indisponible.

## Errors: what to do

advice-sign-in-again = Retournez à l’application et reconnectez-vous depuis celle-ci.
advice-operator = Vous n’y êtes pour rien. Les responsables de l’application doivent corriger sa configuration.
advice-sign-out-again = Retournez à l’application et déconnectez-vous de nouveau depuis celle-ci.
advice-smaller = Vous n’y êtes pour rien. L’application doit envoyer une demande moins volumineuse.
advice-reload = Revenez en arrière, actualisez la page et envoyez le formulaire depuis celle-ci.
advice-another-way = Retournez à l’application et choisissez un autre mode de connexion.
advice-wait-or-another-way = Réessayez dans un instant, ou choisissez un autre mode de connexion.
advice-address = Vérifiez l’adresse.
advice-from-application = Ouvrez la page depuis l’application.
advice-retry = Rien n’est perdu. Réessayez dans un instant.
advice-start = Vérifiez l’adresse, ou allez à l’accueil.
advice-start-over = Recommencez la connexion, ou retournez à l’application.
advice-ways = Vous pouvez vous connecter autrement, ou revenir en arrière.
way-start = Aller à l’accueil
way-start-over = Recommencer
way-other-sign-in = Choisir un autre mode de connexion

## Recovery of a password

recovery-forgot = Mot de passe oublié ?
recovery-title = Définir un nouveau mot de passe
recovery-ask = Saisissez l’identifiant avec lequel vous vous connectez. Si ce compte existe, un code est envoyé à son adresse e-mail.
recovery-send = Envoyer le code
recovery-sent = S’il existe un compte pour { $account }, un code est en route vers son adresse e-mail. Il fonctionne une seule fois, pendant 10 minutes.
recovery-for = pour { $account }
recovery-code = Code reçu par message
recovery-wrong = Ce code ou ce lien n’est pas valable, ou ne l’est plus. Vérifiez-le, ou faites-en envoyer un nouveau.
recovery-again = Rien reçu ? Regardez dans les indésirables, ou faites envoyer un nouveau code. Seul le plus récent fonctionne.
recovery-send-again = Envoyer un nouveau code
recovery-too-many = Trop de codes ont été demandés. Réessayez dans { $time }.
new-password = Nouveau mot de passe
new-password-hint = Au moins { $count } caractères. Plusieurs mots sont longs et faciles à retenir.
new-password-save = Enregistrer le mot de passe
password-too-short = Le mot de passe est trop court.
password-unusable = Le mot de passe est trop long, ou contient un caractère qu’un mot de passe ne peut pas avoir.
password-known = Ce mot de passe est courant, ou a été publié lors d’une fuite. Choisissez-en un autre.
password-context = Le mot de passe n’est guère plus que votre nom, votre adresse ou le nom de ce service. Choisissez-en un autre.
password-predictable = Le mot de passe est facile à deviner. Ajoutez des mots qui ne vont pas ensemble.
back-to-sign-in = Retour à la connexion
password-changed = Votre mot de passe est modifié
password-changed-more = Vous avez été déconnecté partout. Retournez à l’application et connectez-vous avec le nouveau mot de passe.

## Mail

mail-recovery-subject = Définir un nouveau mot de passe
mail-recovery = Quelqu’un souhaite définir un nouveau mot de passe pour votre compte { $service }. Si c’est vous, saisissez ce code sur la page où vous l’avez demandé :
mail-recovery-way = Ou utilisez plutôt ce lien. Le code et le lien fonctionnent une seule fois, pendant 10 minutes.
mail-recovery-button = Définir un nouveau mot de passe
mail-recovery-closing = Si ce n’est pas vous, vous n’avez rien à faire : votre mot de passe est inchangé. Ne donnez jamais le code ni le lien à personne.
mail-password-changed = Votre mot de passe a été modifié
mail-password-changed-opening = Le mot de passe de votre compte { $service } vient d’être modifié. Toutes les autres connexions à ce compte ont été fermées.
mail-password-changed-closing = Si ce n’est pas vous, définissez immédiatement un nouveau mot de passe : choisissez « Mot de passe oublié ? » sur la page de connexion, et prévenez l’exploitant.
mail-footer = { $service } a envoyé ce message automatiquement à { $address }.

## The front page of a laptop

start-title = Postern est en marche
start-more = Configurez une application avec l’un de ces émetteurs :
start-discovery = Document de découverte
start-demo = La démo n’en fait pas partie. Pour la voir, lancez { $command } sans { $option }.
