//! Section R, rows PWD: passwords of users of a pool. And DOS-02, -09, SESS-09, RT-12 as far as they are about these users.

use administration::{NewUser, StatusStep};
use credentials::passwords::Password;
use futures::future::join_all;
use protocol::users::identifier::IdentifierKind;
use protocol::users::login_attempts::{FREE, OF_ADDRESS};
use serde_json::Value;
use tests::browser::{answered, body, exchange, form, json as parsed, request};
use tests::expect::refused;
use tests::wire::Trouble;
use tests::{Browser, Laptop, Pkce, operator};
use web::Response;

use crate::given::{NATIVE, claims, is_demo};

const POOL: &str = "\n[pool]\nidentifiers = [\"email\", \"username\"]\n\n[[pool.attributes]]\nname = \"name\"\n";

/// The password of every user.
const PASSWORD: &str = "violet kettle orbits";

const WRONG: &str = "a wrong password, sorry";

/// The demo workspace with a pool beside the sandbox.
fn with_pool(text: String) -> String {
    if is_demo(&text) { text + POOL } else { text }
}

async fn laptop() -> Laptop {
    Laptop::with(with_pool).await
}

/// Creates the user `name` with the address `name@example.com`.
async fn create(laptop: &Laptop, name: &str, password: Option<&str>) {
    let new = NewUser {
        identifiers: vec![
            (IdentifierKind::Email, format!("{name}@example.com")),
            (IdentifierKind::Username, name.into()),
        ],
        password: password.map(|password| Password::parse(password).unwrap()),
        ..NewUser::default()
    };
    operator(laptop, async |users| users.create(new).await.unwrap()).await;
}

async fn step(laptop: &Laptop, name: &str, step: StatusStep) {
    operator(laptop, async |users| users.step(name, step).await.unwrap()).await;
}

/// The login page of a request in `browser`.
async fn login_page(browser: &mut Browser<'_>) -> Response {
    let page = browser.authorize(&request("demo-trusted", NATIVE, &Pkce::new("password"))).await;
    assert_eq!(page.status(), 200, "{}", body(&page));
    page
}

/// Submits name and password on the page of a new request.
async fn attempt(browser: &mut Browser<'_>, name: &str, password: &str) -> Response {
    let page = login_page(browser).await;
    browser.sign_in(&page, name, password).await
}

async fn by_stranger(laptop: &Laptop, name: &str, password: &str) -> Response {
    attempt(&mut Browser::new(laptop), name, password).await
}

fn is_in(response: &Response) -> bool {
    answered(response, "code").is_some()
}

/// What an attempt cost beyond what every form costs, as names of calls and kinds of items.
fn calls(laptop: &Laptop) -> Vec<String> {
    let calls = laptop.wire.calls().into_iter().filter(|call| call.kind != "grant");
    calls.map(|call| format!("{} {}", call.name, call.kind)).collect()
}

