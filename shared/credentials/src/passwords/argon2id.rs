//! Argon2: what passwords are hashed with here, and by some elsewhere (RFC 9106).

use std::sync::Mutex;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::fault::{HashFault, HashingFault};
use super::password::Password;
use super::phc::{BASE64, Parameters, bytes, fields};

/// Memory in KiB, passes and lanes: the first choice of OWASP's ASVS 5.0.0, appendix C. docs/decisions/credentials.md has
/// the measurements.
const CURRENT: Cost = Cost { memory: 19 * 1024, passes: 2, lanes: 1 };

/// All that new hashes were ever made with. What was hashed here is known by these; a change of `CURRENT` adds the former.
const OURS: [Cost; 1] = [CURRENT];

/// 64 MiB, the second choice of RFC 9106 §4, and as many passes over it as that: a quarter of a second on a whole processor.
const MOST_MEMORY: u64 = 64 * 1024;
const MOST_MEMORY_TIMES_PASSES: u64 = 4 * MOST_MEMORY;
const MOST_LANES: u64 = 16;

const OUTPUT_BYTES: usize = 32;

/// What a hash costs.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Cost {
    memory: u32,
    passes: u32,
    lanes: u32,
}

/// An Argon2 hash.
#[derive(Clone)]
pub(crate) struct Argon2Hash {
    algorithm: Algorithm,
    version: Version,
    cost: Cost,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Argon2Hash {
    /// Hashes `password` in its normalised form with today's parameters.
    pub(super) fn of(password: &Password, salt: [u8; 16]) -> Result<Self, HashingFault> {
        let mut hash = Self::function(salt, OUTPUT_BYTES);
        hash.output = hash.digest(password)?.to_vec();
        Ok(hash)
    }

    /// A hash that no password has, with today's parameters.
    pub(super) fn decoy() -> Self {
        Self::function([0; 16], OUTPUT_BYTES)
    }

    /// Argon2id with today's parameters and `salt`, as a hash whose output is zero and that no input has.
    pub(crate) fn function(salt: [u8; 16], output_bytes: usize) -> Self {
        Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            cost: CURRENT,
            salt: salt.into(),
            output: vec![0; output_bytes],
        }
    }

    /// Reads `$argon2id$v=19$m=19456,t=2,p=1$salt$output`, or the same of Argon2i and Argon2d.
    pub(crate) fn parse(text: &str) -> Result<Self, HashFault> {
        let [algorithm, version, parameters, salt, output] = fields(text).ok_or(HashFault::Malformed("form"))?;
        let mut parameters = Parameters::parse(parameters)?;
        let cost =
            Cost { memory: parameters.number("m")?, passes: parameters.number("t")?, lanes: parameters.number("p")? };
        parameters.finish()?;
        cost.bound()?;
        let hash = Self {
            algorithm: algorithm.parse().map_err(|_| HashFault::UnknownAlgorithm)?,
            version: match version {
                "v=19" => Version::V0x13,
                "v=16" => Version::V0x10,
                _ => return Err(HashFault::Malformed("version")),
            },
            cost,
            salt: bytes(salt, "salt", 8..=64)?,
            output: bytes(output, "output", 16..=64)?,
        };
        hash.context().map_err(|_| HashFault::Malformed("parameters"))?;
        Ok(hash)
    }

    /// The form that [`Argon2Hash::parse`] reads.
    pub(crate) fn text(&self) -> String {
        let (algorithm, version) = (self.algorithm.as_str(), self.version as u32);
        let Cost { memory, passes, lanes } = self.cost;
        let (salt, output) = (BASE64.encode(&self.salt), BASE64.encode(&self.output));
        format!("${algorithm}$v={version}$m={memory},t={passes},p={lanes}${salt}${output}")
    }

    /// Whether `password` has this hash.
    pub(super) fn matches(&self, password: &Password) -> bool {
        self.digest(password).is_ok_and(|digest| digest.ct_eq(&self.output).into())
    }

    /// Whether a hash made today would have these parameters.
    pub(super) fn is_current(&self) -> bool {
        self.cost == CURRENT
            && self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && self.output.len() == OUTPUT_BYTES
            && self.salt.len() == 16
    }

    fn digest(&self, password: &Password) -> Result<Zeroizing<Vec<u8>>, HashingFault> {
        // What was hashed elsewhere was hashed as it was received.
        let ours = OURS.contains(&self.cost);
        self.output_of(if ours { password.normalised().as_bytes() } else { password.received() })
    }

    /// How many bytes its outputs have.
    pub(crate) fn output_length(&self) -> usize {
        self.output.len()
    }

    /// The output for `input`, with the salt and the parameters of this hash.
    pub(crate) fn output_of(&self, input: &[u8]) -> Result<Zeroizing<Vec<u8>>, HashingFault> {
        let mut digest = Zeroizing::new(vec![0; self.output.len()]);
        let context = self.context().map_err(|_| HashingFault)?;
        let mut memory = Memory::of(context.params().block_count());
        let hashed = context.hash_password_into_with_memory(input, &self.salt, &mut digest, &mut memory.0);
        hashed.map(|()| digest).map_err(|_| HashingFault)
    }

    fn context(&self) -> Result<Argon2<'static>, argon2::Error> {
        let Cost { memory, passes, lanes } = self.cost;
        let parameters = Params::new(memory, passes, lanes, Some(self.output.len()))?;
        Ok(Argon2::new(self.algorithm, self.version, parameters))
    }
}

/// The working memory of a hash.
///
/// It is kept for the next one. The allocator of the C library does not reuse a block of this size and alignment: a process that
/// had verified two dozen passwords, one after the other, had 230 MiB.
struct Memory(Vec<Block>);

/// Memory that is not in use, if there is any.
static SPARE: Mutex<Vec<Block>> = Mutex::new(Vec::new());

/// 32 MiB. Larger blocks come from the operating system and go back to it.
const MOST_KEPT_BLOCKS: usize = 32 * 1024;

impl Memory {
    /// At least as many `blocks`.
    fn of(blocks: usize) -> Self {
        let spare = SPARE.try_lock().ok().filter(|spare| spare.len() >= blocks);
        let spare = spare.map(|mut spare| std::mem::take(&mut *spare));
        let least = usize::try_from(CURRENT.memory).unwrap_or_default();
        Self(spare.unwrap_or_else(|| vec![Block::default(); blocks.max(least)]))
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let kept = SPARE.try_lock().ok().filter(|spare| (spare.len()..=MOST_KEPT_BLOCKS).contains(&self.0.len()));
        if let Some(mut spare) = kept {
            *spare = std::mem::take(&mut self.0);
        }
    }
}

impl Cost {
    fn bound(self) -> Result<(), HashFault> {
        HashFault::bound("m", self.memory, MOST_MEMORY)?;
        HashFault::bound("m·t", u64::from(self.memory) * u64::from(self.passes), MOST_MEMORY_TIMES_PASSES)?;
        HashFault::bound("p", self.lanes, MOST_LANES)
    }
}
