//! The authorization endpoint: the request, the decision on it, and the response (RFC 6749 §4.1.1, §4.1.2).

pub mod claims_parameter;
pub mod code;
pub mod code_attempts;
pub mod consent;
pub mod decision;
#[cfg(test)]
mod decision_tests;
pub mod device_error;
pub mod device_request;
pub mod error;
#[cfg(test)]
mod error_tests;
pub mod interaction;
pub mod login_hints;
pub mod pkce;
pub mod push_error;
pub mod pushed_request;
pub mod refusal;
pub mod request;
#[cfg(test)]
mod request_tests;
mod requested_scope;
pub mod response;
pub mod upstream_refusal;
pub mod user_code;
