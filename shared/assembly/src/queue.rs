//! Where the queue is of clients that have to be told of a logout.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use delivery::{Deliveries, HeldQueue, Postponement, Queue, QueueSettings};
use web::ConfigError;

use crate::{AssemblyError, Parts};

/// Where the queue is.
pub enum QueuePlace {
    /// Nowhere: the function neither fills it nor works it off.
    Nowhere,
    /// On a laptop: in this process.
    Laptop(Arc<HeldQueue>),
    /// In SQS. Only the functions at its ends make a client of it, so that the others need not carry one.
    Aws {
        /// The way to AWS.
        http: SharedHttpClient,
        /// Which queue, and who asks.
        settings: QueueSettings,
    },
}

impl Parts {
    /// The end of the queue at which messages are put in.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] if there is no queue.
    pub fn deliveries(&self) -> Result<Deliveries, AssemblyError> {
        self.note_queue(Deliveries::NEEDS);
        match &self.queue {
            QueuePlace::Nowhere => Err(ConfigError::Missing("LOGOUT_QUEUE_URL").into()),
            QueuePlace::Laptop(queue) => Ok(Deliveries::held(Arc::clone(queue))),
            QueuePlace::Aws { http, settings } => Ok(Deliveries::sqs(Queue::through(http.clone(), settings))),
        }
    }

    /// The end of the queue at which messages are worked off.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] if there is no queue.
    pub fn postponement(&self) -> Result<Postponement, AssemblyError> {
        self.note_queue(Postponement::NEEDS);
        match &self.queue {
            QueuePlace::Nowhere => Err(ConfigError::Missing("LOGOUT_QUEUE_URL").into()),
            QueuePlace::Laptop(queue) => Ok(Postponement::held(Arc::clone(queue))),
            QueuePlace::Aws { http, settings } => Ok(Postponement::sqs(Queue::through(http.clone(), settings))),
        }
    }
}
