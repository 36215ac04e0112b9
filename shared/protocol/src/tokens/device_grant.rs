//! The decision on a poll with a device code (RFC 8628 §3.4, §3.5).
//!
//! Once the user has allowed the request, there is a grant whose code is the device code, and it is redeemed like an
//! authorization code.

use crate::authorization::device_request::{DeviceDecision, DeviceRequest, INTERVAL};
use crate::clients::grant_type::GrantType;
use crate::clients::resource_indicator::Resources;
use crate::tokens::code_grant::{ApprovedExchange, CodeUse, approve_unbound};
use crate::tokens::context::TokenContext;
use crate::tokens::device_code::DeviceCode;
use crate::tokens::error::{DeviceFault, TokenError};
use crate::tokens::grant::LoadedGrant;
use crate::types::id::{GrantId, RegionLabel};
use crate::types::time::{Lifetime, Timestamp};

/// How many seconds before the end of its interval a poll may arrive: clocks and networks are not exact.
const TOLERANCE: u32 = 1;

/// The maximum interval. Once it is reached, polls that are too fast cost no more writes.
const MAX_INTERVAL: u32 = 60;

/// Checks that `code` is well-formed and was issued in this region.
///
/// # Errors
///
/// [`TokenError`] for a malformed code, or one of another region.
pub fn of_region(code: Option<DeviceCode>, region: &RegionLabel) -> Result<DeviceCode, TokenError> {
    let code = code.ok_or(TokenError::Device(DeviceFault::Unknown))?;
    if &code.region == region { Ok(code) } else { Err(TokenError::OtherRegion(code.region)) }
}

/// Decides a poll with `code`, whose previous poll was at `last`, if known. Returns the grant to redeem once the user
/// has allowed the request. Only the client that made the request learns anything.
///
/// # Errors
///
/// [`TokenError`]. On [`TokenError::SlowDown`] the caller has to store the interval.
pub fn allowed(
    found: Option<&DeviceRequest>,
    code: &DeviceCode,
    last: Option<Timestamp>,
    context: TokenContext<'_>,
) -> Result<GrantId, TokenError> {
    let client = context.client.client();
    if !client.grants.contains(&GrantType::DeviceCode) {
        return Err(TokenError::UnauthorizedClient);
    }
    let request = found.filter(|request| request.code.matches(&code.hash));
    let request = request.ok_or(TokenError::Device(DeviceFault::Unknown))?;
    if request.client_id != client.id {
        return Err(TokenError::Device(DeviceFault::OtherClient));
    }
    if context.now.reached(request.expires) {
        return Err(TokenError::ExpiredToken);
    }
    match request.decision {
        Some(DeviceDecision::Allowed) => Ok(request.grant.clone()),
        Some(DeviceDecision::Denied | DeviceDecision::Invalidated) => Err(TokenError::DeviceDenied),
        None if is_too_fast(request.interval, last, context.now) => {
            Err(TokenError::SlowDown((request.interval < MAX_INTERVAL).then_some(request.interval + INTERVAL)))
        }
        None => Err(TokenError::AuthorizationPending),
    }
}

fn is_too_fast(interval: u32, last: Option<Timestamp>, now: Timestamp) -> bool {
    let wait = Lifetime::seconds(interval.saturating_sub(TOLERANCE));
    last.is_some_and(|last| last.is_younger(wait, now))
}

