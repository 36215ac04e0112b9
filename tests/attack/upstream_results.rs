//! What comes of the answer of an upstream provider: used once, by the browser that asked, and for nothing else.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use administration::NewUser;
use credentials::passwords::Password;
use protocol::users::identifier::IdentifierKind;
use regex::Regex;
use serde_json::json;
use tests::browser::{answered, body, exchange, json as parsed, link, request};
use tests::expect::page;
use tests::provider::{ACCESS_TOKEN, press};
use tests::{Browser, Laptop, Pkce, Provider, operator};
use web::Response;

use crate::given::{NATIVE, claims, is_demo};

const PASSWORD: &str = "violet kettle orbits";

async fn laptop(provider: &Provider) -> Laptop {
    Laptop::with(|file| provider.registered(&file, "verified_email_domains = [\"corp.example\"]")).await
}

/// Creates a user of the pool with this verified address.
async fn create(laptop: &Laptop, address: &str) {
    let new = NewUser {
        identifiers: vec![(IdentifierKind::Email, address.into())],
        email_verified: true,
        password: Some(Password::parse(PASSWORD).unwrap()),
        ..NewUser::default()
    };
    operator(laptop, async |users| users.create(new).await.unwrap()).await;
}

async fn subject(laptop: &Laptop, response: &Response, pkce: &Pkce) -> String {
    let code = answered(response, "code").unwrap_or_else(|| panic!("{} {}", response.status(), body(response)));
    let tokens = laptop.form("/oauth2/token", &exchange("demo-trusted", NATIVE, &code, &pkce.verifier), &[]).await;
    claims(parsed(&tokens)["id_token"].as_str().unwrap())["sub"].as_str().unwrap().to_owned()
}

/// An address that two sources vouch for is still two accounts: there is no linking without a proof of both.
#[tokio::test]
async fn sec_up_08_and_09_an_address_alone_links_no_accounts() {
    let provider = Provider::start().await;
    let with_pool = |file: String| {
        let file = provider.registered(&file, "verified_email_domains = [\"corp.example\"]");
        if is_demo(&file) { file + "\n[pool]\nidentifiers = [\"email\"]\n" } else { file }
    };
    let (laptop, pkce) = (Laptop::with(with_pool).await, Pkce::new("up 8"));
    let asked = request("demo-trusted", NATIVE, &pkce);
    create(&laptop, "victim@corp.example").await;
    let mut local = Browser::new(&laptop);
    let login = local.authorize(&asked).await;
    let of_pool = subject(&laptop, &local.sign_in(&login, "victim@corp.example", PASSWORD).await, &pkce).await;

    let mut subjects = vec![of_pool];
    for (user, said) in [
        ("user-1", json!({"email": "victim@corp.example", "email_verified": true})),
        ("user-2", json!({"email": "victim@corp.example", "email_verified": true})),
        ("user-3", json!({"email": "Victim@CORP.example", "email_verified": "true"})),
        ("user-4", json!({"email": "victim@corp.example@evil.example", "email_verified": true})),
    ] {
        let mut said = said;
        said["sub"] = user.into();
        let mut browser = Browser::new(&laptop);
        let response = provider.log_in((&laptop, &mut browser), &asked, (&said, &json!({ "sub": user }))).await;
        subjects.push(subject(&laptop, &response, &pkce).await);
    }
    let different: BTreeSet<&String> = subjects.iter().collect();
    assert_eq!(different.len(), subjects.len(), "{subjects:?}");
    // The password of the first account still opens that one, and no other.
    let mut local = Browser::new(&laptop);
    let login = local.authorize(&asked).await;
    let again = subject(&laptop, &local.sign_in(&login, "victim@corp.example", PASSWORD).await, &pkce).await;
    assert_eq!(again, subjects[0]);
}

