//! A code verifier and its challenge, computed independently of the code under test.

use protocol::syntax::encoding::base64url;
use sha2::{Digest, Sha256};

/// A code verifier and its challenge.
#[derive(Clone, Debug)]
pub struct Pkce {
    /// The verifier.
    pub verifier: String,
    /// Its `S256` challenge.
    pub challenge: String,
}

impl Pkce {
    /// Derives a verifier from `seed` and computes its challenge.
    #[must_use]
    pub fn new(seed: &str) -> Self {
        let verifier = base64url(&Sha256::digest(seed.as_bytes()));
        let challenge = base64url(&Sha256::digest(verifier.as_bytes()));
        Self { verifier, challenge }
    }
}
