//! Times stated by other parties, by clocks that differ from the local one.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use crate::types::time::{EXTERNAL_CLOCK_SKEW, Lifetime, Timestamp};

/// A time in a JWT of another party: a JSON number of seconds since the epoch, possibly with a fraction (RFC 7519 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumericDate(Timestamp);

impl NumericDate {
    /// The time as stated.
    #[must_use]
    pub const fn stated(self) -> Timestamp {
        self.0
    }

    /// The latest time it can mean: whole seconds are usually truncated.
    #[must_use]
    pub const fn latest(self) -> Timestamp {
        let whole = self.0.millis().is_multiple_of(1000);
        if whole { Timestamp::from_millis(self.0.millis().saturating_add(999)) } else { self.0 }
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Seconds)
    }
}

struct Seconds;

impl Visitor<'_> for Seconds {
    type Value = NumericDate;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number of seconds since the epoch")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<NumericDate, E> {
        Ok(NumericDate(Timestamp::from_seconds(seconds)))
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<NumericDate, E> {
        let out_of_range = || E::invalid_value(Unexpected::Float(seconds), &self);
        // Only a length of time; no clock is read.
        let since_epoch = core::time::Duration::try_from_secs_f64(seconds).map_err(|_| out_of_range())?;
        let millis = u64::try_from(since_epoch.as_millis()).map_err(|_| out_of_range())?;
        Ok(NumericDate(Timestamp::from_millis(millis)))
    }
}

/// The clock of another party. It may be up to [`EXTERNAL_CLOCK_SKEW`] ahead of or behind the local clock, so every
/// time that it states gets that much leeway, whatever the claim (catalogue row SEC-JWT-07).
#[derive(Clone, Copy, Debug)]
pub struct ExternalClock {
    now: Timestamp,
}

impl ExternalClock {
    /// The clock of another party while the local clock shows `now`.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self { now }
    }

    /// The local time by which `stated` has certainly been reached on that clock.
    #[must_use]
    pub const fn end(stated: Timestamp) -> Timestamp {
        stated.plus(EXTERNAL_CLOCK_SKEW)
    }

    /// Whether `stated` may still be in the future.
    #[must_use]
    pub const fn is_before(self, stated: Timestamp) -> bool {
        !self.now.reached(Self::end(stated))
    }

    /// Whether `stated` may be now or in the past.
    #[must_use]
    pub fn has_reached(self, stated: Timestamp) -> bool {
        stated <= self.now.plus(EXTERNAL_CLOCK_SKEW)
    }

    /// Whether `stated` may be at most `ahead` in the future.
    #[must_use]
    pub fn reaches_within(self, stated: Timestamp, ahead: Lifetime) -> bool {
        stated <= self.now.plus(ahead).plus(EXTERNAL_CLOCK_SKEW)
    }

    /// Whether `stated` may be no earlier than `ours`, a local time.
    #[must_use]
    pub fn is_since(stated: Timestamp, ours: Timestamp) -> bool {
        stated.plus(EXTERNAL_CLOCK_SKEW) >= ours
    }

    /// Whether `stated` may be at most `age` ago.
    #[must_use]
    pub fn is_within(self, stated: Timestamp, age: Lifetime) -> bool {
        Self::is_since(stated, self.now.minus(age))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Option<u64> {
        serde_json::from_str::<NumericDate>(text).ok().map(|date| date.stated().millis())
    }

    #[test]
    fn a_date_is_a_json_number_with_or_without_a_fraction() {
        let table = [
            ("0", Some(0)),
            ("1790000000", Some(1_790_000_000_000)),
            ("1790000000.0", Some(1_790_000_000_000)),
            ("1790000000.25", Some(1_790_000_000_250)),
            ("1.79e9", Some(1_790_000_000_000)),
            ("18446744073709551615", Some(u64::MAX)),
            ("1e300", None),
            ("-1", None),
            ("-0.5", None),
            ("\"1790000000\"", None),
            ("null", None),
            ("true", None),
            ("[1]", None),
            ("{}", None),
        ];
        for (text, expected) in table {
            assert_eq!(parsed(text), expected, "{text}");
        }
    }

    #[test]
    fn whole_seconds_stand_for_any_moment_of_that_second() {
        let latest = |text: &str| serde_json::from_str::<NumericDate>(text).unwrap().latest().millis();
        assert_eq!((latest("1790000000"), latest("1790000000.5")), (1_790_000_000_999, 1_790_000_000_500));
        assert_eq!(latest("18446744073709551615"), u64::MAX);
    }

    #[test]
    fn sec_jwt_07_ten_seconds_are_given_to_a_clock_in_both_directions() {
        let (now, millisecond) = (Timestamp::from_seconds(1000), |at| Timestamp::from_millis(at));
        let clock = ExternalClock::at(now);
        assert!(clock.is_before(millisecond(990_001)) && !clock.is_before(millisecond(990_000)));
        assert_eq!(ExternalClock::end(millisecond(990_000)), now);
        assert!(clock.has_reached(millisecond(1_010_000)) && !clock.has_reached(millisecond(1_010_001)));
        let minute = Lifetime::seconds(60);
        assert!(clock.reaches_within(millisecond(1_070_000), minute));
        assert!(!clock.reaches_within(millisecond(1_070_001), minute));
        assert!(clock.is_within(millisecond(930_000), minute) && !clock.is_within(millisecond(929_999), minute));
        assert!(
            ExternalClock::is_since(millisecond(990_000), now) && !ExternalClock::is_since(millisecond(989_999), now)
        );
    }

    proptest! {
        #[test]
        fn every_number_is_read_or_refused(number in any::<f64>()) {
            let _ = parsed(&number.to_string());
        }
    }
}
