//! The mailbox of a laptop: what would have been sent, for as long as the process runs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::letter::Letter;

/// How many messages are kept.
pub const KEPT: usize = 100;

/// A message in the mailbox.
#[derive(Clone)]
pub struct Received {
    /// Its number, from 1.
    pub number: u64,
    /// The message.
    pub letter: Arc<Letter>,
}

/// The mailbox: the latest messages, in memory.
#[derive(Default)]
pub struct Mailbox(Mutex<State>);

#[derive(Default)]
struct State {
    last: u64,
    kept: VecDeque<Received>,
}

impl Mailbox {
    pub(crate) fn put(&self, letter: Letter) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.last += 1;
        let received = Received { number: state.last, letter: Arc::new(letter) };
        state.kept.push_front(received);
        state.kept.truncate(KEPT);
    }

    /// The messages, the latest first.
    #[must_use]
    pub fn all(&self) -> Vec<Received> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).kept.iter().cloned().collect()
    }

    /// The message with this number, if it is still there.
    #[must_use]
    pub fn find(&self, number: u64) -> Option<Received> {
        self.all().into_iter().find(|received| received.number == number)
    }
}

#[cfg(test)]
mod tests {
    use protocol::users::mail::MailAddress;

    use super::*;

    #[test]
    fn the_latest_hundred_are_kept() {
        let mailbox = Mailbox::default();
        let address = MailAddress::parse("alice@example.com").unwrap();
        for number in 1..=150_u64 {
            let (from, to, subject) = (address.clone(), address.clone(), number.to_string());
            let (text, html) = (String::new(), String::new());
            mailbox.put(Letter { from, from_name: String::new(), reply_to: None, to, subject, text, html });
        }
        let numbers: Vec<u64> = mailbox.all().iter().map(|received| received.number).collect();
        assert_eq!((numbers.len(), numbers.first(), numbers.last()), (100, Some(&150), Some(&51)));
        assert_eq!(mailbox.find(51).unwrap().letter.subject, "51");
        assert!(mailbox.find(50).is_none());
    }
}
