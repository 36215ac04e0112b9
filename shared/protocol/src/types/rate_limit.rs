//! Rate limits for unauthenticated requests.

use crate::types::network::network;
use crate::types::secret::{Secret, SecretHash};
use crate::types::time::{Lifetime, Timestamp};

/// A maximum number of requests per window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// The name of the limit, as used in counters.
    name: &'static str,
    /// The maximum number in a window.
    most: u64,
    /// The length of a window.
    window: Lifetime,
}

/// The counter of one sender in one window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterKey {
    id: String,
    ends: Timestamp,
}

/// Whether a limit is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// It is kept.
    Within,
    /// It is exceeded: the next window begins in this number of seconds.
    Exceeded(u32),
}

impl RateLimit {
    /// At most `most` requests in each `window`, counted under `name`.
    #[must_use]
    pub const fn new(name: &'static str, most: u64, window: Lifetime) -> Self {
        Self { name, most, window }
    }

    /// The same limit with the maximum `most`.
    #[must_use]
    pub const fn of_at_most(self, most: u64) -> Self {
        Self { most, ..self }
    }

    /// The maximum number in a window.
    #[must_use]
    pub const fn most(&self) -> u64 {
        self.most
    }

    /// The length of a window.
    #[must_use]
    pub const fn window(&self) -> Lifetime {
        self.window
    }

    /// The counter at `now` for the sender at `address`. IPv6 addresses are counted by /64 network, because its holder
    /// has all 2^64 addresses in it. The address itself is not stored.
    #[must_use]
    pub fn counter(&self, address: &str, now: Timestamp) -> CounterKey {
        let window = self.window.millis().max(1);
        let number = now.millis() / window;
        let sender = SecretHash::of(&Secret::new(network(address))).encoded();
        let ends = Timestamp::from_millis((number + 1).saturating_mul(window));
        CounterKey { id: format!("{}#{sender}#{number}", self.name), ends }
    }

    /// The verdict on `counted` requests in the window of `key` at `now`.
    pub fn verdict(&self, key: &CounterKey, counted: u64, now: Timestamp) -> Verdict {
        if counted <= self.most {
            return Verdict::Within;
        }
        let left = key.ends.millis().saturating_sub(now.millis()).div_ceil(1000).max(1);
        Verdict::Exceeded(u32::try_from(left).unwrap_or(u32::MAX))
    }
}

impl CounterKey {
    /// Its id in the store.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When its window ends.
    #[must_use]
    pub const fn ends(&self) -> Timestamp {
        self.ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: RateLimit = RateLimit::new("push", 3, Lifetime::seconds(60));

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn sec_par_08_neighbours_of_ipv6_share_a_counter_and_others_do_not() {
        let same = |left: &str, right: &str| LIMIT.counter(left, at(60)) == LIMIT.counter(right, at(119));
        assert!(same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
        assert!(same("192.0.2.1", "::ffff:192.0.2.1"));
        assert!(same("", ""));
        for (left, right) in [("2001:db8:1:2::1", "2001:db8:1:3::1"), ("192.0.2.1", "192.0.2.2"), ("", "192.0.2.1")] {
            assert!(!same(left, right), "{left} {right}");
        }
    }

    #[test]
    fn a_window_has_a_counter_of_its_own_for_each_limit() {
        let other = RateLimit::new("device", 3, Lifetime::seconds(60));
        let counter = LIMIT.counter("192.0.2.1", at(60));
        assert_eq!(counter.ends(), at(120));
        assert_ne!(counter, LIMIT.counter("192.0.2.1", at(120)));
        assert_ne!(counter.id(), other.counter("192.0.2.1", at(60)).id());
        assert!(!counter.id().contains("192.0.2.1"));
    }

    #[test]
    fn sec_par_07_who_exceeds_a_limit_is_told_how_long_to_wait() {
        let counter = LIMIT.counter("192.0.2.1", at(60));
        for (counted, now, expected) in [
            (3, at(60), Verdict::Within),
            (4, at(60), Verdict::Exceeded(60)),
            (4, Timestamp::from_millis(118_001), Verdict::Exceeded(2)),
            (9, at(120), Verdict::Exceeded(1)),
        ] {
            assert_eq!(LIMIT.verdict(&counter, counted, now), expected, "{counted} {now:?}");
        }
    }
}
