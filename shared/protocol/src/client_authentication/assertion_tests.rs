//! Tests of `assertion`.

use serde_json::{Value, json};

use crate::client_authentication::assertion::*;
use crate::clients::client::{AssertionKey, Client};
use crate::registration::client_metadata::ClientMetadata;
use crate::syntax::encoding::base64url;
use crate::types::id::Issuer;
use crate::types::id::WorkspaceId;
use crate::types::time::Timestamp;
use std::sync::Arc;

const NOW: u64 = 1_780_000_000;
const ISSUER: &str = "https://auth.example/default/demo";
const ENDPOINT: &str = "https://auth.example/default/demo/oauth2/token";

fn client(change: &Value) -> Arc<Client> {
    let mut metadata = json!({
        "client_id": "c1", "client_name": "C 1", "redirect_uris": ["https://c1.example/cb"],
        "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://c1.example/jwks",
    });
    metadata.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
    let settings = json!({"name": "Demo", "default_audience": "https://api.example"});
    let issuer = Issuer::new("https://auth.example", &WorkspaceId::parse("default", "demo").unwrap());
    Arc::new(metadata.register(&serde_json::from_value(settings).unwrap(), &issuer).unwrap())
}

fn claims(change: &Value) -> Value {
    let mut claims = json!({
        "iss": "c1", "sub": "c1", "aud": ISSUER, "jti": "j1", "iat": NOW, "exp": NOW + 60,
    });
    claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null() || change.get("null").is_some());
    claims
}

fn jwt(claims: &[u8]) -> String {
    format!("{}.{}.AA", base64url(b"{}"), base64url(claims))
}

