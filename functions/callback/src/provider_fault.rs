//! How it is logged, and what the user is told, when a provider cannot be used or says no.

use std::fmt::Display;

use http_client::FetchFault;
use protocol::authorization::error::PageError;
use protocol::workspace::upstream_provider::UpstreamProvider;

/// The provider cannot be reached, or its answer cannot be read.
pub(crate) fn unreachable(provider: &UpstreamProvider, fault: &FetchFault) -> PageError {
    tracing::warn!(fault = %fault, provider = %provider.id, "an upstream provider could not be used");
    match fault {
        FetchFault::Status(400..=499) | FetchFault::Refused(_) | FetchFault::Unreadable | FetchFault::Encoded(_) => {
            PageError::UpstreamRefused
        }
        FetchFault::Status(_) | FetchFault::Forbidden | FetchFault::Unreachable(_) => PageError::UpstreamUnreachable,
    }
}

/// What the provider says cannot be believed.
pub(crate) fn refused(provider: &UpstreamProvider, reason: &dyn Display) -> PageError {
    tracing::warn!(reason = %reason, provider = %provider.id, "an upstream login was refused");
    PageError::UpstreamRefused
}
