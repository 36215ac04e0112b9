//! Client metadata, and its validation into a [`Client`] (RFC 7591 §2).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clients::allowed_users::AllowedUsers;
use crate::clients::client::{
    AssertionAudience, Authentication, ChallengePolicy, Client, ClientDisplay, ConsentPolicy, RotationPolicy, Status,
};
use crate::clients::external_url::{OutboundUrl, Reach};
use crate::clients::grant_type::GrantType;
use crate::clients::page_link::PageLink;
use crate::clients::policies::{IdTokenClaimPolicy, LoopbackConsent, PushedRedirectUris, UnknownScopes};
use crate::clients::redirect_uri::{ApplicationType, RedirectUris, UriRules};
use crate::clients::resource_indicator::Targets;
use crate::clients::sector::{Sector, SubjectKind, SubjectType};
use crate::jose::at_hash::AtHash;
use crate::jose::external_jwk::ExternalJwks;
use crate::jose::jwk::Algorithm;
use crate::registration::authentication_method::{
    AssertionAlgorithm, AuthenticationFields, AuthenticationMethod, SecretDigest,
};
use crate::registration::challenge::{ChallengeFields, PresetMethod};
use crate::registration::error::{Field, RegistrationError, outbound};
use crate::types::id::{ClientId, Issuer};
use crate::types::image::Image;
use crate::types::language::Language;
use crate::types::lifetimes::OwnLifetimes;
use crate::types::scope::Scopes;
use crate::types::time::Lifetime;
use crate::workspace::settings::{PkceEnforcement, Settings};

