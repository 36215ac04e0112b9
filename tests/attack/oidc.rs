//! Section N, and what OpenID Connect adds to sections C and M.

use tests::browser::{answered, body, changed, form, json, location, request};
use tests::expect::{page, redirected};
use tests::laptop::encoded;
use tests::{Browser, Laptop, Pkce};

use crate::given::{NATIVE, claims, redeemed};

/// Whether a page asks which account to go on with.
fn asks_for_account(response: &web::Response) -> bool {
    body(response).contains("name=\"account\"")
}

/// The claims of the ID token for the code of an answer to the trusted client.
async fn id_token(laptop: &Laptop, response: &web::Response, pkce: &Pkce) -> serde_json::Value {
    let code = answered(response, "code").unwrap_or_else(|| panic!("no code: {}", body(response)));
    claims(json(&redeemed(laptop, &code, pkce).await)["id_token"].as_str().unwrap())
}

#[tokio::test]
async fn a_choice_of_account_goes_on_with_the_session_or_lets_another_log_in() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("account"));
    let (mut browser, baseline) = (Browser::new(&laptop), request("demo-trusted", NATIVE, &pkce));
    let select = changed(&baseline, "prompt", Some("select_account"));
    let first = browser.authorize(&select).await;
    assert!(!asks_for_account(&first), "nobody is logged in, so there is nothing to choose");
    let alice = id_token(&laptop, &browser.sign_in(&first, "alice", "alice").await, &pkce).await;

    laptop.clock.advance(100);
    let chooser = browser.authorize(&select).await;
    assert!(asks_for_account(&chooser) && body(&chooser).contains("Continue as Alice Example"), "{}", body(&chooser));
    let again = id_token(&laptop, &browser.choose(&chooser, "current").await, &pkce).await;
    assert_eq!(
        (&again["sub"], &again["sid"], &again["auth_time"]),
        (&alice["sub"], &alice["sid"], &alice["auth_time"])
    );

    let chooser = browser.authorize(&select).await;
    let login = browser.choose(&chooser, "another").await;
    assert!(body(&login).contains("name=\"password\""), "{}", body(&login));
    let bob = id_token(&laptop, &browser.sign_in(&login, "bob", "bob").await, &pkce).await;
    assert_ne!((&bob["sub"], &bob["sid"]), (&alice["sub"], &alice["sid"]));
    page(&browser.choose(&chooser, "current").await, 400, "that interaction is finished");
}

#[tokio::test]
async fn sec_authz_09_and_14_the_choice_of_an_account_cannot_be_skipped_or_made_by_another() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("account skipped"));
    let (mut browser, baseline) = (Browser::new(&laptop), request("demo-native", NATIVE, &pkce));
    assert!(answered(&browser.log_in(&baseline).await, "code").is_some());
    laptop.clock.advance(100);
    let chooser = browser.authorize(&changed(&baseline, "prompt", Some("select_account"))).await;
    let (interaction, before) = (form(&chooser).hidden[0].1.clone(), laptop.dump());
    let consent = laptop.demo_url("/login/consent");
    let skipped = browser.get(&format!("{consent}?{}", encoded(&[("interaction", &interaction)]))).await;
    assert!(location(&skipped).unwrap().contains("/login?interaction="), "the consent page");
    let skipped = browser.post(&consent, &[("interaction", &interaction), ("decision", "allow")]).await;
    assert!(asks_for_account(&browser.follow(skipped).await), "its form");
    page(&browser.choose(&chooser, "x").await, 400, "no such choice");
    assert_eq!(laptop.dump(), before);

    let other_tab = changed(&request("demo-trusted", NATIVE, &pkce), "prompt", Some("login"));
    let login = browser.authorize(&other_tab).await;
    assert!(answered(&browser.sign_in(&login, "bob", "bob").await, "code").is_some());
    laptop.clock.advance(1);
    let chooser = browser.authorize(&changed(&baseline, "prompt", Some("select_account"))).await;
    let shown_to_bob = browser.choose(&chooser, "current").await;
    assert!(body(&shown_to_bob).contains("Bob Example"));
    let login = browser.authorize(&other_tab).await;
    assert!(answered(&browser.sign_in(&login, "alice", "alice").await, "code").is_some());
    let stale = browser.choose(&chooser, "current").await;
    assert!(!body(&stale).contains("Bob") && answered(&stale, "code").is_none(), "{}", body(&stale));
}

#[tokio::test]
async fn parameters_that_change_nothing_here_are_accepted_and_their_grammar_is_kept() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("accepted"));
    let (mut browser, baseline) = (Browser::new(&laptop), request("demo-trusted", NATIVE, &pkce));
    assert!(answered(&browser.log_in(&baseline).await, "code").is_some());
    for (name, value, accepted) in [
        ("display", "page", true),
        ("display", "popup", true),
        ("display", "touch", true),
        ("display", "wap", true),
        ("display", "Page", false),
        ("ui_locales", "fr-CA fr en", true),
        ("claims_locales", "x y", true),
        ("acr_values", "urn:postern:acr:single-factor urn:mace:incommon:iap:silver", true),
        ("acr_values", "9", true),
    ] {
        let response = browser.authorize(&changed(&baseline, name, Some(value))).await;
        if accepted {
            let id_token = id_token(&laptop, &response, &pkce).await;
            assert_eq!(id_token["acr"], "urn:postern:acr:single-factor", "{name}={value}");
        } else {
            redirected(&laptop, &response, NATIVE, "invalid_request", value);
        }
    }
    for name in ["display", "ui_locales", "acr_values"] {
        let twice = [&baseline[..], &[(name, "page"), (name, "page")]].concat();
        redirected(&laptop, &browser.authorize(&twice).await, NATIVE, "invalid_request", name);
    }
}

#[tokio::test]
async fn sec_oidc_08_what_is_not_supported_is_refused_by_its_name() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("oidc 8"));
    let (mut browser, baseline) = (Browser::new(&laptop), request("demo-trusted", NATIVE, &pkce));
    for (name, value, error) in [
        ("request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported"),
        ("request_uri", "https://client.example/request", "request_uri_not_supported"),
        ("registration", "{}", "registration_not_supported"),
    ] {
        redirected(&laptop, &browser.authorize(&changed(&baseline, name, Some(value))).await, NATIVE, error, name);
    }
}
