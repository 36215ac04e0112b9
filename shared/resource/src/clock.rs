//! The time, as an argument.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Tells the time. Tests bring one that stands still.
pub trait Clock: Send + Sync {
    /// The time since the Unix epoch.
    fn now(&self) -> Duration;
}

/// The system's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "a crate that stands by itself reads the clock in one place of its own"
    )]
    fn now(&self) -> Duration {
        // Before the epoch nothing is valid yet, so a clock that is so wrong refuses everything.
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

impl<F: Fn() -> Duration + Send + Sync> Clock for F {
    fn now(&self) -> Duration {
        self()
    }
}
