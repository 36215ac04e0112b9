//! Section C: the authorization endpoint, its pages and its responses.

use tests::browser::{answered, body, changed, exchange, form, json, location, request};
use tests::expect::{page, redirected, refused};
use tests::laptop::encoded;
use tests::{Browser, Laptop, Pkce};

use crate::given::{NATIVE, SPA, WEB, access_token, and_clients, basic, claims, redeemed, trusted_code};

#[tokio::test]
async fn sec_authz_01_no_response_type_but_code_is_supported() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 1"));
    let (baseline, mut browser) = (request("demo-trusted", NATIVE, &pkce), Browser::new(&laptop));
    assert!(answered(&browser.log_in(&baseline).await, "code").is_some());
    let before = laptop.dump();
    for other in ["token", "code token", "id_token token", "id_token", "none", "code code", "Code", "code ", "x"] {
        let response = browser.authorize(&changed(&baseline, "response_type", Some(other))).await;
        redirected(&laptop, &response, NATIVE, "unsupported_response_type", other);
        assert_eq!(answered(&response, "state").as_deref(), Some("state-1"), "{other}");
        assert!(!location(&response).unwrap().contains(['#']), "{other}");
    }
    let response = browser.authorize(&changed(&baseline, "response_type", None)).await;
    redirected(&laptop, &response, NATIVE, "invalid_request", "missing");
    assert_eq!(laptop.dump(), before);
}

const WIDER: [(&str, &str); 8] = [
    ("response_type", "token"),
    ("response_mode", "fragment"),
    ("redirect_uri", "https://evil.example/cb"),
    ("client_id", "demo-trusted"),
    ("scope", "openid profile email phone offers.read admin"),
    ("state", "evil"),
    ("code_challenge", "evil"),
    ("user", "bob"),
];

#[tokio::test]
async fn sec_authz_02_and_14_no_later_step_can_change_or_widen_the_request() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 2"));
    let mut browser = Browser::new(&laptop);
    let fields = changed(&request("demo-native", NATIVE, &pkce), "scope", Some("openid email"));
    let login = browser.authorize(&fields).await;
    let interaction = form(&login).hidden[0].1.clone();
    let query = format!("{}&{}", encoded(&[("interaction", &interaction)]), encoded(&WIDER));
    let login = browser.get(&format!("{}?{query}", laptop.demo_url("/login"))).await;
    let interaction = form(&login).hidden[0].1.clone();
    let mut sent = vec![("interaction", interaction.as_str()), ("username", "alice"), ("password", "alice")];
    sent.extend(WIDER);
    let response = browser.post(&laptop.demo_url("/login"), &sent).await;
    let url = format!("{}&{}", location(&response).unwrap(), encoded(&WIDER));
    let consent = browser.get(&url).await;
    assert!(!body(&consent).contains("evil") && !body(&consent).contains("phone"), "{}", body(&consent));
    let response = browser.decide(&consent, "allow", &WIDER).await;
    assert!(location(&response).unwrap().starts_with(&format!("{NATIVE}?code=")), "{:?}", location(&response));
    assert_eq!(answered(&response, "state").as_deref(), Some("state-1"));
    let code = answered(&response, "code").unwrap();
    let tokens = laptop.form("/oauth2/token", &exchange("demo-native", NATIVE, &code, &pkce.verifier), &[]).await;
    assert_eq!(json(&tokens)["scope"], "openid email");
    assert_eq!(claims(&access_token(&tokens))["scope"], "openid email");
    assert_eq!(json(&laptop.userinfo(&access_token(&tokens)).await)["email"], "alice@example.com");
}

#[tokio::test]
async fn sec_authz_14_a_consent_form_can_narrow_the_scope_and_works_once() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 14"));
    let mut browser = Browser::new(&laptop);
    let login = browser.authorize(&request("demo-native", NATIVE, &pkce)).await;
    let consent = browser.sign_in(&login, "alice", "alice").await;
    let withheld = [("withhold", "email"), ("withhold", "openid"), ("withhold", "admin")];
    let response = browser.decide(&consent, "allow", &withheld).await;
    let code = answered(&response, "code").unwrap();
    let before = laptop.dump();
    for decision in ["allow", "deny"] {
        page(&browser.decide(&consent, decision, &[]).await, 400, "a finished interaction");
    }
    page(&browser.sign_in(&login, "alice", "alice").await, 400, "the login page of a finished interaction");
    assert_eq!(laptop.dump(), before);
    let tokens = laptop.form("/oauth2/token", &exchange("demo-native", NATIVE, &code, &pkce.verifier), &[]).await;
    assert_eq!(json(&tokens)["scope"], "openid profile", "only the first code was issued, and it is still valid");
}

