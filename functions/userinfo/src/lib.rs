//! The userinfo endpoint (OpenID Connect Core §5.3): what a client may know of the user.

use std::sync::Arc;

use backchannel::{BackChannel, CorsClient};
use bootstrap::{BootstrapError, Runtime};
use http::header;
use keystore::Signers;
use protocol::jose::jwk::Algorithm;
use protocol::tokens::access_token::AccessTokenClaims;
use protocol::tokens::bearer::{BearerError, bearer_token};
use protocol::tokens::grant::{Grant, GrantTerms};
use protocol::tokens::id_token;
use protocol::types::scope::OPENID;
use protocol::users::userinfo;
use protocol::workspace::settings::Workspace;
use serde_json::{Map, Value};
use store::configuration::LoadedClient;
use store::{AccountReading, GrantReading};
use web::response::{Caching, response};
use web::route::Endpoint;
use web::{Request, Response, json};

/// What the function works with: it reads, and signs for clients that want it.
pub struct Deps {
    /// The back channel.
    pub back: BackChannel,
    /// Grants.
    pub grants: GrantReading,
    /// Accounts of users whom upstream providers know.
    pub accounts: AccountReading,
    /// Keys that sign.
    pub signers: Signers,
}

impl Deps {
    /// Takes what the function needs.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if something of it is not there.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            back: runtime.back(),
            grants: runtime.handle(GrantReading::new),
            accounts: runtime.handle(AccountReading::new),
            signers: runtime.signers()?,
        })
    }
}

/// Answers a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    deps.back
        .answer(request, Endpoint::Userinfo, async |workspace, cors| respond(deps, request, workspace, cors).await)
        .await
}

async fn respond(deps: &Deps, request: &Request, workspace: &Workspace, cors: &mut CorsClient) -> Response {
    let outcome = tell(deps, request, workspace, cors).await;
    outcome.unwrap_or_else(|error| refused(request, workspace, error))
}

/// Parse, load, decide, and sign if the client is registered so.
async fn tell(
    deps: &Deps,
    request: &Request,
    workspace: &Workspace,
    cors: &mut CorsClient,
) -> Result<Response, BearerError> {
    let (client, claims) = claims(deps, request, workspace, cors).await?;
    match client.client.userinfo_signed {
        None => Ok(json::json(200, &claims, Caching::Never)),
        Some(alg) => {
            let claims = userinfo::signed_claims(claims, &workspace.issuer, &client.client.id);
            let token = signed(deps, workspace, &claims, alg).await?;
            Ok(response(200, "application/jwt", token, Caching::Never))
        }
    }
}

/// Signs with the algorithm that the client is registered for, and with no other (catalogue row SEC-OIDC-06).
async fn signed(
    deps: &Deps,
    workspace: &Workspace,
    claims: &Map<String, Value>,
    alg: Algorithm,
) -> Result<String, BearerError> {
    let now = deps.back.clock.now();
    if deps.signers.algorithm(&workspace.id, now).await.map_err(|fault| unavailable(&fault))? != alg {
        return Err(unavailable(&"the workspace no longer signs with the algorithm that the client is registered for"));
    }
    let token = deps.signers.sign(&workspace.id, now, async |signer| signer.sign(id_token::TYPE, claims).await).await;
    token.map_err(|fault| unavailable(&fault))
}

/// Which claims this request may have, and the client that they are for.
async fn claims(
    deps: &Deps,
    request: &Request,
    workspace: &Workspace,
    cors: &mut CorsClient,
) -> Result<(Arc<LoadedClient>, Map<String, Value>), BearerError> {
    let token = presented(deps, request, workspace).await?;
    let client = deps.back.client(workspace, &token.client_id, cors).await.map_err(|fault| unavailable(&fault))?;
    let client = client.filter(|client| client.client.is_usable()).ok_or(BearerError::Invalid)?;
    if token.expired(deps.back.clock.now()) {
        return Err(BearerError::Invalid);
    }
    if !token.scope.contains(OPENID) {
        return Err(BearerError::InsufficientScope);
    }
    if !token.is_for(workspace.issuer.as_str()) {
        return Err(BearerError::Invalid);
    }
    let grant = live_grant(deps, workspace, &token).await?;
    if *grant.terms.client_subject() != token.sub {
        return Err(BearerError::Invalid);
    }
    let GrantTerms { source, subject, claims, .. } = &grant.terms;
    let identity = deps.accounts.identity(workspace, source, subject).await.map_err(|fault| unavailable(&fault))?;
    let identity = identity.ok_or(BearerError::Invalid)?;
    Ok((client, userinfo::claims(&token.sub, &identity.claims, &token.scope, claims)))
}

/// The token that the request presents, if it is one of ours, expired or not (RFC 9068 §4).
async fn presented(deps: &Deps, request: &Request, workspace: &Workspace) -> Result<AccessTokenClaims, BearerError> {
    let query = request.query_parameters().map_err(|_| BearerError::Malformed)?;
    let in_form = request.form().is_ok_and(|form| form.has("access_token"));
    if query.has("access_token") || in_form {
        return Err(BearerError::Malformed);
    }
    let token = bearer_token(&request.header(header::AUTHORIZATION))?;
    deps.back
        .verify_access_token(workspace, token.expose())
        .await
        .map_err(|fault| unavailable(&fault))?
        .ok_or(BearerError::Invalid)
}

async fn live_grant(deps: &Deps, workspace: &Workspace, token: &AccessTokenClaims) -> Result<Grant, BearerError> {
    let id = token.grant().ok_or(BearerError::Invalid)?;
    let grant = deps.grants.find(&workspace.id, &id).await.map_err(|fault| unavailable(&fault))?;
    grant.filter(|grant| grant.is_live(deps.back.clock.now())).ok_or(BearerError::Invalid)
}

fn refused(request: &Request, workspace: &Workspace, error: BearerError) -> Response {
    let (status, code) = error.response();
    let realm = workspace.issuer.as_str();
    let (body, challenge) = match code {
        None => ("invalid_token", format!("Bearer realm=\"{realm}\"")),
        Some(code) => (code, format!("Bearer realm=\"{realm}\", error=\"{code}\", error_description=\"{error}\"")),
    };
    let response = json::error(request, status, body, &error.to_string());
    if status == 503 { response } else { json::challenged(response, &challenge) }
}

fn unavailable(fault: &dyn std::fmt::Display) -> BearerError {
    backchannel::log(fault);
    BearerError::Unavailable
}
