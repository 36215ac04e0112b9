//! Client metadata and the rules that it has to meet (RFC 7591 §2).

pub mod authentication_method;
pub mod client_metadata;
pub mod error;
#[cfg(test)]
mod error_tests;
