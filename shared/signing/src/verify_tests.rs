//! Tests of `verify`.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaKeyPair,
};
use protocol::jose::external_jwk::ExternalJwks;
use protocol::jose::jwk::{Algorithm, Curve, KeyMaterial};
use protocol::syntax::encoding::base64url;
use serde_json::json;

use crate::fixtures::{key, pkcs8, runtime};
use crate::signer::Signer;
use crate::verify::{self, *};
use aws_lc_rs::hmac;
use protocol::jose::external_algorithm::ExternalAlgorithm;
use protocol::jose::external_jwk::ExternalKey;
use protocol::jose::jwk::PublicJwk;
use protocol::jose::jwt_fault::JwtFault;
use protocol::syntax::encoding::base64url_decoded;
use protocol::types::secret::Secret;

fn signed(signer: &Signer, typ: &str) -> String {
    runtime().block_on(signer.sign(typ, &json!({"sub": "s"}))).unwrap()
}

fn foreign(key: &PublicJwk) -> ExternalKey {
    ExternalKey::from(key)
}

fn claims<'k>(
    token: &str,
    keys: impl IntoIterator<Item = &'k ExternalKey>,
    accepts: impl Fn(Option<&str>) -> bool,
) -> Result<Vec<u8>, JwtFault> {
    verify::claims((token, &header(token, MAX_JWT_BYTES)?), keys, accepts)
}

fn ed25519(x: &str) -> ExternalKey {
    ExternalKey::Point { alg: ExternalAlgorithm::EdDsa, point: base64url_decoded(x).unwrap_or_default() }
}

fn keys() -> Vec<Signer> {
    [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256].map(|algorithm| Signer::local(key(algorithm, 0))).to_vec()
}

