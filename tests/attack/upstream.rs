//! Section R: upstream providers and the claims they assert.

use http::StatusCode;
use protocol::jose::external_algorithm::ExternalAlgorithm;
use protocol::jose::jwk::Algorithm;
use serde_json::{Value, json};
use tests::browser::{answered, body, changed, exchange, json as parsed, location, request};
use tests::expect::{page, redirected, refused};
use tests::laptop::encoded;
use tests::provider::{ACCESS_TOKEN, Away, press};
use tests::{Browser, ClientKey, Laptop, Pkce, Provider};
use web::Response;

use crate::given::{and_clients, basic, claims};

/// Longer than functions cache configuration.
const STALE: u32 = 31;

const CALLBACK: &str = "https://app.example/cb";

/// A client that needs no consent and may introspect its own tokens.
const APP: &str = r#"
[[scopes]]
name = "address"
title = "See your address"

[[clients]]
client_id = "app"
client_name = "App"
token_endpoint_auth_method = "client_secret_basic"
client_secret = "app-secret"
grant_types = ["authorization_code", "refresh_token"]
redirect_uris = ["https://app.example/cb"]
post_logout_redirect_uris = ["https://app.example/bye"]
trusted = true
scope = "openid profile email phone address offline_access"
"#;

/// Trusts the provider to verify e-mail addresses of one domain.
const CORP: &str = "verified_email_domains = [\"corp.example\"]";

/// The demo with `provider` as its partner, configured with `settings`, and the client `app`.
fn file<'a>(provider: &'a Provider, settings: &'a str) -> impl Fn(String) -> String + 'a {
    move |text| provider.registered(&and_clients(APP)(text), settings)
}

fn asked<'a>(pkce: &'a Pkce, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let all = "openid profile email phone address offline_access";
    [changed(&request("app", CALLBACK, pkce), "scope", Some(all)), more.to_vec()].concat()
}

/// Posts a form to a back-channel endpoint as `app`.
async fn form(laptop: &Laptop, path: &str, fields: &[(&str, &str)]) -> Response {
    laptop.form(path, fields, &[("authorization", &basic("app:app-secret"))]).await
}

async fn redeemed(laptop: &Laptop, response: &Response, pkce: &Pkce) -> Value {
    let code =
        answered(response, "code").unwrap_or_else(|| panic!("no code: {:?} {}", location(response), body(response)));
    let fields = exchange("app", CALLBACK, &code, &pkce.verifier);
    let fields: Vec<_> = fields.into_iter().filter(|(name, _)| *name != "client_id").collect();
    parsed(&form(laptop, "/oauth2/token", &fields).await)
}

async fn refreshed(laptop: &Laptop, tokens: &Value) -> Response {
    let token = tokens["refresh_token"].as_str().unwrap();
    form(laptop, "/oauth2/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

async fn is_active(laptop: &Laptop, token: &Value) -> bool {
    let answer = form(laptop, "/oauth2/introspect", &[("token", token.as_str().unwrap())]).await;
    parsed(&answer)["active"] == true
}

async fn userinfo(laptop: &Laptop, tokens: &Value) -> Response {
    laptop.userinfo(tokens["access_token"].as_str().unwrap()).await
}

/// Returns the userinfo of a user about whom the provider asserts `said`.
async fn told(laptop: &Laptop, provider: &Provider, said: (&Value, &Value)) -> Value {
    let (mut browser, pkce) = (Browser::new(laptop), Pkce::new("told"));
    let response = provider.log_in((laptop, &mut browser), &asked(&pkce, &[]), said).await;
    parsed(&userinfo(laptop, &redeemed(laptop, &response, &pkce).await).await)
}

/// A browser whose user has logged in at the provider, and everything its client received.
struct Known<'l> {
    browser: Browser<'l>,
    tokens: Value,
    pkce: Pkce,
    /// A response with an unredeemed code.
    code: Response,
    /// A login from which the user has not returned yet.
    away: Away,
}

async fn known<'l>(laptop: &'l Laptop, provider: &Provider) -> Known<'l> {
    let (mut browser, pkce, nothing) = (Browser::new(laptop), Pkce::new("known"), json!({}));
    let login = provider.log_in((laptop, &mut browser), &asked(&pkce, &[]), (&nothing, &nothing)).await;
    let tokens = redeemed(laptop, &login, &pkce).await;
    assert_eq!(userinfo(laptop, &tokens).await.status(), StatusCode::OK);
    assert!(is_active(laptop, &tokens["access_token"]).await && is_active(laptop, &tokens["refresh_token"]).await);
    let code = browser.authorize(&asked(&pkce, &[("prompt", "none")])).await;
    assert!(answered(&code, "code").is_some(), "{:?}", location(&code));
    // A forced login must be newer than the request.
    laptop.clock.advance(1);
    let away = provider.leave(&mut browser, &asked(&pkce, &[("prompt", "login")])).await;
    Known { browser, tokens, pkce, code, away }
}

