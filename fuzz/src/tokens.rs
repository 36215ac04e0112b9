//! Claims whose signature is valid: those of clients, and our own when they come back.

use std::sync::{Arc, LazyLock};

use protocol::client_authentication::assertion::{ASSERTION_TYPE, Arrival, AssertedClient};
use protocol::client_authentication::credentials::{ClientProof, Credentials, authenticate};
use protocol::clients::client::Client;
use protocol::logout::request::Hint;
use protocol::registration::client_metadata::ClientMetadata;
use protocol::syntax::parameters::Parameters;
use protocol::tokens::access_token::AccessTokenClaims;
use serde_json::{Value, json};

use crate::fixtures::{ISSUER, NOW, SETTINGS};

/// A JWT that names the client `robot`, unsigned: signatures are verified elsewhere.
const ASSERTION: &str = "e30.eyJzdWIiOiJyb2JvdCJ9.";

static ROBOT: LazyLock<Arc<Client>> = LazyLock::new(|| {
    let metadata: ClientMetadata = serde_json::from_value(json!({
        "client_id": "robot", "client_name": "Robot", "token_endpoint_auth_method": "private_key_jwt",
        "grant_types": ["client_credentials"], "client_credentials_scope": "read",
        "jwks": { "keys": [{
            "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }] },
    }))
    .expect("metadata");
    Arc::new(metadata.register(&SETTINGS, &ISSUER).expect("a client"))
});

fn asserted() -> AssertedClient {
    let form = format!("client_assertion={ASSERTION}&client_assertion_type={}", ASSERTION_TYPE.replace(':', "%3A"));
    let parameters = Parameters::parse(form.as_bytes()).expect("a form");
    let credentials = Credentials::parse(&[], &parameters).expect("credentials");
    match authenticate(credentials, Some(Arc::clone(&ROBOT)), NOW) {
        Ok(ClientProof::Asserted(client)) => *client,
        _ => panic!("the client uses assertions"),
    }
}

/// The claims of a client's assertion: what is accepted is by the client, for this server, now, and recorded for as long
/// as it could be used again.
pub fn assertion(data: &[u8]) {
    let endpoints = ["https://auth.example/default/demo/oauth2/token".to_owned()];
    let arrival = Arrival { issuer: &ISSUER, endpoints: &endpoints, now: NOW };
    let Ok((used, _)) = asserted().accept(data, &arrival) else { return };
    let claims: Value = serde_json::from_slice(data).expect("JSON");
    assert_eq!(
        (&claims["iss"], &claims["sub"], &claims["aud"]),
        (&json!("robot"), &json!("robot"), &json!(ISSUER.as_str()))
    );
    assert!(claims["jti"].as_str().is_some_and(|jti| !jti.is_empty()));
    assert!(used.until() > NOW);
    let (again, _) = asserted().accept(data, &arrival).ok().expect("it is accepted again");
    assert!(again.mark().matches(used.mark()), "each assertion has one mark");
    let late = Arrival { now: used.until(), ..arrival };
    assert!(asserted().accept(data, &late).is_err(), "it could be replayed after its record is gone");
}

/// Whether there is a number in `value` that is no integer.
fn has_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(values) => values.iter().any(has_fraction),
        Value::Object(members) => members.values().any(has_fraction),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

/// Claims of our own tokens: those of another issuer are not ours, and what is read is written as it was.
pub fn own_claims(data: &[u8]) {
    let said = || serde_json::from_slice::<Value>(data).expect("JSON");
    if let Some(claims) = AccessTokenClaims::parse(data, &ISSUER) {
        assert_eq!(said()["iss"], json!(ISSUER.as_str()));
        let written = serde_json::to_vec(&claims).expect("JSON");
        // No claim of ours is a fraction, and fractions are not read to the last digit.
        if !claims.mapped.values().any(has_fraction) {
            assert_eq!(AccessTokenClaims::parse(&written, &ISSUER), Some(claims));
        }
    }
    if Hint::parse(data, &ISSUER).is_some() {
        assert_eq!(said()["iss"], json!(ISSUER.as_str()));
    }
}