/// What everybody can see of a response, apart from what is random in every response.
fn visible(response: &Response, name: &str) -> (u16, Vec<String>, String) {
    let random = regex::Regex::new(r#"nonce="[^"]*"|nonce-[\w-]+|interaction=[\w-]+|value="[\w-]{40,}""#).unwrap();
    let headers = response.headers().iter().filter(|(header, _)| !header.as_str().starts_with("x-trace"));
    let headers = headers.map(|(header, value)| format!("{header}: {}", value.to_str().unwrap()));
    let headers = headers.map(|line| random.replace_all(&line, "").into_owned()).collect();
    let text = body(response).replace(name, "NAME");
    (response.status().as_u16(), headers, random.replace_all(&text, "").into_owned())
}

#[tokio::test]
async fn sec_pwd_05_a_user_logs_in_by_either_identifier_in_any_spelling() {
    let laptop = laptop().await;
    create(&laptop, "alice", Some(PASSWORD)).await;
    let mut subjects = Vec::new();
    for name in ["alice@example.com", " ALICE@Example.COM ", "alice", "Alice"] {
        let pkce = Pkce::new("password");
        let response = by_stranger(&laptop, name, PASSWORD).await;
        let code = answered(&response, "code").unwrap_or_else(|| panic!("{name}: {}", body(&response)));
        let tokens = laptop.form("/oauth2/token", &exchange("demo-trusted", NATIVE, &code, &pkce.verifier), &[]).await;
        let id_token = parsed(&tokens)["id_token"].as_str().unwrap().to_owned();
        subjects.push(claims(&id_token)["sub"].as_str().unwrap().to_owned());
    }
    subjects.dedup();
    assert_eq!(subjects.len(), 1, "{subjects:?}");
    assert!(!is_in(&by_stranger(&laptop, "alice", "Violet kettle orbits").await), "a password is compared exactly");
}

#[tokio::test]
async fn sec_pwd_04_the_answer_is_the_same_whoever_does_not_get_in() {
    let laptop = laptop().await;
    for name in ["known1", "locked", "disabl"] {
        create(&laptop, name, Some(PASSWORD)).await;
    }
    create(&laptop, "nopass", None).await;
    create(&laptop, "delete", Some(PASSWORD)).await;
    step(&laptop, "locked", StatusStep::Lock).await;
    step(&laptop, "disabl", StatusStep::Disable).await;
    operator(&laptop, async |users| users.delete("delete").await.unwrap()).await;
    let mut seen = Vec::new();
    // Warm, so that nobody is the first to read the configuration.
    by_stranger(&laptop, "nobody", PASSWORD).await;
    let of = [
        ("known1", WRONG),
        ("nobody", PASSWORD),
        ("locked", PASSWORD),
        ("disabl", PASSWORD),
        ("nopass", PASSWORD),
        ("delete", PASSWORD),
    ];
    for (name, password) in of {
        for typed in [name.to_owned(), format!("{name}@example.com"), name.to_uppercase()] {
            let mut browser = Browser::new(&laptop);
            let page = login_page(&mut browser).await;
            let _ = laptop.wire.calls();
            let response = browser.sign_in(&page, &typed, password).await;
            assert!(body(&response).contains(&format!("value=\"{typed}\"")), "what was typed stays: {typed}");
            let form = if typed.contains('@') { "NAME@" } else { "NAME" };
            let known: Vec<String> =
                browser.cookies.keys().map(|name| name.split('-').next().unwrap().into()).collect();
            seen.push((form, visible(&response, &typed.replace("@example.com", "")), calls(&laptop), known));
        }
    }
    for form in ["NAME", "NAME@"] {
        let of_form: Vec<_> = seen.iter().filter(|(of, ..)| *of == form).collect();
        let first = of_form[0];
        assert_eq!(first.1.0, 403);
        assert_eq!(first.2, ["GetItem sign-in", "UpdateItem counter", "UpdateItem login-attempts"]);
        assert!(of_form.iter().all(|one| *one == first), "{of_form:#?}");
    }
}

#[tokio::test]
async fn sec_pwd_02_a_password_that_nobody_can_have_is_not_hashed() {
    let laptop = laptop().await;
    create(&laptop, "alice", Some(PASSWORD)).await;
    by_stranger(&laptop, "alice", WRONG).await;
    for password in ["", "a\0b", &"x".repeat(1025)] {
        let mut browser = Browser::new(&laptop);
        let page = login_page(&mut browser).await;
        let _ = laptop.wire.calls();
        let response = browser.sign_in(&page, "alice", password).await;
        assert!(matches!(response.status().as_u16(), 400 | 403), "{} bytes: {}", password.len(), response.status());
        assert_eq!(calls(&laptop), Vec::<String>::new(), "{} bytes", password.len());
    }
    let page = login_page(&mut Browser::new(&laptop)).await;
    let huge = "x".repeat(1 << 20);
    let response = laptop.form("/login", &[("username", "alice"), ("password", &huge)], &[]).await;
    assert!(response.status().is_client_error() && page.status() == 200, "{}", response.status());
}

#[tokio::test]
async fn sec_pwd_05_attempts_by_either_identifier_have_one_counter() {
    let laptop = laptop().await;
    create(&laptop, "alice", Some(PASSWORD)).await;
    for number in 0..FREE {
        let name = if number % 2 == 0 { "alice" } else { "alice@example.com" };
        assert_eq!(by_stranger(&laptop, name, WRONG).await.status(), 403, "{number}");
    }
    for name in ["alice", "alice@example.com"] {
        let response = by_stranger(&laptop, name, PASSWORD).await;
        assert_eq!(response.status(), 429, "{name}");
        assert_eq!(response.headers()["retry-after"], "30");
        assert!(body(&response).contains("Too many wrong passwords were entered. Try again in 30 seconds."));
    }
    create(&laptop, "bob", Some(PASSWORD)).await;
    assert!(is_in(&by_stranger(&laptop, "bob", PASSWORD).await), "another user is not concerned");
}

#[tokio::test]
async fn sec_pwd_06_parallel_guesses_cannot_outrun_the_limit() {
    let laptop = laptop().await;
    create(&laptop, "alice", Some(PASSWORD)).await;
    let mut pages = Vec::new();
    for _ in 0..200 {
        let mut browser = Browser::new(&laptop);
        let page = login_page(&mut browser).await;
        pages.push((browser, page));
    }
    // Each from an address of its own, as a botnet would.
    let outcomes = join_all(pages.into_iter().enumerate().map(|(number, (mut browser, page))| {
        let laptop = &laptop;
        async move {
            laptop.come_from(&format!("192.0.2.{number}"));
            browser.sign_in(&page, "alice", WRONG).await.status().as_u16()
        }
    }))
    .await;
    let verified = outcomes.iter().filter(|status| **status == 403).count();
    let verified = u64::try_from(verified).unwrap();
    assert!((1..=FREE).contains(&verified), "{verified} passwords were looked at");
    // The engine of the test may be too slow for all of them at once; without an answer no password is looked at.
    assert!(outcomes.iter().all(|status| matches!(status, 403 | 429 | 503)), "{outcomes:?}");
}

#[tokio::test]
async fn sec_pwd_07_strangers_cannot_lock_a_user_out_of_a_known_browser_and_a_count_is_released() {
    let laptop = laptop().await;
    create(&laptop, "alice", Some(PASSWORD)).await;
    let mut known = Browser::new(&laptop);
    assert!(is_in(&attempt(&mut known, "alice", PASSWORD).await));
    known.cookies.retain(|name, _| name.contains("known"));
    assert_eq!(known.cookies.len(), 1);
    let mut stranger = Browser::new(&laptop);
    let page = login_page(&mut stranger).await;
    for number in 0_u32..1000 {
        laptop.come_from(&format!("10.0.{}.{}", number / 200, number % 200));
        let status = stranger.sign_in(&page, "alice", WRONG).await.status();
        assert_eq!(status, if u64::from(number) < FREE { 403 } else { 429 }, "{number}");
    }
    assert_eq!(by_stranger(&laptop, "alice", PASSWORD).await.status(), 429);
    assert!(is_in(&attempt(&mut known, "alice", PASSWORD).await), "the browser that is known gets in");
    known.cookies.retain(|name, _| name.contains("known"));
    laptop.clock.advance(30);
    assert!(is_in(&by_stranger(&laptop, "alice", PASSWORD).await), "the wait is over by itself");
    assert!(is_in(&by_stranger(&laptop, "alice", PASSWORD).await), "and a right password ends the count");

    // The cookie is bound to the user, to the workspace and to the epoch.
    create(&laptop, "bob", Some(PASSWORD)).await;
    for _ in 0..FREE {
        by_stranger(&laptop, "bob", WRONG).await;
    }
    assert_eq!(attempt(&mut known, "bob", PASSWORD).await.status(), 429, "alice's browser is a stranger to bob");
    for _ in 0..FREE {
        by_stranger(&laptop, "alice", WRONG).await;
    }
    operator(&laptop, async |users| users.set_password("alice", &Password::parse(PASSWORD).unwrap()).await.unwrap())
        .await;
    assert_eq!(attempt(&mut known, "alice", PASSWORD).await.status(), 429, "a new password revokes the cookie");
    step(&laptop, "alice", StatusStep::Unlock).await;
    assert!(is_in(&attempt(&mut known, "alice", PASSWORD).await), "an operator can end the count");
}

#[tokio::test]
async fn sec_pwd_07_a_known_browser_has_a_limit_of_its_own_and_a_tampered_cookie_is_none() {
    let laptop = laptop().await;
    create(&laptop, "alice", Some(PASSWORD)).await;
    let mut known = Browser::new(&laptop);
    attempt(&mut known, "alice", PASSWORD).await;
    known.cookies.retain(|name, _| name.contains("known"));
    for number in 0..=FREE {
        let status = attempt(&mut known, "alice", WRONG).await.status();
        assert_eq!(status, if number < FREE { 403 } else { 429 }, "{number}");
    }
    assert!(is_in(&by_stranger(&laptop, "alice", PASSWORD).await), "which is not that of strangers");
    let (name, sealed) = known.cookies.iter().next().map(|(name, value)| (name.clone(), value.clone())).unwrap();
    for _ in 0..FREE {
        by_stranger(&laptop, "alice", WRONG).await;
    }
    for tampered in [sealed.replacen(|_: char| true, "B", 1), sealed[1..].to_owned(), String::new(), "x".into()] {
        let mut browser = Browser::new(&laptop);
        browser.cookies.insert(name.clone(), tampered);
        assert_eq!(attempt(&mut browser, "alice", PASSWORD).await.status(), 429);
    }
}

#[tokio::test]
async fn sec_pwd_08_an_address_is_limited_and_no_header_names_another() {
    let laptop = laptop().await;
    laptop.come_from("2001:db8:1:2::1");
    let most = OF_ADDRESS.most();
    for number in 0..most {
        // Each for another user, from another address of the same network, with a forged header.
        laptop.come_from(&format!("2001:db8:1:2::{number:x}"));
        let (mut browser, forged) = (Browser::new(&laptop), format!("203.0.113.{number}"));
        let page = login_page(&mut browser).await;
        let form = form(&page);
        let mut fields: Vec<_> = form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let name = format!("user{number}");
        fields.extend([("username", name.as_str()), ("password", WRONG)]);
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("sec-fetch-site", "same-origin"),
            ("x-forwarded-for", forged.as_str()),
            ("forwarded", "for=203.0.113.9"),
        ];
        let response = browser.send("POST", &form.action, &headers, tests::laptop::encoded(&fields)).await;
        assert_eq!(response.status(), 403, "{number}");
    }
    create(&laptop, "alice", Some(PASSWORD)).await;
    let refused = by_stranger(&laptop, "alice", PASSWORD).await;
    assert_eq!(refused.status(), 429);
    let seconds: u32 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=900).contains(&seconds), "{seconds}");
    laptop.come_from("2001:db8:1:3::1");
    assert!(is_in(&by_stranger(&laptop, "alice", PASSWORD).await), "alice's own attempts were not used up");
}

