//! The users who logged in with a password in one browser before, as its cookie says (catalogue row SEC-PWD-07).
//!
//! Strangers who guess at a user's password use up the attempts of strangers. Those of a browser in which the user logged in
//! before are counted apart, so that nobody can lock users out of it. The cookie is sealed, names users by subject, and counts
//! only in the epoch of the user's logins in which it was written: to end everything that is logged in ends this as well.

use serde::{Deserialize, Serialize};

use crate::types::id::Subject;
use crate::types::time::{Lifetime, Timestamp};
use crate::users::login_epoch::LoginEpoch;

/// How long a browser stays known after a login.
pub const KNOWN_FOR: Lifetime = Lifetime::seconds(180 * 86_400);

/// How many users a browser is known for. The one who logged in longest ago is forgotten for another.
const MOST_USERS: usize = 5;

/// The users that a browser is known for, the last to log in first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KnownUsers(Vec<KnownUser>);

/// A user that a browser is known for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KnownUser {
    #[serde(rename = "s")]
    subject: Subject,
    #[serde(rename = "e")]
    epoch: LoginEpoch,
    /// A random name of this browser for this user.
    #[serde(rename = "b")]
    browser: String,
    #[serde(rename = "u")]
    until: Timestamp,
}

impl KnownUsers {
    /// The name of the browser for this user, if the user logged in here before in the same epoch.
    #[must_use]
    pub fn browser(&self, subject: &Subject, epoch: LoginEpoch, now: Timestamp) -> Option<&str> {
        let known = |known: &&KnownUser| known.subject == *subject && known.epoch == epoch && !now.reached(known.until);
        self.0.iter().find(known).map(|known| known.browser.as_str())
    }

    /// The users after `subject` has logged in. `browser` is random, and becomes the name if there is none.
    #[must_use]
    pub fn with(self, subject: &Subject, epoch: LoginEpoch, browser: String, now: Timestamp) -> Self {
        let browser = self.browser(subject, epoch, now).map_or(browser, str::to_owned);
        let first = KnownUser { subject: subject.clone(), epoch, browser, until: now.plus(KNOWN_FOR) };
        let others = self.0.into_iter().filter(|known| known.subject != *subject && !now.reached(known.until));
        Self(std::iter::once(first).chain(others).take(MOST_USERS).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{NOW, just_before, subject};

    #[test]
    fn sec_pwd_07_a_browser_is_known_for_a_user_in_one_epoch_and_for_half_a_year() {
        let (alice, first) = (subject("alice"), LoginEpoch::default());
        let known = KnownUsers::default().with(&alice, first, "b1".into(), NOW);
        let end = NOW.plus(KNOWN_FOR);
        for (who, epoch, now, expected) in [
            ("alice", first, NOW, Some("b1")),
            ("alice", first, just_before(end), Some("b1")),
            ("alice", first, end, None),
            ("alice", first.next(), NOW, None),
            ("bob", first, NOW, None),
        ] {
            assert_eq!(known.browser(&subject(who), epoch, now), expected, "{who} {epoch:?} {now:?}");
        }
        let again = known.clone().with(&alice, first, "b2".into(), just_before(end));
        assert_eq!(again.browser(&alice, first, end), Some("b1"), "a login prolongs it under the same name");
        let next = known.with(&alice, first.next(), "b2".into(), NOW);
        assert_eq!((next.browser(&alice, first, NOW), next.browser(&alice, first.next(), NOW)), (None, Some("b2")));
    }

    #[test]
    fn a_browser_is_known_for_the_last_five_users_and_the_cookie_stays_small() {
        let first = LoginEpoch::default();
        let name = |number: u32| subject(&format!("subject-of-22-chars-{number:02}"));
        let known = (0..9).fold(KnownUsers::default(), |known, number| {
            known.with(&name(number), first, format!("browser-of-22-chars-{number:02}"), NOW)
        });
        for number in 0..9 {
            assert_eq!(known.browser(&name(number), first, NOW).is_some(), number >= 4, "{number}");
        }
        let stored = serde_json::to_string(&known).unwrap();
        assert!(stored.len() <= 500, "{}", stored.len());
        assert_eq!(serde_json::from_str::<KnownUsers>(&stored).unwrap(), known);
    }
}
