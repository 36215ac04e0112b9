//! An issuer whose keys and tokens the tests generate, and a key source that counts requests.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postern_resource::{AccessToken, JwksFault, JwksSource, Refusal, StaticJwks, Validator};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://auth.example/default/shop";
pub(crate) const AUDIENCE: &str = "https://api.example";

/// The time at which tokens are issued here, in seconds.
pub(crate) const NOW: u64 = 1_780_000_000;

/// The default leeway of a validator.
pub(crate) const LEEWAY: u64 = 5;

/// The issuer's keys. Generating them takes longer than everything else here.
pub(crate) static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys {
    rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
    point: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
    other_point: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
});

pub(crate) struct Keys {
    pub(crate) rsa: RsaKeyPair,
    pub(crate) point: EcdsaKeyPair,
    pub(crate) other_point: EcdsaKeyPair,
}

impl Keys {
    /// The JWKS with one key per algorithm; the RSA key is listed once, for RS256.
    pub(crate) fn jwks(&self) -> String {
        json!({"keys": [rsa_jwk(&self.rsa, "rsa", "RS256"), point_jwk(&self.point, "point")]}).to_string()
    }
}

pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn rsa_jwk(pair: &RsaKeyPair, kid: &str, alg: &str) -> Value {
    let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    json!({"kty": "RSA", "n": base64url(public.n), "e": base64url(public.e), "kid": kid, "alg": alg, "use": "sig"})
}

pub(crate) fn point_jwk(pair: &EcdsaKeyPair, kid: &str) -> Value {
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    json!({"kty": "EC", "crv": "P-256", "x": base64url(x), "y": base64url(y), "kid": kid, "alg": "ES256", "use": "sig"})
}

/// The header of a valid token, signed with the P-256 key.
pub(crate) fn header() -> Value {
    json!({"typ": "at+jwt", "alg": "ES256", "kid": "point"})
}

/// The claims of a valid token.
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "alice", "aud": AUDIENCE, "client_id": "app", "iat": NOW, "exp": NOW + 300, "jti": "t-1",
        "scope": "offers.read offers.write",
    })
}

/// `value` with these members changed; `null` removes a member.
pub(crate) fn with(mut value: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    let members = value.as_object_mut().unwrap();
    for (name, change) in changes {
        if change.is_null() {
            members.remove(&name);
        } else {
            members.insert(name, change);
        }
    }
    value
}

/// A token with exactly this header and these claims, always signed with the P-256 key.
pub(crate) fn signed(header: impl ToString, claims: impl ToString) -> String {
    signed_by(&KEYS.point, header, claims)
}

pub(crate) fn signed_by(pair: &EcdsaKeyPair, header: impl ToString, claims: impl ToString) -> String {
    let message = message(header, claims);
    let signature = pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    format!("{message}.{}", base64url(signature))
}

/// A token signed with the RSA key, with the padding of RS256 or of PS256.
pub(crate) fn signed_by_rsa(alg: &str, header: impl ToString, claims: impl ToString) -> String {
    let message = message(header, claims);
    let padding = if alg == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
    let mut signature = vec![0; KEYS.rsa.public_modulus_len()];
    KEYS.rsa.sign(padding, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    format!("{message}.{}", base64url(signature))
}

/// The part of the token that is signed.
pub(crate) fn message(header: impl ToString, claims: impl ToString) -> String {
    format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()))
}

/// The API's validator, with the issuer's keys.
pub(crate) fn validator() -> Validator<StaticJwks> {
    Validator::new(ISSUER, AUDIENCE, StaticJwks::new(KEYS.jwks())).clock(|| Duration::from_secs(NOW))
}

/// Validates `token` with the API's validator.
pub(crate) async fn accepted(token: &str) -> Result<AccessToken, Refusal> {
    validator().accept(token).await
}

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub(crate) struct Hands(Arc<AtomicU64>);

impl Hands {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(NOW)))
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn step_back(&self, seconds: u64) {
        self.0.fetch_sub(seconds, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn clock(&self) -> impl Fn() -> Duration + Send + Sync + 'static {
        let hands = self.clone();
        move || Duration::from_secs(hands.now())
    }
}

/// A stub issuer that counts requests.
#[derive(Clone, Default)]
pub(crate) struct Issuer {
    answer: Arc<Mutex<Option<Result<String, JwksFault>>>>,
    asked: Arc<AtomicUsize>,
    /// Each receiver delays one response until it is released; without receivers, responses are immediate.
    gates: Arc<Mutex<VecDeque<tokio::sync::oneshot::Receiver<()>>>>,
}

impl Issuer {
    pub(crate) fn publishing(keys: Value) -> Self {
        let issuer = Self::default();
        issuer.publish(keys);
        issuer
    }

    pub(crate) fn publish(&self, keys: Value) {
        *self.answer.lock().unwrap() = Some(Ok(json!({"keys": keys}).to_string()));
    }

    pub(crate) fn says(&self, text: &str) {
        *self.answer.lock().unwrap() = Some(Ok(text.into()));
    }

    pub(crate) fn breaks(&self) {
        *self.answer.lock().unwrap() = Some(Err(JwksFault::Status(500)));
    }

    /// Delays the next response until the returned sender is used.
    pub(crate) fn hesitate(&self) -> tokio::sync::oneshot::Sender<()> {
        let (gate, opened) = tokio::sync::oneshot::channel();
        self.gates.lock().unwrap().push_back(opened);
        gate
    }

    /// How often the source was called since the last call of this method.
    pub(crate) fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }

    pub(crate) fn validator(&self, hands: &Hands) -> Validator<Self> {
        Validator::new(ISSUER, AUDIENCE, self.clone()).clock(hands.clock())
    }
}

impl JwksSource for Issuer {
    async fn fetch(&self) -> Result<Vec<u8>, JwksFault> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let gate = self.gates.lock().unwrap().pop_front();
        if let Some(gate) = gate {
            let _ = gate.await;
        }
        self.answer.lock().unwrap().clone().unwrap().map(String::into_bytes)
    }
}