#[tokio::test]
async fn sec_up_10_nothing_about_a_user_comes_from_what_their_browser_sends() {
    let provider = Provider::start().await;
    let laptop = laptop(&provider).await;
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("up 10"));
    let away = provider.leave(&mut browser, &request("demo-trusted", NATIVE, &pkce)).await;
    let said = json!({"email": "user@corp.example", "email_verified": true, "name": "Real"});
    provider.will_say(&laptop, &away, (&said, &json!({})));
    let forged = "sub=admin&email=admin%40corp.example&email_verified=true&name=Forged&groups=admins\
                  &user=%7B%22name%22%3A%7B%22firstName%22%3A%22Forged%22%7D%7D&id_token=x.y.z&subject=admin";
    let state = away.asked("state").unwrap();
    let response = browser.get(&laptop.demo_url(&format!("/callback/partner?code=c&state={state}&{forged}"))).await;
    let response = browser.follow(response).await;
    let code = answered(&response, "code").unwrap_or_else(|| panic!("{} {}", response.status(), body(&response)));
    let tokens = laptop.form("/oauth2/token", &exchange("demo-trusted", NATIVE, &code, &pkce.verifier), &[]).await;
    let told = parsed(&laptop.userinfo(parsed(&tokens)["access_token"].as_str().unwrap()).await);
    assert_eq!((&told["email"], &told["name"]), (&json!("user@corp.example"), &json!("Real")), "{told}");
    let stored = format!("{:?}", laptop.dump());
    assert!(!stored.contains("Forged") && !stored.contains("admin@"), "nothing of it was kept");
}

#[tokio::test]
async fn sec_up_11_a_callback_counts_once_and_in_the_browser_that_was_sent_away() {
    let provider = Provider::start().await;
    let laptop = laptop(&provider).await;
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("up 11"));
    let away = provider.leave(&mut browser, &request("demo-trusted", NATIVE, &pkce)).await;
    provider.will_say(&laptop, &away, (&json!({}), &json!({})));
    let callback = laptop.demo_url(&format!("/callback/partner?code=c&state={}", away.asked("state").unwrap()));

    let mut stranger = Browser::new(&laptop);
    page(&stranger.get(&callback).await, 400, "a browser without the cookie");
    let elsewhere = provider.leave(&mut stranger, &request("demo-trusted", NATIVE, &pkce)).await;
    page(&stranger.get(&callback).await, 400, "a browser with the cookie of another login");
    assert_eq!(provider.exchanges(), 0, "nothing was asked of the provider for them");

    provider.will_say(&laptop, &away, (&json!({}), &json!({})));
    let response = browser.get(&callback).await;
    assert!(answered(&browser.follow(response).await, "code").is_some());
    page(&browser.get(&callback).await, 400, "it is over");
    assert_eq!(provider.exchanges(), 1);
    drop(elsewhere);
}

#[tokio::test]
async fn sec_up_15_no_token_of_a_provider_is_stored() {
    let provider = Provider::start().await;
    let laptop = laptop(&provider).await;
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("up 15"));
    let response = provider
        .log_in((&laptop, &mut browser), &request("demo-trusted", NATIVE, &pkce), (&json!({}), &json!({})))
        .await;
    assert!(answered(&response, "code").is_some(), "{}", body(&response));
    let stored = format!("{:?}", laptop.dump());
    assert!(stored.contains("user-1") || stored.contains("partner"), "the login was stored");
    assert!(!stored.contains(ACCESS_TOKEN));
    let jwt = Regex::new(r"eyJ[\w-]{8,}\.eyJ[\w-]+\.").unwrap();
    assert!(jwt.is_match("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1In0.x") && !jwt.is_match(&stored));
    let cookies: Vec<&String> = browser.cookies.values().collect();
    assert!(!format!("{cookies:?}").contains(ACCESS_TOKEN));
}

/// Whether the provider has used the code up is not known, and a second try with it would look like a replay there.
#[tokio::test]
async fn sec_up_16_a_provider_that_does_not_answer_is_asked_once_and_the_login_can_be_begun_again() {
    let provider = Provider::start().await;
    let laptop = laptop(&provider).await;
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("up 16"));
    let away = provider.leave(&mut browser, &request("demo-trusted", NATIVE, &pkce)).await;
    provider.stalls(Some("/token"));
    let begun = Instant::now();
    let response = provider.come_back((&laptop, &mut browser), &away, (&json!({}), &json!({}))).await;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    page(&response, 502, "the provider does not answer");
    assert_eq!(provider.exchanges(), 1);

    provider.stalls(None);
    let login = browser.get(&link(&response, "/login?interaction=")).await;
    let again = provider.followed(&press(&mut browser, &login).await);
    for name in ["state", "nonce", "code_challenge"] {
        assert!(again.asked(name).is_some() && again.asked(name) != away.asked(name), "{name}");
    }
    let response = provider.come_back((&laptop, &mut browser), &again, (&json!({}), &json!({}))).await;
    assert!(answered(&response, "code").is_some(), "{} {}", response.status(), body(&response));
    assert_eq!(provider.exchanges(), 1);
}
