//! Where random bytes come from: an argument, so that tests can fix them.

use thiserror::Error;

/// A source of random bytes that nobody can predict.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    ///
    /// [`EntropyFault`] if the source fails: nothing may go on then.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyFault>;
}

/// The source of random bytes failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the system's random number generator failed")]
pub struct EntropyFault;

/// `N` random bytes of `entropy`.
///
/// # Errors
///
/// [`EntropyFault`].
pub fn random<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N], EntropyFault> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

/// The operating system's generator, by way of AWS-LC.
#[derive(Clone, Copy, Debug)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that draws from the system")]
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyFault> {
        aws_lc_rs::rand::fill(bytes).map_err(|_| EntropyFault)
    }
}