#[tokio::test]
async fn sec_authz_14_no_consent_form_can_widen_what_was_asked_for() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 14 wide"));
    let asked = changed(&request("demo-native", NATIVE, &pkce), "scope", Some("openid profile"));
    let more = [
        ("allow", "email"),
        ("allow", "offers.read"),
        ("allow", "openid profile email"),
        ("allow_claim", "phone_number"),
        ("scope", "openid profile email"),
        ("permissions", "listed"),
    ];
    for extra in more.iter().map(|field| vec![*field]).chain([more[..4].to_vec()]) {
        let mut browser = Browser::new(&laptop);
        let login = browser.authorize(&asked).await;
        let consent = browser.sign_in(&login, "alice", "alice").await;
        let response = browser.decide(&consent, "allow", &extra).await;
        let Some(code) = answered(&response, "code") else {
            page(&response, 400, "a field that a page has once came twice");
            continue;
        };
        let tokens = laptop.form("/oauth2/token", &exchange("demo-native", NATIVE, &code, &pkce.verifier), &[]).await;
        assert_eq!(json(&tokens)["scope"], "openid profile", "{extra:?}");
        let told = json(&laptop.userinfo(&access_token(&tokens)).await);
        assert!(told.get("email").is_none() && told.get("phone_number").is_none(), "{told}");
    }
}

#[tokio::test]
async fn sec_authz_12_only_what_is_new_is_asked_for_and_required_scopes_have_no_switch() {
    let laptop = Laptop::at("http://localhost:9000", |text| {
        let phone = "name = \"phone\"";
        text.replace(phone, &format!("{phone}\nrequired = true\nsensitive = true\ngroup = \"Contact\""))
    })
    .await;
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("authz 12 new"));
    let asking = |scope| changed(&request("demo-spa", SPA, &pkce), "scope", Some(scope));
    assert!(answered(&browser.log_in(&asking("openid profile")).await, "code").is_some());
    let page = browser.authorize(&asking("openid profile email phone")).await;
    let html = body(&page);
    let (new, before) = html.split_once("<details class=\"known\">").expect("what was allowed before stands apart");
    assert!(new.contains("value=\"email\"") && !new.contains("value=\"profile\""), "{html}");
    assert!(before.contains("value=\"profile\""), "{html}");
    assert!(
        new.contains("<h3>Contact</h3>") && new.contains("Think twice") && !html.contains("value=\"phone\""),
        "{html}"
    );
    let whole = [&asking("openid profile email phone")[..], &[("prompt", "consent")]].concat();
    assert!(!body(&browser.authorize(&whole).await).contains("class=\"known\""), "the whole question");
    let response = browser.decide(&page, "allow", &[("withhold", "phone"), ("withhold", "profile")]).await;
    let code = answered(&response, "code").unwrap();
    let tokens = laptop.form("/oauth2/token", &exchange("demo-spa", SPA, &code, &pkce.verifier), &[]).await;
    assert_eq!(json(&tokens)["scope"], "openid email phone");
}

/// A consent given on a page that says "You are signed in as Alice" must not count as consent by Bob.
#[tokio::test]
async fn sec_authz_14_a_consent_page_shown_to_one_user_gives_no_consent_for_another() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 14 other"));
    let mut browser = Browser::new(&laptop);
    let login = browser.authorize(&request("demo-native", NATIVE, &pkce)).await;
    let consent = browser.sign_in(&login, "alice", "alice").await;
    assert!(body(&consent).contains("Alice Example"));
    laptop.clock.advance(10);
    let other_tab = changed(&request("demo-trusted", NATIVE, &pkce), "prompt", Some("login"));
    let login = browser.authorize(&other_tab).await;
    assert!(answered(&browser.sign_in(&login, "bob", "bob").await, "code").is_some());
    let response = browser.decide(&consent, "allow", &[]).await;
    assert_eq!(answered(&response, "code"), None, "a code for Bob, who was never asked: {:?}", location(&response));
}

#[tokio::test]
async fn sec_authz_05_every_response_carries_iss() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 5"));
    let baseline = request("demo-native", NATIVE, &pkce);
    let mut browser = Browser::new(&laptop);
    let none = changed(&baseline, "prompt", Some("none"));
    redirected(&laptop, &browser.authorize(&none).await, NATIVE, "login_required", "nobody");
    let scope = changed(&baseline, "scope", Some("x"));
    redirected(&laptop, &browser.authorize(&scope).await, NATIVE, "invalid_scope", "scope");
    let login = browser.authorize(&baseline).await;
    let consent = browser.sign_in(&login, "alice", "alice").await;
    redirected(&laptop, &browser.authorize(&none).await, NATIVE, "consent_required", "no consent");
    redirected(&laptop, &browser.decide(&consent, "deny", &[]).await, NATIVE, "access_denied", "denied");
    assert_eq!(answered(&browser.log_in(&baseline).await, "iss"), Some(laptop.issuer()));
    laptop.wire.plan(|call, _| if call.kind == "session" { tests::Trouble::Denied } else { tests::Trouble::None });
    redirected(&laptop, &browser.authorize(&baseline).await, NATIVE, "temporarily_unavailable", "no store");
    laptop.wire.calm();
    for (path, issuer) in [("demo", laptop.issuer()), ("partner", laptop.issuer().replace("/demo", "/partner"))] {
        let url = format!("/default/{path}/.well-known/openid-configuration");
        let metadata = json(&laptop.send("GET", &url, &[], "").await);
        assert_eq!(metadata["issuer"], issuer);
        assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    }
}

