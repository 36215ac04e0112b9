//! Tests of `credentials`.

use crate::client_authentication::assertion::{ASSERTION_TYPE, AssertionFault};
use crate::client_authentication::credentials::*;
use crate::clients::client::{Authentication, Client, ClientSecret, SecretMethod};
use crate::clients::client::{ClientSecrets, SecretMethods};
use crate::fixtures::NOW;
use crate::jose::jwt_fault::JwtFault;
use crate::syntax::parameters::{ParameterError, Parameters};
use crate::types::secret::{Secret, SecretHash};
use crate::types::time::Timestamp;
use std::sync::Arc;

fn encoded(text: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text))
}

#[test]
fn sec_cli_04_a_secret_in_basic_is_accepted_encoded_or_not_and_nothing_else_is() {
    let secret = "p@ss+w%2Brd:1";
    let table = [
        ("a:p%40ss%2Bw%252Brd%3A1", true),
        ("a:p@ss+w%2Brd:1", true),
        ("a:p@ss%2Bw%252Brd:1", true),
        ("a:p%2540ss%252Bw%25252Brd%253A1", false),
        ("a:p@ss w+rd:1", false),
        ("a:p@ss+w+rd:1", false),
        ("%61:p@ss+w%2Brd:1", false),
    ];
    for (sent, expected) in table {
        let credentials = Credentials::parse(&[&encoded(sent)], &Parameters::parse(b"").unwrap()).unwrap();
        let decided = authenticate(credentials, Some(client(of_secret(secret, SecretMethod::Basic))), NOW);
        assert_eq!(decided.is_ok(), expected, "{sent}");
    }
    let posted = Parameters::parse(b"client_id=a&client_secret=p%2540ss").unwrap();
    let decided = authenticate(
        Credentials::parse(&[], &posted).unwrap(),
        Some(client(of_secret("p@ss", SecretMethod::Post))),
        NOW,
    );
    assert!(decided.is_err(), "a form has one encoding");
}

/// The authentication of a client with this secret.
fn of_secret(secret: &str, registered: SecretMethod) -> Authentication {
    let known = vec![ClientSecret { hash: SecretHash::of(&Secret::new(secret.into())), expires: None }];
    Authentication::Secret(ClientSecrets { known, registered, accepted: SecretMethods::Either })
}

#[test]
fn sec_cli_02_more_than_one_credential_is_refused() {
    let basic = "Basic YTpi";
    let table = [
        (vec![basic], "client_secret=x", ClientAuthenticationError::Several),
        (vec![basic], "client_assertion=x", ClientAuthenticationError::Several),
        (vec![basic], "client_id=other", ClientAuthenticationError::Several),
        (vec![], "client_id=a&client_secret=x&client_assertion=y", ClientAuthenticationError::Several),
        (vec![basic, basic], "", ClientAuthenticationError::Malformed),
        (vec![], "client_id=a&client_secret=x&client_assertion_type=y", ClientAuthenticationError::Several),
        (vec![], "client_id=a&client_assertion=y", ClientAuthenticationError::AssertionType),
        (vec![], "client_secret=x", ClientAuthenticationError::Missing),
        (vec![], "", ClientAuthenticationError::Missing),
    ];
    for (headers, body, expected) in table {
        let parameters = Parameters::parse(body.as_bytes()).unwrap();
        assert_eq!(Credentials::parse(&headers, &parameters).err(), Some(expected), "{headers:?} {body}");
    }
}

