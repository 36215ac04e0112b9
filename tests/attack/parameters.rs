//! Section B: how requests are parsed.

use http::header;
use tests::browser::{answered, body, changed, exchange, form, json, location, request};
use tests::expect::{page, redirected, refused};
use tests::laptop::encoded;
use tests::{Browser, Laptop, Pkce};
use web::Response;
use web::route::{CrossOrigin, Endpoint, ROUTES};

use crate::given::{NATIVE, SPA, WEB, access_token, and_clients, basic, code, redeemed, trusted_code};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// The form endpoints of the back channel, each with a valid form that lacks only credentials.
async fn back_channel(laptop: &Laptop, pkce: &Pkce) -> [(&'static str, Vec<(&'static str, String)>); 2] {
    let code = trusted_code(laptop, pkce).await;
    let owned = |name, value: &str| (name, value.to_owned());
    let token = vec![
        owned("grant_type", "authorization_code"),
        owned("client_id", "demo-trusted"),
        owned("redirect_uri", NATIVE),
        owned("code", &code),
        owned("code_verifier", &pkce.verifier),
    ];
    let revoke = vec![owned("token", "not a token"), owned("client_id", "demo-trusted")];
    [("/oauth2/token", token), ("/oauth2/revoke", revoke)]
}

fn lent<'a>(fields: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[tokio::test]
async fn sec_param_01_a_repeated_parameter_of_an_authorization_request_is_refused() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 1"));
    let (baseline, before) = (request("demo-trusted", NATIVE, &pkce), laptop.dump());
    let table = [
        ("client_id", "demo-trusted"),
        ("redirect_uri", NATIVE),
        ("state", "state-1"),
        ("scope", "openid"),
        ("nonce", "nonce-1"),
        ("response_type", "code"),
        ("response_mode", "query"),
        ("code_challenge", &pkce.challenge),
        ("code_challenge_method", "S256"),
        ("prompt", "login"),
        ("max_age", "60"),
        ("login_hint", "alice"),
    ];
    for (name, value) in table {
        let mut fields = changed(&baseline, name, Some(value));
        fields.push((name, value));
        let response = Browser::new(&laptop).authorize(&fields).await;
        if matches!(name, "client_id" | "redirect_uri") {
            page(&response, 400, name);
            continue;
        }
        redirected(&laptop, &response, NATIVE, "invalid_request", name);
        let state = (name != "state").then_some("state-1");
        assert_eq!(answered(&response, "state").as_deref(), state, "{name}");
    }
    assert_eq!(laptop.dump(), before);
}

#[tokio::test]
async fn sec_param_01_a_repeated_parameter_of_the_back_channel_is_refused() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 1 back"));
    let endpoints = back_channel(&laptop, &pkce).await;
    let before = laptop.dump();
    for (path, fields) in &endpoints {
        for (name, value) in fields {
            let mut repeated = lent(fields);
            repeated.push((name, value));
            refused(&laptop.form(path, &repeated, &[]).await, 400, "invalid_request", &format!("{path} {name}"));
        }
        let mut secrets = lent(fields);
        secrets.extend([("client_secret", "x"), ("client_secret", "x")]);
        refused(&laptop.form(path, &secrets, &[]).await, 400, "invalid_request", "client_secret");
    }
    assert_eq!(laptop.dump(), before);
    assert_eq!(
        laptop.form("/oauth2/token", &lent(&endpoints[0].1), &[]).await.status(),
        200,
        "the code is still valid"
    );
}

#[tokio::test]
async fn sec_param_01_a_repeated_field_of_a_page_form_is_refused() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 1 forms"));
    let mut browser = Browser::new(&laptop);
    let login = browser.authorize(&request("demo-native", NATIVE, &pkce)).await;
    let interaction = form(&login).hidden[0].1.clone();
    let good = [("interaction", interaction.as_str()), ("username", "alice"), ("password", "alice")];
    let before = laptop.dump();
    for (name, value) in good {
        let mut fields = good.to_vec();
        fields.push((name, value));
        page(&browser.post(&laptop.demo_url("/login"), &fields).await, 400, name);
    }
    assert_eq!(laptop.dump(), before);
    let consent = browser.sign_in(&login, "alice", "alice").await;
    let interaction = form(&consent).hidden[0].1.clone();
    let good = [("interaction", interaction.as_str()), ("decision", "allow")];
    let before = laptop.dump();
    for (name, value) in good {
        let mut fields = good.to_vec();
        fields.push((name, value));
        page(&browser.post(&laptop.demo_url("/login/consent"), &fields).await, 400, name);
    }
    assert_eq!(laptop.dump(), before);
}

