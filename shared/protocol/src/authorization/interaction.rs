//! An interaction: an authorization request that waits for its user.
//!
//! It is not stored. It travels sealed with the browser that started it, so an authorization request costs no write
//! before the user has logged in (design invariant 4). Its id becomes the grant's id, and a grant is created only if
//! its id is unused, so an interaction is completed at most once.

use serde::{Deserialize, Serialize};

use crate::authorization::consent::AllowedBefore;
use crate::authorization::error::PageError;
use crate::authorization::login_hints::LoginHints;
use crate::authorization::request::{AuthorizationRequest, Prompt, RequestTerms};
use crate::clients::client::Client;
use crate::clients::request_channel::RequestChannel;
use crate::syntax::quoted::Quoted;
use crate::types::id::{GrantId, Subject};
use crate::types::language::Language;
use crate::types::scope::Scopes;
use crate::types::time::Timestamp;

/// The sealed content.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Interaction {
    /// Its state in the browser.
    #[serde(flatten)]
    pub state: InteractionState,
    /// Where the response goes; checked against the registration each time it is opened.
    #[serde(rename = "r")]
    redirect_uri: String,
    /// The requested terms.
    #[serde(rename = "q")]
    terms: RequestTerms,
}

/// The state of an interaction in the browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InteractionState {
    /// The id of the interaction, and of the grant that it may become.
    #[serde(rename = "i")]
    pub id: GrantId,
    /// The hash of the cookie of the browser that started it.
    #[serde(rename = "b")]
    pub browser: String,
    /// Random, base64url: the seed of the code, so that resubmitting the same form yields the same code. It is known
    /// only to the server, which can open the seal; interactions created by earlier versions have none.
    #[serde(rename = "z", default, skip_serializing_if = "String::is_empty")]
    pub seed: String,
    /// When it started.
    #[serde(rename = "t")]
    pub began: Timestamp,
    /// When it expires.
    #[serde(rename = "e")]
    pub expires: Timestamp,
    /// The user who was shown the consent page. Only they can answer it.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub shown_to: Option<Subject>,
    /// Whether the client pushed the request: it is then valid once and in one browser only, and may contain what only
    /// pushed requests may (RFC 9126).
    #[serde(rename = "p", default, skip_serializing_if = "std::ops::Not::not")]
    pub pushed: bool,
    /// The user code that was typed on the device page, if this is a login for that page (RFC 8628 §3.3). The login leads
    /// back there, and never to a grant.
    #[serde(rename = "y", default, skip_serializing_if = "Option::is_none")]
    pub user_code: Option<String>,
    /// Whether this is a login for the account page. It leads back there, and never to a grant.
    #[serde(rename = "m", default, skip_serializing_if = "std::ops::Not::not")]
    pub account_page: bool,
    /// The language of the pages: what the client and the browser prefer, or what the user chose on a page.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// What its user allowed before, if the consent page is to ask for what is new only.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub allowed_before: Option<Box<AllowedBefore>>,
    /// The account that the user chose, for `prompt=select_account`.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountChoice>,
}

/// The user's choice for `prompt=select_account`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountChoice {
    /// The account of the session with this `sid`.
    #[serde(rename = "c")]
    Current(String),
    /// Another account, which has to log in.
    #[serde(rename = "o")]
    Another,
}

impl InteractionState {
    /// The channel by which the request arrived.
    #[must_use]
    pub const fn channel(&self) -> RequestChannel {
        if self.pushed { RequestChannel::Pushed } else { RequestChannel::Browser }
    }
}

impl Interaction {
    /// The interaction for `request`.
    #[must_use]
    pub fn of(request: &AuthorizationRequest, state: InteractionState) -> Self {
        Self { state, redirect_uri: request.redirect_uri.as_str().into(), terms: request.terms.clone() }
    }

    /// The client that sent the request.
    #[must_use]
    pub const fn client_id(&self) -> &crate::types::id::ClientId {
        &self.terms.client_id
    }

    /// Whether the user has to log in again, here or at an upstream provider.
    #[must_use]
    pub const fn prompts_login(&self) -> bool {
        self.terms.prompts_login()
    }

    /// Whether the user has to choose an account, here or at an upstream provider.
    #[must_use]
    pub const fn prompts_account(&self) -> bool {
        matches!(self.terms.prompt, Prompt::Pages { account: true, .. })
    }

    /// The maximum age of the login in seconds, here or at an upstream provider.
    #[must_use]
    pub const fn max_age(&self) -> Option<u32> {
        self.terms.max_age
    }

    /// The login name that the client expects.
    #[must_use]
    pub fn login_hint(&self) -> Option<&str> {
        self.terms.login_hint.as_deref()
    }

    /// The client's hints for the login.
    #[must_use]
    pub const fn hints(&self) -> &LoginHints {
        &self.terms.hints
    }

    /// The interaction without hints: an upstream provider has already received them, or they do not fit.
    #[must_use]
    pub fn without_hints(mut self) -> Self {
        self.terms.hints = LoginHints::default();
        self
    }

    /// The earliest acceptable time of authentication, here or at an upstream provider, if there is a limit.
    #[must_use]
    pub fn earliest_login(&self, now: Timestamp) -> Option<Timestamp> {
        self.terms.earliest_login(self.state.began, now)
    }

