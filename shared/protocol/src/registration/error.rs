//! Why a client cannot be registered.

use std::fmt;

use thiserror::Error;

use crate::clients::external_url::{OutboundUrl, Reach, UnaskableUrl};
use crate::clients::grant_type::DEVICE_CODE;
use crate::clients::private_use_scheme::SchemeFault;
use crate::clients::sector::SectorError;
use crate::clients::unusable_uri::{UnusableUri, UriFault};
use crate::jose::external_jwk::JwksError;
use crate::types::lifetimes::LifetimeBound;
use crate::workspace::allowed_users_fault::AllowedUsersFault;

/// Why a client cannot be registered, as a sentence that says what is wrong, where, and what to do. One variant per
/// cause.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RegistrationError {
    /// A list of URIs is empty although it must not be.
    #[error("{0} is empty: register at least one redirect URI")]
    NoUri(Field),
    /// A list of URIs is too long.
    #[error("{0} is too long: register at most 50 URIs")]
    TooManyUris(Field),
    /// A URI that browsers are sent to, or that the server calls, cannot be used.
    #[error("{at}: {uri}: {fault}")]
    Uri {
        /// Where it stands.
        at: Location,
        /// The URI.
        uri: String,
        /// What is wrong with it.
        fault: UriFault,
    },
    /// A back-channel logout URI with a private-use scheme, which no server can call.
    #[error("backchannel_logout_uri must begin with https: this server calls it, not a browser")]
    LogoutScheme,
    /// A public client has a secret.
    #[error("{0}: a public client has no secret: remove it, or choose another token_endpoint_auth_method")]
    SecretOfPublicClient(Field),
    /// A setting belongs to another authentication method than the registered one.
    #[error("{0} is for {methods}: remove it, or choose another token_endpoint_auth_method", methods = .0.methods())]
    OtherMethod(Field),
    /// A confidential client has no secret.
    #[error("{0} is missing: a confidential client needs a secret")]
    MissingSecret(Field),
    /// More secrets than a rotation needs.
    #[error("client_secret_sha256 is too long: a client has at most three secrets, the newest and two older ones")]
    TooManySecrets,
    /// A digest is malformed.
    #[error("client_secret_sha256[{0}] is not the base64url of a digest of 32 bytes")]
    MalformedDigest(usize),
    /// The workspace does not allow `client_secret_jwt`.
    #[error(
        "client_secret_jwt requires the server to store the secret itself: use private_key_jwt, or set client_secret_jwt = true for the \
         workspace"
    )]
    SecretJwtDisabled,
    /// `client_secret_jwt` with the algorithm of a signature.
    #[error("token_endpoint_auth_signing_alg: client_secret_jwt is HS256")]
    SignatureWithSecretJwt,
    /// `private_key_jwt` with a MAC.
    #[error("token_endpoint_auth_signing_alg: HS256 is for client_secret_jwt")]
    MacWithPrivateKeyJwt,
    /// Assertions may expire too far ahead, or never be valid.
    #[error("client_assertion_lifetime is 1 to 3600 seconds")]
    AssertionLifetime,
    /// `private_key_jwt` without keys.
    #[error("private_key_jwt needs either jwks or jwks_uri, and has neither")]
    MissingKeys,
    /// `private_key_jwt` with two sources of keys.
    #[error("private_key_jwt needs either jwks or jwks_uri, and has both")]
    TwoKeySources,
    /// The registered keys cannot be used.
    #[error(transparent)]
    Jwks(#[from] JwksError),
    /// No registered key is for the registered algorithm.
    #[error("jwks has no key for signatures of token_endpoint_auth_signing_alg, or none at all")]
    NoUsableKey,
    /// A URL that this server itself would call cannot be called.
    #[error("{field}: {url}: {reason}")]
    Unaskable {
        /// Where it stands.
        field: Field,
        /// The URL.
        url: String,
        /// What is wrong with it.
        reason: UnaskableUrl,
    },
    /// The sector of a pairwise client is not determined.
    #[error(transparent)]
    Sector(#[from] SectorError),
    /// A sector identifier for a client that is not pairwise.
    #[error("sector_identifier_uri is for subject_type pairwise: remove it, or set that")]
    SectorOfPublicSubjects,
    /// A scope that the workspace does not define.
    #[error("{at}: scope {scope} is not one of the workspace: define it there, or remove it here")]
    UnknownScope {
        /// Where it stands.
        at: Location,
        /// The scope.
        scope: String,
    },
    /// A resource that the workspace does not define.
    #[error("{at}: resource {resource} is not one of the workspace: define it there, or remove it here")]
    UnknownResource {
        /// Where it stands.
        at: Location,
        /// The resource.
        resource: String,
    },
    /// No grant type.
    #[error("grant_types is empty: a client needs at least one")]
    NoGrantType,
    /// `refresh_token` without a grant type that leads to one.
    #[error(
        "grant_types has refresh_token and neither authorization_code nor {DEVICE_CODE}, so there would be nothing to refresh"
    )]
    RefreshWithoutCode,
    /// `offline_access` without `refresh_token`.
    #[error("scope has offline_access, so grant_types needs refresh_token")]
    OfflineAccessWithoutRefresh,
    /// `client_credentials` of a public client.
    #[error("grant_types: a public client cannot use client_credentials, because it cannot authenticate")]
    PublicClientCredentials,
    /// A public client that may push any redirect URI.
    #[error(
        "pushed_redirect_uris: any is for confidential clients: with a public client, anyone who knows its client_id \
         could have codes sent anywhere"
    )]
    PublicPush,
    /// A public client that introspects or revokes as an API.
    #[error(
        "introspection_audiences and revocation_audiences are for confidential clients: a public client cannot \
         authenticate"
    )]
    PublicApi(Field),
    /// Scopes of the client's own without `client_credentials`.
    #[error("client_credentials_scope is set, so grant_types needs client_credentials")]
    ClientScopeWithoutGrant,
    /// A scope for clients themselves among those requested from users.
    #[error("{at}: {scope} is machines_only, so no user can grant it: move it to client_credentials_scope")]
    MachineScope {
        /// Where it stands.
        at: Location,
        /// The scope.
        scope: String,
    },
    /// A workspace-wide scope among those requested from users.
    #[error(
        "{at}: {scope} reaches every token of the workspace, which no user can grant: move it to client_credentials_scope"
    )]
    PowerScope {
        /// Where it stands.
        at: Location,
        /// The scope.
        scope: String,
    },
    /// A scope that is about a user among the client's own.
    #[error("{0}: this scope is about a user, and client_credentials has none: remove it")]
    UserScope(Location),
    /// A public client that is exempt from PKCE.
    #[error("require_pkce = false is for confidential clients: a public one proves nothing else, so remove it")]
    PublicWithoutPkce,
    /// A rule for requests without PKCE, for a client that must use it.
    #[error("require_nonce is for clients with require_pkce = false: remove it, or set that")]
    NonceWithPkce,
    /// A rule for loopback addresses, for a client that has none.
    #[error("loopback_consent is for native applications with a redirect URI on a loopback address: remove it")]
    LoopbackConsentElsewhere,
    /// An excepted scheme that is not permitted.
    #[error("{0}: {1}")]
    PrivateUseScheme(Location, SchemeFault),
    /// A rule about users that cannot work.
    #[error(transparent)]
    AllowedUsers(#[from] AllowedUsersFault),
    /// A value of the operator's own that no claim can have.
    #[error("metadata.{0} must be a text, a whole number, true, false or a list of texts, of at most 1024 bytes")]
    Metadata(String),
    /// A value of the operator's own for a claim that is a list.
    #[error("metadata.{key} is for the claim {claim} of the workspace, so it must be a list of names")]
    MetadataList {
        /// The key.
        key: String,
        /// The claim.
        claim: String,
    },
    /// Too many values of the operator's own.
    #[error("metadata has more than 20 values: remove some")]
    TooMuchMetadata,
    /// A lifetime out of its bounds.
    #[error("lifetimes.{} is {} seconds: it must be {} to {} seconds", .0.name, .0.value, .0.least, .0.most)]
    Lifetime(LifetimeBound),
}