/// Asserts that nothing obtained by `known` is still honored.
async fn is_known_nowhere(laptop: &Laptop, known: &mut Known<'_>) {
    let Known { browser, tokens, pkce, code, .. } = known;
    refused(&userinfo(laptop, tokens).await, 401, "invalid_token", "userinfo");
    assert!(!is_active(laptop, &tokens["access_token"]).await && !is_active(laptop, &tokens["refresh_token"]).await);
    refused(&refreshed(laptop, tokens).await, 400, "invalid_grant", "refresh");
    let answer = redeemed(laptop, code, pkce).await;
    assert_eq!(answer["error"], "invalid_grant", "the code: {answer}");
    let hint = tokens["id_token"].as_str().unwrap();
    for more in [vec![("prompt", "none")], vec![("prompt", "none"), ("id_token_hint", hint)]] {
        let silent = browser.authorize(&asked(pkce, &more)).await;
        redirected(laptop, &silent, CALLBACK, "login_required", "the session");
    }
    let login = browser.authorize(&asked(pkce, &[])).await;
    assert!(body(&login).contains("name=\"password\""), "the session: {:?}", location(&login));
}

#[tokio::test]
async fn sec_up_12_and_18_nothing_from_a_removed_provider_is_honored() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(file(&provider, CORP)).await;
    let mut known = known(&laptop, &provider).await;
    let _ = provider.exchanges();
    laptop.apply(|text| file(&provider, CORP)(text).replace("id = \"partner\"", "id = \"another\"")).await;
    laptop.clock.advance(STALE);
    is_known_nowhere(&laptop, &mut known).await;
    let nothing = json!({});
    let back = provider.come_back((&laptop, &mut known.browser), &known.away, (&nothing, &nothing)).await;
    page(&back, 400, "a login in flight");
    assert_eq!(provider.exchanges(), 0);
    let hint = known.tokens["id_token"].as_str().unwrap();
    let bye = [("id_token_hint", hint), ("post_logout_redirect_uri", "https://app.example/bye")];
    let gone = known.browser.get(&format!("{}?{}", laptop.demo_url("/oidc/logout"), encoded(&bye))).await;
    assert_eq!(location(&gone).as_deref(), Some("https://app.example/bye"), "logout works even for an unknown session");
}

#[tokio::test]
async fn sec_up_20_a_new_issuer_under_the_same_id_inherits_nothing() {
    let (provider, successor, nothing) = (Provider::start().await, Provider::start().await, json!({}));
    let laptop = Laptop::with(file(&provider, CORP)).await;
    let mut former = known(&laptop, &provider).await;
    let sub = claims(former.tokens["id_token"].as_str().unwrap())["sub"].clone();
    let (_, _) = (provider.exchanges(), successor.exchanges());
    laptop.apply(file(&successor, CORP)).await;
    laptop.clock.advance(STALE);
    is_known_nowhere(&laptop, &mut former).await;
    let back = successor.come_back((&laptop, &mut former.browser), &former.away, (&nothing, &nothing)).await;
    page(&back, 400, "a login started at the other issuer");
    assert_eq!((provider.exchanges(), successor.exchanges()), (0, 0), "its code is sent to neither");

    let mut new = known(&laptop, &successor).await;
    assert_ne!(claims(new.tokens["id_token"].as_str().unwrap())["sub"], sub, "the same name at another issuer");
    laptop.apply(file(&provider, CORP)).await;
    laptop.clock.advance(STALE);
    is_known_nowhere(&laptop, &mut new).await;
}

