//! Requests about a token: introspection (RFC 7662) and revocation (RFC 7009).

pub mod caller;
pub mod introspection;
pub mod request;
