//! Logout requests of clients (OpenID Connect RP-Initiated Logout 1.0), and whether the user has to confirm.
//!
//! No parameter selects the session to end: it is always that of the browser. An ID token as a hint can only spare the
//! user the confirmation.

use serde::{Deserialize, Serialize};

use crate::authorization::error::PageError;
use crate::clients::client::Client;
use crate::clients::redirect_uri::RedirectUri;
use crate::syntax::json::{audience, strict};
use crate::syntax::parameters::Parameters;
use crate::syntax::quoted::Quoted;
use crate::types::id::{ClientId, Issuer};
use crate::types::secret::{Secret, SecretHash};
use crate::types::time::Timestamp;
use crate::users::session::Session;

/// The maximum length of a parameter, in bytes.
const MAX_PARAMETER_BYTES: usize = 2048;

/// A logout request (§2), not checked yet. `logout_hint` is allowed and ignored, and `ui_locales` is for the pages: the session
/// identifies the user, not a parameter.
pub struct LogoutRequest {
    /// An ID token that was issued to the client. It may have expired.
    pub id_token_hint: Option<Secret<String>>,
    /// The `client_id` parameter.
    pub client_id: Option<ClientId>,
    /// Where to send the user afterwards.
    pub post_logout_redirect_uri: Option<String>,
    /// The client's `state`, returned unchanged.
    pub state: Option<String>,
}

impl LogoutRequest {
    /// Parses a request.
    ///
    /// # Errors
    ///
    /// [`PageError`] for a repeated or oversized parameter, or a malformed `client_id`.
    pub fn parse(parameters: &Parameters) -> Result<Self, PageError> {
        let bounded = |name| match parameters.one(name)? {
            Some(value) if value.len() > MAX_PARAMETER_BYTES => Err(PageError::RequestTooLarge),
            value => Ok(value.map(str::to_owned)),
        };
        parameters.check_repeats(&[])?;
        for ignored in ["logout_hint", "ui_locales"] {
            bounded(ignored)?;
        }
        let client_id = bounded("client_id")?.map(|id| ClientId::parse(&id)).transpose();
        Ok(Self {
            id_token_hint: parameters.one("id_token_hint")?.map(|hint| Secret::new(hint.into())),
            client_id: client_id.map_err(|_| PageError::UnknownClient)?,
            post_logout_redirect_uri: bounded("post_logout_redirect_uri")?,
            state: bounded("state")?,
        })
    }

    /// The client that sent the request: the one that `hint` was issued to, which `client_id` must not contradict (§2).
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

    /// Where to send the user afterwards: nowhere, if the client is not known (§3).
    ///
    /// # Errors
    ///
    /// [`PageError::UnregisteredPostLogoutUri`] for a URI that `client` did not register, byte for byte.
    pub fn returning(&self, client: Option<&Client>) -> Result<Option<Returning>, PageError> {
        let (Some(client), Some(requested)) = (client, &self.post_logout_redirect_uri) else { return Ok(None) };
        Returning::registered(client, requested, self.state.clone()).map(Some)
    }
}

/// Where to send the user after logout, with the client's `state`.
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
        let uri = registered.ok_or_else(|| PageError::UnregisteredPostLogoutUri(Quoted::of(requested)))?;
        Ok(Self { uri, state })
    }

    /// The registered URI, as the client sent it.
    #[must_use]
    pub fn uri(&self) -> &RedirectUri {
        &self.uri
    }

    /// The client's `state`.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// The `Location` header that sends the user there.
    #[must_use]
    pub fn location(&self) -> String {
        let state = self.state.as_deref().map(|state| ("state", state));
        self.uri.location(state.as_slice())
    }
}

/// The claims of an ID token that matter to the logout endpoint. It may have expired (§2).
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
    /// Parses the claims of an ID token whose signature is valid, if `issuer` issued it.
    #[must_use]
    pub fn parse(claims: &[u8], issuer: &Issuer) -> Option<Self> {
        strict::<Self>(claims).filter(|hint| hint.iss == issuer.as_str())
    }

    /// Whether the ID token was issued in `session`.
    fn is_of(&self, session: &Session) -> bool {
        self.aud.iter().any(|client| session.sid_for(client) == self.sid)
    }
}

/// What happens next.
pub enum LogoutStep {
    /// There is no session to end.
    Nobody,
    /// The user has to confirm (§2).
    Ask(Session),
    /// The session ends.
    End(ApprovedLogout),
}

/// Proof that a session is to end, confirmed by its user or requested with an ID token of the session. Only this module
/// creates it.
pub struct ApprovedLogout(Session);

impl ApprovedLogout {
    /// The session that ends.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.0
    }
}

/// Decides a request. Without an ID token of this very session the user has to confirm, so that no other site can log
/// the user out, and a hint of one user cannot end another user's session in the same browser (§2, §6).
#[must_use]
pub fn decide(session: Option<Session>, hint: Option<&Hint>) -> LogoutStep {
    let Some(session) = session else { return LogoutStep::Nobody };
    if hint.is_some_and(|hint| hint.is_of(&session)) {
        LogoutStep::End(ApprovedLogout(session))
    } else {
        LogoutStep::Ask(session)
    }
}

