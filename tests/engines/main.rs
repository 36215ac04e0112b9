//! The contract of the store: what it guarantees on every engine that speaks the DynamoDB protocol, and what it relies
//! on.
//!
//! `cargo test` runs it against the embedded engine; `bash tests/engines/run` runs the same tests against DynamoDB
//! Local and `MiniStack`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test panics when an expectation fails")]

mod assertions;
mod configuration;
mod counters;
mod engine;
mod given;
mod grants;
mod items;
mod keys;
mod login_attempts;
mod pool_users;
mod races;
mod refreshing;
mod sessions;
mod users;
mod waiting_requests;
