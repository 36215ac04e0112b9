//! Section M from an API's perspective: tokens issued by this server, checked by the example API and by the public
//! validation crate.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use postern_resource::{Algorithm, InvalidToken, JwksFault, JwksSource, Refusal, StaticJwks, Validator};
use protocol::jose::key_ring::KeySeries;
use protocol::types::id::WorkspaceId;
use protocol::types::time::Lifetime;
use serde_json::Value;
use tests::browser::{answered, changed, exchange, json, request};
use tests::expect::refused;
use tests::{Browser, Laptop, Pkce};
use web::{Clock, Response};

use crate::given::{NATIVE, is_demo};

/// The audience of the example API.
const API: &str = "http://localhost:9000/demo/api";

/// Logs alice in with `scope` and returns the token response.
async fn tokens(laptop: &Laptop, scope: &str) -> Value {
    let pkce = Pkce::new("resource");
    let asked = request("demo-trusted", NATIVE, &pkce);
    let response = Browser::new(laptop).log_in(&changed(&asked, "scope", Some(scope))).await;
    let code = answered(&response, "code").unwrap();
    let response = laptop.form("/oauth2/token", &exchange("demo-trusted", NATIVE, &code, &pkce.verifier), &[]).await;
    json(&response)
}

/// An access token for the example API.
async fn access_token(laptop: &Laptop) -> String {
    tokens(laptop, "openid offers.read").await["access_token"].as_str().unwrap().into()
}

/// Calls the example API.
async fn offers(laptop: &Laptop, token: &str) -> Response {
    let bearer = format!("Bearer {token}");
    laptop.send("GET", "/demo/api/offers", &[("authorization", &bearer)], "").await
}

fn challenge(response: &Response) -> &str {
    response.headers()["www-authenticate"].to_str().unwrap()
}

/// The JWKS as last fetched from the server.
#[derive(Clone, Default)]
struct Published(Arc<Mutex<Vec<u8>>>);

impl Published {
    async fn look(&self, laptop: &Laptop) {
        let jwks = laptop.send("GET", &laptop.demo_url("/.well-known/jwks.json"), &[], "").await;
        *self.0.lock().unwrap() = jwks.into_body().to_vec();
    }

    /// The validator of a remote API that shares the server's clock.
    fn validator(&self, laptop: &Laptop) -> Validator<Self> {
        let clock = Arc::clone(&laptop.clock);
        Validator::new(laptop.issuer(), API, self.clone()).clock(move || Duration::from_millis(clock.now().millis()))
    }
}

impl JwksSource for Published {
    async fn fetch(&self) -> Result<Vec<u8>, JwksFault> {
        Ok(self.0.lock().unwrap().clone())
    }
}

#[tokio::test]
async fn sec_res_01_to_03_the_example_api_accepts_only_its_own_tokens_in_the_header() {
    let laptop = Laptop::demo().await;
    let token = access_token(&laptop).await;
    let good = offers(&laptop, &token).await;
    assert_eq!(good.status(), 200);
    let validated = json(&good)["validated"].clone();
    assert_eq!((&validated["issuer"], &validated["audience"]), (&laptop.issuer().into(), &API.into()));
    assert_eq!((&validated["algorithm"], &validated["scope"]), (&"RS256".into(), &"openid offers.read".into()));

    let without = laptop.send("GET", "/demo/api/offers", &[], "").await;
    refused(&without, 401, "invalid_token", "no token");
    assert_eq!(challenge(&without), "Bearer realm=\"offers\"");
    let bearer = format!("Bearer {token}");
    let twice = [("authorization", bearer.as_str()), ("authorization", bearer.as_str())];
    refused(&laptop.send("GET", "/demo/api/offers", &twice, "").await, 400, "invalid_request", "two headers");
    for headers in [&[][..], &twice[..1]] {
        let in_query = laptop.send("GET", &format!("/demo/api/offers?access_token={token}"), headers, "").await;
        refused(&in_query, 400, "invalid_request", "in the query");
        assert!(!String::from_utf8_lossy(in_query.body()).contains(&token));
    }
    let forged = offers(&laptop, &token.replace('.', ".x")).await;
    refused(&forged, 401, "invalid_token", "forged");
    assert!(challenge(&forged).contains("error=\"invalid_token\""));
}

#[tokio::test]
async fn sec_res_02_and_sec_jwt_06_the_example_api_rejects_id_tokens_and_tokens_without_the_scope() {
    let laptop = Laptop::demo().await;
    let tokens = tokens(&laptop, "openid profile").await;
    let id_token = offers(&laptop, tokens["id_token"].as_str().unwrap()).await;
    refused(&id_token, 401, "invalid_token", "an ID token");
    let lacking = offers(&laptop, tokens["access_token"].as_str().unwrap()).await;
    refused(&lacking, 403, "insufficient_scope", "no offers.read");
    assert!(challenge(&lacking).ends_with("scope=\"offers.read\""), "{}", challenge(&lacking));
}

