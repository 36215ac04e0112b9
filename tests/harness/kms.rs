//! A KMS stub on the HTTP level: real keys and real signatures behind the KMS protocol, with injectable faults.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{Digest, SHA256};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair,
};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::jose::jwk::Algorithm;
use protocol::types::secret::Secret;
use serde_json::{Value, json};
use signing::local::LocalKey;
use signing::{Kms, KmsSettings, SystemEntropy};

/// The key that encrypts data keys.
pub const SEALING_KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/sealing";

/// Prefix of the KMS operation names in `X-Amz-Target`.
pub const SERVICE: &str = "TrentService.";

/// A recorded call to KMS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KmsCall {
    /// The operation: `Sign`, `Decrypt`, …
    pub action: String,
    /// The key id in the request.
    pub key: String,
    /// The complete request body.
    pub body: Value,
}

/// The fault injected into a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KmsTrouble {
    /// No fault.
    None,
    /// The connection is reset.
    Broken,
    /// No response ever arrives.
    Silent,
    /// KMS responds with this error code.
    Refused(&'static str),
    /// The signature has one bit flipped.
    Flipped,
    /// The signature was made with another key.
    Foreign,
}

type Plan = dyn Fn(&KmsCall, usize) -> KmsTrouble + Send + Sync;

enum Pair {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
}

struct Held {
    pair: Pair,
    algorithms: &'static [&'static str],
}

#[derive(Default)]
struct State {
    keys: BTreeMap<String, Arc<Held>>,
    /// Plaintext and encryption context, by ciphertext.
    encrypted: BTreeMap<String, (Vec<u8>, Value)>,
    log: Vec<KmsCall>,
    under_way: usize,
    most_at_once: usize,
}

/// The KMS stub. Clones share keys, log and fault plan.
#[derive(Clone)]
pub struct FakeKms {
    state: Arc<Mutex<State>>,
    plan: Arc<Mutex<Arc<Plan>>>,
}

impl fmt::Debug for FakeKms {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FakeKms")
    }
}

/// Returns the ARN of the signing key `name`.
#[must_use]
pub fn arn(name: &str) -> String {
    format!("arn:aws:kms:eu-west-1:111122223333:key/{name}")
}

fn pair(algorithm: Algorithm) -> (Vec<u8>, Held) {
    let pkcs8 = LocalKey::generate(algorithm).unwrap().0.expose().clone();
    let held = match algorithm {
        Algorithm::RS256 | Algorithm::PS256 => Held {
            pair: Pair::Rsa(RsaKeyPair::from_pkcs8(&pkcs8).unwrap()),
            algorithms: &["RSASSA_PSS_SHA_256", "RSASSA_PKCS1_V1_5_SHA_256"],
        },
        Algorithm::ES256 => Held {
            pair: Pair::Ecdsa(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &pkcs8).unwrap()),
            algorithms: &["ECDSA_SHA_256"],
        },
    };
    (pkcs8, held)
}

impl FakeKms {
    /// Creates a stub with two RSA keys, `rsa-1` and `rsa-2`, and two P-256 keys, `ec-1` and `ec-2`.
    #[must_use]
    pub fn new() -> Self {
        let calm: Arc<Plan> = Arc::new(|_: &KmsCall, _| KmsTrouble::None);
        let kms = Self { state: Arc::default(), plan: Arc::new(Mutex::new(calm)) };
        for (name, algorithm) in [
            ("rsa-1", Algorithm::RS256),
            ("rsa-2", Algorithm::RS256),
            ("ec-1", Algorithm::ES256),
            ("ec-2", Algorithm::ES256),
        ] {
            kms.state.lock().unwrap().keys.insert(arn(name), Arc::new(pair(algorithm).1));
        }
        kms
    }

    /// Returns the ids of the signing keys as a stack configures them.
    #[must_use]
    pub fn signing_keys(&self) -> Vec<String> {
        ["rsa-1", "rsa-2", "ec-1", "ec-2"].map(arn).to_vec()
    }

