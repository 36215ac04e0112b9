//! The revocation endpoint (RFC 7009): revoking any token of a grant revokes the grant, and a 200 means that this is
//! durable (design invariant 7).

use backchannel::{ClientContext, RefreshTokens, TokenStatus, refuse};
use bootstrap::{BootstrapError, Runtime};
use protocol::token_status::caller::{Caller, Intent, TokenInQuestion};
use protocol::token_status::introspection::{Belonging, belonging};
use protocol::token_status::request::{TokenParameter, TokenRequestError};
use protocol::tokens::access_token::AccessTokenClaims;
use protocol::tokens::refresh_token::RefreshToken;
use protocol::types::id::GrantId;
use protocol::types::time::Timestamp;
use store::GrantRevocation;
use web::response::{Caching, empty};
use web::route::Endpoint;
use web::{Request, Response, unavailable};

/// The handles of the function: it reads configuration, public keys and grants, and revokes grants.
pub struct Deps {
    /// Authenticates the caller and evaluates tokens.
    pub status: TokenStatus,
    /// Revokes grants.
    pub grants: GrantRevocation,
    /// Derives refresh tokens, to recognize those that were replaced long ago.
    pub refresh_tokens: RefreshTokens,
}

impl Deps {
    /// Takes the handles from the runtime.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if the runtime lacks a handle that the function needs.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            status: TokenStatus::assemble(runtime)?,
            grants: runtime.handle(GrantRevocation::new),
            refresh_tokens: RefreshTokens::assemble(runtime)?,
        })
    }
}

/// Responds to a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    let respond = async |context: &ClientContext<'_>| match revoke(deps, context).await {
        Ok(()) => empty(200, Caching::Never),
        Err(error) => refuse(context, &error),
    };
    deps.status.back.answer(request, Endpoint::Revocation, respond).await
}

/// Parse, load, decide, commit.
async fn revoke(deps: &Deps, context: &ClientContext<'_>) -> Result<(), TokenRequestError> {
    let body = context.request.form()?;
    let caller = Box::pin(deps.status.caller(context, &body)).await?;
    let named = TokenParameter::parse(&body)?.ok_or(TokenRequestError::MissingToken)?;
    // A token of another issuer or client is ignored, and the response does not say which (§2.2).
    let revocable = Box::pin(revocable(deps, context, named.token.expose(), &caller)).await?;
    let Some(revocable) = revocable else { return Ok(()) };
    let (workspace, now) = (&context.workspace.id, deps.status.back.now());
    let id = match &revocable {
        Revocable::Grant(id) => deps.grants.revoke(workspace, id, now).await.map(|()| id),
        Revocable::ClientToken(id, expires) => {
            deps.grants.revoke_client_token(workspace, id, *expires, now).await.map(|()| id)
        }
    };
    let id = id.map_err(unavailable)?;
    tracing::info!(grant.id = %id, "a token was revoked");
    Ok(())
}

/// What a revocation ends.
enum Revocable {
    /// The grant of the token, with all of its tokens.
    Grant(GrantId),
    /// A client credentials token, which has no grant and expires at this time.
    ClientToken(GrantId, Timestamp),
}

/// What `caller` may revoke with `token`, expired or not.
async fn revocable(
    deps: &Deps,
    context: &ClientContext<'_>,
    token: &str,
    caller: &Caller,
) -> Result<Option<Revocable>, TokenRequestError> {
    if let Some(token) = RefreshToken::parse(token) {
        let found = revocable_by_refresh_token(deps, context, &token, caller).await?;
        return Ok(found.map(Revocable::Grant));
    }
    let claims = deps.status.back.verify_access_token(context, token).await?;
    let claims = claims.filter(|claims| {
        let AccessTokenClaims { client_id: client, sub: subject, aud: audience, .. } = claims;
        caller.may(Intent::Revoke, TokenInQuestion { client, subject, audience })
    });
    Ok(claims.and_then(|claims| {
        let id = claims.grant()?;
        let is_client_token = claims.gty.is_some();
        let expires = Timestamp::from_seconds(claims.exp);
        Some(if is_client_token { Revocable::ClientToken(id, expires) } else { Revocable::Grant(id) })
    }))
}

/// The grant that `caller` may revoke with the refresh token `token`, however long ago it was rotated.
async fn revocable_by_refresh_token(
    deps: &Deps,
    context: &ClientContext<'_>,
    token: &RefreshToken,
    caller: &Caller,
) -> Result<Option<GrantId>, TokenRequestError> {
    let workspace = &context.workspace.id;
    let grant = deps.status.grants.find(workspace, &token.grant).await.map_err(unavailable)?;
    let grant = grant.filter(|grant| {
        let (client, subject) = (&grant.terms.client_id, grant.terms.client_subject());
        caller.may(Intent::Revoke, TokenInQuestion { client, subject, audience: &[] })
    });
    let Some(grant) = grant else { return Ok(None) };
    let belongs = match belonging(&grant, token) {
        Belonging::Known => true,
        // The key is decrypted only in this case. Knowing the id of a grant must not suffice to revoke it.
        Belonging::IfGenuine => deps.refresh_tokens.of(workspace, context.now).await?.is_genuine(token),
        Belonging::Not => false,
    };
    Ok(belongs.then_some(grant.id))
}
