//! The keys of upstream providers and clients (RFC 7517, RFC 7518 §6, RFC 8037 §2).
//!
//! They may also use algorithms with which this server does not sign, such as `EdDSA`, which KMS does not support over a
//! digest. External algorithms and keys are therefore separate types, which cannot end up in the key ring.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::jose::external_algorithm::{ExternalAlgorithm, KeyKind};
use crate::jose::jwk::{KeyMaterial, PublicJwk};
use crate::syntax::encoding::{base64url_array, base64url_decoded};
use crate::syntax::json;

/// The maximum number of keys in a set (catalogue row SEC-SSRF-03).
const MAX_KEYS: usize = 100;

/// The members of private and symmetric keys (RFC 7518 §6.2.2, §6.3.2 and §6.4.1).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// An external public key, for one algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternalKey {
    /// An RSA key: modulus and exponent, big-endian.
    Rsa {
        /// The algorithm that it is for.
        alg: ExternalAlgorithm,
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// A point on the curve of its algorithm: uncompressed (SEC 1 §2.3.3), or as RFC 8032 encodes it for Ed25519.
    Point {
        /// The algorithm that it is for.
        alg: ExternalAlgorithm,
        /// The encoded point.
        point: Vec<u8>,
    },
}

impl ExternalKey {
    /// The algorithm that it is for.
    #[must_use]
    pub const fn algorithm(&self) -> ExternalAlgorithm {
        match self {
            Self::Rsa { alg, .. } | Self::Point { alg, .. } => *alg,
        }
    }
}

/// A key of a published set, and for whom it signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedKey {
    /// The key.
    pub key: ExternalKey,
    /// The issuer that the JWK names, if it does. Microsoft Entra publishes the keys of all its tenants in one set.
    issuer: Option<String>,
}

/// What stands in an issuer of Microsoft Entra for the tenant.
pub const TENANT: &str = "{tenantid}";

impl PublishedKey {
    /// Whether the key may sign a token of `issuer`: if the JWK names an issuer, it is this one, byte for byte or with one
    /// path segment for `{tenantid}`. A token without an issuer is of no issuer that a JWK can name.
    #[must_use]
    pub fn signs_for(&self, issuer: Option<&str>) -> bool {
        let Some(named) = self.issuer.as_deref() else { return true };
        let Some(issuer) = issuer else { return false };
        let Some((before, after)) = named.split_once(TENANT) else { return named == issuer };
        let tenant = issuer.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        tenant.is_some_and(|tenant| !tenant.is_empty() && !tenant.contains('/'))
    }
}

impl From<&PublicJwk> for ExternalKey {
    /// Converts one of this server's own keys. Material that cannot be decoded verifies nothing.
    fn from(ours: &PublicJwk) -> Self {
        let (alg, decoded) = (ours.alg.into(), |text: &str| base64url_decoded(text).unwrap_or_default());
        match &ours.material {
            KeyMaterial::Rsa { n, e } => Self::Rsa { alg, n: decoded(n), e: decoded(e) },
            KeyMaterial::Ec { x, y, .. } => Self::Point { alg, point: uncompressed(&decoded(x), &decoded(y)) },
        }
    }
}

/// A published key. Members that do not concern signatures are ignored, and `null` counts as absent.
#[derive(Clone, Debug, Deserialize)]
struct ExternalJwk {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    kid: Option<String>,
    issuer: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// A published set of keys. A key that cannot be parsed is skipped; the others remain usable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExternalJwks {
    keys: Vec<Value>,
}

/// Why a JWK Set cannot be registered for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum JwksError {
    /// Too many keys.
    #[error("jwks has more than a hundred keys: leave out those that are not in use")]
    TooManyKeys,
    /// A private or symmetric key, which has now been disclosed.
    #[error("jwks.keys[{0}] is a private or symmetric key: make a new one, and register its public members only")]
    PrivateKey(usize),
    /// A malformed key.
    #[error("jwks.keys[{0}] is not a JWK")]
    NotAKey(usize),
    /// A signature key that is too weak, malformed or of an unsupported type.
    #[error(
        "jwks.keys[{0}] is not usable for signatures: use RSA with 2048 bits or more, P-256, P-384, P-521 or Ed25519"
    )]
    UnusableKey(usize),
}

