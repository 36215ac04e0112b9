//! Faults of what we depend on, injected at the wire to the store, and of the clock.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops when something is not as it must be")]

mod assertions;
mod clock;
mod commits;
mod given;
mod injected;
mod items;
mod kms;
mod races;
mod refresh;
mod restored;
mod sealing;