#[tokio::test]
async fn sec_up_19_verified_flags_are_evaluated_when_read() {
    let provider = Provider::start().await;
    let vouching = format!("{CORP}\nverified_phone_numbers = true");
    let laptop = Laptop::with(file(&provider, &vouching)).await;
    let said = json!({
        "email": "ada@corp.example", "email_verified": true, "phone_number": "+1 555 0100", "phone_number_verified": true,
    });
    let by_name = r#"{"id_token":{"email_verified":null,"phone_number_verified":null}}"#;
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("judged"));
    let fields = asked(&pkce, &[("claims", by_name)]);
    let login = provider.log_in((&laptop, &mut browser), &fields, (&json!({}), &said)).await;
    let first = redeemed(&laptop, &login, &pkce).await;
    for (settings, email, phone) in [
        (vouching.as_str(), true, true),
        ("verified_email_domains = [\"other.example\"]", false, false),
        (CORP, true, false),
        ("verified_phone_numbers = true", false, true),
        ("", false, false),
        (&vouching, true, true),
    ] {
        laptop.apply(file(&provider, settings)).await;
        laptop.clock.advance(STALE);
        let expected = (&json!(email), &json!(phone));
        let tokens = parsed(&refreshed(&laptop, &first).await);
        let told = parsed(&userinfo(&laptop, &tokens).await);
        assert_eq!((&told["email_verified"], &told["phone_number_verified"]), expected, "userinfo: {settings}");
        let id_token = claims(tokens["id_token"].as_str().unwrap());
        assert_eq!((&id_token["email_verified"], &id_token["phone_number_verified"]), expected, "ID token: {settings}");
        assert!(id_token.get("email").is_none() && id_token.get("phone_number").is_none(), "{id_token}");
        assert_eq!((&told["email"], &told["phone_number"]), (&said["email"], &said["phone_number"]));
    }
}

#[tokio::test]
async fn sec_up_17_and_19_a_claim_and_its_verified_flag_come_from_the_same_response() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(file(&provider, CORP)).await;
    let (ada, ceo) = ("ada@corp.example", "ceo@corp.example");
    let table = [
        (json!({"email": ada, "email_verified": true}), json!({"email": ceo}), ceo, false),
        (json!({"email": ceo}), json!({"email_verified": true}), ceo, false),
        (json!({"email_verified": true}), json!({"email": ceo}), ceo, false),
        (json!({"email": ada, "email_verified": true}), json!({}), ada, true),
        (json!({}), json!({"email": ada, "email_verified": true}), ada, true),
        (json!({"email": ada}), json!({"email": ada, "email_verified": true}), ada, true),
        (json!({"email": ada, "email_verified": true}), json!({"email": ada}), ada, true),
        (json!({"email": ada, "email_verified": true}), json!({"email": ada, "email_verified": false}), ada, false),
        (json!({"email": ada, "email_verified": true}), json!({"email": null}), ada, true),
        (json!({"email": ada, "email_verified": true}), json!({"email": [ceo], "email_verified": true}), ada, true),
    ];
    for (id_token, of_userinfo, email, verified) in table {
        let told = told(&laptop, &provider, (&id_token, &of_userinfo)).await;
        assert_eq!(
            (&told["email"], &told["email_verified"]),
            (&json!(email), &json!(verified)),
            "{id_token} {of_userinfo}"
        );
    }
    let of_bank = json!({
        "email": "ceo@bank.example", "email_verified": true, "phone_number": "+1 555 0100", "phone_number_verified": true,
    });
    let told = told(&laptop, &provider, (&json!({}), &of_bank)).await;
    assert_eq!((&told["email_verified"], &told["phone_number_verified"]), (&json!(false), &json!(false)), "{told}");
}

