//! Retry limits for URLs that could not be fetched (catalogue row SEC-SSRF-07).

use protocol::types::time::{Lifetime, Timestamp};

/// How long one failure counts.
const RECOVERY: Lifetime = Lifetime::seconds(10);

/// How far the failure debt may run ahead before requests are held back: five failures at once.
const TOLERANCE: Lifetime = Lifetime::seconds(40);

/// The failures of one URL. The first five may be retried immediately; then one request every ten seconds is allowed,
/// because unauthenticated parties may cause these requests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Failures(Option<Timestamp>);

impl Failures {
    /// Whether the URL may be requested at `now`.
    #[must_use]
    pub fn may_ask(self, now: Timestamp) -> bool {
        now.plus(TOLERANCE).reached(self.forgotten(now))
    }

    /// Counts a failure at `now`.
    pub fn failed(&mut self, now: Timestamp) {
        self.0 = Some(self.forgotten(now).plus(RECOVERY));
    }

    /// When all failures are forgotten. They are also forgotten after the clock was set back (catalogue row
    /// SEC-TIME-04).
    fn forgotten(self, now: Timestamp) -> Timestamp {
        let latest = now.plus(TOLERANCE).plus(RECOVERY);
        self.0.filter(|at| *at > now && latest.reached(*at)).unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts the requests allowed from `from` to `until`, with one failing attempt per second.
    fn asked(failures: &mut Failures, from: u64, until: u64) -> usize {
        (from..until).filter(|second| fails(failures, Timestamp::from_seconds(*second))).count()
    }

    /// Whether a failing request is allowed at `now`.
    fn fails(failures: &mut Failures, now: Timestamp) -> bool {
        let asked = failures.may_ask(now);
        if asked {
            failures.failed(now);
        }
        asked
    }

    #[test]
    fn sec_ssrf_07_the_first_failures_are_retried_at_once_and_later_ones_every_ten_seconds() {
        let (mut failures, now) = (Failures::default(), Timestamp::from_seconds(1000));
        assert_eq!((0..20).filter(|_| fails(&mut failures, now)).count(), 5);
        assert_eq!(asked(&mut failures, 1001, 1010), 0);
        assert_eq!(asked(&mut failures, 1010, 1110), 10);
        assert_eq!(asked(&mut failures, 2000, 2001), 1);
    }

    #[test]
    fn sec_time_04_setting_the_clock_back_clears_failures() {
        let (mut failures, now) = (Failures::default(), Timestamp::from_seconds(10_000));
        (0..5).for_each(|_| failures.failed(now));
        assert!(!failures.may_ask(now) && failures.may_ask(Timestamp::from_seconds(5_000)));
    }
}