impl ExternalJwks {
    /// Parses a set; `None` if it is malformed or has more than a hundred keys.
    #[must_use]
    pub fn parse(json: &[u8]) -> Option<Self> {
        json::strict(json).filter(|set: &Self| set.keys.len() <= MAX_KEYS)
    }

    /// The keys that can verify `alg`, restricted to those named `kid` if it is given. Only the first hundred are
    /// considered.
    #[must_use]
    pub fn candidates(&self, alg: ExternalAlgorithm, kid: Option<&str>) -> Vec<ExternalKey> {
        self.published(alg, kid).into_iter().map(|published| published.key).collect()
    }

    /// The same keys, with the issuers that they sign for.
    #[must_use]
    pub fn published(&self, alg: ExternalAlgorithm, kid: Option<&str>) -> Vec<PublishedKey> {
        self.keys
            .iter()
            .take(MAX_KEYS)
            .filter_map(|key| ExternalJwk::deserialize(key).ok())
            .filter(ExternalJwk::verifies)
            .filter(|key| key.alg.as_deref().is_none_or(|named| alg.names().contains(&named)))
            .filter(|key| kid.is_none_or(|kid| key.kid.as_deref() == Some(kid)))
            .filter_map(|mut key| {
                let issuer = key.issuer.take();
                Some(PublishedKey { key: key.usable_with(alg)?, issuer })
            })
            .collect()
    }

    /// Checks that a client may be registered with this set: it contains public keys only, and each signature key is
    /// usable (catalogue rows SEC-CLI-13, SEC-JWT-05).
    ///
    /// # Errors
    ///
    /// [`JwksError`].
    pub fn registrable(&self) -> Result<(), JwksError> {
        if self.keys.len() > MAX_KEYS {
            return Err(JwksError::TooManyKeys);
        }
        let is_private =
            |key: &Value| PRIVATE_MEMBERS.iter().any(|member| key.get(member).is_some_and(|value| !value.is_null()));
        if let Some(position) = self.keys.iter().position(is_private) {
            return Err(JwksError::PrivateKey(position));
        }
        for (position, key) in self.keys.iter().enumerate() {
            let key = ExternalJwk::deserialize(key).map_err(|_| JwksError::NotAKey(position))?;
            if key.verifies() && !key.is_sound() {
                return Err(JwksError::UnusableKey(position));
            }
        }
        Ok(())
    }
}

impl ExternalJwk {
    /// Whether the key is for verifying signatures (RFC 7517 §4.2 and §4.3).
    fn verifies(&self) -> bool {
        let meant = self.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|name| name == "verify"));
        meant && self.usage.as_deref().is_none_or(|usage| usage == "sig")
    }

    fn is_sound(&self) -> bool {
        ExternalAlgorithm::ALL.into_iter().any(|alg| self.clone().usable_with(alg).is_some())
    }

    fn usable_with(self, alg: ExternalAlgorithm) -> Option<ExternalKey> {
        match (alg.key_kind(), self.kty.as_str(), self.crv.as_deref()) {
            (KeyKind::Rsa, "RSA", _) => self.rsa(alg),
            (KeyKind::Ec(curve, length), "EC", Some(crv)) if crv == curve => self.ec(alg, length),
            (KeyKind::Ed25519, "OKP", Some("Ed25519")) => {
                let point = base64url_array::<32>(self.x.as_deref()?)?.to_vec();
                Some(ExternalKey::Point { alg, point })
            }
            _ => None,
        }
    }

    /// An RSA key of 2048 to 8192 bits with an odd exponent of 3 or more (RFC 7518 §3.3). Some libraries put a zero byte
    /// before the modulus (§6.3.1.1), which does not change the number.
    fn rsa(&self, alg: ExternalAlgorithm) -> Option<ExternalKey> {
        let number = |text: Option<&str>| Some(without_leading_zeros(base64url_decoded(text?)?));
        let (n, e) = (number(self.n.as_deref())?, number(self.e.as_deref())?);
        let strong = (2048..=8192).contains(&bits(&n));
        let odd = e.last().is_some_and(|last| last % 2 == 1);
        (strong && odd && (2..=33).contains(&bits(&e))).then_some(ExternalKey::Rsa { alg, n, e })
    }

    /// A key whose coordinates have `length` bytes (RFC 7518 §6.2.1.2). Whether the point is on the curve is checked by the
    /// crypto library.
    fn ec(&self, alg: ExternalAlgorithm, length: usize) -> Option<ExternalKey> {
        let (x, y) = (base64url_decoded(self.x.as_deref()?)?, base64url_decoded(self.y.as_deref()?)?);
        let whole = x.len() == length && y.len() == length;
        whole.then(|| ExternalKey::Point { alg, point: uncompressed(&x, &y) })
    }
}

