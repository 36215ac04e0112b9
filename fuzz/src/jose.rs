//! JWTs, keys and signatures.

use std::sync::LazyLock;

use http::HeaderMap;
use postern_resource::{StaticJwks, Validator};
use protocol::client_authentication::assertion::ClientAssertion;
use protocol::jose::external_algorithm::ExternalAlgorithm;
use protocol::jose::external_jwk::{ExternalJwks, ExternalKey};
use protocol::jose::jwk::{Algorithm, PublicJwk};
use protocol::types::secret::Secret;
use signing::{der, verify};

use crate::fixtures::edited;

/// The key of RFC 7515, appendix A.3.
const KEY: &str = r#"{"kty":"EC","crv":"P-256","alg":"ES256",
    "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

/// The claims that it signed there.
const CLAIMS: &[u8] = b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";

/// The token there.
const TOKEN: &str = concat!(
    "eyJhbGciOiJFUzI1NiJ9.",
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
);

/// The longest token that is looked at: one of a provider, over TLS.
const LONGEST: usize = 64 * 1024;

static PUBLISHED: LazyLock<PublicJwk> = LazyLock::new(|| serde_json::from_str(KEY).expect("a key"));

static VALIDATOR: LazyLock<Validator<StaticJwks>> = LazyLock::new(|| {
    let keys = StaticJwks::new(format!(r#"{{"keys":[{KEY}]}}"#));
    Validator::new("https://auth.example/default/demo", "https://api.example", keys)
});

/// Only what the key signed verifies, under every door that takes a JWT.
pub fn jwt(data: &[u8]) {
    let Ok(token) = std::str::from_utf8(data) else { return };
    let external = ExternalKey::from(&*PUBLISHED);
    for token in [token, &edited(TOKEN, data)] {
        let Ok(header) = verify::header(token, LONGEST) else { continue };
        if let Ok(claims) = verify::claims((token, &header), [&external], |_| true) {
            assert_eq!(claims, CLAIMS, "forged");
            // An ECDSA signature has a twin, but what it signs has one spelling.
            assert_eq!(token.rsplit_once('.').map(|parts| parts.0), TOKEN.rsplit_once('.').map(|parts| parts.0));
        }
    }
    assert!(verify::verify_issued_by_us(token, &[&*PUBLISHED], "at+jwt").is_none());
    assert!(
        verify::shared_claims(token, &Secret::new(b"a secret of 32 bytes that is ours".to_vec()), |_| true).is_err()
    );
    let _ = ClientAssertion::parse(token);
    assert!(futures_executor::block_on(VALIDATOR.accept(token)).is_err());
}

/// The `Authorization` header of a request to an API: never enough without a good token.
pub fn resource_request(data: &[u8]) {
    let (header, query) = data.iter().position(|byte| *byte == b'\n').map_or((data, &[][..]), |at| {
        let (header, query) = data.split_at(at);
        (header, query.get(1..).unwrap_or_default())
    });
    let mut headers = HeaderMap::new();
    let Ok(value) = http::HeaderValue::from_bytes(header) else { return };
    headers.insert(http::header::AUTHORIZATION, value);
    let query = std::str::from_utf8(query).ok();
    assert!(futures_executor::block_on(VALIDATOR.authenticate(&headers, query)).is_err());
}

/// Keys of clients and providers: what is accepted has an algorithm and can be stored.
pub fn jwks(data: &[u8]) {
    let Some(set) = ExternalJwks::parse(data) else { return };
    let stored = serde_json::to_vec(&set).expect("JSON");
    let stored = ExternalJwks::parse(&stored).expect("what was stored is read");
    for alg in ExternalAlgorithm::ALL {
        let candidates = || set.candidates(alg, None).into_iter();
        assert!(candidates().eq(stored.candidates(alg, None)), "it is read back");
        for key in candidates() {
            assert_eq!(key.algorithm(), alg);
            let _ = verify::is_key(&key);
        }
    }
    let _ = set.registrable();
}

/// Signatures and public keys as KMS sends them.
pub fn kms_der(data: &[u8]) {
    if let Some(fixed) = der::fixed_signature(data) {
        assert_eq!(fixed.len(), 64);
    }
    for alg in [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256] {
        if let Some(key) = der::public_key(data, alg) {
            assert_eq!(key.alg, alg);
            assert_eq!(key.thumbprint().len(), 43);
        }
    }
}
