//! Calls to a provider: its token endpoint, its keys, its userinfo endpoint.

use http::Method;
use http_client::{Claims, FetchFault, Outgoing};
use protocol::authorization::error::PageError;
use protocol::federation::id_token::{Expected, UpstreamIdToken, UpstreamIdentity};
use protocol::federation::metadata::{OpenIdEndpoints, UpstreamMetadata, UserStatement};
use protocol::federation::openid::{UpstreamError, UpstreamTransaction};
use protocol::federation::signed_userinfo;
use protocol::jose::external_algorithm::ExternalAlgorithm;
use protocol::jose::jwt_fault::JwtFault;
use protocol::syntax::encoding::encode_uri_component;
use protocol::types::commit::Committed;
use protocol::types::id::WorkspaceId;
use protocol::types::time::Timestamp;
use protocol::users::factor::AuthenticationClass;
use protocol::users::user_claims::Identity;
use protocol::workspace::upstream_provider::{UpstreamProvider, UserinfoUse};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use signing::verify::{self, MAX_PROVIDER_JWT_BYTES};

use crate::credential::Credential;
use crate::deps::Deps;
use crate::provider_fault::{refused, unreachable};

/// A login that is complete at the provider but not here.
pub(crate) struct Login<'a> {
    pub(crate) provider: &'a UpstreamProvider,
    pub(crate) metadata: &'a UpstreamMetadata,
    pub(crate) transaction: &'a UpstreamTransaction,
    pub(crate) code: &'a str,
    pub(crate) callback: &'a str,
    pub(crate) credential: Credential,
    pub(crate) now: Timestamp,
}

/// The user who logged in, and when, if the provider says so.
pub(crate) struct Identified {
    pub(crate) identity: Identity,
    pub(crate) auth_time: Option<Timestamp>,
    pub(crate) class: AuthenticationClass,
}

/// Why a login at a provider is not accepted.
pub(crate) enum LoginFault {
    /// The login is older than the client requested, or its age is unknown; reported to the client.
    TooOld,
    /// Any other reason; reported to the user.
    Page(PageError),
}

impl From<PageError> for LoginFault {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}

/// The part of a token response that is used. The tokens are used immediately and not stored.
#[derive(Deserialize)]
struct TokenResponse {
    access_token: String,
    id_token: String,
}