/// An uncompressed point (SEC 1 §2.3.3).
fn uncompressed(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&[4], x, y].concat()
}

fn without_leading_zeros(bytes: Vec<u8>) -> Vec<u8> {
    bytes.into_iter().skip_while(|byte| *byte == 0).collect()
}

/// The bit length of a big-endian number.
fn bits(bytes: &[u8]) -> usize {
    let significant = without_leading_zeros(bytes.to_vec());
    let unused = significant.first().map_or(0, |first| first.leading_zeros());
    (significant.len() * 8).saturating_sub(usize::try_from(unused).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jose::jwk::Algorithm;
    use crate::syntax::encoding::base64url;

    fn modulus(bytes: usize) -> String {
        base64url(&vec![0xc1; bytes])
    }

    fn set(keys: &Value) -> ExternalJwks {
        ExternalJwks::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }

    #[test]
    fn sec_cli_13_keys_for_other_uses_are_no_candidates() {
        let (n, point) = (modulus(256), base64url(&[7; 32]));
        let jwks = set(&json!([
            {"kty": "RSA", "n": n, "e": "AQAB", "kid": "a", "use": "enc"},
            {"kty": "RSA", "n": n, "e": "AQAB", "kid": "a", "key_ops": ["encrypt"]},
            {"kty": "RSA", "n": n, "e": "AQAB", "kid": "a", "alg": "PS256"},
            {"kty": "EC", "crv": "P-384", "x": point, "y": point, "kid": "a"},
            {"kty": "oct", "k": "AQ", "kid": "a"},
            {"kty": "RSA", "n": null, "e": "AQAB", "kid": "a"},
            {"kty": "RSA", "n": 7, "e": "AQAB", "kid": "a"},
            "nonsense",
            {"kty": "RSA", "n": n, "e": "AQAB", "kid": "a", "key_ops": ["verify"]},
            {"kty": "EC", "crv": "P-256", "x": point, "y": point, "kid": "a"},
            {"kty": "OKP", "crv": "Ed25519", "x": point, "kid": "a", "alg": "Ed25519"},
            {"kty": "OKP", "crv": "X25519", "x": point, "kid": "a"},
            {"kty": "RSA", "n": n, "e": "AQAB", "kid": "c", "use": null, "key_ops": null, "alg": null, "x5c": null},
        ]));
        let table = [
            (ExternalAlgorithm::RS256, Some("a"), 1),
            (ExternalAlgorithm::RS256, Some("b"), 0),
            (ExternalAlgorithm::RS256, Some("c"), 1),
            (ExternalAlgorithm::PS256, None, 3),
            (ExternalAlgorithm::ES256, None, 1),
            (ExternalAlgorithm::EdDsa, Some("a"), 1),
        ];
        for (alg, kid, expected) in table {
            assert_eq!(jwks.candidates(alg, kid).len(), expected, "{alg:?} {kid:?}");
        }
    }

    #[test]
    fn sec_up_05_a_key_that_names_an_issuer_signs_for_that_issuer_only() {
        let key = |issuer: Value| {
            let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(&[7; 32]), "issuer": issuer});
            set(&json!([jwk])).published(ExternalAlgorithm::EdDsa, None).pop()
        };
        let template = "https://login.example/{tenantid}/v2.0";
        let table = [
            (Value::Null, Some("https://login.example/t/v2.0"), true),
            (Value::Null, None, true),
            ("https://login.example/t/v2.0".into(), Some("https://login.example/t/v2.0"), true),
            ("https://login.example/t/v2.0".into(), Some("https://login.example/u/v2.0"), false),
            ("https://login.example/t/v2.0".into(), Some("https://login.example/t/v2.0/"), false),
            ("https://login.example/t/v2.0".into(), None, false),
            (template.into(), Some("https://login.example/t/v2.0"), true),
            (template.into(), Some("https://login.example//v2.0"), false),
            (template.into(), Some("https://login.example/v2.0"), false),
            (template.into(), Some("https://login.example/t/u/v2.0"), false),
            (template.into(), Some("https://login.example/t/v1.0"), false),
            (template.into(), Some("https://evil.example/t/v2.0"), false),
            (template.into(), None, false),
        ];
        for (named, issuer, signs) in table {
            assert_eq!(key(named.clone()).unwrap().signs_for(issuer), signs, "{named} {issuer:?}");
        }
        assert_eq!(key(json!(7)), None, "a key whose issuer cannot be read signs for nobody");
    }

    #[test]
    fn sec_jwt_05_weak_or_malformed_keys_are_not_used() {
        let whole = base64url(&[7; 32]);
        let table = [
            (json!({"kty": "RSA", "n": modulus(256), "e": "AQAB"}), true),
            (json!({"kty": "RSA", "n": modulus(256), "e": "Aw"}), true),
            (json!({"kty": "RSA", "n": modulus(255), "e": "AQAB"}), false),
            (json!({"kty": "RSA", "n": modulus(128), "e": "AQAB"}), false),
            (json!({"kty": "RSA", "n": modulus(1025), "e": "AQAB"}), false),
            (json!({"kty": "RSA", "n": modulus(256), "e": "AQ"}), false),
            (json!({"kty": "RSA", "n": modulus(256), "e": "AQAA"}), false),
            (json!({"kty": "RSA", "n": modulus(256), "e": modulus(9)}), false),
            (json!({"kty": "RSA", "n": format!("{}=", modulus(256)), "e": "AQAB"}), false),
            (json!({"kty": "EC", "crv": "P-256", "x": whole, "y": base64url(&[7; 31])}), false),
            (json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(&[7; 33])}), false),
        ];
        for (key, sound) in table {
            let jwks = set(&json!([key]));
            let found: usize = ExternalAlgorithm::ALL.into_iter().map(|alg| jwks.candidates(alg, None).len()).sum();
            assert_eq!(found > 0, sound, "{key}");
            assert_eq!(jwks.registrable().is_ok(), sound, "{key}");
        }
    }

    #[test]
    fn sec_cli_13_a_private_or_symmetric_key_does_not_register() {
        let whole = base64url(&[7; 32]);
        for (member, kty) in [("d", "OKP"), ("p", "RSA"), ("qi", "RSA"), ("oth", "RSA"), ("k", "oct")] {
            let mut key = json!({"kty": kty, "crv": "Ed25519", "x": whole});
            key[member] = Value::Null;
            assert_eq!(
                set(&json!([{"kty": "RSA", "use": "enc"}, {"kty": kty, "use": "enc", member: null}])).registrable(),
                Ok(())
            );
            key[member] = "AQ".into();
            assert_eq!(
                set(&json!([{"kty": "RSA", "use": "enc"}, key])).registrable(),
                Err(JwksError::PrivateKey(1)),
                "{member}"
            );
        }
        assert_eq!(set(&json!(["x"])).registrable(), Err(JwksError::NotAKey(0)));
    }

    #[test]
    fn a_key_is_for_the_algorithms_of_its_kind() {
        let (n, point) = (modulus(256), base64url(&[7; 32]));
        let found = |key: Value| {
            let (jwks, all) = (set(&json!([key])), ExternalAlgorithm::ALL);
            let names = all.into_iter().flat_map(|alg| jwks.candidates(alg, None)).map(|key| key.algorithm());
            names.map(|alg| alg.names()[0]).collect::<Vec<_>>().join(" ")
        };
        let (rsa, all_of_rsa) = (json!({"kty": "RSA", "n": n, "e": "AQAB"}), "RS256 RS384 RS512 PS256 PS384 PS512");
        assert_eq!(found(rsa.clone()), all_of_rsa);
        for (operation, expected) in [("verify", all_of_rsa), ("sign", ""), ("encrypt", "")] {
            let mut key = rsa.clone();
            key["key_ops"] = json!([operation]);
            assert_eq!(found(key), expected, "{operation}");
        }
        for alg in all_of_rsa.split(' ') {
            let mut key = rsa.clone();
            (key["alg"], key["use"]) = (alg.into(), "sig".into());
            assert_eq!(found(key), alg, "a key that names its algorithm is for no other");
        }
        for (crv, length, expected) in [("P-256", 32, "ES256"), ("P-384", 48, "ES384"), ("P-521", 66, "ES512")] {
            let coordinate = |length: usize| base64url(&vec![7; length]);
            let ec = |x: usize, y: usize| json!({"kty": "EC", "crv": crv, "x": coordinate(x), "y": coordinate(y)});
            assert_eq!(found(ec(length, length)), expected);
            assert_eq!(found(ec(length, length - 1)), "", "{crv}");
            assert_eq!(found(ec(length + 1, length)), "", "{crv}");
        }
        assert_eq!(found(json!({"kty": "EC", "crv": "secp256k1", "x": point, "y": point})), "");
        assert_eq!(found(json!({"kty": "EC", "x": point, "y": point})), "");
        assert_eq!(found(json!({"kty": "OKP", "crv": "Ed25519", "x": point})), "EdDSA");
        assert_eq!(found(json!({"kty": "OKP", "crv": "Ed25519"})), "");
    }

    #[test]
    fn the_size_of_a_number_is_counted_in_bits() {
        let table = [(&[][..], 0), (&[0], 0), (&[1], 1), (&[0, 1], 1), (&[0x80], 8), (&[1, 0], 9), (&[0xff, 0xff], 16)];
        for (bytes, expected) in table {
            assert_eq!(bits(bytes), expected, "{bytes:?}");
        }
        let rsa = |n: &[u8], e: &[u8]| {
            let key = json!({"kty": "RSA", "n": base64url(n), "e": base64url(e)});
            set(&json!([key])).candidates(ExternalAlgorithm::RS256, None).len() == 1
        };
        let whole = vec![0x80; 256];
        let short = [&[0x7f][..], &[0xff; 255]].concat();
        assert!(rsa(&whole, &[3]) && !rsa(&short, &[3]), "2048 bits and not 2047");
        assert!(rsa(&[0x80; 1024], &[3]) && !rsa(&[&[1][..], &[0; 1024]].concat(), &[3]), "8192 bits and not 8193");
        assert!(rsa(&whole, &[1, 0, 0, 0, 1]) && !rsa(&whole, &[3, 0, 0, 0, 1]), "33 bits and not 34");
        assert!(!rsa(&whole, &[1]) && !rsa(&whole, &[0, 1]) && !rsa(&whole, &[]));
    }

    #[test]
    fn an_invalid_jwks_names_the_key_and_the_reason() {
        let good = json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(&[7; 32])});
        let weak = json!({"kty": "RSA", "n": modulus(128), "e": "AQAB"});
        let for_encryption = json!({"kty": "RSA", "n": modulus(128), "e": "AQAB", "use": "enc"});
        let table = [
            (json!([]), Ok(())),
            (json!([good, for_encryption]), Ok(())),
            (json!([good, weak]), Err(JwksError::UnusableKey(1))),
            (json!([good, good, 1]), Err(JwksError::NotAKey(2))),
            (json!([1, {"kty": "oct", "k": "AQ"}]), Err(JwksError::PrivateKey(1))),
        ];
        for (keys, expected) in table {
            assert_eq!(set(&keys).registrable(), expected, "{keys}");
        }
        let many = |count| serde_json::from_value::<ExternalJwks>(json!({ "keys": vec![&good; count] })).unwrap();
        assert_eq!((many(100).registrable(), many(101).registrable()), (Ok(()), Err(JwksError::TooManyKeys)));
        assert_eq!(many(101).candidates(ExternalAlgorithm::EdDsa, None).len(), 100);
    }

    #[test]
    fn every_own_algorithm_is_also_a_supported_external_one() {
        let ours = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256].map(ExternalAlgorithm::from);
        assert_eq!(ours, [ExternalAlgorithm::RS256, ExternalAlgorithm::PS256, ExternalAlgorithm::ES256]);
    }

    #[test]
    fn sec_ssrf_03_and_sec_param_13_a_jwks_is_bounded_and_has_a_single_interpretation() {
        let of = |count: usize| json!({ "keys": vec![json!({}); count] }).to_string();
        assert!(ExternalJwks::parse(of(100).as_bytes()).is_some());
        assert!(ExternalJwks::parse(of(101).as_bytes()).is_none());
        for text in ["[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[{"kty":"RSA","kty":"EC"}]}"#, r#"{"keys":[],"keys":[]}"#]
        {
            assert!(ExternalJwks::parse(text.as_bytes()).is_none(), "{text}");
        }
    }
}
