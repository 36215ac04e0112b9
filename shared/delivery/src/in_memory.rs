//! An in-memory queue for local development. It behaves like SQS: a message is redelivered until it is deleted, and
//! dropped after too many deliveries. Its contents are lost when the process exits.

use std::sync::{Mutex, PoisonError};

use protocol::types::time::Timestamp;
use tokio::sync::Notify;
use web::queue::Message;

use crate::schedule::{MAX_RECEIVE_COUNT, VISIBILITY_TIMEOUT};

/// A queue in memory.
#[derive(Default)]
pub struct InMemoryQueue {
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Default)]
struct State {
    last: u64,
    waiting: Vec<Waiting>,
    put_aside: u32,
}

struct Waiting {
    message: Message,
    due: Timestamp,
}

impl InMemoryQueue {
    pub(crate) fn send(&self, bodies: Vec<String>, now: Timestamp) {
        self.with(|state| {
            for body in bodies {
                state.last += 1;
                let message = Message { body, receipt: state.last.to_string(), tries: 0 };
                state.waiting.push(Waiting { message, due: now });
            }
        });
        self.arrived.notify_one();
    }

    pub(crate) fn hide(&self, receipt: &str, until: Timestamp) {
        self.with(|state| {
            for waiting in state.waiting.iter_mut().filter(|waiting| waiting.message.receipt == receipt) {
                waiting.due = until;
            }
        });
    }

    /// Receives the messages that are due at `now`. Each becomes due again unless it is deleted within the visibility
    /// timeout.
    pub fn receive(&self, now: Timestamp) -> Vec<Message> {
        self.with(|state| {
            let before = state.waiting.len();
            state.waiting.retain(|waiting| waiting.message.tries < MAX_RECEIVE_COUNT || !now.reached(waiting.due));
            let put_aside = u32::try_from(before - state.waiting.len()).unwrap_or(u32::MAX);
            if put_aside > 0 {
                tracing::error!(messages = put_aside, "messages were set aside after the maximum number of tries");
                state.put_aside += put_aside;
            }
            let due = state.waiting.iter_mut().filter(|waiting| now.reached(waiting.due));
            due.map(|waiting| {
                waiting.message.tries += 1;
                waiting.due = now.plus(VISIBILITY_TIMEOUT);
                waiting.message.clone()
            })
            .collect()
        })
    }

    /// Deletes a message that was handled.
    pub fn delete(&self, message: &Message) {
        self.with(|state| state.waiting.retain(|waiting| waiting.message.receipt != message.receipt));
    }

    /// When the next message is due, if there is one.
    #[must_use]
    pub fn next(&self) -> Option<Timestamp> {
        self.with(|state| state.waiting.iter().map(|waiting| waiting.due).min())
    }

    /// How many messages were set aside after too many deliveries.
    #[must_use]
    pub fn put_aside(&self) -> u32 {
        self.with(|state| state.put_aside)
    }

    /// Waits until a message has arrived since the last wait.
    pub async fn arrival(&self) {
        self.arrived.notified().await;
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1000);

    fn later(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(1000 + seconds)
    }

    fn bodies(queue: &InMemoryQueue, now: Timestamp) -> Vec<String> {
        queue.receive(now).into_iter().map(|message| message.body).collect()
    }

    #[test]
    fn a_message_that_is_not_deleted_is_delivered_again() {
        let queue = InMemoryQueue::default();
        queue.send(vec!["a".into(), "b".into()], NOW);
        let received = queue.receive(NOW);
        assert_eq!(received.iter().map(|message| message.tries).collect::<Vec<_>>(), [1, 1]);
        queue.delete(&received[0]);
        assert_eq!(bodies(&queue, later(59)), Vec::<String>::new(), "hidden during handling");
        assert_eq!(bodies(&queue, later(60)), ["b"], "its visibility timeout is over");
        queue.hide(&received[1].receipt, later(200));
        assert_eq!(bodies(&queue, later(199)), Vec::<String>::new());
        assert_eq!(queue.next(), Some(later(200)));
        assert_eq!(bodies(&queue, later(200)), ["b"]);
    }

    #[test]
    fn a_message_is_dropped_after_too_many_deliveries() {
        let queue = InMemoryQueue::default();
        queue.send(vec!["a".into()], NOW);
        for hours in 0..u64::from(MAX_RECEIVE_COUNT) {
            assert_eq!(bodies(&queue, later(hours * 3600)), ["a"]);
        }
        assert_eq!(queue.put_aside(), 0);
        assert_eq!(bodies(&queue, later(100 * 3600)), Vec::<String>::new());
        assert_eq!((queue.put_aside(), queue.next()), (1, None));
    }
}
