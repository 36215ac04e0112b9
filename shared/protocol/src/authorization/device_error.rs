//! Errors of the device authorization endpoint (RFC 8628 §3.2).

use thiserror::Error;

use crate::authorization::error::RedirectError;
use crate::client_authentication::credentials::ClientAuthenticationError;
use crate::clients::resource_indicator::InvalidTarget;
use crate::syntax::form_fault::FormFault;
use crate::syntax::parameters::ParameterError;

/// Why a device authorization request is refused.
#[derive(Debug, Error)]
pub enum DeviceError {
    /// The form cannot be read.
    #[error(transparent)]
    Form(#[from] FormFault),
    /// The client is unknown, or its credentials are wrong.
    #[error(transparent)]
    Client(#[from] ClientAuthenticationError),
    /// The workspace does not offer this grant.
    #[error("device_authorization is off in this workspace")]
    Off,
    /// The client is not registered for this grant.
    #[error("the client is not registered for the grant type urn:ietf:params:oauth:grant-type:device_code")]
    UnauthorizedClient,
    /// A scope that is malformed or not registered for the client.
    #[error(transparent)]
    Refused(RedirectError),
    /// A resource that is malformed or not registered for the client.
    #[error(transparent)]
    InvalidTarget(#[from] InvalidTarget),
    /// One address sends requests too fast.
    #[error("too many device requests came from this address: wait {0} seconds")]
    TooMany(u32),
    /// The store or a key is unavailable. Either nothing was stored, or its codes are lost.
    #[error("the service is not available at the moment: try again")]
    Unavailable,
}

impl DeviceError {
    /// The status and `error` code, as at the token endpoint (RFC 8628 §3.2, RFC 6749 §5.2).
    #[must_use]
    pub const fn response(&self) -> (u16, &'static str) {
        match self {
            Self::Form(fault) => fault.response(),
            Self::Client(error) => error.response(),
            Self::Off => (400, "unsupported_grant_type"),
            Self::UnauthorizedClient => (400, "unauthorized_client"),
            Self::Refused(error) => (400, error.code()),
            Self::InvalidTarget(_) => (400, "invalid_target"),
            Self::TooMany(_) => (429, "too_many_requests"),
            Self::Unavailable => (503, "temporarily_unavailable"),
        }
    }
}

impl From<ParameterError> for DeviceError {
    fn from(error: ParameterError) -> Self {
        Self::Form(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_its_code() {
        let table = [
            (DeviceError::Form(FormFault::ContentType), 400, "invalid_request"),
            (DeviceError::Client(ClientAuthenticationError::Malformed), 401, "invalid_client"),
            (DeviceError::Off, 400, "unsupported_grant_type"),
            (DeviceError::UnauthorizedClient, 400, "unauthorized_client"),
            (DeviceError::TooMany(7), 429, "too_many_requests"),
            (DeviceError::Unavailable, 503, "temporarily_unavailable"),
        ];
        for (error, status, code) in table {
            assert_eq!(error.response(), (status, code), "{error}");
        }
    }
}
