//! The public keys of this server, as published (RFC 7517, RFC 7518 §6).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::syntax::encoding;

/// A signature algorithm of this server (RFC 7518 §3.1). `none` and the HMACs have no representation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// ECDSA on P-256 with SHA-256.
    ES256,
}

impl Algorithm {
    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
        }
    }
}

/// A public key of this server, with its algorithm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicJwk {
    /// The key material, with its key type.
    #[serde(flatten)]
    pub material: KeyMaterial,
    /// Its only algorithm.
    pub alg: Algorithm,
}

/// Public key material.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty")]
pub enum KeyMaterial {
    /// An RSA key.
    #[serde(rename = "RSA")]
    Rsa {
        /// The modulus, base64url.
        n: String,
        /// The exponent, base64url.
        e: String,
    },
    /// A key on P-256.
    #[serde(rename = "EC")]
    Ec {
        /// The curve, always `P-256`.
        crv: Curve,
        /// The first coordinate, base64url.
        x: String,
        /// The second coordinate, base64url.
        y: String,
    },
}

/// The supported curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Curve {
    /// NIST P-256.
    #[serde(rename = "P-256")]
    P256,
}

impl PublicJwk {
    /// The RFC 7638 thumbprint, which is the key's `kid`.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        let canonical = match &self.material {
            KeyMaterial::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            KeyMaterial::Ec { x, y, .. } => {
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
        };
        encoding::base64url(&Sha256::digest(canonical.as_bytes()))
    }

    /// The entry of a JWKS: public members only (RFC 7517 §4).
    #[must_use]
    pub fn published(&self) -> serde_json::Value {
        let mut entry = serde_json::json!(self.material);
        if let Some(entry) = entry.as_object_mut() {
            entry.insert("use".into(), "sig".into());
            entry.insert("alg".into(), self.alg.as_str().into());
            entry.insert("kid".into(), self.thumbprint().into());
        }
        entry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_rfc_7638() {
        let key = PublicJwk {
            alg: Algorithm::RS256,
            material: KeyMaterial::Rsa {
                n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw".into(),
                e: "AQAB".into(),
            },
        };
        assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    /// The P-256 key of RFC 7517, appendix A.1; its thumbprint is the SHA-256 of the members required by RFC 7638
    /// §3.2.
    #[test]
    fn a_key_is_published_with_its_use_algorithm_and_thumbprint() {
        let key = PublicJwk {
            alg: Algorithm::ES256,
            material: KeyMaterial::Ec {
                crv: Curve::P256,
                x: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4".into(),
                y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM".into(),
            },
        };
        let expected = serde_json::json!({
            "kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM", "use": "sig", "alg": "ES256", "kid": "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s",
        });
        assert_eq!(key.published(), expected);
        let stored = serde_json::to_value(&key).unwrap();
        assert_eq!(serde_json::from_value::<PublicJwk>(stored).unwrap(), key);
        let names = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256].map(Algorithm::as_str);
        assert_eq!(names, ["RS256", "PS256", "ES256"]);
    }
}