#[tokio::test]
async fn sec_pwd_08_right_passwords_do_not_count_against_an_address_and_what_is_no_address_is_one() {
    let laptop = laptop().await;
    create(&laptop, "alice", Some(PASSWORD)).await;
    for address in ["", "not an address"] {
        laptop.come_from(address);
        for _ in 0..3 {
            assert!(is_in(&by_stranger(&laptop, "alice", PASSWORD).await));
        }
        let _ = laptop.wire.calls();
        by_stranger(&laptop, "alice", WRONG).await;
        assert!(calls(&laptop).contains(&"UpdateItem counter".to_owned()), "{address:?}");
        by_stranger(&laptop, "alice", PASSWORD).await;
    }
    let counted: Vec<Value> = laptop
        .dump()
        .into_iter()
        .filter(|(table, _)| table.ends_with("flow"))
        .flat_map(|(_, items)| items)
        .filter_map(|item| {
            let item: Value = serde_json::from_str(&item).unwrap();
            item["pk"]["S"].as_str().unwrap().starts_with("counter#").then(|| item["counted"]["N"].clone())
        })
        .collect();
    assert_eq!(counted, ["1", "1"], "one wrong password each");
}

#[tokio::test]
async fn sec_pwd_09_and_sec_dos_02_without_a_counter_no_password_is_looked_at() {
    let laptop = laptop().await;
    create(&laptop, "alice", Some(PASSWORD)).await;
    for (kind, action) in [("sign-in", "GetItem"), ("counter", "UpdateItem"), ("login-attempts", "UpdateItem")] {
        let mut browser = Browser::new(&laptop);
        let page = login_page(&mut browser).await;
        laptop.wire.plan(
            move |call, _| {
                if call.name == action && call.kind == kind { Trouble::Denied } else { Trouble::None }
            },
        );
        let response = browser.sign_in(&page, "alice", PASSWORD).await;
        laptop.wire.calm();
        assert_eq!(response.status(), 503, "{kind}");
        assert!(response.headers().contains_key("retry-after"), "{kind}");
        assert!(!browser.cookies.keys().any(|name| name.contains("session")), "{kind}");
    }
    assert!(is_in(&by_stranger(&laptop, "alice", PASSWORD).await));
}