    /// Returns a client connected to the stub.
    #[must_use]
    pub fn connection(&self, region: &str) -> Kms {
        let settings = KmsSettings {
            region: region.into(),
            access_key_id: "local".into(),
            secret_access_key: Secret::new("local".into()),
            session_token: None,
            endpoint: Some("http://localhost".into()),
        };
        Kms::through(SharedHttpClient::new(self.clone()), settings)
    }

    /// Returns the calls since the last call of this function, retries included.
    #[must_use]
    pub fn calls(&self) -> Vec<KmsCall> {
        std::mem::take(&mut self.state.lock().unwrap().log)
    }

    /// Returns the highest number of concurrent calls since the last call of this function.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        std::mem::take(&mut self.state.lock().unwrap().most_at_once)
    }

    /// Sets the fault plan. `plan` receives each call and its index, counted from 0 from now on.
    pub fn plan(&self, plan: impl Fn(&KmsCall, usize) -> KmsTrouble + Send + Sync + 'static) {
        self.state.lock().unwrap().log.clear();
        *self.plan.lock().unwrap() = Arc::new(plan);
    }

    /// Stops injecting faults.
    pub fn calm(&self) {
        self.plan(|_, _| KmsTrouble::None);
    }

    /// Responds to a call as the wire protocol demands; `target` is the value of `X-Amz-Target`.
    #[must_use]
    pub fn respond(&self, target: &str, body: &[u8]) -> (u16, String) {
        let (status, body) = self.answer(&call(target, body), KmsTrouble::None);
        (status, body.to_string())
    }

    /// Returns every plaintext that was ever encrypted.
    #[must_use]
    pub fn plain(&self) -> Vec<Vec<u8>> {
        self.state.lock().unwrap().encrypted.values().map(|(plain, _)| plain.clone()).collect()
    }

    async fn carry(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let target = request.headers().get("x-amz-target").unwrap();
        let call = call(target, request.body().bytes().unwrap());
        let number = {
            let mut state = self.state.lock().unwrap();
            state.log.push(call.clone());
            state.under_way += 1;
            state.most_at_once = state.most_at_once.max(state.under_way);
            state.log.len() - 1
        };
        tokio::task::yield_now().await;
        let trouble = self.plan.lock().unwrap().clone()(&call, number);
        let answer = match trouble {
            KmsTrouble::Silent => std::future::pending().await,
            KmsTrouble::Broken => Err(ConnectorError::io("the connection was reset".into())),
            KmsTrouble::Refused(code) => Ok(response(&refusal(code))),
            KmsTrouble::None | KmsTrouble::Flipped | KmsTrouble::Foreign => Ok(response(&self.answer(&call, trouble))),
        };
        tokio::task::yield_now().await;
        self.state.lock().unwrap().under_way -= 1;
        answer
    }

    fn answer(&self, call: &KmsCall, trouble: KmsTrouble) -> Answer {
        match call.action.as_str() {
            "Sign" => self.sign(call, trouble),
            "GetPublicKey" => self.public_key(call),
            "DescribeKey" => (200, json!({"KeyMetadata": {"KeyId": call.key, "Enabled": true}})),
            "GenerateDataKeyWithoutPlaintext" => {
                let key = signing::entropy::random::<32>(&SystemEntropy).unwrap().to_vec();
                let blob = self.encrypted(key, &call.body["EncryptionContext"]);
                (200, json!({"KeyId": call.key, "CiphertextBlob": blob}))
            }
            "GenerateDataKeyPairWithoutPlaintext" => self.data_key_pair(call),
            "Decrypt" => self.decrypt(call),
            other => panic!("{other} is not what a function or an administrator calls"),
        }
    }

    fn held(&self, key: &str) -> Option<Arc<Held>> {
        self.state.lock().unwrap().keys.get(key).cloned()
    }

    fn sign(&self, call: &KmsCall, trouble: KmsTrouble) -> Answer {
        let algorithm = call.body["SigningAlgorithm"].as_str().unwrap();
        let key = if trouble == KmsTrouble::Foreign { arn("rsa-2") } else { call.key.clone() };
        let Some(held) = self.held(&key) else { return refusal("NotFoundException") };
        if !held.algorithms.contains(&algorithm) {
            return refusal("InvalidKeyUsageException");
        }
        assert_eq!(call.body["MessageType"], "DIGEST", "KMS sees digests only");
        let digest = STANDARD.decode(call.body["Message"].as_str().unwrap()).unwrap();
        let digest = Digest::import_less_safe(&digest, &SHA256).unwrap();
        let mut signature = match &held.pair {
            Pair::Rsa(pair) => {
                let padding = if algorithm == "RSASSA_PSS_SHA_256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(padding, &digest, &mut signature).unwrap();
                signature
            }
            Pair::Ecdsa(pair) => pair.sign_digest(&digest).unwrap().as_ref().to_vec(),
        };
        if trouble == KmsTrouble::Flipped {
            *signature.last_mut().unwrap() ^= 1;
        }
        (200, json!({"KeyId": key, "Signature": STANDARD.encode(signature), "SigningAlgorithm": algorithm}))
    }

    fn public_key(&self, call: &KmsCall) -> Answer {
        let Some(held) = self.held(&call.key) else { return refusal("NotFoundException") };
        let algorithms = held.algorithms;
        (200, json!({"KeyId": call.key, "PublicKey": spki(&held.pair), "SigningAlgorithms": algorithms}))
    }

    fn data_key_pair(&self, call: &KmsCall) -> Answer {
        let algorithm = match call.body["KeyPairSpec"].as_str().unwrap() {
            "RSA_2048" => Algorithm::RS256,
            "ECC_NIST_P256" => Algorithm::ES256,
            other => panic!("{other}"),
        };
        let (pkcs8, held) = pair(algorithm);
        let blob = self.encrypted(pkcs8, &call.body["EncryptionContext"]);
        let public = spki(&held.pair);
        (200, json!({"KeyId": call.key, "PrivateKeyCiphertextBlob": blob, "PublicKey": public}))
    }

    fn encrypted(&self, plain: Vec<u8>, context: &Value) -> String {
        let mut state = self.state.lock().unwrap();
        let blob = STANDARD.encode(format!("ciphertext {}", state.encrypted.len()));
        state.encrypted.insert(blob.clone(), (plain, context.clone()));
        blob
    }

    fn decrypt(&self, call: &KmsCall) -> Answer {
        let state = self.state.lock().unwrap();
        let known = state.encrypted.get(call.body["CiphertextBlob"].as_str().unwrap());
        match known.filter(|(_, context)| *context == call.body["EncryptionContext"] && call.key == SEALING_KEY) {
            Some((plain, _)) => (200, json!({"KeyId": call.key, "Plaintext": STANDARD.encode(plain)})),
            None => refusal("InvalidCiphertextException"),
        }
    }
}

impl Default for FakeKms {
    fn default() -> Self {
        Self::new()
    }
}

fn spki(pair: &Pair) -> String {
    let der: PublicKeyX509Der<'_> = match pair {
        Pair::Rsa(pair) => pair.public_key().as_der().unwrap(),
        Pair::Ecdsa(pair) => pair.public_key().as_der().unwrap(),
    };
    STANDARD.encode(der.as_ref())
}

/// A status and a body.
type Answer = (u16, Value);

fn call(target: &str, body: &[u8]) -> KmsCall {
    let body: Value = serde_json::from_slice(body).unwrap();
    let action = target.strip_prefix(SERVICE).unwrap().to_owned();
    KmsCall { action, key: body["KeyId"].as_str().unwrap_or_default().into(), body }
}

fn refusal(code: &str) -> Answer {
    (400, json!({"__type": code, "message": "injected"}))
}

fn response((status, body): &Answer) -> HttpResponse {
    crate::wire::response(*status, body.to_string())
}

impl HttpConnector for FakeKms {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().carry(request))
    }
}

impl HttpClient for FakeKms {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
