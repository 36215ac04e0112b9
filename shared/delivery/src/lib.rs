//! Messages that are delivered at least once: through SQS in AWS, through a queue in memory on a laptop.
//!
//! A logout does not wait until every client has been notified, and an unreachable client is retried later. So `logout`
//! durably queues one message per client, and `notify` delivers them. Nor does a page wait until mail is sent: it queues a
//! sealed message, and `mail` sends it. Access goes through handles, each named for what it may do (design invariant 8).

mod fault;
mod handles;
mod in_memory;
mod schedule;
mod sqs;

pub use fault::DeliveryFault;
pub use handles::{Deliveries, Outbox, Postponement, QueueName, QueueNeed};
pub use in_memory::InMemoryQueue;
pub use schedule::{MAX_RECEIVE_COUNT, VISIBILITY_TIMEOUT, pause};
pub use sqs::{Queue, QueueSettings};