#[tokio::test]
async fn sec_authz_06_and_sec_hdr_09_state_is_returned_byte_for_byte() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 6"));
    let baseline = request("demo-trusted", NATIVE, &pkce);
    let long = "x".repeat(1024);
    let states = [
        "a&b=c+d%20e%zz",
        "\u{1F600}\u{0301}\u{200d}",
        " leading and trailing ",
        "{\"a\":\"b\\\\c\"}",
        "~!'()*-_.",
        "a\r\nSet-Cookie: x=1",
        "\u{1}\u{7f}\t",
        "%2525",
        "\"><script>",
        &long,
    ];
    let mut browser = Browser::new(&laptop);
    for state in states {
        let fields = changed(&baseline, "state", Some(state));
        let whole_way = browser.log_in(&fields).await;
        let at_once = browser.authorize(&fields).await;
        let error = browser.authorize(&changed(&fields, "scope", Some("x"))).await;
        for response in [whole_way, at_once, error] {
            assert_eq!(response.status(), 303, "{state:?}");
            assert_eq!(answered(&response, "state").as_deref(), Some(state));
            let raw = format!("&state={}&", protocol::syntax::encoding::encode_uri_component(state));
            assert!(location(&response).unwrap().contains(&raw), "{state:?}: {:?}", location(&response));
            let cookies = response.headers().get_all("set-cookie").iter();
            assert!(cookies.into_iter().all(|cookie| !cookie.to_str().unwrap().contains("x=1")), "{state:?}");
        }
        browser.cookies.clear();
    }
}

#[tokio::test]
async fn sec_authz_08_prompt_none_never_shows_a_page() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 8"));
    let baseline = request("demo-spa", SPA, &pkce);
    let with = |prompt| changed(&baseline, "prompt", Some(prompt));
    let (mut browser, before) = (Browser::new(&laptop), laptop.dump());
    for (prompt, error) in [
        ("none", "login_required"),
        ("none login", "invalid_request"),
        ("none consent", "invalid_request"),
        ("login none", "invalid_request"),
        ("none none", "invalid_request"),
        ("NONE", "invalid_request"),
        ("create", "invalid_request"),
        ("login  consent", "invalid_request"),
    ] {
        redirected(&laptop, &browser.authorize(&with(prompt)).await, SPA, error, prompt);
    }
    assert_eq!(laptop.dump(), before);
    let login = browser.authorize(&baseline).await;
    let consent = browser.sign_in(&login, "alice", "alice").await;
    redirected(&laptop, &browser.authorize(&with("none")).await, SPA, "consent_required", "no consent yet");
    assert!(answered(&browser.decide(&consent, "allow", &[]).await, "code").is_some());
    assert!(answered(&browser.authorize(&with("none")).await, "code").is_some(), "session and consent both exist");
    let wider = changed(&with("none"), "scope", Some("openid profile email phone"));
    redirected(&laptop, &browser.authorize(&wider).await, SPA, "consent_required", "wider scope than consented");
    laptop.clock.advance(1);
    let old = changed(&with("none"), "max_age", Some("0"));
    redirected(&laptop, &browser.authorize(&old).await, SPA, "login_required", "max_age=0");
    laptop.clock.advance(10);
    assert!(
        body(&browser.authorize(&with("consent")).await).contains("name=\"decision\""),
        "prompt=consent asks again"
    );
    for prompt in ["login", "login consent", "consent login", "login select_account"] {
        assert!(body(&browser.authorize(&with(prompt)).await).contains("name=\"password\""), "{prompt}");
    }
    laptop.clock.advance(43_200);
    redirected(&laptop, &browser.authorize(&with("none")).await, SPA, "login_required", "the session has ended");
}

