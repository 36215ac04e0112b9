//! The signature algorithms of upstream providers and clients (RFC 7518 §3.1, RFC 8037 §3.1).

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::jose::jwk::Algorithm;
use crate::syntax::encoding::base64url;

/// A supported external signature algorithm. `none` and the HMACs have no representation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ExternalAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PSS with SHA-384.
    PS384,
    /// RSASSA-PSS with SHA-512.
    PS512,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// ECDSA on P-521 with SHA-512.
    ES512,
    /// `EdDSA` on Ed25519, by its generic name (RFC 8037 §3.1) or its specific one (RFC 9864 §2.2).
    #[serde(rename = "EdDSA", alias = "Ed25519")]
    EdDsa,
}

/// The key type required by an algorithm (RFC 7518 §6, RFC 8037 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    /// RSA.
    Rsa,
    /// A curve, by its name, and the length of a coordinate in bytes.
    Ec(&'static str, usize),
    /// Ed25519.
    Ed25519,
}

impl ExternalAlgorithm {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::ES512,
        Self::EdDsa,
    ];

    /// The registered names.
    #[must_use]
    pub const fn names(self) -> &'static [&'static str] {
        match self {
            Self::RS256 => &["RS256"],
            Self::RS384 => &["RS384"],
            Self::RS512 => &["RS512"],
            Self::PS256 => &["PS256"],
            Self::PS384 => &["PS384"],
            Self::PS512 => &["PS512"],
            Self::ES256 => &["ES256"],
            Self::ES384 => &["ES384"],
            Self::ES512 => &["ES512"],
            Self::EdDsa => &["EdDSA", "Ed25519"],
        }
    }

    /// The algorithm that has this registered name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.names().contains(&name))
    }

    /// The left half of the digest of `text`, by the hash of this algorithm: `at_hash` and `c_hash` of an ID token signed
    /// with it (OpenID Connect Core §3.1.3.6 and §3.3.2.11). Ed25519 uses SHA-512 (RFC 8032 §5.1).
    #[must_use]
    pub fn left_half(self, text: &str) -> String {
        let digest = match self {
            Self::RS256 | Self::PS256 | Self::ES256 => Sha256::digest(text).to_vec(),
            Self::RS384 | Self::PS384 | Self::ES384 => Sha384::digest(text).to_vec(),
            Self::RS512 | Self::PS512 | Self::ES512 | Self::EdDsa => Sha512::digest(text).to_vec(),
        };
        base64url(digest.get(..digest.len() / 2).unwrap_or_default())
    }

    /// The key type for the algorithm.
    pub(crate) const fn key_kind(self) -> KeyKind {
        match self {
            Self::RS256 | Self::RS384 | Self::RS512 | Self::PS256 | Self::PS384 | Self::PS512 => KeyKind::Rsa,
            Self::ES256 => KeyKind::Ec("P-256", 32),
            Self::ES384 => KeyKind::Ec("P-384", 48),
            Self::ES512 => KeyKind::Ec("P-521", 66),
            Self::EdDsa => KeyKind::Ed25519,
        }
    }
}

impl From<Algorithm> for ExternalAlgorithm {
    fn from(ours: Algorithm) -> Self {
        match ours {
            Algorithm::RS256 => Self::RS256,
            Algorithm::PS256 => Self::PS256,
            Algorithm::ES256 => Self::ES256,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_the_left_half_by_the_hash_of_the_algorithm() {
        // Computed by `printf t | openssl dgst -sha256 -binary | head -c 16 | basenc --base64url`, and so on.
        let (of_256, of_384, of_512) = (SHA_256, SHA_384, SHA_512);
        for alg in ExternalAlgorithm::ALL {
            let expected = match alg.names()[0] {
                name if name.ends_with("256") => of_256,
                name if name.ends_with("384") => of_384,
                _ => of_512,
            };
            assert_eq!(alg.left_half("t"), expected, "{alg:?}");
        }
        // OpenID Connect Core, appendix A.3.
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(ExternalAlgorithm::RS256.left_half(token), "77QmUPtjPfzWtF2AnpK9RQ");
    }

    const SHA_256: &str = "47mKTaMaEn1L3m5DAz9mug";
    const SHA_384: &str = "583O6v9A_PPrBwEbT6y0fmwG-C0kMonK";
    const SHA_512: &str = "mfl9RV1dYrJPOpQqGrw_qIY_wM4gN_UvCb14WyK4ANQ";

    #[test]
    fn an_algorithm_is_known_by_its_registered_names_only() {
        for alg in ExternalAlgorithm::ALL {
            for name in alg.names() {
                assert_eq!(ExternalAlgorithm::named(name), Some(alg));
                assert_eq!(serde_json::from_value::<ExternalAlgorithm>((*name).into()).unwrap(), alg);
            }
        }
        for name in ["none", "HS256", "rs256", "ES256K", "Ed448", "RSA1_5", ""] {
            assert_eq!(ExternalAlgorithm::named(name), None, "{name}");
        }
    }
}
