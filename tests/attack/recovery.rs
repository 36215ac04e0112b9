//! Section R, rows PWD, as far as they are about a new password by mail. And SESS-09, SESS-15, STORE-01, DOS-03.

use administration::{NewUser, StatusStep};
use credentials::passwords::Password;
use futures::future::join_all;
use protocol::users::identifier::IdentifierKind;
use protocol::users::recovery::{OF_ACCOUNT, OF_ADDRESS};
use tests::browser::{answered, body, form, link, request};
use tests::wire::Trouble;
use tests::{Browser, Laptop, Pkce, operator};
use web::{Clock as _, Response};

use crate::given::{NATIVE, is_demo};

const SETTINGS: &str =
    "\n[pool]\nidentifiers = [\"email\", \"username\"]\n\n[mail]\nfrom = \"no-reply@acme.example\"\n";

const FORMER: &str = "violet kettle orbits";

const NEW: &str = "seven grey otters paint";

async fn laptop() -> Laptop {
    let laptop = Laptop::with(|text| if is_demo(&text) { text + SETTINGS } else { text }).await;
    create(&laptop, "alice").await;
    laptop
}

/// Creates the user `name` with the address `name@example.com`.
async fn create(laptop: &Laptop, name: &str) {
    let identifiers =
        vec![(IdentifierKind::Email, format!("{name}@example.com")), (IdentifierKind::Username, name.into())];
    let new = NewUser { identifiers, password: Password::parse(FORMER).ok(), ..NewUser::default() };
    operator(laptop, async |users| users.create(new).await.unwrap()).await;
}

async fn login_page(browser: &mut Browser<'_>) -> Response {
    browser.authorize(&request("demo-trusted", NATIVE, &Pkce::new("recovery"))).await
}

async fn log_in(laptop: &Laptop, name: &str, password: &str) -> bool {
    let mut browser = Browser::new(laptop);
    let page = login_page(&mut browser).await;
    answered(&browser.sign_in(&page, name, password).await, "code").is_some()
}

/// The page that asks for the account, by way of the login page.
async fn asking(browser: &mut Browser<'_>) -> Response {
    let page = login_page(browser).await;
    browser.get(&link(&page, "/login/recovery?")).await
}

/// Submits the first form of `page` with these fields instead of what it has.
async fn submit(browser: &mut Browser<'_>, page: &Response, fields: &[(&str, &str)]) -> Response {
    let form = form(page);
    let kept = form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let kept = kept.filter(|(name, _)| !fields.iter().any(|(other, _)| other == name));
    let all: Vec<(&str, &str)> = kept.chain(fields.iter().copied()).collect();
    browser.post(&form.action, &all).await
}

/// Has a message sent for `name`.
async fn ask(browser: &mut Browser<'_>, name: &str) -> Response {
    let page = asking(browser).await;
    submit(browser, &page, &[("username", name)]).await
}

/// The code and the link of the latest message.
async fn latest(laptop: &Laptop) -> (String, String) {
    let mail = laptop.mail().await;
    let text = &mail.first().unwrap().text;
    let code = text.lines().find_map(|line| line.strip_prefix("    ")).unwrap().replace(' ', "");
    let link = text.lines().find(|line| line.starts_with("http")).unwrap().to_owned();
    (code, link)
}

/// How many messages there are.
async fn count(laptop: &Laptop) -> usize {
    laptop.mail().await.len()
}

#[tokio::test]
async fn sec_pwd_10_and_13_and_sec_sess_09_a_code_sets_the_password_once_ends_all_logins_and_the_user_is_told() {
    let laptop = laptop().await;
    let mut elsewhere = Browser::new(&laptop);
    let page = login_page(&mut elsewhere).await;
    assert!(answered(&elsewhere.sign_in(&page, "alice", FORMER).await, "code").is_some());
    let mut browser = Browser::new(&laptop);
    let page = ask(&mut browser, "Alice@Example.com").await;
    assert!(body(&page).contains("Alice@Example.com"), "what was typed stays");
    let (code, _) = latest(&laptop).await;
    assert!(!body(&page).contains(&code));
    let typed = format!("{} {}", &code[..4], &code[4..]);
    let response = submit(&mut browser, &page, &[("code", &typed), ("password", NEW)]).await;
    assert!(answered(&response, "code").is_some(), "the request goes on: {} {}", response.status(), body(&response));
    assert!(log_in(&laptop, "alice", NEW).await && log_in(&laptop, "alice@example.com", NEW).await);
    assert!(!log_in(&laptop, "alice", FORMER).await);
    assert!(body(&login_page(&mut elsewhere).await).contains("name=\"password\""), "the other browser is out");
    let told = laptop.mail().await;
    assert_eq!((told.len(), told[0].to.as_str()), (2, "alice@example.com"));
    assert_eq!(told[0].subject, "Your password was changed");
    // The same code again, in a request of its own that is still open.
    let mut again = Browser::new(&laptop);
    let page = ask(&mut again, "bob@example.com").await;
    let response =
        submit(&mut again, &page, &[("username", "alice@example.com"), ("code", &code), ("password", NEW)]).await;
    assert_eq!(response.status(), 403);
}

