//! Client authentication: from credentials to an authenticated client (RFC 6749 §2.3, RFC 7523 §3).

pub mod assertion;
#[cfg(test)]
mod assertion_tests;
pub mod authenticated_client;
mod basic;
pub mod credentials;
#[cfg(test)]
mod credentials_tests;
