//! Verifying what somebody signed: us or an upstream provider.
//!
//! The key comes from a set that the caller names, never from the token; the algorithm is the key's, never the
//! token's choice (RFC 8725 §3.1). `jsonwebtoken` does the arithmetic.

use jsonwebtoken::DecodingKey;
use protocol::encoding::base64url_decoded;
use protocol::json::present;
use protocol::jwk::{Algorithm, KeyMaterial, PublicJwk};
use serde::Deserialize;

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 8192;

/// The parts of a JOSE header that matter. Whoever demands more (`crit`) is refused (RFC 7515 §4.1.11).
#[derive(Deserialize)]
pub struct Header {
    /// The algorithm that the token claims.
    pub alg: Algorithm,
    /// The name of the key.
    #[serde(default, deserialize_with = "present")]
    pub kid: Option<String>,
    /// The kind of token.
    #[serde(default, deserialize_with = "present")]
    pub typ: Option<String>,
    #[serde(default)]
    crit: Option<serde_json::Value>,
    #[serde(default)]
    b64: Option<serde_json::Value>,
    #[serde(default)]
    zip: Option<serde_json::Value>,
}

/// Reads the header of a compact JWS; `None` if it is not one that we could ever accept.
#[must_use]
pub fn header(token: &str) -> Option<Header> {
    if token.len() > LONGEST {
        return None;
    }
    let header = base64url_decoded(token.split('.').next()?)?;
    let header: Header = serde_json::from_slice(&header).ok()?;
    let plain = header.crit.is_none() && header.b64.is_none() && header.zip.is_none();
    let short = header.kid.as_ref().is_none_or(|kid| kid.len() <= 256);
    (plain && short).then_some(header)
}

/// Verifies `token` with one of `keys` and hands out its claims; `None` for whatever reason they are not good.
///
/// `accepts` says which types of token will do.
#[must_use]
pub fn claims<'k>(
    token: &str,
    keys: impl IntoIterator<Item = &'k PublicJwk>,
    accepts: impl Fn(Option<&str>) -> bool,
) -> Option<Vec<u8>> {
    let header = header(token)?;
    if !accepts(header.typ.as_deref()) {
        return None;
    }
    let (message, signature) = token.rsplit_once('.')?;
    let (_, payload) = message.split_once('.')?;
    base64url_decoded(signature)?;
    let verified =
        keys.into_iter().filter(|key| key.alg == header.alg).any(|key| verifies(key, message.as_bytes(), signature));
    if verified { base64url_decoded(payload) } else { None }
}

/// Verifies a token of our own, whose key is named by its thumbprint.
#[must_use]
pub fn own_claims(token: &str, ring: &[&PublicJwk], typ: &str) -> Option<Vec<u8>> {
    let kid = header(token)?.kid?;
    let key = ring.iter().copied().find(|key| key.thumbprint() == kid)?;
    claims(token, [key], |presented| presented == Some(typ))
}

/// Whether `signature` (base64url) is one of `message` by `key`.
pub(crate) fn verifies(key: &PublicJwk, message: &[u8], signature: &str) -> bool {
    let decoding = match &key.material {
        KeyMaterial::Rsa { n, e } => DecodingKey::from_rsa_components(n, e),
        KeyMaterial::Ec { x, y, .. } => DecodingKey::from_ec_components(x, y),
    };
    let algorithm = match key.alg {
        Algorithm::RS256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::PS256 => jsonwebtoken::Algorithm::PS256,
        Algorithm::ES256 => jsonwebtoken::Algorithm::ES256,
    };
    decoding
        .and_then(|decoding| jsonwebtoken::crypto::verify(signature, message, &decoding, algorithm))
        .unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use protocol::encoding::base64url;
    use serde_json::json;

    use super::*;
    use crate::local::LocalKey;
    use crate::signer::Signer;

    fn signed(signer: &Signer, typ: &str) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(signer.sign(typ, &json!({"sub": "s"}))).unwrap()
    }

    fn keys() -> Vec<Signer> {
        [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256]
            .map(|algorithm| Signer::local(LocalKey::generate(algorithm).unwrap().1))
            .to_vec()
    }

    #[test]
    fn what_is_signed_verifies_with_its_own_key_type_and_nothing_else() {
        let keys = keys();
        for (at, key) in keys.iter().enumerate() {
            let token = signed(key, "at+jwt");
            assert_eq!(own_claims(&token, &[key.jwk()], "at+jwt").unwrap(), br#"{"sub":"s"}"#);
            assert!(own_claims(&token, &[key.jwk()], "JWT").is_none(), "sec_jwt_06: another type");
            for other in keys.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other) {
                assert!(claims(&token, [other.jwk()], |_| true).is_none());
            }
        }
    }

    #[test]
    fn sec_jwt_01_the_algorithm_is_the_keys_and_not_the_tokens() {
        let key = keys().remove(0);
        let token = signed(&key, "at+jwt");
        let (_, rest) = token.split_once('.').unwrap();
        for alg in ["none", "NONE", "noNe", "HS256", "HS384", "PS256", "ES256", "ES384", "ES256K", "rs256", ""] {
            let header =
                base64url(json!({"alg": alg, "typ": "at+jwt", "kid": key.jwk().thumbprint()}).to_string().as_bytes());
            assert!(own_claims(&format!("{header}.{rest}"), &[key.jwk()], "at+jwt").is_none(), "{alg}");
            let unsigned = rest.split_once('.').unwrap().0;
            assert!(own_claims(&format!("{header}.{unsigned}."), &[key.jwk()], "at+jwt").is_none(), "{alg}");
        }
        let mut swapped = key.jwk().clone();
        swapped.alg = Algorithm::PS256;
        assert!(claims(&token, [&swapped], |_| true).is_none(), "the same key with another padding");
    }

    #[test]
    fn sec_jwt_03_and_04_odd_headers_and_forms_are_refused() {
        let key = keys().remove(2);
        let token = signed(&key, "at+jwt");
        let (first, rest) = token.split_once('.').unwrap();
        let good = json!({"alg": "ES256", "typ": "at+jwt", "kid": key.jwk().thumbprint()});
        let odd = [
            json!({"crit": ["exp"]}),
            json!({"crit": []}),
            json!({"b64": false}),
            json!({"zip": "DEF"}),
            json!({"kid": null}),
            json!({"kid": "../../etc/passwd"}),
            json!({"kid": "k".repeat(300)}),
            json!({"alg": 256}),
        ];
        for change in odd {
            let mut header = good.clone();
            header.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let header = base64url(header.to_string().as_bytes());
            assert!(own_claims(&format!("{header}.{rest}"), &[key.jwk()], "at+jwt").is_none(), "{change}");
        }
        let (payload, signature) = rest.split_once('.').unwrap();
        let zero = base64url(&[0; 64]);
        for text in [
            String::new(),
            first.into(),
            format!("{first}.{payload}"),
            format!("{first}.{payload}.{zero}"),
            format!("{first}.{payload}.{signature}="),
            format!("{token}.x.y"),
            format!("{{{token}"),
            "a".repeat(LONGEST + 1),
        ] {
            assert!(own_claims(&text, &[key.jwk()], "at+jwt").is_none(), "{text}");
        }
    }
}
