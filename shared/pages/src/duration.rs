//! Durations as people say them.

/// A number of seconds, minutes, hours or days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Duration {
    /// The unit, as messages call it.
    pub(crate) unit: &'static str,
    /// How many.
    pub(crate) count: u32,
}

impl Duration {
    /// `seconds` in the largest unit that says it well.
    pub(crate) const fn of(seconds: u32) -> Self {
        let (unit, length) = match seconds {
            0..120 => ("second", 1),
            120..3600 | 3601..7200 => ("minute", 60),
            3600 | 7200..172_800 => ("hour", 3600),
            _ => ("day", 86_400),
        };
        Self { unit, count: seconds / length }
    }
}

#[cfg(test)]
mod tests {
    use super::Duration;

    #[test]
    fn a_duration_is_in_the_largest_unit_that_says_it_well() {
        let table = [
            (1, "second", 1),
            (60, "second", 60),
            (600, "minute", 10),
            (3600, "hour", 1),
            (5400, "minute", 90),
            (86_400, "hour", 24),
            (2_592_000, "day", 30),
        ];
        for (seconds, unit, count) in table {
            assert_eq!(Duration::of(seconds), Duration { unit, count }, "{seconds}");
        }
    }
}
