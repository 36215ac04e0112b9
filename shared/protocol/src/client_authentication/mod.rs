//! Client authentication: from credentials to an authenticated client (RFC 6749 §2.3, RFC 7523 §3).

pub mod assertion;
pub mod authenticated_client;
mod basic;
pub mod credentials;
