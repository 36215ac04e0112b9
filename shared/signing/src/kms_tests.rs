//! Tests of the calls to KMS: what is sent, and how each response is handled.

use std::sync::{Arc, Mutex};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RsaKeyPair};
use aws_sdk_kms::config::SharedHttpClient;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::jose::jwk::Algorithm;
use protocol::types::secret::Secret;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::fault::SigningFault;
use crate::fixtures::{Fixed, key, pkcs8, runtime, workspace};
use crate::kms::{Kms, KmsAdministration, KmsNeed, KmsSettings, KmsUnwrapping};
use crate::kms_signing::KmsSigning;
use crate::seal::Purpose;
use crate::signer::Signer;

/// The behavior of KMS: it responds with a status and a body, or the connection breaks.
#[derive(Clone, Debug)]
pub(crate) enum Response {
    Sent(u16, Value),
    Broken,
}

/// Answers every call in the same way, and records the calls.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    response: Response,
    calls: Arc<Mutex<Vec<(String, Value)>>>,
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let action = request.headers().get("x-amz-target").unwrap_or_default().trim_start_matches("TrentService.");
        let body = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        self.calls.lock().unwrap().push((action.to_owned(), body));
        HttpConnectorFuture::ready(match &self.response {
            Response::Sent(status, body) => {
                let status = StatusCode::try_from(*status).unwrap();
                Ok(HttpResponse::new(status, SdkBody::from(body.to_string())))
            }
            Response::Broken => Err(ConnectorError::io("broken".into())),
        })
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// A KMS that responds in this way, and its recorded calls.
pub(crate) fn kms(response: Response) -> (Kms, Wire) {
    let wire = Wire { response, calls: Arc::default() };
    let settings = KmsSettings {
        region: "eu-west-1".into(),
        access_key_id: "id".into(),
        secret_access_key: Secret::new("secret".into()),
        session_token: None,
        endpoint: Some("http://kms.example".into()),
    };
    (Kms::through(SharedHttpClient::new(wire.clone()), settings), wire)
}

fn signing(kms: &Kms) -> KmsSigning {
    KmsSigning::new(kms, Arc::new(Fixed(255)))
}

pub(crate) fn ok(body: Value) -> Response {
    Response::Sent(200, body)
}

fn refused(code: &str) -> Response {
    Response::Sent(400, json!({"__type": code, "message": "no"}))
}

impl Wire {
    /// The single call that was made: its action and its body.
    fn call(&self) -> (String, Value) {
        let calls = self.calls.lock().unwrap();
        assert_eq!(calls.len(), 1);
        calls[0].clone()
    }
}

fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The public half of a key, in the form in which KMS returns it.
fn spki(algorithm: Algorithm) -> String {
    let pkcs8 = pkcs8(algorithm, 0);
    let der: PublicKeyX509Der<'_> = match algorithm {
        Algorithm::RS256 | Algorithm::PS256 => RsaKeyPair::from_pkcs8(pkcs8).unwrap().public_key().as_der().unwrap(),
        Algorithm::ES256 => {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8).unwrap();
            pair.public_key().as_der().unwrap()
        }
    };
    base64(der.as_ref())
}

#[test]
fn kms_signs_a_digest_with_the_named_algorithm() {
    let der = [0x30, 6, 2, 1, 1, 2, 1, 2];
    let mut fixed = vec![0; 64];
    (fixed[31], fixed[63]) = (1, 2);
    let table = [
        (Algorithm::RS256, "RSASSA_PKCS1_V1_5_SHA_256", b"signature".to_vec(), b"signature".to_vec()),
        (Algorithm::PS256, "RSASSA_PSS_SHA_256", b"signature".to_vec(), b"signature".to_vec()),
        (Algorithm::ES256, "ECDSA_SHA_256", der.to_vec(), fixed),
    ];
    for (algorithm, name, answered, expected) in table {
        let (kms, wire) = kms(ok(json!({"Signature": base64(&answered)})));
        let signed = runtime().block_on(signing(&kms).sign("key-1", algorithm, b"message"));
        assert_eq!(signed, Ok(expected), "{name}");
        let digest = base64(&Sha256::digest(b"message"));
        let body = json!({"KeyId": "key-1", "Message": digest, "MessageType": "DIGEST", "SigningAlgorithm": name});
        assert_eq!(wire.call(), ("Sign".to_owned(), body));
    }
}