#[tokio::test]
async fn sec_pwd_01_an_outdated_hash_is_replaced_at_the_login() {
    let laptop = laptop().await;
    create(&laptop, "alice", Some(PASSWORD)).await;
    // "password" with fewer passes, made elsewhere.
    let outdated = "$argon2id$v=19$m=47104,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$solcKXPqo/k72wW8vlFo7jH75gSNy5Db+HFabH7C44Y";
    let hashes = |change: Option<&str>| {
        let (table, items) = laptop.dump().into_iter().find(|(table, _)| table.contains("users")).unwrap();
        let items = items.iter().map(|item| serde_json::from_str::<Value>(item).unwrap());
        let mut found = Vec::new();
        for mut item in items.filter(|item| item["pk"]["S"].as_str().unwrap().starts_with("sign-in#")) {
            found.push(item["password"]["S"].as_str().unwrap().to_owned());
            if let Some(hash) = change {
                item["password"] = serde_json::json!({"S": hash});
                let put = serde_json::from_value(serde_json::json!({"TableName": table, "Item": item})).unwrap();
                laptop.database().put_item(put).unwrap();
            }
        }
        found
    };
    hashes(Some(outdated));
    assert_eq!(by_stranger(&laptop, "alice", WRONG).await.status(), 403);
    assert_eq!(hashes(None), [outdated, outdated]);
    assert!(is_in(&by_stranger(&laptop, "alice", "password").await));
    let new = hashes(None);
    assert!(new[0].starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && new[0] == new[1], "{new:?}");
    assert!(is_in(&by_stranger(&laptop, "alice@example.com", "password").await));
    assert_eq!(hashes(None), new, "once");
}