#[tokio::test]
async fn sec_pwd_10_opening_a_link_changes_nothing_and_its_form_works_once_in_any_browser() {
    let laptop = laptop().await;
    ask(&mut Browser::new(&laptop), "alice").await;
    let (_, url) = latest(&laptop).await;
    assert!(url.starts_with("http://localhost:9000/default/demo/login/recovery?link="), "{url}");
    let before = laptop.dump();
    let mut page = None;
    for _ in 0..3 {
        // A scanner opens it without cookies, and so does another browser.
        let opened = Browser::new(&laptop).get(&url).await;
        assert_eq!(opened.status(), 200);
        assert!(opened.headers()["referrer-policy"].to_str().unwrap().contains("no-referrer"));
        page = Some(opened);
    }
    assert_eq!(laptop.dump(), before, "nothing was written");
    let page = page.unwrap();
    let weak = submit(&mut Browser::new(&laptop), &page, &[("password", "too short")]).await;
    assert_eq!(weak.status(), 400);
    assert!(body(&weak).contains("too short"), "{}", body(&weak));
    let done = submit(&mut Browser::new(&laptop), &page, &[("password", NEW)]).await;
    assert_eq!(done.status(), 200, "{}", body(&done));
    assert!(!done.headers().contains_key("set-cookie"), "whoever opens a link is not logged in by it");
    assert!(log_in(&laptop, "alice", NEW).await);
    let again = submit(&mut Browser::new(&laptop), &page, &[("password", "nine red foxes sing loud")]).await;
    assert_eq!(again.status(), 403);
    assert!(log_in(&laptop, "alice", NEW).await);
}

#[tokio::test]
async fn sec_pwd_10_of_many_forms_with_one_code_at_once_one_succeeds() {
    let laptop = laptop().await;
    ask(&mut Browser::new(&laptop), "alice").await;
    let (_, url) = latest(&laptop).await;
    let page = Browser::new(&laptop).get(&url).await;
    let passwords =
        ["one grey otter paints", "two grey otters paint", "three grey otters paint", "four grey otters paint"];
    let attempts = passwords.map(|password| {
        let (laptop, page) = (&laptop, &page);
        async move { submit(&mut Browser::new(laptop), page, &[("password", password)]).await.status().as_u16() }
    });
    let mut statuses = join_all(attempts).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 403, 403, 403]);
    let mut working = 0;
    for password in passwords {
        working += usize::from(log_in(&laptop, "alice", password).await);
    }
    assert_eq!(working, 1);
}

#[tokio::test]
async fn sec_pwd_10_a_code_is_good_for_its_user_and_browser_and_until_a_newer_one_its_time_or_five_attempts() {
    let laptop = laptop().await;
    create(&laptop, "bob").await;
    let refused = async |browser: &mut Browser<'_>, page: &Response, fields: &[(&str, &str)], case: &str| {
        let response = submit(browser, page, fields).await;
        assert_eq!(response.status(), 403, "{case}: {}", body(&response));
    };
    let mut alice = Browser::new(&laptop);
    let page = ask(&mut alice, "alice").await;
    let (code, _) = latest(&laptop).await;
    let not_it = if code == "00000000" { "11111111" } else { "00000000" };
    let (right, wrong) = ([("code", code.as_str()), ("password", NEW)], [("code", not_it), ("password", NEW)]);
    let of = |name: &'static str| [("username", name), right[0], right[1]];
    let mut other = Browser::new(&laptop);
    let others = asking(&mut other).await;
    refused(&mut other, &others, &of("alice"), "another browser").await;
    refused(&mut alice, &page, &of("bob"), "another user").await;
    refused(&mut alice, &page, &wrong, "a wrong code").await;
    let again = submit(&mut alice, &page, &[]).await;
    assert_eq!(again.status(), 200);
    let (newer, _) = latest(&laptop).await;
    refused(&mut alice, &page, &right, "a newer one was sent").await;
    laptop.clock.advance(600);
    let fields = [("code", newer.as_str()), ("password", NEW)];
    refused(&mut alice, &page, &fields, "its time is over").await;
    submit(&mut alice, &page, &[]).await;
    let (last, _) = latest(&laptop).await;
    for _ in 0..5 {
        refused(&mut alice, &page, &wrong, "wrong").await;
    }
    refused(&mut alice, &page, &[("code", &last), ("password", NEW)], "it was tried five times").await;
    assert!(log_in(&laptop, "alice", FORMER).await);
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

