//! Client metadata and its validation (RFC 7591 §2).

pub mod account_page;
pub mod authentication_method;
pub mod challenge;
pub mod client_metadata;
#[cfg(test)]
mod client_metadata_tests;
mod consistency;
pub mod device_page;
pub mod error;
#[cfg(test)]
mod error_tests;
mod faults;
