//! Verification of JWTs: our own, and those of upstream providers and clients.
//!
//! The key comes from a set that the caller names, never from the token; the algorithm is the key's, never the token's
//! choice (RFC 8725 §3.1). `jsonwebtoken` does the arithmetic.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey};
use jsonwebtoken::DecodingKey;
use protocol::jose::external_jwk::{ExternalAlgorithm, ExternalKey};
use protocol::jose::jwk::{Algorithm, KeyMaterial, PublicJwk};
use protocol::syntax::encoding::base64url_decoded;
use protocol::syntax::json::{self, present};
use protocol::types::secret::Secret;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The maximum length of a token and of its header, in bytes (catalogue row SEC-JWT-09).
const MAX_JWT_BYTES: usize = 8192;
const MAX_JWT_HEADER_BYTES: usize = 2048;

/// The members of a JOSE header that matter. Critical extensions (`crit`) are refused (RFC 7515 §4.1.11), and keys or
/// links to keys (`jwk`, `jku`, `x5c`, `x5u`) are ignored.
#[derive(Deserialize)]
pub struct Header<A = ExternalAlgorithm> {
    /// The algorithm of the token, not verified yet.
    pub alg: A,
    /// The name of the key.
    #[serde(default, deserialize_with = "present")]
    pub kid: Option<String>,
    /// The type of the token.
    #[serde(default, deserialize_with = "present")]
    pub typ: Option<String>,
    #[serde(default)]
    crit: Option<serde_json::Value>,
    #[serde(default)]
    b64: Option<serde_json::Value>,
    #[serde(default)]
    zip: Option<serde_json::Value>,
}

/// The supported MAC, for shared secrets (RFC 7518 §3.2). It is not among the signature algorithms, so public keys are
/// never used with it.
#[derive(Deserialize)]
enum MacAlgorithm {
    HS256,
}

/// Parses the header of a compact JWS; `None` if it is not acceptable.
#[must_use]
pub fn header(token: &str) -> Option<Header> {
    header_of(token)
}

fn header_of<A: DeserializeOwned>(token: &str) -> Option<Header<A>> {
    if token.len() > MAX_JWT_BYTES {
        return None;
    }
    let header = base64url_decoded(token.split('.').next().filter(|header| header.len() <= MAX_JWT_HEADER_BYTES)?)?;
    let header: Header<A> = json::strict(&header)?;
    let plain = header.crit.is_none() && header.b64.is_none() && header.zip.is_none();
    let short = header.kid.as_ref().is_none_or(|kid| kid.len() <= 256);
    (plain && short).then_some(header)
}

/// Verifies `token` with one of `keys` and returns its claims; `None` if it is invalid for any reason.
///
/// `accepts` decides on the `typ`.
#[must_use]
pub fn claims<'k>(
    token: &str,
    keys: impl IntoIterator<Item = &'k ExternalKey>,
    accepts: impl Fn(Option<&str>) -> bool,
) -> Option<Vec<u8>> {
    checked(token, accepts, |header: &Header, message, signature| {
        let mut fitting = keys.into_iter().filter(|key| key.algorithm() == header.alg);
        fitting.any(|key| match key {
            ExternalKey::Common(key) => verifies(key, message, signature),
            ExternalKey::Ed25519(x) => {
                arithmetic(DecodingKey::from_ed_components(x), jsonwebtoken::Algorithm::EdDSA, message, signature)
            }
        })
    })
}

/// Verifies one of our own tokens. Its `kid` names the key by thumbprint.
#[must_use]
pub fn verify_issued_by_us(token: &str, ring: &[&PublicJwk], typ: &str) -> Option<Vec<u8>> {
    checked(
        token,
        |presented| presented == Some(typ),
        |header: &Header, message, signature| {
            let named = |key: &&&PublicJwk| header.kid.as_ref().is_some_and(|kid| key.thumbprint() == *kid);
            let key = ring.iter().find(named);
            key.is_some_and(|key| header.alg == key.alg.into() && verifies(key, message, signature))
        },
    )
}

/// Verifies a token with a MAC under a shared secret.
#[must_use]
pub fn shared_claims(token: &str, secret: &Secret<Vec<u8>>, accepts: impl Fn(Option<&str>) -> bool) -> Option<Vec<u8>> {
    checked(token, accepts, |header: &Header<MacAlgorithm>, message, tag| {
        let MacAlgorithm::HS256 = header.alg;
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose());
        base64url_decoded(tag).is_some_and(|tag| hmac::verify(&key, message, &tag).is_ok())
    })
}