#[tokio::test]
async fn sec_param_02_query_and_body_are_never_merged() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 2"));
    let endpoints = back_channel(&laptop, &pkce).await;
    let before = laptop.dump();
    for (path, fields) in &endpoints {
        for moved in ["code", "client_secret", "token", "extra"] {
            let value = fields.iter().find(|(name, _)| name == &moved).map_or("x", |(_, value)| value);
            let url = format!("{}?{}", laptop.demo_url(path), encoded(&[(moved, value)]));
            let rest = encoded(&changed(&lent(fields), moved, None));
            let answer = laptop.send("POST", &url, &[FORM], rest).await;
            refused(&answer, 400, "invalid_request", &format!("{path} {moved}"));
        }
    }
    let url = laptop.demo_url("/oauth2/authorize");
    let fields = request("demo-trusted", NATIVE, &pkce);
    let get = laptop.send("GET", &url, &[FORM], encoded(&fields)).await;
    page(&get, 400, "GET does not read its body");
    let post = laptop.send("POST", &format!("{url}?{}", encoded(&fields)), &[FORM], "").await;
    page(&post, 400, "POST does not read its query");
    let mixed = laptop.send("POST", &format!("{url}?state=x"), &[FORM], encoded(&fields)).await;
    page(&mixed, 400, "POST reads one of the two only");
    assert_eq!(laptop.dump(), before);
}

#[tokio::test]
async fn sec_param_03_unknown_parameters_are_ignored() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 3"));
    let mut fields = request("demo-trusted", NATIVE, &pkce);
    fields.extend([("extra", "foo"), ("resources", "x"), ("scope2", "admin")]);
    let response = Browser::new(&laptop).log_in(&fields).await;
    let code = answered(&response, "code").unwrap();
    let mut fields = exchange("demo-trusted", NATIVE, &code, &pkce.verifier);
    fields.extend([("extra", "foo"), ("scope", "admin"), ("code_challenge_method", "plain")]);
    assert_eq!(laptop.form("/oauth2/token", &fields, &[]).await.status(), 200);
}

#[tokio::test]
async fn sec_param_21_parameters_unused_by_the_grant_must_not_repeat_either() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 21"));
    let endpoints = back_channel(&laptop, &pkce).await;
    let before = laptop.dump();
    for (path, fields) in &endpoints {
        for name in ["scope", "refresh_token", "response_type", "extra", ""] {
            let repeated = [&lent(fields)[..], &[(name, "a"), (name, "b")]].concat();
            refused(&laptop.form(path, &repeated, &[]).await, 400, "invalid_request", &format!("{path} {name}"));
        }
    }
    let service = basic("demo-service:demo-service-secret");
    let twice = [("token", "x"), ("extra", "a"), ("extra", "a")];
    let introspected = laptop.form("/oauth2/introspect", &twice, &[("authorization", &service)]).await;
    refused(&introspected, 400, "invalid_request", "introspection");
    assert_eq!(laptop.dump(), before);
    let resources = [("resource", "http://localhost:9000/demo/api"), ("resource", "http://localhost:9000/demo/api")];
    let good = [&lent(&endpoints[0].1)[..], &resources].concat();
    assert_eq!(laptop.form("/oauth2/token", &good, &[]).await.status(), 200, "a resource may repeat");
}

#[tokio::test]
async fn sec_param_21_parameters_unused_by_browser_endpoints_must_not_repeat_either() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 21 browser"));
    let (fields, extra) = (request("demo-native", NATIVE, &pkce), [("extra", "foo"), ("extra", "foo")]);
    let (mut browser, before) = (Browser::new(&laptop), laptop.dump());
    let repeated = [&fields[..], &extra].concat();
    let by_get = browser.authorize(&repeated).await;
    redirected(&laptop, &by_get, NATIVE, "invalid_request", "GET");
    assert_eq!(answered(&by_get, "state").as_deref(), Some("state-1"));
    let by_post = laptop.send("POST", &laptop.demo_url("/oauth2/authorize"), &[FORM], encoded(&repeated)).await;
    redirected(&laptop, &by_post, NATIVE, "invalid_request", "POST");
    let login = browser.authorize(&fields).await;
    let interaction = form(&login).hidden[0].1.clone();
    let good = [("interaction", interaction.as_str()), ("username", "alice"), ("password", "alice")];
    page(&browser.post(&laptop.demo_url("/login"), &[&good[..], &extra].concat()).await, 400, "login");
    let logout = format!("{}?{}", laptop.demo_url("/oidc/logout"), encoded(&extra));
    page(&browser.get(&logout).await, 400, "logout");
    assert_eq!(laptop.dump(), before);
}

