//! Limits on attempts to log in with a password (NIST SP 800-63B-4 §3.2.2, catalogue rows SEC-PWD-05 to 07).
//!
//! An attempt is reserved before the password is looked at, so that parallel guesses cannot outrun the limit. The first ten
//! are free. After that there is one at a time, and the wait between two doubles from half a minute up to an hour. A right password
//! ends the count, and so does a day without attempts.

use crate::types::id::Subject;
use crate::types::rate_limit::RateLimit;
use crate::types::secret::{Secret, SecretHash};
use crate::types::time::{Lifetime, Timestamp};
use crate::users::identifier::Identifier;

/// How many wrong passwords are free.
pub const FREE: u64 = 10;

/// The first wait, in seconds.
const FIRST_WAIT: u32 = 30;

/// The longest wait, in seconds.
const LONGEST_WAIT: u32 = 3600;

/// After this time without attempts, the count begins anew.
const FORGOTTEN_AFTER: Lifetime = Lifetime::seconds(86_400);

/// How many wrong passwords may come from one address in a quarter of an hour. Many people may share one.
pub const OF_ADDRESS: RateLimit = RateLimit::new("password-address", 100, Lifetime::seconds(900));

/// Whose attempts are counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptsKey(String);

impl AttemptsKey {
    /// Those of strangers for this user, whatever identifier they use.
    #[must_use]
    pub fn of_user(subject: &Subject) -> Self {
        Self::of(&["user", subject.as_str()])
    }

    /// Those of a browser in which this user logged in before. Strangers cannot use them up.
    #[must_use]
    pub fn of_browser(subject: &Subject, browser: &str) -> Self {
        Self::of(&["browser", subject.as_str(), browser])
    }

    /// Those for an identifier that no user has. They are counted like those for a user, so that nobody sees the difference.
    #[must_use]
    pub fn of_nobody(identifier: &Identifier) -> Self {
        Self::of(&["nobody", &identifier.digest().encoded()])
    }

    /// Those for a text that no user can have.
    #[must_use]
    pub fn of_text(typed: &str) -> Self {
        Self::of(&["text", typed])
    }

    fn of(parts: &[&str]) -> Self {
        // No part but the last can contain a line break.
        Self(SecretHash::of(&Secret::new(parts.join("\n"))).encoded())
    }

    /// Its id in the store.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0
    }
}

/// The attempts without success so far, one of which may be going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// How many.
    pub count: u64,
    /// When the next is allowed, if none is free.
    pub next: Timestamp,
    /// When the count begins anew.
    pub forgotten: Timestamp,
}

/// What becomes of another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It can be made; these are the attempts with it.
    Now(Attempts),
    /// It can be made in this number of seconds.
    Later(u32),
}

impl Attempts {
    /// The first attempt, at `now`.
    #[must_use]
    pub const fn first(now: Timestamp) -> Self {
        Self::counted(1, now)
    }

    const fn counted(count: u64, now: Timestamp) -> Self {
        Self { count, next: now.plus(wait_after(count)), forgotten: now.plus(FORGOTTEN_AFTER) }
    }

    /// Whether another attempt can be made at `now`.
    #[must_use]
    pub fn turn(&self, now: Timestamp) -> Turn {
        if now.reached(self.forgotten) {
            return Turn::Now(Self::first(now));
        }
        if self.count < FREE || now.reached(self.next) {
            return Turn::Now(Self::counted(self.count.saturating_add(1), now));
        }
        let seconds = self.next.millis().saturating_sub(now.millis()).div_ceil(1000).max(1);
        Turn::Later(u32::try_from(seconds).unwrap_or(u32::MAX))
    }
}

/// How long to wait after the attempt with this number.
const fn wait_after(count: u64) -> Lifetime {
    let beyond = count.saturating_sub(FREE);
    // From the eighth doubling on it is the longest anyway.
    let doublings = if beyond > 7 { 7 } else { beyond };
    let seconds = FIRST_WAIT << doublings;
    Lifetime::seconds(if seconds > LONGEST_WAIT { LONGEST_WAIT } else { seconds })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::{NOW, just_before, later, subject};
    use crate::users::identifier::IdentifierKind;

    #[test]
    fn sec_pwd_07_ten_attempts_are_free_and_then_the_wait_doubles_up_to_an_hour() {
        let mut attempts = Attempts::first(NOW);
        for count in 2..=10 {
            let Turn::Now(after) = attempts.turn(NOW) else { panic!("attempt {count} is free") };
            assert_eq!(after.count, count);
            attempts = after;
        }
        let (mut now, mut waits) = (NOW, Vec::new());
        for _ in 0..9 {
            let Turn::Later(seconds) = attempts.turn(now) else { panic!("{attempts:?}") };
            waits.push(seconds);
            assert_eq!(attempts.turn(just_before(attempts.next)), Turn::Later(1));
            now = attempts.next;
            let Turn::Now(after) = attempts.turn(now) else { panic!("{attempts:?}") };
            attempts = after;
        }
        assert_eq!(waits, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
    }

    #[test]
    fn sec_pwd_07_a_count_is_released_by_itself() {
        let blocked = Attempts { count: 50, next: later(3600), forgotten: later(86_400) };
        assert_eq!(blocked.turn(just_before(later(3600))), Turn::Later(1));
        assert!(matches!(blocked.turn(later(3600)), Turn::Now(Attempts { count: 51, .. })));
        assert_eq!(blocked.turn(later(86_400)), Turn::Now(Attempts::first(later(86_400))));
    }

    #[test]
    fn sec_pwd_05_attempts_are_counted_by_user_browser_or_unknown_identifier() {
        let email = |text| Identifier::parse(IdentifierKind::Email, text).unwrap();
        let keys = [
            AttemptsKey::of_user(&subject("alice")),
            AttemptsKey::of_user(&subject("bob")),
            AttemptsKey::of_browser(&subject("alice"), "b1"),
            AttemptsKey::of_browser(&subject("alice"), "b2"),
            AttemptsKey::of_nobody(&email("alice@example.com")),
            AttemptsKey::of_nobody(&email("bob@example.com")),
            AttemptsKey::of_text("alice"),
        ];
        for (at, key) in keys.iter().enumerate() {
            assert!(keys.iter().skip(at + 1).all(|other| other != key), "{key:?}");
        }
    }

    proptest! {
        #[test]
        fn no_more_than_a_hundred_attempts_fit_into_three_days(pauses in prop::collection::vec(0_u32..7200, 400)) {
            let (mut attempts, mut now, mut made) = (Attempts::first(NOW), NOW, 1);
            for pause in pauses {
                now = now.plus(Lifetime::seconds(pause));
                if now.reached(later(3 * 86_400)) {
                    break;
                }
                if let Turn::Now(after) = attempts.turn(now) {
                    attempts = after;
                    made += 1;
                }
            }
            prop_assert!(made <= 100, "{made}");
        }
    }
}