#[tokio::test]
async fn sec_authz_09_a_stale_login_is_not_enough_and_no_step_can_be_skipped() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 9"));
    let mut browser = Browser::new(&laptop);
    assert!(answered(&browser.log_in(&request("demo-native", NATIVE, &pkce)).await, "code").is_some());
    laptop.clock.advance(100);
    let baseline = request("demo-native", NATIVE, &pkce);
    for (name, value) in [("max_age", "60"), ("max_age", "0"), ("max_age", "99"), ("prompt", "login")] {
        let case = format!("{name}={value}");
        let fields = changed(&baseline, name, Some(value));
        let login = browser.authorize(&fields).await;
        assert!(body(&login).contains("name=\"password\""), "{case}: {}", body(&login));
        let interaction = form(&login).hidden[0].1.clone();
        let before = laptop.dump();
        let consent = format!("{}?interaction={interaction}", laptop.demo_url("/login/consent"));
        let skipped = browser.get(&consent).await;
        assert!(location(&skipped).unwrap().contains("/login?interaction="), "{case}: the page");
        let sent = [("interaction", interaction.as_str()), ("decision", "allow")];
        let skipped = browser.post(&laptop.demo_url("/login/consent"), &sent).await;
        let skipped = browser.follow(skipped).await;
        assert!(body(&skipped).contains("name=\"password\""), "{case}: its form");
        assert_eq!(laptop.dump(), before, "{case}: cancelling yields no code");
    }
    let accepted = changed(&baseline, "max_age", Some("100"));
    assert!(
        body(&browser.authorize(&accepted).await).contains("name=\"decision\""),
        "100 seconds are not older than 100"
    );
}

#[tokio::test]
async fn sec_authz_09_a_forced_login_is_newer_than_the_request() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 9 newer"));
    let mut browser = Browser::new(&laptop);
    let baseline = request("demo-trusted", NATIVE, &pkce);
    let auth_time = async |response: &web::Response| {
        let code = answered(response, "code").unwrap();
        let tokens = json(&redeemed(&laptop, &code, &pkce).await);
        claims(tokens["id_token"].as_str().unwrap())["auth_time"].as_u64().unwrap()
    };
    let first = auth_time(&browser.log_in(&baseline).await).await;
    laptop.clock.advance(100);
    assert_eq!(auth_time(&browser.authorize(&baseline).await).await, first, "single sign-on keeps the time");
    for (name, value) in [("prompt", "login"), ("max_age", "60"), ("max_age", "0")] {
        laptop.clock.advance(100);
        let requested = web::Clock::now(&*laptop.clock).seconds();
        let login = browser.authorize(&changed(&baseline, name, Some(value))).await;
        laptop.clock.advance(7);
        let response = browser.sign_in(&login, "alice", "alice").await;
        assert_eq!(auth_time(&response).await, requested + 7, "{name}={value}");
    }
}

/// A login that was fresh enough when the consent page was shown may be too old when the form is submitted.
#[tokio::test]
async fn sec_authz_09_the_age_of_the_login_is_checked_again_when_the_code_is_issued() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 9 again"));
    let mut browser = Browser::new(&laptop);
    let baseline = request("demo-native", NATIVE, &pkce);
    assert!(answered(&browser.log_in(&baseline).await, "code").is_some());
    laptop.clock.advance(50);
    let consent = browser.authorize(&changed(&baseline, "max_age", Some("60"))).await;
    laptop.clock.advance(20);
    let before = laptop.dump();
    let response = browser.decide(&consent, "allow", &[]).await;
    assert!(location(&response).unwrap().contains("/login?interaction="), "{:?}", location(&response));
    assert_eq!(laptop.dump(), before);
}

#[tokio::test]
async fn sec_authz_10_and_sec_sess_03_a_login_by_another_user_ends_the_first_session() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 10"));
    let mut browser = Browser::new(&laptop);
    let baseline = request("demo-trusted", NATIVE, &pkce);
    let of_alice = answered(&browser.log_in(&baseline).await, "code").unwrap();
    let cookies_of_alice = browser.cookies.clone();
    laptop.clock.advance(1);
    let login = browser.authorize(&changed(&baseline, "prompt", Some("login"))).await;
    let of_bob = answered(&browser.sign_in(&login, "bob", "bob").await, "code").unwrap();
    assert_ne!(browser.cookies["session.default.demo"], cookies_of_alice["session.default.demo"]);
    let mut alices = Vec::new();
    for (code, name) in [(of_alice, "Alice Example"), (of_bob, "Bob Example")] {
        let tokens = redeemed(&laptop, &code, &pkce).await;
        let id_token = claims(json(&tokens)["id_token"].as_str().unwrap());
        assert_eq!(json(&laptop.userinfo(&access_token(&tokens)).await)["name"], name);
        alices.push((id_token["sub"].clone(), id_token["sid"].clone()));
    }
    assert!(alices[0].0 != alices[1].0 && alices[0].1 != alices[1].1, "{alices:?}");
    let mut thief = Browser::new(&laptop);
    thief.cookies = cookies_of_alice;
    let silent = changed(&baseline, "prompt", Some("none"));
    redirected(&laptop, &thief.authorize(&silent).await, NATIVE, "login_required", "Alice's session is dead");
}