#[tokio::test]
async fn sec_up_24_malformed_claims_are_dropped_without_erasing_others() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(file(&provider, CORP)).await;
    let of_id_token =
        json!({"name": "Ada", "locale": "en_GB", "given_name": "Ada", "picture": "https://corp.example/ada.png"});
    let of_userinfo = json!({
        "name": null, "locale": ["en"], "given_name": "", "updated_at": "2026-01-02T03:04:05.678Z", "birthdate": 19_800_101,
        "phone_number": "+1 555 0100", "phone_number_verified": "true", "gender": {"a": 1}, "picture": "javascript:alert(1)",
        "middle_name": "", "email": ["x"], "email_verified": true, "zoneinfo": 7, "profile": "http://corp.example/ada",
        "address": {"country": "UK", "street_address": 7, "groups": "admin"}, "groups": ["admin"], "nickname": "a\r\nb",
    });
    let told = told(&laptop, &provider, (&of_id_token, &of_userinfo)).await;
    let expected = json!({
        "sub": told["sub"], "name": "Ada", "given_name": "Ada", "locale": "en-GB", "picture": "https://corp.example/ada.png",
        "updated_at": 1_767_323_045, "phone_number": "+1 555 0100", "phone_number_verified": false,
        "address": {"country": "UK"},
    });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn sec_up_05_and_21_auth_time_comes_from_the_provider_and_must_satisfy_the_request() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(file(&provider, CORP)).await;
    for (name, value, ask) in [("prompt", "login", "0"), ("max_age", "0", "0"), ("max_age", "60", "60")] {
        // The age of the login in seconds by the provider's clock, and whether it is fresh enough.
        let table = [
            (None, false),
            (Some(3600), false),
            (Some(0), true),
            (Some(2), true),
            (Some(-2), true),
            (Some(-3600), false),
        ];
        for (age, will_do) in table {
            let (mut browser, pkce, case) =
                (Browser::new(&laptop), Pkce::new("fresh"), format!("{name}={value} {age:?}"));
            let away = provider.leave(&mut browser, &asked(&pkce, &[(name, value)])).await;
            assert_eq!(away.asked("max_age"), Some(ask), "{case}: with it, the provider must say when");
            assert_eq!(away.asked("prompt"), (name == "prompt" || ask == "0").then_some("login"), "{case}");
            let now = i64::try_from(laptop.clock_seconds()).unwrap();
            let auth_time = age.map(|age| now - age);
            let id_token = json!({ "auth_time": auth_time });
            let back = provider.come_back((&laptop, &mut browser), &away, (&id_token, &json!({}))).await;
            if will_do {
                let id_token = claims(redeemed(&laptop, &back, &pkce).await["id_token"].as_str().unwrap());
                assert_eq!(id_token["auth_time"].as_i64(), auth_time.map(|at| at.min(now)), "{case}");
            } else if age == Some(-3600) {
                page(&back, 502, &case);
            } else {
                redirected(&laptop, &back, CALLBACK, "login_required", &case);
            }
        }
    }
}

#[tokio::test]
async fn sec_up_21_a_missing_auth_time_is_not_invented() {
    let (provider, nothing) = (Provider::start().await, json!({}));
    let laptop = Laptop::with(file(&provider, CORP)).await;
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("silence"));
    let login = provider.log_in((&laptop, &mut browser), &asked(&pkce, &[]), (&nothing, &nothing)).await;
    let tokens = redeemed(&laptop, &login, &pkce).await;
    for token in ["id_token", "access_token"] {
        assert_eq!(claims(tokens[token].as_str().unwrap()).get("auth_time"), None, "{token}");
    }
    let again = parsed(&refreshed(&laptop, &tokens).await);
    assert_eq!(claims(again["id_token"].as_str().unwrap()).get("auth_time"), None, "refreshed");
    assert!(answered(&browser.authorize(&asked(&pkce, &[("prompt", "none")])).await, "code").is_some());
    laptop.clock.advance(10);
    let silent = browser.authorize(&asked(&pkce, &[("prompt", "none"), ("max_age", "1000000")])).await;
    redirected(&laptop, &silent, CALLBACK, "login_required", "the age of the login is unknown");
    let page = browser.authorize(&asked(&pkce, &[("max_age", "1000000")])).await;
    assert!(body(&page).contains("name=\"password\""), "{:?}", location(&page));
    let select = asked(&pkce, &[("prompt", "select_account")]);
    let away = {
        let chooser = browser.authorize(&select).await;
        assert!(body(&chooser).contains("name=\"account\""), "{}", body(&chooser));
        let login = browser.choose(&chooser, "another").await;
        location(&press(&mut browser, &login).await).unwrap()
    };
    assert!(away.contains("prompt=select_account") && !away.contains("max_age"), "{away}");
}