/// The outcome for these claims at `now` milliseconds.
fn accepted(client: Arc<Client>, claims: &[u8], now: u64) -> Result<AssertionUse, AssertionFault> {
    let assertion = ClientAssertion::parse(&jwt(br#"{"sub":"c1"}"#)).unwrap();
    let issuer = Issuer::new("https://auth.example", &WorkspaceId::parse("default", "demo").unwrap());
    let arrival = Arrival { issuer: &issuer, endpoints: &[ENDPOINT.into()], now: Timestamp::from_millis(now) };
    let asserted = assertion.of(client).unwrap();
    asserted.accept(claims, &arrival).map(|(spending, _)| spending)
}

fn fault(change: &Value) -> Option<AssertionFault> {
    let claims = claims(change).to_string();
    accepted(client(&json!({})), claims.as_bytes(), NOW * 1000).err()
}

#[test]
fn sec_cli_09_and_sec_time_02_each_claim_is_checked() {
    let fine = [
        json!({}),
        json!({"iat": null}),
        json!({"nbf": NOW + 10, "iat": NOW + 10}),
        json!({"exp": NOW - 9}),
        json!({"exp": NOW + 310}),
        serde_json::from_str(&format!("{{\"exp\":{}.25,\"iat\":{NOW}.5,\"nbf\":{NOW}.0}}", NOW + 60)).unwrap(),
        json!({"jti": "j".repeat(512)}),
        json!({"azp": "whoever"}),
    ];
    for change in fine {
        assert_eq!(fault(&change), None, "{change}");
    }
    let table = [
        (json!({"iss": "c2"}), "iss"),
        (json!({"iss": ISSUER}), "iss"),
        (json!({"sub": "alice"}), "sub"),
        (json!({"exp": NOW - 10}), "exp"),
        (json!({"exp": NOW - 301}), "exp"),
        (json!({"exp": -1}), "shape"),
        (json!({"nbf": NOW + 11}), "nbf"),
        (json!({"iat": NOW + 61}), "iat"),
        (json!({"jti": ""}), "jti"),
        (json!({"jti": "j".repeat(513)}), "jti"),
    ];
    for (change, claim) in table {
        assert_eq!(fault(&change), Some(AssertionFault::Claim(claim)), "{change}");
    }
    for exp in [NOW + 311, NOW + 3600, u64::MAX] {
        assert_eq!(fault(&json!({"exp": exp})), Some(AssertionFault::Lifetime), "{exp}");
    }
    for missing in ["iss", "sub", "aud", "exp", "jti"] {
        assert_eq!(fault(&json!({missing: null})), Some(AssertionFault::Claim("shape")), "{missing}");
    }
}

#[test]
fn sec_cli_17_an_assertion_has_a_maximum_age() {
    let said = |client: &Arc<Client>, issued: u64| {
        let claims = claims(&json!({ "iat": issued })).to_string();
        accepted(Arc::clone(client), claims.as_bytes(), NOW * 1000).err()
    };
    let patient = client(&json!({"client_assertion_lifetime": 3600}));
    for (client, longest) in [(client(&json!({})), 300), (patient, 3600)] {
        assert_eq!(said(&client, NOW - longest - 10), None, "clocks differ");
        let too_old = [NOW - longest - 11, NOW - 365 * 86_400, 0];
        for issued in too_old {
            assert_eq!(said(&client, issued), Some(AssertionFault::Claim("iat")), "{issued}");
        }
    }
}

#[test]
fn sec_cli_09_the_audience_is_the_issuer_and_the_error_names_the_received_one() {
    let table = [
        (json!("https://auth.example/default/partner"), AudienceFault::Other),
        (json!(format!("{ISSUER}/")), AudienceFault::Other),
        (json!(ISSUER.to_uppercase()), AudienceFault::Other),
        (json!(format!("{ISSUER},other")), AudienceFault::Other),
        (json!([]), AudienceFault::Other),
        (json!(["https://other.example"]), AudienceFault::Other),
        (json!(ENDPOINT), AudienceFault::Endpoint),
        (json!([ISSUER]), AudienceFault::Array),
        (json!([ENDPOINT]), AudienceFault::Array),
        (json!([ISSUER, "https://other.example"]), AudienceFault::Several),
    ];
    for (aud, expected) in table {
        let fault = fault(&json!({ "aud": aud }));
        assert_eq!(fault, Some(AssertionFault::Audience(expected)), "{aud}");
    }
    for fault in [AudienceFault::Endpoint, AudienceFault::Array] {
        assert!(fault.to_string().contains("client_assertion_audience = endpoint"), "{fault}");
    }
    let of_inactive = claims(&json!({"aud": ENDPOINT})).to_string();
    let refused = accepted(client(&json!({"client_status": "inactive"})), of_inactive.as_bytes(), NOW * 1000);
    assert_eq!(refused.err(), Some(AssertionFault::Inactive), "an inactive client is told nothing");
}

#[test]
fn sec_param_13_and_14_a_claim_of_another_type_or_there_twice_is_an_error() {
    let others = [json!(1), json!(1.5), json!("x"), json!(true), json!([]), json!({}), json!([["x"]]), Value::Null];
    let (text, number) = (&["x"][..], &["1", "1.5"][..]);
    for (name, right) in
        [("iss", text), ("sub", text), ("jti", text), ("exp", number), ("nbf", number), ("iat", number)]
    {
        for other in others.iter().filter(|other| !right.contains(&other.to_string().trim_matches('"'))) {
            let change = json!({name: other, "null": true});
            assert_eq!(fault(&change), Some(AssertionFault::Claim("shape")), "{change}");
        }
    }
    for aud in [json!({}), json!(1), json!([[ISSUER]]), json!([1]), json!(true)] {
        assert_eq!(fault(&json!({"aud": aud})), Some(AssertionFault::Claim("shape")), "{aud}");
    }
    let twice = claims(&json!({})).to_string().replace('{', "{\"sub\":\"c1\",");
    assert!(accepted(client(&json!({})), twice.as_bytes(), NOW * 1000).is_err());
    assert!(ClientAssertion::parse(&jwt(twice.as_bytes())).is_none());
}

#[test]
fn sec_cli_09_an_older_client_may_name_the_endpoint_and_never_two_audiences() {
    let older = json!({"client_assertion_audience": "endpoint", "client_assertion_lifetime": 600});
    let table = [
        (json!({"aud": ISSUER}), true),
        (json!({"aud": ENDPOINT, "exp": NOW + 600}), true),
        (json!({"aud": [ENDPOINT]}), true),
        (json!({"aud": [ISSUER]}), true),
        (json!({"aud": [ISSUER, ENDPOINT]}), false),
        (json!({"aud": []}), false),
        (json!({"aud": format!("{ENDPOINT}/")}), false),
        (json!({"aud": "https://auth.example/default/demo/oauth2/revoke"}), false),
        (json!({"exp": NOW + 611}), false),
    ];
    for (change, expected) in table {
        let claims = claims(&change).to_string();
        assert_eq!(accepted(client(&older), claims.as_bytes(), NOW * 1000).is_ok(), expected, "{change}");
    }
}

#[test]
fn sec_cli_10_and_sec_jwt_07_an_assertion_is_remembered_for_as_long_as_it_would_be_accepted() {
    let claims = claims(&json!({})).to_string();
    let last = (NOW + 70) * 1000 - 1;
    let spending = accepted(client(&json!({})), claims.as_bytes(), last).unwrap();
    assert_eq!(spending.until().millis(), last + 1);
    assert!(accepted(client(&json!({})), claims.as_bytes(), last + 1).is_err());
    let again = accepted(client(&json!({})), claims.as_bytes(), NOW * 1000).unwrap();
    assert!(again.mark().matches(spending.mark()), "the same, whenever it arrives");
}

#[test]
fn an_assertion_comes_with_its_client_and_verification_key() {
    let parsed = |sub: &str| ClientAssertion::parse(&jwt(json!({ "sub": sub }).to_string().as_bytes())).unwrap();
    assert_eq!(parsed("c1").client_id().as_str(), "c1");
    let asserted = parsed("c1").of(client(&json!({}))).unwrap();
    assert_eq!(asserted.client_id().as_str(), "c1");
    assert!(asserted.jwt().expose().starts_with("e30."));
    assert!(matches!(asserted.key(), AssertionKey::Keys(..)));
    assert!(parsed("c2").of(client(&json!({}))).is_none(), "another client");
    assert!(parsed("app").of(Arc::new(crate::fixtures::client(&json!({})))).is_none(), "a client with another method");
}

#[test]
fn a_use_is_marked_by_client_and_jti() {
    let mark = |name: &str, jti: &str| {
        let claims = claims(&json!({"iss": name, "sub": name, "jti": jti})).to_string();
        let named = client(&json!({ "client_id": name }));
        let assertion = ClientAssertion::parse(&jwt(json!({ "sub": name }).to_string().as_bytes())).unwrap();
        let issuer = crate::fixtures::issuer();
        let arrival = Arrival { issuer: &issuer, endpoints: &[ENDPOINT.into()], now: Timestamp::from_seconds(NOW) };
        let (spending, _) = assertion.of(named).unwrap().accept(claims.as_bytes(), &arrival).ok().unwrap();
        *spending.mark()
    };
    assert!(mark("c1", "j").matches(&mark("c1", "j")));
    assert!(!mark("c1", "j").matches(&mark("c1", "k")) && !mark("c1", "j").matches(&mark("c2", "j")));
}

#[test]
fn sec_cli_03_an_inactive_client_is_refused_after_everything_else() {
    let inactive = client(&json!({"client_status": "inactive"}));
    let claims = claims(&json!({})).to_string();
    assert_eq!(accepted(inactive, claims.as_bytes(), NOW * 1000).err(), Some(AssertionFault::Inactive));
}

#[test]
fn sec_param_12_and_17_an_assertion_has_three_parts_a_single_spelling_and_a_maximum_length() {
    let subject = br#"{"sub":"c1"}"#;
    assert!(ClientAssertion::parse(&jwt(subject)).is_some());
    let padded = |length: usize| {
        let whole = jwt(subject);
        format!("{whole}{}", "A".repeat(length - whole.len()))
    };
    assert!(ClientAssertion::parse(&padded(8192)).is_some());
    assert!(ClientAssertion::parse(&padded(8193)).is_none());
    let good = jwt(subject);
    let odd = [
        String::new(),
        "a.b".into(),
        format!("{good}.x"),
        format!("{good}.x.y"),
        format!("{good} {good}"),
        good.replace('.', ". "),
        format!("e30.{}=.AA", base64url(subject)),
        format!("e30.{}.AA", base64url(br#"["c1"]"#)),
        format!("e30.{}.AA", base64url(br#"{"sub":1}"#)),
        format!("e30.{}.AA", base64url(br#"{"sub":""}"#)),
        format!("e30.{}.AA", base64url(br#"{"iss":"c1"}"#)),
    ];
    for text in odd {
        assert!(ClientAssertion::parse(&text).is_none(), "{text}");
    }
}

#[test]
fn sec_jwt_06_another_type_of_token_is_not_an_assertion() {
    for typ in [None, Some("JWT"), Some("jwt"), Some("client-authentication+jwt")] {
        assert!(is_assertion(typ), "{typ:?}");
    }
    for typ in ["at+jwt", "dpop+jwt", "logout+jwt", "oauth-authz-req+jwt", "secevent+jwt", ""] {
        assert!(!is_assertion(Some(typ)), "{typ}");
    }
}