#[tokio::test]
async fn sec_authz_11_a_hint_never_logs_in_and_a_forged_one_is_rejected() {
    let lasting = |file: String| file.replace("session = 43200", "session = 43200\nsession_idle = 43200");
    let (laptop, pkce) = (Laptop::with(lasting).await, Pkce::new("authz 11"));
    let baseline = request("demo-trusted", NATIVE, &pkce);
    let mut alice = Browser::new(&laptop);
    let code = answered(&alice.log_in(&baseline).await, "code").unwrap();
    let tokens = json(&redeemed(&laptop, &code, &pkce).await);
    let genuine = tokens["id_token"].as_str().unwrap();
    let parts: Vec<&str> = genuine.split('.').collect();
    let other_sub = claims(genuine).to_string().replace(claims(genuine)["sub"].as_str().unwrap(), &"A".repeat(22));
    let other_sub = protocol::syntax::encoding::base64url(other_sub.as_bytes());
    let forged = [
        format!("eyJhbGciOiJub25lIn0.{}.", parts[1]),
        format!("{}.{other_sub}.{}", parts[0], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], "A".repeat(342)),
        tokens["access_token"].as_str().unwrap().into(),
        "alice".into(),
    ];
    laptop.clock.advance(7200);
    let before = laptop.dump();
    for hint in &forged {
        let fields = changed(&baseline, "id_token_hint", Some(hint));
        redirected(&laptop, &alice.authorize(&fields).await, NATIVE, "invalid_request", hint);
        redirected(&laptop, &Browser::new(&laptop).authorize(&fields).await, NATIVE, "invalid_request", hint);
    }
    for (name, hint) in [("id_token_hint", genuine), ("login_hint", "alice")] {
        let fields = changed(&baseline, name, Some(hint));
        let login = Browser::new(&laptop).authorize(&fields).await;
        assert!(body(&login).contains("name=\"password\""), "{name}: {:?}", location(&login));
        let silent = changed(&fields, "prompt", Some("none"));
        redirected(&laptop, &Browser::new(&laptop).authorize(&silent).await, NATIVE, "login_required", name);
    }
    let other_client = changed(&request("demo-native", NATIVE, &pkce), "id_token_hint", Some(genuine));
    redirected(&laptop, &alice.authorize(&other_client).await, NATIVE, "invalid_request", "another client's");
    assert_eq!(laptop.dump(), before);
    let of_alice = changed(&changed(&baseline, "id_token_hint", Some(genuine)), "prompt", Some("none"));
    assert!(
        answered(&alice.authorize(&of_alice).await, "code").is_some(),
        "her own hint is accepted although it has expired"
    );
    let mut bob = Browser::new(&laptop);
    let login = bob.authorize(&baseline).await;
    assert!(answered(&bob.sign_in(&login, "bob", "bob").await, "code").is_some());
    redirected(
        &laptop,
        &bob.authorize(&of_alice).await,
        NATIVE,
        "login_required",
        "hint names Alice, session is Bob's",
    );
}

/// If a different user logs in than the hint names, the client must not receive a code for that user.
#[tokio::test]
async fn sec_authz_11_a_login_by_a_user_other_than_the_hinted_one_yields_no_code() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 11 other"));
    let baseline = request("demo-trusted", NATIVE, &pkce);
    let tokens = json(&redeemed(&laptop, &trusted_code(&laptop, &pkce).await, &pkce).await);
    let fields = changed(&baseline, "id_token_hint", Some(tokens["id_token"].as_str().unwrap()));
    laptop.clock.advance(1);
    let mut browser = Browser::new(&laptop);
    let login = browser.authorize(&fields).await;
    let response = browser.sign_in(&login, "bob", "bob").await;
    redirected(&laptop, &response, NATIVE, "login_required", "hint names Alice, Bob logged in");
}