impl RegistrationError {
    /// The field of the metadata that the error is about, with a position if it is about one value of a list.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::NoUri(field)
            | Self::TooManyUris(field)
            | Self::SecretOfPublicClient(field)
            | Self::OtherMethod(field)
            | Self::MissingSecret(field)
            | Self::PublicApi(field)
            | Self::Unaskable { field, .. } => field.to_string(),
            Self::Uri { at, .. }
            | Self::UnknownScope { at, .. }
            | Self::UnknownResource { at, .. }
            | Self::MachineScope { at, .. }
            | Self::PowerScope { at, .. }
            | Self::UserScope(at)
            | Self::PrivateUseScheme(at, _) => at.to_string(),
            Self::LogoutScheme => Field::BackchannelLogoutUri.to_string(),
            Self::TooManySecrets => Field::ClientSecretSha256.to_string(),
            Self::MalformedDigest(position) => Field::ClientSecretSha256.at(*position).to_string(),
            Self::SecretJwtDisabled | Self::MissingKeys | Self::TwoKeySources => "token_endpoint_auth_method".into(),
            Self::SignatureWithSecretJwt | Self::MacWithPrivateKeyJwt => Field::SigningAlg.to_string(),
            Self::AssertionLifetime => Field::AssertionLifetime.to_string(),
            Self::Jwks(_) | Self::NoUsableKey => Field::Jwks.to_string(),
            Self::Sector(SectorError::NoHost(position) | SectorError::OtherHost(position)) => {
                Field::RedirectUris.at(*position).to_string()
            }
            Self::Sector(SectorError::NoRedirectUri) => "subject_type".into(),
            Self::Sector(SectorError::Identifier) | Self::SectorOfPublicSubjects => "sector_identifier_uri".into(),
            Self::NoGrantType | Self::RefreshWithoutCode | Self::PublicClientCredentials => "grant_types".into(),
            Self::OfflineAccessWithoutRefresh => Field::Scope.to_string(),
            Self::ClientScopeWithoutGrant => Field::ClientCredentialsScope.to_string(),
            Self::PublicWithoutPkce => "require_pkce".into(),
            Self::PublicPush => "pushed_redirect_uris".into(),
            Self::NonceWithPkce => "require_nonce".into(),
            Self::LoopbackConsentElsewhere => "loopback_consent".into(),
            Self::Metadata(key) | Self::MetadataList { key, .. } => format!("metadata.{key}"),
            Self::TooMuchMetadata => "metadata".into(),
            Self::AllowedUsers(_) => "allowed_users".into(),
            Self::Lifetime(bound) => format!("lifetimes.{}", bound.name),
        }
    }

    /// The error for `field`, whose URIs cannot be used.
    pub(crate) fn uris(field: Field, error: UnusableUri) -> Self {
        match error {
            UnusableUri::None => Self::NoUri(field),
            UnusableUri::TooMany => Self::TooManyUris(field),
            UnusableUri::Unusable { position, uri, fault } => Self::Uri { at: field.at(position), uri, fault },
        }
    }
}

