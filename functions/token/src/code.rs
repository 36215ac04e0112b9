//! A code becomes tokens (RFC 6749 §4.1.3).

use backchannel::Derived;
use http::header::USER_AGENT;
use protocol::authorization::code::AuthorizationCode;
use protocol::tokens::code_grant::{ApprovedExchange, CodeUse, approve, of_region};
use protocol::tokens::error::{CodeFault, TokenError};
use protocol::tokens::request::CodeExchange;
use protocol::types::commit::Unreleased;
use store::{Redemption, RefreshIssue};
use web::unavailable;

use crate::authenticated_request::{AuthenticatedRequest, TIME_TO_COMMIT, TIME_TO_SIGN_AND_COMMIT};
use crate::response::TokenResponse;
use crate::sign::sign_and_hold;

/// The line that every request follows, each step once.
pub(crate) async fn exchange(
    request: &AuthenticatedRequest<'_>,
    asked: CodeExchange,
) -> Result<TokenResponse, TokenError> {
    let code = of_region(asked.code, &request.deps.region)?;
    let usage = usage(request, &code);
    let loaded = request.load(&code.grant).await?;
    let approved = match approve(loaded, &usage, asked.presented, request.decision_context()) {
        Err(TokenError::Code(fault)) => return Err(refuse(request, fault).await),
        decided => decided?,
    };
    request.in_time(TIME_TO_SIGN_AND_COMMIT)?;
    let refresh_token = first_refresh_token(request, &approved).await?;
    let tokens = Box::pin(sign_and_hold(request, &approved.entitlement, refresh_token.as_ref())).await?;
    request.in_time(TIME_TO_COMMIT)?;
    commit(request, &usage, &approved, refresh_token.map(|derived| derived.issue), tokens).await
}

/// Describes this use of `code`, including its sender.
fn usage(request: &AuthenticatedRequest<'_>, code: &AuthorizationCode) -> CodeUse {
    let asked = request.context.request;
    let user_agent = asked.header(USER_AGENT).join(", ");
    CodeUse {
        code: code.hash,
        sender: code.sender(&asked.address, &user_agent),
        retry_window: request.workspace().settings.authorization_code_retry_window_ms,
    }
}

/// The first refresh token of the grant, if one is due.
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
    first.map(Some).ok_or_else(|| unavailable("the key for refresh tokens is gone").into())
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

/// Refuses a code. A replay by a party with all of the client's credentials first revokes the grant (RFC 6749 §4.1.2,
/// OAuth 2.1 §7.5.2).
async fn refuse(request: &AuthenticatedRequest<'_>, fault: CodeFault) -> TokenError {
    if let Some(grant) = fault.replayed_grant() {
        tracing::warn!(grant.id = %grant, "a code was replayed: its grant is revoked");
        if let Err(unavailable) = request.revoke(grant).await {
            return unavailable;
        }
    }
    TokenError::Code(fault)
}