/// Whether `key` is usable. For elliptic curves, the point must be on the curve (RFC 8725 §3.4).
#[must_use]
pub fn is_key(key: &ExternalKey) -> bool {
    let uncompressed = |x: &str, y: &str| Some([&[4][..], &base64url_decoded(x)?, &base64url_decoded(y)?].concat());
    match key {
        ExternalKey::Common(PublicJwk { material: KeyMaterial::Ec { x, y, .. }, .. }) => {
            uncompressed(x, y).is_some_and(|point| ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).is_ok())
        }
        ExternalKey::Common(PublicJwk { material: KeyMaterial::Rsa { .. }, .. }) => true,
        ExternalKey::Ed25519(x) => {
            base64url_decoded(x).is_some_and(|point| ParsedPublicKey::new(&ED25519, point).is_ok())
        }
    }
}

/// The claims of a compact JWS, if `accepts` accepts its type and `verifies` its message and signature.
fn checked<A: DeserializeOwned>(
    token: &str,
    accepts: impl Fn(Option<&str>) -> bool,
    verifies: impl FnOnce(&Header<A>, &[u8], &str) -> bool,
) -> Option<Vec<u8>> {
    let header = header_of(token)?;
    let (message, signature) = token.rsplit_once('.')?;
    let (_, payload) = message.split_once('.')?;
    base64url_decoded(signature)?;
    let good = accepts(header.typ.as_deref()) && verifies(&header, message.as_bytes(), signature);
    if good { base64url_decoded(payload) } else { None }
}

/// Whether `signature` (base64url) is a signature of `message` with `key`.
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
    arithmetic(decoding, algorithm, message, signature)
}

