//! Messages that are delivered at least once: through SQS in AWS, through a queue in this process on a laptop.
//!
//! Who logs out does not wait until every application has heard of it, and an application that is down at that moment
//! hears of it later. So `logout` puts one message for each application into a queue, durably, and `notify` works it off.
//! Access goes through handles, each named for what it may do (design invariant 8).

mod in_memory;
mod sqs;

use std::sync::Arc;

use protocol::logout::logout_token::LogoutNotice;
use protocol::types::time::{Lifetime, Timestamp};
use thiserror::Error;
use web::queue::Message;

pub use in_memory::InMemoryQueue;
pub use sqs::{Queue, QueueSettings};

/// How often a message is delivered before it is put aside, where somebody has to look. It is the `maxReceiveCount` of
/// the queue in AWS.
pub const MAX_RECEIVE_COUNT: u32 = 8;

/// How long a message that was delivered waits at most for word of it, before it is delivered again. It is the visibility
/// timeout of the queue in AWS: six times what a function may take.
pub const VISIBILITY_TIMEOUT: Lifetime = Lifetime::seconds(60);

/// How long a message waits after `tries` deliveries: ten seconds, then three times as long each time, and at most a
/// quarter of an hour. The last of them comes some fifty minutes after the first.
#[must_use]
pub fn pause(tries: u32) -> Lifetime {
    let thrice = 3_u32.saturating_pow(tries.saturating_sub(1).min(MAX_RECEIVE_COUNT));
    Lifetime::seconds(thrice.saturating_mul(10).min(900))
}

/// What a handle asks of SQS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QueueNeed {
    /// To put messages in.
    Send,
    /// To be given messages, by Lambda, and to put one off.
    Receive,
}

/// The queue did not do what it was asked.
#[derive(Debug, Error)]
#[error("SQS: {0}")]
pub struct DeliveryFault(pub(crate) String);

enum Way {
    Sqs(Queue),
    Held(Arc<InMemoryQueue>),
}

/// May put messages into the queue.
pub struct Deliveries(Way);

impl Deliveries {
    /// What the handle asks of SQS.
    pub const NEEDS: &'static [QueueNeed] = &[QueueNeed::Send];

    /// Through SQS.
    #[must_use]
    pub const fn sqs(queue: Queue) -> Self {
        Self(Way::Sqs(queue))
    }

    /// Through this process.
    #[must_use]
    pub const fn held(queue: Arc<InMemoryQueue>) -> Self {
        Self(Way::Held(queue))
    }

    /// Puts `notices` into the queue. When it returns, each of them will be delivered at least once.
    ///
    /// # Errors
    ///
    /// [`DeliveryFault`]; some of them may have got in.
    pub async fn enqueue(&self, notices: &[LogoutNotice], now: Timestamp) -> Result<(), DeliveryFault> {
        let bodies: Vec<String> = notices.iter().map(LogoutNotice::encoded).collect();
        match &self.0 {
            Way::Sqs(queue) => queue.send(&bodies).await,
            Way::Held(queue) => {
                queue.send(bodies, now);
                Ok(())
            }
        }
    }
}

/// May put off the next delivery of a message that was not heard.
pub struct Postponement(Way);

impl Postponement {
    /// What the handle asks of SQS.
    pub const NEEDS: &'static [QueueNeed] = &[QueueNeed::Receive];

    /// Through SQS.
    #[must_use]
    pub const fn sqs(queue: Queue) -> Self {
        Self(Way::Sqs(queue))
    }

    /// Through this process.
    #[must_use]
    pub const fn held(queue: Arc<InMemoryQueue>) -> Self {
        Self(Way::Held(queue))
    }

    /// Puts `message` off for as long as it has to wait after so many tries.
    ///
    /// # Errors
    ///
    /// [`DeliveryFault`]: it comes again all the same, only sooner or later than it should.
    pub async fn postpone(&self, message: &Message, now: Timestamp) -> Result<(), DeliveryFault> {
        let pause = pause(message.tries);
        match &self.0 {
            Way::Sqs(queue) => queue.hide(&message.receipt, pause).await,
            Way::Held(queue) => {
                queue.hide(&message.receipt, now.plus(pause));
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pause_is_longer_than_the_last_and_all_of_them_end_within_the_hour() {
        let pauses: Vec<u32> = (1..MAX_RECEIVE_COUNT).map(|tries| pause(tries).as_seconds()).collect();
        assert_eq!(pauses, [10, 30, 90, 270, 810, 900, 900]);
        assert!(pauses.iter().sum::<u32>() < 3600);
        assert_eq!(pause(0).as_seconds(), 10);
        assert_eq!(pause(u32::MAX).as_seconds(), 900);
    }
}
