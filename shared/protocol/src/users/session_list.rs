//! The list of a user's sessions, by which the account page finds them.

use crate::types::secret::SecretHash;
use crate::types::time::Timestamp;

/// How many entries the list of a user may have before it is tidied, and how many sessions a user can have.
pub const MAX_SESSIONS: usize = 20;

/// A session in the list of its user. It may have ended: only the session itself says.
#[derive(Clone, Copy)]
pub struct ListedSession {
    /// The hash of its cookie.
    pub cookie: SecretHash,
    /// When it expires at the latest.
    pub expires: Timestamp,
}

impl ListedSession {
    /// The stored form: two words.
    #[must_use]
    pub fn encoded(&self) -> String {
        format!("{} {}", self.cookie.encoded(), self.expires.seconds())
    }

    /// Parses the form that [`ListedSession::encoded`] writes.
    #[must_use]
    pub fn parse(encoded: &str) -> Option<Self> {
        let (cookie, expires) = encoded.split_once(' ')?;
        let expires = Timestamp::from_seconds(expires.parse().ok()?);
        Some(Self { cookie: SecretHash::parse(cookie)?, expires })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{NOW, secret_hash};

    #[test]
    fn an_entry_has_two_words_and_one_form() {
        let entry = ListedSession { cookie: secret_hash("cookie"), expires: Timestamp::from_seconds(NOW.seconds()) };
        let read = ListedSession::parse(&entry.encoded()).unwrap();
        assert!(read.cookie.matches(&entry.cookie) && read.expires == entry.expires);
        assert!(entry.encoded().len() <= 56, "twenty of them are little more than a kilobyte");
        let cookie = entry.cookie.encoded();
        for bad in ["", &cookie, &format!("{cookie} "), &format!("{cookie} -1"), &format!("{cookie} 1 2"), "x 1"] {
            assert!(ListedSession::parse(bad).is_none(), "{bad:?}");
        }
    }
}
