//! Configuration of the queues: logout notifications, and mail.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use delivery::{Deliveries, InMemoryQueue, Outbox, Postponement, Queue, QueueName, QueueSettings};
use web::ConfigError;

use crate::{BootstrapError, Runtime};

/// Where the queue is.
pub enum QueueBackend {
    /// Nowhere: the function neither sends nor receives messages.
    Nowhere,
    /// On a laptop: in this process.
    Laptop(Arc<InMemoryQueue>),
    /// In SQS. Only the functions that use the queue create a client for it, so that the others do not carry one.
    Aws {
        /// The HTTP client for AWS.
        http: SharedHttpClient,
        /// The queue, and the credentials.
        settings: QueueSettings,
    },
}

impl QueueBackend {
    fn open<T>(
        &self,
        variable: &'static str,
        sqs: impl FnOnce(Queue) -> T,
        in_memory: impl FnOnce(Arc<InMemoryQueue>) -> T,
    ) -> Result<T, BootstrapError> {
        match self {
            Self::Nowhere => Err(ConfigError::Missing(variable).into()),
            Self::Laptop(queue) => Ok(in_memory(Arc::clone(queue))),
            Self::Aws { http, settings } => Ok(sqs(Queue::through(http.clone(), settings))),
        }
    }
}

/// The variables that name the queues.
const LOGOUT: &str = "LOGOUT_QUEUE_URL";
const MAIL: &str = "MAIL_QUEUE_URL";

impl Runtime {
    /// The sending end of the queue of logout notifications.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] if no queue is configured.
    pub fn deliveries(&self) -> Result<Deliveries, BootstrapError> {
        self.note_queue(QueueName::Logout, Deliveries::NEEDS);
        self.queue.open(LOGOUT, Deliveries::sqs, Deliveries::in_memory)
    }

    /// The receiving end of the queue of logout notifications.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] if no queue is configured.
    pub fn postponement(&self) -> Result<Postponement, BootstrapError> {
        self.note_queue(QueueName::Logout, Postponement::NEEDS);
        self.queue.open(LOGOUT, Postponement::sqs, Postponement::in_memory)
    }

    /// The sending end of the queue of mail.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] if no queue is configured.
    pub fn outbox(&self) -> Result<Outbox, BootstrapError> {
        self.note_queue(QueueName::Mail, Outbox::NEEDS);
        self.mail.queue.open(MAIL, Outbox::sqs, Outbox::in_memory)
    }

    /// The receiving end of the queue of mail.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] if no queue is configured.
    pub fn mail_postponement(&self) -> Result<Postponement, BootstrapError> {
        self.note_queue(QueueName::Mail, Postponement::NEEDS);
        self.mail.queue.open(MAIL, Postponement::sqs, Postponement::in_memory)
    }
}
