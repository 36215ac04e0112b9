//! Section G: client authentication, and where client keys are loaded from.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::join_all;
use protocol::jose::jwk::Algorithm;
use protocol::types::secret::{Secret, SecretHash};
use serde_json::{Value, json};
use tests::browser::{body, changed, exchange, json as parsed, request};
use tests::expect::{page, refused};
use tests::{Assertion, Browser, ClientKey, Laptop, Pkce, Published, asserted};
use web::Response;

use crate::given::{NATIVE, WEB, and_clients, basic, code, is_demo};

/// The confidential clients of the demo.
const CONFIDENTIAL: [&str; 4] = ["demo-web", "demo-web-post", "demo-private-key-jwt", "demo-secret-jwt"];

/// Sends credentials to the revocation endpoint with an unknown token: 200 if they are accepted.
async fn presented(laptop: &Laptop, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Response {
    let all: Pairs<'_> = [("token", "not a token")].iter().chain(fields).copied().collect();
    laptop.form("/oauth2/revoke", &all, headers).await
}

/// Sends credentials to the token endpoint with an unknown code: `invalid_grant` if they are accepted.
async fn presented_with_code(laptop: &Laptop, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Response {
    let exchange = [("grant_type", "authorization_code"), ("code", "local.nobodys.code"), ("redirect_uri", WEB)];
    let all: Pairs<'_> = exchange.iter().chain(fields).copied().collect();
    laptop.form("/oauth2/token", &all, headers).await
}

async fn status(laptop: &Laptop, jwt: &str) -> u16 {
    presented(laptop, &asserted(jwt), &[]).await.status().as_u16()
}

/// A client with a key of its own, registered with the setting `keys`.
fn keyed(id: &str, keys: &str) -> String {
    format!(
        "[[clients]]\nclient_id = \"{id}\"\nclient_name = \"K\"\ntoken_endpoint_auth_method = \"private_key_jwt\"\n\
         redirect_uris = [\"{WEB}\"]\nscope = \"openid\"\n{keys}\n"
    )
}

/// The public key of `key` as a TOML setting.
fn registered(key: &ClientKey) -> String {
    let jwk = key.jwk("k1");
    let members: Vec<String> =
        jwk.as_object().unwrap().iter().map(|(name, value)| format!("{name} = {value}")).collect();
    format!("jwks = {{ keys = [{{ {} }}] }}", members.join(", "))
}

/// Form fields or headers.
type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// Credentials of one demo client, presented with the method it is registered for.
struct Way {
    client: &'static str,
    fields: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
}

impl Way {
    fn by_form(client: &'static str, fields: &[(&'static str, &str)]) -> Self {
        let fields = fields.iter().map(|(name, value)| (*name, (*value).into())).collect();
        Self { client, fields, headers: Vec::new() }
    }
}

/// One `Way` per supported authentication method.
fn ways(laptop: &Laptop, jti: &str) -> [Way; 5] {
    let signed = Assertion::new(laptop, "demo-private-key-jwt", jti).signed(&ClientKey::of_demo());
    let with_mac = Assertion::new(laptop, "demo-secret-jwt", jti).signed(&ClientKey::secret_of_demo());
    let header = vec![("authorization", basic("demo-web:demo-web-secret"))];
    let secret = [("client_id", "demo-web-post"), ("client_secret", "demo-web-post-secret")];
    [
        Way::by_form("demo-spa", &[("client_id", "demo-spa")]),
        Way { headers: header, ..Way::by_form("demo-web", &[]) },
        Way::by_form("demo-web-post", &secret),
        Way::by_form("demo-private-key-jwt", &asserted(&signed)),
        Way::by_form("demo-secret-jwt", &asserted(&with_mac)),
    ]
}

