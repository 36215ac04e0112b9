//! Delivers the messages of the in-memory queue to `notify`, as Lambda does with SQS.

use std::sync::Arc;
use std::time::Duration;

use delivery::InMemoryQueue;
use protocol::types::time::Timestamp;
use web::Clock;
use web::queue::Handled;

/// How long the delivery of due messages may take when the server stops.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(3);

/// Delivers messages from the in-memory queue to `notify`.
pub struct QueueWorker {
    queue: Arc<InMemoryQueue>,
    notify: notify::Deps,
    clock: Arc<dyn Clock>,
}

impl QueueWorker {
    /// A worker that delivers from `queue` to `notify`.
    #[must_use]
    pub fn new(queue: Arc<InMemoryQueue>, notify: notify::Deps) -> Self {
        let clock = Arc::clone(&notify.clock);
        Self { queue, notify, clock }
    }

    /// Delivers all messages that are due, and returns how many there were.
    pub async fn deliver(&self) -> usize {
        let due = self.queue.receive(self.clock.now());
        for message in &due {
            if notify::handle(&self.notify, message).await == Handled::Done {
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
            tracing::warn!("the server stopped before every client was notified of a logout");
        }
    }

    /// Waits until `due`, or forever if no message is pending.
    async fn wait(&self, due: Option<Timestamp>) {
        let Some(due) = due else { return std::future::pending().await };
        tokio::time::sleep(Duration::from_millis(due.millis().saturating_sub(self.clock.now().millis()))).await;
    }
}
