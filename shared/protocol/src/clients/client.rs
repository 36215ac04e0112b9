//! Clients as the flow sees them: registered, checked, ready to be decided upon.

use std::sync::Arc;

use crate::clients::external_url::OutboundUrl;
use crate::clients::grant_type::GrantType;
use crate::clients::redirect_uri::{RedirectUri, RedirectUris};
use crate::clients::resource_indicator::Targets;
use crate::clients::sector::SubjectType;
use crate::jose::at_hash::AtHash;
use crate::jose::external_jwk::{ExternalAlgorithm, ExternalJwks};
use crate::jose::jwk::Algorithm;
use crate::types::id::ClientId;
use crate::types::lifetimes::Lifetimes;
use crate::types::scope::Scopes;
use crate::types::secret::SecretHash;
use crate::types::time::{Lifetime, Timestamp};

/// A registered client. [`crate::registration::client_metadata::ClientMetadata::register`] makes one.
#[derive(Clone)]
pub struct Client {
    /// Its `client_id`.
    pub id: ClientId,
    /// The name that users are shown.
    pub name: String,
    /// Whether it may do anything at all at the moment.
    pub status: Status,
    /// How it proves who it is at the endpoints of its back channel.
    pub authentication: Authentication,
    /// Where its users are sent back to.
    pub redirect_uris: RedirectUris,
    /// Where its users are sent who have logged out, if anywhere (OpenID Connect RP-Initiated Logout §3.1).
    pub post_logout_redirect_uris: Option<RedirectUris>,
    /// Where it is told that a session has ended, if it wants to be (OpenID Connect Back-Channel Logout §2.2).
    pub backchannel_logout: Option<RedirectUri>,
    /// How it may obtain tokens.
    pub grants: Vec<GrantType>,
    /// The scopes that it may ask users for.
    pub scope: Scopes,
    /// The scopes that it has by itself, without a user.
    pub client_scope: Scopes,
    /// The resources that its tokens may be for.
    pub targets: Targets,
    /// Whether its refresh tokens are replaced with each use.
    pub rotation: RotationPolicy,
    /// Whether its users are asked.
    pub consent: ConsentPolicy,
    /// What is demanded of its authorization requests.
    pub challenge: ChallengePolicy,
    /// How long its codes and tokens live.
    pub lifetimes: Lifetimes,
    /// Whether its ID tokens carry `at_hash`.
    pub at_hash: AtHash,
    /// Which identifier of its users it is told.
    pub subject_type: SubjectType,
    /// The algorithm that what userinfo says to it is signed with, if it is signed at all.
    pub userinfo_signed: Option<Algorithm>,
}

/// Whether a client may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It may.
    #[default]
    Active,
    /// It is refused everywhere, as if it did not exist.
    Inactive,
}

/// The one registered way in which a client authenticates (OAuth 2.1 §2.4).
#[derive(Clone)]
pub enum Authentication {
    /// A public client: it has nothing to prove but its code verifier.
    None,
    /// HTTP Basic with one of these secrets.
    SecretBasic(Vec<ClientSecret>),
    /// Form parameters with one of these secrets.
    SecretPost(Vec<ClientSecret>),
    /// An assertion, a new one each time.
    Assertion(Arc<Assertions>),
}

/// What the assertions of a client have to be.
#[derive(Debug)]
pub struct Assertions {
    /// What they are verified with.
    pub key: AssertionKey,
    /// Whom they are for.
    pub audience: AssertionAudience,
    /// How far ahead they may expire.
    pub longest: Lifetime,
}

/// What the assertions of a client are verified with.
#[derive(Debug)]
pub enum AssertionKey {
    /// A MAC, for which we have to have the secret ourselves: sealed (OpenID Connect Core §9, `client_secret_jwt`).
    Secret(String),
    /// One of these keys, and by this algorithm alone if it is registered for one (`private_key_jwt`).
    Keys(ClientKeys, Option<ExternalAlgorithm>),
}

/// A secret of a client: its digest, and when it ends.
#[derive(Clone, Copy)]
pub struct ClientSecret {
    /// The digest.
    pub hash: SecretHash,
    /// When it is no longer good.
    pub expires: Option<Timestamp>,
}

