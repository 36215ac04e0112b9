//! Limits how often KMS is asked for signatures: a token bucket that learns its fill rate from throttling.
//!
//! KMS counts the signatures of a whole account, and execution environments cannot see each other, so each has to estimate
//! its own share. Nothing is limited until KMS throttles. Then the bucket fills at the rate, and with the share, of the
//! signatures granted in the second before: additively and multiplicatively, because some environments are busy and some are
//! mostly idle, and either can change within a second. Further throttling cuts both; they grow slowly until 750 ms have
//! passed without throttling, then double every tenth of a second until everything is admitted. Requests beyond the limit
//! are refused locally, without a call.
//!
//! The time is an argument, so that tests can simulate it.

use std::collections::VecDeque;
use std::time::Duration;

/// The time window over which signatures are counted.
const WINDOW: Duration = Duration::from_secs(1);
/// The factor by which throttling cuts rate and share.
const CUT: f64 = 0.7;
/// The duration of one cut: calls throttled within the same interval carry the same information.
const CUT_LASTS: Duration = Duration::from_millis(250);
/// How long after the last throttling it is considered over.
const OVER_AFTER: Duration = Duration::from_millis(750);
/// How long KMS is not called at all after two consecutive throttled calls. This is rare for a quota that is refilled
/// continuously; a quota that is counted per second is then used up until the next second.
const PAUSE: Duration = Duration::from_millis(500);
/// The growth per second, as an exponent, while throttling lasts and after it is over.
const SLOW_GROWTH: f64 = 0.2;
const FAST_GROWTH: f64 = 7.5;
/// The lowest rate, in signatures per second, and the lowest share.
const LOWEST_RATE: f64 = 1.0;
const LOWEST_SHARE: f64 = 0.05;
/// The bucket holds the signatures of a fifth of a second, but at least those of one code exchange. More would reach KMS
/// at once.
const SAVED_AT_LEAST: f64 = 2.0;
const SAVED_SECONDS: f64 = 0.2;

/// A token bucket whose limit is learned. `now` is the time since any fixed moment.
#[derive(Debug, Default)]
pub(crate) struct TokenBucket {
    limit: Option<Limit>,
    /// The times at which the signatures of the last second were requested.
    asked: VecDeque<Duration>,
    /// The times at which they were granted, if they were.
    granted: VecDeque<Duration>,
    /// When KMS last throttled, if it has granted nothing since.
    refused: Option<Duration>,
    /// Until when KMS is not called.
    paused_until: Duration,
}

/// The limit while KMS throttles.
#[derive(Debug)]
struct Limit {
    /// The constant fill rate, in signatures per second.
    rate: f64,
    /// The fraction of requested signatures that fills the bucket, if that is more.
    share: f64,
    /// The remaining signatures; negative if more were taken.
    tokens: f64,
    /// When the three values were computed.
    at: Duration,
    /// When KMS last throttled.
    throttled: Duration,
    /// When rate and share were last cut.
    cut: Duration,
}

impl TokenBucket {
    /// Takes all `signatures` of one response, or none: half a response is useless. Returns whether they may be
    /// requested from KMS.
    pub(crate) fn take(&mut self, signatures: u32, now: Duration) -> bool {
        forget(&mut self.asked, now);
        self.asked.extend((0..signatures).map(|_| now));
        let paused = now < self.paused_until;
        let Some((limit, elapsed)) = self.current(now) else { return true };
        let wanted = f64::from(signatures);
        let earned = (limit.rate * elapsed).max(limit.share.min(1.0) * wanted);
        limit.tokens = (limit.tokens + earned).min((limit.rate * SAVED_SECONDS).max(SAVED_AT_LEAST));
        let enough = limit.tokens >= wanted && !paused;
        if enough {
            limit.tokens -= wanted;
        }
        enough
    }

    /// Takes one more signature for an admitted response, even if none is left: later responses pay for it.
    pub(crate) fn take_for_retry(&mut self) {
        if let Some(limit) = &mut self.limit {
            limit.tokens -= 1.0;
        }
    }

    /// Records that KMS signed.
    pub(crate) fn granted(&mut self, now: Duration) {
        forget(&mut self.granted, now);
        self.granted.push_back(now);
        self.refused = None;
    }

    /// Records that KMS throttled a call. Returns whether a retry is worthwhile: not if the previous call was throttled
    /// as well.
    pub(crate) fn throttled(&mut self, now: Duration) -> bool {
        let refused = self.refused.replace(now).filter(|refused| now.saturating_sub(*refused) < OVER_AFTER);
        if refused.is_some() {
            self.paused_until = now + PAUSE;
        }
        let learned = self.learned(now);
        match self.current(now) {
            Some((limit, elapsed)) => {
                limit.tokens = (limit.tokens + limit.rate * elapsed).min(0.0);
                limit.throttled = now;
                if now.saturating_sub(limit.cut) >= CUT_LASTS {
                    limit.rate = (limit.rate * CUT).max(LOWEST_RATE);
                    limit.share = (limit.share.min(1.0) * CUT).max(LOWEST_SHARE);
                    limit.cut = now;
                }
            }
            None => self.limit = Some(learned),
        }
        refused.is_none()
    }