fn lent<'f>(fields: &'f [(&'static str, String)]) -> Pairs<'f> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[tokio::test]
async fn sec_cli_01_and_16_each_advertised_method_works_only_for_clients_registered_for_it() {
    let laptop = Laptop::demo().await;
    let metadata = parsed(&laptop.send("GET", &laptop.demo_url("/.well-known/openid-configuration"), &[], "").await);
    let methods = json!(["none", "client_secret_basic", "client_secret_post", "private_key_jwt", "client_secret_jwt"]);
    assert_eq!(metadata["token_endpoint_auth_methods_supported"], methods);
    assert_eq!(metadata["revocation_endpoint_auth_methods_supported"], methods);
    for way in ways(&laptop, "at revoke") {
        let answer = presented(&laptop, &lent(&way.fields), &lent(&way.headers)).await;
        assert_eq!(answer.status(), 200, "{}", way.client);
    }
    for way in ways(&laptop, "at token") {
        let answer = presented_with_code(&laptop, &lent(&way.fields), &lent(&way.headers)).await;
        refused(&answer, 400, "invalid_grant", way.client);
    }
    // The secret is correct, but sent with another client's method.
    let secrets = [("demo-web", "demo-web-secret"), ("demo-web-post", "demo-web-post-secret")];
    let mac = ("demo-secret-jwt", "demo-secret-jwt-secret-of-32-characters-and-more");
    for (client, secret) in secrets.into_iter().chain([mac, ("demo-private-key-jwt", "x"), ("demo-spa", "x")]) {
        let header = basic(&format!("{client}:{secret}"));
        if client != "demo-web" && client != "demo-web-post" {
            refused(&presented(&laptop, &[], &[("authorization", &header)]).await, 401, "invalid_client", client);
        }
        if client != "demo-web" && client != "demo-web-post" {
            let fields = [("client_id", client), ("client_secret", secret)];
            refused(&presented(&laptop, &fields, &[]).await, 401, "invalid_client", client);
        }
        let with_mac = Assertion::new(&laptop, client, "other").signed(&ClientKey::Shared(secret.into()));
        if client != "demo-secret-jwt" {
            refused(&presented(&laptop, &asserted(&with_mac), &[]).await, 401, "invalid_client", client);
        }
        let signed = Assertion::new(&laptop, client, "other").signed(&ClientKey::of_demo());
        if client != "demo-private-key-jwt" {
            refused(&presented(&laptop, &asserted(&signed), &[]).await, 401, "invalid_client", client);
        }
    }
}

#[tokio::test]
async fn sec_cli_16_and_sec_jwt_01_each_advertised_algorithm_works_only_with_a_matching_key() {
    let keys = ClientKey::of_each_algorithm();
    let clients: String = keys.iter().map(|key| keyed(&format!("c-{}", key.alg()), &registered(key))).collect();
    let strict = keyed("c-strict", &format!("token_endpoint_auth_signing_alg = \"PS256\"\n{}", registered(&keys[0])));
    let laptop = Laptop::with(and_clients(&format!("{clients}\n{strict}"))).await;
    let metadata = parsed(&laptop.send("GET", &laptop.demo_url("/.well-known/openid-configuration"), &[], "").await);
    let names = json!([
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "HS256",
    ]);
    assert_eq!(metadata["token_endpoint_auth_signing_alg_values_supported"], names);
    assert_eq!(metadata["revocation_endpoint_auth_signing_alg_values_supported"], names);
    for (at, key) in keys.iter().enumerate() {
        let client = format!("c-{}", key.alg());
        let assertion = Assertion::new(&laptop, &client, "right");
        assert_eq!(status(&laptop, &assertion.signed(key)).await, 200, "{client}");
        for other in keys.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other) {
            let jwt = Assertion::new(&laptop, &client, other.alg()).signed(other);
            assert_eq!(status(&laptop, &jwt).await, 401, "{client} with {}", other.alg());
        }
        for alg in ["none", "NONE", "HS256", "ES256K", "Ed448", "rs256", ""] {
            let assertion = Assertion::new(&laptop, &client, alg).headed("alg", alg.into());
            assert_eq!(status(&laptop, &assertion.signed(key)).await, 401, "{client} as {alg}");
            let (message, _) = assertion.signed(key).rsplit_once('.').map(|(l, r)| (l.to_owned(), r.len())).unwrap();
            assert_eq!(status(&laptop, &format!("{message}.")).await, 401, "{client} unsigned as {alg}");
        }
        let confused = ClientKey::Shared(key.jwk("k1").to_string().into_bytes());
        assert_eq!(status(&laptop, &Assertion::new(&laptop, &client, "mac").signed(&confused)).await, 401, "{client}");
    }
    let ed25519 = Assertion::new(&laptop, "c-EdDSA", "by its own name").headed("alg", "Ed25519".into());
    assert_eq!(status(&laptop, &ed25519.signed(keys.last().unwrap())).await, 200);
    let other_padding = Assertion::new(&laptop, "c-strict", "padding").signed(&keys[0]);
    assert_eq!(status(&laptop, &other_padding).await, 401, "RS256, and PS256 is registered");
}

#[tokio::test]
async fn sec_cli_02_and_11_exactly_one_credential_in_one_form_is_accepted() {
    let laptop = Laptop::demo().await;
    let jwt = Assertion::new(&laptop, "demo-private-key-jwt", "j").signed(&ClientKey::of_demo());
    let (right, header) = (asserted(&jwt), basic("demo-web:demo-web-secret"));
    let before = laptop.dump();
    let with = |more: &[(&'static str, &'static str)]| -> Pairs<'_> {
        right.iter().copied().chain(more.iter().copied()).collect()
    };
    let kind = right[1].1;
    let (twice, spaced) = (format!("{jwt} {jwt}"), format!("{kind} "));
    let saml = kind.replace("jwt-bearer", "saml2-bearer");
    let both = [("authorization", header.as_str())];
    let table: [(&str, Pairs<'_>, u16); 12] = [
        ("Basic and an assertion", right.to_vec(), 400),
        ("Basic and a secret", vec![("client_id", "demo-web"), ("client_secret", "demo-web-secret")], 400),
        ("Basic of one client, client_id of another", vec![("client_id", "demo-spa")], 400),
        ("assertion and secret", with(&[("client_secret", "x")]), 400),
        ("assertion of one client, client_id of another", with(&[("client_id", "demo-spa")]), 400),
        ("two assertions", right.iter().chain(&right).copied().collect(), 400),
        ("no type", vec![right[0]], 400),
        ("client_assertion_type alone", vec![right[1]], 400),
        ("client_assertion_type and client_id only", vec![right[1], ("client_id", "demo-spa")], 400),
        ("client_assertion_type with a space", vec![right[0], (right[1].0, &spaced)], 400),
        ("SAML", vec![right[0], (right[1].0, &saml)], 400),
        ("two JWTs in one", vec![(right[0].0, &twice), right[1]], 401),
    ];
    for (case, fields, expected) in table {
        let headers = if case.starts_with("Basic") { &both[..] } else { &[] };
        let error = if expected == 400 { "invalid_request" } else { "invalid_client" };
        refused(&presented(&laptop, &fields, headers).await, expected, error, case);
        refused(&presented_with_code(&laptop, &fields, headers).await, expected, error, case);
    }
    assert_eq!(laptop.dump(), before);
    assert_eq!(presented(&laptop, &with(&[("client_id", "demo-private-key-jwt")]), &[]).await.status(), 200);
}

#[tokio::test]
async fn sec_cli_03_unknown_and_inactive_clients_and_wrong_credentials_look_the_same() {
    let inactive = "[[clients]]\nclient_id = \"inactive\"\nclient_name = \"I\"\nclient_status = \"inactive\"\n\
                    client_secret = \"right\"\nredirect_uris = [\"https://client.example/cb\"]\n";
    let gone = keyed("inactive-key", &format!("client_status = \"inactive\"\n{}", registered(&ClientKey::of_demo())));
    let laptop = Laptop::with(and_clients(&format!("{inactive}\n{gone}"))).await;
    let mut answers = Vec::new();
    for pair in ["unknown:right", "inactive:right", "inactive:wrong", "demo-web:wrong", "demo-web:"] {
        answers.push(presented(&laptop, &[], &[("authorization", &basic(pair))]).await);
    }
    let stranger = ClientKey::new(Algorithm::ES256);
    for (client, key) in
        [("unknown", &stranger), ("inactive-key", &ClientKey::of_demo()), ("demo-private-key-jwt", &stranger)]
    {
        answers.push(presented(&laptop, &asserted(&Assertion::new(&laptop, client, "j").signed(key)), &[]).await);
    }
    // Nor does an inactive client learn its registered method.
    answers.push(presented(&laptop, &[("client_id", "inactive")], &[]).await);
    answers.push(presented(&laptop, &asserted(&Assertion::new(&laptop, "inactive", "j").signed(&stranger)), &[]).await);
    for answer in &answers {
        refused(answer, 401, "invalid_client", "all alike");
        assert_eq!((body(answer), answer.headers()), (body(&answers[0]), answers[0].headers()));
    }
}

#[tokio::test]
async fn sec_cli_03_a_known_client_learns_its_method_and_why_its_own_assertion_was_rejected() {
    let laptop = Laptop::demo().await;
    let said = async |fields: &[(&str, &str)], headers: &[(&str, &str)]| {
        let answer = presented(&laptop, fields, headers).await;
        refused(&answer, 401, "invalid_client", "the description says why");
        parsed(&answer)["error_description"].as_str().unwrap().to_owned()
    };
    let stranger = ClientKey::new(Algorithm::ES256);
    let by_stranger = Assertion::new(&laptop, "demo-web", "j").signed(&stranger);
    let description = said(&asserted(&by_stranger), &[]).await;
    assert!(description.starts_with("the client sent a client assertion and is registered for client_secret_basic"));
    let header = basic("demo-private-key-jwt:x");
    let description = said(&[], &[("authorization", &header)]).await;
    assert!(description.starts_with("the client sent client_secret_basic and is registered for private_key_jwt"));
    let own = |aud: Value| {
        let assertion = Assertion::new(&laptop, "demo-private-key-jwt", "j").with("aud", aud);
        (assertion.clone().signed(&ClientKey::of_demo()), assertion.signed(&stranger))
    };
    for (aud, expected) in [
        (Value::from(laptop.demo_url("/oauth2/revoke")), "aud is an endpoint"),
        (json!([laptop.issuer()]), "aud is an array"),
    ] {
        let (right, wrong) = own(aud);
        let description = said(&asserted(&right), &[]).await;
        assert!(description.contains(expected) && description.contains("client_assertion_audience"), "{description}");
        let description = said(&asserted(&wrong), &[]).await;
        assert!(!description.contains("aud"), "an unsigned assertion gets no details: {description}");
    }
}

#[tokio::test]
async fn sec_cli_01_a_secret_may_be_sent_by_basic_or_post_but_never_replaces_a_key_or_accompanies_another_credential() {
    let (laptop, strict) = tokio::join!(
        Laptop::demo(),
        Laptop::with(|text| if is_demo(&text) {
            text.replacen("name = ", "client_secret_methods = \"registered\"\nname = ", 1)
        } else {
            text
        })
    );
    for (client, secret) in [("demo-web", "demo-web-secret"), ("demo-web-post", "demo-web-post-secret")] {
        let header = basic(&format!("{client}:{secret}"));
        let (by_basic, by_post) =
            ([("authorization", header.as_str())], [("client_id", client), ("client_secret", secret)]);
        assert_eq!(presented(&laptop, &[], &by_basic).await.status(), 200, "{client}");
        assert_eq!(presented(&laptop, &by_post, &[]).await.status(), 200, "{client}");
        refused(&presented(&laptop, &by_post, &by_basic).await, 400, "invalid_request", client);
        let wrong = basic(&format!("{client}:wrong"));
        refused(&presented(&laptop, &[], &[("authorization", &wrong)]).await, 401, "invalid_client", client);
        let statuses = (
            presented(&strict, &[], &by_basic).await.status().as_u16(),
            presented(&strict, &by_post, &[]).await.status().as_u16(),
        );
        let expected = if client == "demo-web" { (200, 401) } else { (401, 200) };
        assert_eq!(statuses, expected, "{client} with strict methods");
    }
}

#[tokio::test]
async fn sec_param_10_an_unencoded_basic_secret_is_accepted_only_if_both_readings_name_the_same_client() {
    let secret = "p@ss+w%2Brd:1";
    let client = |id: &str, secret: &str| {
        format!(
            "[[clients]]\nclient_id = \"{id}\"\nclient_name = \"C\"\nclient_secret = \"{secret}\"\n\
             redirect_uris = [\"{WEB}\"]\nscope = \"openid\"\n"
        )
    };
    let clients =
        [client("odd", secret), client("b%2Ec", "of the escaped"), client("b.c", "of the decoded")].join("\n");
    let laptop = Laptop::with(and_clients(&clients)).await;
    let table = [
        ("odd:p@ss+w%2Brd:1", 200),
        ("odd:p%40ss%2Bw%252Brd%3A1", 200),
        ("odd:p@ss+w+rd:1", 401),
        ("b.c:of the decoded", 200),
        ("b%2Ec:of+the+decoded", 200),
        ("b%2Ec:of the escaped", 401),
        ("b%252Ec:of+the+escaped", 200),
        ("b.c:of the escaped", 401),
    ];
    for (pair, expected) in table {
        let header = basic(pair);
        let status = presented(&laptop, &[], &[("authorization", &header)]).await.status();
        assert_eq!(status.as_u16(), expected, "{pair}");
    }
}

#[tokio::test]
async fn sec_cli_06_two_older_secrets_stay_valid_until_they_expire() {
    let digest = |secret: &str| SecretHash::of(&Secret::new(secret.into())).encoded();
    let now = Laptop::demo().await.clock_seconds();
    let client = format!(
        "[[clients]]\nclient_id = \"rotating\"\nclient_name = \"R\"\nredirect_uris = [\"{WEB}\"]\n\
         client_secret_sha256 = [\"{}\", {{ sha256 = \"{}\", expires_at = {} }}, {{ sha256 = \"{}\", expires_at = {} }}]\n",
        digest("new"),
        digest("old"),
        now + 20,
        digest("oldest"),
        now + 10,
    );
    let laptop = Laptop::with(and_clients(&client)).await;
    let tried = async |secret: &str| {
        let header = basic(&format!("rotating:{secret}"));
        presented(&laptop, &[], &[("authorization", &header)]).await.status().as_u16()
    };
    let all = async || (tried("new").await, tried("old").await, tried("oldest").await, tried("other").await);
    assert_eq!(all().await, (200, 200, 200, 401));
    laptop.clock.advance_millis(9999);
    assert_eq!(all().await, (200, 200, 200, 401), "a millisecond before expiry");
    laptop.clock.advance_millis(1);
    assert_eq!(all().await, (200, 200, 401, 401), "exactly then");
    laptop.clock.advance(10);
    assert_eq!(all().await, (200, 401, 401, 401));
}

#[tokio::test]
async fn sec_cli_08_a_confidential_client_is_never_treated_as_public() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("downgrade"));
    for client in CONFIDENTIAL {
        let code = code(&laptop, client, WEB, &pkce).await;
        let before = laptop.dump();
        let fields = exchange(client, WEB, &code, &pkce.verifier);
        refused(&laptop.form("/oauth2/token", &fields, &[]).await, 401, "invalid_client", client);
        let empty = changed(&fields, "client_secret", Some(""));
        refused(&laptop.form("/oauth2/token", &empty, &[]).await, 401, "invalid_client", client);
        refused(&presented(&laptop, &[("client_id", client)], &[]).await, 401, "invalid_client", client);
        assert_eq!(laptop.dump(), before, "{client}");
    }
}

