//! Verification of JWTs: those issued here, and those of upstream providers and clients.
//!
//! The key comes from a set that the caller provides, never from the token; the algorithm is determined by the key, never by
//! the token (RFC 8725 §3.1). AWS-LC does the computation.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};
use protocol::jose::external_algorithm::ExternalAlgorithm;
use protocol::jose::external_jwk::ExternalKey;
use protocol::jose::jwk::PublicJwk;
use protocol::jose::jwt_fault::JwtFault;
use protocol::syntax::encoding::base64url_decoded;
use protocol::syntax::json;
use protocol::types::secret::Secret;
use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer as _};

/// The maximum length of a token from an untrusted sender, in bytes (catalogue row SEC-JWT-09).
pub const MAX_JWT_BYTES: usize = 8192;

/// The maximum length of a token that a configured provider sends over TLS: that of the response that contains it. The ID
/// token of a user in two hundred groups has ten kilobytes.
pub const MAX_PROVIDER_JWT_BYTES: usize = 64 * 1024;

pub(crate) const MAX_JWT_HEADER_BYTES: usize = 2048;

/// The relevant members of a JOSE header. Critical extensions (`crit`) are refused (RFC 7515 §4.1.11), keys and links to
/// keys (`jwk`, `jku`, `x5c`, `x5u`) are ignored, and `null` counts as absent.
pub struct Header<A = ExternalAlgorithm> {
    /// The algorithm of the token, not verified yet.
    pub alg: A,
    /// The name of the key.
    pub kid: Option<String>,
    /// The type of the token.
    pub typ: Option<String>,
}

/// A header as received.
#[derive(Deserialize)]
struct RawHeader {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<serde_json::Value>,
    b64: Option<serde_json::Value>,
    zip: Option<serde_json::Value>,
}

/// The supported MAC, for shared secrets (RFC 7518 §3.2). It is not among the signature algorithms, so public keys are never
/// used with it.
#[derive(Deserialize)]
enum MacAlgorithm {
    HS256,
}

/// Parses the header of a compact JWS of at most `longest` bytes.
///
/// # Errors
///
/// [`JwtFault`] if it is not acceptable.
pub fn header(token: &str, longest: usize) -> Result<Header, JwtFault> {
    header_of(token, longest)
}

fn header_of<A: DeserializeOwned>(token: &str, longest: usize) -> Result<Header<A>, JwtFault> {
    if token.len() > longest {
        return Err(JwtFault::TooLong(longest));
    }
    if token.split('.').count() == 5 {
        return Err(JwtFault::Encrypted);
    }
    let encoded = token.split('.').next().filter(|header| header.len() <= MAX_JWT_HEADER_BYTES);
    let decoded = encoded.and_then(base64url_decoded).ok_or(JwtFault::Shape)?;
    let raw: RawHeader = json::strict(&decoded).ok_or(JwtFault::Shape)?;
    if raw.crit.is_some() || raw.b64.is_some() || raw.zip.is_some() {
        return Err(JwtFault::Extension);
    }
    if raw.kid.as_ref().is_some_and(|kid| kid.len() > 256) {
        return Err(JwtFault::Shape);
    }
    let named: StrDeserializer<'_, Error> = raw.alg.as_str().into_deserializer();
    let alg = A::deserialize(named).map_err(|_| JwtFault::Algorithm)?;
    Ok(Header { alg, kid: raw.kid, typ: raw.typ })
}

/// Verifies `token`, whose header has been read, with one of `keys` and returns its claims. `accepts` decides on the `typ`.
///
/// # Errors
///
/// [`JwtFault`].
pub fn claims<'k>(
    (token, header): (&str, &Header),
    keys: impl IntoIterator<Item = &'k ExternalKey>,
    accepts: impl Fn(Option<&str>) -> bool,
) -> Result<Vec<u8>, JwtFault> {
    let parts = Parts::of(token)?;
    if !accepts(header.typ.as_deref()) {
        return Err(JwtFault::Type);
    }
    let mut fitting = keys.into_iter().filter(|key| key.algorithm() == header.alg).peekable();
    fitting.peek().ok_or(JwtFault::Key)?;
    let verified = fitting.any(|key| is_signature(key, parts.message, &parts.signature));
    if verified { base64url_decoded(parts.payload).ok_or(JwtFault::Shape) } else { Err(JwtFault::Signature) }
}

/// The unverified `iss` of a token, for the choice among keys only.
#[must_use]
pub fn claimed_issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        iss: String,
    }
    let payload = base64url_decoded(Parts::of(token).ok()?.payload)?;
    json::strict::<Claimed>(&payload).map(|claimed| claimed.iss)
}

