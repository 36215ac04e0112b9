//! Works off the queue of a laptop, as Lambda does that of SQS.

use std::sync::Arc;
use std::time::Duration;

use delivery::InMemoryQueue;
use protocol::types::time::Timestamp;
use web::Clock;
use web::queue::Handled;

/// How long messages that are due may take when the server stops.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(3);

/// Takes messages from the queue of this process to `notify`.
pub struct QueueWorker {
    queue: Arc<InMemoryQueue>,
    notify: notify::Deps,
    clock: Arc<dyn Clock>,
}

impl QueueWorker {
    /// A worker between `queue` and `notify`.
    #[must_use]
    pub fn new(queue: Arc<InMemoryQueue>, notify: notify::Deps) -> Self {
        let clock = Arc::clone(&notify.clock);
        Self { queue, notify, clock }
    }

    /// Delivers what is due, and returns how many messages that were.
    pub async fn deliver(&self) -> usize {
        let due = self.queue.receive(self.clock.now());
        for message in &due {
            if notify::handle(&self.notify, message).await == Handled::Done {
                self.queue.delete(message);
            }
        }
        due.len()
    }

    /// Delivers whatever becomes due, until `stop` resolves; then what is due at that moment, as far as time allows.
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
            tracing::warn!("not every client was told of a logout before the server stopped");
        }
    }

    /// Waits until `due`, or for ever if nothing is.
    async fn wait(&self, due: Option<Timestamp>) {
        let Some(due) = due else { return std::future::pending().await };
        tokio::time::sleep(Duration::from_millis(due.millis().saturating_sub(self.clock.now().millis()))).await;
    }
}
