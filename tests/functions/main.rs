//! The real binaries, started and fed as Lambda starts and feeds them.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops when something is not as it must be")]

mod environment;
mod events;
mod flow;
mod lambda_http;
mod logout;
mod logs;
mod race;
