//! What the specifications say, one document a module.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops when something is not as it must be"
)]

mod cost;
mod discovery;
mod documents;
mod flow;
mod front;
mod providers;
mod roles;
mod structure;
mod workspace_schema;