#[test]
fn a_signature_verifies_with_its_own_key_type_only() {
    let keys = keys();
    for (at, key) in keys.iter().enumerate() {
        let token = signed(key, "at+jwt");
        assert_eq!(verify_issued_by_us(&token, &[key.jwk()], "at+jwt").unwrap(), br#"{"sub":"s"}"#);
        assert!(verify_issued_by_us(&token, &[key.jwk()], "JWT").is_none(), "sec_jwt_06: another type");
        for other in keys.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other) {
            assert!(claims(&token, &[foreign(other.jwk())], |_| true).is_err());
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
    assert_eq!(claims(&token, &[foreign(&swapped)], |_| true), Err(JwtFault::Key), "the same key with another padding");
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
    let (key, read) = (ed25519(ED25519_X), |token: &str| header(token, MAX_JWT_BYTES).unwrap().alg);
    assert_eq!(claims(ED25519_JWS, [&key], |_| true).unwrap(), b"Example of Ed25519 signing");
    assert_eq!(read(ED25519_JWS), ExternalAlgorithm::EdDsa);
    let named = base64url(br#"{"alg":"Ed25519"}"#);
    assert_eq!(read(&format!("{named}.e30.AA")), ExternalAlgorithm::EdDsa);
    let other = ed25519(&base64url(&[9; 32]));
    assert!(claims(ED25519_JWS, [&other], |_| true).is_err());
    let tampered = ED25519_JWS.replace(".RXhh", ".RXhi");
    assert_eq!(claims(&tampered, [&key], |_| true), Err(JwtFault::Signature));
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
    let (ours, theirs) = (secret("a secret of at least 32 characters"), secret("another secret of 32 characters..."));
    assert_eq!(shared_claims(&token("HS256", &ours), &ours, |_| true).unwrap(), b"{}");
    assert!(shared_claims(&token("HS256", &theirs), &ours, |_| true).is_err());
    assert!(shared_claims(&token("HS256", &ours), &ours, |_| false).is_err(), "another type");
    for alg in ["HS384", "HS512", "none", "hs256", "RS256", ""] {
        assert!(shared_claims(&token(alg, &ours), &ours, |_| true).is_err(), "{alg}");
    }
    let confused = token("HS256", &secret(&jwk));
    assert_eq!(claims(&confused, &[foreign(rsa.jwk())], |_| true), Err(JwtFault::Algorithm));
    let (cut, _) =
        token("HS256", &ours).rsplit_once('.').map(|(message, tag)| (format!("{message}."), tag.len())).unwrap();
    assert!(shared_claims(&cut, &ours, |_| true).is_err(), "no tag");
}

#[test]
fn sec_jwt_05_a_point_off_the_curve_is_not_a_key() {
    let ec = keys().remove(2);
    assert!(is_key(&foreign(ec.jwk())));
    let KeyMaterial::Ec { crv, x, .. } = ec.jwk().material.clone() else { panic!("no EC key") };
    let off = KeyMaterial::Ec { crv, y: x.clone(), x };
    assert!(!is_key(&foreign(&PublicJwk { material: off, alg: Algorithm::ES256 })));
    assert!(is_key(&ed25519(ED25519_X)));
}

#[test]
fn a_header_with_critical_extensions_or_another_form_is_refused() {
    let read = |change: &serde_json::Value| {
        let mut header = json!({"alg": "ES256", "typ": "JWT", "kid": "k"});
        header.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        verify::header(&format!("{}.e30.AA", base64url(header.to_string().as_bytes())), MAX_JWT_BYTES).is_ok()
    };
    assert!(read(&json!({})) && read(&json!({"cty": "JWT"})));
    assert!(read(&json!({"kid": null, "typ": null, "crit": null})), "null says nothing");
    for odd in [
        json!({"crit": ["exp"]}),
        json!({"crit": []}),
        json!({"b64": false}),
        json!({"b64": true}),
        json!({"zip": "DEF"}),
        json!({"kid": 7}),
        json!({"typ": []}),
        json!({"alg": null}),
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
        assert!(!is_key(&ed25519(x)), "{x}");
        let material = KeyMaterial::Ec { crv: Curve::P256, x: x.into(), y: x.into() };
        assert!(!is_key(&foreign(&PublicJwk { material, alg: Algorithm::ES256 })), "{x}");
    }
}

#[test]
fn a_set_of_keys_is_searched_for_one_that_verifies() {
    let (first, second) = (key(Algorithm::ES256, 0), key(Algorithm::ES256, 1));
    let (first, second) = (foreign(first.jwk()), foreign(second.jwk()));
    let token = signed(&Signer::local(key(Algorithm::ES256, 1)), "JWT");
    assert!(claims(&token, [&first, &second], |_| true).is_ok());
    assert_eq!(claims(&token, [&first], |_| true), Err(JwtFault::Signature));
    assert_eq!(claims(&token, [], |_| true), Err(JwtFault::Key));
    assert!(claims(&token, [&second], |typ| typ == Some("JWT")).is_ok());
    assert_eq!(claims(&token, [&second], |typ| typ != Some("JWT")), Err(JwtFault::Type));
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
    let read = |token: &str| verify::header(token, MAX_JWT_BYTES).is_ok();
    assert!(read(&header(1000)) && !read(&header(2000)));
    let padded = |length: usize| {
        let empty = base64url(br#"{"alg":"ES256","x":""}"#);
        let padding = (length * 3 / 4).saturating_sub(empty.len() * 3 / 4);
        let header = base64url(format!(r#"{{"alg":"ES256","x":"{}"}}"#, "x".repeat(padding)).as_bytes());
        (header.len(), read(&format!("{header}.e30.AA")))
    };
    for (length, read) in (2040..2056).map(padded) {
        assert_eq!(read, length <= MAX_JWT_HEADER_BYTES, "{length}");
    }
    let short = base64url(br#"{"alg":"ES256"}"#);
    let token = |length: usize| format!("{short}.{}.", "A".repeat(length - short.len() - 2));
    assert!(read(&token(MAX_JWT_BYTES)) && !read(&token(MAX_JWT_BYTES + 1)));
    assert!(verify::header(&token(MAX_JWT_BYTES + 1), MAX_PROVIDER_JWT_BYTES).is_ok(), "by where it came from");
    let of_provider = verify::header(&token(MAX_PROVIDER_JWT_BYTES + 1), MAX_PROVIDER_JWT_BYTES);
    assert_eq!(of_provider.err(), Some(JwtFault::TooLong(MAX_PROVIDER_JWT_BYTES)));
    let named = |length: usize| {
        let header = json!({"alg": "ES256", "kid": "k".repeat(length)}).to_string();
        read(&format!("{}.e30.AA", base64url(header.as_bytes())))
    };
    assert!(named(256) && !named(257));
}

/// A JWK Set with one key, and a token that it signed with `alg`.
fn by_another(alg: ExternalAlgorithm) -> (ExternalJwks, String) {
    let header = base64url(json!({"alg": alg.names()[0], "kid": "k"}).to_string().as_bytes());
    let (message, random) = (format!("{header}.{}", base64url(b"{}")), SystemRandom::new());
    let rsa = |padding| {
        let pair = RsaKeyPair::from_pkcs8(pkcs8(Algorithm::RS256, 0)).unwrap();
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(padding, &random, message.as_bytes(), &mut signature).unwrap();
        (json!(key(Algorithm::RS256, 0).jwk().material), signature)
    };
    let ec = |crv: &str, signing| {
        let pair = EcdsaKeyPair::generate(signing).unwrap();
        let point = &pair.public_key().as_ref()[1..];
        let (x, y) = point.split_at(point.len() / 2);
        let jwk = json!({"kty": "EC", "crv": crv, "x": base64url(x), "y": base64url(y)});
        (jwk, pair.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec())
    };
    let (mut jwk, signature) = match alg {
        ExternalAlgorithm::RS256 => rsa(&RSA_PKCS1_SHA256),
        ExternalAlgorithm::RS384 => rsa(&RSA_PKCS1_SHA384),
        ExternalAlgorithm::RS512 => rsa(&RSA_PKCS1_SHA512),
        ExternalAlgorithm::PS256 => rsa(&RSA_PSS_SHA256),
        ExternalAlgorithm::PS384 => rsa(&RSA_PSS_SHA384),
        ExternalAlgorithm::PS512 => rsa(&RSA_PSS_SHA512),
        ExternalAlgorithm::ES384 => ec("P-384", &ECDSA_P384_SHA384_FIXED_SIGNING),
        ExternalAlgorithm::ES512 => ec("P-521", &ECDSA_P521_SHA512_FIXED_SIGNING),
        ExternalAlgorithm::ES256 | ExternalAlgorithm::EdDsa => panic!("see the tests above"),
    };
    jwk["kid"] = "k".into();
    let jwks = ExternalJwks::parse(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap();
    (jwks, format!("{message}.{}", base64url(&signature)))
}

#[test]
fn sec_jwt_01_each_algorithm_of_others_verifies_what_it_signed_and_no_other_does() {
    let others = [ExternalAlgorithm::ES256, ExternalAlgorithm::EdDsa];
    for alg in ExternalAlgorithm::ALL.into_iter().filter(|alg| !others.contains(alg)) {
        let (jwks, token) = by_another(alg);
        let candidates = jwks.candidates(alg, Some("k"));
        assert_eq!(claims(&token, &candidates, |_| true).unwrap(), b"{}", "{alg:?}");
        assert!(candidates.iter().all(is_key), "{alg:?}");
        for other in ExternalAlgorithm::ALL.into_iter().filter(|other| *other != alg) {
            assert!(claims(&token, &jwks.candidates(other, None), |_| true).is_err(), "{alg:?} by {other:?}");
            // The same signature under the name of another algorithm.
            let (_, rest) = token.split_once('.').unwrap();
            let header = base64url(json!({"alg": other.names()[0]}).to_string().as_bytes());
            let renamed = format!("{header}.{rest}");
            assert!(claims(&renamed, &jwks.candidates(other, None), |_| true).is_err(), "{alg:?} as {other:?}");
        }
        let (message, _) = token.rsplit_once('.').unwrap();
        for length in [0, 63, 64, 96, 132, 256] {
            let zero = format!("{message}.{}", base64url(&vec![0; length]));
            assert_eq!(claims(&zero, &candidates, |_| true), Err(JwtFault::Signature), "{alg:?} {length}");
        }
    }
}

#[test]
fn a_modulus_may_begin_with_a_zero() {
    let (_, token) = by_another(ExternalAlgorithm::RS512);
    let KeyMaterial::Rsa { n, e } = key(Algorithm::RS256, 0).jwk().material.clone() else { panic!("no RSA key") };
    let n = base64url(&[&[0], base64url_decoded(&n).unwrap().as_slice()].concat());
    let jwks = json!({"keys": [{"kty": "RSA", "n": n, "e": e, "kid": "k"}]}).to_string();
    let jwks = ExternalJwks::parse(jwks.as_bytes()).unwrap();
    assert!(claims(&token, &jwks.candidates(ExternalAlgorithm::RS512, Some("k")), |_| true).is_ok());
}

#[test]
fn each_kind_of_fault_in_a_token_is_distinguished() {
    let (jwks, token) = by_another(ExternalAlgorithm::ES384);
    let keys = jwks.candidates(ExternalAlgorithm::ES384, None);
    let (_, rest) = token.split_once('.').unwrap();
    let headed = |header: serde_json::Value| format!("{}.{rest}", base64url(header.to_string().as_bytes()));
    let table = [
        (token.clone(), Ok(b"{}".to_vec())),
        ("a.b.c.d.e".into(), Err(JwtFault::Encrypted)),
        ("not a token".into(), Err(JwtFault::Shape)),
        (format!("{token}="), Err(JwtFault::Shape)),
        (headed(json!({"alg": "ES384", "crit": ["x"]})), Err(JwtFault::Extension)),
        (headed(json!({"alg": "none"})), Err(JwtFault::Algorithm)),
        (headed(json!({"alg": "ES256"})), Err(JwtFault::Key)),
        (headed(json!({"alg": "ES384", "typ": "at+jwt"})), Err(JwtFault::Type)),
        (headed(json!({"alg": "ES384"})), Err(JwtFault::Signature)),
        ("a".repeat(MAX_JWT_BYTES + 1), Err(JwtFault::TooLong(MAX_JWT_BYTES))),
    ];
    for (token, expected) in table {
        assert_eq!(claims(&token, &keys, |typ| typ.is_none()), expected, "{token}");
    }
}