#[test]
fn sec_cli_11_an_assertion_comes_with_its_exact_type_and_alone() {
    let jwt = format!("e30.{}.AA", crate::syntax::encoding::base64url(br#"{"sub":"a"}"#));
    let exact = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    let found = |body: &str| {
        let parameters = Parameters::parse(body.as_bytes()).unwrap();
        Credentials::parse(&[], &parameters).map(|credentials| credentials.client_id().as_str().to_owned())
    };
    let good = format!("client_assertion={jwt}&client_assertion_type={exact}");
    assert_eq!(found(&good), Ok("a".into()), "the assertion names its client");
    assert_eq!(found(&format!("{good}&client_id=a")), Ok("a".into()));
    let repeated = |name| ClientAuthenticationError::Parameters(ParameterError::Repeated(name));
    let table = [
        (format!("{good}&client_id=b"), ClientAuthenticationError::Several),
        (format!("{good}&client_secret=x"), ClientAuthenticationError::Several),
        (format!("{good}&client_assertion={jwt}"), repeated("client_assertion")),
        (format!("{good}&client_assertion_type={exact}"), repeated("client_assertion_type")),
        (format!("client_assertion={jwt}"), ClientAuthenticationError::AssertionType),
        (format!("client_assertion_type={exact}"), ClientAuthenticationError::AssertionType),
        (format!("client_assertion=&client_assertion_type={exact}"), ClientAuthenticationError::AssertionType),
        (format!("{good}%20"), ClientAuthenticationError::AssertionType),
        (good.replace("jwt-bearer", "saml2-bearer"), ClientAuthenticationError::AssertionType),
        (good.replace(&jwt, &format!("{jwt}+{jwt}")), refused(RefusalCause::MalformedAssertion)),
        (good.replace(&jwt, "x"), refused(RefusalCause::MalformedAssertion)),
    ];
    for (body, expected) in table {
        assert_eq!(found(&body), Err(expected), "{body}");
    }
}

/// A client with this authentication.
fn client(authentication: Authentication) -> Arc<Client> {
    let metadata = serde_json::json!({
        "client_id": "a", "client_name": "A", "redirect_uris": ["https://a.example/cb"],
        "token_endpoint_auth_method": "none",
    });
    let metadata: crate::registration::client_metadata::ClientMetadata = serde_json::from_value(metadata).unwrap();
    let settings = serde_json::json!({"name": "Demo", "default_audience": "https://api.example"});
    let workspace = crate::types::id::WorkspaceId::parse("default", "demo").unwrap();
    let issuer = crate::types::id::Issuer::new("https://auth.example", &workspace);
    let client = metadata.register(&serde_json::from_value(settings).unwrap(), &issuer).unwrap();
    Arc::new(Client { authentication, ..client })
}

#[test]
fn each_error_has_its_status_and_code() {
    let table = [
        (ClientAuthenticationError::Parameters(ParameterError::Encoding), (400, "invalid_request")),
        (ClientAuthenticationError::Missing, (400, "invalid_request")),
        (ClientAuthenticationError::Several, (400, "invalid_request")),
        (ClientAuthenticationError::AssertionType, (400, "invalid_request")),
        (ClientAuthenticationError::Malformed, (401, "invalid_client")),
        (refused(RefusalCause::Unknown), (401, "invalid_client")),
        (ClientAuthenticationError::Unavailable, (503, "temporarily_unavailable")),
    ];
    for (error, expected) in table {
        assert_eq!(error.response(), expected, "{error:?}");
    }
}

#[test]
fn a_malformed_client_id_is_an_unknown_client() {
    let found = |headers: &[&str], body: &str| {
        let credentials = Credentials::parse(headers, &Parameters::parse(body.as_bytes()).unwrap());
        credentials.map(|credentials| credentials.client_id().as_str().to_owned())
    };
    assert_eq!(found(&[], "client_id=a"), Ok("a".into()));
    assert_eq!(found(&["Basic YTpi"], "client_id=a"), Ok("a".into()));
    assert_eq!(found(&[], "client_id=a%20b"), Err(refused(RefusalCause::MalformedId)));
    assert_eq!(found(&["Basic Og=="], ""), Err(refused(RefusalCause::MalformedId)));
    assert_eq!(found(&["Basic x"], ""), Err(ClientAuthenticationError::Malformed));
    assert_eq!(found(&["Bearer x"], ""), Err(ClientAuthenticationError::Malformed));
}

#[test]
fn an_authenticated_client_is_active_and_the_one_that_was_named() {
    let authenticated = |change: serde_json::Value, named: &str| {
        let client = crate::fixtures::client(&change);
        let body = Parameters::parse(format!("client_id={named}").as_bytes()).unwrap();
        let proof = authenticate(Credentials::parse(&[], &body).unwrap(), Some(Arc::new(client)), NOW);
        match proof {
            Ok(ClientProof::Proved(client)) => Some(client.client().id.as_str().to_owned()),
            Ok(ClientProof::Asserted(_)) => panic!("no assertion was sent"),
            Err(_) => None,
        }
    };
    assert_eq!(authenticated(serde_json::json!({}), "app").as_deref(), Some("app"));
    assert_eq!(authenticated(serde_json::json!({"client_status": "inactive"}), "app"), None);
    assert_eq!(authenticated(serde_json::json!({}), "other"), None);
}

#[test]
fn sec_cli_06_each_secret_is_refused_from_its_expiry_on() {
    let secret = |text: &str, expires: Option<u64>| ClientSecret {
        hash: SecretHash::of(&Secret::new(text.into())),
        expires: expires.map(Timestamp::from_seconds),
    };
    let secrets = vec![
        secret("new", None),
        secret("old", Some(100)),
        secret("oldest", Some(50)),
        secret("twice", None),
        secret("twice", None),
    ];
    let table = [
        ("new", 1_000_000, true),
        ("old", 99_999, true),
        ("old", 100_000, false),
        ("oldest", 49_999, true),
        ("oldest", 50_000, false),
        ("other", 0, false),
        ("twice", 0, true),
    ];
    for (presented, now, expected) in table {
        let body = Parameters::parse(format!("client_id=a&client_secret={presented}").as_bytes()).unwrap();
        let credentials = Credentials::parse(&[], &body).unwrap();
        let client = client(Authentication::Secret(ClientSecrets {
            known: secrets.clone(),
            registered: SecretMethod::Post,
            accepted: SecretMethods::Registered,
        }));
        let decided = authenticate(credentials, Some(client), Timestamp::from_millis(now));
        assert_eq!(decided.is_ok(), expected, "{presented} at {now}");
    }
}

#[test]
fn sec_cli_01_either_method_of_sending_a_secret_works_unless_the_workspace_is_strict() {
    let sent = |headers: &[&str], body: &str, registered, accepted| {
        let known = vec![ClientSecret { hash: SecretHash::of(&Secret::new("b".into())), expires: None }];
        let authentication = Authentication::Secret(ClientSecrets { known, registered, accepted });
        let credentials = Credentials::parse(headers, &Parameters::parse(body.as_bytes()).unwrap()).unwrap();
        authenticate(credentials, Some(client(authentication)), NOW).err()
    };
    let (basic, wrong): (&[&str], &[&str]) = (&["Basic YTpi"], &["Basic YTp4"]);
    let post = "client_id=a&client_secret=b";
    let method = |presented, registered| Some(refused(RefusalCause::Method { presented, registered }));
    let (by_basic, by_post) = ("client_secret_basic", "client_secret_post");
    let table = [
        (basic, "", SecretMethod::Basic, SecretMethods::Registered, None),
        (basic, "", SecretMethod::Post, SecretMethods::Either, None),
        (basic, "", SecretMethod::Post, SecretMethods::Registered, method(by_basic, by_post)),
        (&[], post, SecretMethod::Post, SecretMethods::Registered, None),
        (&[], post, SecretMethod::Basic, SecretMethods::Either, None),
        (&[], post, SecretMethod::Basic, SecretMethods::Registered, method(by_post, by_basic)),
        (wrong, "", SecretMethod::Post, SecretMethods::Either, Some(refused(RefusalCause::Secret))),
        (&[], "client_id=a", SecretMethod::Post, SecretMethods::Either, method("none", by_post)),
    ];
    for (headers, body, registered, accepted, expected) in table {
        assert_eq!(sent(headers, body, registered, accepted), expected, "{headers:?} {body} {registered:?}");
    }
    let (credentials, both) = (basic, Parameters::parse(post.as_bytes()).unwrap());
    let both = Credentials::parse(credentials, &both).err();
    assert_eq!(both, Some(ClientAuthenticationError::Several), "one credential, however it may be sent");
}

#[test]
fn sec_cli_03_the_response_reveals_the_method_and_nothing_secret() {
    let method = RefusalCause::Method { presented: "client_secret_basic", registered: "private_key_jwt" };
    let said = refused(method).to_string();
    assert!(said.starts_with("the client sent client_secret_basic and is registered for private_key_jwt"), "{said}");
    let silent = [
        RefusalCause::MalformedId,
        RefusalCause::Unknown,
        RefusalCause::Inactive,
        RefusalCause::Secret,
        RefusalCause::MalformedAssertion,
        RefusalCause::Assertion(AssertionFault::Jwt(JwtFault::Signature)),
        RefusalCause::Assertion(AssertionFault::Inactive),
        RefusalCause::Assertion(AssertionFault::Replayed),
    ];
    for cause in silent {
        assert_eq!(refused(cause).to_string(), refused(RefusalCause::Unknown).to_string(), "{cause:?}");
    }
    let inactive = Client {
        status: crate::clients::client::Status::Inactive,
        ..client(of_secret("b", SecretMethod::Basic)).as_ref().clone()
    };
    let none = Credentials::parse(&[], &Parameters::parse(b"client_id=a").unwrap()).unwrap();
    let decided = authenticate(none, Some(Arc::new(inactive)), NOW).err();
    assert_eq!(decided, Some(refused(RefusalCause::Inactive)), "its method is not told");
}

#[test]
fn sec_cli_01_and_08_each_client_has_one_method_and_no_other_works() {
    let assertions = Arc::new(crate::clients::client::Assertions {
        key: crate::clients::client::AssertionKey::Secret("sealed".into()),
        audience: crate::clients::client::AssertionAudience::Issuer,
        longest: crate::types::time::Lifetime::seconds(300),
    });
    let secret = |registered| {
        let known = vec![ClientSecret { hash: SecretHash::of(&Secret::new("b".into())), expires: None }];
        Authentication::Secret(ClientSecrets { known, registered, accepted: SecretMethods::Registered })
    };
    let methods = || {
        [
            Authentication::None,
            secret(SecretMethod::Basic),
            secret(SecretMethod::Post),
            Authentication::Assertion(Arc::clone(&assertions)),
        ]
    };
    let jwt = format!("e30.{}.AA", crate::syntax::encoding::base64url(br#"{"sub":"a"}"#));
    let asserted = format!("client_assertion={jwt}&client_assertion_type={ASSERTION_TYPE}");
    let presented: [(&[&str], &str); 4] =
        [(&[], "client_id=a"), (&["Basic YTpi"], ""), (&[], "client_id=a&client_secret=b"), (&[], &asserted)];
    for (at, (headers, body)) in presented.into_iter().enumerate() {
        for (method, authentication) in methods().into_iter().enumerate() {
            let body = Parameters::parse(body.as_bytes()).unwrap();
            let credentials = Credentials::parse(headers, &body).unwrap();
            let name = authentication.method();
            let decided = authenticate(credentials, Some(client(authentication)), Timestamp::from_seconds(1));
            let cause = decided.err().map(|error| std::error::Error::source(&error).map(ToString::to_string));
            match (at == method, cause) {
                (true, None) => {}
                (false, Some(Some(cause))) => {
                    assert!(
                        cause.ends_with(&format!("is registered for {name}")),
                        "{name} with credential {at}: {cause}"
                    );
                }
                (_, other) => panic!("{name} with credential {at}: {other:?}"),
            }
        }
        let body = Parameters::parse(body.as_bytes()).unwrap();
        let credentials = Credentials::parse(headers, &body).unwrap();
        let decided = authenticate(credentials, None, Timestamp::from_seconds(1));
        assert_eq!(decided.err(), Some(refused(RefusalCause::Unknown)), "an unknown client");
    }
}
