//! Conformance tests: one module per topic.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test panics when an expectation fails"
)]

mod cost;
mod discovery;
mod documents;
mod domains;
mod flow;
mod front;
mod languages;
mod providers;
mod roles;
mod signing_algorithms;
mod source_choice;
mod structure;
mod user_apis;
mod workspace_schema;
