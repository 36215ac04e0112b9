//! Points in time and lengths of time. The clock itself is an argument.

use serde::{Deserialize, Serialize};

/// The maximum clock skew between two functions of this server.
pub const OWN_CLOCK_SKEW: Lifetime = Lifetime::seconds(5);

/// The maximum clock skew of other parties; see [`ExternalClock`](crate::types::external_time::ExternalClock).
pub const EXTERNAL_CLOCK_SKEW: Lifetime = Lifetime::seconds(10);

/// A point in time, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The point `millis` milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// The point `seconds` seconds after the epoch.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the epoch: the `NumericDate` of RFC 7519 §2.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// The point `lifetime` later.
    #[must_use]
    pub const fn plus(self, lifetime: Lifetime) -> Self {
        Self(self.0.saturating_add(lifetime.millis()))
    }

    /// The point `lifetime` earlier, the epoch at the earliest.
    #[must_use]
    pub const fn minus(self, lifetime: Lifetime) -> Self {
        Self(self.0.saturating_sub(lifetime.millis()))
    }

    /// Whether something read or created at this time is younger than `age` at `now`. Times in the future are not:
    /// after a clock step backwards everything counts as old (catalogue row SEC-TIME-04).
    #[must_use]
    pub const fn is_younger(self, age: Lifetime, now: Self) -> bool {
        now.reached(self) && !now.reached(self.plus(age))
    }

    /// Whether `expiry` has been reached: something expires at its expiry, not after it.
    #[must_use]
    pub const fn reached(self, expiry: Self) -> bool {
        self.0 >= expiry.0
    }
}

/// Stores an unknown time as the epoch. Versions without unknown times can read it, and treat it as long ago.
pub mod unstated_as_epoch {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Timestamp;

    /// Serializes the time.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        time.unwrap_or_default().serialize(serializer)
    }

    /// Deserializes the time.
    ///
    /// # Errors
    ///
    /// Those of a [`Timestamp`].
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        Timestamp::deserialize(deserializer).map(|time| (time != Timestamp::default()).then_some(time))
    }
}

/// A length of time in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lifetime(u32);

impl Lifetime {
    /// `seconds` seconds.
    #[must_use]
    pub const fn seconds(seconds: u32) -> Self {
        Self(seconds)
    }

    /// The length in seconds.
    #[must_use]
    pub const fn as_seconds(self) -> u32 {
        self.0
    }

    /// Its milliseconds.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0 as u64 * 1000
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sec_time_04_a_value_is_young_until_its_age_and_never_from_the_future() {
        let read = Timestamp::from_seconds(60);
        let table = [(59_999, false), (60_000, true), (69_999, true), (70_000, false)];
        for (now, expected) in table {
            assert_eq!(read.is_younger(Lifetime::seconds(10), Timestamp::from_millis(now)), expected, "{now}");
        }
    }

    #[test]
    fn something_is_expired_at_its_expiry() {
        let expiry = Timestamp::from_seconds(60);
        assert!(!Timestamp::from_millis(59_999).reached(expiry));
        assert!(expiry.reached(expiry));
    }

    #[test]
    fn times_are_milliseconds_and_lifetimes_are_seconds() {
        let at = Timestamp::from_millis(1_999);
        assert_eq!((at.millis(), at.seconds()), (1_999, 1));
        assert_eq!(at.plus(Lifetime::seconds(2)), Timestamp::from_millis(3_999));
        assert_eq!(at.minus(Lifetime::seconds(1)), Timestamp::from_millis(999));
        assert_eq!(at.minus(Lifetime::seconds(2)), Timestamp::from_millis(0));
        assert_eq!((Timestamp::from_seconds(2).millis(), Lifetime::seconds(3).as_seconds()), (2_000, 3));
    }

    proptest! {
        #[test]
        fn sec_time_01_no_time_overflows(at in any::<u64>(), length in any::<u32>()) {
            let (at, length) = (Timestamp::from_millis(at), Lifetime::seconds(length));
            prop_assert!(at.plus(length) >= at);
            prop_assert!(at.minus(length) <= at);
            prop_assert!(Timestamp::from_seconds(u64::MAX).reached(at));
        }
    }
}