#[tokio::test]
async fn sec_authz_12_clients_that_can_be_impersonated_need_consent_every_time() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 12"));
    let mut browser = Browser::new(&laptop);
    for redirect_uri in [NATIVE, "com.example.demo:/callback"] {
        let fields = request("demo-native", redirect_uri, &pkce);
        assert!(answered(&browser.log_in(&fields).await, "code").is_some());
        let again = browser.authorize(&fields).await;
        assert!(body(&again).contains("name=\"decision\""), "{redirect_uri}: {}", body(&again));
        assert!(body(&again).contains("This application runs on your device"), "{redirect_uri}");
        let silent = browser.authorize(&changed(&fields, "prompt", Some("none"))).await;
        redirected(&laptop, &silent, redirect_uri, "consent_required", redirect_uri);
    }
    for (client, redirect_uri) in [("demo-spa", SPA), ("demo-web", WEB)] {
        let fields = request(client, redirect_uri, &pkce);
        assert!(answered(&browser.log_in(&fields).await, "code").is_some());
        assert!(answered(&browser.authorize(&fields).await, "code").is_some(), "{client}: repeated request");
        let less = changed(&fields, "scope", Some("openid"));
        assert!(answered(&browser.authorize(&less).await, "code").is_some(), "{client}: less");
        let more = browser.authorize(&changed(&fields, "scope", Some("openid phone"))).await;
        assert!(body(&more).contains("name=\"decision\""), "{client}: more");
    }
    let mut bob = Browser::new(&laptop);
    let login = bob.authorize(&request("demo-spa", SPA, &pkce)).await;
    let consent = bob.sign_in(&login, "bob", "bob").await;
    assert!(body(&consent).contains("name=\"decision\""), "Alice's consent does not count for Bob");
}

#[tokio::test]
async fn sec_authz_13_the_consent_page_names_the_client_the_scopes_and_the_destination() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 13"));
    let mut browser = Browser::new(&laptop);
    let login = browser.authorize(&request("demo-web", WEB, &pkce)).await;
    let html = body(&browser.sign_in(&login, "alice", "alice").await);
    for shown in [
        "Demo (web server)",
        "demo-web",
        "https://client.example",
        "Alice Example",
        "Know that it is you",
        "See your name",
        "See your e-mail address",
        "10 minutes",
        "Access to",
        "Offers",
        "<button type=\"submit\" name=\"decision\" value=\"allow\"",
        "<button type=\"submit\" name=\"decision\" value=\"deny\"",
    ] {
        assert!(html.contains(shown) || html.contains(&shown.replace('(', "&#40;")), "{shown}: {html}");
    }
    assert!(!html.contains("See your phone number"), "scope not requested");
}

#[tokio::test]
async fn sec_authz_26_consent_for_one_api_does_not_cover_another() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 26"));
    let (default, orders) = ("http://localhost:9000/demo/api", "https://orders.example/api");
    let plain = request("demo-web", WEB, &pkce);
    let at =
        |apis: &[&'static str]| [&plain[..], &apis.iter().map(|api| ("resource", *api)).collect::<Vec<_>>()].concat();
    let mut browser = Browser::new(&laptop);
    assert!(answered(&browser.log_in(&plain).await, "code").is_some());
    assert!(answered(&browser.authorize(&at(&[default])).await, "code").is_some(), "the default by its name");
    for apis in [&[orders][..], &[default, orders]] {
        let silent = browser.authorize(&changed(&at(apis), "prompt", Some("none"))).await;
        redirected(&laptop, &silent, WEB, "consent_required", &apis.join(" "));
        let asked = body(&browser.authorize(&at(apis)).await);
        assert!(asked.contains("<strong>Orders</strong> <bdi>https://orders.example/api"), "{asked}");
        assert_eq!(
            asked.contains("<strong>Offers</strong> <bdi>http://localhost:9000/demo/api"),
            apis.len() == 2,
            "{asked}"
        );
    }
    let page = browser.authorize(&at(&[orders])).await;
    assert!(answered(&browser.decide(&page, "allow", &[("withhold", "email")]).await, "code").is_some());
    redirected(
        &laptop,
        &browser.authorize(&changed(&at(&[orders]), "prompt", Some("none"))).await,
        WEB,
        "consent_required",
        "scope withheld for that API",
    );
    let less = changed(&at(&[orders]), "scope", Some("openid"));
    assert!(answered(&browser.authorize(&less).await, "code").is_some(), "scope allowed for that API");
    assert!(
        answered(&browser.authorize(&plain).await, "code").is_some(),
        "withholding it for one API does not affect another"
    );
}

#[tokio::test]
async fn sec_authz_15_a_denial_is_final() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 15"));
    let mut browser = Browser::new(&laptop);
    let login = browser.authorize(&request("demo-native", NATIVE, &pkce)).await;
    let consent = browser.sign_in(&login, "alice", "alice").await;
    let response = browser.decide(&consent, "deny", &[]).await;
    redirected(&laptop, &response, NATIVE, "access_denied", "denied");
    assert_eq!(answered(&response, "state").as_deref(), Some("state-1"));
    let before = laptop.dump();
    page(&browser.decide(&consent, "allow", &[]).await, 400, "back button, then allow");
    page(&browser.sign_in(&login, "alice", "alice").await, 400, "back button twice, then login");
    laptop.clock.advance(1700);
    page(&browser.decide(&consent, "allow", &[]).await, 400, "much later");
    assert_eq!(laptop.dump(), before);
    let everything = ["profile", "email"].map(|scope| ("withhold", scope));
    let fields = changed(&request("demo-native", NATIVE, &pkce), "scope", Some("profile email"));
    let consent = browser.authorize(&fields).await;
    let response = browser.decide(&consent, "allow", &everything).await;
    redirected(&laptop, &response, NATIVE, "access_denied", "withholding every scope is a denial");
    page(&browser.decide(&consent, "allow", &[]).await, 400, "allow after withholding everything");
    page(
        &browser.decide(&browser_asked(&mut Browser::new(&laptop), &fields).await, "maybe", &[]).await,
        400,
        "neither",
    );
}

