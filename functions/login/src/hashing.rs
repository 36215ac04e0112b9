//! Password hashing beside the async executor, a bounded number at a time.

use std::sync::Arc;

use credentials::passwords::{HashingFault, Password, PasswordHash, Verification};
use tokio::sync::Semaphore;
use web::{Unavailable, unavailable};

/// How many passwords are hashed at the same time. Each takes 19 MiB; a Lambda function handles one request at a time, a
/// laptop or a function with several may not run out of memory (catalogue row SEC-DOS-09).
const AT_A_TIME: usize = 2;

/// Verifies and makes password hashes.
pub(crate) struct Hashing(Arc<Semaphore>);

impl Hashing {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(AT_A_TIME)))
    }

    /// Whether `password` has this hash. The password is handed back, since it may have to be hashed anew.
    pub(crate) async fn verify(
        &self,
        hash: PasswordHash,
        password: Password,
    ) -> Result<(Verification, Password), Unavailable> {
        self.run(move || (hash.verify(&password), password)).await
    }

    /// Hashes `password` with today's parameters.
    pub(crate) async fn hash(
        &self,
        password: Password,
        salt: [u8; 16],
    ) -> Result<Result<PasswordHash, HashingFault>, Unavailable> {
        self.run(move || PasswordHash::hash(&password, salt)).await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Unavailable> {
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
        let hashing = Arc::new(Hashing::new());
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
        assert_eq!(most.load(Ordering::SeqCst), AT_A_TIME);
    }
}
