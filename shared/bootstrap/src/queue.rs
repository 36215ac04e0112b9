//! Configuration of the queue of logout notifications.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use delivery::{Deliveries, InMemoryQueue, Postponement, Queue, QueueSettings};
use web::ConfigError;

use crate::{BootstrapError, Runtime};

/// Where the queue is.
pub enum QueueBackend {
    /// Nowhere: the function neither sends nor receives messages.
    Nowhere,
    /// On a laptop: in this process.
    Laptop(Arc<InMemoryQueue>),
    /// In SQS. Only the two functions that use the queue create a client for it, so that the others do not carry one.
    Aws {
        /// The HTTP client for AWS.
        http: SharedHttpClient,
        /// The queue, and the credentials.
        settings: QueueSettings,
    },
}

impl Runtime {
    /// The sending end of the queue.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] if no queue is configured.
    pub fn deliveries(&self) -> Result<Deliveries, BootstrapError> {
        self.note_queue(Deliveries::NEEDS);
        match &self.queue {
            QueueBackend::Nowhere => Err(ConfigError::Missing("LOGOUT_QUEUE_URL").into()),
            QueueBackend::Laptop(queue) => Ok(Deliveries::in_memory(Arc::clone(queue))),
            QueueBackend::Aws { http, settings } => Ok(Deliveries::sqs(Queue::through(http.clone(), settings))),
        }
    }

    /// The receiving end of the queue.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] if no queue is configured.
    pub fn postponement(&self) -> Result<Postponement, BootstrapError> {
        self.note_queue(Postponement::NEEDS);
        match &self.queue {
            QueueBackend::Nowhere => Err(ConfigError::Missing("LOGOUT_QUEUE_URL").into()),
            QueueBackend::Laptop(queue) => Ok(Postponement::in_memory(Arc::clone(queue))),
            QueueBackend::Aws { http, settings } => Ok(Postponement::sqs(Queue::through(http.clone(), settings))),
        }
    }
}