fn calls(laptop: &Laptop) -> Vec<String> {
    laptop.wire.calls().into_iter().map(|call| format!("{} {}", call.name, call.kind)).collect()
}

#[tokio::test]
async fn sec_pwd_04_asking_for_a_code_and_trying_one_is_the_same_whoever_is_there() {
    let laptop = laptop().await;
    for name in ["locke", "disab", "delet"] {
        create(&laptop, name).await;
    }
    operator(&laptop, async |users| users.step("locke", StatusStep::Lock).await.unwrap()).await;
    operator(&laptop, async |users| users.step("disab", StatusStep::Disable).await.unwrap()).await;
    operator(&laptop, async |users| users.delete("delet").await.unwrap()).await;
    let mut seen = Vec::new();
    // Warm, so that nobody is the first to read the configuration.
    ask(&mut Browser::new(&laptop), "warms@example.com").await;
    for name in ["alice", "nobod", "locke", "disab", "delet"] {
        let typed = format!("{name}@example.com");
        let mut browser = Browser::new(&laptop);
        let page = asking(&mut browser).await;
        let _ = laptop.wire.calls();
        let asked = submit(&mut browser, &page, &[("username", &typed)]).await;
        let (visible_asked, calls_asked) = (visible(&asked, name), calls(&laptop));
        let tried = submit(&mut browser, &asked, &[("code", "00000000"), ("password", NEW)]).await;
        seen.push((name, visible_asked, calls_asked, visible(&tried, name), calls(&laptop)));
    }
    let first = &seen[0];
    assert_eq!((first.1.0, first.3.0), (200, 403));
    let expected =
        ["GetItem grant", "UpdateItem counter", "UpdateItem counter", "GetItem sign-in", "PutItem mail-proof"];
    assert_eq!(first.2, expected);
    assert_eq!(first.4, ["GetItem grant", "UpdateItem mail-proof", "GetItem sign-in"]);
    for one in &seen {
        assert_eq!((&one.1, &one.2, &one.3, &one.4), (&first.1, &first.2, &first.3, &first.4), "{}", one.0);
    }
    assert_eq!(laptop.mail_queue.receive(laptop.clock.now()).len(), 6, "a message is queued for everybody");
    laptop.clock.advance(120);
    let to: Vec<String> = laptop.mail().await.iter().map(|letter| letter.to.to_string()).collect();
    assert_eq!(to, ["alice@example.com"], "and is sent to who may log in");
}

#[tokio::test]
async fn sec_dos_03_messages_are_limited_by_account_and_by_address() {
    let laptop = laptop().await;
    for name in ["alice@example.com", "nobody@example.com"] {
        laptop.come_from("192.0.2.1");
        for number in 1..=OF_ACCOUNT.most() + 1 {
            let response = ask(&mut Browser::new(&laptop), name).await;
            let is_over = number > OF_ACCOUNT.most();
            assert_eq!(response.status(), if is_over { 429 } else { 200 }, "{name} {number}");
            assert_eq!(response.headers().contains_key("retry-after"), is_over);
        }
    }
    assert_eq!(count(&laptop).await, usize::try_from(OF_ACCOUNT.most()).unwrap());
    laptop.come_from("192.0.2.2");
    for number in 1..=OF_ADDRESS.most() + 1 {
        let response = ask(&mut Browser::new(&laptop), &format!("user{number}")).await;
        assert_eq!(response.status(), if number > OF_ADDRESS.most() { 429 } else { 200 }, "{number}");
    }
    laptop.clock.advance(3600);
    assert_eq!(ask(&mut Browser::new(&laptop), "alice@example.com").await.status(), 200);
}

#[tokio::test]
async fn sec_pwd_09_a_store_or_queue_that_fails_is_a_503_and_the_code_stays_good() {
    let laptop = laptop().await;
    for (kind, action) in [("counter", "UpdateItem"), ("sign-in", "GetItem"), ("mail-proof", "PutItem")] {
        let mut browser = Browser::new(&laptop);
        let page = asking(&mut browser).await;
        laptop.wire.plan(
            move |call, _| {
                if call.name == action && call.kind == kind { Trouble::Denied } else { Trouble::None }
            },
        );
        let response = submit(&mut browser, &page, &[("username", "alice")]).await;
        laptop.wire.calm();
        assert_eq!(response.status(), 503, "{kind}");
        assert_eq!(count(&laptop).await, 0, "{kind}");
    }
    let mut browser = Browser::new(&laptop);
    let page = ask(&mut browser, "alice").await;
    let (code, _) = latest(&laptop).await;
    for name in ["UpdateItem", "GetItem", "TransactWriteItems"] {
        laptop.wire.plan(move |call, _| {
            let is_mine = call.name == name && call.kind != "grant" && call.kind != "workspace";
            if is_mine { Trouble::Denied } else { Trouble::None }
        });
        let response = submit(&mut browser, &page, &[("code", &code), ("password", NEW)]).await;
        laptop.wire.calm();
        assert_eq!(response.status(), 503, "{name}: {}", body(&response));
    }
    let response = submit(&mut browser, &page, &[("code", &code), ("password", NEW)]).await;
    assert!(answered(&response, "code").is_some(), "{}", body(&response));
}