    /// The limit learned from the last second.
    fn learned(&mut self, now: Duration) -> Limit {
        forget(&mut self.asked, now);
        forget(&mut self.granted, now);
        let (granted, asked) = (count(&self.granted), count(&self.asked).max(1.0));
        let (rate, share) = (granted.max(LOWEST_RATE), (granted / asked).clamp(LOWEST_SHARE, 1.0));
        Limit { rate, share, tokens: 0.0, at: now, throttled: now, cut: now }
    }

    /// The current limit, if any, after its growth, and the seconds since it was last computed.
    fn current(&mut self, now: Duration) -> Option<(&mut Limit, f64)> {
        let limit = self.limit.as_mut()?;
        let over = limit.throttled + OVER_AFTER;
        let slow = now.min(over).saturating_sub(limit.at).as_secs_f64();
        let fast = now.saturating_sub(limit.at.max(over)).as_secs_f64();
        let growth = (SLOW_GROWTH * slow + FAST_GROWTH * fast).exp();
        limit.rate *= growth;
        limit.share *= growth;
        limit.at = limit.at.max(now);
        // Everything would be admitted anyway.
        self.limit.take_if(|limit| limit.share >= 1.0 && now >= over);
        self.limit.as_mut().map(|limit| (limit, slow + fast))
    }
}

/// Removes times before the window.
fn forget(times: &mut VecDeque<Duration>, now: Duration) {
    while times.front().is_some_and(|time| now.saturating_sub(*time) >= WINDOW) {
        times.pop_front();
    }
}

