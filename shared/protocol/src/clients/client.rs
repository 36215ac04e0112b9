//! Registered clients, validated and ready for decisions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::clients::allowed_users::{AllowedUsers, UserFacts};
use crate::clients::external_url::OutboundUrl;
use crate::clients::grant_type::GrantType;
use crate::clients::page_link::PageLink;
use crate::clients::policies::{IdTokenClaimPolicy, LoopbackConsent, PushedRedirectUris, UnknownScopes};
use crate::clients::redirect_uri::{RedirectUri, RedirectUris};
use crate::clients::registered_scopes::RegisteredScopes;
use crate::clients::request_channel::RequestChannel;
use crate::clients::resource_indicator::{Resources, Targets};
use crate::clients::sector::SubjectType;
use crate::jose::at_hash::AtHash;
use crate::jose::external_algorithm::ExternalAlgorithm;
use crate::jose::external_jwk::ExternalJwks;
use crate::jose::jwk::Algorithm;
use crate::types::id::ClientId;
use crate::types::image::Image;
use crate::types::language::Language;
use crate::types::lifetimes::Lifetimes;
use crate::types::scope::Scopes;
use crate::types::secret::SecretHash;
use crate::types::time::{Lifetime, Timestamp};

/// A registered client. [`crate::registration::client_metadata::ClientMetadata::register`] creates it.
#[derive(Clone)]
pub struct Client {
    /// Its `client_id`.
    pub id: ClientId,
    /// The name shown to users.
    pub name: String,
    /// Its name in other languages (RFC 7591 §2.2).
    pub names: BTreeMap<Language, String>,
    /// What users are shown of it on the consent page.
    pub display: Box<ClientDisplay>,
    /// What its operator says of it, for mapped claims.
    pub metadata: Map<String, Value>,
    /// Whether it may be used.
    pub status: Status,
    /// How it authenticates.
    pub authentication: Authentication,
    /// Its redirect URIs.
    pub redirect_uris: RedirectUris,
    /// Which redirect URIs it may push.
    pub pushed_redirect_uris: PushedRedirectUris,
    /// Whether its authorization requests must be pushed (RFC 9126 §6).
    pub must_push: bool,
    /// Where its users may be sent after logout (OpenID Connect RP-Initiated Logout §3.1).
    pub post_logout_redirect_uris: Option<RedirectUris>,
    /// Where it is notified that a session has ended (OpenID Connect Back-Channel Logout §2.2).
    pub backchannel_logout: Option<OutboundUrl>,
    /// Who may use it, if not everybody.
    pub allowed_users: Option<AllowedUsers>,
    /// Its grant types.
    pub grants: Vec<GrantType>,
    /// The scopes that it may request of users.
    pub scope: RegisteredScopes,
    /// The scopes of its own tokens, without a user.
    pub client_scope: RegisteredScopes,
    /// The resources that its tokens may be for.
    pub targets: Targets,
    /// The APIs as which it may introspect tokens of other clients (RFC 7662 §4).
    pub introspection_audiences: Vec<String>,
    /// The APIs as which it may revoke tokens of other clients.
    pub revocation_audiences: Vec<String>,
    /// Whether its refresh tokens are rotated.
    pub rotation: RotationPolicy,
    /// Whether its users have to consent.
    pub consent: ConsentPolicy,
    /// Whether consent is remembered at its loopback addresses.
    pub loopback_consent: LoopbackConsent,
    /// What happens to scopes that it is not registered for.
    pub unknown_scopes: UnknownScopes,
    /// Its PKCE policy.
    pub challenge: ChallengePolicy,
    /// The lifetimes of its codes and tokens.
    pub lifetimes: Lifetimes,
    /// Whether its ID tokens carry `at_hash`.
    pub at_hash: AtHash,
    /// Which claims about the user its ID tokens carry.
    pub id_token_claims: IdTokenClaimPolicy,
    /// Which `sub` of its users it sees.
    pub subject_type: SubjectType,
    /// The algorithm of its ID tokens and logout tokens, if it is not that of the workspace.
    pub id_token_signed: Option<Algorithm>,
    /// The algorithm of its signed userinfo responses, if they are signed.
    pub userinfo_signed: Option<Algorithm>,
}

/// What users are shown of a client, apart from its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientDisplay {
    /// Its logo.
    pub logo: Option<Image>,
    /// Who publishes it.
    pub publisher: Option<String>,
    /// Its privacy policy.
    pub policy: Option<PageLink>,
    /// Its terms of service.
    pub terms: Option<PageLink>,
}

/// Whether a client may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It may be used.
    #[default]
    Active,
    /// It is refused everywhere, as if it did not exist.
    Inactive,
}

/// The registered authentication method of a client (OAuth 2.1 §2.4).
#[derive(Clone)]
pub enum Authentication {
    /// A public client, which has no credentials.
    None,
    /// A secret, by HTTP Basic or form parameters.
    Secret(ClientSecrets),
    /// An assertion for each request.
    Assertion(Arc<Assertions>),
}

