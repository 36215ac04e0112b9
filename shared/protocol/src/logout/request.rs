//! Logging out at a client's wish (OpenID Connect RP-Initiated Logout 1.0): what it asks for, and whether the user has to
//! be asked.
//!
//! A parameter never says whose session ends: that is the one of the browser. What an ID token of ours can do as a hint
//! is to spare its user the question.

use serde::{Deserialize, Serialize};

use crate::authorization::error::PageError;
use crate::clients::client::Client;
use crate::clients::redirect_uri::RedirectUri;
use crate::syntax::json::audience;
use crate::syntax::parameters::Parameters;
use crate::types::id::{ClientId, Issuer};
use crate::types::secret::{Secret, SecretHash};
use crate::types::time::Timestamp;
use crate::users::session::Session;

/// The longest value that is taken, in characters.
const MAX_PARAMETER_BYTES: usize = 2048;

/// A logout request (§2), of which nothing is believed yet. `logout_hint` and `ui_locales` may be there and change
/// nothing: a user is known by the session and not by a parameter.
pub struct LogoutRequest {
    /// An ID token that was issued to the client, ended or not.
    pub id_token_hint: Option<Secret<String>>,
    /// The client, by its own word.
    pub client_id: Option<ClientId>,
    /// Where the user is to be sent afterwards.
    pub post_logout_redirect_uri: Option<String>,
    /// The client's own value, which goes back as it came.
    pub state: Option<String>,
}

impl LogoutRequest {
    /// Parses a request.
    ///
    /// # Errors
    ///
    /// [`PageError`] for what is repeated, too long, or no `client_id` at all.
    pub fn parse(parameters: &Parameters) -> Result<Self, PageError> {
        let bounded = |name| match parameters.one(name)? {
            Some(value) if value.len() > MAX_PARAMETER_BYTES => Err(PageError::RequestTooLarge),
            value => Ok(value.map(str::to_owned)),
        };
        // Who sends them twice is as wrong as with those that count (OAuth 2.1 §3.1).
        for understood in ["logout_hint", "ui_locales"] {
            bounded(understood)?;
        }
        let client_id = bounded("client_id")?.map(|id| ClientId::parse(&id)).transpose();
        Ok(Self {
            id_token_hint: parameters.one("id_token_hint")?.map(|hint| Secret::new(hint.into())),
            client_id: client_id.map_err(|_| PageError::UnknownClient)?,
            post_logout_redirect_uri: bounded("post_logout_redirect_uri")?,
            state: bounded("state")?,
        })
    }

    /// The client that asks: the one that `hint` was issued to, which `client_id` must not contradict (§2).
    ///
    /// # Errors
    ///
    /// [`PageError::ForeignHint`] if it does.
    pub fn client<'a>(&'a self, hint: Option<&'a Hint>) -> Result<Option<&'a ClientId>, PageError> {
        match (&self.client_id, hint.map(|hint| hint.aud.as_slice())) {
            (named, None) => Ok(named.as_ref()),
            (Some(named), Some(aud)) if aud.contains(named) => Ok(Some(named)),
            (Some(_), Some(_)) => Err(PageError::ForeignHint),
            (None, Some([only])) => Ok(Some(only)),
            (None, Some(_)) => Ok(None),
        }
    }

    /// Where the user is sent afterwards: nowhere, unless it is known who asks (§3).
    ///
    /// # Errors
    ///
    /// [`PageError::UnregisteredPostLogoutUri`] for another URI than those that `client` registered, byte for byte.
    pub fn returning(&self, client: Option<&Client>) -> Result<Option<Returning>, PageError> {
        let (Some(client), Some(requested)) = (client, &self.post_logout_redirect_uri) else { return Ok(None) };
        Returning::registered(client, requested, self.state.clone()).map(Some)
    }
}

/// Where a user is sent who has logged out, with the client's own value.
pub struct Returning {
    uri: RedirectUri,
    state: Option<String>,
}

impl Returning {
    /// Finds `requested` among what `client` registered, byte for byte (§3).
    ///
    /// # Errors
    ///
    /// [`PageError::UnregisteredPostLogoutUri`].
    pub fn registered(client: &Client, requested: &str, state: Option<String>) -> Result<Self, PageError> {
        let registered = client.post_logout_redirect_uris.as_ref().and_then(|uris| uris.registered(requested));
        let uri = registered.ok_or(PageError::UnregisteredPostLogoutUri)?;
        Ok(Self { uri, state })
    }

