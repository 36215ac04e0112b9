//! Who asks about a token, to introspect or to revoke it, and which tokens are theirs to ask about.

use crate::client_authentication::authenticated_client::AuthenticatedClient;
use crate::client_authentication::credentials::ClientAuthenticationError;
use crate::tokens::access_token::AccessTokenClaims;
use crate::tokens::bearer::BearerError;
use crate::types::id::{ClientId, Issuer, Subject};
use thiserror::Error;

/// Who asks.
pub enum Caller {
    /// A client, by its own authentication.
    Client(AuthenticatedClient),
    /// The holder of an access token that is good at the moment, by that token.
    Bearer(Box<AccessTokenClaims>),
}

/// Why nobody is believed to ask.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CallerError {
    /// The client is not believed.
    #[error(transparent)]
    Client(#[from] ClientAuthenticationError),
    /// The bearer token is not good.
    #[error(transparent)]
    Bearer(#[from] BearerError),
    /// The store or a key is out of reach.
    #[error("the service is not available at the moment: try again")]
    Unavailable,
}

impl CallerError {
    /// The status and `error` code (RFC 7009 §2.2.1, RFC 7662 §2.3).
    #[must_use]
    pub const fn response(&self) -> (u16, &'static str) {
        match self {
            Self::Client(error) => error.response(),
            Self::Bearer(error) => match error.response() {
                (status, Some(code)) => (status, code),
                (status, None) => (status, "invalid_token"),
            },
            Self::Unavailable => (503, "temporarily_unavailable"),
        }
    }
}

/// Whose token is asked about.
#[derive(Clone, Copy)]
pub struct TokenOwner<'a> {
    /// The client that it was issued to.
    pub client: &'a ClientId,
    /// The user, as the client knows them.
    pub subject: &'a Subject,
}

impl Caller {
    /// The client that asks, by whichever means.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        match self {
            Self::Client(client) => &client.client().id,
            Self::Bearer(token) => &token.client_id,
        }
    }

    /// Whether a token of `owner` is theirs to ask about: their own is, and with `scope` every token of the
    /// workspace is. A client has that scope by itself; a bearer's token says so, and is for us.
    #[must_use]
    pub fn may(&self, scope: &str, owner: TokenOwner<'_>, issuer: &Issuer) -> bool {
        let TokenOwner { client, subject } = owner;
        match self {
            Self::Client(caller) => caller.client().id == *client || caller.client().client_scope.contains(scope),
            Self::Bearer(caller) => {
                let own = caller.client_id == *client && caller.sub == *subject;
                own || (caller.scope.contains(scope) && caller.is_for(issuer.as_str()))
            }
        }
    }
}