    /// The request, checked against the client's current registration.
    ///
    /// # Errors
    ///
    /// [`PageError`] if the client, its redirect URI or a scope is no longer registered or active, or the client must now
    /// push its requests.
    pub fn request(&self, client: &Client) -> Result<AuthorizationRequest, PageError> {
        if !client.is_usable() || client.id != self.terms.client_id {
            return Err(PageError::UnknownClient);
        }
        let redirect_uri = client
            .redirect_uri(&self.redirect_uri, self.state.channel())
            .ok_or_else(|| PageError::UnregisteredRedirectUri(Quoted::of(&self.redirect_uri)))?;
        if !client.scope.allow_all(&self.terms.scope) || (client.must_push && !self.state.pushed) {
            return Err(PageError::StaleInteraction);
        }
        Ok(AuthorizationRequest {
            redirect_uri,
            terms: self.terms.clone(),
            ignored_scope: Scopes::default(),
            id_token_hint: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::authorization::response::ResponseMode;
    use crate::fixtures::{NOW, REDIRECT_URI, client, grant_id, later, request, subject};

    fn state() -> InteractionState {
        InteractionState {
            id: grant_id(),
            seed: "seed".into(),
            browser: "browser".into(),
            began: NOW,
            expires: later(1800),
            pushed: false,
            shown_to: Some(subject("alice")),
            user_code: None,
            account_page: false,
            language: Some(Language::German),
            allowed_before: None,
            account: Some(AccountChoice::Current("sid-1".into())),
        }
    }

    fn interaction(changes: &[(&str, &str)]) -> Interaction {
        Interaction::of(&request(&client(&json!({})), changes), state())
    }

    /// A user who is on the login page while a new version is deployed finishes with the new one (fault F-LAM-6).
    #[test]
    fn interactions_sealed_by_an_earlier_version_still_open() {
        let sealed = json!({
            "i": GrantId::from_bytes([1; 16]).as_str(), "b": "browser", "t": 1, "e": 2, "r": "https://app.example/cb",
            "q": {"c": "c1", "u": true, "o": "openid", "s": "state", "p": {"p": {"l": true, "c": false}}, "m": 60},
        });
        let interaction: Interaction = serde_json::from_value(sealed).unwrap();
        assert!(interaction.prompts_login() && !interaction.prompts_account());
        assert_eq!((interaction.state.account, interaction.terms.response_mode), (None, ResponseMode::default()));
    }

    #[test]
    fn an_interaction_survives_the_browser_unchanged() {
        let claims = r#"{"userinfo":{"email":null},"id_token":{"sub":{"value":"alice"}}}"#;
        let changes = [
            ("claims", claims),
            ("nonce", "n"),
            ("prompt", "select_account consent"),
            ("max_age", "60"),
            ("login_hint", "alice"),
            ("ui_locales", "de"),
            ("domain_hint", "example.com"),
            ("resource", "https://a.example"),
            ("response_mode", "fragment"),
        ];
        let sealed = serde_json::to_value(interaction(&changes)).unwrap();
        let opened: Interaction = serde_json::from_value(sealed.clone()).unwrap();
        assert_eq!(serde_json::to_value(&opened).unwrap(), sealed);
        let again = opened.request(&client(&json!({}))).unwrap();
        let asked = request(&client(&json!({})), &changes);
        assert_eq!(again.redirect_uri, asked.redirect_uri);
        assert_eq!(serde_json::to_value(&again.terms).unwrap(), serde_json::to_value(&asked.terms).unwrap());
        assert_eq!((again.terms.response_mode, &again.terms.claims), (ResponseMode::Fragment, &asked.terms.claims));
        assert_eq!(again.terms.resource, asked.terms.resource);
        assert!(again.id_token_hint.is_none());
    }

    #[test]
    fn omitted_parameters_take_no_space_in_the_sealed_interaction() {
        let terms = serde_json::to_value(&interaction(&[("state", "")]).terms).unwrap();
        let names: Vec<&str> = terms.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["c", "h", "o", "p", "u"]);
    }

    #[test]
    fn the_interaction_knows_the_requirements_for_the_login() {
        let table = [
            (&[][..], false, false, None),
            (&[("prompt", "login")], true, false, None),
            (&[("prompt", "select_account")], false, true, None),
            (&[("prompt", "login select_account consent")], true, true, None),
            (&[("prompt", "consent")], false, false, None),
            (&[("prompt", "none")], false, false, None),
            (&[("max_age", "0")], true, false, Some(0)),
            (&[("max_age", "1")], false, false, Some(1)),
        ];
        for (changes, login, account, max_age) in table {
            let interaction = interaction(changes);
            assert_eq!((interaction.prompts_login(), interaction.prompts_account()), (login, account), "{changes:?}");
            assert_eq!(interaction.max_age(), max_age, "{changes:?}");
            assert_eq!(interaction.client_id().as_str(), "app");
        }
    }

    #[test]
    fn the_current_registration_of_the_client_applies() {
        let table = [
            (json!({}), None),
            (json!({"redirect_uris": [REDIRECT_URI, "https://app.example/new"]}), None),
            (json!({"client_status": "inactive"}), Some(PageError::UnknownClient)),
            (json!({"client_id": "other"}), Some(PageError::UnknownClient)),
            (
                json!({"redirect_uris": ["https://app.example/new"]}),
                Some(PageError::UnregisteredRedirectUri(Quoted::of(REDIRECT_URI))),
            ),
            (json!({"scope": "openid", "grant_types": ["authorization_code"]}), Some(PageError::StaleInteraction)),
        ];
        for (change, expected) in table {
            assert_eq!(interaction(&[]).request(&client(&change)).err(), expected, "{change}");
        }
    }
}