#[tokio::test]
async fn sec_param_04_an_empty_parameter_is_treated_as_omitted() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 4"));
    let baseline = request("demo-trusted", NATIVE, &pkce);
    let mut browser = Browser::new(&laptop);
    for name in ["code_challenge", "code_challenge_method", "response_type"] {
        let response = browser.authorize(&changed(&baseline, name, Some(""))).await;
        redirected(&laptop, &response, NATIVE, "invalid_request", name);
    }
    for name in ["redirect_uri", "client_id"] {
        page(&browser.authorize(&changed(&baseline, name, Some(""))).await, 400, name);
    }
    let response = browser.log_in(&changed(&baseline, "state", Some(""))).await;
    assert!(!location(&response).unwrap().contains("state"));
    let empty = changed(&changed(&changed(&baseline, "scope", Some("")), "prompt", Some("")), "max_age", Some(""));
    let response = browser.authorize(&empty).await;
    let code = answered(&response, "code").unwrap();
    let fields = exchange("demo-trusted", NATIVE, &code, &pkce.verifier);
    let before = laptop.dump();
    for (name, error) in [
        ("grant_type", "invalid_request"),
        ("code", "invalid_request"),
        ("code_verifier", "invalid_grant"),
        ("client_id", "invalid_request"),
    ] {
        refused(&laptop.form("/oauth2/token", &changed(&fields, name, Some("")), &[]).await, 400, error, name);
    }
    assert_eq!(laptop.dump(), before);
    let tokens = laptop.form("/oauth2/token", &fields, &[]).await;
    assert_eq!(json(&tokens)["scope"], "openid profile email phone offers.read", "the default is the registered scope");
}

#[tokio::test]
async fn sec_param_05_each_endpoint_accepts_only_its_methods() {
    let laptop = Laptop::demo().await;
    let before = laptop.dump();
    for route in ROUTES {
        let path = route.template.replace("{tenant}", "default").replace("{workspace}", "demo");
        let path = path.replace("{idp}", "partner");
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "LOCK"] {
            let preflight = method == "OPTIONS" && route.cross_origin != CrossOrigin::Never;
            if route.methods.contains(&method) || preflight {
                continue;
            }
            let response = laptop.send(method, &path, &[FORM], "code=x&client_id=demo-trusted").await;
            let case = format!("{method} {path}");
            assert_eq!(response.status(), 405, "{case}: {}", body(&response));
            assert_eq!(response.headers()[header::ALLOW], route.methods.join(", ").as_str(), "{case}");
            assert!(!response.headers().contains_key(header::SET_COOKIE), "{case}");
            assert_eq!(response.headers()["cache-control"], "no-store", "{case}");
        }
    }
    assert_eq!(laptop.dump(), before);
}

/// HEAD is supported wherever GET writes nothing (RFC 9110 §9.3.2).
#[tokio::test]
async fn sec_param_05_head_is_get_without_content_where_get_writes_nothing() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 5 head"));
    let mut browser = Browser::new(&laptop);
    let url = format!("{}?{}", laptop.demo_url("/oauth2/authorize"), encoded(&request("demo-web", WEB, &pkce)));
    let login = location(&browser.get(&url).await).unwrap();
    let query = login.split_once('?').unwrap().1;
    let before = laptop.dump();
    for route in ROUTES.iter().filter(|route| route.methods.contains(&"GET")) {
        let path = route.template.replace("{tenant}", "default").replace("{workspace}", "demo");
        let path = path.replace("{idp}", "partner");
        let writes = matches!(route.endpoint, Endpoint::Authorization | Endpoint::Callback | Endpoint::Logout);
        assert_eq!(route.methods.contains(&"HEAD"), !writes, "{path}");
        if writes {
            continue;
        }
        let url = format!("{path}?{query}");
        let (got, head) =
            (browser.send("GET", &url, &[], String::new()).await, browser.send("HEAD", &url, &[], String::new()).await);
        assert_eq!(got.status(), head.status(), "{path}");
        let names = |response: &Response| response.headers().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&got), names(&head), "{path}");
        assert!(head.body().is_empty(), "{path}");
    }
    assert_eq!(laptop.dump(), before);
}

#[tokio::test]
async fn sec_param_05_a_head_request_to_authorize_creates_nothing() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 5"));
    let fields = request("demo-trusted", NATIVE, &pkce);
    let mut browser = Browser::new(&laptop);
    assert!(answered(&browser.log_in(&fields).await, "code").is_some());
    let before = laptop.dump();
    let url = format!("{}?{}", laptop.demo_url("/oauth2/authorize"), encoded(&fields));
    let response = browser.send("HEAD", &url, &[], String::new()).await;
    assert_eq!(
        (response.status().as_u16(), response.body().len()),
        (405, 0),
        "HEAD with a session for which GET would issue a code"
    );
    assert_eq!(laptop.dump(), before);
    assert!(answered(&browser.get(&url).await, "code").is_some(), "GET issues a code");
}