#[tokio::test]
async fn an_upstream_login_satisfies_select_account_whatever_its_age() {
    let (provider, nothing) = (Provider::start().await, json!({}));
    let laptop = Laptop::with(file(&provider, CORP)).await;
    for auth_time in [json!(null), json!(laptop.clock_seconds() - 3600)] {
        let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("account"));
        let select = asked(&pkce, &[("prompt", "select_account")]);
        let login =
            provider.log_in((&laptop, &mut browser), &select, (&json!({ "auth_time": auth_time }), &nothing)).await;
        assert!(answered(&login, "code").is_some(), "{auth_time}: {:?}", location(&login));
    }
}

#[tokio::test]
async fn sec_up_05_provider_times_are_json_numbers_and_may_be_skewed() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(file(&provider, CORP)).await;
    let (now, pkce) = (laptop.clock_seconds(), Pkce::new("times"));
    let of = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    let good = [
        of(format!("{{\"exp\":{now}.25,\"iat\":{now}.5,\"auth_time\":{now}.75}}")),
        of(format!("{{\"exp\":{now}.0}}")),
        json!({"exp": now - 9}),
        json!({"iat": now + 10}),
        json!({"nbf": now + 10}),
        json!({"auth_time": now + 10}),
    ];
    for id_token in good {
        let mut browser = Browser::new(&laptop);
        let login = provider.log_in((&laptop, &mut browser), &asked(&pkce, &[]), (&id_token, &json!({}))).await;
        assert!(answered(&login, "code").is_some(), "{id_token}");
    }
    let bad = [
        json!({"exp": now - 10}),
        json!({"iat": now + 11}),
        json!({"nbf": now + 11}),
        json!({"nbf": "1"}),
        json!({"auth_time": now + 11}),
        json!({"exp": (now + 60).to_string()}),
        json!({"iat": -1}),
    ];
    for id_token in bad {
        let mut browser = Browser::new(&laptop);
        let login = provider.log_in((&laptop, &mut browser), &asked(&pkce, &[]), (&id_token, &json!({}))).await;
        page(&login, 502, &id_token.to_string());
    }
}

#[tokio::test]
async fn sec_up_23_neither_browser_nor_server_is_sent_to_a_forbidden_url() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(file(&provider, CORP)).await;
    let pkce = Pkce::new("urls");
    let good = |name: &str| format!("{}/{name}", provider.issuer);
    for name in ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"] {
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "/authorize",
            "authorize",
            "//idp.example/authorize",
            "https://idp.example/authorize#x",
            "https://idp.example/authorize#",
            "https://idp.example/authorize\r\nset-cookie: a=b",
            "https://idp.example/auth orize",
            " https://idp.example/authorize",
            "https:\\\\idp.example/authorize",
            "https://user@idp.example/authorize",
            "https://user:pw@idp.example/authorize",
            "http://idp.example/authorize",
            "https:idp.example",
            "https://",
            "",
        ] {
            // Functions cache metadata for ten minutes.
            laptop.clock.advance(601);
            provider.publishes(&json!({ name: bad }));
            let mut browser = Browser::new(&laptop);
            let login = browser.authorize(&asked(&pkce, &[])).await;
            page(&press(&mut browser, &login).await, 502, &format!("{name}={bad}"));
        }
        let path = name.split('_').next().unwrap().replace("authorization", "authorize");
        provider.publishes(&json!({ name: good(&path) }));
    }
    laptop.clock.advance(601);
    let nothing = json!({});
    let login = provider.log_in((&laptop, &mut Browser::new(&laptop)), &asked(&pkce, &[]), (&nothing, &nothing)).await;
    assert!(answered(&login, "code").is_some());
}

