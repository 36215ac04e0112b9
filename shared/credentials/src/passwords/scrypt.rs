//! scrypt (RFC 7914), and what Firebase makes of it.

use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use base64::Engine;
use scrypt::{Params, scrypt};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::fault::HashFault;
use super::phc::{BASE64, Parameters, bytes, fields};

/// 128 MiB, which OWASP recommends where there is no Argon2id.
const MOST_MEMORY: u64 = 128 << 20;
/// As much memory, worked through twice: half a second on a whole processor.
const MOST_MEMORY_TIMES_LANES: u64 = 2 * MOST_MEMORY;

/// The largest exponent that cannot overflow; the memory is bounded separately.
const MOST_LOG_N: u64 = 24;

/// Block size and lanes, beyond which no memory would be left for a useful N.
const MOST_BLOCKS: u64 = 64;

/// What a hash costs: the binary logarithm of N, the block size, the lanes.
#[derive(Clone, Copy)]
struct Cost {
    log_n: u8,
    block: u32,
    lanes: u32,
}

/// An scrypt hash.
#[derive(Clone)]
pub(super) struct ScryptHash {
    cost: Cost,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl ScryptHash {
    /// Reads `$scrypt$ln=17,r=8,p=1$salt$output`.
    pub(super) fn parse(text: &str) -> Result<Self, HashFault> {
        let [_, parameters, salt, output] = fields(text).ok_or(HashFault::Malformed("form"))?;
        let mut parameters = Parameters::parse(parameters)?;
        let cost = Cost::bounded("ln", &mut parameters)?;
        parameters.finish()?;
        Ok(Self { cost, salt: bytes(salt, "salt", 4..=128)?, output: bytes(output, "output", 16..=128)? })
    }

    /// The form that [`ScryptHash::parse`] reads.
    pub(super) fn text(&self) -> String {
        let Cost { log_n, block, lanes } = self.cost;
        format!("$scrypt$ln={log_n},r={block},p={lanes}${}${}", BASE64.encode(&self.salt), BASE64.encode(&self.output))
    }

    /// Whether a password of the bytes `received` has this hash.
    pub(super) fn matches(&self, received: &[u8]) -> bool {
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        self.cost.derive(received, &self.salt, &mut output).is_some() && output.ct_eq(&self.output).into()
    }
}

/// The parameters that all password hashes of a Firebase project have in common.
///
/// They are shown with the users of a project under "Password hash parameters", and the signer key is a secret of that project.
pub struct FirebaseParameters {
    cost: Cost,
    separator: Vec<u8>,
    signer_key: Vec<u8>,
}

/// A hash of Firebase: a key that scrypt derives encrypts the key of the project, and what comes out is kept.
#[derive(Clone)]
pub(super) struct FirebaseHash {
    cost: Cost,
    separator: Vec<u8>,
    signer_key: Vec<u8>,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl FirebaseParameters {
    /// Reads the parameters as Firebase shows them: `base64_signer_key`, `base64_salt_separator`, `rounds` and `mem_cost`.
    ///
    /// # Errors
    ///
    /// [`HashFault`] names the parameter that cannot be used.
    pub fn parse(signer_key: &str, salt_separator: &str, rounds: u32, mem_cost: u32) -> Result<Self, HashFault> {
        Ok(Self {
            cost: Cost::of("mem_cost", mem_cost, rounds, 1)?,
            separator: base64(salt_separator, "salt separator", 0..=64)?,
            signer_key: base64(signer_key, "signer key", 32..=128)?,
        })
    }

    /// The hash of a user: `passwordHash` and `salt` of an export.
    pub(super) fn hash(&self, output: &str, salt: &str) -> Result<FirebaseHash, HashFault> {
        let hash = FirebaseHash {
            cost: self.cost,
            separator: self.separator.clone(),
            signer_key: self.signer_key.clone(),
            salt: base64(salt, "salt", 1..=128)?,
            output: base64(output, "output", 32..=128)?,
        };
        if hash.output.len() == hash.signer_key.len() { Ok(hash) } else { Err(HashFault::Malformed("output")) }
    }
}

impl FirebaseHash {
    /// Reads `$fbscrypt$v=1,n=14,r=8,p=1,ss=…,sk=…$salt$output`, a form in which other servers keep these hashes too.
    pub(super) fn parse(text: &str) -> Result<Self, HashFault> {
        let [_, parameters, salt, output] = fields(text).ok_or(HashFault::Malformed("form"))?;
        let mut parameters = Parameters::parse(parameters)?;
        if parameters.number("v")? != 1 {
            return Err(HashFault::Malformed("version"));
        }
        let project = FirebaseParameters {
            cost: Cost::bounded("n", &mut parameters)?,
            separator: base64(parameters.take("ss").unwrap_or_default(), "salt separator", 0..=64)?,
            signer_key: base64(parameters.take("sk").unwrap_or_default(), "signer key", 32..=128)?,
        };
        parameters.finish()?;
        project.hash(output, salt)
    }