#[tokio::test]
async fn sec_param_06_only_urlencoded_forms_are_accepted() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 6"));
    let endpoints = back_channel(&laptop, &pkce).await;
    let before = laptop.dump();
    let bad = [
        vec![],
        vec![("content-type", "application/json")],
        vec![("content-type", "text/plain")],
        vec![("content-type", "multipart/form-data; boundary=x")],
        vec![("content-type", "application/x-www-form-urlencoded; charset=utf-16")],
        vec![("content-type", "application/x-www-form-urlencodedx")],
        vec![FORM, FORM],
    ];
    for headers in bad {
        let case = format!("{headers:?}");
        for (path, fields) in &endpoints {
            let answer = laptop.send("POST", &laptop.demo_url(path), &headers, encoded(&lent(fields))).await;
            refused(&answer, 400, "invalid_request", &case);
        }
        let fields = encoded(&request("demo-trusted", NATIVE, &pkce));
        for path in ["/oauth2/authorize", "/login", "/login/consent"] {
            let answer = laptop.send("POST", &laptop.demo_url(path), &headers, fields.clone()).await;
            page(&answer, 400, &format!("{path} {case}"));
        }
    }
    assert_eq!(laptop.dump(), before);
    let (path, fields) = &endpoints[0];
    let json = r#"{"grant_type":"authorization_code"}"#;
    refused(&laptop.send("POST", &laptop.demo_url(path), &[FORM], json).await, 400, "invalid_request", "JSON as form");
    let utf8 = [("content-type", "application/x-www-form-urlencoded; charset=UTF-8")];
    let answer = laptop.send("POST", &laptop.demo_url(path), &utf8, encoded(&lent(fields))).await;
    assert_eq!(answer.status(), 200, "with its charset: {}", body(&answer));
}

#[tokio::test]
async fn sec_param_07_broken_escapes_and_invalid_utf8_are_refused_everywhere() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 7"));
    let endpoints = back_channel(&laptop, &pkce).await;
    let before = laptop.dump();
    let bad: [&[u8]; 8] = [b"%ZZ", b"%", b"%4", b"%C0%AF", b"%ED%A0%80", b"%00", b"\xff\xfe", b"%FF"];
    for value in bad {
        let case = String::from_utf8_lossy(value).into_owned();
        for (path, fields) in &endpoints {
            for name in ["code", "token", "client_id", "unknown"] {
                let mut form = encoded(&changed(&lent(fields), name, None)).into_bytes();
                form.extend([b"&", name.as_bytes(), b"=", value].concat());
                let answer = laptop.send("POST", &laptop.demo_url(path), &[FORM], form).await;
                refused(&answer, 400, "invalid_request", &format!("{path} {name} {case}"));
            }
        }
        for name in ["state", "scope", "client_id"] {
            let mut form = encoded(&changed(&request("demo-trusted", NATIVE, &pkce), name, None)).into_bytes();
            form.extend([b"&", name.as_bytes(), b"=", value].concat());
            let url = laptop.demo_url("/oauth2/authorize");
            page(&laptop.send("POST", &url, &[FORM], form.clone()).await, 400, &format!("{name} {case}"));
            let Ok(query) = String::from_utf8(form) else { continue };
            page(&laptop.send("GET", &format!("{url}?{query}"), &[], "").await, 400, &format!("{name} {case}"));
        }
    }
    assert_eq!(laptop.dump(), before);
}

#[tokio::test]
async fn sec_param_07_a_truncated_body_is_refused_and_the_code_survives_it() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 7 truncated"));
    let [(path, fields), _] = back_channel(&laptop, &pkce).await;
    let (whole, before) = (encoded(&lent(&fields)), laptop.dump());
    for cut in 1..=whole.len() {
        let answer = laptop.send("POST", &laptop.demo_url(path), &[FORM], whole[..whole.len() - cut].to_owned()).await;
        assert!(matches!(answer.status().as_u16(), 400 | 401), "{cut}: {}", body(&answer));
    }
    assert_eq!(laptop.dump(), before);
    assert_eq!(laptop.send("POST", &laptop.demo_url(path), &[FORM], whole).await.status(), 200);
}

#[tokio::test]
async fn sec_param_09_a_repeated_singleton_header_is_refused() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 9"));
    let code = code(&laptop, "demo-web", WEB, &pkce).await;
    let good = basic("demo-web:demo-web-secret");
    let fields = changed(&exchange("demo-web", WEB, &code, &pkce.verifier), "client_id", None);
    let before = laptop.dump();
    let twice = [("authorization", good.as_str()), ("authorization", good.as_str())];
    refused(&laptop.form("/oauth2/token", &fields, &twice).await, 401, "invalid_client", "two headers");
    refused(&laptop.form("/oauth2/revoke", &[("token", "x")], &twice).await, 400, "invalid_request", "two headers");
    let joined = format!("{good},{good}");
    let joined = [("authorization", joined.as_str())];
    refused(&laptop.form("/oauth2/token", &fields, &joined).await, 401, "invalid_client", "joined by a comma");
    assert_eq!(laptop.dump(), before);
    let tokens = laptop.form("/oauth2/token", &fields, &twice[..1]).await;
    let bearer = format!("Bearer {}", access_token(&tokens));
    let twice = [("authorization", bearer.as_str()), ("authorization", bearer.as_str())];
    let answer = laptop.send("GET", &laptop.demo_url("/userinfo"), &twice, "").await;
    refused(&answer, 400, "invalid_request", "two bearer tokens");
    assert_eq!(laptop.send("GET", &laptop.demo_url("/userinfo"), &twice[..1], "").await.status(), 200);
}