/// Returns the consent page shown to `browser`.
async fn browser_asked(browser: &mut Browser<'_>, fields: &[(&str, &str)]) -> web::Response {
    let login = browser.authorize(fields).await;
    browser.sign_in(&login, "alice", "alice").await
}

#[tokio::test]
async fn sec_authz_16_every_redirect_is_a_303() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 16"));
    let mut browser = Browser::new(&laptop);
    let fields = request("demo-native", NATIVE, &pkce);
    let mut seen = Vec::new();
    let url = format!("{}?{}", laptop.demo_url("/oauth2/authorize"), encoded(&fields));
    let to_login = browser.get(&url).await;
    let login = browser.follow(browser_copy(&to_login)).await;
    let hidden = form(&login).hidden[0].1.clone();
    let sent = [("interaction", hidden.as_str()), ("username", "alice"), ("password", "alice")];
    let to_consent = browser.post(&laptop.demo_url("/login"), &sent).await;
    let consent = browser.follow(browser_copy(&to_consent)).await;
    let with_code = browser.decide(&consent, "allow", &[]).await;
    seen.extend([("to login", to_login), ("to consent", to_consent), ("with the code", with_code)]);
    for prompt in ["none", "bogus"] {
        seen.push((prompt, browser.authorize(&changed(&fields, "prompt", Some(prompt))).await));
    }
    let consent = browser.authorize(&fields).await;
    seen.push(("denied", browser.decide(&consent, "deny", &[]).await));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let by_post = laptop.send("POST", &laptop.demo_url("/oauth2/authorize"), &form, encoded(&fields)).await;
    seen.push(("by post", by_post));
    for (case, response) in seen {
        assert_eq!(response.status(), 303, "{case}: {}", body(&response));
        assert!(location(&response).is_some() && response.body().is_empty(), "{case}");
        assert_eq!(response.headers()["referrer-policy"], "no-referrer", "{case}");
        assert_eq!(response.headers()["cache-control"], "no-store", "{case}");
        assert!(!response.headers().contains_key("access-control-allow-origin"), "{case}");
    }
}

fn browser_copy(response: &web::Response) -> web::Response {
    let mut copy = web::Response::new(response.body().clone());
    *copy.status_mut() = response.status();
    *copy.headers_mut() = response.headers().clone();
    copy
}

#[tokio::test]
async fn sec_authz_18_a_client_gets_only_its_registered_grant_types_and_scopes() {
    let narrow = r#"
[[clients]]
client_id = "narrow"
client_name = "Narrow"
application_type = "native"
token_endpoint_auth_method = "none"
trusted = true
redirect_uris = ["http://127.0.0.1/callback"]
scope = "openid"
"#;
    let laptop = Laptop::with(and_clients(narrow)).await;
    let (pkce, before) = (Pkce::new("authz 18"), laptop.dump());
    let baseline = request("narrow", NATIVE, &pkce);
    for scope in ["openid profile", "profile", "offers.read", "admin"] {
        let response = Browser::new(&laptop).authorize(&changed(&baseline, "scope", Some(scope))).await;
        redirected(&laptop, &response, NATIVE, "invalid_scope", scope);
    }
    let other_grants = [
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device-code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "Authorization_Code",
        "authorization_code ",
    ];
    let authorization = basic("demo-web:demo-web-secret");
    for grant_type in other_grants {
        let fields = [("grant_type", grant_type), ("username", "alice"), ("password", "alice"), ("scope", "openid")];
        for (client, headers) in [("narrow", vec![]), ("demo-web", vec![("authorization", authorization.as_str())])] {
            let fields = changed(&fields, "client_id", Some(client));
            let answer = laptop.form("/oauth2/token", &fields, &headers).await;
            refused(&answer, 400, "unsupported_grant_type", grant_type);
        }
    }
    assert_eq!(laptop.dump(), before);
}

