//! The keys of an issuer (RFC 7517).

use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use serde_json::Value;

use crate::algorithm::Algorithm;
use crate::json::{Object, base64url};
use crate::source::JwksFault;

/// The maximum document size in bytes.
pub(crate) const MAX_JWKS_BYTES: usize = 64 * 1024;

/// The maximum number of keys in a document.
const MAX_KEYS: usize = 100;

/// A public key with its `kid` and its single algorithm.
#[derive(Debug)]
pub(crate) struct Key {
    kid: String,
    algorithm: Algorithm,
    public: ParsedPublicKey,
}

impl Key {
    /// The only algorithm it verifies, whatever a token says (RFC 8725 §3.1).
    pub(crate) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature` is a signature of `message` by this key.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.public.verify_sig(message, signature).is_ok()
    }

    /// Parses an entry; `None` if it is not a signature key of an accepted type, bound to one algorithm.
    fn parse(entry: &Object) -> Option<Self> {
        let text = |name| entry.text(name).ok();
        let is_for_signatures = text("use")?.is_none_or(|usage| usage == "sig")
            && entry.texts("key_ops").ok()?.is_none_or(|uses| uses.iter().any(|one| one == "verify"));
        let algorithm = Algorithm::named(text("alg")??).filter(|_| is_for_signatures)?;
        let public = match (algorithm, text("kty")??) {
            (Algorithm::RS256 | Algorithm::PS256, "RSA") => rsa(algorithm, text("n")??, text("e")??)?,
            (Algorithm::ES256, "EC") if text("crv")? == Some("P-256") => p256(text("x")??, text("y")??)?,
            _ => return None,
        };
        Some(Self { kid: text("kid")??.into(), algorithm, public })
    }
}

/// Parses an RSA key of at least 2048 bits with an odd exponent other than 1 (RFC 8725 §3.3).
fn rsa(algorithm: Algorithm, n: &str, e: &str) -> Option<ParsedPublicKey> {
    let (n, e) = (base64url(n)?, base64url(e)?);
    let is_large = n.len() > 256 || (n.len() == 256 && n.first().is_some_and(|first| *first >= 0x80));
    let is_odd = e.last().is_some_and(|last| last % 2 == 1);
    if !is_large || !is_odd || e == [1] {
        return None;
    }
    let parameters = match algorithm {
        Algorithm::PS256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::RS256 | Algorithm::ES256 => &RSA_PKCS1_2048_8192_SHA256,
    };
    RsaPublicKeyComponents { n, e }.to_parsed_public_key(parameters).ok()
}

/// Parses a point on P-256. Its coordinates have 32 bytes each, so that their concatenation has a single
/// interpretation (RFC 7518 §6.2.1.2).
fn p256(x: &str, y: &str) -> Option<ParsedPublicKey> {
    let coordinate = |text| base64url(text).filter(|bytes| bytes.len() == 32);
    let point = [vec![4], coordinate(x)?, coordinate(y)?].concat();
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok()
}

/// A set of keys.
#[derive(Debug)]
pub(crate) struct KeySet(Vec<Arc<Key>>);

impl KeySet {
    /// Parses a document. An unusable entry is skipped, and the others remain usable; a malformed document, or one
    /// with too many entries, is refused as a whole.
    pub(crate) fn parse(document: &[u8]) -> Result<Self, JwksFault> {
        if document.len() > MAX_JWKS_BYTES {
            return Err(JwksFault::TooLarge);
        }
        let document = Object::parse(document).ok_or(JwksFault::Unreadable)?;
        let entries = document.get("keys").and_then(Value::as_array).ok_or(JwksFault::Unreadable)?;
        if entries.len() > MAX_KEYS {
            return Err(JwksFault::TooLarge);
        }
        let keys = entries.iter().filter_map(|entry| Key::parse(&Object::of(entry.clone())?));
        Ok(Self(keys.map(Arc::new).collect()))
    }

    /// The key named `kid`. A `kid` shared by two keys identifies neither.
    pub(crate) fn find(&self, kid: &str) -> Option<Arc<Key>> {
        let mut named = self.0.iter().filter(|key| key.kid == kid);
        let key = named.next()?;
        named.next().is_none().then(|| Arc::clone(key))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // The key of RFC 7517 §A.1 on P-256.
    const X: &str = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
    const Y: &str = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";
    // The RSA key of RFC 7517 §A.1.
    const N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

    fn is_usable(entry: &Value) -> bool {
        KeySet::parse(json!({"keys": [entry]}).to_string().as_bytes()).unwrap().find("k").is_some()
    }

    #[test]
    fn sec_jwt_05_only_sound_signature_keys_with_one_algorithm_are_accepted() {
        let ec = json!({"kty": "EC", "crv": "P-256", "x": X, "y": Y, "kid": "k", "alg": "ES256", "use": "sig"});
        let rsa = json!({"kty": "RSA", "n": N, "e": "AQAB", "kid": "k", "alg": "RS256", "key_ops": ["verify"]});
        let changed = |key: &Value, name: &str, value: Value| {
            let mut key = key.clone();
            key[name] = value;
            key
        };
        assert!(is_usable(&ec) && is_usable(&rsa) && is_usable(&changed(&rsa, "alg", "PS256".into())));
        let half = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, [0xff; 128]);
        let short = &X[..42];
        // The last byte of one coordinate moved to the front of the other: the same 64 bytes, split elsewhere.
        let moved = {
            let encode =
                |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes);
            let point = [base64url(X).unwrap(), base64url(Y).unwrap()].concat();
            let (x, y) = point.split_at(31);
            changed(&changed(&ec, "x", encode(x).into()), "y", encode(y).into())
        };
        let bad = [
            ("coordinates of 31 and 33 bytes", moved),
            ("another point, which is not on the curve", changed(&ec, "y", X.into())),
            ("a short coordinate", changed(&ec, "x", short.into())),
            ("a padded coordinate", changed(&ec, "x", format!("{X}=").into())),
            ("another curve", changed(&ec, "crv", "P-384".into())),
            ("an RSA algorithm for a point", changed(&ec, "alg", "RS256".into())),
            ("an algorithm that is not offered", changed(&ec, "alg", "ES384".into())),
            ("no algorithm", changed(&ec, "alg", Value::Null)),
            ("encryption", changed(&ec, "use", "enc".into())),
            ("signing only", changed(&rsa, "key_ops", json!(["sign"]))),
            ("operations of the wrong type", changed(&rsa, "key_ops", "verify".into())),
            ("1024 bits", changed(&rsa, "n", half.into())),
            ("the exponent 1", changed(&rsa, "e", "AQ".into())),
            ("an even exponent", changed(&rsa, "e", "AQAA".into())),
            ("no exponent", changed(&rsa, "e", "".into())),
            ("a leading zero", changed(&rsa, "n", format!("AA{N}").into())),
            ("a point's algorithm for RSA", changed(&rsa, "alg", "ES256".into())),
            ("no name", changed(&rsa, "kid", Value::Null)),
            ("a number for a name", changed(&rsa, "kid", 7.into())),
            ("a secret", json!({"kty": "oct", "k": "AQ", "kid": "k", "alg": "HS256"})),
            ("no object", "k".into()),
        ];
        for (case, key) in bad {
            assert!(!is_usable(&key), "{case}");
        }
    }

    #[test]
    fn sec_ssrf_03_a_document_is_bounded_and_strict() {
        let many = |count| json!({"keys": vec![json!({}); count]}).to_string();
        assert!(KeySet::parse(many(100).as_bytes()).is_ok());
        assert_eq!(KeySet::parse(many(101).as_bytes()).err(), Some(JwksFault::TooLarge));
        assert_eq!(KeySet::parse(&vec![b' '; MAX_JWKS_BYTES + 1]).err(), Some(JwksFault::TooLarge));
        for bad in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#, r#"{"keys":[{"a":1,"a":2}]}"#] {
            assert_eq!(KeySet::parse(bad.as_bytes()).err(), Some(JwksFault::Unreadable), "{bad}");
        }
    }

    #[test]
    fn a_kid_shared_by_two_keys_matches_neither() {
        let key = json!({"kty": "EC", "crv": "P-256", "x": X, "y": Y, "kid": "k", "alg": "ES256"});
        let set = |keys: Value| KeySet::parse(json!({"keys": keys}).to_string().as_bytes()).unwrap();
        assert!(set(json!([key, "nonsense"])).find("k").is_some());
        assert!(set(json!([key, key])).find("k").is_none());
    }
}