#[tokio::test]
async fn sec_param_10_and_11_the_authorization_header_is_parsed_strictly() {
    let client = r#"
[[clients]]
client_id = "odd:id"
client_name = "Odd"
token_endpoint_auth_method = "client_secret_basic"
client_secret = "a:b+c%d é"
trusted = true
redirect_uris = ["https://client.example/cb"]
scope = "openid"
"#;
    let laptop = Laptop::with(and_clients(client)).await;
    let pkce = Pkce::new("param 10");
    let fields = changed(&request("odd:id", WEB, &pkce), "scope", Some("openid"));
    let code = answered(&Browser::new(&laptop).log_in(&fields).await, "code").unwrap();
    let fields = changed(&exchange("odd:id", WEB, &code, &pkce.verifier), "client_id", None);
    let good = basic("odd%3Aid:a%3Ab%2Bc%25d+%C3%A9");
    let payload = good.strip_prefix("Basic ").unwrap();
    let bad = [
        format!("Basic\t{payload}"),
        format!("Basic \t{payload}"),
        format!("Basic{payload}"),
        format!("Basic {}", payload.trim_end_matches('=')),
        format!("Basic {}", payload.replace('=', "%3D")),
        format!("Bearer {payload}"),
        "Basic !!!".into(),
        basic("nocolon"),
        basic("%zz:x"),
        basic("odd%3Aid:%zz"),
        basic("odd:id:a:b+c%25d+%C3%A9"),
        basic("odd%3Aid:a:b c%d \u{e9}"),
        basic("odd%3Aid:wrong"),
    ];
    let before = laptop.dump();
    for header in &bad {
        let answer = laptop.form("/oauth2/token", &fields, &[("authorization", header)]).await;
        refused(&answer, 401, "invalid_client", header);
    }
    assert_eq!(laptop.dump(), before);
    let lower = good.replace("Basic", "bAsIc  ");
    let tokens = laptop.form("/oauth2/token", &fields, &[("authorization", &lower)]).await;
    bearer_is_read_strictly(&laptop, &access_token(&tokens)).await;
}

async fn bearer_is_read_strictly(laptop: &Laptop, token: &str) {
    let url = laptop.demo_url("/userinfo");
    let table = [
        (format!("bearer {token}"), 200),
        (format!("BEARER {token}"), 200),
        (format!("Bearer\t{token}"), 400),
        (format!("Bearer  {token}"), 200),
        (format!("Bearer {token} "), 400),
        (format!("Bearer {token}\u{e9}"), 400),
        (format!("Basic {token}"), 401),
        ("Bearer".into(), 400),
    ];
    for (header, status) in table {
        let answer = laptop.send("GET", &url, &[("authorization", &header)], "").await;
        assert_eq!(answer.status(), status, "{header}: {}", body(&answer));
    }
}

#[tokio::test]
async fn sec_param_12_a_code_and_a_token_have_one_spelling() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 12"));
    let code = trusted_code(&laptop, &pkce).await;
    let before = laptop.dump();
    for other in respelled(&code) {
        refused(&redeemed(&laptop, &other, &pkce).await, 400, "invalid_grant", &other);
    }
    assert_eq!(laptop.dump(), before);
    let token = access_token(&redeemed(&laptop, &code, &pkce).await);
    for other in respelled(&token) {
        let answer = laptop.userinfo(&other).await;
        assert!(matches!(answer.status().as_u16(), 400 | 401), "{other}: {}", body(&answer));
    }
    assert_eq!(laptop.userinfo(&token).await.status(), 200);
}

