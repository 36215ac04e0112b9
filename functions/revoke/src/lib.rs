//! The revocation endpoint (RFC 7009): revoking any token of a grant ends the grant, and a 200 means that it is
//! durable (design invariant 7).

use assembly::{AssemblyError, Parts};
use std::sync::Arc;

use backchannel::{BackChannel, Caller};
use http::header;
use protocol::access_token::AccessTokenClaims;
use protocol::bearer::{BearerError, bearer_token};
use protocol::client_authentication::{Credentials, authenticate};
use protocol::id::ClientId;
use protocol::parameters::Parameters;
use protocol::revocation::{RevocationError, RevocationRequest, Revoker, revoked_grant};
use protocol::workspace::Workspace;
use store::GrantRevocation;
use store::configuration::LoadedClient;
use web::response::{Caching, empty};
use web::route::Endpoint;
use web::{FormFault, Request, Response, json};

/// What the function works with: it reads configuration and public keys, and revokes grants.
pub struct Deps {
    /// The back channel.
    pub back: BackChannel,
    /// Grants, to be revoked.
    pub grants: GrantRevocation,
}

impl Deps {
    /// Takes what the function needs.
    ///
    /// # Errors
    ///
    /// [`AssemblyError`] if something of it is not there.
    pub fn assemble(parts: &Parts) -> Result<Self, AssemblyError> {
        Ok(Self { back: parts.back(), grants: parts.handle(GrantRevocation::new) })
    }
}

/// Answers a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    deps.back
        .answer(request, Endpoint::Revocation, async |workspace, caller| {
            respond(deps, request, workspace, caller).await
        })
        .await
}

async fn respond(deps: &Deps, request: &Request, workspace: &Workspace, caller: &mut Caller) -> Response {
    match revoke(deps, request, workspace, caller).await {
        Ok(()) => empty(200, Caching::Never),
        Err(error) => refused(request, workspace, &error),
    }
}

/// Parse, load, decide, commit.
async fn revoke(
    deps: &Deps,
    request: &Request,
    workspace: &Workspace,
    caller: &mut Caller,
) -> Result<(), RevocationError> {
    let body = request.form().map_err(revocation_error)?;
    let revoker = revoker(deps, request, workspace, (&body, caller)).await?;
    let revocation = RevocationRequest::parse(&body)?;
    let token = own_token(deps, workspace, revocation.token.expose()).await?;
    // A token that is not ours, or not the caller's, is left alone, and nobody learns which (§2.2).
    let Some(grant) = token.and_then(|token| revoked_grant(&token, &revoker)) else { return Ok(()) };
    deps.grants.revoke(&workspace.id, &grant, deps.back.clock.now()).await.map_err(|fault| unavailable(&fault))?;
    tracing::info!(workspace = %workspace.id, grant.id = %grant, "a grant was revoked");
    Ok(())
}

/// Who asks: the holder of a token, by that token, or a client, by its own authentication.
async fn revoker(
    deps: &Deps,
    request: &Request,
    workspace: &Workspace,
    (body, caller): (&Parameters, &mut Caller),
) -> Result<Revoker, RevocationError> {
    let authorization = request.header(header::AUTHORIZATION);
    match bearer_token(&authorization) {
        Ok(token) => {
            let claims = own_token(deps, workspace, token.expose()).await?.ok_or(BearerError::Invalid)?;
            known(deps, workspace, &claims.client_id, caller).await?;
            let live = !claims.expired(deps.back.clock.now());
            if live { Ok(Revoker::Bearer(Box::new(claims))) } else { Err(BearerError::Invalid.into()) }
        }
        Err(BearerError::Missing) => {
            let credentials = Credentials::parse(&authorization, body)?;
            let client = known(deps, workspace, credentials.client_id(), caller).await?;
            let proved = authenticate(&credentials, client.map(|known| Arc::clone(&known.client)))?;
            Ok(Revoker::Client(proved.client().id.clone()))
        }
        Err(error) => Err(error.into()),
    }
}

async fn known(
    deps: &Deps,
    workspace: &Workspace,
    id: &ClientId,
    caller: &mut Caller,
) -> Result<Option<Arc<LoadedClient>>, RevocationError> {
    deps.back.client(workspace, id, caller).await.map_err(|fault| unavailable(&fault))
}

async fn own_token(
    deps: &Deps,
    workspace: &Workspace,
    token: &str,
) -> Result<Option<AccessTokenClaims>, RevocationError> {
    deps.back.own_token(workspace, token).await.map_err(|fault| unavailable(&fault))
}

fn refused(request: &Request, workspace: &Workspace, error: &RevocationError) -> Response {
    let (status, code) = error.response();
    let response = json::error(request, status, code, &error.to_string());
    let realm = workspace.issuer.as_str();
    match (status, error) {
        (401, RevocationError::Bearer(_)) => {
            json::challenged(response, &format!("Bearer realm=\"{realm}\", error=\"{code}\""))
        }
        (401, _) => json::challenged(response, &format!("Basic realm=\"{realm}\"")),
        _ => response,
    }
}

fn revocation_error(fault: FormFault) -> RevocationError {
    match fault {
        FormFault::TooLarge => RevocationError::TooLarge,
        FormFault::ContentType => RevocationError::ContentType,
        FormFault::QueryParameters => RevocationError::QueryParameters,
        FormFault::Parameters(error) => RevocationError::Parameters(error),
    }
}

fn unavailable(fault: &dyn std::fmt::Display) -> RevocationError {
    backchannel::log(fault);
    RevocationError::Unavailable
}