fn arithmetic(
    key: Result<DecodingKey, jsonwebtoken::errors::Error>,
    algorithm: jsonwebtoken::Algorithm,
    message: &[u8],
    signature: &str,
) -> bool {
    key.and_then(|key| jsonwebtoken::crypto::verify(signature, message, &key, algorithm)).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use protocol::jose::jwk::Curve;
    use protocol::syntax::encoding::base64url;
    use serde_json::json;

    use super::*;
    use crate::fixtures::{key, runtime};
    use crate::signer::Signer;

    fn signed(signer: &Signer, typ: &str) -> String {
        runtime().block_on(signer.sign(typ, &json!({"sub": "s"}))).unwrap()
    }

    fn foreign(key: &PublicJwk) -> ExternalKey {
        ExternalKey::Common(key.clone())
    }

    fn keys() -> Vec<Signer> {
        [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256]
            .map(|algorithm| Signer::local(key(algorithm, 0)))
            .to_vec()
    }

    #[test]
    fn a_signature_verifies_with_its_own_key_type_only() {
        let keys = keys();
        for (at, key) in keys.iter().enumerate() {
            let token = signed(key, "at+jwt");
            assert_eq!(verify_issued_by_us(&token, &[key.jwk()], "at+jwt").unwrap(), br#"{"sub":"s"}"#);
            assert!(verify_issued_by_us(&token, &[key.jwk()], "JWT").is_none(), "sec_jwt_06: another type");
            for other in keys.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other) {
                assert!(claims(&token, &[foreign(other.jwk())], |_| true).is_none());
                assert!(verify_issued_by_us(&token, &[other.jwk()], "at+jwt").is_none());
            }
        }
    }

    #[test]
    fn sec_jwt_01_the_algorithm_comes_from_the_key_and_not_from_the_token() {
        let key = keys().remove(0);
        let token = signed(&key, "at+jwt");
        let (_, rest) = token.split_once('.').unwrap();
        for alg in ["none", "NONE", "noNe", "HS256", "HS384", "PS256", "ES256", "ES384", "ES256K", "rs256", ""] {
            let header =
                base64url(json!({"alg": alg, "typ": "at+jwt", "kid": key.jwk().thumbprint()}).to_string().as_bytes());
            assert!(verify_issued_by_us(&format!("{header}.{rest}"), &[key.jwk()], "at+jwt").is_none(), "{alg}");
            let unsigned = rest.split_once('.').unwrap().0;
            assert!(verify_issued_by_us(&format!("{header}.{unsigned}."), &[key.jwk()], "at+jwt").is_none(), "{alg}");
        }
        let mut swapped = key.jwk().clone();
        swapped.alg = Algorithm::PS256;
        assert!(claims(&token, &[foreign(&swapped)], |_| true).is_none(), "the same key with another padding");
    }

    #[test]
    fn sec_jwt_03_and_04_unusual_headers_and_serializations_are_refused() {
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
            assert!(verify_issued_by_us(&format!("{header}.{rest}"), &[key.jwk()], "at+jwt").is_none(), "{change}");
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
            "a".repeat(MAX_JWT_BYTES + 1),
        ] {
            assert!(verify_issued_by_us(&text, &[key.jwk()], "at+jwt").is_none(), "{text}");
        }
    }

    /// The key and the JWS of RFC 8037, appendix A.
    const ED25519_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const ED25519_JWS: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

    #[test]
    fn sec_jwt_01_ed25519_verifies_with_its_own_key_and_by_both_of_its_names() {
        let key = ExternalKey::Ed25519(ED25519_X.into());
        assert_eq!(claims(ED25519_JWS, [&key], |_| true).unwrap(), b"Example of Ed25519 signing");
        assert_eq!(header(ED25519_JWS).unwrap().alg, ExternalAlgorithm::EdDsa);
        let named = base64url(br#"{"alg":"Ed25519"}"#);
        assert_eq!(header(&format!("{named}.e30.AA")).unwrap().alg, ExternalAlgorithm::EdDsa);
        let other = ExternalKey::Ed25519(base64url(&[9; 32]));
        assert!(claims(ED25519_JWS, [&other], |_| true).is_none());
        let tampered = ED25519_JWS.replace(".RXhh", ".RXhi");
        assert!(claims(&tampered, [&key], |_| true).is_none());
    }

    #[test]
    fn sec_jwt_01_a_mac_is_not_a_signature_and_a_public_key_not_a_secret() {
        let rsa = keys().remove(0);
        let jwk = rsa.jwk().published().to_string();
        let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
        let token = |alg: &str, secret: &Secret<Vec<u8>>| {
            let header = base64url(json!({"alg": alg, "typ": "JWT"}).to_string().as_bytes());
            let message = format!("{header}.{}", base64url(b"{}"));
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.expose()), message.as_bytes());
            format!("{message}.{}", base64url(tag.as_ref()))
        };
        let (ours, theirs) =
            (secret("a secret of at least 32 characters"), secret("another secret of 32 characters..."));
        assert_eq!(shared_claims(&token("HS256", &ours), &ours, |_| true).unwrap(), b"{}");
        assert!(shared_claims(&token("HS256", &theirs), &ours, |_| true).is_none());
        assert!(shared_claims(&token("HS256", &ours), &ours, |_| false).is_none(), "another type");
        for alg in ["HS384", "HS512", "none", "hs256", "RS256", ""] {
            assert!(shared_claims(&token(alg, &ours), &ours, |_| true).is_none(), "{alg}");
        }
        let confused = token("HS256", &secret(&jwk));
        assert!(claims(&confused, &[foreign(rsa.jwk())], |_| true).is_none());
        let (cut, _) =
            token("HS256", &ours).rsplit_once('.').map(|(message, tag)| (format!("{message}."), tag.len())).unwrap();
        assert!(shared_claims(&cut, &ours, |_| true).is_none(), "no tag");
    }

    #[test]
    fn sec_jwt_05_a_point_off_the_curve_is_not_a_key() {
        let ec = keys().remove(2);
        assert!(is_key(&foreign(ec.jwk())));
        let KeyMaterial::Ec { crv, x, .. } = ec.jwk().material.clone() else { panic!("no EC key") };
        let off = KeyMaterial::Ec { crv, y: x.clone(), x };
        assert!(!is_key(&ExternalKey::Common(PublicJwk { material: off, alg: Algorithm::ES256 })));
        assert!(is_key(&ExternalKey::Ed25519(ED25519_X.into())));
    }

    #[test]
    fn a_header_with_critical_extensions_or_another_form_is_refused() {
        let read = |change: &serde_json::Value| {
            let mut header = json!({"alg": "ES256", "typ": "JWT", "kid": "k"});
            header.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            super::header(&format!("{}.e30.AA", base64url(header.to_string().as_bytes()))).is_some()
        };
        assert!(read(&json!({})) && read(&json!({"cty": "JWT"})));
        for odd in [
            json!({"crit": ["exp"]}),
            json!({"crit": []}),
            json!({"b64": false}),
            json!({"b64": true}),
            json!({"zip": "DEF"}),
            json!({"kid": null}),
            json!({"typ": null}),
            json!({"alg": "none"}),
            json!({"alg": "HS256"}),
        ] {
            assert!(!read(&odd), "{odd}");
        }
    }

    #[test]
    fn rsa_keys_are_usable_and_malformed_points_are_not() {
        assert!(is_key(&foreign(key(Algorithm::RS256, 0).jwk())));
        for x in ["", "AA", "not base64url"] {
            assert!(!is_key(&ExternalKey::Ed25519(x.into())), "{x}");
            let material = KeyMaterial::Ec { crv: Curve::P256, x: x.into(), y: x.into() };
            assert!(!is_key(&foreign(&PublicJwk { material, alg: Algorithm::ES256 })), "{x}");
        }
    }

    #[test]
    fn a_set_of_keys_is_searched_for_one_that_verifies() {
        let (first, second) = (key(Algorithm::ES256, 0), key(Algorithm::ES256, 1));
        let (first, second) = (foreign(first.jwk()), foreign(second.jwk()));
        let token = signed(&Signer::local(key(Algorithm::ES256, 1)), "JWT");
        assert!(claims(&token, [&first, &second], |_| true).is_some());
        assert!(claims(&token, [&first], |_| true).is_none() && claims(&token, [], |_| true).is_none());
        assert!(claims(&token, [&second], |typ| typ == Some("JWT")).is_some());
        assert!(claims(&token, [&second], |typ| typ != Some("JWT")).is_none());
    }

    #[test]
    fn sec_jwt_02_and_09_keys_in_the_header_are_ignored_and_a_long_header_is_refused() {
        let (key, stranger) = (keys().remove(2), Signer::local(key(Algorithm::ES256, 1)));
        let token = signed(&stranger, "at+jwt");
        let (_, rest) = token.split_once('.').unwrap();
        for (member, value) in [
            ("jwk", stranger.jwk().published()),
            ("jku", json!("https://attacker.example/jwks.json")),
            ("x5u", json!("https://attacker.example/chain.pem")),
            ("x5c", json!(["MIIB"])),
        ] {
            let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": key.jwk().thumbprint(), member: value});
            let header = base64url(header.to_string().as_bytes());
            assert!(verify_issued_by_us(&format!("{header}.{rest}"), &[key.jwk()], "at+jwt").is_none(), "{member}");
        }
        let header = |padding: usize| {
            let header = json!({"alg": "ES256", "x": "x".repeat(padding)}).to_string();
            format!("{}.e30.AA", base64url(header.as_bytes()))
        };
        assert!(super::header(&header(1000)).is_some());
        assert!(super::header(&header(2000)).is_none());
        let padded = |length: usize| {
            let empty = base64url(br#"{"alg":"ES256","x":""}"#);
            let padding = (length * 3 / 4).saturating_sub(empty.len() * 3 / 4);
            let header = base64url(format!(r#"{{"alg":"ES256","x":"{}"}}"#, "x".repeat(padding)).as_bytes());
            (header.len(), super::header(&format!("{header}.e30.AA")).is_some())
        };
        for (length, read) in (2040..2056).map(padded) {
            assert_eq!(read, length <= MAX_JWT_HEADER_BYTES, "{length}");
        }
        let short = base64url(br#"{"alg":"ES256"}"#);
        let token = |length: usize| format!("{short}.{}.", "A".repeat(length - short.len() - 2));
        assert!(super::header(&token(MAX_JWT_BYTES)).is_some() && super::header(&token(MAX_JWT_BYTES + 1)).is_none());
        let named = |length: usize| {
            let header = json!({"alg": "ES256", "kid": "k".repeat(length)}).to_string();
            super::header(&format!("{}.e30.AA", base64url(header.as_bytes()))).is_some()
        };
        assert!(named(256) && !named(257));
    }
}