/// Spellings that a lax decoder accepts as equal: padding, white space, the other alphabet, and unused bits set in the
/// last character.
fn respelled(text: &str) -> Vec<String> {
    let (body, last) = text.split_at(text.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(last).unwrap();
    let mut all: Vec<String> = (1..=3).map(|more| format!("{body}{}", &alphabet[at ^ more..=at ^ more])).collect();
    all.extend(["=", "==", "%3D", "\u{a0}", "."].map(|tail| format!("{text}{tail}")));
    let other_alphabet = text.replacen('-', "+", 1).replacen('_', "/", 1);
    if other_alphabet != text {
        all.push(other_alphabet);
    }
    all
}

#[tokio::test]
async fn sec_param_15_and_18_scopes_follow_the_grammar_and_are_compared_exactly() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 18"));
    let baseline = request("demo-trusted", NATIVE, &pkce);
    let (mut browser, before) = (Browser::new(&laptop), laptop.dump());
    let many = (0..101).map(|number| format!("s{number}")).collect::<Vec<_>>().join(" ");
    let bad = [
        "openid\tprofile",
        "openid  profile",
        " openid",
        "openid ",
        "openid\"x",
        "openid\\",
        "OpenID",
        "openid admin",
        "openid\u{301}",
        "op\u{e9}nid",
        "openid\nprofile",
        &many,
    ];
    for scope in bad {
        let response = browser.authorize(&changed(&baseline, "scope", Some(scope))).await;
        redirected(&laptop, &response, NATIVE, "invalid_scope", scope);
        assert_eq!(answered(&response, "state").as_deref(), Some("state-1"));
    }
    assert_eq!(laptop.dump(), before);
    for scope in ["email openid profile", "openid email profile email openid"] {
        let response = browser.log_in(&changed(&baseline, "scope", Some(scope))).await;
        assert!(answered(&response, "code").is_some(), "{scope}");
    }
}

#[tokio::test]
async fn sec_param_16_no_response_reflects_the_request() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 16"));
    let baseline = request("demo-trusted", NATIVE, &pkce);
    let evil = "\"><script>pwned</script>\r\n\tpwned\\";
    for name in ["scope", "response_type", "response_mode", "prompt", "max_age", "code_challenge", "request"] {
        let response = Browser::new(&laptop).authorize(&changed(&baseline, name, Some(evil))).await;
        let location = location(&response).unwrap();
        assert!(!location.contains("pwned"), "{name}: {location}");
        assert!(answered(&response, "error").is_some(), "{name}");
    }
    let code = trusted_code(&laptop, &pkce).await;
    let fields = exchange("demo-trusted", NATIVE, &code, &pkce.verifier);
    for name in ["grant_type", "client_id", "redirect_uri", "code", "code_verifier", "client_secret"] {
        let answer = laptop.form("/oauth2/token", &changed(&fields, name, Some(evil)), &[]).await;
        assert!(answer.status().is_client_error(), "{name}");
        assert!(!body(&answer).contains("pwned"), "{name}: {}", body(&answer));
    }
    let challenge = laptop.send("GET", &laptop.demo_url("/userinfo"), &[("authorization", "Bearer pwned")], "").await;
    refused(&challenge, 401, "invalid_token", "a bearer token");
    assert!(!format!("{:?} {}", challenge.headers(), body(&challenge)).contains("pwned"));
}

/// The only part of an error that depends on the request is the region of a code: at most sixteen harmless characters.
#[tokio::test]
async fn sec_param_16_an_invalid_region_in_a_code_is_not_reflected() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 16 region"));
    let code = trusted_code(&laptop, &pkce).await;
    let elsewhere = code.replacen("local", "<b>pwned</b>", 1);
    let answer = redeemed(&laptop, &elsewhere, &pkce).await;
    refused(&answer, 400, "invalid_grant", "an invalid region");
    assert!(!body(&answer).contains("pwned"));
}

/// Pads `fields` to `length` bytes with an unknown parameter.
fn padded(fields: &[(&str, &str)], length: usize) -> String {
    let form = encoded(fields);
    let missing = length - form.len() - "&extra=".len();
    format!("{form}&extra={}", "a".repeat(missing))
}

fn looked_at_nothing(laptop: &Laptop, case: &str) {
    let calls = laptop.wire.calls();
    let configuration = ["workspace", "client", "key-ring"];
    assert!(calls.iter().all(|call| configuration.contains(&call.kind.as_str())), "{case}: {calls:?}");
}