/// The URL in `field`, if this server may call it: the single rule for every URL of a client that the server fetches
/// or posts to (catalogue row SEC-SSRF-01).
pub(crate) fn outbound(field: Field, url: &str, reach: Reach) -> Result<OutboundUrl, RegistrationError> {
    OutboundUrl::parse(url, reach).map_err(|reason| RegistrationError::Unaskable { field, url: url.into(), reason })
}

/// A field of the client metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `redirect_uris`.
    RedirectUris,
    /// `private_use_schemes`.
    PrivateUseSchemes,
    /// `post_logout_redirect_uris`.
    PostLogoutRedirectUris,
    /// `backchannel_logout_uri`.
    BackchannelLogoutUri,
    /// `client_secret_sha256`.
    ClientSecretSha256,
    /// `sealed_client_secret`.
    SealedClientSecret,
    /// `jwks`.
    Jwks,
    /// `jwks_uri`.
    JwksUri,
    /// `token_endpoint_auth_signing_alg`.
    SigningAlg,
    /// `client_assertion_audience`.
    AssertionAudience,
    /// `client_assertion_lifetime`.
    AssertionLifetime,
    /// `scope`.
    Scope,
    /// `client_credentials_scope`.
    ClientCredentialsScope,
    /// `resources`.
    Resources,
    /// `introspection_audiences`.
    IntrospectionAudiences,
    /// `revocation_audiences`.
    RevocationAudiences,
}

impl Field {
    /// The name in the metadata.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RedirectUris => "redirect_uris",
            Self::PrivateUseSchemes => "private_use_schemes",
            Self::PostLogoutRedirectUris => "post_logout_redirect_uris",
            Self::BackchannelLogoutUri => "backchannel_logout_uri",
            Self::ClientSecretSha256 => "client_secret_sha256",
            Self::SealedClientSecret => "sealed_client_secret",
            Self::Jwks => "jwks",
            Self::JwksUri => "jwks_uri",
            Self::SigningAlg => "token_endpoint_auth_signing_alg",
            Self::AssertionAudience => "client_assertion_audience",
            Self::AssertionLifetime => "client_assertion_lifetime",
            Self::Scope => "scope",
            Self::ClientCredentialsScope => "client_credentials_scope",
            Self::Resources => "resources",
            Self::IntrospectionAudiences => "introspection_audiences",
            Self::RevocationAudiences => "revocation_audiences",
        }
    }

    /// The value at `position` of this field.
    pub(crate) const fn at(self, position: usize) -> Location {
        Location { field: self, position }
    }

    /// The authentication methods that the field is for, if it is for some only.
    const fn methods(self) -> &'static str {
        match self {
            Self::ClientSecretSha256 => "client_secret_basic and client_secret_post",
            Self::SealedClientSecret => "client_secret_jwt",
            Self::Jwks | Self::JwksUri => "private_key_jwt",
            Self::SigningAlg | Self::AssertionAudience | Self::AssertionLifetime => {
                "private_key_jwt and client_secret_jwt"
            }
            Self::RedirectUris
            | Self::PrivateUseSchemes
            | Self::PostLogoutRedirectUris
            | Self::BackchannelLogoutUri
            | Self::Scope
            | Self::ClientCredentialsScope
            | Self::Resources
            | Self::IntrospectionAudiences
            | Self::RevocationAudiences => "every method",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Where a value stands in the client metadata, such as `redirect_uris[2]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    field: Field,
    position: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The only one of these fields that is not a list.
        if self.field == Field::BackchannelLogoutUri {
            return formatter.write_str(self.field.name());
        }
        write!(formatter, "{}[{}]", self.field, self.position)
    }
}