/// The secrets of a client, and how they may be sent (RFC 6749 §2.3.1).
#[derive(Clone)]
pub struct ClientSecrets {
    /// The secrets.
    pub known: Vec<ClientSecret>,
    /// The registered way of sending one.
    pub registered: SecretMethod,
    /// Whether the other way is accepted as well.
    pub accepted: SecretMethods,
}

/// A way of sending a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretMethod {
    /// HTTP Basic.
    Basic,
    /// Form parameters.
    Post,
}

/// The ways in which clients may send their secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretMethods {
    /// HTTP Basic or form parameters, whichever is registered: libraries mix them, and a server must take HTTP Basic
    /// (RFC 6749 §2.3.1).
    #[default]
    Either,
    /// The registered one only.
    Registered,
}

/// The requirements on the assertions of a client.
#[derive(Debug)]
pub struct Assertions {
    /// What they are verified with.
    pub key: AssertionKey,
    /// Their audience.
    pub audience: AssertionAudience,
    /// How far in the future they may expire.
    pub longest: Lifetime,
}

/// What the assertions of a client are verified with.
#[derive(Debug)]
pub enum AssertionKey {
    /// A shared secret, sealed, for a MAC (OpenID Connect Core §9, `client_secret_jwt`).
    Secret(String),
    /// One of these keys, with this algorithm only if one is registered (`private_key_jwt`).
    Keys(ClientKeys, Option<ExternalAlgorithm>),
}

/// A secret of a client: its digest, and when it expires.
#[derive(Clone, Copy)]
pub struct ClientSecret {
    /// The digest.
    pub hash: SecretHash,
    /// When it expires, if it does.
    pub expires: Option<Timestamp>,
}

/// Where the keys of a client come from (RFC 7591 §2).
#[derive(Clone, Debug)]
pub enum ClientKeys {
    /// Registered with the client.
    Registered(ExternalJwks),
    /// Published by the client.
    Published(OutboundUrl),
}

/// The audience that the assertions of a client may have (design decision 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AssertionAudience {
    /// The issuer, as a string.
    #[default]
    Issuer,
    /// For older clients, also the URL of the endpoint, and an array with one element.
    Endpoint,
}

impl Authentication {
    /// The registered name (RFC 7591 §2).
    #[must_use]
    pub fn method(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Secret(secrets) => secrets.registered.name(),
            Self::Assertion(assertions) => match assertions.key {
                AssertionKey::Secret(_) => "client_secret_jwt",
                AssertionKey::Keys(..) => "private_key_jwt",
            },
        }
    }

    /// Whether the client is confidential.
    #[must_use]
    pub const fn is_confidential(&self) -> bool {
        !matches!(self, Self::None)
    }
}

impl SecretMethod {
    /// The registered name (RFC 7591 §2).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
        }
    }
}

impl ClientSecrets {
    /// Whether a secret may be sent by `method`.
    #[must_use]
    pub fn take(&self, method: SecretMethod) -> bool {
        self.accepted == SecretMethods::Either || self.registered == method
    }
}

/// Whether refresh tokens are rotated (RFC 9700 §4.14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RotationPolicy {
    /// Each use replaces the token, so that theft is detected where nothing else binds the token to its client.
    On,
    /// The token stays, because the client authenticates with each use.
    Off,
}

/// Whether users have to consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentPolicy {
    /// They have to.
    Ask,
    /// They do not have to: the operator of the workspace trusts this client.
    Skip,
}

/// The PKCE policy of a client (RFC 7636, RFC 9700 §2.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChallengePolicy {
    /// Whether a request needs a challenge.
    pub presence: Presence,
    /// What an absent `code_challenge_method` means.
    pub method: MethodPolicy,
}

/// Whether a request needs a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It does. This is always so for public clients.
    Required,
    /// It does not, but without one a request for `openid` needs a `nonce` (RFC 9700 §2.1.1).
    NonceInstead,
    /// It does not: for confidential clients that are registered so.
    Optional,
}

/// What an absent `code_challenge_method` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodPolicy {
    /// `plain`, as in RFC 7636 §4.3, which is refused.
    Named,
    /// `S256`, as configured for the client.
    PresetS256,
}

impl Client {
    /// Whether `user` may use the client at all, and all of the named `resources`.
    #[must_use]
    pub fn allows(&self, user: UserFacts<'_>, resources: &Resources) -> bool {
        self.allowed_users.as_ref().is_none_or(|allowed| allowed.allows(user))
            && resources.iter().all(|resource| self.targets.allow_user(resource, user))
    }

    /// Those of `scopes` that `user` may have.
    #[must_use]
    pub fn allowed_scopes(&self, scopes: &Scopes, user: UserFacts<'_>) -> Scopes {
        scopes.filtered(|scope| self.scope.allow_user(scope, user) && self.targets.allow_user_of(scope, user))
    }