#[tokio::test]
async fn sec_param_17_authorization_requests_are_accepted_up_to_each_limit_and_not_beyond() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 17"));
    let baseline = request("demo-trusted", NATIVE, &pkce);
    let scope = |length: usize| format!("openid email {}", "openid ".repeat(length / 7 + 1))[..length].to_owned();
    let ends_in_token = |text: String| if text.ends_with(' ') { format!("{}x", text.trim_end()) } else { text };
    let table = [
        ("state", "a".repeat(1024), true),
        ("state", "a".repeat(2372), true),
        ("state", "a".repeat(4096), true),
        ("state", "a".repeat(4097), false),
        ("nonce", "a".repeat(64), true),
        ("nonce", "a".repeat(512), true),
        ("nonce", "a".repeat(513), false),
        ("login_hint", "a".repeat(320), true),
        ("login_hint", "a".repeat(321), false),
        ("scope", ends_in_token(scope(2049)), false),
        ("claims", format!("{{\"x\":\"{}\"}}", "a".repeat(7000)), true),
        ("claims", format!("{{\"x\":{}1{}}}", "[".repeat(8), "]".repeat(8)), false),
        ("acr_values", ["x"; 20].join(" "), true),
        ("acr_values", ["x"; 21].join(" "), false),
        ("ui_locales", ["de"; 20].join(" "), true),
        ("ui_locales", ["de"; 21].join(" "), false),
        ("max_age", "4294967295".into(), true),
        ("max_age", "4294967296".into(), false),
    ];
    for (name, value, accepted) in table {
        let case = format!("{name} of {}", value.len());
        let _ = laptop.wire.calls();
        let response = Browser::new(&laptop).authorize(&changed(&baseline, name, Some(&value))).await;
        if accepted {
            assert!(body(&response).contains("name=\"password\""), "{case}: {}", body(&response));
        } else {
            let error = if name == "scope" { "invalid_scope" } else { "invalid_request" };
            redirected(&laptop, &response, NATIVE, error, &case);
            assert_eq!(answered(&response, "state").is_some(), name != "state", "{case}");
            looked_at_nothing(&laptop, &case);
        }
    }
    for (length, status) in [(8192, 303), (8193, 400)] {
        let url = format!("{}?{}", laptop.demo_url("/oauth2/authorize"), padded(&baseline, length));
        assert_eq!(Browser::new(&laptop).get(&url).await.status(), status, "a query of {length}");
    }
    page(&Browser::new(&laptop).authorize(&changed(&baseline, "client_id", Some(&"c".repeat(2049)))).await, 400, "id");
}

#[tokio::test]
async fn sec_param_17_and_sec_dos_01_a_body_is_accepted_up_to_its_limit_and_not_beyond() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 17 body"));
    let endpoints = back_channel(&laptop, &pkce).await;
    for (path, fields) in &endpoints {
        let (url, _) = (laptop.demo_url(path), laptop.wire.calls());
        let answer = laptop.send("POST", &url, &[FORM], padded(&lent(fields), 65537)).await;
        refused(&answer, 413, "invalid_request", path);
        looked_at_nothing(&laptop, path);
        assert_eq!(laptop.send("POST", &url, &[FORM], padded(&lent(fields), 65536)).await.status(), 200, "{path}");
    }
    let baseline = request("demo-trusted", NATIVE, &pkce);
    let mut browser = Browser::new(&laptop);
    let login = browser.authorize(&baseline).await;
    let interaction = form(&login).hidden[0].1.clone();
    let fields = [("interaction", interaction.as_str()), ("username", "alice"), ("password", "alice")];
    let before = laptop.dump();
    for (path, fields) in [("/oauth2/authorize", &baseline[..]), ("/login", &fields[..])] {
        let url = laptop.demo_url(path);
        page(&browser.send("POST", &url, &[FORM], padded(fields, 65537)).await, 400, path);
        assert_eq!(laptop.dump(), before, "{path}");
        assert_eq!(browser.send("POST", &url, &[FORM], padded(fields, 65536)).await.status(), 303, "{path}");
    }
}

/// All parameters at their limit do not fit into a cookie; the client gets an error, and nothing is left half done.
#[tokio::test]
async fn sec_param_17_a_request_too_large_for_a_cookie_is_an_error_at_the_client() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 17 all"));
    let (state, before) = ("\u{1}".repeat(2048), laptop.dump());
    let fields = changed(&request("demo-trusted", NATIVE, &pkce), "state", Some(&state));
    let form = encoded(&fields);
    let response = laptop
        .send("POST", &laptop.demo_url("/oauth2/authorize"), &[FORM, ("cookie", "session.default.demo=x")], form)
        .await;
    let case = "a state of control characters, which seals to six times its size";
    redirected(&laptop, &response, NATIVE, "invalid_request", case);
    let description = answered(&response, "error_description").unwrap();
    assert!(description.contains("state has 2048 bytes") && description.contains("the limit is 6700"), "{description}");
    assert_eq!(laptop.dump(), before);
}

/// Amazon Cognito as a relying party sends 2,400 bytes of `state`, which cannot be reduced.
#[tokio::test]
async fn sec_param_17_a_long_state_survives_login_and_consent() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 17 long"));
    let state = "H4sIAAAAAAAAAGNgYGBg.AAAA-_=:2".repeat(140)[..4096].to_owned();
    let fields = changed(&request("demo-spa", SPA, &pkce), "state", Some(&state));
    let mut browser = Browser::new(&laptop);
    let login = browser.authorize(&fields).await;
    let consent = browser.sign_in(&login, "alice", "alice").await;
    let answer = browser.decide(&consent, "allow", &[]).await;
    assert_eq!(answered(&answer, "state").as_deref(), Some(state.as_str()));
    let refused = browser.authorize(&changed(&fields, "state", Some(&"a".repeat(4097)))).await;
    let description = answered(&refused, "error_description").unwrap();
    assert!(
        description.contains("state") && description.contains("4097") && description.contains("4096"),
        "{description}"
    );
}

