//! Logging and page errors for providers that are unavailable or refuse a login.

use std::fmt::Display;

use http_client::FetchFault;
use protocol::authorization::error::PageError;
use protocol::workspace::upstream_provider::UpstreamProvider;

/// The provider is unreachable, or its response is unreadable.
pub(crate) fn unreachable(provider: &UpstreamProvider, fault: &FetchFault) -> PageError {
    tracing::warn!(fault = %fault, provider = %provider.id, "an upstream provider could not be used");
    match fault {
        FetchFault::Status(400..=499) | FetchFault::Refused(_) | FetchFault::Unreadable | FetchFault::Encoded(_) => {
            PageError::UpstreamRefused
        }
        FetchFault::Status(_) | FetchFault::Forbidden | FetchFault::Unreachable(_) => PageError::UpstreamUnreachable,
    }
}

/// The provider's response fails validation.
pub(crate) fn refused(provider: &UpstreamProvider, reason: &dyn Display) -> PageError {
    tracing::warn!(reason = %reason, provider = %provider.id, "an upstream login was refused");
    PageError::UpstreamRefused
}
