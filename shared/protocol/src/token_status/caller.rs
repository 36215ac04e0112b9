//! The caller of introspection and revocation, and which tokens it may ask about.

use crate::client_authentication::authenticated_client::AuthenticatedClient;
use crate::client_authentication::credentials::ClientAuthenticationError;
use crate::tokens::access_token::AccessTokenClaims;
use crate::tokens::bearer::BearerError;
use crate::types::id::{ClientId, Issuer, Subject};
use thiserror::Error;

/// The caller.
pub enum Caller {
    /// A client that authenticated.
    Client(AuthenticatedClient),
    /// The holder of a valid access token.
    Bearer(Box<AccessTokenClaims>),
}

/// Why the caller is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CallerError {
    /// The client did not authenticate.
    #[error(transparent)]
    Client(#[from] ClientAuthenticationError),
    /// The bearer token is not valid.
    #[error(transparent)]
    Bearer(#[from] BearerError),
    /// The store or a key is unavailable.
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

/// The owner of the token in question.
#[derive(Clone, Copy)]
pub struct TokenOwner<'a> {
    /// The client that it was issued to.
    pub client: &'a ClientId,
    /// The `sub` that the client sees.
    pub subject: &'a Subject,
}

impl Caller {
    /// The client that calls, or whose token is used to call.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        match self {
            Self::Client(client) => &client.client().id,
            Self::Bearer(token) => &token.client_id,
        }
    }

    /// Whether the caller may ask about a token of `owner`: its own, or with `scope` any token of the workspace. A
    /// client must be registered for that scope itself; a bearer token must carry it and be issued for us.
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::client_authentication::credentials::RefusalCause;
    use crate::fixtures::{authenticated, changed, client_id, confidential_client, issuer, subject};
    use crate::types::scope::INTROSPECT_TOKENS;

    fn client(scope: &str) -> Caller {
        let metadata = json!({"grant_types": ["client_credentials"], "scope": "", "client_credentials_scope": scope});
        Caller::Client(authenticated(confidential_client(&metadata)))
    }

    /// The holder of a token of `app` for Alice, with `change`.
    fn bearer(change: &Value) -> Caller {
        let base = json!({
            "iss": issuer().as_str(), "sub": "alice", "aud": issuer().as_str(), "client_id": "app", "iat": 1, "exp": 2,
            "jti": "j", "scope": "openid",
        });
        Caller::Bearer(Box::new(serde_json::from_value(changed(base, change)).unwrap()))
    }

    #[test]
    fn a_token_may_be_asked_about_by_its_own_client_or_user_and_with_the_scope_by_anybody() {
        let all = |scope| json!({ "scope": scope });
        let table = [
            ("its client", client("read"), "app", "alice", true),
            ("its client, of another user", client("read"), "app", "bob", true),
            ("another client", client("read"), "other", "alice", false),
            ("another client with the scope", client(INTROSPECT_TOKENS), "other", "alice", true),
            ("its holder", bearer(&json!({})), "app", "alice", true),
            ("another user of the client", bearer(&json!({})), "app", "bob", false),
            ("the user at another client", bearer(&json!({})), "other", "alice", false),
            ("a holder with the scope", bearer(&all(INTROSPECT_TOKENS)), "other", "bob", true),
            (
                "the scope in a token for somebody else",
                bearer(&json!({"scope": INTROSPECT_TOKENS, "aud": "https://api.example"})),
                "other",
                "bob",
                false,
            ),
        ];
        for (case, caller, client, user, expected) in table {
            let (client, subject) = (client_id(client), subject(user));
            let owner = TokenOwner { client: &client, subject: &subject };
            assert_eq!(caller.may(INTROSPECT_TOKENS, owner, &issuer()), expected, "{case}");
        }
    }

    #[test]
    fn a_caller_is_a_client_by_whichever_means() {
        assert_eq!(client("read").client_id().as_str(), "app");
        assert_eq!(bearer(&json!({"client_id": "other"})).client_id().as_str(), "other");
    }

    #[test]
    fn each_error_has_its_status_and_code() {
        let table = [
            (CallerError::Client(ClientAuthenticationError::Refused(RefusalCause::Unknown)), (401, "invalid_client")),
            (CallerError::Bearer(BearerError::Missing), (401, "invalid_token")),
            (CallerError::Bearer(BearerError::Malformed), (400, "invalid_request")),
            (CallerError::Unavailable, (503, "temporarily_unavailable")),
        ];
        for (error, expected) in table {
            assert_eq!(error.response(), expected, "{error:?}");
        }
    }
}
