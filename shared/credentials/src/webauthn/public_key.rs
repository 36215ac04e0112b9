//! Public keys of credentials, as COSE has them (RFC 9052, RFC 9053).

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256,
};
use protocol::syntax::encoding::{base64url, base64url_decoded};
use serde::{Deserialize, Serialize};

use super::cbor::{self, Value};
use super::refusal::WebauthnRefusal;

/// An algorithm of a credential, by its registered COSE number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256, -7.
    Es256,
    /// ECDSA on P-384 with SHA-384, -35.
    Es384,
    /// ECDSA on P-521 with SHA-512, -36.
    Es512,
    /// Ed25519, -8.
    Ed25519,
    /// RSASSA-PKCS1-v1_5 with SHA-256, -257.
    Rs256,
}

/// The public key of a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey {
    /// As the authenticator sent it.
    cose: Vec<u8>,
    algorithm: Algorithm,
    parameters: Parameters,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Parameters {
    /// A point, or the key of Ed25519, as the verifier takes it.
    Point(Vec<u8>),
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
}

/// Labels of COSE (RFC 9052 §7, RFC 9053 §7, RFC 8230 §4). The numbers below zero depend on the type of the key.
const KEY_TYPE: i128 = 1;
const ALGORITHM: i128 = 3;
const CURVE: i128 = -1;
const X: i128 = -2;
const Y: i128 = -3;
const MODULUS: i128 = -1;
const EXPONENT: i128 = -2;

const MIN_RSA_BITS: usize = 2048;
const MAX_RSA_BITS: usize = 4096;

impl Algorithm {
    /// Those that are offered at a registration, in the order of preference (WebAuthn Level 3 §5.4).
    pub const OFFERED: [Self; 3] = [Self::Ed25519, Self::Es256, Self::Rs256];

    const ALL: [Self; 5] = [Self::Es256, Self::Es384, Self::Es512, Self::Ed25519, Self::Rs256];

    /// Its COSE number.
    #[must_use]
    pub const fn number(self) -> i128 {
        match self {
            Self::Es256 => -7,
            Self::Es384 => -35,
            Self::Es512 => -36,
            Self::Ed25519 => -8,
            Self::Rs256 => -257,
        }
    }

    /// The type and, unless it is RSA, the curve and the bytes of a coordinate.
    const fn form(self) -> (i128, Option<(i128, usize)>) {
        match self {
            Self::Es256 => (2, Some((1, 32))),
            Self::Es384 => (2, Some((2, 48))),
            Self::Es512 => (2, Some((3, 66))),
            Self::Ed25519 => (1, Some((6, 32))),
            Self::Rs256 => (3, None),
        }
    }
}

impl PublicKey {
    /// Reads the COSE key `cose`, which must be a valid key of one of the `offered` algorithms, with the parameters that its
    /// algorithm needs and no other (WebAuthn Level 3 §6.5.1.1, §7.1 step 20).
    pub(super) fn parse(cose: &[u8], offered: &[Algorithm]) -> Result<Self, WebauthnRefusal> {
        let key = cbor::read_all(cose).ok_or(WebauthnRefusal::Malformed("public key"))?;
        let number =
            key.labelled(ALGORITHM).and_then(Value::integer).ok_or(WebauthnRefusal::Malformed("public key"))?;
        let algorithm = offered.iter().find(|offered| offered.number() == number).ok_or(WebauthnRefusal::Algorithm)?;
        let parameters = Parameters::of(*algorithm, &key).ok_or(WebauthnRefusal::PublicKey)?;
        let key = Self { cose: cose.into(), algorithm: *algorithm, parameters };
        if key.is_valid() { Ok(key) } else { Err(WebauthnRefusal::PublicKey) }
    }

    /// Its algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Checks the `signature` of `message`.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), WebauthnRefusal> {
        let verified = match &self.parameters {
            Parameters::Point(_) => self.point().is_some_and(|key| key.verify_sig(message, signature).is_ok()),
            Parameters::Rsa { modulus, exponent } => PublicKeyComponents { n: modulus, e: exponent }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
        };
        if verified { Ok(()) } else { Err(WebauthnRefusal::Signature) }
    }

    /// Whether the point is on its curve, or the modulus of an acceptable size.
    fn is_valid(&self) -> bool {
        match &self.parameters {
            Parameters::Point(_) => self.point().is_some(),
            Parameters::Rsa { modulus, exponent } => {
                let leading = modulus.first().map_or(0, |byte| byte.leading_zeros());
                let bits = (8 * modulus.len()).saturating_sub(usize::try_from(leading).unwrap_or(usize::MAX));
                let odd = modulus.last().is_some_and(|byte| byte % 2 == 1);
                leading < 8 && odd && (MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) && *exponent == [1, 0, 1]
            }
        }
    }

    fn point(&self) -> Option<ParsedPublicKey> {
        let Parameters::Point(point) = &self.parameters else { return None };
        match self.algorithm {
            Algorithm::Es256 => ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point),
            Algorithm::Es384 => ParsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, point),
            Algorithm::Es512 => ParsedPublicKey::new(&ECDSA_P521_SHA512_ASN1, point),
            Algorithm::Ed25519 => ParsedPublicKey::new(&ED25519, point),
            Algorithm::Rs256 => return None,
        }
        .ok()
    }
}

impl Parameters {
    /// The parameters of a key of `algorithm`; `None` if one is missing, malformed or superfluous.
    fn of(algorithm: Algorithm, key: &Value<'_>) -> Option<Self> {
        let bytes = |label| key.labelled(label).and_then(Value::bytes);
        let (key_type, curve) = algorithm.form();
        if key.labelled(KEY_TYPE)?.integer()? != key_type {
            return None;
        }
        let Some((curve, length)) = curve else {
            let (modulus, exponent) = (bytes(MODULUS)?.to_vec(), bytes(EXPONENT)?.to_vec());
            return (key.members()? == 4).then_some(Self::Rsa { modulus, exponent });
        };
        if key.labelled(CURVE)?.integer()? != curve {
            return None;
        }
        let coordinate = |label| bytes(label).filter(|bytes| bytes.len() == length);
        let (point, members) = match algorithm {
            Algorithm::Ed25519 => (coordinate(X)?.to_vec(), 4),
            // An uncompressed point (SEC 1 §2.3.3).
            Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 | Algorithm::Rs256 => {
                ([&[4], coordinate(X)?, coordinate(Y)?].concat(), 5)
            }
        };
        (key.members()? == members).then_some(Self::Point(point))
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        base64url(&key.cose)
    }
}

impl TryFrom<String> for PublicKey {
    type Error = WebauthnRefusal;

    fn try_from(text: String) -> Result<Self, WebauthnRefusal> {
        let cose = base64url_decoded(&text).ok_or(WebauthnRefusal::Malformed("public key"))?;
        Self::parse(&cose, &Algorithm::ALL)
    }
}