    /// The registered URI, as the client sent it.
    #[must_use]
    pub fn uri(&self) -> &RedirectUri {
        &self.uri
    }

    /// The client's own value.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// The `Location` that sends the user there.
    #[must_use]
    pub fn location(&self) -> String {
        let state = self.state.as_deref().map(|state| ("state", state));
        self.uri.location(state.as_slice())
    }
}

/// What an ID token of ours says to the logout endpoint. It may have ended (§2).
#[derive(Deserialize)]
pub struct Hint {
    iss: String,
    #[serde(deserialize_with = "audience_of_clients")]
    aud: Vec<ClientId>,
    sid: String,
}

fn audience_of_clients<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<ClientId>, D::Error> {
    let names = audience(deserializer)?;
    names.iter().map(|name| ClientId::parse(name).map_err(serde::de::Error::custom)).collect()
}

impl Hint {
    /// Reads the claims of an ID token whose signature is good, if `issuer` issued it.
    #[must_use]
    pub fn parse(claims: &[u8], issuer: &Issuer) -> Option<Self> {
        serde_json::from_slice::<Self>(claims).ok().filter(|hint| hint.iss == issuer.as_str())
    }
}

/// What happens with a logout request.
pub enum LogoutStep {
    /// Nobody is logged in: there is nothing to end.
    Nobody,
    /// The user has to be asked (§2).
    Ask(Session),
    /// The session ends.
    End(ApprovedLogout),
}

/// The proof that a session is to end: its user said so, or the client that it belongs to did. Only this module makes
/// one.
pub struct ApprovedLogout(Session);

impl ApprovedLogout {
    /// The session that ends.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.0
    }
}

/// Decides a request: without an ID token of this very session the user is asked, so that no foreign page logs anybody
/// out, and no hint of one user ends the session of another in the same browser (§2, §6).
#[must_use]
pub fn decide(session: Option<Session>, hint: Option<&Hint>) -> LogoutStep {
    let Some(session) = session else { return LogoutStep::Nobody };
    if hint.is_some_and(|hint| hint.sid == session.sid) {
        LogoutStep::End(ApprovedLogout(session))
    } else {
        LogoutStep::Ask(session)
    }
}

/// What the page that asks carries in its form, sealed: what the user is asked about, and of whom.
#[derive(Debug, Serialize, Deserialize)]
pub struct Confirmation {
    /// The hash of the cookie of the session that is to end.
    #[serde(rename = "s")]
    pub cookie: String,
    /// The client that asks, if that is known.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// Where the user is sent afterwards; checked anew against the registration.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub post_logout_redirect_uri: Option<String>,
    /// The client's own value.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// When the form can no longer be sent.
    #[serde(rename = "e")]
    pub expires: Timestamp,
    /// Why the form is there.
    #[serde(rename = "w")]
    pub prompt: LogoutPrompt,
}

/// Why a user is shown a form that ends their session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogoutPrompt {
    /// To be asked. The browser must have the session's cookie when the form comes back.
    #[serde(rename = "a")]
    Asked,
    /// The user has said yes, and the session could not be ended. The cookie is gone already.
    #[serde(rename = "f")]
    Failed,
}

impl Confirmation {
    /// The session that may end when this form comes back at `now` from a browser whose session cookie has the hash
    /// `presented`; `None` if the browser has another session, or none.
    ///
    /// # Errors
    ///
    /// [`PageError::StaleLogout`] if the form is too old.
    pub fn session(&self, presented: Option<SecretHash>, now: Timestamp) -> Result<Option<SecretHash>, PageError> {
        let sealed = SecretHash::parse(&self.cookie).ok_or(PageError::StaleLogout)?;
        if now.reached(self.expires) {
            return Err(PageError::StaleLogout);
        }
        let same = match presented {
            Some(presented) => presented.matches(&sealed),
            None => self.prompt == LogoutPrompt::Failed,
        };
        Ok(same.then_some(sealed))
    }

    /// The proof that the user wants `session` to end: they were asked about it, in this form, and said yes.
    #[must_use]
    pub fn approve(&self, session: Session) -> Option<ApprovedLogout> {
        (session.cookie == self.cookie).then_some(ApprovedLogout(session))
    }
}