/// The redirect URI of the page that keeps tokens.
const SPA: &str = "http://localhost:9000/demo/callback";

/// Logs alice in at the page that keeps tokens, and returns them.
async fn tokens(laptop: &Laptop, browser: &mut Browser<'_>, asked: &[(&str, &str)], pkce: &Pkce) -> Value {
    let page = browser.authorize(asked).await;
    let next = browser.sign_in(&page, "alice", PASSWORD).await;
    let next = browser.follow(next).await;
    let response = if is_in(&next) { next } else { browser.decide(&next, "allow", &[]).await };
    let code = answered(&response, "code").unwrap();
    parsed(&laptop.form("/oauth2/token", &exchange("demo-spa", SPA, &code, &pkce.verifier), &[]).await)
}

/// The statuses of userinfo and introspection with these tokens.
async fn of_access_token(laptop: &Laptop, tokens: &Value) -> (u16, u16) {
    let access = tokens["access_token"].as_str().unwrap();
    let bearer = format!("Bearer {access}");
    let introspected = laptop.form("/oauth2/introspect", &[("token", access)], &[("authorization", &bearer)]).await;
    (laptop.userinfo(access).await.status().as_u16(), introspected.status().as_u16())
}

#[tokio::test]
async fn sec_sess_09_and_sec_rt_12_a_disabled_user_is_out_at_once_and_stays_out() {
    let laptop = laptop().await;
    create(&laptop, "alice", Some(PASSWORD)).await;
    let pkce = Pkce::new("password");
    let asked = request("demo-spa", SPA, &pkce);
    let asked = tests::browser::changed(&asked, "scope", Some("openid profile email offline_access"));
    let mut browsers = [Browser::new(&laptop), Browser::new(&laptop)];
    let mut all = Vec::new();
    for browser in &mut browsers {
        all.push(tokens(&laptop, browser, &asked, &pkce).await);
    }
    let profile = parsed(&laptop.userinfo(all[0]["access_token"].as_str().unwrap()).await);
    assert_eq!((&profile["email"], &profile["email_verified"]), (&"alice@example.com".into(), &false.into()));
    step(&laptop, "alice", StatusStep::Lock).await;
    assert!(is_in(&browsers[0].authorize(&asked).await), "a lock ends nothing");
    assert_eq!(of_access_token(&laptop, &all[0]).await, (200, 200));
    step(&laptop, "alice", StatusStep::Unlock).await;
    for change in [StatusStep::Disable, StatusStep::Enable] {
        step(&laptop, "alice", change).await;
        for (browser, tokens) in browsers.iter_mut().zip(&all) {
            assert!(body(&browser.authorize(&asked).await).contains("name=\"password\""), "{change:?}: the session");
            let refresh_token = tokens["refresh_token"].as_str().unwrap();
            let fields = [("grant_type", "refresh_token"), ("client_id", "demo-spa"), ("refresh_token", refresh_token)];
            refused(&laptop.form("/oauth2/token", &fields, &[]).await, 400, "invalid_grant", "the refresh token");
            assert_eq!(of_access_token(&laptop, tokens).await, (401, 401), "{change:?}");
        }
    }
    let response = attempt(&mut browsers[0], "alice", PASSWORD).await;
    assert!(is_in(&response), "enabled again, alice logs in anew: {}", body(&response));
    let password = Password::parse(PASSWORD).unwrap();
    operator(&laptop, async |users| users.set_password("alice", &password).await.unwrap()).await;
    assert!(body(&browsers[0].authorize(&asked).await).contains("name=\"password\""), "a new password ends sessions");
}