#[tokio::test]
async fn sec_authz_20_and_sec_adm_12_a_disabled_client_is_refused_everywhere_within_thirty_seconds() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 20"));
    let baseline = request("demo-trusted", NATIVE, &pkce);
    let mut browser = Browser::new(&laptop);
    let token = access_token(&redeemed(&laptop, &trusted_code(&laptop, &pkce).await, &pkce).await);
    let begun = Browser::new(&laptop).authorize(&baseline).await;
    assert!(answered(&browser.log_in(&baseline).await, "code").is_some());
    let code = answered(&browser.authorize(&baseline).await, "code").unwrap();
    let id = "client_id = \"demo-trusted\"";
    laptop.apply(|text| text.replace(id, &format!("{id}\nclient_status = \"inactive\""))).await;
    laptop.clock.advance(30);
    let before = laptop.dump();
    page(&browser.authorize(&baseline).await, 400, "authorize with a live session");
    page(&browser.authorize(&changed(&baseline, "prompt", Some("none"))).await, 400, "silently");
    page(&browser.sign_in(&begun, "alice", "alice").await, 400, "a login in progress");
    refused(&redeemed(&laptop, &code, &pkce).await, 401, "invalid_client", "a code that had been issued");
    refused(&laptop.userinfo(&token).await, 401, "invalid_token", "a token that had been issued");
    let revoke = [("token", token.as_str()), ("client_id", "demo-trusted")];
    refused(&laptop.form("/oauth2/revoke", &revoke, &[]).await, 401, "invalid_client", "revocation");
    assert_eq!(laptop.dump(), before);
}

/// Removes Alice from the sandbox and advances past the 30 seconds for which configuration may be cached.
async fn without_alice(laptop: &Laptop) {
    laptop.apply(|text| text.replace("username = \"alice\"", "username = \"somebody\"")).await;
    laptop.clock.advance(30);
}

#[tokio::test]
async fn sec_authz_20_and_sec_sess_09_the_session_of_a_deleted_user_yields_no_code() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 20 session"));
    let baseline = request("demo-trusted", NATIVE, &pkce);
    let mut browser = Browser::new(&laptop);
    assert!(answered(&browser.log_in(&baseline).await, "code").is_some());
    without_alice(&laptop).await;
    let silent = browser.authorize(&changed(&baseline, "prompt", Some("none"))).await;
    redirected(&laptop, &silent, NATIVE, "login_required", "a live session of a deleted user");
}

#[tokio::test]
async fn sec_authz_20_a_code_of_a_deleted_user_yields_no_tokens() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 20 code"));
    let code = trusted_code(&laptop, &pkce).await;
    without_alice(&laptop).await;
    refused(&redeemed(&laptop, &code, &pkce).await, 400, "invalid_grant", "a code of a deleted user");
}

#[tokio::test]
async fn sec_authz_20_a_token_of_a_deleted_user_reveals_nothing() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 20 token"));
    let token = access_token(&redeemed(&laptop, &trusted_code(&laptop, &pkce).await, &pkce).await);
    assert_eq!(laptop.userinfo(&token).await.status(), 200);
    without_alice(&laptop).await;
    refused(&laptop.userinfo(&token).await, 401, "invalid_token", "a token of a deleted user");
}

#[tokio::test]
async fn sec_authz_21_and_sec_sess_06_an_interaction_belongs_to_the_browser_that_started_it() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 21"));
    let fields = request("demo-native", NATIVE, &pkce);
    let mut victim = Browser::new(&laptop);
    let login = victim.authorize(&fields).await;
    let consent = victim.sign_in(&login, "alice", "alice").await;
    let interaction = form(&consent).hidden[0].1.clone();
    let mut attacker = Browser::new(&laptop);
    let own = attacker.authorize(&fields).await;
    attacker.sign_in(&own, "bob", "bob").await;
    let before = laptop.dump();
    for (case, mut browser) in [("without cookies", Browser::new(&laptop)), ("with others", attacker)] {
        for path in ["/login", "/login/consent", "/login/upstream/partner"] {
            let url = format!("{}?interaction={interaction}", laptop.demo_url(path));
            page(&browser.get(&url).await, 400, &format!("{case} {path}"));
        }
        page(&browser.sign_in(&login, "bob", "bob").await, 400, case);
        page(&browser.decide(&consent, "allow", &[]).await, 400, case);
        page(&browser.decide(&consent, "deny", &[]).await, 400, case);
    }
    let mut only_the_session = Browser::new(&laptop);
    only_the_session.cookies.clone_from(&victim.cookies);
    only_the_session.cookies.retain(|name, _| name.starts_with("session"));
    assert_eq!(only_the_session.cookies.len(), 1);
    page(&only_the_session.decide(&consent, "allow", &[]).await, 400, "session cookie without interaction cookie");
    assert_eq!(laptop.dump(), before);
    assert!(answered(&victim.decide(&consent, "allow", &[]).await, "code").is_some(), "the victim can continue");
}
