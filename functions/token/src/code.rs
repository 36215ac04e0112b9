//! The authorization code grant (RFC 6749 §4.1.3).

use backchannel::Derived;
use http::header::USER_AGENT;
use protocol::tokens::code_grant::{ApprovedExchange, CodeUse, approve, of_region};
use protocol::tokens::error::{CodeFault, TokenError};
use protocol::tokens::request::CodeExchange;
use protocol::types::commit::Unreleased;
use protocol::types::secret::SecretHash;
use store::{Redemption, RefreshIssue};
use web::unavailable;

use crate::authenticated_request::{AuthenticatedRequest, TIME_TO_COMMIT, TIME_TO_SIGN_AND_COMMIT};
use crate::response::TokenResponse;
use crate::sign::sign_and_hold;

/// Load, decide, sign, commit: each step once, in this order.
pub(crate) async fn exchange(
    request: &AuthenticatedRequest<'_>,
    asked: CodeExchange,
) -> Result<TokenResponse, TokenError> {
    let code = of_region(asked.code, &request.deps.region)?;
    let (address, user_agent) = sender(request);
    let usage = usage(request, code.hash, code.sender(address, &user_agent));
    let loaded = request.load(&code.grant).await?;
    let decided = approve(loaded, &usage, asked.presented, request.decision_context());
    redeem(request, &usage, decided).await
}

/// Sign and commit, for an approved authorization code or device code.
pub(crate) async fn redeem(
    request: &AuthenticatedRequest<'_>,
    usage: &CodeUse,
    decided: Result<ApprovedExchange, TokenError>,
) -> Result<TokenResponse, TokenError> {
    let approved = match decided {
        Err(TokenError::Code(fault)) => return Err(refuse(request, fault).await),
        decided => decided?,
    };
    request.in_time(TIME_TO_SIGN_AND_COMMIT)?;
    let refresh_token = first_refresh_token(request, &approved).await?;
    let tokens = Box::pin(sign_and_hold(request, &approved.entitlement, refresh_token.as_ref())).await?;
    request.in_time(TIME_TO_COMMIT)?;
    commit(request, usage, &approved, refresh_token.map(|derived| derived.issue), tokens).await
}

/// Describes this use of `code` by `sender`.
pub(crate) fn usage(request: &AuthenticatedRequest<'_>, code: SecretHash, sender: SecretHash) -> CodeUse {
    CodeUse { code, sender, retry_window: request.workspace().settings.authorization_code_retry_window_ms }
}

/// The address and `User-Agent` of the request.
pub(crate) fn sender<'a>(request: &AuthenticatedRequest<'a>) -> (&'a str, String) {
    let asked = request.context.request;
    (&asked.address, asked.header(USER_AGENT).join(", "))
}

/// The first refresh token of the grant, if one is to be issued.
async fn first_refresh_token(
    request: &AuthenticatedRequest<'_>,
    approved: &ApprovedExchange,
) -> Result<Option<Derived>, TokenError> {
    if approved.refresh().is_none() {
        return Ok(None);
    }
    let due = &approved.entitlement;
    let tokens = request.deps.refresh_tokens.of(&request.workspace().id, due.now()).await?;
    let first = tokens.derive(due.grant(), 1, tokens.current_version());
    first.map(Some).ok_or_else(|| unavailable("the key for refresh tokens no longer exists").into())
}

/// The single write that redeems the code.
async fn commit(
    request: &AuthenticatedRequest<'_>,
    usage: &CodeUse,
    approved: &ApprovedExchange,
    first: Option<RefreshIssue>,
    tokens: Unreleased<TokenResponse>,
) -> Result<TokenResponse, TokenError> {
    let redemption = request.deps.grants.redeem(&request.write()?, approved, first).await;
    match redemption.map_err(unavailable)? {
        Redemption::Won(proof) => {
            tracing::info!(grant.id = %approved.entitlement.grant(), "a code was redeemed");
            Ok(tokens.release(&proof))
        }
        Redemption::Lost(first) => {
            let fault = usage.lost_to(first.as_ref(), approved.entitlement.grant());
            Err(refuse(request, fault).await)
        }
        Redemption::Gone => Err(TokenError::Code(CodeFault::Revoked)),
    }
}

/// Refuses a code. A replay with valid client credentials first revokes the grant (RFC 6749 §4.1.2, OAuth 2.1
/// §7.5.2).
async fn refuse(request: &AuthenticatedRequest<'_>, fault: CodeFault) -> TokenError {
    if let Some(grant) = fault.replayed_grant() {
        tracing::warn!(grant.id = %grant, "a code was replayed: its grant is revoked");
        if let Err(unavailable) = request.revoke(grant).await {
            return unavailable;
        }
    }
    TokenError::Code(fault)
}
