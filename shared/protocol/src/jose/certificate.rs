//! Certificates for our keys at providers, which identify them by thumbprint (RFC 7515 §4.1.8).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::jose::jwk::{KeyMaterial, PublicJwk};
use crate::syntax::encoding::{base64_decoded, base64url, base64url_decoded};

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The maximum size of a certificate. One of an RSA key with 8192 bits has about two kilobytes.
const MAX_CERTIFICATE_BYTES: usize = 8192;

/// An X.509 certificate of one of our keys. Nothing in it is relied on: its holder already knows the key, and only its
/// thumbprint leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Certificate(Vec<u8>);

/// The text is not a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is one certificate in PEM, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----")]
pub struct NotACertificate;

impl Certificate {
    /// Parses one certificate in PEM (RFC 7468 §5). What stands before and after it is no part of it.
    ///
    /// # Errors
    ///
    /// [`NotACertificate`], also for a chain of several.
    pub fn parse(pem: &str) -> Result<Self, NotACertificate> {
        let (_, rest) = pem.split_once(BEGIN).ok_or(NotACertificate)?;
        let (inner, rest) = rest.split_once(END).ok_or(NotACertificate)?;
        let encoded: String = inner.split_ascii_whitespace().collect();
        let der = base64_decoded(&encoded).filter(|der| der.len() <= MAX_CERTIFICATE_BYTES && is_one_sequence(der));
        der.filter(|_| !rest.contains(BEGIN)).map(Self).ok_or(NotACertificate)
    }

    /// The `x5t#S256` of a JOSE header (RFC 7515 §4.1.8).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        base64url(&Sha256::digest(&self.0))
    }

    /// Whether it is a certificate of `key`: it contains the modulus, or the uncompressed point (RFC 5480 §2.2).
    #[must_use]
    pub fn is_of(&self, key: &PublicJwk) -> bool {
        let decoded = |text: &str| base64url_decoded(text).unwrap_or_default();
        let public = match &key.material {
            KeyMaterial::Rsa { n, .. } => decoded(n),
            KeyMaterial::Ec { x, y, .. } => [&[4], decoded(x).as_slice(), decoded(y).as_slice()].concat(),
        };
        public.len() > 64 && self.0.windows(public.len()).any(|window| window == public)
    }
}

impl TryFrom<String> for Certificate {
    type Error = NotACertificate;

    fn try_from(pem: String) -> Result<Self, NotACertificate> {
        Self::parse(&pem)
    }
}

impl From<Certificate> for String {
    fn from(Certificate(der): Certificate) -> Self {
        format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(der))
    }
}

/// Whether this is a DER sequence with its length in two octets, as every certificate is, and nothing else.
fn is_one_sequence(der: &[u8]) -> bool {
    match der {
        [0x30, 0x82, high, low, content @ ..] => content.len() == usize::from(u16::from_be_bytes([*high, *low])),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jose::jwk::{Algorithm, Curve};

    /// Made by `openssl req -x509`, of the key below.
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBezCCASGgAwIBAgIUWTD1OHa0Y8cfwXHuQfZtI1DWphQwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHcG9zdGVybjAgFw0yNjExMjcxODUxMzZaGA8yMTI2MTEwMzE4
NTEzNlowEjEQMA4GA1UEAwwHcG9zdGVybjBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABB6kXvQzU+vwZG3dZE05nlPRa4Rm1AwOjLKiSeQ5HjxivemUTTFMcgKJ0jfY
JSQQPI6WUeO90e2I9nrdqOtIK6SjUzBRMB0GA1UdDgQWBBQT7GPM2CNx5QtyM+mU
tWeGJrQbvDAfBgNVHSMEGDAWgBQT7GPM2CNx5QtyM+mUtWeGJrQbvDAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIGjUgpUXVOJZmYEML0LvWGatyEuY
2SFM3Cbg0aZDYkGmAiEAz/KM/kg1Nf/IaXjJoqrfI7z/10D7C/8OQX+U+ta1CIA=
-----END CERTIFICATE-----
";

    fn own() -> PublicJwk {
        let (x, y) = ("HqRe9DNT6_Bkbd1kTTmeU9FrhGbUDA6MsqJJ5DkePGI", "vemUTTFMcgKJ0jfYJSQQPI6WUeO90e2I9nrdqOtIK6Q");
        let material = KeyMaterial::Ec { crv: Curve::P256, x: x.into(), y: y.into() };
        PublicJwk { material, alg: Algorithm::ES256 }
    }

    #[test]
    fn a_thumbprint_is_that_of_openssl() {
        let certificate = Certificate::parse(CERTIFICATE).unwrap();
        assert_eq!(certificate.thumbprint(), "xFxemQvjnqmVlqerQWORbd4jeFUeXRQe-SEhsDbnmKI");
        let commented = format!("subject=CN = postern\n{CERTIFICATE}\nthe end");
        assert_eq!(Certificate::parse(&commented), Ok(certificate.clone()));
        let stored = serde_json::to_value(&certificate).unwrap();
        assert_eq!(serde_json::from_value::<Certificate>(stored).unwrap(), certificate);
    }

    #[test]
    fn what_is_not_one_certificate_is_refused() {
        let twice = format!("{CERTIFICATE}{CERTIFICATE}");
        let cut = CERTIFICATE.replacen("MIIBezCC", "MIIBeyCC", 1).replacen("NTEz", "", 1);
        let large = format!("{BEGIN}{}{END}", STANDARD.encode([&[0x30, 0x82, 0x20, 0x00][..], &[0; 8192]].concat()));
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
        let short = format!("{BEGIN}MAA={END}");
        for text in ["", "xFxemQ", &twice, &cut, &large, key, BEGIN, END, &short] {
            assert_eq!(Certificate::parse(text), Err(NotACertificate), "{text}");
        }
        assert!(serde_json::from_value::<Certificate>(json!("x")).is_err());
    }

    #[test]
    fn a_certificate_is_of_its_own_key() {
        let certificate = Certificate::parse(CERTIFICATE).unwrap();
        assert!(certificate.is_of(&own()));
        let other = KeyMaterial::Ec { crv: Curve::P256, x: base64url(&[7; 32]), y: base64url(&[7; 32]) };
        assert!(!certificate.is_of(&PublicJwk { material: other, alg: Algorithm::ES256 }));
        let nothing = KeyMaterial::Rsa { n: String::new(), e: "AQAB".into() };
        assert!(!certificate.is_of(&PublicJwk { material: nothing, alg: Algorithm::RS256 }));
    }
}