fn count(times: &VecDeque<Duration>) -> f64 {
    u32::try_from(times.len()).map_or(f64::from(u32::MAX), f64::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// A bucket that was throttled at one second, after `asked` signatures in the second before, of which KMS made the first
    /// `granted`.
    fn throttled_after(asked: u64, granted: u64) -> TokenBucket {
        let mut bucket = TokenBucket::default();
        for number in 0..asked {
            let now = at(1 + number * 999 / asked);
            assert!(bucket.take(1, now), "nothing is limited yet");
            if number < granted {
                bucket.granted(now);
            }
        }
        bucket.throttled(at(1000));
        bucket
    }

    /// Counts the admitted signatures when one is requested every `gap` milliseconds from `from` to `to`.
    fn taken(bucket: &mut TokenBucket, (from, to): (u64, u64), gap: u64) -> u64 {
        (from..to).filter(|now| now.is_multiple_of(gap) && bucket.take(1, at(*now))).map(|_| 1).sum()
    }

    fn limit(bucket: &TokenBucket) -> (f64, f64) {
        let limit = bucket.limit.as_ref().unwrap();
        (limit.rate, limit.share)
    }

    fn close((rate, share): (f64, f64), (expected_rate, expected_share): (f64, f64)) {
        let near = |value: f64, expected: f64| (value / expected - 1.0).abs() < 1e-9;
        assert!(near(rate, expected_rate) && near(share, expected_share), "{rate}, {share}");
    }

    #[test]
    fn nothing_is_limited_before_kms_throttles() {
        let mut bucket = TokenBucket::default();
        assert_eq!(taken(&mut bucket, (0, 5000), 1), 5000);
        bucket.take_for_retry();
        assert!(bucket.take(1_000_000, at(5000)));
    }

    #[test]
    fn rate_and_share_are_those_of_the_second_before() {
        let table = [
            (0, 0, (LOWEST_RATE, LOWEST_SHARE)),
            (1, 1, (1.0, 1.0)),
            (40, 20, (20.0, 0.5)),
            (400, 300, (300.0, 0.75)),
            (100, 1, (1.0, LOWEST_SHARE)),
        ];
        for (asked, granted, expected) in table {
            close(limit(&throttled_after(asked, granted)), expected);
        }
        let mut late = TokenBucket::default();
        for (now, granted) in [(0, 50), (1, 30)] {
            (0..granted).for_each(|_| late.granted(at(now)));
            assert!(late.take(60, at(now)));
        }
        late.throttled(at(1000));
        close(limit(&late), (30.0, 0.5));
    }

    #[test]
    fn a_busy_environment_goes_on_with_its_share_and_an_idle_one_with_its_rate() {
        let mut busy = throttled_after(100, 50);
        let admitted = taken(&mut busy, (1000, 1700), 2);
        assert!((175..=200).contains(&admitted), "half of 350, and a little growth: {admitted}");
        let mut idle = throttled_after(100, 50);
        assert_eq!(taken(&mut idle, (1100, 1700), 25), 24, "40 in a second are fewer than 50");
    }

    #[test]
    fn after_throttling_everything_is_admitted_again_within_a_second() {
        let mut bucket = throttled_after(100, 50);
        let refused = |bucket: &mut TokenBucket, from, to| to - from - taken(bucket, (from, to), 1);
        assert!(refused(&mut bucket, 1000, 1700) > 300);
        assert!(bucket.limit.is_some());
        let _ = refused(&mut bucket, 1700, 2000);
        assert_eq!(refused(&mut bucket, 2000, 4000), 0);
        assert!(bucket.limit.is_none());
    }

    #[test]
    fn further_throttling_cuts_rate_and_share_once_in_a_quarter_of_a_second() {
        let mut bucket = throttled_after(100, 50);
        bucket.throttled(at(1249));
        let grown = (SLOW_GROWTH * 0.249).exp();
        close(limit(&bucket), (50.0 * grown, 0.5 * grown));
        bucket.throttled(at(1250));
        let grown = (SLOW_GROWTH * 0.25).exp() * CUT;
        close(limit(&bucket), (50.0 * grown, 0.5 * grown));
        for quarter in 6..40 {
            bucket.throttled(at(quarter * 250));
        }
        close(limit(&bucket), (LOWEST_RATE, LOWEST_SHARE));
    }

    #[test]
    fn a_retry_is_worthwhile_unless_the_previous_call_was_throttled_too() {
        let mut bucket = TokenBucket::default();
        assert!(bucket.throttled(at(1000)));
        assert!(!bucket.throttled(at(1020)) && !bucket.throttled(at(1700)), "twice in a row");
        assert!(bucket.throttled(at(3200)), "a while later");
        bucket.granted(at(3300));
        assert!(bucket.throttled(at(3301)), "once in a while");
    }

    #[test]
    fn after_two_consecutive_throttled_calls_kms_is_not_called_for_500_ms() {
        let (mut once, mut twice) = (throttled_after(100, 50), throttled_after(100, 50));
        twice.throttled(at(1010));
        assert_eq!(taken(&mut twice, (1010, 1510), 1), 0);
        assert!(taken(&mut twice, (1510, 1700), 1) > 70 && taken(&mut once, (1010, 1210), 1) > 70);
    }

    #[test]
    fn each_throttled_call_extends_the_limit() {
        let mut bucket = throttled_after(10, 10);
        bucket.throttled(at(1500));
        let slow = |seconds: f64| (SLOW_GROWTH * seconds).exp();
        let over = OVER_AFTER.as_secs_f64();
        assert!(bucket.current(at(1500) + OVER_AFTER).is_some());
        close(limit(&bucket), (10.0 * slow(0.5) * CUT * slow(over), CUT * slow(over)));
        assert!(bucket.current(at(1510) + OVER_AFTER).is_some());
        let fast = (FAST_GROWTH * 0.01).exp();
        close(limit(&bucket), (10.0 * slow(0.5) * CUT * slow(over) * fast, CUT * slow(over) * fast));
    }

    #[test]
    fn a_response_gets_all_its_signatures_or_none() {
        let mut bucket = throttled_after(40, 10);
        assert!(!bucket.take(2, at(1050)), "one half was earned");
        assert!(!bucket.take(2, at(1100)), "and the other half, one in all");
        assert!(bucket.take(2, at(1200)), "and a second");
        assert!(!bucket.take(2, at(1201)));
    }

    #[test]
    fn a_retry_is_charged_to_later_requests() {
        let (mut with, mut without) = (throttled_after(40, 20), throttled_after(40, 20));
        with.take_for_retry();
        assert!(without.take(1, at(1050)));
        assert!(!with.take(1, at(1050)) && with.take(1, at(1100)));
    }

    #[test]
    fn the_bucket_holds_at_most_200_ms_worth_of_signatures() {
        for (rate, saved) in [(2, 2), (100, 23)] {
            let mut bucket = throttled_after(rate * 20, rate);
            let now = at(1700);
            bucket.limit.as_mut().unwrap().tokens = 1000.0;
            assert!(bucket.take(saved, now));
            assert!(!bucket.take(2, now), "{rate}");
        }
    }

    #[test]
    fn a_clock_that_steps_back_is_harmless() {
        let mut bucket = throttled_after(10, 5);
        bucket.granted(at(0));
        bucket.throttled(at(500));
        assert!(!bucket.take(1, at(0)));
        close(limit(&bucket), (5.0, 0.5));
    }

    proptest! {
        /// Whenever requests come, no more is admitted than was saved up and than rate and share yield.
        #[test]
        fn the_limit_is_enforced(asked in 2_u64..200, part in 1_u64..4, gaps in prop::collection::vec(1_u64..40, 1..300)) {
            let mut bucket = throttled_after(asked, asked / part);
            let (mut now, mut wanted, mut admitted) = (1000, 0_u32, 0_u32);
            for gap in gaps {
                now += gap;
                if now >= 1750 { break }
                wanted += 2;
                if bucket.take(2, at(now)) { admitted += 2 }
            }
            let (rate, share) = limit(&bucket);
            let bound = rate * at(now).saturating_sub(at(1000)).as_secs_f64() + share.min(1.0) * f64::from(wanted);
            prop_assert!(f64::from(admitted) <= bound + SAVED_AT_LEAST, "{admitted} of {bound}");
        }
    }
}
