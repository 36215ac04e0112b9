//! Section N: the exact claims of an ID token in each flow.

use serde_json::{Value, json};
use tests::browser::{answered, changed, json as parsed, request};
use tests::{Browser, Laptop, Pkce};
use web::Clock as _;

use crate::given::{NATIVE, claims, redeemed};

/// Logs alice in with a modified request of the trusted client and redeems the code.
async fn tokens(laptop: &Laptop, changes: &[(&str, Option<&str>)]) -> Value {
    let pkce = Pkce::new("id token");
    let asked = changes
        .iter()
        .fold(request("demo-trusted", NATIVE, &pkce), |asked, (name, value)| changed(&asked, name, *value));
    let code = answered(&Browser::new(laptop).log_in(&asked).await, "code").unwrap();
    parsed(&redeemed(laptop, &code, &pkce).await)
}

fn id_token(answer: &Value) -> Value {
    claims(answer["id_token"].as_str().unwrap())
}

/// The claims expected in every ID token for a login at `login`, merged with `more`.
fn golden(laptop: &Laptop, login: u64, (actual, more): (&Value, Value)) -> Value {
    let now = laptop.clock.now().seconds();
    let mut golden = json!({
        "iss": laptop.issuer(), "aud": "demo-trusted", "iat": now, "exp": now + 3600, "auth_time": login,
        "acr": "urn:postern:acr:single-factor", "amr": ["pwd"],
        // Random values have their own tests.
        "sub": actual["sub"], "sid": actual["sid"],
    });
    golden.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    golden
}

/// Computes `at_hash` for the access token of a token response.
fn at_hash(answer: &Value) -> String {
    protocol::jose::at_hash::at_hash(answer["access_token"].as_str().unwrap())
}

#[tokio::test]
async fn sec_oidc_01_an_id_token_has_exactly_the_claims_of_its_flow() {
    let laptop = Laptop::demo().await;
    let login = laptop.clock.now().seconds();
    let offline = ("scope", Some("openid offline_access"));
    let code = tokens(&laptop, &[("nonce", Some("n-1")), ("max_age", Some("60")), offline]).await;
    let first = id_token(&code);
    let more = json!({"nonce": "n-1", "at_hash": at_hash(&code)});
    assert_eq!(first, golden(&laptop, login, (&first, more)), "a code");

    laptop.clock.advance(1000);
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", "demo-trusted"),
        ("refresh_token", code["refresh_token"].as_str().unwrap()),
    ];
    let refreshed = parsed(&laptop.form("/oauth2/token", &fields, &[]).await);
    let again = id_token(&refreshed);
    // Same user, login and session; a refreshed ID token has no nonce (OpenID Connect Core §12.2).
    assert_eq!((&again["sub"], &again["sid"]), (&first["sub"], &first["sid"]));
    assert_eq!(again, golden(&laptop, login, (&again, json!({"at_hash": at_hash(&refreshed)}))), "a refresh token");

    let now = laptop.clock.now().seconds();
    let asked = [("claims", Some(r#"{"id_token":{"locale":null}}"#)), ("scope", Some("openid")), ("nonce", None)];
    let named = tokens(&laptop, &asked).await;
    let named_claims = id_token(&named);
    let more = json!({"locale": "en", "at_hash": at_hash(&named)});
    assert_eq!(named_claims, golden(&laptop, now, (&named_claims, more)), "claims that were asked for by name");

    let without = tokens(&laptop, &[("scope", Some("profile email offers.read"))]).await;
    assert!(without.get("id_token").is_none() && without.get("access_token").is_some(), "no openid: {without}");
}

#[tokio::test]
async fn sec_oidc_01_an_id_token_without_at_hash_has_the_lifetime_of_its_workspace() {
    let laptop = Laptop::with(|file| {
        file.replace("at_hash = \"included\"\n", "").replace("\nid_token = 3600", "\nid_token = 600")
    })
    .await;
    let login = laptop.clock.now().seconds();
    let actual = id_token(&tokens(&laptop, &[]).await);
    let more = json!({"nonce": "nonce-1", "exp": login + 600});
    assert_eq!(actual, golden(&laptop, login, (&actual, more)));
}

#[tokio::test]
async fn sec_oidc_02_a_nonce_is_returned_byte_for_byte_or_omitted() {
    let laptop = Laptop::demo().await;
    let (long, longest) = ("a".repeat(64), "~".repeat(512));
    let nonces = [
        "n",
        &long,
        &longest,
        "&=+%20%",
        "\u{1f512} \u{c5}ngstr\u{f6}m",
        "\"\\<script>",
        " leading and trailing ",
        "\u{202e}x\u{301}",
    ];
    for nonce in nonces {
        assert_eq!(id_token(&tokens(&laptop, &[("nonce", Some(nonce))]).await)["nonce"], nonce);
    }
    for absent in [None, Some("")] {
        let id_token = id_token(&tokens(&laptop, &[("nonce", absent)]).await);
        assert_eq!(id_token.get("nonce"), None, "{absent:?}");
    }
}
