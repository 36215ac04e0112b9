//! Password hashing beside the async executor, a bounded number at a time.

use credentials::passwords::{HashingFault, Password, PasswordHash, Verification};
use web::Unavailable;
use web::blocking::Blocking;

/// How many passwords are hashed at the same time. Each takes 19 MiB; a Lambda function handles one request at a time, a
/// laptop or a function with several may not run out of memory (catalogue row SEC-DOS-09).
const AT_A_TIME: usize = 2;

/// Verifies and makes password hashes.
pub(crate) struct Hashing(Blocking);

impl Hashing {
    pub(crate) fn new() -> Self {
        Self(Blocking::new(AT_A_TIME))
    }

    /// Whether `password` has this hash. The password is handed back, since it may have to be hashed anew.
    pub(crate) async fn verify(
        &self,
        hash: PasswordHash,
        password: Password,
    ) -> Result<(Verification, Password), Unavailable> {
        self.0.run(move || (hash.verify(&password), password)).await
    }

    /// Hashes `password` with today's parameters.
    pub(crate) async fn hash(
        &self,
        password: Password,
        salt: [u8; 16],
    ) -> Result<Result<PasswordHash, HashingFault>, Unavailable> {
        self.0.run(move || PasswordHash::hash(&password, salt)).await
    }
}