/// The sealed content of the confirmation form.
#[derive(Debug, Serialize, Deserialize)]
pub struct Confirmation {
    /// The hash of the cookie of the session to end.
    #[serde(rename = "s")]
    pub cookie: String,
    /// The client that sent the request, if it is known.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// Where to send the user afterwards; checked against the registration again.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub post_logout_redirect_uri: Option<String>,
    /// The client's `state`.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// When the form expires.
    #[serde(rename = "e")]
    pub expires: Timestamp,
    /// Why the form is shown.
    #[serde(rename = "w")]
    pub prompt: LogoutPrompt,
}

/// Why a user is shown a form that ends their session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogoutPrompt {
    /// The user has to confirm. The browser must still have the session cookie when the form is submitted.
    #[serde(rename = "a")]
    Asked,
    /// The user confirmed, and ending the session failed. The cookie is already deleted.
    #[serde(rename = "f")]
    Failed,
}

impl Confirmation {
    /// The session that this form ends when it is submitted at `now` by a browser whose session cookie has the hash
    /// `presented`; `None` if the browser has another session, or none.
    ///
    /// # Errors
    ///
    /// [`PageError::StaleLogout`] if the form has expired or is malformed.
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

    /// Proof that the user confirmed the end of `session` in this form.
    #[must_use]
    pub fn approve(&self, session: Session) -> Option<ApprovedLogout> {
        (session.cookie == self.cookie).then_some(ApprovedLogout(session))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fixtures::{NOW, changed, client, client_id, issuer, later, parameters, secret_hash, session};
    use crate::syntax::parameters::ParameterError;
    use crate::types::id::WorkspaceId;

    fn request(query: &str) -> LogoutRequest {
        LogoutRequest::parse(&parameters(query)).ok().unwrap()
    }

    /// A hint for `app` of the session, with `change`.
    fn hint(change: &Value) -> Option<Hint> {
        let sid = session().sid_for(&client_id("app"));
        let base = json!({"iss": issuer().as_str(), "aud": "app", "sid": sid, "sub": "alice", "exp": 1});
        Hint::parse(changed(base, change).to_string().as_bytes(), &issuer())
    }

    #[test]
    fn a_request_is_read_and_bounded() {
        let all = request("id_token_hint=h&client_id=app&post_logout_redirect_uri=https://app.example/bye&state=s&x=y");
        assert_eq!(all.id_token_hint.unwrap().expose(), "h");
        assert_eq!(all.client_id, Some(client_id("app")));
        assert_eq!(all.post_logout_redirect_uri.as_deref(), Some("https://app.example/bye"));
        assert_eq!(all.state.as_deref(), Some("s"));
        let none = request("state=");
        assert!(none.id_token_hint.is_none() && none.client_id.is_none() && none.state.is_none());

        for name in ["client_id", "post_logout_redirect_uri", "state", "logout_hint", "ui_locales", "id_token_hint"] {
            let twice = parameters(&format!("{name}=a&{name}=a"));
            let expected = PageError::Parameters(ParameterError::Repeated(name));
            assert_eq!(LogoutRequest::parse(&twice).err(), Some(expected), "{name}");
        }
        for name in ["client_id", "post_logout_redirect_uri", "state", "logout_hint", "ui_locales"] {
            let long = parameters(&format!("{name}={}", "a".repeat(2049)));
            assert_eq!(LogoutRequest::parse(&long).err(), Some(PageError::RequestTooLarge), "{name}");
        }
        assert_eq!(request(&format!("state={}", "a".repeat(2048))).state.map(|state| state.len()), Some(2048));
        assert_eq!(LogoutRequest::parse(&parameters("client_id=a%20b")).err(), Some(PageError::UnknownClient));
    }

    #[test]
    fn a_hint_is_an_id_token_of_this_issuer_that_names_clients_and_a_session() {
        assert!(hint(&json!({})).is_some());
        assert!(hint(&json!({"aud": ["app", "other"]})).is_some());
        for bad in [json!({"iss": "https://auth.example/default/partner"}), json!({"sid": null}), json!({"aud": "a b"})]
        {
            assert!(hint(&bad).is_none(), "{bad}");
        }
        let partner = Issuer::new("https://auth.example", &WorkspaceId::parse("default", "partner").unwrap());
        assert!(Hint::parse(br#"{"iss":"x","aud":"app","sid":"s"}"#, &partner).is_none());
    }

    #[test]
    fn the_client_is_the_one_that_the_hint_was_issued_to() {
        let many = || hint(&json!({"aud": ["app", "other"]}));
        let table = [
            ("client_id=app", None, Ok(Some("app"))),
            ("", None, Ok(None)),
            ("client_id=app", hint(&json!({})), Ok(Some("app"))),
            ("client_id=other", hint(&json!({})), Err(PageError::ForeignHint)),
            ("client_id=other", many(), Ok(Some("other"))),
            ("", hint(&json!({})), Ok(Some("app"))),
            ("", many(), Ok(None)),
        ];
        for (query, hint, expected) in table {
            let request = request(query);
            let found = request.client(hint.as_ref()).map(|client| client.map(ClientId::as_str));
            assert_eq!(found, expected, "{query}");
        }
    }

    #[test]
    fn a_user_returns_to_registered_uris_only() {
        let registered = client(&json!({"post_logout_redirect_uris": ["https://app.example/bye?x=1"]}));
        let returning = |query: &str, client: Option<&Client>| {
            request(query).returning(client).map(|returning| returning.map(|returning| returning.location()))
        };
        let asked = "post_logout_redirect_uri=https://app.example/bye?x%3D1";
        let stateful = format!("{asked}&state=a%20b");
        assert_eq!(returning(asked, Some(&registered)), Ok(Some("https://app.example/bye?x=1".into())));
        let location = "https://app.example/bye?x=1&state=a%20b";
        assert_eq!(returning(&stateful, Some(&registered)), Ok(Some(location.into())));
        assert_eq!(returning("", Some(&registered)), Ok(None));
        assert_eq!(returning(asked, None), Ok(None));
        let other = "post_logout_redirect_uri=https://app.example/bye";
        let refused = |uri| Err(PageError::UnregisteredPostLogoutUri(Quoted::of(uri)));
        assert_eq!(returning(other, Some(&registered)), refused("https://app.example/bye"));
        assert_eq!(returning(asked, Some(&client(&json!({})))), refused("https://app.example/bye?x=1"));
        let found = request(&stateful).returning(Some(&registered)).unwrap().unwrap();
        assert_eq!((found.uri().as_str(), found.state()), ("https://app.example/bye?x=1", Some("a b")));
    }

    #[test]
    fn the_user_is_asked_unless_the_hint_is_of_this_very_session() {
        let step = |session, hint: Option<Hint>| match decide(session, hint.as_ref()) {
            LogoutStep::Nobody => "nobody".to_owned(),
            LogoutStep::Ask(session) => format!("ask {}", session.sid),
            LogoutStep::End(approved) => format!("end {}", approved.session().sid),
        };
        assert_eq!(step(None, hint(&json!({}))), "nobody");
        assert_eq!(step(Some(session()), None), "ask sid-1");
        let other = Session { sid: "sid-2".into(), ..session() }.sid_for(&client_id("app"));
        for foreign in [json!({"sid": other}), json!({"sid": "sid-1"}), json!({"aud": "app2"})] {
            assert_eq!(step(Some(session()), hint(&foreign)), "ask sid-1", "{foreign}");
        }
        assert_eq!(step(Some(session()), hint(&json!({}))), "end sid-1");
    }

    fn confirmation(prompt: LogoutPrompt) -> Confirmation {
        Confirmation {
            cookie: session().cookie,
            client_id: None,
            post_logout_redirect_uri: None,
            state: None,
            expires: later(60),
            prompt,
        }
    }

    #[test]
    fn a_form_ends_the_session_that_it_was_shown_for() {
        let (ours, other) = (secret_hash("cookie"), secret_hash("another"));
        let table = [
            (LogoutPrompt::Asked, Some(ours), true),
            (LogoutPrompt::Asked, Some(other), false),
            (LogoutPrompt::Asked, None, false),
            (LogoutPrompt::Failed, Some(ours), true),
            (LogoutPrompt::Failed, Some(other), false),
            (LogoutPrompt::Failed, None, true),
        ];
        for (prompt, presented, expected) in table {
            let session = confirmation(prompt).session(presented, NOW).unwrap();
            assert_eq!(session.is_some_and(|session| session.matches(&ours)), expected, "{prompt:?}");
        }
        let stale = Confirmation { expires: NOW, ..confirmation(LogoutPrompt::Asked) };
        assert_eq!(stale.session(Some(ours), NOW).err(), Some(PageError::StaleLogout));
        let broken = Confirmation { cookie: "x".into(), ..confirmation(LogoutPrompt::Asked) };
        assert_eq!(broken.session(Some(ours), NOW).err(), Some(PageError::StaleLogout));
    }

    #[test]
    fn a_form_approves_the_end_of_its_own_session_only() {
        let approved = confirmation(LogoutPrompt::Asked).approve(session());
        assert_eq!(approved.map(|approved| approved.session().clone()), Some(session()));
        let other = Session { cookie: secret_hash("another").encoded(), ..session() };
        assert!(confirmation(LogoutPrompt::Asked).approve(other).is_none());
    }

    #[test]
    fn a_form_survives_the_browser() {
        let full = Confirmation {
            client_id: Some(client_id("app")),
            post_logout_redirect_uri: Some("https://app.example/bye".into()),
            state: Some("s".into()),
            ..confirmation(LogoutPrompt::Failed)
        };
        for form in [full, confirmation(LogoutPrompt::Asked)] {
            let sealed = serde_json::to_value(&form).unwrap();
            let opened: Confirmation = serde_json::from_value(sealed.clone()).unwrap();
            assert_eq!(serde_json::to_value(&opened).unwrap(), sealed);
        }
    }
}