#[tokio::test]
async fn private_key_jwt_costs_one_additional_write_per_code_exchange() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("assertion"));
    for (client, key) in
        [("demo-private-key-jwt", ClientKey::of_demo()), ("demo-secret-jwt", ClientKey::secret_of_demo())]
    {
        let code = code(&laptop, client, WEB, &pkce).await;
        let jwt = Assertion::new(&laptop, client, "j").signed(&key);
        let fields = changed(&exchange(client, WEB, &code, &pkce.verifier), "client_id", None);
        let fields: Vec<(&str, &str)> = fields.into_iter().chain(asserted(&jwt)).collect();
        // Warm the configuration and key caches.
        assert_eq!(status(&laptop, &Assertion::new(&laptop, client, "warm").signed(&key)).await, 200);
        refused(
            &presented_with_code(&laptop, &asserted(&jwt.replace('.', ".x")), &[]).await,
            401,
            "invalid_client",
            "x",
        );
        let _ = laptop.wire.calls();
        let answer = laptop.form("/oauth2/token", &fields, &[]).await;
        assert_eq!(answer.status(), 200, "{client}: {}", body(&answer));
        let calls: Vec<_> = laptop
            .wire
            .calls()
            .into_iter()
            .filter(|call| call.kind != "signing-key" && call.kind != "key-ring")
            .map(|call| (call.name, call.kind))
            .collect();
        let expected =
            [("PutItem", "assertion"), ("GetItem", "grant"), ("GetItem", "consent"), ("UpdateItem", "grant")];
        assert_eq!(calls, expected.map(|(name, kind)| (name.to_owned(), kind.to_owned())), "{client}");
    }
}

