//! A verifier and its challenge, as any client makes them.

use protocol::syntax::encoding::base64url;
use sha2::{Digest, Sha256};

/// A verifier and its challenge.
#[derive(Clone, Debug)]
pub struct Pkce {
    /// The verifier.
    pub verifier: String,
    /// Its `S256` challenge.
    pub challenge: String,
}

impl Pkce {
    /// The pair made of `seed`.
    #[must_use]
    pub fn new(seed: &str) -> Self {
        let verifier = base64url(&Sha256::digest(seed.as_bytes()));
        let challenge = base64url(&Sha256::digest(verifier.as_bytes()));
        Self { verifier, challenge }
    }
}
