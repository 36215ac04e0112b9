//! Fixtures of the unit tests: pregenerated keys, because generation is slow, and fixed entropy.

use std::sync::OnceLock;

use protocol::jose::jwk::Algorithm;
use protocol::types::id::WorkspaceId;
use tokio::runtime::{Builder, Runtime};

use crate::entropy::{Entropy, EntropyFault};
use crate::local::LocalKey;

pub(crate) fn workspace() -> WorkspaceId {
    WorkspaceId::parse("default", "demo").unwrap()
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

/// The PKCS#8 form of the `index`th key for `algorithm`, the same throughout a test run.
pub(crate) fn pkcs8(algorithm: Algorithm, index: usize) -> &'static [u8] {
    static RSA: [OnceLock<Vec<u8>>; 2] = [const { OnceLock::new() }; 2];
    static EC: [OnceLock<Vec<u8>>; 2] = [const { OnceLock::new() }; 2];
    let keys = match algorithm {
        Algorithm::RS256 | Algorithm::PS256 => &RSA,
        Algorithm::ES256 => &EC,
    };
    keys[index].get_or_init(|| LocalKey::generate(algorithm).unwrap().0.expose().clone())
}

/// The `index`th key for `algorithm`.
pub(crate) fn key(algorithm: Algorithm, index: usize) -> LocalKey {
    LocalKey::from_pkcs8(algorithm, pkcs8(algorithm, index)).unwrap()
}

/// Entropy that consists of one byte.
pub(crate) struct Fixed(pub(crate) u8);

impl Entropy for Fixed {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyFault> {
        bytes.fill(self.0);
        Ok(())
    }
}

/// Entropy that fails.
pub(crate) struct Broken;

impl Entropy for Broken {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyFault> {
        Err(EntropyFault)
    }
}
