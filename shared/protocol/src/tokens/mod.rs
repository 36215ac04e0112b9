//! The token endpoint: grants, and the tokens that are issued for them (RFC 6749 §3.2).

mod access;
pub mod access_token;
pub mod bearer;
pub mod client_credentials;
pub mod code_grant;
#[cfg(test)]
mod code_grant_tests;
pub mod context;
pub mod device_code;
pub mod device_grant;
pub mod entitlement;
pub mod error;
pub mod grant;
pub mod id_token;
pub mod mapped_claims;
pub mod refresh_grant;
#[cfg(test)]
mod refresh_grant_tests;
pub mod refresh_token;
pub mod request;
