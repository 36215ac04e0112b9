//! ID tokens (OpenID Connect Core §2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::jose::at_hash::at_hash;
use crate::syntax::json::audience;
use crate::tokens::entitlement::Entitlement;
use crate::types::id::{ClientId, Issuer, Subject};

/// The `typ` of the JOSE header (RFC 7519 §5.1).
pub const TYPE: &str = "JWT";

/// The claims of an ID token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IdTokenClaims {
    /// The workspace that issued it.
    pub iss: String,
    /// The user.
    pub sub: String,
    /// The client.
    pub aud: String,
    /// When it ends, in seconds.
    pub exp: u64,
    /// When it was issued, in seconds.
    pub iat: u64,
    /// When the user proved who they are, in seconds.
    pub auth_time: u64,
    /// The client's own value, exactly as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The authentication context class.
    pub acr: String,
    /// How the user proved it.
    pub amr: Vec<String>,
    /// The left half of the digest of the access token beside it (§3.1.3.6), for clients that are to have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// The user's session.
    pub sid: String,
    /// Claims of the user that the request asked for. Their names are those of a profile, so none is one of the above.
    #[serde(flatten)]
    pub user: Map<String, Value>,
}

/// The most bytes that claims of the user may take in an ID token, so that it stays one that fits into a URL as a hint.
pub const MAX_CLAIMS_BYTES: usize = 4096;

impl IdTokenClaims {
    /// The claims of the ID token that is due, if one is.
    #[must_use]
    pub fn of(due: &Entitlement, issuer: &Issuer) -> Option<Self> {
        let (terms, lifetime) = (due.terms()?, due.id_token_lifetime()?);
        Some(Self {
            iss: issuer.as_str().into(),
            sub: terms.client_subject().as_str().into(),
            aud: terms.client_id.as_str().into(),
            exp: due.now().plus(lifetime).seconds(),
            iat: due.now().seconds(),
            auth_time: terms.auth_time.seconds(),
            nonce: due.id_token.nonce.clone(),
            acr: terms.acr.clone(),
            amr: terms.amr.clone(),
            at_hash: None,
            sid: terms.sid.clone(),
            user: terms.id_token_claims.clone(),
        })
    }

    /// The same claims, bound to `access_token`, which is signed already.
    #[must_use]
    pub fn with_hash_of(self, access_token: &str) -> Self {
        Self { at_hash: Some(at_hash(access_token)), ..self }
    }
}

/// The part of an ID token of ours that a hint is read for. What userinfo signs has neither `exp` nor `iat`, so it is no
/// ID token (RFC 8725 §3.12).
#[derive(Deserialize)]
struct Hint {
    iss: String,
    sub: Subject,
    #[serde(rename = "exp")]
    _exp: u64,
    #[serde(rename = "iat")]
    _iat: u64,
    #[serde(deserialize_with = "audience")]
    aud: Vec<String>,
}

/// The user whom an ID token names whose signature is good, if it was issued by `issuer` to `client`. It may have ended:
/// as a hint it still says whom the client means (OpenID Connect Core §3.1.2.1).
#[must_use]
pub fn hinted_subject(claims: &[u8], issuer: &Issuer, client: &ClientId) -> Option<Subject> {
    let hint: Hint = serde_json::from_slice(claims).ok()?;
    (hint.iss == issuer.as_str() && hint.aud.iter().any(|aud| aud == client.as_str())).then_some(hint.sub)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_openid_connect_core_appendix_a() {
        assert_eq!(at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
    }
}
