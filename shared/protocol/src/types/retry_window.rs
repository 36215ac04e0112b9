//! The window within which a second use of an authorization code can be the client's own retry.

use serde::{Deserialize, Serialize};

use crate::types::time::Timestamp;

/// How long after a redemption a second valid one can be the client's own retry rather than a replay, in milliseconds
/// (catalogue row SEC-CODE-13). It is less than a second, because conformance tests expect the revocation after one; 0
/// disables it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct RetryWindow(u32);

/// The maximum window.
const LONGEST: u32 = 999;

impl RetryWindow {
    /// Whether `now` is within the window after `redeemed`. The clock that wrote `redeemed` may be ahead.
    #[must_use]
    pub fn covers(self, redeemed: Timestamp, now: Timestamp) -> bool {
        !self.is_empty() && now.millis() < redeemed.millis().saturating_add(self.0.into())
    }

    /// Whether no second use counts as a retry, not even a simultaneous one.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl Default for RetryWindow {
    fn default() -> Self {
        Self(500)
    }
}

impl TryFrom<u32> for RetryWindow {
    type Error = String;

    fn try_from(millis: u32) -> Result<Self, String> {
        if millis <= LONGEST {
            return Ok(Self(millis));
        }
        Err(format!("the retry window of codes is {millis} ms, but may be at most {LONGEST}"))
    }
}

impl From<RetryWindow> for u32 {
    fn from(window: RetryWindow) -> Self {
        window.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_shorter_than_a_second_and_may_be_empty() {
        let parse = |json: &str| serde_json::from_str::<RetryWindow>(json);
        for good in ["0", "500", "999"] {
            assert_eq!(serde_json::to_string(&parse(good).unwrap()).unwrap(), good);
        }
        assert_eq!(parse("500").unwrap(), RetryWindow::default());
        for bad in ["1000", "-1", "0.5", "\"500\"", "4294967296"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse("1000").unwrap_err().to_string().contains("at most 999"));
    }

    #[test]
    fn a_window_covers_uses_within_its_length_and_apparently_earlier_ones() {
        let at = Timestamp::from_millis;
        let table = [
            (500, 1000, true),
            (500, 1499, true),
            (500, 1500, false),
            (500, 900, true),
            (0, 1000, false),
            (0, 900, false),
        ];
        for (millis, now, expected) in table {
            assert_eq!(RetryWindow(millis).covers(at(1000), at(now)), expected, "{millis}, {now}");
        }
    }
}
