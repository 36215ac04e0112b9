//! The caller of introspection and revocation, and which tokens it may ask about.

use crate::client_authentication::authenticated_client::AuthenticatedClient;
use crate::client_authentication::credentials::ClientAuthenticationError;
use crate::clients::client::Client;
use crate::tokens::access_token::AccessTokenClaims;
use crate::tokens::bearer::BearerError;
use crate::types::id::{ClientId, Subject};
use crate::types::scope::{INTROSPECT_TOKENS, REVOKE_TOKENS};
use crate::workspace::settings::Workspace;
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

/// The token in question.
#[derive(Clone, Copy)]
pub struct TokenInQuestion<'a> {
    /// The client that it was issued to.
    pub client: &'a ClientId,
    /// The `sub` that the client sees.
    pub subject: &'a Subject,
    /// The APIs that receive it: its `aud`, and none for a refresh token, which stays with its client.
    pub audience: &'a [String],
}

/// What a caller wants to do with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Learn about it.
    Introspect,
    /// End it.
    Revoke,
}

impl Intent {
    /// The scope that reaches every token of the workspace.
    const fn scope(self) -> &'static str {
        match self {
            Self::Introspect => INTROSPECT_TOKENS,
            Self::Revoke => REVOKE_TOKENS,
        }
    }

    /// The APIs as which `client` is registered for this intent.
    fn audiences(self, client: &Client) -> &[String] {
        match self {
            Self::Introspect => &client.introspection_audiences,
            Self::Revoke => &client.revocation_audiences,
        }
    }
}

impl Caller {
    /// The holder of the valid access token with these `claims`, if the token is for the endpoints of `workspace`
    /// itself: the issuer is in its `aud` (RFC 9068 §4) and no explicitly requested API is, because an API receives
    /// such tokens and must not act with them.
    ///
    /// # Errors
    ///
    /// [`BearerError::Invalid`] for a token that is for others.
    pub fn bearer(claims: AccessTokenClaims, workspace: &Workspace) -> Result<Self, BearerError> {
        let (issuer, default) = (workspace.issuer.as_str(), &workspace.settings.default_audience);
        let no_other = claims.aud.iter().all(|audience| audience == issuer || audience == default);
        if claims.is_for(issuer) && no_other { Ok(Self::Bearer(Box::new(claims))) } else { Err(BearerError::Invalid) }
    }