impl Login<'_> {
    /// Exchanges the code, once, against the proof that no other request does (catalogue row SEC-UP-22), and determines
    /// the user. An exchange whose response was lost is not repeated, because the code may have been consumed (fault
    /// F-UP-2): the user starts again.
    pub(crate) async fn identity(
        &self,
        deps: &Deps,
        workspace: &WorkspaceId,
        _proof: &Committed,
    ) -> Result<Identified, LoginFault> {
        let (said, auth_time, class) = match &self.metadata.statement {
            UserStatement::IdToken(endpoints) => self.by_id_token(deps, workspace, endpoints).await?,
            UserStatement::Api(api) => {
                (self.by_api(deps, workspace, api).await?, None, AuthenticationClass::SingleFactor)
            }
        };
        let UpstreamIdentity { identity, dropped } = said;
        if !dropped.is_empty() {
            let claims = dropped.iter().map(|claim| claim.as_str()).collect::<Vec<_>>().join(" ");
            tracing::warn!(provider = %self.provider.id, claims, "claims of the wrong type or form were dropped");
        }
        Ok(Identified { identity, auth_time, class })
    }

    /// Who the user is by the ID token and userinfo, when they authenticated, and how.
    async fn by_id_token(
        &self,
        deps: &Deps,
        workspace: &WorkspaceId,
        endpoints: &OpenIdEndpoints,
    ) -> Result<(UpstreamIdentity, Option<Timestamp>, AuthenticationClass), LoginFault> {
        let tokens: TokenResponse = self.exchange(deps).await?;
        let id_token = self.id_token(deps, endpoints, &tokens).await?;
        let userinfo = self.userinfo(deps, endpoints, &tokens).await?;
        let (auth_time, class) = (id_token.auth_time(), id_token.class(self.provider));
        let said = id_token.identity(workspace, self.provider, userinfo.as_ref());
        Ok((said.map_err(|error| refused(self.provider, &error))?, auth_time, class))
    }

    /// What is wrong with the login.
    pub(crate) fn fault(&self, error: UpstreamError) -> LoginFault {
        let page = refused(self.provider, &error);
        if error == UpstreamError::TooOld { LoginFault::TooOld } else { page.into() }
    }

    pub(crate) async fn exchange<T: DeserializeOwned>(&self, deps: &Deps) -> Result<T, PageError> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", self.code),
            ("redirect_uri", self.callback),
            ("client_id", self.provider.client_id.as_str()),
        ];
        fields.extend(self.transaction.code_verifier(self.provider).map(|verifier| ("code_verifier", verifier)));
        fields.extend(self.credential.fields());
        let form: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encode_uri_component(value))).collect();
        let outgoing = Outgoing {
            method: Method::POST,
            authorization: self.credential.header(),
            form: Some(form.join("&")),
            ..Outgoing::get(self.metadata.token_endpoint.as_str())
        };
        deps.fetcher.json(outgoing).await.map_err(|fault| unreachable(self.provider, &fault))
    }

    async fn id_token(
        &self,
        deps: &Deps,
        endpoints: &OpenIdEndpoints,
        tokens: &TokenResponse,
    ) -> Result<UpstreamIdToken, LoginFault> {
        let permitted = |alg| endpoints.may_sign_with(alg);
        let (alg, claims) = self.verified(deps, endpoints, ("ID token", &tokens.id_token), permitted).await?;
        let expected = Expected {
            provider: self.provider,
            nonce: &self.transaction.nonce,
            alg,
            access_token: &tokens.access_token,
            code: self.code,
            earliest_login: self.transaction.interaction.earliest_login(self.now),
            now: self.now,
        };
        UpstreamIdToken::accept(&claims, &expected).map_err(|error| self.fault(error))
    }

    /// Verifies a JWT signed by the provider with a `permitted` algorithm, and returns its algorithm and claims.
    async fn verified(
        &self,
        deps: &Deps,
        endpoints: &OpenIdEndpoints,
        (kind, jwt): (&'static str, &str),
        permitted: impl Fn(ExternalAlgorithm) -> bool,
    ) -> Result<(ExternalAlgorithm, Vec<u8>), PageError> {
        let refuse = |fault| refused(self.provider, &UpstreamError::Jwt(kind, fault));
        let header = verify::header(jwt, MAX_PROVIDER_JWT_BYTES).map_err(refuse)?;
        if !permitted(header.alg) {
            return Err(refuse(JwtFault::Algorithm));
        }
        let keys = deps.keys.candidates(&endpoints.jwks_uri, header.alg, header.kid.as_deref(), self.now).await;
        let keys = keys.map_err(|fault| unreachable(self.provider, &FetchFault::Unreachable(fault.to_string())))?;
        let is_plain = |typ: Option<&str>| typ.is_none_or(|typ| typ.eq_ignore_ascii_case("jwt"));
        // The claim is not verified yet: it narrows down the keys, one of which has to verify it.
        let issuer = verify::claimed_issuer(jwt);
        let (ours, others): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| key.signs_for(issuer.as_deref()));
        if ours.is_empty() && !others.is_empty() {
            return Err(refuse(JwtFault::KeyOfAnother));
        }
        let claims = verify::claims((jwt, &header), ours.iter().map(|published| &published.key), is_plain);
        let claims = claims.map_err(refuse)?;
        Ok((header.alg, claims))
    }

    /// What userinfo says, if there is such an endpoint and its answer is used (OpenID Connect Core §5.3).
    async fn userinfo(
        &self,
        deps: &Deps,
        endpoints: &OpenIdEndpoints,
        tokens: &TokenResponse,
    ) -> Result<Option<Map<String, Value>>, PageError> {
        let Some(url) = &endpoints.userinfo_endpoint else { return Ok(None) };
        if self.provider.userinfo == UserinfoUse::Unused {
            return Ok(None);
        }
        let bearer = format!("Bearer {}", tokens.access_token);
        let outgoing = Outgoing { authorization: Some(&bearer), ..Outgoing::get(url.as_str()) };
        match deps.fetcher.claims(outgoing).await {
            Ok(Claims::Plain(claims)) => Ok(Some(claims)),
            Ok(Claims::Signed(jwt)) => {
                let permitted = |alg| endpoints.may_sign_userinfo_with(alg);
                let (_, claims) = self.verified(deps, endpoints, ("userinfo", &jwt), permitted).await?;
                let claims = signed_userinfo::accept(&claims, self.provider, self.now);
                claims.map(Some).map_err(|error| refused(self.provider, &error))
            }
            Err(FetchFault::Status(400..=499) | FetchFault::Refused(_))
                if self.provider.userinfo == UserinfoUse::Optional =>
            {
                tracing::info!(provider = %self.provider.id, "a userinfo request was refused: only the ID token is used");
                Ok(None)
            }
            Err(fault) => Err(unreachable(self.provider, &fault)),
        }
    }
}
