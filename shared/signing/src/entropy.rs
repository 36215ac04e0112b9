//! Randomness, passed as an argument so that tests can control it.

use protocol::syntax::encoding::base64url;
use thiserror::Error;

/// A source of unpredictable random bytes.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    ///
    /// [`EntropyFault`] if the source fails. The caller must not continue.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyFault>;
}

/// The source of random bytes failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the system's random number generator failed")]
pub struct EntropyFault;

/// Draws `N` random bytes from `entropy`.
///
/// # Errors
///
/// [`EntropyFault`].
pub fn random<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N], EntropyFault> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

/// Draws `N` random bytes from `entropy`, as text in base64url.
///
/// # Errors
///
/// [`EntropyFault`].
pub fn random_text<const N: usize>(entropy: &dyn Entropy) -> Result<String, EntropyFault> {
    random::<N>(entropy).map(|bytes| base64url(&bytes))
}

/// The generator of AWS-LC, seeded by the operating system.
#[derive(Clone, Copy, Debug)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "the only place that draws system randomness")]
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyFault> {
        aws_lc_rs::rand::fill(bytes).map_err(|_| EntropyFault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Broken, Fixed};

    #[test]
    fn bytes_are_those_of_the_source_and_a_failing_source_is_an_error() {
        assert_eq!(random::<4>(&Fixed(7)), Ok([7; 4]));
        assert_eq!(random::<4>(&Broken), Err(EntropyFault));
    }

    #[test]
    fn the_system_never_repeats_itself() {
        let (first, second) = (random::<32>(&SystemEntropy).unwrap(), random::<32>(&SystemEntropy).unwrap());
        assert!(first != second && first != [0; 32] && second != [0; 32]);
    }
}