/// Whether the assertion is signed by the named client's own key, so that only its claims are wrong.
fn is_signed(assertion: &Assertion, case: &str) -> bool {
    assertion.header == json!({}) && !["no sub", "another sub"].contains(&case)
}

/// Whether the response says which claim is wrong; only a client that signed the assertion may learn that.
fn tells_of_claims(answer: &Response) -> bool {
    body(answer).contains("the assertion is not accepted: ")
}

#[tokio::test]
async fn sec_cli_17_an_assertion_issued_long_ago_is_rejected_even_if_unexpired() {
    let laptop = Laptop::demo().await;
    let (key, now) = (ClientKey::of_demo(), laptop.clock_seconds());
    let made =
        |jti: &str, ago: u64| Assertion::new(&laptop, "demo-private-key-jwt", jti).with("iat", (now - ago).into());
    for (jti, ago) in [("a year", 365 * 86_400), ("older than the maximum age plus skew", 311)] {
        let old = made(jti, ago).with("exp", (now + 60).into()).signed(&key);
        refused(&presented(&laptop, &asserted(&old), &[]).await, 401, "invalid_client", jti);
    }
    assert_eq!(status(&laptop, &made("young", 290).signed(&key)).await, 200);
}

#[tokio::test]
async fn sec_cli_09_and_sec_param_14_an_assertion_must_have_exactly_the_required_claims() {
    let laptop = Laptop::demo().await;
    let (key, client, issuer) = (ClientKey::of_demo(), "demo-private-key-jwt", laptop.issuer());
    let good = || Assertion::new(&laptop, client, "j");
    let now = laptop.clock_seconds();
    let before = laptop.dump();
    let table = [
        ("no iss", good().with("iss", Value::Null)),
        ("no sub", good().with("sub", Value::Null)),
        ("no aud", good().with("aud", Value::Null)),
        ("no exp", good().with("exp", Value::Null)),
        ("no jti", good().with("jti", Value::Null)),
        ("another iss", good().with("iss", "demo-web".into())),
        ("another sub", good().with("sub", "demo-secret-jwt".into())),
        ("another issuer", good().with("aud", "https://other.example".into())),
        ("another workspace", good().with("aud", issuer.replace("demo", "partner").into())),
        ("a slash", good().with("aud", format!("{issuer}/").into())),
        ("the token endpoint", good().with("aud", laptop.demo_url("/oauth2/token").into())),
        ("this endpoint", good().with("aud", laptop.demo_url("/oauth2/revoke").into())),
        ("an array", good().with("aud", json!([issuer]))),
        ("two audiences", good().with("aud", json!([issuer, "https://other.example"]))),
        ("over", good().with("exp", (now - 301).into())),
        ("too long", good().with("exp", (now + 3600).into())),
        ("exp is a string", good().with("exp", "9999999999".into())),
        ("exp is negative", good().with("exp", json!(-1))),
        ("iat in the future", good().with("iat", (now + 61).into())),
        ("not yet", good().with("nbf", (now + 61).into())),
        ("an access token", good().headed("typ", "at+jwt".into())),
        ("a proof", good().headed("typ", "dpop+jwt".into())),
        ("a logout token", good().headed("typ", "logout+jwt".into())),
        ("a request object", good().headed("typ", "oauth-authz-req+jwt".into())),
        ("crit", good().headed("crit", json!(["exp"]))),
        ("b64", good().headed("b64", false.into())),
        ("another kid", good().headed("kid", "../../etc/passwd".into())),
        ("jku", good().headed("kid", "x".into()).headed("jku", "https://attacker.example/".into())),
    ];
    for (case, assertion) in table {
        let answer = presented(&laptop, &asserted(&assertion.signed(&key)), &[]).await;
        refused(&answer, 401, "invalid_client", case);
        assert_eq!(tells_of_claims(&answer), is_signed(&assertion, case), "{case}: {}", body(&answer));
    }
    let stranger = ClientKey::new(Algorithm::ES256);
    let embedded = good().headed("jwk", stranger.jwk("demo-1")).signed(&stranger);
    assert_eq!(status(&laptop, &embedded).await, 401, "sec_jwt_02: embedded key");
    assert_eq!(laptop.dump(), before, "a rejected assertion is not recorded");
    for (jti, typ) in [("1", Some("JWT")), ("2", Some("client-authentication+jwt")), ("3", None)] {
        let assertion = Assertion::new(&laptop, client, jti).headed("kid", "demo-1".into());
        let assertion = typ.map_or(assertion.clone(), |typ| assertion.headed("typ", typ.into()));
        assert_eq!(status(&laptop, &assertion.signed(&key)).await, 200, "{typ:?}");
    }
}

