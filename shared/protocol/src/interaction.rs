//! An interaction: an authorization request that waits for its user.
//!
//! It is not stored. It travels sealed with the browser that began it, so that an authorization request costs no write
//! before somebody has logged in (design invariant 4). Its id becomes the grant's id: a grant is created only if there
//! is none of that id, so an interaction ends at most once.

use serde::{Deserialize, Serialize};

use crate::authorization::{AuthorizationRequest, RequestTerms};
use crate::client::Client;
use crate::error::PageError;
use crate::id::GrantId;
use crate::time::{Lifetime, Timestamp};

/// What is sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Interaction {
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
    /// Where the answer goes; checked anew against the registration each time.
    #[serde(rename = "r")]
    redirect_uri: String,
    /// What was asked for.
    #[serde(rename = "q")]
    terms: RequestTerms,
}

impl Interaction {
    /// Begins an interaction for `request` in the browser whose cookie hashes to `browser`.
    #[must_use]
    pub fn begin(
        request: &AuthorizationRequest,
        id: GrantId,
        browser: String,
        now: Timestamp,
        lifetime: Lifetime,
    ) -> Self {
        let redirect_uri = request.redirect_uri.as_str().into();
        Self { id, browser, began: now, expires: now.plus(lifetime), redirect_uri, terms: request.terms.clone() }
    }

    /// The client that asked.
    #[must_use]
    pub const fn client_id(&self) -> &crate::id::ClientId {
        &self.terms.client_id
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