#[tokio::test]
async fn sec_param_19_an_authorization_request_by_post_equals_one_by_get() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 19"));
    let fields = request("demo-trusted", NATIVE, &pkce);
    let mut browser = Browser::new(&laptop);
    let response = browser.send("POST", &laptop.demo_url("/oauth2/authorize"), &[FORM], encoded(&fields)).await;
    let login = browser.follow(response).await;
    let response = browser.sign_in(&login, "alice", "alice").await;
    assert_eq!(answered(&response, "state").as_deref(), Some("state-1"));
    let same_site = browser.send("POST", &laptop.demo_url("/oauth2/authorize"), &[FORM], encoded(&fields)).await;
    assert!(answered(&same_site, "code").is_some(), "with the session's cookie");
    let cross_site = laptop.send("POST", &laptop.demo_url("/oauth2/authorize"), &[FORM], encoded(&fields)).await;
    assert_eq!(cross_site.status(), 303);
    let again = browser.get(&location(&cross_site).unwrap()).await;
    assert!(answered(&again, "code").is_some(), "the redirected GET carries the session cookie");
    let nobody = laptop.send("GET", &location(&cross_site).unwrap(), &[], "").await;
    assert!(location(&nobody).unwrap().contains("/login?interaction="), "no redirect loop");
}

/// Form values may contain characters that a query may not: raw UTF-8, spaces, number signs.
#[tokio::test]
async fn sec_param_19_a_post_without_cookies_is_repeated_unchanged_by_get() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 19 raw"));
    let fields = changed(&request("demo-trusted", NATIVE, &pkce), "state", None);
    for state in ["plain", "a#b", "\u{e9}", "a b", "%F0%9F%98%80"] {
        let (mut browser, form) = (Browser::new(&laptop), format!("state={state}&{}", encoded(&fields)));
        let response = browser.send("POST", &laptop.demo_url("/oauth2/authorize"), &[FORM], form).await;
        assert!(
            location(&response).is_some_and(|location| !location.contains('#')),
            "{state}: {:?}",
            location(&response)
        );
        let login = browser.follow(response).await;
        assert_eq!(login.status(), 200, "{state}: {}", body(&login));
        let response = browser.sign_in(&login, "alice", "alice").await;
        let expected = if state.starts_with('%') { "\u{1F600}" } else { state };
        assert_eq!(answered(&response, "state").as_deref(), Some(expected), "{state}");
    }
}

#[tokio::test]
async fn sec_param_20_a_path_is_matched_literally() {
    let laptop = Laptop::demo().await;
    for path in [
        "/default/demo/oauth2/Token",
        "//default/demo/oauth2/token",
        "/default/demo//oauth2/token",
        "/default/demo/oauth2/token/",
        "/default/demo/oauth2/token;x",
        "/default/demo/oauth2/%74oken",
        "/default/demo/./oauth2/token",
        "/default/demo/oauth2/../oauth2/token",
        "/DEFAULT/demo/oauth2/token",
        "/default/demo/oauth2/authorize/x.css",
        "/default/demo/login/x.css",
        "/default/demo/.well-known/openid-configuration/",
        "/default/nobody/oauth2/token",
        "/nobody/demo/oauth2/authorize",
        "/default/demo/userinfo\u{0}",
    ] {
        for method in ["GET", "POST"] {
            let response = laptop.send(method, path, &[FORM], "").await;
            assert_eq!(response.status(), 404, "{method} {path}: {}", body(&response));
            assert_eq!(response.headers()["cache-control"], "no-store", "{path}");
        }
    }
}

#[tokio::test]
async fn sec_param_09_and_sec_sess_13_two_cookies_of_one_name_count_as_none() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("param 9 cookies"));
    let mut browser = Browser::new(&laptop);
    let fields = request("demo-spa", SPA, &pkce);
    assert!(answered(&browser.log_in(&fields).await, "code").is_some());
    let session = &browser.cookies["session.default.demo"];
    let (once, twice) = (format!("session.default.demo={session}"), format!("session.default.demo={session}; "));
    let url =
        format!("{}?{}", laptop.demo_url("/oauth2/authorize"), encoded(&changed(&fields, "prompt", Some("none"))));
    let planted = format!("{twice}session.default.demo={}", "A".repeat(43));
    for cookies in [format!("{twice}{once}"), planted] {
        let response = laptop.send("GET", &url, &[("cookie", &cookies)], "").await;
        redirected(&laptop, &response, SPA, "login_required", &cookies);
    }
    let response = laptop.send("GET", &url, &[("cookie", &once), ("cookie", &once)], "").await;
    redirected(&laptop, &response, SPA, "login_required", "two headers");
    assert!(answered(&laptop.send("GET", &url, &[("cookie", &once)], "").await, "code").is_some(), "one is");
}