    /// The client that calls, or whose token is used to call.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        match self {
            Self::Client(client) => &client.client().id,
            Self::Bearer(token) => &token.client_id,
        }
    }

    /// Whether the caller's `intent` reaches `token` (RFC 7662 §4, RFC 7009 §2.1).
    ///
    /// A client reaches the tokens issued to it, and as an API those for its own audience. The holder of a bearer token
    /// reaches those issued to the same client for the same user. A workspace-wide scope reaches every token of the
    /// workspace; only clients themselves can have it, so a user's token does not count, whatever its scope.
    #[must_use]
    pub fn may(&self, intent: Intent, token: TokenInQuestion<'_>) -> bool {
        match self {
            Self::Client(caller) => {
                let client = caller.client();
                let is_its_api = || token.audience.iter().any(|audience| intent.audiences(client).contains(audience));
                let has_power = || client.client_scope.allow(intent.scope());
                client.id == *token.client || (client.authentication.is_confidential() && (is_its_api() || has_power()))
            }
            Self::Bearer(caller) => {
                let own = caller.client_id == *token.client && caller.sub == *token.subject;
                own || (caller.gty.is_some() && caller.scope.contains(intent.scope()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::client_authentication::credentials::RefusalCause;
    use crate::fixtures::{
        DEFAULT_AUDIENCE, authenticated, changed, client as registered, client_id, confidential_client, issuer,
        settings, subject, workspace_id,
    };

    fn client(change: &Value) -> Caller {
        let base = json!({"grant_types": ["client_credentials"], "scope": ""});
        Caller::Client(authenticated(confidential_client(&changed(base, change))))
    }

    /// The claims of a token of `app` for Alice, with `change`.
    fn claims(change: &Value) -> AccessTokenClaims {
        let base = json!({
            "iss": issuer().as_str(), "sub": "alice", "aud": issuer().as_str(), "client_id": "app", "iat": 1, "exp": 2,
            "jti": "j", "scope": "openid",
        });
        serde_json::from_value(changed(base, change)).unwrap()
    }

    fn bearer(change: &Value) -> Caller {
        Caller::Bearer(Box::new(claims(change)))
    }

    /// The permissions of `caller` on a token of `client` for `user` and the API `audience`.
    fn may(caller: &Caller, (client, user, audience): (&str, &str, &str)) -> (bool, bool) {
        let (client, subject, audience) = (client_id(client), subject(user), [audience.to_owned()]);
        let token = TokenInQuestion { client: &client, subject: &subject, audience: &audience };
        (caller.may(Intent::Introspect, token), caller.may(Intent::Revoke, token))
    }

    #[test]
    fn sec_res_14_a_token_is_reached_by_its_client_its_api_and_with_a_workspace_wide_scope() {
        let (a, b) = ("https://a.example", "https://b.example");
        let of_api = json!({"introspection_audiences": [a]});
        let table = [
            ("its client", client(&json!({})), ("app", "alice", a), (true, true)),
            ("its client, of another user", client(&json!({})), ("app", "bob", a), (true, true)),
            ("another client", client(&json!({})), ("other", "alice", a), (false, false)),
            ("its API", client(&of_api), ("other", "alice", a), (true, false)),
            ("another API", client(&of_api), ("other", "alice", b), (false, false)),
            ("a client of that name", client(&json!({"client_id": a})), ("other", "alice", a), (false, false)),
            ("its API, to end it", client(&json!({"revocation_audiences": [a]})), ("other", "alice", a), (false, true)),
            (
                "another API, to end it",
                client(&json!({"revocation_audiences": [a]})),
                ("x", "alice", b),
                (false, false),
            ),
            (
                "with one scope",
                client(&json!({"client_credentials_scope": "introspect_tokens"})),
                ("other", "alice", b),
                (true, false),
            ),
            (
                "with the other",
                client(&json!({"client_credentials_scope": "revoke_tokens"})),
                ("other", "alice", b),
                (false, true),
            ),
        ];
        for (case, caller, token, expected) in table {
            assert_eq!(may(&caller, token), expected, "{case}");
        }
        let public = Client { introspection_audiences: vec![a.into()], ..registered(&json!({})) };
        assert_eq!(may(&Caller::Client(authenticated(public)), ("other", "alice", a)), (false, false), "public");
    }

    #[test]
    fn sec_res_14_and_sec_adm_13_a_bearer_reaches_the_same_user_only_and_workspace_wide_scopes_do_not_count_for_users()
    {
        let power = |gty: Value| json!({"scope": "introspect_tokens revoke_tokens", "gty": gty});
        let table = [
            ("its own", bearer(&json!({})), ("app", "alice"), (true, true)),
            ("another user of the client", bearer(&json!({})), ("app", "bob"), (false, false)),
            ("the user at another client", bearer(&json!({})), ("other", "alice"), (false, false)),
            ("a client's own with power", bearer(&power("client_credentials".into())), ("other", "bob"), (true, true)),
            ("a user's with power", bearer(&power(Value::Null)), ("other", "bob"), (false, false)),
            ("a client's own", bearer(&json!({"gty": "client_credentials"})), ("other", "bob"), (false, false)),
        ];
        for (case, caller, (client, user), expected) in table {
            assert_eq!(may(&caller, (client, user, issuer().as_str())), expected, "{case}");
        }
    }

    #[test]
    fn sec_res_13_a_bearer_token_is_a_credential_here_only_if_it_is_for_the_issuer_and_no_named_api() {
        let workspace = Workspace { id: workspace_id(), issuer: issuer(), settings: settings(&json!({})) };
        let issuer = issuer();
        let table = [
            (json!([DEFAULT_AUDIENCE, issuer.as_str()]), true),
            (json!(issuer.as_str()), true),
            (json!(DEFAULT_AUDIENCE), false),
            (json!("https://a.example"), false),
            (json!(["https://a.example", issuer.as_str()]), false),
            (json!(format!("{}/", issuer.as_str())), false),
            (json!([]), false),
        ];
        for (aud, expected) in table {
            let caller = Caller::bearer(claims(&json!({ "aud": aud })), &workspace);
            assert_eq!(caller.err(), (!expected).then_some(BearerError::Invalid), "{aud}");
        }
    }

    #[test]
    fn a_caller_is_a_client_however_it_authenticates() {
        assert_eq!(client(&json!({})).client_id().as_str(), "app");
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