/// The metadata of a client, as in the workspace file and the store. Unknown names are refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientMetadata {
    /// The `client_id`.
    pub client_id: ClientId,
    /// The name shown to users.
    pub client_name: String,
    /// The name shown to users who read English (RFC 7591 §2.2).
    #[serde(rename = "client_name#en", default, skip_serializing_if = "Option::is_none")]
    pub client_name_en: Option<String>,
    /// The name shown to users who read German (RFC 7591 §2.2).
    #[serde(rename = "client_name#de", default, skip_serializing_if = "Option::is_none")]
    pub client_name_de: Option<String>,
    /// The name shown to users who read French (RFC 7591 §2.2).
    #[serde(rename = "client_name#fr", default, skip_serializing_if = "Option::is_none")]
    pub client_name_fr: Option<String>,
    /// The name shown to users who read Spanish (RFC 7591 §2.2).
    #[serde(rename = "client_name#es", default, skip_serializing_if = "Option::is_none")]
    pub client_name_es: Option<String>,
    /// The name shown to users who read Japanese (RFC 7591 §2.2).
    #[serde(rename = "client_name#ja", default, skip_serializing_if = "Option::is_none")]
    pub client_name_ja: Option<String>,
    /// The name shown to users who read Arabic (RFC 7591 §2.2).
    #[serde(rename = "client_name#ar", default, skip_serializing_if = "Option::is_none")]
    pub client_name_ar: Option<String>,
    /// Its logo, as a `data` URL: pages load nothing from elsewhere (RFC 7591 §2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<Image>,
    /// Who publishes it (OpenID Federation 1.0 §5.2.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_name: Option<String>,
    /// Its privacy policy (RFC 7591 §2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<PageLink>,
    /// Its terms of service (RFC 7591 §2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<PageLink>,
    /// What its operator says of it, for claims of the workspace. Users and the protocol do not see it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
    /// `web` or `native`.
    #[serde(default)]
    pub application_type: ApplicationType,
    /// `active` or `inactive`.
    #[serde(default)]
    pub client_status: Status,
    /// The redirect URIs. Only a client without users has none.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Which redirect URIs it may push: the `registered` ones (the default) or `any` (RFC 9126 §2.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed_redirect_uris: Option<PushedRedirectUris>,
    /// Whether its authorization requests must be pushed (RFC 9126 §6). It is implied if the workspace requires it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_pushed_authorization_requests: Option<bool>,
    /// Private-use schemes without a dot that its redirect URIs may use as exceptions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub private_use_schemes: Vec<String>,
    /// Where users may be sent after logout (OpenID Connect RP-Initiated Logout §3.1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    /// Where the client is notified that a session has ended (OpenID Connect Back-Channel Logout §2.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Whether logout tokens must contain `sid`. They always do.
    #[serde(default)]
    pub backchannel_logout_session_required: bool,
    /// Who may use it, if not every user of the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_users: Option<AllowedUsers>,
    /// Its grant types: `authorization_code` (the default), `refresh_token`, `client_credentials`,
    /// `urn:ietf:params:oauth:grant-type:device_code`.
    #[serde(default = "by_code")]
    pub grant_types: Vec<GrantType>,
    /// `none`, `client_secret_basic` (the default), `client_secret_post`, `client_secret_jwt` or `private_key_jwt`.
    #[serde(default)]
    pub token_endpoint_auth_method: AuthenticationMethod,
    /// The SHA-256 digests of its secrets, base64url. The secrets themselves are not stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub client_secret_sha256: Vec<SecretDigest>,
    /// The sealed secret of a client that uses `client_secret_jwt`, where a digest is not enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_client_secret: Option<String>,
    /// Its public keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<ExternalJwks>,
    /// The URL at which it publishes its public keys, instead of `jwks`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The only algorithm of its assertions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<AssertionAlgorithm>,
    /// The audience that its assertions may have.
    #[serde(default)]
    pub client_assertion_audience: AssertionAudience,
    /// How many seconds in the future its assertions may expire; 300 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_assertion_lifetime: Option<Lifetime>,
    /// The scopes that it may request of users.
    #[serde(default)]
    pub scope: Scopes,
    /// The scopes of its own tokens, by client credentials. They are independent of those that users grant.
    #[serde(default, skip_serializing_if = "Scopes::is_empty")]
    pub client_credentials_scope: Scopes,
    /// The resources that its tokens may be for, in addition to the workspace's default (RFC 8707).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The APIs as which it may introspect tokens of other clients, for these audiences (RFC 7662 §4).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub introspection_audiences: Vec<String>,
    /// The APIs as which it may revoke tokens of other clients, for these audiences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revocation_audiences: Vec<String>,
    /// Whether its refresh tokens are rotated. By default, those of public clients are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token_rotation: Option<RotationPolicy>,
    /// Whether the consent page is skipped.
    #[serde(default)]
    pub trusted: bool,
    /// Whether users of a native client are asked for consent each time at its loopback addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loopback_consent: Option<LoopbackConsent>,
    /// What happens to scopes that it is not registered for, if that differs from the workspace's setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_scopes: Option<UnknownScopes>,
    /// Whether PKCE is required, if that differs from the workspace. `false` exempts one confidential client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_pkce: Option<bool>,
    /// Whether a request for `openid` without PKCE needs a `nonce`; it does by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_nonce: Option<bool>,
    /// The `code_challenge_method` to assume if a request has none: `S256`, or unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge_method: Option<PresetMethod>,
    /// Whether its ID tokens carry `at_hash`, if that differs from the workspace's setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<AtHash>,
    /// Which claims about the user its ID tokens carry: `requested` (the default), or also those of the granted `scopes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_claims: Option<IdTokenClaimPolicy>,
    /// `public` or `pairwise`: whether clients of other sectors see the same `sub`.
    #[serde(default)]
    pub subject_type: SubjectKind,
    /// The URL of the document that lists the redirect URIs of the sector. Its host identifies the sector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<String>,
    /// The algorithm that its ID tokens and logout tokens are signed with; by default that of the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<Algorithm>,
    /// The algorithm that userinfo responses are signed with; by default they are plain JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<Algorithm>,
    /// Lifetimes that differ from the workspace's.
    #[serde(default)]
    pub lifetimes: OwnLifetimes,
}

fn by_code() -> Vec<GrantType> {
    vec![GrantType::AuthorizationCode]
}

