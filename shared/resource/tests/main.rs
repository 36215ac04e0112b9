//! Tokens that must be refused, keys that come and go, issuers that do not answer.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops when something is not as it must be"
)]
#![expect(clippy::needless_pass_by_value, reason = "a test makes its values where it passes them on")]

mod discovery;
mod given;
mod refused;
mod rollover;
