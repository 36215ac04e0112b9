//! Asking a provider: its token endpoint, its keys, its userinfo.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use http_client::{Accepted, Fetcher, Outgoing};
use protocol::authorization::error::PageError;
use protocol::federation::metadata::UpstreamMetadata;
use protocol::federation::openid::{Expected, UpstreamError, UpstreamIdToken, UpstreamIdentity, UpstreamTransaction};
use protocol::jose::jwt_fault::JwtFault;
use protocol::syntax::encoding::encode_uri_component;
use protocol::types::commit::Committed;
use protocol::types::id::WorkspaceId;
use protocol::types::secret::Secret;
use protocol::types::time::Timestamp;
use protocol::users::user_claims::Identity;
use protocol::workspace::upstream_provider::UpstreamProvider;
use serde::Deserialize;
use serde_json::{Map, Value};
use signing::verify::{self, MAX_PROVIDER_JWT_BYTES};

use web::unavailable;

use crate::deps::Deps;
use crate::provider_fault::{refused, unreachable};

/// A login that the user has finished at the provider, and we have not.
pub(crate) struct Login<'a> {
    pub(crate) provider: &'a UpstreamProvider,
    pub(crate) metadata: &'a UpstreamMetadata,
    pub(crate) transaction: &'a UpstreamTransaction,
    pub(crate) code: &'a str,
    pub(crate) callback: &'a str,
    pub(crate) secret: Option<Secret<String>>,
    pub(crate) now: Timestamp,
}

/// Who has logged in, and when, if the provider says so.
pub(crate) struct Identified {
    pub(crate) identity: Identity,
    pub(crate) auth_time: Option<Timestamp>,
}

/// Why a login at a provider does not count.
pub(crate) enum LoginFault {
    /// It is older than our client asked for, or nobody knows how old it is: the client is told.
    TooOld,
    /// For any other reason: the user is told.
    Page(PageError),
}

impl From<PageError> for LoginFault {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}

/// The part of a token response that we use. The tokens are used at once and kept nowhere.
#[derive(Deserialize)]
struct TokenResponse {
    access_token: String,
    id_token: String,
}

impl Login<'_> {
    /// Exchanges the code, once, against the proof that no other request does (catalogue row SEC-UP-22), and finds out who
    /// the user is. An exchange whose answer was lost is not repeated, because the code may be used up (fault F-UP-2): the
    /// user begins again.
    pub(crate) async fn identity(
        &self,
        fetcher: &Fetcher,
        workspace: &WorkspaceId,
        _proof: &Committed,
    ) -> Result<Identified, LoginFault> {
        let tokens = self.exchange(fetcher).await?;
        let id_token = self.id_token(fetcher, &tokens).await?;
        let userinfo = self.userinfo(fetcher, &tokens).await?;
        let auth_time = id_token.auth_time();
        let said = id_token.identity(workspace, self.provider, userinfo.as_ref());
        let UpstreamIdentity { identity, dropped } = said.map_err(|error| refused(self.provider, &error))?;
        if !dropped.is_empty() {
            let claims = dropped.iter().map(|claim| claim.as_str()).collect::<Vec<_>>().join(" ");
            tracing::warn!(provider = %self.provider.id, claims, "claims of another type or form were dropped");
        }
        Ok(Identified { identity, auth_time })
    }

    async fn exchange(&self, fetcher: &Fetcher) -> Result<TokenResponse, PageError> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", self.code),
            ("redirect_uri", self.callback),
            ("client_id", self.provider.client_id.as_str()),
            ("code_verifier", &self.transaction.code_verifier),
        ];
        let form: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encode_uri_component(value))).collect();
        let basic = self.secret.as_ref().map(|secret| basic(self.provider.client_id.as_str(), secret));
        let outgoing = Outgoing {
            method: Method::POST,
            url: self.metadata.token_endpoint.as_str(),
            authorization: basic.as_deref(),
            form: Some(form.join("&")),
            accepted: Accepted::Json,
        };
        fetcher.json(outgoing).await.map_err(|fault| unreachable(self.provider, &fault))
    }

    async fn id_token(&self, fetcher: &Fetcher, tokens: &TokenResponse) -> Result<UpstreamIdToken, LoginFault> {
        let refuse = |reason: &dyn std::fmt::Display| refused(self.provider, reason);
        let refuse_jwt = |fault| refuse(&UpstreamError::Jwt("ID token", fault));
        let header = verify::header(&tokens.id_token, MAX_PROVIDER_JWT_BYTES).map_err(refuse_jwt)?;
        if !self.metadata.may_sign_with(header.alg) {
            return Err(refuse_jwt(JwtFault::Algorithm).into());
        }
        let jwks =
            fetcher.keys(self.metadata.jwks_uri.as_str()).await.map_err(|fault| unreachable(self.provider, &fault))?;
        let keys = jwks.candidates(header.alg, header.kid.as_deref());
        let is_id_token = |typ: Option<&str>| typ.is_none_or(|typ| typ.eq_ignore_ascii_case("jwt"));
        let claims = verify::claims((&tokens.id_token, &header), &keys, is_id_token).map_err(refuse_jwt)?;
        let expected = Expected {
            provider: self.provider,
            nonce: &self.transaction.nonce,
            alg: header.alg,
            access_token: &tokens.access_token,
            code: self.code,
            earliest_login: self.transaction.interaction.earliest_login(self.now),
            now: self.now,
        };
        UpstreamIdToken::accept(&claims, &expected).map_err(|error| {
            let page = refuse(&error);
            if error == UpstreamError::TooOld { LoginFault::TooOld } else { page.into() }
        })
    }

    async fn userinfo(
        &self,
        fetcher: &Fetcher,
        tokens: &TokenResponse,
    ) -> Result<Option<Map<String, Value>>, PageError> {
        let Some(url) = &self.metadata.userinfo_endpoint else { return Ok(None) };
        let bearer = format!("Bearer {}", tokens.access_token);
        let outgoing = Outgoing { authorization: Some(&bearer), ..Outgoing::get(url.as_str()) };
        let claims = fetcher.json(outgoing).await.map_err(|fault| unreachable(self.provider, &fault))?;
        Ok(Some(claims))
    }
}

/// Our secret at `provider`, if we have one there.
pub(crate) async fn client_secret(
    deps: &Deps,
    workspace: &WorkspaceId,
    provider: &UpstreamProvider,
) -> Result<Option<Secret<String>>, PageError> {
    let Some(sealed) = &provider.sealed_client_secret else { return Ok(None) };
    let keys = deps.secrets.keys(deps.front.now()).await.map_err(unavailable)?;
    let plain = keys.open(workspace, sealed).ok_or_else(|| unavailable("a sealed provider secret cannot be opened"))?;
    let text = String::from_utf8(plain.expose().clone()).map_err(unavailable)?;
    Ok(Some(Secret::new(text)))
}

fn basic(client_id: &str, secret: &Secret<String>) -> String {
    let pair = format!("{}:{}", encode_uri_component(client_id), encode_uri_component(secret.expose()));
    format!("Basic {}", STANDARD.encode(pair))
}