#[tokio::test]
async fn sec_store_01_neither_tables_nor_queue_have_a_code_a_link_or_a_password() {
    let laptop = laptop().await;
    ask(&mut Browser::new(&laptop), "alice@example.com").await;
    let queued = laptop.mail_queue.receive(laptop.clock.now());
    assert!(!queued[0].body.contains("alice"), "{}", queued[0].body);
    laptop.clock.advance(60);
    let (code, url) = latest(&laptop).await;
    let dumped = format!("{:?}", laptop.dump());
    assert!(!dumped.contains(&code) && !dumped.contains(url.rsplit('=').next().unwrap()));
    assert!(!queued[0].body.contains(&code) && !queued[0].body.contains(url.rsplit('=').next().unwrap()));
}

#[tokio::test]
async fn sec_pwd_07_a_new_password_ends_the_wait_after_wrong_ones() {
    let laptop = laptop().await;
    for _ in 0..12 {
        log_in(&laptop, "alice", "a wrong password, sorry").await;
    }
    assert!(!log_in(&laptop, "alice", FORMER).await, "strangers have used up the attempts");
    let mut browser = Browser::new(&laptop);
    let page = ask(&mut browser, "alice").await;
    let (code, _) = latest(&laptop).await;
    submit(&mut browser, &page, &[("code", &code), ("password", NEW)]).await;
    assert!(log_in(&laptop, "alice", NEW).await);
}

#[tokio::test]
async fn sec_pwd_03_a_password_that_is_easily_guessed_is_refused_with_the_reason() {
    let laptop = laptop().await;
    let mut browser = Browser::new(&laptop);
    let page = ask(&mut browser, "alice@example.com").await;
    let (code, _) = latest(&laptop).await;
    let _ = laptop.wire.calls();
    for (password, reason) in [
        ("violet kettle", "too short"),
        ("aaaaaaaaaaaaaaaaaaaa", "common one"),
        ("alice@example.com", "little more than your name"),
        (&"x".repeat(1025), "too long"),
    ] {
        let response = submit(&mut browser, &page, &[("code", &code), ("password", password)]).await;
        assert_eq!(response.status(), 400, "{reason}");
        assert!(body(&response).contains(reason), "{reason}: {}", body(&response));
        let page = body(&response).replace("alice@example.com", "");
        assert!(!page.contains(&format!("value=\"{password}")), "{reason}: a password is never repeated");
    }
    assert!(calls(&laptop).iter().all(|call| call == "GetItem grant"), "no attempt was used up");
}

#[tokio::test]
async fn sec_sess_04_a_form_of_another_site_sets_no_password() {
    let laptop = laptop().await;
    ask(&mut Browser::new(&laptop), "alice").await;
    let (_, url) = latest(&laptop).await;
    let link = url.rsplit('=').next().unwrap();
    let fields = [("link", link), ("password", NEW)];
    let headers = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    let response = laptop.form("/login/recovery", &fields, &headers).await;
    assert_eq!(response.status(), 403, "{}", body(&response));
    assert!(log_in(&laptop, "alice", FORMER).await);
}

#[tokio::test]
async fn sec_sess_15_links_begin_with_the_issuer_whatever_the_request_says() {
    let laptop = laptop().await;
    let mut browser = Browser::new(&laptop);
    let page = asking(&mut browser).await;
    let form = form(&page);
    let interaction = form.hidden.iter().find(|(name, _)| name == "interaction").unwrap().1.clone();
    let fields = tests::laptop::encoded(&[("interaction", &interaction), ("username", "alice")]);
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example"),
        ("x-original-url", "https://evil.example/"),
    ];
    browser.send("POST", &form.action, &headers, fields).await;
    assert!(latest(&laptop).await.1.starts_with("http://localhost:9000/default/demo/"));
}

#[tokio::test]
async fn a_workspace_without_mail_offers_no_recovery() {
    let pool = "\n[pool]\nidentifiers = [\"email\"]\n";
    let laptop = Laptop::with(|text| if is_demo(&text) { text + pool } else { text }).await;
    let page = login_page(&mut Browser::new(&laptop)).await;
    assert!(!body(&page).contains("/login/recovery"));
    assert_eq!(laptop.send("GET", &laptop.demo_url("/login/recovery"), &[], "").await.status(), 404);
}
