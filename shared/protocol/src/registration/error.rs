//! Why a client cannot be registered.

use thiserror::Error;

use crate::clients::external_url::UnaskableUrl;
use crate::clients::redirect_uri::UnusableUri;

/// Why a client cannot be registered, as a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RegistrationError {
    /// A redirect URI cannot be used.
    #[error("redirect URI {0}")]
    RedirectUri(#[from] UnusableUri),
    /// A URI of a logout cannot be used.
    #[error("logout URI {0}")]
    LogoutUri(UnusableUri),
    /// A back-channel logout URI that nobody can be asked at.
    #[error("backchannel_logout_uri begins with https: it is this server that asks there, and no browser")]
    LogoutScheme,
    /// A secret is missing, superfluous or not a digest.
    #[error("{0}")]
    Secret(&'static str),
    /// Something about its assertions does not fit.
    #[error("{0}")]
    Assertion(&'static str),
    /// Its keys cannot be read from where it says.
    #[error("jwks_uri: {0}")]
    JwksUri(#[from] UnaskableUrl),
    /// Which sector a pairwise client belongs to cannot be told.
    #[error("{0}")]
    Sector(&'static str),
    /// A scope that the workspace does not define.
    #[error("scope {0} is not one of the workspace: define it there, or take it away here")]
    UnknownScope(String),
    /// A resource that the workspace does not define.
    #[error("resource {0} is not one of the workspace: define it there, or take it away here")]
    UnknownResource(String),
    /// Grant types that do not fit the rest.
    #[error("{0}")]
    GrantTypes(&'static str),
    /// A lifetime that no client may have.
    #[error(
        "a code lives 1 to 60 seconds, a token at most a day, a refresh token at most a year, its grace at most 300 \
         seconds, an interaction at most an hour, and nothing but the grace 0 seconds"
    )]
    Lifetime,
}