/// The demo with `provider`, and an ID token of it that says `id_token`, signed with `key`.
async fn signed_login(provider: &Provider, key: ClientKey, id_token: &Value) -> (Response, Pkce) {
    let laptop = Laptop::with(file(provider, CORP)).await;
    provider.signs_with(key);
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("signed"));
    (provider.log_in((&laptop, &mut browser), &asked(&pkce, &[]), (id_token, &json!({}))).await, pkce)
}

#[tokio::test]
async fn sec_up_05_and_sec_jwt_01_a_provider_signs_with_any_supported_algorithm_and_hashes_by_it() {
    for key in ClientKey::of_each_algorithm() {
        let (provider, name) = (Provider::start().await, key.alg());
        let alg = ExternalAlgorithm::named(name).unwrap();
        provider.publishes(&json!({"id_token_signing_alg_values_supported": [name]}));
        let said = json!({"at_hash": alg.left_half(ACCESS_TOKEN), "c_hash": alg.left_half("c")});
        let (response, _) = signed_login(&provider, key, &said).await;
        assert!(answered(&response, "code").is_some(), "{name}: {}", body(&response));
    }
}

#[tokio::test]
async fn sec_jwt_01_a_provider_signs_with_nothing_that_it_does_not_publish() {
    let provider = Provider::start().await;
    provider.publishes(&json!({"id_token_signing_alg_values_supported": ["RS256", "ES384"]}));
    let (response, _) = signed_login(&provider, ClientKey::new(Algorithm::ES256), &json!({})).await;
    page(&response, 502, "ES256, and it publishes RS256 and ES384");
}

#[tokio::test]
async fn an_id_token_of_a_provider_may_have_two_hundred_groups() {
    let provider = Provider::start().await;
    let groups: Vec<String> = (0..200).map(|at| format!("01234567-89ab-cdef-0123-{at:012}")).collect();
    let (response, _) = signed_login(&provider, ClientKey::new(Algorithm::RS256), &json!({ "groups": groups })).await;
    assert!(answered(&response, "code").is_some(), "{}", body(&response));
}

/// An API demands several factors, its client asks for them, and a password is not enough (RFC 9470 §5).
#[tokio::test]
async fn sec_authz_25_and_sec_sess_03_acr_values_lead_to_another_login_and_never_to_a_lower_class() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(file(&provider, "multi_factor_acr = [\"gold\"]")).await;
    let pkce = Pkce::new("step up");
    let multi = [("acr_values", "urn:postern:acr:multi-factor")];
    let mut browser = Browser::new(&laptop);
    let login = browser.authorize(&asked(&pkce, &[])).await;
    assert!(answered(&browser.sign_in(&login, "alice", "alice").await, "code").is_some());
    let before = browser.cookies.clone();
    laptop.clock.advance(1);
    let silent = asked(&pkce, &[multi[0], ("prompt", "none")]);
    let answer = browser.authorize(&silent).await;
    assert_eq!(answered(&answer, "error").as_deref(), Some("unmet_authentication_requirements"));
    let single = asked(&pkce, &[("acr_values", "urn:postern:acr:multi-factor urn:postern:acr:single-factor")]);
    assert!(answered(&browser.authorize(&single).await, "code").is_some(), "one of them is enough");

    let login = browser.authorize(&asked(&pkce, &multi)).await;
    assert!(body(&login).contains("name=\"password\""), "the user is asked to log in again");
    let again = browser.sign_in(&login, "alice", "alice").await;
    assert_eq!(answered(&again, "error").as_deref(), Some("unmet_authentication_requirements"), "{}", body(&again));

    for (acr, met) in [("silver", false), ("gold", true)] {
        laptop.clock.advance(1);
        let away = provider.leave(&mut browser, &asked(&pkce, &multi)).await;
        assert_eq!(away.asked("acr_values"), Some("gold"), "the provider is told");
        let back = provider.come_back((&laptop, &mut browser), &away, (&json!({"acr": acr}), &json!({}))).await;
        assert_eq!(answered(&back, "code").is_some(), met, "{acr}: {:?}", location(&back));
    }
    assert_ne!(browser.cookies, before, "each login is a session of its own");
    assert!(answered(&browser.authorize(&silent).await, "code").is_some(), "and the last one is of the class");
}