impl ClientMetadata {
    /// Validates the metadata.
    ///
    /// # Errors
    ///
    /// [`RegistrationError`] says what is wrong and what to do.
    pub fn register(&self, settings: &Settings, issuer: &Issuer) -> Result<Client, RegistrationError> {
        self.known(settings)?;
        let authentication = self.authentication_fields().check(settings, settings.reach(issuer))?;
        self.consistent(authentication.is_confidential())?;
        let redirect_uris = self.redirect_uris(issuer)?;
        let lifetimes = self.lifetimes.or(settings.lifetimes);
        if let Some(bound) = lifetimes.out_of_bounds() {
            return Err(RegistrationError::Lifetime(bound));
        }
        Ok(Client {
            id: self.client_id.clone(),
            name: self.client_name.clone(),
            names: self.names(),
            display: Box::new(ClientDisplay {
                logo: self.logo_uri.clone(),
                publisher: self.organization_name.clone(),
                policy: self.policy_uri.clone(),
                terms: self.tos_uri.clone(),
            }),
            metadata: self.metadata.clone(),
            status: self.client_status,
            loopback_consent: self.loopback_consent(&redirect_uris)?,
            redirect_uris,
            pushed_redirect_uris: self.pushed_redirect_uris.unwrap_or_default(),
            must_push: settings.require_pushed_authorization_requests || self.must_push(),
            allowed_users: self.allowed_users.clone(),
            grants: self.grant_types.clone(),
            post_logout_redirect_uris: self.post_logout_redirect_uris(issuer)?,
            backchannel_logout: self.backchannel_logout(issuer)?,
            // If an earlier version stored it, it may have scopes that are refused now.
            scope: settings.registered(self.scope.of_users()),
            client_scope: settings.registered(self.client_credentials_scope.clone()),
            targets: self.targets(settings, issuer),
            introspection_audiences: self.introspection_audiences.clone(),
            revocation_audiences: self.revocation_audiences.clone(),
            rotation: self.rotation(&authentication),
            consent: if self.trusted { ConsentPolicy::Skip } else { ConsentPolicy::Ask },
            unknown_scopes: self.unknown_scopes.unwrap_or(settings.unknown_scopes),
            challenge: self.challenge(authentication.is_confidential(), settings.pkce)?,
            authentication,
            lifetimes,
            at_hash: self.at_hash.unwrap_or(settings.at_hash),
            id_token_claims: self.id_token_claims.unwrap_or_default(),
            subject_type: self.subject_type(issuer)?,
            id_token_signed: self.id_token_signed_response_alg,
            userinfo_signed: self.userinfo_signed_response_alg,
        })
    }

    fn names(&self) -> BTreeMap<Language, String> {
        let all = [
            (Language::English, &self.client_name_en),
            (Language::German, &self.client_name_de),
            (Language::French, &self.client_name_fr),
            (Language::Spanish, &self.client_name_es),
            (Language::Japanese, &self.client_name_ja),
            (Language::Arabic, &self.client_name_ar),
        ];
        all.into_iter().filter_map(|(language, name)| Some((language, name.clone()?))).collect()
    }

