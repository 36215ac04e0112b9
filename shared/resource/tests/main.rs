//! Invalid tokens, key rollover, and unreachable issuers.
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
