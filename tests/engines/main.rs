//! The contract of the store: what it promises on every engine that speaks DynamoDB's protocol, and what it relies on.
//!
//! `cargo test` holds the embedded engine to it. `bash tests/engines/run` holds the very same tests to Amazon's DynamoDB
//! Local and to `MiniStack`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops when something is not as it must be")]

mod assertions;
mod configuration;
mod engine;
mod given;
mod grants;
mod items;
mod keys;
mod races;
mod refreshing;
mod sessions;
mod users;