#[tokio::test]
async fn sec_cli_09_a_numeric_date_may_have_a_fraction() {
    let (laptop, key) = (Laptop::demo().await, ClientKey::of_demo());
    let ends = json!(f64::from(u32::try_from(laptop.clock_seconds()).unwrap()) + 60.5);
    let assertion = Assertion::new(&laptop, "demo-private-key-jwt", "j").with("exp", ends).signed(&key);
    assert_eq!(status(&laptop, &assertion).await, 200, "RFC 7519 §2: a number, with or without a fraction");
}

#[tokio::test]
async fn sec_cli_09_with_the_endpoint_audience_aud_may_be_the_called_endpoint_but_no_other() {
    let key = ClientKey::ed25519();
    let older = keyed("older", &format!("client_assertion_audience = \"endpoint\"\n{}", registered(&key)));
    let laptop = Laptop::with(and_clients(&older)).await;
    let (token, revoke) = (laptop.demo_url("/oauth2/token"), laptop.demo_url("/oauth2/revoke"));
    let named = |jti: &str, aud: Value| Assertion::new(&laptop, "older", jti).with("aud", aud).signed(&key);
    for (jti, aud, expected) in [
        ("1", json!(revoke), 200),
        ("2", json!([revoke]), 200),
        ("3", json!(laptop.issuer()), 200),
        ("4", json!(token), 401),
        ("5", json!([revoke, laptop.issuer()]), 401),
    ] {
        assert_eq!(status(&laptop, &named(jti, aud.clone())).await, expected, "{aud}");
    }
    let at_token = presented_with_code(&laptop, &asserted(&named("6", json!(token))), &[]).await;
    refused(&at_token, 400, "invalid_grant", "the client is authenticated");
}

