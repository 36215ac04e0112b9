//! Infrastructure faults: logged once, uniformly, and then turned into each endpoint's own error (design invariant 6).

use std::fmt::Display;

use protocol::authorization::device_error::DeviceError;
use protocol::authorization::error::PageError;
use protocol::authorization::push_error::PushError;
use protocol::client_authentication::credentials::ClientAuthenticationError;
use protocol::token_status::caller::CallerError;
use protocol::token_status::request::TokenRequestError;
use protocol::tokens::bearer::BearerError;
use protocol::tokens::error::TokenError;

/// An infrastructure fault that has been logged. Only [`unavailable`] creates one, so none is passed on silently.
#[derive(Clone, Copy, Debug)]
pub struct Unavailable(());

/// Logs `fault` within the request's span: trace id, workspace, client.
#[must_use]
pub fn unavailable(fault: impl Display) -> Unavailable {
    tracing::error!(fault = %fault, "the request cannot be served at the moment");
    Unavailable(())
}

impl From<Unavailable> for PageError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl From<Unavailable> for DeviceError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl From<Unavailable> for PushError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl From<Unavailable> for TokenError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl From<Unavailable> for TokenRequestError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl From<Unavailable> for CallerError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl From<Unavailable> for BearerError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl From<Unavailable> for ClientAuthenticationError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}
