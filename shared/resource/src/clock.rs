//! The clock, as an argument.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Tells the time. Tests use a fixed clock.
pub trait Clock: Send + Sync {
    /// The time since the Unix epoch.
    fn now(&self) -> Duration;
}

/// The system clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "a standalone crate reads the clock itself, in this one place")]
    fn now(&self) -> Duration {
        // Before the epoch no token is valid yet, so a clock that is this wrong refuses everything.
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

impl<F: Fn() -> Duration + Send + Sync> Clock for F {
    fn now(&self) -> Duration {
        self()
    }
}