    /// The attributes that the rules about its users look at; `None` if there is no rule.
    #[must_use]
    pub fn attributes_of_rules(&self) -> Option<BTreeSet<String>> {
        let mut rules =
            self.allowed_users.iter().chain(self.scope.user_rules()).chain(self.targets.user_rules()).peekable();
        rules.peek()?;
        Some(rules.flat_map(AllowedUsers::names).collect())
    }

    /// Whether the client may be used at all.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.status == Status::Active
    }

    /// Its name for users who read `language`.
    #[must_use]
    pub fn name_in(&self, language: Language) -> &str {
        self.names.get(&language).map_or(&self.name, String::as_str)
    }

    /// `requested` as a redirect URI of a request that came by `channel`, if this client may use it there.
    #[must_use]
    pub fn redirect_uri(&self, requested: &str, channel: RequestChannel) -> Option<RedirectUri> {
        let registered = self.redirect_uris.registered(requested);
        // Registration refuses this right to clients that cannot authenticate; here it is checked where it is used.
        let any = self.pushed_redirect_uris == PushedRedirectUris::Any && self.authentication.is_confidential();
        match channel {
            RequestChannel::Pushed if any => registered.or_else(|| RedirectUris::unregistered(requested)),
            RequestChannel::Pushed | RequestChannel::Browser => registered,
        }
    }

    /// Whether only this client can receive and use what is sent to `redirect_uri` (RFC 8252 §8.6).
    #[must_use]
    pub fn identity_is_assured(&self, redirect_uri: &RedirectUri) -> bool {
        self.authentication.is_confidential() || redirect_uri.assures_identity()
    }

    /// Whether consent is remembered for users who are sent to `redirect_uri`.
    #[must_use]
    pub fn remembers_consent_at(&self, redirect_uri: &RedirectUri) -> bool {
        let remembered = self.loopback_consent == LoopbackConsent::Remembered && redirect_uri.is_loopback();
        remembered || self.identity_is_assured(redirect_uri)
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
        let secret = |registered| {
            Authentication::Secret(ClientSecrets { known: Vec::new(), registered, accepted: SecretMethods::Either })
        };
        let keys = ClientKeys::Registered(ExternalJwks::parse(br#"{"keys":[]}"#).unwrap());
        let table = [
            (Authentication::None, "none", false),
            (secret(SecretMethod::Basic), "client_secret_basic", true),
            (secret(SecretMethod::Post), "client_secret_post", true),
            (assertions(AssertionKey::Secret(String::new())), "client_secret_jwt", true),
            (assertions(AssertionKey::Keys(keys, None)), "private_key_jwt", true),
        ];
        for (authentication, method, confidential) in table {
            assert_eq!((authentication.method(), authentication.is_confidential()), (method, confidential));
        }
    }

    #[test]
    fn consent_is_remembered_on_loopback_only_if_the_client_opts_in_and_never_for_private_use_schemes() {
        let uris = ["http://127.0.0.1/cb", "com.example.app:/cb", "https://app.example/cb"];
        let native = |consent: &str| {
            client(&json!({"application_type": "native", "redirect_uris": uris, "loopback_consent": consent}))
        };
        for (consent, expected) in [("asked", [false, false, true]), ("remembered", [true, false, true])] {
            let client = native(consent);
            let remembers = uris.map(|uri| client.remembers_consent_at(&client.redirect_uris.registered(uri).unwrap()));
            assert_eq!(remembers, expected, "{consent}");
        }
    }

    #[test]
    fn sec_redir_21_only_a_confidential_client_with_the_right_pushes_an_unregistered_redirect_uri() {
        use RequestChannel::{Browser, Pushed};
        let any = json!({"pushed_redirect_uris": "any"});
        let mut public = client(&json!({}));
        public.pushed_redirect_uris = PushedRedirectUris::Any;
        let (registered, new) = ("https://app.example/cb", "https://new.example/cb?x=1");
        let table = [
            (confidential_client(&any), Pushed, new, true),
            (confidential_client(&any), Pushed, registered, true),
            (confidential_client(&any), Browser, new, false),
            (confidential_client(&json!({})), Pushed, new, false),
            (public, Pushed, new, false),
        ];
        for (client, channel, uri, expected) in table {
            let found = client.redirect_uri(uri, channel);
            assert_eq!(found.is_some_and(|found| found.as_str() == uri), expected, "{channel:?} {uri}");
        }
        for bad in [
            "http://new.example/cb",
            "https://new.example/cb#f",
            "https://user@new.example/cb",
            "https://new.example/cb?code=x",
            "com.example.app:/cb",
            "javascript:alert(1)",
            "https:new.example",
            "https://new.example/ cb",
            "",
        ] {
            assert!(confidential_client(&any).redirect_uri(bad, Pushed).is_none(), "{bad}");
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
