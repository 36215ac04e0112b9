//! Work that computes for long, beside the async executor, and so much at a time as memory allows.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::fault::{Unavailable, unavailable};

/// Runs a bounded number of computations at a time.
pub struct Blocking(Arc<Semaphore>);

impl Blocking {
    /// At most `at_a_time`.
    #[must_use]
    pub fn new(at_a_time: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_a_time)))
    }

    /// Runs `work` when it is its turn.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if it could not be run.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Unavailable> {
        let permit = Arc::clone(&self.0).acquire_owned().await.map_err(unavailable)?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        done.await.map_err(unavailable)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn sec_dos_09_no_more_than_two_passwords_are_hashed_at_a_time() {
        let hashing = Arc::new(Blocking::new(2));
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let tasks = (0..50).map(|_| {
            let (hashing, running, most) = (Arc::clone(&hashing), Arc::clone(&running), Arc::clone(&most));
            tokio::spawn(async move {
                let work = move || {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    // Long enough for others to be let in if there were room.
                    let (send, receive) = std::sync::mpsc::channel::<()>();
                    let _ = receive.recv_timeout(Duration::from_millis(2));
                    drop(send);
                    running.fetch_sub(1, Ordering::SeqCst);
                };
                assert!(hashing.run(work).await.is_ok());
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        assert_eq!(most.load(Ordering::SeqCst), 2);
    }
}
