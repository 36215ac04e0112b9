//! The userinfo endpoint (OpenID Connect Core §5.3): what a client may know of the user.

use assembly::{AssemblyError, Parts};
use backchannel::{BackChannel, Caller};
use http::header;
use protocol::access_token::AccessTokenClaims;
use protocol::bearer::{BearerError, bearer_token};
use protocol::grant::Grant;
use protocol::identity::Identity;
use protocol::sandbox::SANDBOX;
use protocol::scope::OPENID;
use protocol::userinfo;
use protocol::workspace::Workspace;
use serde_json::{Map, Value};
use store::{AccountReading, GrantReading};
use web::response::Caching;
use web::route::Endpoint;
use web::{Request, Response, json};

/// What the function works with: it reads.
pub struct Deps {
    /// The back channel.
    pub back: BackChannel,
    /// Grants.
    pub grants: GrantReading,
    /// Accounts of users whom upstream providers know.
    pub accounts: AccountReading,
}

impl Deps {
    /// Takes what the function needs.
    ///
    /// # Errors
    ///
    /// [`AssemblyError`] if something of it is not there.
    pub fn assemble(parts: &Parts) -> Result<Self, AssemblyError> {
        Ok(Self {
            back: parts.back(),
            grants: parts.handle(GrantReading::new),
            accounts: parts.handle(AccountReading::new),
        })
    }
}

/// Answers a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    deps.back
        .answer(request, Endpoint::Userinfo, async |workspace, caller| respond(deps, request, workspace, caller).await)
        .await
}

async fn respond(deps: &Deps, request: &Request, workspace: &Workspace, caller: &mut Caller) -> Response {
    match claims(deps, request, workspace, caller).await {
        Ok(claims) => json::json(200, &claims, Caching::Never),
        Err(error) => refused(request, workspace, error),
    }
}

/// Parse, load, decide: which claims this request may have.
async fn claims(
    deps: &Deps,
    request: &Request,
    workspace: &Workspace,
    caller: &mut Caller,
) -> Result<Map<String, Value>, BearerError> {
    let token = presented(deps, request, workspace).await?;
    let client = deps.back.client(workspace, &token.client_id, caller).await.map_err(|fault| unavailable(&fault))?;
    if token.expired(deps.back.clock.now()) || !client.is_some_and(|client| client.client.is_usable()) {
        return Err(BearerError::Invalid);
    }
    if !token.scope.contains(OPENID) {
        return Err(BearerError::InsufficientScope);
    }
    if !token.is_for(workspace.issuer.as_str()) {
        return Err(BearerError::Invalid);
    }
    let grant = live_grant(deps, workspace, &token).await?;
    if grant.terms.subject != token.sub {
        return Err(BearerError::Invalid);
    }
    let identity = identity(deps, workspace, &grant).await?.ok_or(BearerError::Invalid)?;
    Ok(userinfo::claims(&token.sub, &identity.claims, &token.scope))
}

/// The token that the request presents, if it is one of ours, expired or not (RFC 9068 §4).
async fn presented(deps: &Deps, request: &Request, workspace: &Workspace) -> Result<AccessTokenClaims, BearerError> {
    let query = request.query_parameters().map_err(|_| BearerError::Malformed)?;
    if query.has("access_token") {
        return Err(BearerError::Malformed);
    }
    let token = bearer_token(&request.header(header::AUTHORIZATION))?;
    deps.back
        .own_token(workspace, token.expose())
        .await
        .map_err(|fault| unavailable(&fault))?
        .ok_or(BearerError::Invalid)
}

async fn live_grant(deps: &Deps, workspace: &Workspace, token: &AccessTokenClaims) -> Result<Grant, BearerError> {
    let id = token.grant().ok_or(BearerError::Invalid)?;
    let grant = deps.grants.find(&workspace.id, &id).await.map_err(|fault| unavailable(&fault))?;
    grant.filter(|grant| grant.is_live(deps.back.clock.now())).ok_or(BearerError::Invalid)
}

/// The user, as the source says that knows them.
async fn identity(deps: &Deps, workspace: &Workspace, grant: &Grant) -> Result<Option<Identity>, BearerError> {
    if grant.terms.source.as_str() == SANDBOX {
        let sandbox = workspace.settings.sandbox.as_ref();
        return Ok(sandbox.and_then(|sandbox| sandbox.identity_of(&workspace.id, &grant.terms.subject)));
    }
    deps.accounts.find(&workspace.id, &grant.terms.subject).await.map_err(|fault| unavailable(&fault))
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
