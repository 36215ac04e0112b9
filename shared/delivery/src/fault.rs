//! Failures of the queue.

use thiserror::Error;

/// A call to the queue failed.
#[derive(Debug, Error)]
#[error("SQS: {0}")]
pub struct DeliveryFault(pub(crate) String);
