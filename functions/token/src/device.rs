//! The device code grant: a device polls until its user has decided (RFC 8628 §3.4).
//!
//! While the request is pending, a poll costs one read: only this process remembers when a device last polled, and the store
//! records only that it polled too fast. Once the user has allowed the request, its grant is redeemed like that of a code.

use protocol::tokens::device_code::{DeviceCode, DevicePoll};
use protocol::tokens::device_grant::{allowed, approve, of_region};
use protocol::tokens::error::TokenError;
use protocol::types::id::GrantId;
use web::unavailable;

use crate::authenticated_request::AuthenticatedRequest;
use crate::code;
use crate::response::TokenResponse;

/// Load, decide, sign, commit: each step once, in this order.
pub(crate) async fn poll(request: &AuthenticatedRequest<'_>, asked: DevicePoll) -> Result<TokenResponse, TokenError> {
    let code = of_region(asked.code, &request.deps.region)?;
    let grant = decided(request, &code).await?;
    let (address, user_agent) = code::sender(request);
    let usage = code::usage(request, code.hash, code.sender(address, &user_agent));
    let loaded = request.load(&grant).await?;
    let approved = approve(loaded, &usage, &asked.resource, request.decision_context());
    code::redeem(request, &usage, approved).await
}

/// Returns the grant if the user has allowed the request.
async fn decided(request: &AuthenticatedRequest<'_>, code: &DeviceCode) -> Result<GrantId, TokenError> {
    let (deps, workspace) = (request.deps, &request.workspace().id);
    let found = deps.devices.find(workspace, &code.request).await.map_err(unavailable)?;
    let context = request.decision_context();
    // Only polls with a valid code are remembered.
    let real = found.as_ref().is_some_and(|found| found.code.matches(&code.hash));
    let last = if real { deps.last_polls.note(&code.request, context.now) } else { None };
    let decided = allowed(found.as_ref(), code, last, context);
    if let Err(TokenError::SlowDown(Some(interval))) = decided {
        deps.devices.slow_down(workspace, &code.request, interval).await.map_err(unavailable)?;
    }
    decided
}
