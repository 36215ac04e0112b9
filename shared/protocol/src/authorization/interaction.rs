//! An interaction: an authorization request that waits for its user.
//!
//! It is not stored. It travels sealed with the browser that began it, so that an authorization request costs no write
//! before somebody has logged in (design invariant 4). Its id becomes the grant's id: a grant is created only if there
//! is none of that id, so an interaction ends at most once.

use serde::{Deserialize, Serialize};

use crate::authorization::error::PageError;
use crate::authorization::request::{AuthorizationRequest, Prompt, RequestTerms};
use crate::clients::client::Client;
use crate::types::id::{GrantId, Subject};
use crate::types::time::Timestamp;

/// What is sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Interaction {
    /// How it passes through the browser.
    #[serde(flatten)]
    pub state: InteractionState,
    /// Where the answer goes; checked anew against the registration each time.
    #[serde(rename = "r")]
    redirect_uri: String,
    /// What was asked for.
    #[serde(rename = "q")]
    terms: RequestTerms,
}

/// How an interaction passes through a browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InteractionState {
    /// The id of the interaction and of the grant that it may become.
    #[serde(rename = "i")]
    pub id: GrantId,
    /// The hash of the cookie of the browser that began it.
    #[serde(rename = "b")]
    pub browser: String,
    /// When it began.
    #[serde(rename = "t")]
    pub began: Timestamp,
    /// When it can no longer be finished.
    #[serde(rename = "e")]
    pub expires: Timestamp,
    /// The user whom the consent page was shown to: nobody else can answer it.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub shown_to: Option<Subject>,
    /// The account that the user chose, where the request asks for a choice.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountChoice>,
}

/// What the user chose where the request asks which account to go on with (`prompt=select_account`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountChoice {
    /// That of the session with this `sid`.
    #[serde(rename = "c")]
    Current(String),
    /// Another one, which has to log in.
    #[serde(rename = "o")]
    Another,
}

impl Interaction {
    /// What is sealed of `request`.
    #[must_use]
    pub fn of(request: &AuthorizationRequest, state: InteractionState) -> Self {
        Self { state, redirect_uri: request.redirect_uri.as_str().into(), terms: request.terms.clone() }
    }

    /// The client that asked.
    #[must_use]
    pub const fn client_id(&self) -> &crate::types::id::ClientId {
        &self.terms.client_id
    }

    /// Whether the user has to prove anew who they are, wherever they do.
    #[must_use]
    pub const fn prompts_login(&self) -> bool {
        matches!(self.terms.prompt, Prompt::Pages { login: true, .. }) || matches!(self.terms.max_age, Some(0))
    }

    /// Whether the user has to choose an account, wherever they log in.
    #[must_use]
    pub const fn prompts_account(&self) -> bool {
        matches!(self.terms.prompt, Prompt::Pages { account: true, .. })
    }

    /// The greatest age of a login that will do, in seconds, wherever it was made.
    #[must_use]
    pub const fn max_age(&self) -> Option<u32> {
        self.terms.max_age
    }

    /// The request, checked anew against what the client is registered for now.
    ///
    /// # Errors
    ///
    /// [`PageError`] if the client or its redirect URI is no longer good, or a scope no longer its own.
    pub fn request(&self, client: &Client) -> Result<AuthorizationRequest, PageError> {
        if !client.is_usable() || client.id != self.terms.client_id {
            return Err(PageError::UnknownClient);
        }
        let redirect_uri =
            client.redirect_uris.registered(&self.redirect_uri).ok_or(PageError::UnregisteredRedirectUri)?;
        if !self.terms.scope.within(&client.scope) {
            return Err(PageError::StaleInteraction);
        }
        Ok(AuthorizationRequest { redirect_uri, terms: self.terms.clone(), id_token_hint: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A user who is at the login page while a new version is deployed finishes with the new one (fault F-LAM-6).
    #[test]
    fn what_an_earlier_version_sealed_still_opens() {
        let sealed = serde_json::json!({
            "i": GrantId::from_bytes([1; 16]).as_str(), "b": "browser", "t": 1, "e": 2, "r": "https://app.example/cb",
            "q": {"c": "c1", "u": true, "o": "openid", "s": "state", "p": {"p": {"l": true, "c": false}}, "m": 60},
        });
        let interaction: Interaction = serde_json::from_value(sealed).unwrap();
        assert!(interaction.prompts_login() && !interaction.prompts_account());
        assert_eq!(
            (interaction.state.account, interaction.terms.response_mode),
            (None, crate::authorization::response::ResponseMode::default())
        );
    }
}