/// Decides the exchange of the device code of an allowed request. The code is bound to its client only: there is no
/// redirect URI and no challenge.
///
/// # Errors
///
/// [`TokenError`]. On a replay the caller has to revoke the grant.
pub fn approve(
    loaded: Option<LoadedGrant>,
    usage: &CodeUse,
    resource: &Resources,
    context: TokenContext<'_>,
) -> Result<ApprovedExchange, TokenError> {
    approve_unbound(loaded, usage, resource, context)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::client_authentication::authenticated_client::AuthenticatedClient;
    use crate::fixtures::{NOW, ago, authenticated, client, client_id, context, grant_id, just_before, later, region};
    use crate::types::id::DeviceRequestId;

    fn code() -> DeviceCode {
        DeviceCode::issue(&region(), &DeviceRequestId::from_bytes([3; 16]), &[9; 32])
    }

    fn request(decision: Option<DeviceDecision>) -> DeviceRequest {
        DeviceRequest {
            id: DeviceRequestId::from_bytes([3; 16]),
            grant: grant_id(),
            client_id: client_id("app"),
            code: code().hash,
            sealed: String::new(),
            began: ago(60),
            expires: later(1),
            interval: 5,
            decision,
        }
    }

    fn device() -> AuthenticatedClient {
        authenticated(client(&json!({
            "grant_types": ["urn:ietf:params:oauth:grant-type:device_code"], "redirect_uris": null, "scope": "openid",
        })))
    }

    fn polled(request: &DeviceRequest, last: Option<Timestamp>) -> Result<GrantId, (&'static str, Option<u32>)> {
        allowed(Some(request), &code(), last, context(&device())).map_err(|error| {
            let next = if let TokenError::SlowDown(next) = error { next } else { None };
            (error.response().1, next)
        })
    }

    #[test]
    fn sec_dev_06_a_poll_is_told_how_the_request_stands() {
        assert_eq!(polled(&request(None), None), Err(("authorization_pending", None)));
        assert_eq!(polled(&request(Some(DeviceDecision::Allowed)), Some(NOW)), Ok(grant_id()));
        assert_eq!(polled(&request(Some(DeviceDecision::Denied)), None), Err(("access_denied", None)));
        assert_eq!(polled(&request(Some(DeviceDecision::Invalidated)), None), Err(("access_denied", None)));
        for decision in [None, Some(DeviceDecision::Allowed), Some(DeviceDecision::Denied)] {
            let expired = DeviceRequest { expires: NOW, ..request(decision) };
            assert_eq!(polled(&expired, None), Err(("expired_token", None)));
        }
    }

    #[test]
    fn sec_dev_06_who_polls_too_fast_has_to_wait_five_seconds_longer_up_to_a_minute() {
        let waiting = |interval| DeviceRequest { interval, ..request(None) };
        for (interval, last, expected) in [
            (5, Some(ago(1)), ("slow_down", Some(10))),
            (5, Some(ago(3)), ("slow_down", Some(10))),
            (5, Some(just_before(ago(4))), ("authorization_pending", None)),
            (10, Some(ago(5)), ("slow_down", Some(15))),
            (10, Some(ago(10)), ("authorization_pending", None)),
            (55, Some(NOW), ("slow_down", Some(60))),
            (60, Some(NOW), ("slow_down", None)),
            // A poll after the clock was set back proves nothing.
            (5, Some(later(30)), ("authorization_pending", None)),
        ] {
            assert_eq!(polled(&waiting(interval), last), Err(expected), "{interval} {last:?}");
        }
    }

    #[test]
    fn sec_dev_07_a_device_code_is_good_for_its_client_alone() {
        let decided = request(Some(DeviceDecision::Allowed));
        let other = DeviceRequest { client_id: client_id("other"), ..request(Some(DeviceDecision::Allowed)) };
        assert_eq!(polled(&other, None), Err(("invalid_grant", None)));
        let guessed = DeviceCode::issue(&region(), &DeviceRequestId::from_bytes([3; 16]), &[8; 32]);
        let error = allowed(Some(&decided), &guessed, None, context(&device())).unwrap_err();
        assert_eq!(error.response(), (400, "invalid_grant"));
        let error = allowed(None, &code(), None, context(&device())).unwrap_err();
        assert_eq!(error.response(), (400, "invalid_grant"));
        let unregistered = authenticated(client(&json!({})));
        let error = allowed(Some(&decided), &code(), None, context(&unregistered)).unwrap_err();
        assert_eq!(error.response(), (400, "unauthorized_client"));
    }
}
