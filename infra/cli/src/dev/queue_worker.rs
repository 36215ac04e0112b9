//! Delivers the messages of an in-memory queue to the function that consumes it, as Lambda does with SQS.

use std::sync::Arc;
use std::time::Duration;

use delivery::InMemoryQueue;
use protocol::types::time::Timestamp;
use web::Clock;
use web::queue::{Handled, Message};

/// How long the delivery of due messages may take when the server stops.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(3);

/// Delivers messages from an in-memory queue to the function that consumes it.
pub struct QueueWorker {
    queue: Arc<InMemoryQueue>,
    consumer: Consumer,
    clock: Arc<dyn Clock>,
}

/// A function that consumes a queue.
pub enum Consumer {
    /// Logout notifications.
    Notify(Box<notify::Deps>),
    /// Mail.
    Mail(Box<mail::Deps>),
}

impl Consumer {
    async fn handle(&self, message: &Message) -> Handled {
        match self {
            Self::Notify(notify) => notify::handle(notify, message).await,
            Self::Mail(mail) => mail::handle(mail, message).await,
        }
    }

    fn clock(&self) -> Arc<dyn Clock> {
        match self {
            Self::Notify(notify) => Arc::clone(&notify.clock),
            Self::Mail(mail) => Arc::clone(&mail.clock),
        }
    }

    /// What is lost when the process stops before everything was delivered.
    const fn loss(&self) -> &'static str {
        match self {
            Self::Notify(_) => "the server stopped before every client was notified of a logout",
            Self::Mail(_) => "the server stopped before all mail was sent",
        }
    }
}

impl QueueWorker {
    /// A worker that delivers from `queue` to `consumer`.
    #[must_use]
    pub fn new(queue: Arc<InMemoryQueue>, consumer: Consumer) -> Self {
        let clock = consumer.clock();
        Self { queue, consumer, clock }
    }

    /// Delivers all messages that are due, and returns how many there were.
    pub async fn deliver(&self) -> usize {
        let due = self.queue.receive(self.clock.now());
        for message in &due {
            if self.consumer.handle(message).await == Handled::Done {
                self.queue.delete(message);
            }
        }
        due.len()
    }

    /// Delivers messages as they become due until `stop` resolves, then those that are due at that moment, within
    /// the grace of a shutdown.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        loop {
            self.deliver().await;
            tokio::select! {
                () = self.queue.arrival() => {}
                () = self.wait(self.queue.next()) => {}
                () = &mut stop => break,
            }
        }
        if tokio::time::timeout(SHUTDOWN_GRACE, self.deliver()).await.is_err() || self.queue.next().is_some() {
            tracing::warn!("{}", self.consumer.loss());
        }
    }

    /// Waits until `due`, or forever if no message is pending.
    async fn wait(&self, due: Option<Timestamp>) {
        let Some(due) = due else { return std::future::pending().await };
        tokio::time::sleep(Duration::from_millis(due.millis().saturating_sub(self.clock.now().millis()))).await;
    }
}
