//! Section N, and the parts of sections C and M that come from OpenID Connect.

use protocol::logout::logout_token::LogoutNotice;
use tests::browser::{answered, body, changed, exchange, form, json, location, request};
use tests::expect::{page, redirected};
use tests::laptop::encoded;
use tests::{Browser, KmsTrouble, Laptop, Pkce};

use crate::given::{NATIVE, and_clients, claims, redeemed};

/// Whether the page is the account chooser.
fn asks_for_account(response: &web::Response) -> bool {
    body(response).contains("name=\"account\"")
}

/// Redeems the code of a response to the trusted client and returns the ID token claims.
async fn id_token(laptop: &Laptop, response: &web::Response, pkce: &Pkce) -> serde_json::Value {
    let code = answered(response, "code").unwrap_or_else(|| panic!("no code: {}", body(response)));
    claims(json(&redeemed(laptop, &code, pkce).await)["id_token"].as_str().unwrap())
}

#[tokio::test]
async fn the_account_chooser_continues_the_session_or_lets_another_user_log_in() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("account"));
    let (mut browser, baseline) = (Browser::new(&laptop), request("demo-trusted", NATIVE, &pkce));
    let select = changed(&baseline, "prompt", Some("select_account"));
    let first = browser.authorize(&select).await;
    assert!(!asks_for_account(&first), "nobody is logged in, so there is nothing to choose");
    let alice = id_token(&laptop, &browser.sign_in(&first, "alice", "alice").await, &pkce).await;

    laptop.clock.advance(100);
    let chooser = browser.authorize(&select).await;
    assert!(
        asks_for_account(&chooser) && body(&chooser).contains("Continue as <bdi>Alice Example"),
        "{}",
        body(&chooser)
    );
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
async fn sec_authz_09_and_14_the_account_chooser_cannot_be_skipped_or_answered_by_another_browser() {
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
async fn parameters_without_effect_are_accepted_if_well_formed() {
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
async fn sec_oidc_08_unsupported_parameters_are_rejected_with_their_own_error() {
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

/// Two clients of one sector and one of another.
const PAIRWISE: &str = r#"
[[clients]]
client_id = "one"
client_name = "One"
token_endpoint_auth_method = "none"
trusted = true
redirect_uris = ["https://shop.example/one"]
scope = "openid email"
subject_type = "pairwise"

[[clients]]
client_id = "two"
client_name = "Two"
token_endpoint_auth_method = "none"
trusted = true
redirect_uris = ["https://shop.example/two"]
scope = "openid email"
subject_type = "pairwise"

[[clients]]
client_id = "other"
client_name = "Other"
token_endpoint_auth_method = "none"
trusted = true
redirect_uris = ["https://other.example/one"]
scope = "openid email"
subject_type = "pairwise"
"#;

const ONE: &str = "https://shop.example/one";

/// Logs `user` in at `client` and returns the tokens.
async fn told(laptop: &Laptop, (client, redirect_uri): (&str, &str), user: &str) -> serde_json::Value {
    let (pkce, mut browser) = (Pkce::new("pairwise"), Browser::new(laptop));
    let login = browser.authorize(&changed(&request(client, redirect_uri, &pkce), "scope", Some("openid email"))).await;
    let code = answered(&browser.sign_in(&login, user, user).await, "code").unwrap();
    json(&laptop.form("/oauth2/token", &exchange(client, redirect_uri, &code, &pkce.verifier), &[]).await)
}

/// Returns the `sub` of a token response, asserting that all its tokens and userinfo agree.
async fn sub(laptop: &Laptop, tokens: &serde_json::Value) -> String {
    let access_token = tokens["access_token"].as_str().unwrap();
    let sub = claims(access_token)["sub"].clone();
    assert_eq!(sub, claims(tokens["id_token"].as_str().unwrap())["sub"]);
    let userinfo = laptop.userinfo(access_token).await;
    assert_eq!((&json(&userinfo)["sub"], userinfo.status()), (&sub, http::StatusCode::OK));
    sub.as_str().unwrap().into()
}

#[tokio::test]
async fn sec_oidc_03_and_sec_res_04_clients_of_different_sectors_cannot_correlate_a_user() {
    let laptop = Laptop::with(and_clients(PAIRWISE)).await;
    let of = async |client: (&str, &str), user: &str| sub(&laptop, &told(&laptop, client, user).await).await;
    let (one, two, other) = (("one", ONE), ("two", "https://shop.example/two"), ("other", "https://other.example/one"));
    let alice = of(one, "alice").await;
    assert_eq!(alice, of(one, "alice").await, "stable across logins");
    assert_eq!(alice, of(two, "alice").await, "within the sector");
    let others = [of(other, "alice").await, of(("demo-trusted", NATIVE), "alice").await, of(one, "bob").await];
    assert!(!others.contains(&alice), "{alice}: {others:?}");
    let public = of(("demo-trusted", NATIVE), "alice").await;
    assert_eq!(alice.len(), public.len(), "pairwise and public subjects have the same length");
    assert!(laptop.dump()["postern-users"].iter().all(|item| !item.contains(&alice)), "the pairwise sub is not stored");
}

#[tokio::test]
async fn sec_authz_11_a_pairwise_client_names_the_expected_user_by_its_pairwise_sub() {
    let laptop = Laptop::with(and_clients(PAIRWISE)).await;
    let alices = told(&laptop, ("one", ONE), "alice").await["id_token"].as_str().unwrap().to_owned();
    let bobs = told(&laptop, ("one", ONE), "bob").await["id_token"].as_str().unwrap().to_owned();
    let (pkce, mut browser) = (Pkce::new("pairwise hint"), Browser::new(&laptop));
    let baseline = changed(&request("one", ONE, &pkce), "scope", Some("openid email"));
    assert!(answered(&browser.log_in(&baseline).await, "code").is_some());
    laptop.clock.advance(10);
    let asked = |hint| [changed(&baseline, "prompt", Some("none")), vec![("id_token_hint", hint)]].concat();
    assert!(answered(&browser.authorize(&asked(&alices)).await, "code").is_some());
    redirected(&laptop, &browser.authorize(&asked(&bobs)).await, ONE, "login_required", "another user is expected");
}

#[tokio::test]
async fn sec_oidc_03_without_its_key_a_pairwise_client_gets_no_code() {
    let (mut laptop, kms) = Laptop::in_aws(and_clients(PAIRWISE)).await;
    let before = sub(&laptop, &told(&laptop, ("one", ONE), "alice").await).await;
    let (pkce, client) = (Pkce::new("pairwise"), ("one", ONE));
    laptop.restart();
    let mut browser = Browser::new(&laptop);
    let login = browser.authorize(&changed(&request("one", ONE, &pkce), "scope", Some("openid email"))).await;
    kms.plan(|_, _| KmsTrouble::Refused("AccessDeniedException"));
    let refused = browser.sign_in(&login, "alice", "alice").await;
    redirected(&laptop, &refused, ONE, "temporarily_unavailable", "no key");
    kms.calm();
    assert_eq!(sub(&laptop, &told(&laptop, client, "alice").await).await, before, "the key is the same");
}

/// Two clients of different sectors, both with back-channel logout.
const TOLD: &str = r#"
[[clients]]
client_id = "shop"
client_name = "Shop"
token_endpoint_auth_method = "none"
trusted = true
redirect_uris = ["https://shop.example/one"]
post_logout_redirect_uris = ["https://shop.example/bye"]
backchannel_logout_uri = "https://shop.example/backchannel"
scope = "openid"
subject_type = "pairwise"

[[clients]]
client_id = "bank"
client_name = "Bank"
token_endpoint_auth_method = "none"
trusted = true
redirect_uris = ["https://bank.example/cb"]
backchannel_logout_uri = "https://bank.example/backchannel"
scope = "openid"
subject_type = "pairwise"
"#;

#[tokio::test]
async fn sec_oidc_09_a_sid_does_not_link_pairwise_subjects() {
    let laptop = Laptop::with(and_clients(TOLD)).await;
    let (pkce, mut browser) = (Pkce::new("sid"), Browser::new(&laptop));
    let mut told = Vec::new();
    for (client, redirect_uri) in [("shop", ONE), ("bank", "https://bank.example/cb"), ("shop", ONE)] {
        let fields = changed(&request(client, redirect_uri, &pkce), "scope", Some("openid"));
        let code = answered(&browser.log_in(&fields).await, "code").unwrap();
        let fields = exchange(client, redirect_uri, &code, &pkce.verifier);
        told.push(json(&laptop.form("/oauth2/token", &fields, &[]).await)["id_token"].as_str().unwrap().to_owned());
    }
    let [shop, bank, again] = [0, 1, 2].map(|at: usize| claims(&told[at]));
    assert_eq!((&shop["sid"], &shop["sub"]), (&again["sid"], &again["sub"]), "one session, one client");
    assert!(shop["sid"] != bank["sid"] && shop["sub"] != bank["sub"], "{shop} {bank}");
    let other = Pkce::new("another session");
    let fields = changed(&request("shop", ONE, &other), "scope", Some("openid"));
    let code = answered(&Browser::new(&laptop).log_in(&fields).await, "code").unwrap();
    let elsewhere = laptop.form("/oauth2/token", &exchange("shop", ONE, &code, &other.verifier), &[]).await;
    assert_ne!(claims(json(&elsewhere)["id_token"].as_str().unwrap())["sid"], shop["sid"], "another session");

    let bye = [("id_token_hint", told[0].as_str()), ("post_logout_redirect_uri", "https://shop.example/bye")];
    let gone = browser.get(&format!("{}?{}", laptop.demo_url("/oidc/logout"), encoded(&bye))).await;
    assert_eq!(location(&gone).as_deref(), Some("https://shop.example/bye"), "the hint belongs to this session");
    let messages = laptop.queue.receive(web::Clock::now(&*laptop.clock));
    let notices: Vec<_> = messages.iter().map(|message| LogoutNotice::parse(&message.body).unwrap()).collect();
    for (client, id_token) in [("shop", &shop), ("bank", &bank)] {
        let notice = notices.iter().find(|notice| notice.participant.client_id.as_str() == client).unwrap();
        let known = (notice.participant.sid.as_str(), notice.participant.sub.as_str());
        assert_eq!(known, (id_token["sid"].as_str().unwrap(), id_token["sub"].as_str().unwrap()), "{client}");
    }
    assert_eq!(notices.len(), 2, "each client is notified once");
}

/// Confidential clients may opt out of PKCE and of the nonce (OpenID Connect Core §3.1.2.1).
#[tokio::test]
async fn a_confidential_client_may_omit_pkce_and_nonce() {
    let laptop = Laptop::with(|text| text.replace("pkce = \"all\"", "pkce = \"public\"")).await;
    let pkce = Pkce::new("without");
    let fields: Vec<_> = request("demo-web", crate::given::WEB, &pkce)
        .into_iter()
        .filter(|(name, _)| !["code_challenge", "code_challenge_method", "nonce"].contains(name))
        .collect();
    let code = answered(&Browser::new(&laptop).log_in(&fields).await, "code").unwrap();
    let basic = crate::given::basic("demo-web:demo-web-secret");
    let exchange = [("grant_type", "authorization_code"), ("redirect_uri", crate::given::WEB), ("code", code.as_str())];
    let tokens = json(&laptop.form("/oauth2/token", &exchange, &[("authorization", &basic)]).await);
    let id_token = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!((&id_token["aud"], id_token.get("nonce")), (&"demo-web".into(), None));
}
