//! The revocation endpoint (RFC 7009): revoking any token of a grant ends the grant, and a 200 means that it is
//! durable (design invariant 7).

use backchannel::{BackChannel, ClientAuthenticator, CorsClient, refusal, token_request_fault, unavailable};
use bootstrap::{BootstrapError, Runtime};
use protocol::token_status::caller::Caller;
use protocol::token_status::introspection::belongs;
use protocol::token_status::request::{TokenParameter, TokenRequestError};
use protocol::tokens::refresh_token::RefreshToken;
use protocol::types::id::{ClientId, GrantId, Subject};
use protocol::types::scope::REVOKE_TOKENS;
use protocol::types::time::Timestamp;
use protocol::workspace::settings::Workspace;
use store::{GrantReading, GrantRevocation};
use web::response::{Caching, empty};
use web::route::Endpoint;
use web::{Request, Response};

/// What the function works with: it reads configuration, public keys and grants, and revokes grants.
pub struct Deps {
    /// The back channel.
    pub back: BackChannel,
    /// What authenticates clients.
    pub client_authenticator: ClientAuthenticator,
    /// Grants, to be looked at.
    pub reading: GrantReading,
    /// Grants, to be revoked.
    pub grants: GrantRevocation,
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
            client_authenticator: runtime.client_authenticator()?,
            reading: runtime.handle(GrantReading::new),
            grants: runtime.handle(GrantRevocation::new),
        })
    }
}

/// Answers a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    deps.back
        .answer(request, Endpoint::Revocation, async |workspace, cors| respond(deps, request, workspace, cors).await)
        .await
}

async fn respond(deps: &Deps, request: &Request, workspace: &Workspace, cors: &mut CorsClient) -> Response {
    match revoke(deps, request, workspace, cors).await {
        Ok(()) => empty(200, Caching::Never),
        Err(error) => refusal(request, workspace, &error),
    }
}

/// Parse, load, decide, commit.
async fn revoke(
    deps: &Deps,
    request: &Request,
    workspace: &Workspace,
    cors: &mut CorsClient,
) -> Result<(), TokenRequestError> {
    let body = request.form().map_err(token_request_fault)?;
    let caller =
        Box::pin(deps.back.caller((request, workspace), &body, cors, (&deps.reading, &deps.client_authenticator)))
            .await?;
    let named = TokenParameter::parse(&body)?.ok_or(TokenRequestError::MissingToken)?;
    // A token that is not ours, or not the caller's, is left alone, and nobody learns which (§2.2).
    let Some(revocable) = Box::pin(revocable(deps, workspace, named.token.expose(), &caller)).await? else {
        return Ok(());
    };
    let (grants, now) = (&deps.grants, deps.back.clock.now());
    let id = match &revocable {
        Revocable::Grant(id) => grants.revoke(&workspace.id, id, now).await.map(|()| id),
        Revocable::ClientToken(id, expires) => {
            grants.revoke_client_token(&workspace.id, id, *expires, now).await.map(|()| id)
        }
    };
    let id = id.map_err(|fault| unavailable(&fault))?;
    tracing::info!(workspace = %workspace.id, grant.id = %id, client.id = %caller.client_id(), "a token was revoked");
    Ok(())
}

/// What ends with a token.
enum Revocable {
    /// Its grant, with everything of it.
    Grant(GrantId),
    /// A client's own token, which belongs to no grant and would end at this time.
    ClientToken(GrantId, Timestamp),
}

/// What `caller` ends by revoking `token`, expired or not.
async fn revocable(
    deps: &Deps,
    workspace: &Workspace,
    token: &str,
    caller: &Caller,
) -> Result<Option<Revocable>, TokenRequestError> {
    let may = |client: &ClientId, subject: &Subject| caller.may(REVOKE_TOKENS, (client, subject), &workspace.issuer);
    if let Some(token) = RefreshToken::parse(token) {
        let grant = deps.reading.find(&workspace.id, &token.grant).await.map_err(|fault| unavailable(&fault))?;
        let grant =
            grant.filter(|grant| may(&grant.terms.client_id, grant.terms.client_subject()) && belongs(grant, &token));
        return Ok(grant.map(|grant| Revocable::Grant(grant.id)));
    }
    let claims = deps.back.verify_access_token(workspace, token).await.map_err(|fault| unavailable(&fault))?;
    let claims = claims.filter(|claims| may(&claims.client_id, &claims.sub));
    Ok(claims.and_then(|claims| {
        let id = claims.grant()?;
        let own = claims.gty.is_some();
        Some(if own { Revocable::ClientToken(id, Timestamp::from_seconds(claims.exp)) } else { Revocable::Grant(id) })
    }))
}
