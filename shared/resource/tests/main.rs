//! Invalid tokens, key rollover, and unreachable issuers.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed assertion stops a test")]
#![expect(clippy::needless_pass_by_value, reason = "tests create values where they pass them")]

mod discovery;
mod given;
mod refused;
mod rollover;
