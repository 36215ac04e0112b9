//! Limits on wrong user codes (RFC 8628 §5.1, catalogue row SEC-DEV-02).
//!
//! Codes are short because people type them, so only few guesses can be allowed. An attempt is counted before its code is
//! looked up, for the account, the address and the workspace, and taken back if the code was right.

use crate::types::rate_limit::{CounterKey, RateLimit, Verdict};
use crate::types::time::{Lifetime, Timestamp};
use crate::users::user_key::UserKey;

/// How many wrong codes an account may enter per day. The limit applies to the account, because logging in again creates a
/// new session.
pub const OF_ACCOUNT: RateLimit = RateLimit::new("user-code-account", 5, Lifetime::seconds(86_400));

/// How many wrong codes may come from one address per hour.
pub const OF_ADDRESS: RateLimit = RateLimit::new("user-code-address", 100, Lifetime::seconds(3600));

/// How many wrong codes a workspace sees per hour before it limits every account further.
pub const OF_WORKSPACE: RateLimit = RateLimit::new("user-code-workspace", 1000, Lifetime::seconds(3600));

/// How many wrong codes an account may enter per day while the workspace limits every account. Users who type the right code
/// at once notice nothing.
const SLOWED_DOWN: u64 = 1;

/// The counters of one attempt.
pub struct AttemptCounters {
    /// Of the account.
    pub account: CounterKey,
    /// Of the address.
    pub address: CounterKey,
    /// Of the workspace.
    pub workspace: CounterKey,
}

/// The counts, including this attempt.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// Of the account.
    pub account: u64,
    /// Of the address.
    pub address: u64,
    /// Of the workspace.
    pub workspace: u64,
}

impl AttemptCounters {
    /// The counters of an attempt of `user` from `address` at `now`.
    #[must_use]
    pub fn new(user: UserKey<'_>, address: &str, now: Timestamp) -> Self {
        Self {
            account: OF_ACCOUNT.counter(&user.digest().encoded(), now),
            address: OF_ADDRESS.counter(address, now),
            workspace: OF_WORKSPACE.counter("workspace", now),
        }
    }

    /// Whether the code of this attempt may be looked up.
    pub fn verdict(&self, counted: Counted, now: Timestamp) -> Verdict {
        let slowed = Self::is_slowed_down(counted);
        let of_account = if slowed { OF_ACCOUNT.of_at_most(SLOWED_DOWN) } else { OF_ACCOUNT };
        match of_account.verdict(&self.account, counted.account, now) {
            Verdict::Within => OF_ADDRESS.verdict(&self.address, counted.address, now),
            exceeded @ Verdict::Exceeded(_) => exceeded,
        }
    }

    /// Whether the number of wrong codes in the workspace indicates guessing from many accounts and addresses.
    #[must_use]
    pub const fn is_slowed_down(counted: Counted) -> bool {
        counted.workspace > OF_WORKSPACE.most()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorization::user_code::CODES;
    use crate::fixtures::{NOW, session};
    use crate::types::lifetimes::Lifetimes;

    fn verdict(account: u64, address: u64, workspace: u64) -> Verdict {
        let session = session();
        AttemptCounters::new(session.user(), "192.0.2.1", NOW).verdict(Counted { account, address, workspace }, NOW)
    }

    /// With M live codes, an account hits one of them per day with a probability of at most 2^-32 M.
    #[test]
    fn sec_dev_02_the_chance_to_guess_a_code_is_bounded() {
        let in_a_day = |limit: RateLimit| limit.most() * (86_400 / u64::from(limit.window().as_seconds()));
        assert_eq!(in_a_day(OF_ACCOUNT), 5);
        // 5 / CODES <= 2^-32, in integers.
        assert!(in_a_day(OF_ACCOUNT) << 32 <= CODES);
        // All accounts of one address together: less than one in ten million, for each live code and day.
        assert!(in_a_day(OF_ADDRESS) * 10_000_000 <= CODES);
        // All accounts and addresses together, until each account has one attempt left: less than one in a million.
        assert!(in_a_day(OF_WORKSPACE) * 1_000_000 <= CODES);
        let longest = Lifetimes { device_request: Lifetime::seconds(601), ..Lifetimes::default() };
        assert!(longest.out_of_bounds().is_some(), "a code lives ten minutes at most");
        assert_eq!(Lifetimes::default().device_request, Lifetime::seconds(600));
    }

    #[test]
    fn sec_dev_02_wrong_codes_are_limited_by_account_and_address_and_slowed_down_by_workspace() {
        assert_eq!(verdict(5, 100, 1000), Verdict::Within);
        assert!(matches!(verdict(6, 1, 1), Verdict::Exceeded(_)));
        assert!(matches!(verdict(1, 101, 1), Verdict::Exceeded(_)));
        assert_eq!(verdict(1, 1, 1001), Verdict::Within);
        assert!(matches!(verdict(2, 1, 1001), Verdict::Exceeded(_)));
    }

    #[test]
    fn an_account_is_counted_by_source_issuer_and_subject() {
        let mut other = session();
        other.issuer = Some("https://op.example".into());
        let key = |session: &crate::users::session::Session| {
            AttemptCounters::new(session.user(), "", NOW).account.id().to_owned()
        };
        assert_ne!(key(&session()), key(&other));
        assert!(!key(&session()).contains("alice"));
    }
}