#[test]
fn an_invalid_signature_does_not_verify() {
    let answered =
        |algorithm, response| runtime().block_on(signing(&kms(ok(response)).0).sign("key-1", algorithm, b"message"));
    assert_eq!(answered(Algorithm::RS256, json!({})), Err(SigningFault::Unverified));
    assert_eq!(answered(Algorithm::ES256, json!({"Signature": base64(&[1; 64])})), Err(SigningFault::Unverified));
    let ours = key(Algorithm::RS256, 0).jwk().clone();
    let (kms, _) = kms(ok(json!({"Signature": base64(&[1; 256])})));
    let signer = Signer::kms(signing(&kms), "key-1".into(), ours);
    let token = runtime().block_on(signer.sign("JWT", &json!({})));
    assert_eq!(token, Err(SigningFault::Unverified), "the signature of another key does not leave");
}

#[test]
fn a_refusal_is_named_by_its_code() {
    let fault = |response| runtime().block_on(signing(&kms(response).0).look_at("key-1"));
    let named = |name: &str| Err(SigningFault::Kms(name.into()));
    assert_eq!(fault(ok(json!({}))), Ok(()));
    assert_eq!(fault(refused("DisabledException")), named("DisabledException"));
    assert_eq!(fault(Response::Sent(400, json!({}))), named("an unnamed error"));
    assert_eq!(fault(Response::Broken), named("no connection"));
}

#[test]
fn a_key_is_described_by_its_name() {
    let (kms, wire) = kms(ok(json!({})));
    runtime().block_on(signing(&kms).look_at("key-1")).unwrap();
    assert_eq!(wire.call(), ("DescribeKey".to_owned(), json!({"KeyId": "key-1"})));
}

#[test]
fn a_ciphertext_is_bound_to_purpose_and_workspace() {
    let unwrapped = |response, workspace| {
        let (kms, wire) = kms(response);
        let plain = KmsUnwrapping::new(&kms, "root");
        let plain = runtime().block_on(plain.unwrap(b"wrapped".to_vec(), Purpose::SigningKey, workspace));
        (plain.map(|plain| plain.expose().clone()), wire.call())
    };
    let demo = workspace();
    let (plain, (action, body)) = unwrapped(ok(json!({"Plaintext": base64(b"plain")})), Some(&demo));
    assert_eq!((plain, action.as_str()), (Ok(b"plain".to_vec()), "Decrypt"));
    let context = json!({"purpose": "signing-key", "workspace": "default/demo"});
    let expected = json!({"KeyId": "root", "CiphertextBlob": base64(b"wrapped"), "EncryptionContext": context});
    assert_eq!(body, expected);
    let (plain, (_, body)) = unwrapped(ok(json!({})), None);
    assert_eq!(plain.err(), Some(SigningFault::Key));
    assert_eq!(body["EncryptionContext"], json!({"purpose": "signing-key"}));
    let (plain, _) = unwrapped(refused("InvalidCiphertextException"), None);
    assert_eq!(plain.err(), Some(SigningFault::Kms("InvalidCiphertextException".into())));
    assert_eq!(KmsUnwrapping::need(Purpose::Logout), KmsNeed::Decrypt(Purpose::Logout));
}

#[test]
fn a_public_key_is_read_for_the_first_algorithm_that_is_wanted_and_offered() {
    let read = |algorithm, offered: &[&str], wanted| {
        let body = json!({"PublicKey": spki(algorithm), "SigningAlgorithms": offered});
        let (kms, wire) = kms(ok(body));
        let jwk = runtime().block_on(KmsAdministration::new(&kms, "root").public_key("key-1", wanted));
        assert_eq!(wire.call(), ("GetPublicKey".to_owned(), json!({"KeyId": "key-1"})));
        jwk.map(|jwk| jwk.alg)
    };
    let rsa = ["RSASSA_PSS_SHA_256", "RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PSS_SHA_512"];
    assert_eq!(read(Algorithm::RS256, &rsa, None), Ok(Algorithm::RS256));
    assert_eq!(read(Algorithm::RS256, &rsa, Some(Algorithm::PS256)), Ok(Algorithm::PS256));
    assert_eq!(read(Algorithm::RS256, &rsa, Some(Algorithm::ES256)), Err(SigningFault::Key));
    assert_eq!(read(Algorithm::ES256, &["ECDSA_SHA_256"], None), Ok(Algorithm::ES256));
    assert_eq!(read(Algorithm::ES256, &["ECDSA_SHA_384"], None), Err(SigningFault::Key));
    assert_eq!(read(Algorithm::ES256, &rsa, None), Err(SigningFault::Key), "the key is of another kind");
}

#[test]
fn a_data_key_is_generated_encrypted_for_its_purpose() {
    let generated = |response| {
        let (kms, wire) = kms(response);
        (runtime().block_on(KmsAdministration::new(&kms, "root").data_key(Purpose::Logout)), wire.call())
    };
    let (blob, (action, body)) = generated(ok(json!({"CiphertextBlob": base64(b"blob")})));
    assert_eq!((blob, action.as_str()), (Ok(b"blob".to_vec()), "GenerateDataKeyWithoutPlaintext"));
    assert_eq!(body, json!({"KeyId": "root", "KeySpec": "AES_256", "EncryptionContext": {"purpose": "logout"}}));
    assert_eq!(generated(ok(json!({}))).0, Err(SigningFault::Key));
}

