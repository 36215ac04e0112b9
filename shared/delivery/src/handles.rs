//! What functions may do with the queue.

use std::sync::Arc;

use protocol::logout::logout_token::LogoutNotice;
use protocol::types::time::Timestamp;
use protocol::users::mail::SealedMail;
use web::queue::Message;

use crate::fault::DeliveryFault;
use crate::in_memory::InMemoryQueue;
use crate::schedule::pause;
use crate::sqs::Queue;

/// A permission that a handle needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QueueNeed {
    /// Sending messages.
    Send,
    /// To receive messages through Lambda, and to change their visibility.
    Receive,
}

/// A queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QueueName {
    /// Of logout notifications.
    Logout,
    /// Of mail.
    Mail,
}

impl QueueName {
    /// Its name in stacks and documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Mail => "mail",
        }
    }
}

enum Backend {
    Sqs(Queue),
    InMemory(Arc<InMemoryQueue>),
}

impl Backend {
    async fn send(&self, bodies: Vec<String>, now: Timestamp) -> Result<(), DeliveryFault> {
        match self {
            Self::Sqs(queue) => queue.send(&bodies).await,
            Self::InMemory(queue) => {
                queue.send(bodies, now);
                Ok(())
            }
        }
    }
}

/// Sends messages.
pub struct Deliveries(Backend);

impl Deliveries {
    /// The permissions that the handle needs.
    pub const NEEDS: &'static [QueueNeed] = &[QueueNeed::Send];

    /// The handle over SQS.
    #[must_use]
    pub const fn sqs(queue: Queue) -> Self {
        Self(Backend::Sqs(queue))
    }

    /// The handle over a queue in memory.
    #[must_use]
    pub const fn in_memory(queue: Arc<InMemoryQueue>) -> Self {
        Self(Backend::InMemory(queue))
    }

    /// Queues `notices`. Once it returns, each of them will be delivered at least once.
    ///
    /// # Errors
    ///
    /// [`DeliveryFault`]; some of them may have been queued.
    pub async fn enqueue(&self, notices: &[LogoutNotice], now: Timestamp) -> Result<(), DeliveryFault> {
        self.0.send(notices.iter().map(LogoutNotice::encoded).collect(), now).await
    }
}

/// Sends mail.
pub struct Outbox(Backend);

impl Outbox {
    /// The permissions that the handle needs.
    pub const NEEDS: &'static [QueueNeed] = &[QueueNeed::Send];

    /// The handle over SQS.
    #[must_use]
    pub const fn sqs(queue: Queue) -> Self {
        Self(Backend::Sqs(queue))
    }

    /// The handle over a queue in memory.
    #[must_use]
    pub const fn in_memory(queue: Arc<InMemoryQueue>) -> Self {
        Self(Backend::InMemory(queue))
    }

    /// Queues a message. Once it returns, the message will be delivered at least once.
    ///
    /// # Errors
    ///
    /// [`DeliveryFault`]; it may have been queued.
    pub async fn enqueue(&self, mail: &SealedMail, now: Timestamp) -> Result<(), DeliveryFault> {
        self.0.send(vec![mail.encoded()], now).await
    }
}

/// May postpone the next delivery of a message whose delivery failed.
pub struct Postponement(Backend);

impl Postponement {
    /// The permissions that the handle needs.
    pub const NEEDS: &'static [QueueNeed] = &[QueueNeed::Receive];

    /// The handle over SQS.
    #[must_use]
    pub const fn sqs(queue: Queue) -> Self {
        Self(Backend::Sqs(queue))
    }

    /// The handle over a queue in memory.
    #[must_use]
    pub const fn in_memory(queue: Arc<InMemoryQueue>) -> Self {
        Self(Backend::InMemory(queue))
    }

    /// Postpones `message` by the delay that its number of deliveries calls for.
    ///
    /// # Errors
    ///
    /// [`DeliveryFault`]; the message is then delivered again after the visibility timeout.
    pub async fn postpone(&self, message: &Message, now: Timestamp) -> Result<(), DeliveryFault> {
        let pause = pause(message.tries);
        match &self.0 {
            Backend::Sqs(queue) => queue.hide(&message.receipt, pause).await,
            Backend::InMemory(queue) => {
                queue.hide(&message.receipt, now.plus(pause));
                Ok(())
            }
        }
    }
}
