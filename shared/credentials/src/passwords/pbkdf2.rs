//! PBKDF2 (RFC 8018 §5.2), as Keycloak, passlib and others have it.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA384, PBKDF2_HMAC_SHA512};
use base64::Engine;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::fault::HashFault;
use super::phc::{BASE64, Parameters, bytes, decimal, fields};

/// Iterations, times the blocks of output that each take as many. Keycloak's default for SHA-1 has 5.2 million: about a second on
/// a whole processor.
const MOST_ITERATIONS: u64 = 6_000_000;

/// The hash function of an HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digest {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// A PBKDF2 hash.
#[derive(Clone)]
pub(super) struct Pbkdf2Hash {
    digest: Digest,
    iterations: NonZeroU32,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Digest {
    /// The digest that `name` stands for in a hash.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "pbkdf2" | "pbkdf2-sha1" => Some(Self::Sha1),
            "pbkdf2-sha256" => Some(Self::Sha256),
            "pbkdf2-sha384" => Some(Self::Sha384),
            "pbkdf2-sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// Its name, its algorithm, and the bytes of one block.
    fn parts(self) -> (&'static str, pbkdf2::Algorithm, usize) {
        match self {
            Self::Sha1 => ("pbkdf2-sha1", PBKDF2_HMAC_SHA1, 20),
            Self::Sha256 => ("pbkdf2-sha256", PBKDF2_HMAC_SHA256, 32),
            Self::Sha384 => ("pbkdf2-sha384", PBKDF2_HMAC_SHA384, 48),
            Self::Sha512 => ("pbkdf2-sha512", PBKDF2_HMAC_SHA512, 64),
        }
    }
}

impl Pbkdf2Hash {
    /// Reads `$pbkdf2-sha256$i=600000,l=32$salt$output`, where the length may be absent or called `keylen`, or
    /// `$pbkdf2-sha256$600000$salt$output`, where the base64 has `.` for `+`.
    pub(super) fn parse(text: &str) -> Result<Self, HashFault> {
        let [name, parameters, salt, output] = fields(text).ok_or(HashFault::Malformed("form"))?;
        let digest = Digest::named(name).ok_or(HashFault::UnknownAlgorithm)?;
        let Some(iterations) = decimal(parameters) else {
            let mut parameters = Parameters::parse(parameters)?;
            let iterations = parameters.number("i")?;
            let length = parameters.take("l").or_else(|| parameters.take("keylen")).map(decimal);
            parameters.finish()?;
            let hash = Self::new(digest, iterations, salt, output)?;
            let stated = length.is_none_or(|length| length == u32::try_from(hash.output.len()).ok());
            return if stated { Ok(hash) } else { Err(HashFault::Malformed("length")) };
        };
        Self::new(digest, iterations, &salt.replace('.', "+"), &output.replace('.', "+"))
    }

    /// The hash of these parts, the last two in base64.
    pub(super) fn new(digest: Digest, iterations: u32, salt: &str, output: &str) -> Result<Self, HashFault> {
        let hash = Self {
            digest,
            iterations: NonZeroU32::new(iterations).ok_or(HashFault::Malformed("iterations"))?,
            salt: bytes(salt, "salt", 4..=128)?,
            output: bytes(output, "output", 16..=128)?,
        };
        let (_, _, block) = digest.parts();
        let blocks = u64::try_from(hash.output.len().div_ceil(block)).unwrap_or(u64::MAX);
        HashFault::bound("iterations", u64::from(iterations).saturating_mul(blocks), MOST_ITERATIONS)?;
        Ok(hash)
    }

    /// The first form that [`Pbkdf2Hash::parse`] reads.
    pub(super) fn text(&self) -> String {
        let Self { digest, iterations, salt, output } = self;
        let (name, length) = (digest.parts().0, output.len());
        format!("${name}$i={iterations},l={length}${}${}", BASE64.encode(salt), BASE64.encode(output))
    }

    /// Whether a password of the bytes `received` has this hash.
    pub(super) fn matches(&self, received: &[u8]) -> bool {
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        let (_, algorithm, _) = self.digest.parts();
        pbkdf2::derive(algorithm, self.iterations, &self.salt, received, &mut output);
        output.ct_eq(&self.output).into()
    }
}