#[tokio::test]
async fn sec_cli_10_an_assertion_is_accepted_once_at_any_endpoint_and_any_time() {
    let laptop = Laptop::demo().await;
    for (client, key) in
        [("demo-private-key-jwt", ClientKey::of_demo()), ("demo-secret-jwt", ClientKey::secret_of_demo())]
    {
        let jwt = Assertion::new(&laptop, client, "once").signed(&key);
        assert_eq!(status(&laptop, &jwt).await, 200, "{client}");
        assert_eq!(status(&laptop, &jwt).await, 401, "{client}: replayed at the same endpoint");
        let elsewhere = presented_with_code(&laptop, &asserted(&jwt), &[]).await;
        refused(&elsewhere, 401, "invalid_client", "replayed at another endpoint");
        let anew = Assertion::new(&laptop, client, "once").with("exp", (laptop.clock_seconds() + 90).into());
        assert_eq!(status(&laptop, &anew.signed(&key)).await, 401, "{client}: jti reused in another assertion");
        laptop.clock.advance(69);
        assert_eq!(status(&laptop, &jwt).await, 401, "{client}: replayed a second before exp plus skew");
        assert_eq!(status(&laptop, &Assertion::new(&laptop, client, "two").signed(&key)).await, 200, "{client}");
    }
    let same = |client: &str, key: &ClientKey| Assertion::new(&laptop, client, "shared jti").signed(key);
    assert_eq!(status(&laptop, &same("demo-private-key-jwt", &ClientKey::of_demo())).await, 200);
    let other = same("demo-secret-jwt", &ClientKey::secret_of_demo());
    assert_eq!(status(&laptop, &other).await, 200, "a jti is scoped to its client");
}

#[tokio::test]
async fn sec_cli_10_and_sec_time_03_an_assertion_is_accepted_until_exp_plus_skew_and_its_jti_is_kept_as_long() {
    let (laptop, key) = (Laptop::demo().await, ClientKey::of_demo());
    let late = Assertion::new(&laptop, "demo-private-key-jwt", "late").signed(&key);
    let later = Assertion::new(&laptop, "demo-private-key-jwt", "later").signed(&key);
    laptop.clock.advance(69);
    assert_eq!(status(&laptop, &late).await, 200);
    assert_eq!(status(&laptop, &late).await, 401);
    laptop.clock.advance(1);
    assert_eq!(status(&laptop, &later).await, 401, "expired exactly at exp plus skew");
}

#[tokio::test]
async fn sec_cli_10_one_of_fifty_concurrent_uses_is_accepted() {
    let (laptop, key) = (Laptop::demo().await, ClientKey::of_demo());
    let jwt = Assertion::new(&laptop, "demo-private-key-jwt", "race").signed(&key);
    let mut statuses = join_all((0..50).map(|_| status(&laptop, &jwt))).await;
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses[1], statuses[49]), (200, 401, 401));
}

