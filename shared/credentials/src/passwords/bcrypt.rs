//! bcrypt, as Auth0 and many others have it.

use base64::Engine;
use base64::alphabet::BCRYPT;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::fault::HashFault;
use super::phc::{decimal, fields};

/// bcrypt's own alphabet. Some implementations leave bits behind the last byte.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &BCRYPT,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

const LEAST_COST: u32 = 4;
/// About a second on a whole processor.
const MOST_COST: u64 = 14;

/// The length of the salt in characters; the output follows without a separator.
const SALT_CHARACTERS: usize = 22;

/// What bcrypt reads of a password and the NUL byte behind it.
const LONGEST_INPUT: usize = 72;

/// A bcrypt hash.
#[derive(Clone)]
pub(super) struct BcryptHash {
    version: &'static str,
    cost: u32,
    salt: [u8; 16],
    output: [u8; 23],
}

impl BcryptHash {
    /// Reads `$2b$12$` with 22 characters of salt and 31 of output.
    ///
    /// `2a`, `2b` and `2y` mean the same for passwords of up to 255 bytes. `2x` hashes other characters than ASCII wrongly, and is
    /// refused.
    pub(super) fn parse(text: &str) -> Result<Self, HashFault> {
        let [version, cost, rest] = fields(text).ok_or(HashFault::Malformed("form"))?;
        let version = match version {
            "2a" => "2a",
            "2b" => "2b",
            "2y" => "2y",
            _ => return Err(HashFault::UnknownAlgorithm),
        };
        let two_digits = (cost.len() == 2).then(|| cost.strip_prefix('0').unwrap_or(cost));
        let cost =
            two_digits.and_then(decimal).filter(|cost| *cost >= LEAST_COST).ok_or(HashFault::Malformed("cost"))?;
        HashFault::bound("cost", cost, MOST_COST)?;
        let (salt, output) = rest.split_at_checked(SALT_CHARACTERS).ok_or(HashFault::Malformed("salt"))?;
        Ok(Self { version, cost, salt: bytes(salt, "salt")?, output: bytes(output, "output")? })
    }

    /// The form that [`BcryptHash::parse`] reads.
    pub(super) fn text(&self) -> String {
        let Self { version, cost, salt, output } = self;
        format!("${version}${cost:02}${}{}", BASE64.encode(salt), BASE64.encode(output))
    }

    /// Whether a password of the bytes `received` has this hash.
    ///
    /// bcrypt reads 72 bytes. Where the hash was made, longer passwords were cut, so they are cut here too. The login makes a hash
    /// of the whole password afterwards.
    pub(super) fn matches(&self, received: &[u8]) -> bool {
        let input: Zeroizing<Vec<u8>> =
            Zeroizing::new(received.iter().chain(&[0]).take(LONGEST_INPUT).copied().collect());
        let output = ::bcrypt::bcrypt(self.cost, self.salt, &input);
        output.split_at(self.output.len()).0.ct_eq(&self.output).into()
    }
}

fn bytes<const N: usize>(text: &str, what: &'static str) -> Result<[u8; N], HashFault> {
    let bytes = BASE64.decode(text).map_err(|_| HashFault::Malformed(what))?;
    bytes.try_into().map_err(|_| HashFault::Malformed(what))
}