    /// The form that [`FirebaseHash::parse`] reads.
    pub(super) fn text(&self) -> String {
        let Cost { log_n, block, lanes } = self.cost;
        let [separator, key, salt, output] =
            [&self.separator, &self.signer_key, &self.salt, &self.output].map(|bytes| BASE64.encode(bytes));
        format!("$fbscrypt$v=1,n={log_n},r={block},p={lanes},ss={separator},sk={key}${salt}${output}")
    }

    /// Whether a password of the bytes `received` has this hash.
    pub(super) fn matches(&self, received: &[u8]) -> bool {
        self.encrypted(received).is_some_and(|encrypted| encrypted.ct_eq(&self.output).into())
    }

    /// The key of the project, encrypted under the key that is derived from `received`.
    fn encrypted(&self, received: &[u8]) -> Option<Vec<u8>> {
        let salt = [self.salt.as_slice(), &self.separator].concat();
        let mut derived = Zeroizing::new([0; 32]);
        self.cost.derive(received, &salt, derived.as_mut())?;
        let key = UnboundCipherKey::new(&AES_256, derived.as_ref()).and_then(EncryptingKey::ctr).ok()?;
        let mut encrypted = self.signer_key.clone();
        let counter = EncryptionContext::Iv128(FixedLength::from([0; 16]));
        key.less_safe_encrypt(&mut encrypted, counter).ok()?;
        Some(encrypted)
    }
}

impl Cost {
    /// Takes `ln`, `r` and `p` out of `parameters`, where the first has the name `log_n`.
    fn bounded(log_n: &'static str, parameters: &mut Parameters<'_>) -> Result<Self, HashFault> {
        Self::of(log_n, parameters.number(log_n)?, parameters.number("r")?, parameters.number("p")?)
    }

    /// A cost that can be paid; the exponent has the `name` of its source.
    fn of(name: &'static str, log_n: u32, block: u32, lanes: u32) -> Result<Self, HashFault> {
        if log_n == 0 {
            return Err(HashFault::Malformed(name));
        }
        HashFault::bound(name, log_n, MOST_LOG_N)?;
        HashFault::bound("r", block, MOST_BLOCKS)?;
        HashFault::bound("p", lanes, MOST_BLOCKS)?;
        let memory = (128 * u64::from(block)) << log_n;
        HashFault::bound("memory", memory, MOST_MEMORY)?;
        HashFault::bound("memory·p", memory * u64::from(lanes), MOST_MEMORY_TIMES_LANES)?;
        let cost = Self { log_n: u8::try_from(log_n).map_err(|_| HashFault::Malformed(name))?, block, lanes };
        cost.parameters().map(|_| cost).ok_or(HashFault::Malformed("parameters"))
    }

    fn parameters(self) -> Option<Params> {
        Params::new(self.log_n, self.block, self.lanes).ok()
    }

    /// Fills `output` with what is derived from `input` and `salt`.
    fn derive(self, input: &[u8], salt: &[u8], output: &mut [u8]) -> Option<()> {
        scrypt(input, salt, &self.parameters()?, output).ok()
    }
}

/// Decodes base64 in either alphabet: tools that export from Firebase differ.
fn base64(text: &str, what: &'static str, lengths: std::ops::RangeInclusive<usize>) -> Result<Vec<u8>, HashFault> {
    bytes(&text.replace('-', "+").replace('_', "/"), what, lengths)
}