#[tokio::test]
async fn sec_cli_12_hmac_algorithms_are_advertised_only_if_the_workspace_enables_them() {
    let laptop = Laptop::demo().await;
    let url = laptop.demo_url("/.well-known/openid-configuration").replace("demo", "partner");
    let metadata = parsed(&laptop.send("GET", &url, &[], "").await);
    let listed = metadata["token_endpoint_auth_methods_supported"].to_string();
    assert!(listed.contains("private_key_jwt") && !listed.contains("client_secret_jwt"), "{listed}");
    assert!(!metadata["token_endpoint_auth_signing_alg_values_supported"].to_string().contains("HS"), "{metadata}");
    let digest = SecretHash::of(&Secret::new("demo-web-secret".into())).encoded();
    for secret in [
        "demo-web-secret".to_owned().into_bytes(),
        digest.clone().into_bytes(),
        URL_SAFE_NO_PAD.decode(&digest).unwrap(),
    ] {
        let jwt = Assertion::new(&laptop, "demo-web", "mac").signed(&ClientKey::Shared(secret));
        assert_eq!(status(&laptop, &jwt).await, 401, "a client that is registered for Basic");
    }
}

#[tokio::test]
async fn sec_cli_15_no_client_secret_is_in_the_store_or_in_a_response() {
    let laptop = Laptop::demo().await;
    assert_eq!(presented(&laptop, &lent(&ways(&laptop, "j")[4].fields), &[]).await.status(), 200);
    let stored = format!("{:?}", laptop.dump());
    for secret in ["demo-web-secret", "demo-web-post-secret", "demo-secret-jwt-secret"] {
        assert!(!stored.contains(secret), "{secret}");
    }
    assert!(stored.contains("sealed_client_secret"));
}

#[tokio::test]
async fn sec_param_17_an_overlong_assertion_is_rejected_before_any_lookup() {
    let (laptop, key) = (Laptop::demo().await, ClientKey::of_demo());
    assert_eq!(status(&laptop, &Assertion::new(&laptop, "demo-private-key-jwt", "warm").signed(&key)).await, 200);
    let padded = |padding: usize| {
        let assertion = Assertion::new(&laptop, "demo-private-key-jwt", "long");
        assertion.with("padding", "x".repeat(padding).into()).signed(&key)
    };
    let longest = (5800..6144).rev().map(padded).find(|jwt| jwt.len() <= 8192).unwrap();
    assert!(longest.len() > 8189);
    let _ = laptop.wire.calls();
    let longer = format!("{longest}{}", "A".repeat(8193 - longest.len()));
    assert_eq!(status(&laptop, &longer).await, 401);
    assert_eq!(laptop.wire.calls(), []);
    assert_eq!(status(&laptop, &longest).await, 200, "{}", longest.len());
}

/// Returns a client with a `jwks_uri`, the stub that serves it, and its first key.
async fn publishing() -> (Laptop, Published, ClientKey) {
    let key = ClientKey::new(Algorithm::ES256);
    let published = Published::new(&[key.jwk("k1")]).await;
    let client = keyed("publishing", &format!("jwks_uri = \"{}\"", published.url));
    (Laptop::with(and_clients(&client)).await, published, key)
}

fn named(laptop: &Laptop, kid: &str, jti: &str) -> Assertion {
    Assertion::new(laptop, "publishing", jti).headed("kid", kid.into())
}

#[tokio::test]
async fn sec_cli_13_and_sec_ssrf_05_published_keys_are_fetched_on_demand_and_cached() {
    let (laptop, published, key) = publishing().await;
    assert_eq!(
        status(&laptop, &Assertion::new(&laptop, "demo-private-key-jwt", "j").signed(&ClientKey::of_demo())).await,
        200
    );
    assert_eq!(presented(&laptop, &[("client_id", "demo-spa")], &[]).await.status(), 200);
    assert_eq!(published.asked(), 0, "not fetched before first use");
    let jwts: Vec<String> = (0..20).map(|at| named(&laptop, "k1", &at.to_string()).signed(&key)).collect();
    let statuses = join_all(jwts.iter().map(|jwt| status(&laptop, jwt))).await;
    assert_eq!((statuses, published.asked()), (vec![200; 20], 1), "all wait for one request");
    laptop.clock.advance(299);
    assert_eq!(status(&laptop, &named(&laptop, "k1", "a").signed(&key)).await, 200);
    assert_eq!(published.asked(), 0);
    laptop.clock.advance(1);
    assert_eq!(status(&laptop, &named(&laptop, "k1", "b").signed(&key)).await, 200);
    assert_eq!(published.asked(), 1);

    let next = ClientKey::ed25519();
    published.now_has(&[next.jwk("k2"), key.jwk("k1")]);
    assert_eq!(status(&laptop, &named(&laptop, "k2", "c").signed(&next)).await, 401, "fetched less than a minute ago");
    laptop.clock.advance(60);
    assert_eq!(status(&laptop, &named(&laptop, "k2", "d").signed(&next)).await, 200, "an unknown kid triggers a fetch");
    assert_eq!(published.asked(), 1);
    published.now_has(&[next.jwk("k2")]);
    laptop.clock.advance(300);
    assert_eq!(status(&laptop, &named(&laptop, "k1", "e").signed(&key)).await, 401, "a withdrawn key");
}