#[tokio::test]
async fn sec_res_02_a_token_with_the_wrong_audience_issuer_or_lifetime_is_refused() {
    let laptop = Laptop::demo().await;
    let (published, token) = (Published::default(), access_token(&laptop).await);
    published.look(&laptop).await;
    let clock = Arc::clone(&laptop.clock);
    let now = move || Duration::from_millis(clock.now().millis());
    let partner = laptop.send("GET", "/default/partner/.well-known/jwks.json", &[], "").await;
    let partner = StaticJwks::new(partner.into_body().to_vec());
    let said = async |issuer: &str, audience: &str, keys: StaticJwks| {
        let validator = Validator::new(issuer, audience, keys).clock(now.clone());
        validator.accept(&token).await.err()
    };
    let own = || StaticJwks::new(published.0.lock().unwrap().clone());
    let neighbour = "http://localhost:9000/default/partner";
    assert_eq!(said(&laptop.issuer(), API, own()).await, None);
    assert_eq!(said(&laptop.issuer(), "http://localhost:9000/demo", own()).await, Some(InvalidToken::Audience.into()));
    assert_eq!(said(neighbour, API, own()).await, Some(InvalidToken::Issuer.into()));
    assert_eq!(said(&laptop.issuer(), API, partner).await, Some(InvalidToken::Key.into()));

    laptop.clock.advance(604);
    assert_eq!(offers(&laptop, &token).await.status(), 200, "five seconds of leeway");
    laptop.clock.advance(1);
    refused(&offers(&laptop, &token).await, 401, "invalid_token", "beyond the leeway");
}

#[tokio::test]
async fn tokens_signed_with_each_algorithm_are_accepted() {
    for algorithm in Algorithm::ALL {
        let name = algorithm.as_str();
        let line = format!("signing_algorithm = \"{name}\"");
        let change =
            |text: String| if is_demo(&text) { text.replace("signing_algorithm = \"RS256\"", &line) } else { text };
        let (laptop, published) = (Laptop::with(change).await, Published::default());
        published.look(&laptop).await;
        let token = published.validator(&laptop).accept(&access_token(&laptop).await).await.unwrap();
        assert_eq!((token.algorithm(), token.client_id()), (algorithm, "demo-trusted"));
        let strict = published.validator(&laptop).algorithms(&[Algorithm::ES256]);
        assert_eq!(strict.accept(&access_token(&laptop).await).await.is_ok(), algorithm == Algorithm::ES256);
    }
}

#[tokio::test]
async fn rotation_invalidates_no_token_and_a_revoked_key_verifies_none() {
    let demo = WorkspaceId::parse("default", "demo").unwrap();
    let (mut laptop, _kms) = Laptop::in_aws(|file| file).await;
    let published = Published::default();
    published.look(&laptop).await;
    let validator = published.validator(&laptop);
    let before = access_token(&laptop).await;
    assert!(validator.accept(&before).await.is_ok());
    let ring = laptop.with_keys(async |keys| keys.ring(&demo).await.unwrap().ring).await;
    let old = ring.current().unwrap().jwk.thumbprint();

    laptop.clock.advance(30);
    laptop
        .with_keys(async |keys| {
            keys.step(&demo, |ring| ring.rotate(KeySeries::Own, Lifetime::seconds(1), keys.now)).await.unwrap()
        })
        .await;
    laptop.restart();
    let after = access_token(&laptop).await;
    assert!(validator.accept(&after).await.is_ok(), "the API fetched the new key before it was used");
    assert!(validator.accept(&before).await.is_ok());

    laptop.with_keys(async |keys| keys.step(&demo, |ring| ring.revoke(&old, keys.now)).await.unwrap()).await;
    laptop.restart();
    published.look(&laptop).await;
    laptop.clock.advance(300);
    assert_eq!(validator.accept(&before).await, Err(Refusal::Invalid(InvalidToken::Key)));
    assert!(validator.accept(&after).await.is_ok());
}

#[tokio::test]
async fn an_api_without_introspection_accepts_a_revoked_token_until_it_expires() {
    let laptop = Laptop::demo().await;
    let token = access_token(&laptop).await;
    let revoked = laptop.form("/oauth2/revoke", &[("token", &token), ("client_id", "demo-trusted")], &[]).await;
    assert_eq!(revoked.status(), 200);
    assert_eq!(offers(&laptop, &token).await.status(), 200);
}

/// The crate cannot share the server's parser, so both must be held to the same grammar (RFC 9110 §11.4).
#[tokio::test]
async fn sec_param_10_server_and_crate_parse_the_same_grammar() {
    let laptop = Laptop::demo().await;
    let token = tokens(&laptop, "openid offers.read").await["access_token"].as_str().unwrap().to_owned();
    for (header, status) in [
        (format!("Bearer {token}"), 200),
        (format!("bearer    {token}"), 200),
        (format!("Bearer \t{token}"), 400),
        (format!("Bearer\t{token}"), 400),
        (format!("Bearer {token},x"), 400),
        (format!("Bearer {token} x"), 400),
        ("Bearer".to_owned(), 400),
        ("Bearer   ".to_owned(), 400),
        (format!("DPoP {token}"), 401),
        ("Basic YTpi".to_owned(), 401),
    ] {
        for path in ["/default/demo/userinfo", "/demo/api/offers"] {
            let answer = laptop.send("GET", path, &[("authorization", header.as_str())], "").await;
            assert_eq!(answer.status().as_u16(), status, "{path} {header:?}");
        }
    }
}