/// Verifies a token issued here. Its `kid` identifies the key by thumbprint.
#[must_use]
pub fn verify_issued_by_us(token: &str, ring: &[&PublicJwk], typ: &str) -> Option<Vec<u8>> {
    let header = header(token, MAX_JWT_BYTES).ok()?;
    let named = |key: &&&PublicJwk| header.kid.as_ref().is_some_and(|kid| key.thumbprint() == *kid);
    let key = ExternalKey::from(*ring.iter().find(named)?);
    claims((token, &header), [&key], |presented| presented == Some(typ)).ok()
}

/// Verifies the MAC of an external token with a shared secret.
///
/// # Errors
///
/// [`JwtFault`].
pub fn shared_claims(
    token: &str,
    secret: &Secret<Vec<u8>>,
    accepts: impl Fn(Option<&str>) -> bool,
) -> Result<Vec<u8>, JwtFault> {
    let header: Header<MacAlgorithm> = header_of(token, MAX_JWT_BYTES)?;
    let (parts, MacAlgorithm::HS256) = (Parts::of(token)?, header.alg);
    if !accepts(header.typ.as_deref()) {
        return Err(JwtFault::Type);
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose());
    hmac::verify(&key, parts.message, &parts.signature).map_err(|_| JwtFault::Signature)?;
    base64url_decoded(parts.payload).ok_or(JwtFault::Shape)
}

/// The parts of a compact JWS (RFC 7515 §7.1).
struct Parts<'t> {
    message: &'t [u8],
    payload: &'t str,
    signature: Vec<u8>,
}

impl<'t> Parts<'t> {
    fn of(token: &'t str) -> Result<Self, JwtFault> {
        let (message, signature) = token.rsplit_once('.').ok_or(JwtFault::Shape)?;
        let (_, payload) = message.split_once('.').ok_or(JwtFault::Shape)?;
        let signature = base64url_decoded(signature).ok_or(JwtFault::Shape)?;
        Ok(Self { message: message.as_bytes(), payload, signature })
    }
}

/// Whether `key` is usable. For elliptic curves, the point must be on the curve (RFC 8725 §3.4).
#[must_use]
pub fn is_key(key: &ExternalKey) -> bool {
    match (key, scheme(key.algorithm())) {
        (ExternalKey::Point { point, .. }, Scheme::Curve(curve)) => ParsedPublicKey::new(curve, point).is_ok(),
        (ExternalKey::Rsa { .. }, Scheme::Rsa(_)) => true,
        (ExternalKey::Point { .. }, Scheme::Rsa(_)) | (ExternalKey::Rsa { .. }, Scheme::Curve(_)) => false,
    }
}

/// Whether `signature` (base64url) is a signature of `message` with `key`.
pub(crate) fn verifies(key: &PublicJwk, message: &[u8], signature: &str) -> bool {
    base64url_decoded(signature).is_some_and(|signature| is_signature(&ExternalKey::from(key), message, &signature))
}

fn is_signature(key: &ExternalKey, message: &[u8], signature: &[u8]) -> bool {
    match (key, scheme(key.algorithm())) {
        (ExternalKey::Rsa { n, e, .. }, Scheme::Rsa(parameters)) => {
            RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()
        }
        (ExternalKey::Point { point, .. }, Scheme::Curve(curve)) => {
            ParsedPublicKey::new(curve, point).is_ok_and(|key| key.verify_sig(message, signature).is_ok())
        }
        (ExternalKey::Point { .. }, Scheme::Rsa(_)) | (ExternalKey::Rsa { .. }, Scheme::Curve(_)) => false,
    }
}

/// An algorithm, as AWS-LC represents it.
enum Scheme {
    Rsa(&'static RsaParameters),
    Curve(&'static dyn VerificationAlgorithm),
}

fn scheme(alg: ExternalAlgorithm) -> Scheme {
    match alg {
        ExternalAlgorithm::RS256 => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA256),
        ExternalAlgorithm::RS384 => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA384),
        ExternalAlgorithm::RS512 => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA512),
        ExternalAlgorithm::PS256 => Scheme::Rsa(&RSA_PSS_2048_8192_SHA256),
        ExternalAlgorithm::PS384 => Scheme::Rsa(&RSA_PSS_2048_8192_SHA384),
        ExternalAlgorithm::PS512 => Scheme::Rsa(&RSA_PSS_2048_8192_SHA512),
        ExternalAlgorithm::ES256 => Scheme::Curve(&ECDSA_P256_SHA256_FIXED),
        ExternalAlgorithm::ES384 => Scheme::Curve(&ECDSA_P384_SHA384_FIXED),
        ExternalAlgorithm::ES512 => Scheme::Curve(&ECDSA_P521_SHA512_FIXED),
        ExternalAlgorithm::EdDsa => Scheme::Curve(&ED25519),
    }
}