#[tokio::test]
async fn sec_ssrf_05_a_thousand_unknown_kids_cause_one_fetch_per_minute() {
    let (laptop, published, key) = publishing().await;
    for at in 0..1000 {
        let jwt = named(&laptop, &format!("random-{at}"), "j").signed(&key);
        assert_eq!(status(&laptop, &jwt).await, 401);
        laptop.clock.advance_millis(30);
    }
    assert_eq!(published.asked(), 1);
    assert_eq!(status(&laptop, &named(&laptop, "k1", "j").signed(&key)).await, 200);
}

#[tokio::test]
async fn sec_ssrf_04_and_06_cached_keys_outlive_failed_fetches_for_a_day_then_503() {
    let (laptop, published, key) = publishing().await;
    let tried = async |jti: &str| presented(&laptop, &asserted(&named(&laptop, "k1", jti).signed(&key)), &[]).await;
    assert_eq!(tried("1").await.status(), 200);
    published.now_answers("HTTP/1.1 500 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    laptop.clock.advance(3600);
    assert_eq!(tried("2").await.status(), 200, "keys an hour old");
    assert_eq!(tried("3").await.status(), 200);
    assert_eq!(published.asked(), 2, "the first fetch and the failed one; the next is due in a minute");
    laptop.clock.advance(23 * 3600 - 1);
    assert_eq!(tried("4").await.status(), 200, "keys a second younger than a day");
    laptop.clock.advance(1);
    let first = tried("5").await;
    refused(&first, 503, "temporarily_unavailable", "keys a day old");
    let before = laptop.dump();
    let answers = [
        "HTTP/1.1 404 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 302 X\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
        "nonsense\r\n\r\n",
    ];
    for answer in answers {
        published.now_answers(answer);
        laptop.clock.advance(60);
        let refusal = tried("6").await;
        refused(&refusal, 503, "temporarily_unavailable", answer);
        let alike = (body(&refusal), refusal.headers().len()) == (body(&first), first.headers().len());
        assert!(alike, "{answer}: {}", body(&refusal));
    }
    assert_eq!(laptop.dump(), before, "no jti was consumed");
    published.now_has(&[key.jwk("k1")]);
    laptop.clock.advance(60);
    assert_eq!(tried("7").await.status(), 200);
}

/// Nothing is cached after a failed first fetch; retries are bounded, and the client recovers soon after its server.
#[tokio::test]
async fn sec_ssrf_07_a_failed_key_fetch_is_retried_by_the_next_request_at_a_bounded_rate() {
    let (laptop, published, key) = publishing().await;
    let attempt = async |jti: &str| status(&laptop, &named(&laptop, "k1", jti).signed(&key)).await;
    let failing = "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    published.now_answers(failing);
    assert_eq!((attempt("1").await, published.asked()), (503, 1));
    published.now_has(&[key.jwk("k1")]);
    assert_eq!((attempt("2").await, published.asked()), (200, 1), "healthy again");

    let (laptop, published, key) = publishing().await;
    published.now_answers(failing);
    let jwts: Vec<String> = (0..60).map(|at| named(&laptop, "k1", &at.to_string()).signed(&key)).collect();
    assert_eq!(join_all(jwts[..20].iter().map(|jwt| status(&laptop, jwt))).await, vec![503; 20]);
    assert_eq!(published.asked(), 1, "all wait for one request");
    for jwt in &jwts[20..] {
        laptop.clock.advance(1);
        assert_eq!(status(&laptop, jwt).await, 503);
    }
    let asked = published.asked();
    assert!((5..=9).contains(&asked), "{asked} requests in 40 seconds");
    published.now_has(&[key.jwk("k1")]);
    laptop.clock.advance(10);
    assert_eq!(status(&laptop, &named(&laptop, "k1", "last").signed(&key)).await, 200);
}

#[tokio::test]
async fn sec_up_14_and_sec_ssrf_02_redirects_of_a_provider_are_not_followed() {
    let (provider, canary) = (Published::new(&[]).await, Published::new(&[]).await);
    let location = &canary.url;
    provider.now_answers(&format!(
        "HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    ));
    let issuer = provider.url.replace("/jwks.json", "");
    let redirecting = |file: String| file.replace("\"{public_url}/default/partner\"", &format!("\"{issuer}\""));
    let laptop = Laptop::with(redirecting).await;
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("upstream"));
    let login = browser.authorize(&request("demo-trusted", NATIVE, &pkce)).await;
    let html = body(&login);
    let link = html.split('"').find(|part| part.contains("/login/upstream/partner?interaction=")).unwrap();
    page(&browser.get(link).await, 502, "a redirect");
    assert_eq!((provider.asked(), canary.asked()), (1, 0));
}
