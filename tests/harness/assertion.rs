//! Builds client assertions independently of the code under test.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use protocol::client_authentication::assertion::ASSERTION_TYPE;
use protocol::jose::jwk::Algorithm;
use protocol::syntax::encoding::{base64url, base64url_decoded};
use serde_json::{Value, json};
use signing::local::LocalKey;
use web::Clock as _;

use crate::foreign_key::ForeignKey;
use crate::laptop::Laptop;

/// The private key of `demo-private-key-jwt`.
const DEMO_KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgED3LjXuH9o-XA5wBytj04JFXPO8rxKDMQgp_XbR_9AuhRANCAAQepF70M1Pr8GRt3WRNOZ5T0WuEZtQMDoyyoknkOR48Yr3plE0xTHICidI32CUkEDyOllHjvdHtiPZ63ajrSCuk";

/// The secret of `demo-secret-jwt`.
const DEMO_SECRET: &str = "demo-secret-jwt-secret-of-32-characters-and-more";

/// A key that a client signs with.
pub enum ClientKey {
    /// An RSA or P-256 key.
    Common(LocalKey),
    /// An Ed25519 key.
    Ed25519(Ed25519KeyPair),
    /// One of an algorithm that this server does not sign with.
    Foreign(ForeignKey),
    /// A shared secret.
    Shared(Vec<u8>),
}

impl ClientKey {
    /// Returns the key of `demo-private-key-jwt`.
    #[must_use]
    pub fn of_demo() -> Self {
        Self::Common(LocalKey::from_pkcs8(Algorithm::ES256, &base64url_decoded(DEMO_KEY).unwrap()).unwrap())
    }

    /// Returns the secret of `demo-secret-jwt`.
    #[must_use]
    pub fn secret_of_demo() -> Self {
        Self::Shared(DEMO_SECRET.into())
    }

    /// Generates a key for `algorithm`.
    #[must_use]
    pub fn new(algorithm: Algorithm) -> Self {
        Self::Common(LocalKey::generate(algorithm).unwrap().1)
    }

    /// Generates an Ed25519 key.
    #[must_use]
    pub fn ed25519() -> Self {
        Self::Ed25519(Ed25519KeyPair::generate().unwrap())
    }

    /// A new key of each algorithm that others may sign with.
    #[must_use]
    pub fn of_each_algorithm() -> Vec<Self> {
        let common = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256].map(Self::new);
        let foreign = ForeignKey::ALGORITHMS.map(|alg| Self::Foreign(ForeignKey::new(alg)));
        common.into_iter().chain(foreign).chain([Self::ed25519()]).collect()
    }

    /// Returns the `alg` value of the key.
    #[must_use]
    pub const fn alg(&self) -> &'static str {
        match self {
            Self::Common(key) => key.jwk().alg.as_str(),
            Self::Ed25519(_) => "EdDSA",
            Self::Foreign(key) => key.alg(),
            Self::Shared(_) => "HS256",
        }
    }

    /// Returns the public key as a JWK named `kid`.
    #[must_use]
    pub fn jwk(&self, kid: &str) -> Value {
        let mut jwk = match self {
            Self::Common(key) => json!(key.jwk().material),
            Self::Ed25519(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(pair.public_key().as_ref())})
            }
            Self::Foreign(key) => key.jwk(),
            Self::Shared(_) => panic!("a secret has no public half"),
        };
        jwk["kid"] = kid.into();
        jwk
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Common(key) => key.sign(message).unwrap(),
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Foreign(key) => key.sign(message),
            Self::Shared(secret) => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec(),
        }
    }
}

/// An unsigned assertion.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// The header; `alg` is taken from the key unless set here.
    pub header: Value,
    /// The claims.
    pub claims: Value,
}

impl Assertion {
    /// Returns a valid assertion of `client` at the current time of `laptop`.
    #[must_use]
    pub fn new(laptop: &Laptop, client: &str, jti: &str) -> Self {
        Self::at(&laptop.issuer(), laptop.clock.now().seconds(), client, jti)
    }

    /// Returns a valid assertion of `client` for `issuer` at `now` seconds.
    #[must_use]
    pub fn at(issuer: &str, now: u64, client: &str, jti: &str) -> Self {
        let claims = json!({"iss": client, "sub": client, "aud": issuer, "jti": jti, "iat": now, "exp": now + 60});
        Self { header: json!({}), claims }
    }

    /// Sets the claim `name` to `value`, or removes it if `value` is null.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.claims[name] = value;
        self.claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self
    }

    /// Sets the header parameter `name` to `value`.
    #[must_use]
    pub fn headed(mut self, name: &str, value: Value) -> Self {
        self.header[name] = value;
        self
    }

    /// Signs the assertion and returns the JWT.
    #[must_use]
    pub fn signed(&self, key: &ClientKey) -> String {
        let mut header = json!({"alg": key.alg()});
        header.as_object_mut().unwrap().extend(self.header.as_object().unwrap().clone());
        let message =
            format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(self.claims.to_string().as_bytes()));
        let signature = base64url(&key.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }
}

/// Returns the form fields that carry an assertion.
#[must_use]
pub fn asserted(jwt: &str) -> [(&'static str, &str); 2] {
    [("client_assertion", jwt), ("client_assertion_type", ASSERTION_TYPE)]
}
