//! The real function binaries, started and driven the way Lambda does.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test panics when an expectation fails")]

mod environment;
mod events;
mod flow;
mod lambda_http;
mod logout;
mod logs;
mod mail;
mod race;