    pub(super) fn authentication_fields(&self) -> AuthenticationFields<'_> {
        AuthenticationFields {
            method: self.token_endpoint_auth_method,
            digests: &self.client_secret_sha256,
            sealed_secret: self.sealed_client_secret.as_deref(),
            jwks: self.jwks.as_ref(),
            jwks_uri: self.jwks_uri.as_deref(),
            signing_alg: self.token_endpoint_auth_signing_alg,
            assertion_audience: self.client_assertion_audience,
            assertion_lifetime: self.client_assertion_lifetime,
        }
    }

    pub(super) fn challenge(
        &self,
        confidential: bool,
        pkce: PkceEnforcement,
    ) -> Result<ChallengePolicy, RegistrationError> {
        let (require_pkce, require_nonce) = (self.require_pkce, self.require_nonce);
        ChallengeFields { require_pkce, require_nonce, preset_method: self.code_challenge_method }
            .check(confidential, pkce)
    }

    pub(super) fn uri_rules<'a>(&'a self, issuer: &'a Issuer) -> UriRules<'a> {
        UriRules { private_use_schemes: &self.private_use_schemes, ..UriRules::new(self.application_type, issuer) }
    }

    pub(super) fn must_push(&self) -> bool {
        self.require_pushed_authorization_requests.unwrap_or_default()
    }

    /// Accepts the setting only for clients that it affects, so that nobody relies on it in vain.
    pub(super) fn loopback_consent(&self, redirect_uris: &RedirectUris) -> Result<LoopbackConsent, RegistrationError> {
        match self.loopback_consent {
            Some(_) if !redirect_uris.have_loopback() => Err(RegistrationError::LoopbackConsentElsewhere),
            consent => Ok(consent.unwrap_or_default()),
        }
    }

    pub(super) fn post_logout_redirect_uris(&self, issuer: &Issuer) -> Result<Option<RedirectUris>, RegistrationError> {
        self.logout_uris(&self.post_logout_redirect_uris, Field::PostLogoutRedirectUris, issuer)
    }

    /// The back-channel logout URI. It must satisfy the rules of redirect URIs, and those of URLs that the server
    /// calls.
    pub(super) fn backchannel_logout(&self, issuer: &Issuer) -> Result<Option<OutboundUrl>, RegistrationError> {
        let uris = self.logout_uris(self.backchannel_logout_uri.as_slice(), Field::BackchannelLogoutUri, issuer)?;
        let uri = uris.and_then(|uris| uris.only());
        if uri.as_ref().is_some_and(|uri| !uri.as_str().starts_with("http")) {
            return Err(RegistrationError::LogoutScheme);
        }
        let reach = Reach::of(issuer.as_str());
        uri.map(|uri| outbound(Field::BackchannelLogoutUri, uri.as_str(), reach)).transpose()
    }

    /// Checks logout URIs by the rules for redirect URIs (catalogue row SEC-REDIR-23).
    fn logout_uris(
        &self,
        uris: &[String],
        field: Field,
        issuer: &Issuer,
    ) -> Result<Option<RedirectUris>, RegistrationError> {
        if uris.is_empty() {
            return Ok(None);
        }
        let registered = RedirectUris::register(uris, self.uri_rules(issuer));
        registered.map(Some).map_err(|error| RegistrationError::uris(field, error))
    }

    pub(super) fn subject_type(&self, issuer: &Issuer) -> Result<SubjectType, RegistrationError> {
        let identifier = self.sector_identifier_uri.as_deref();
        match self.subject_type {
            SubjectKind::Pairwise => Ok(SubjectType::Pairwise(Sector::of(&self.redirect_uris, identifier, issuer)?)),
            SubjectKind::Public if identifier.is_some() => Err(RegistrationError::SectorOfPublicSubjects),
            SubjectKind::Public => Ok(SubjectType::Public),
        }
    }

    /// The resources that tokens may be for, as the workspace spells them: those of the client, and those of its scopes.
    fn targets(&self, settings: &Settings, issuer: &Issuer) -> Targets {
        let scopes = self.scope.union(&self.client_credentials_scope);
        let of_scopes = scopes.iter().filter_map(|scope| settings.scope(scope)?.resource.as_deref());
        let named = self.resources.iter().map(String::as_str).chain(of_scopes);
        let others = named.filter_map(|resource| settings.resource(resource)).map(Into::into).collect();
        Targets::new(settings.default_audience.clone(), issuer.as_str().into(), others)
            .with_scopes(settings.scope_resources())
            .with_users(settings.resource_users())
    }

    pub(super) fn redirect_uris(&self, issuer: &Issuer) -> Result<RedirectUris, RegistrationError> {
        if self.redirect_uris.is_empty() && !self.grant_types.contains(&GrantType::AuthorizationCode) {
            return Ok(RedirectUris::none());
        }
        RedirectUris::register(&self.redirect_uris, self.uri_rules(issuer))
            .map_err(|error| RegistrationError::uris(Field::RedirectUris, error))
    }

    /// A public client's refresh tokens are not sender-constrained, so theft must be detectable (RFC 9700 §4.14.2).
    fn rotation(&self, authentication: &Authentication) -> RotationPolicy {
        let default = if authentication.is_confidential() { RotationPolicy::Off } else { RotationPolicy::On };
        self.refresh_token_rotation.unwrap_or(default)
    }
}
