//! Fault injection at the connection to the store, in KMS, and in the clock.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test panics when an expectation fails")]

mod assertions;
mod clock;
mod commits;
mod given;
mod injected;
mod items;
mod kms;
mod pool;
mod races;
mod refresh;
mod restored;
mod rs256_key;
mod sealing;