/// Where the keys of a client are (RFC 7591 §2).
#[derive(Clone, Debug)]
pub enum ClientKeys {
    /// Registered with it.
    Registered(ExternalJwks),
    /// Published by it.
    Published(OutboundUrl),
}

/// What the assertions of a client may name as their audience (design decision 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AssertionAudience {
    /// The issuer, as a string.
    #[default]
    Issuer,
    /// Also the URL of the endpoint that they are sent to, as older clients have it, and an array of one.
    Endpoint,
}

impl Authentication {
    /// The registered name (RFC 7591 §2).
    #[must_use]
    pub fn method(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SecretBasic(_) => "client_secret_basic",
            Self::SecretPost(_) => "client_secret_post",
            Self::Assertion(assertions) => match assertions.key {
                AssertionKey::Secret(_) => "client_secret_jwt",
                AssertionKey::Keys(..) => "private_key_jwt",
            },
        }
    }

    /// Whether the client can keep a secret.
    #[must_use]
    pub const fn is_confidential(&self) -> bool {
        !matches!(self, Self::None)
    }
}

/// Whether a refresh token is replaced with each use (RFC 9700 §4.14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RotationPolicy {
    /// It is: so that a stolen one shows, where nothing else binds it to its client.
    On,
    /// It is not: the client proves who it is with each use.
    Off,
}

/// Whether users are asked before a client receives anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentPolicy {
    /// They are.
    Ask,
    /// They are not: the operator of the workspace answers for this client.
    Skip,
}

/// What is demanded of the `code_challenge` (RFC 7636, RFC 9700 §2.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChallengePolicy {
    /// Whether a request may come without a challenge.
    pub presence: Presence,
    /// Whether the method must be named, or is taken to be the one set for this client.
    pub method: MethodPolicy,
}

/// Whether a request may come without a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It may not. Always so for public clients.
    Required,
    /// It may: a confidential OpenID Connect client was registered so.
    Optional,
}

/// What an absent `code_challenge_method` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodPolicy {
    /// `plain`, as RFC 7636 §4.3 has it, which is refused.
    Named,
    /// `S256`, as was set for the client in advance.
    PresetS256,
}

impl Client {
    /// Whether the client may be used at all.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.status == Status::Active
    }

    /// Whether nobody but this client can receive what is sent to `redirect_uri` and use it (RFC 8252 §8.6).
    #[must_use]
    pub fn identity_is_assured(&self, redirect_uri: &RedirectUri) -> bool {
        self.authentication.is_confidential() || redirect_uri.assures_identity()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{client, confidential_client};

    #[test]
    fn an_inactive_client_is_not_usable() {
        assert!(client(&json!({})).is_usable() && !client(&json!({"client_status": "inactive"})).is_usable());
    }

    #[test]
    fn a_client_that_can_authenticate_is_confidential() {
        let assertions = |key| {
            let longest = Lifetime::seconds(300);
            Authentication::Assertion(Arc::new(Assertions { key, audience: AssertionAudience::Issuer, longest }))
        };
        let keys = ClientKeys::Registered(ExternalJwks::parse(br#"{"keys":[]}"#).unwrap());
        let table = [
            (Authentication::None, "none", false),
            (Authentication::SecretBasic(Vec::new()), "client_secret_basic", true),
            (Authentication::SecretPost(Vec::new()), "client_secret_post", true),
            (assertions(AssertionKey::Secret(String::new())), "client_secret_jwt", true),
            (assertions(AssertionKey::Keys(keys, None)), "private_key_jwt", true),
        ];
        for (authentication, method, confidential) in table {
            assert_eq!((authentication.method(), authentication.is_confidential()), (method, confidential));
        }
    }

    #[test]
    fn an_identity_is_assured_by_a_secret_or_by_the_redirect_uri() {
        let native = json!({"application_type": "native", "redirect_uris": ["http://127.0.0.1/cb"]});
        let assured = |client: Client| client.identity_is_assured(&client.redirect_uris.only().unwrap());
        assert!(assured(client(&json!({}))) && assured(confidential_client(&native)));
        assert!(!assured(client(&native)));
    }
}