#[test]
fn a_key_pair_is_generated_encrypted_for_its_workspace() {
    let table = [(Algorithm::RS256, "RSA_2048"), (Algorithm::PS256, "RSA_2048"), (Algorithm::ES256, "ECC_NIST_P256")];
    for (algorithm, spec) in table {
        let body = json!({"PublicKey": spki(algorithm), "PrivateKeyCiphertextBlob": base64(b"blob")});
        let (kms, wire) = kms(ok(body));
        let pair = runtime().block_on(KmsAdministration::new(&kms, "root").key_pair(algorithm, &workspace()));
        assert_eq!(pair, Ok((key(algorithm, 0).jwk().clone(), b"blob".to_vec())), "{spec}");
        let context = json!({"purpose": "signing-key", "workspace": "default/demo"});
        let body = json!({"KeyId": "root", "KeyPairSpec": spec, "EncryptionContext": context});
        assert_eq!(wire.call(), ("GenerateDataKeyPairWithoutPlaintext".to_owned(), body));
    }
    let (kms, _) = kms(ok(json!({"PublicKey": spki(Algorithm::ES256), "PrivateKeyCiphertextBlob": base64(b"x")})));
    let other = runtime().block_on(KmsAdministration::new(&kms, "root").key_pair(Algorithm::RS256, &workspace()));
    assert_eq!(other, Err(SigningFault::Key), "a key of another kind");
}

#[test]
fn a_call_is_tried_twice() {
    let (kms, wire) = kms(Response::Broken);
    let _ = runtime().block_on(KmsUnwrapping::new(&kms, "root").unwrap(Vec::new(), Purpose::Logout, None));
    assert_eq!(wire.calls.lock().unwrap().len(), 2);
}

#[test]
fn throttling_is_recognized_by_code_status_or_wording() {
    let throttled = [
        refused("ThrottlingException"),
        refused("LimitExceededException"),
        refused("RequestLimitExceeded"),
        Response::Sent(429, json!({})),
        Response::Sent(400, json!({"__type": "Unheard", "message": "Rate exceeded for Sign"})),
    ];
    for response in throttled {
        let fault = runtime().block_on(signing(&kms(response.clone()).0).look_at("key-1"));
        assert_eq!(fault, Err(SigningFault::Throttled), "{response:?}");
    }
}

#[test]
fn a_lost_or_throttled_signature_is_retried_once_and_a_refused_one_is_not() {
    let table = [
        (Response::Broken, 2),
        (Response::Sent(500, json!({"__type": "KMSInternalException"})), 2),
        (Response::Sent(503, json!({})), 2),
        (refused("DependencyTimeoutException"), 2),
        (refused("KeyUnavailableException"), 2),
        (refused("ThrottlingException"), 2),
        (refused("DisabledException"), 1),
        (refused("AccessDeniedException"), 1),
        (ok(json!({})), 1),
    ];
    for (response, expected) in table {
        let (kms, wire) = kms(response.clone());
        let _ = runtime().block_on(signing(&kms).sign("key-1", Algorithm::RS256, b"message"));
        assert_eq!(wire.calls.lock().unwrap().len(), expected, "{response:?}");
    }
}

#[test]
fn each_key_type_has_its_own_quota() {
    let signing = signing(&kms(refused("ThrottlingException")).0);
    let _ = runtime().block_on(signing.sign("key-1", Algorithm::RS256, b"message"));
    assert_eq!(signing.admit(Algorithm::PS256, 1), Err(SigningFault::Throttled));
    assert_eq!(signing.clone().admit(Algorithm::RS256, 1), Err(SigningFault::Throttled), "clones share it");
    assert_eq!(signing.admit(Algorithm::ES256, 1), Ok(()));
}

#[test]
fn a_retry_waits_longer_after_throttling() {
    for (response, shortest, longest) in [(refused("ThrottlingException"), 10, 30), (Response::Broken, 0, 25)] {
        for (entropy, expected) in [(0, shortest), (255, longest)] {
            let signing = KmsSigning::new(&kms(response.clone()).0, Arc::new(Fixed(entropy)));
            let paused =
                tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            let took = paused.block_on(async {
                let began = tokio::time::Instant::now();
                let _ = signing.sign("key-1", Algorithm::RS256, b"message").await;
                began.elapsed().as_millis()
            });
            assert!((expected..expected + 3).contains(&took), "{response:?}, {entropy}: {took}");
        }
    }
}
