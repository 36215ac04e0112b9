//! Well-formed and malformed Lambda events.

use serde_json::{Value, json as value};
use tests::Pkce;
use tests::browser::{answered, body, exchange, json, request};
use tests::expect;
use tests::lambda::{Account, Event, FUNCTIONS, Process, Visitor};

use crate::flow::{NATIVE, URL, logged_in};

const CONFIGURATION: &str = "/default/demo/.well-known/openid-configuration";

#[tokio::test]
async fn a_stage_in_the_path_is_stripped() {
    let account = Account::new(URL, |file| file).await;
    let metadata = account.start("metadata").await;
    let staged = Event::new("GET", &format!("/prod{CONFIGURATION}")).stage("prod");
    let response = metadata.invoke(staged).await;
    assert_eq!(json(&response)["issuer"], "https://auth.example/default/demo", "the issuer comes from configuration");
    let unstaged = metadata.invoke(Event::new("GET", CONFIGURATION).stage("prod")).await;
    assert_eq!(unstaged.status(), 200, "a custom domain strips the stage");
    let other = metadata.invoke(Event::new("GET", &format!("/prod{CONFIGURATION}"))).await;
    expect::refused(&other, 404, "not_found", "the default stage has no name");

    let token = account.start("token").await;
    let event = Event::new("POST", "/prod/default/demo/oauth2/token").stage("prod").form(&[("client_id", "demo-spa")]);
    expect::refused(&token.invoke(event).await, 400, "invalid_request", "the token endpoint was reached");
}

#[tokio::test]
async fn the_whole_flow_works_behind_the_base_path_of_a_custom_domain() {
    let account = Account::new("https://auth.example/key", |file| file).await;
    let fleet = account.start_all().await;
    let (pkce, mut visitor) = (Pkce::new("base path"), Visitor::new(&fleet));
    let allowed = logged_in(&mut visitor, &request("demo-native", NATIVE, &pkce), "alice").await;
    assert_eq!(answered(&allowed, "iss").as_deref(), Some("https://auth.example/key/default/demo"));
    assert!(visitor.seen.iter().all(|url| url.starts_with("https://auth.example/key/") || url.starts_with(NATIVE)));
    let code = answered(&allowed, "code").unwrap();
    let tokens = fleet.form("/oauth2/token", &exchange("demo-native", NATIVE, &code, &pkce.verifier)).await;
    assert_eq!(tokens.status(), 200, "{}", body(&tokens));
    let tokens = json(&tokens);
    assert_eq!(fleet.userinfo(tokens["access_token"].as_str().unwrap()).await.status(), 200);
    let keyed = fleet.processes["metadata"].invoke(Event::new("GET", &format!("/keyed{CONFIGURATION}"))).await;
    expect::refused(&keyed, 404, "not_found", "a longer base path does not match");
}

#[tokio::test]
async fn sec_sess_15_a_workspace_is_served_at_its_domain_and_no_header_names_it() {
    let (demo, domain) = ("workspace = \"demo\"", "workspace = \"demo\"\ndomain = \"login.acme.example\"");
    let at_domain = |file: String| file.replacen(demo, domain, 1);
    let account = Account::new(URL, at_domain).await;
    let configuration = "/.well-known/openid-configuration";
    let sent_to = |name: &str, path: &str| {
        Event::new("GET", path).header("host", "login.acme.example").with("/requestContext", "domainName", name.into())
    };
    let metadata = account.start("metadata").await;
    let found = metadata.invoke(sent_to("login.acme.example", configuration)).await;
    assert_eq!(json(&found)["issuer"], "https://login.acme.example", "{}", body(&found));
    for (name, path) in [
        ("auth.example", configuration),
        ("auth.example", CONFIGURATION),
        ("login.acme.example", CONFIGURATION),
        ("login.other.example", configuration),
        ("login.other.example", CONFIGURATION),
    ] {
        expect::refused(&metadata.invoke(sent_to(name, path)).await, 404, "not_found", &format!("{name}{path}"));
    }
    let partner =
        metadata.invoke(sent_to("r3pmxmplak.execute-api.example", &CONFIGURATION.replace("demo", "partner"))).await;
    assert_eq!(json(&partner)["issuer"], "https://auth.example/default/partner", "another name of the server");
    let token = account.start("token").await;
    let form = Event::new("POST", "/oauth2/token").form(&[("client_id", "demo-spa")]);
    let token = token.invoke(form.with("/requestContext", "domainName", "login.acme.example".into())).await;
    expect::refused(&token, 400, "invalid_request", "the token endpoint was reached");
}

#[tokio::test]
async fn an_unknown_tenant_or_workspace_is_a_404_in_json_to_programs_and_a_page_to_people() {
    let account = Account::new(URL, |file| file).await;
    let paths = [
        ("token", "POST", "/nobody/demo/oauth2/token"),
        ("token", "POST", "/default/nobody/oauth2/token"),
        ("userinfo", "GET", "/nobody/demo/userinfo"),
        ("introspect", "POST", "/nobody/demo/oauth2/introspect"),
        ("revoke", "POST", "/nobody/demo/oauth2/revoke"),
        ("par", "POST", "/nobody/demo/par"),
        ("device", "POST", "/nobody/demo/device/authorization"),
        ("metadata", "GET", "/nobody/demo/.well-known/openid-configuration"),
        ("metadata", "GET", "/.well-known/openid-configuration/nobody/demo"),
        ("metadata", "GET", "/nobody/demo/.well-known/jwks.json"),
    ];
    for (name, method, path) in paths {
        let response = account.start(name).await.invoke(Event::new(method, path)).await;
        expect::refused(&response, 404, "not_found", path);
        assert_eq!(json(&response)["trace_id"], "JKJaXmPLvHcESHA=", "{path}");
    }
    let authorize = account.start("authorize").await;
    let event = Event::new("GET", "/nobody/demo/oauth2/authorize?client_id=demo-spa");
    expect::refused(&authorize.invoke(event.clone()).await, 404, "not_found", "a program");
    expect::page(&authorize.invoke(event.header("accept", "text/html,*/*;q=0.8")).await, 404, "a browser");
}

/// Other applications on the host set cookies as well; theirs must not cause a refusal.
#[tokio::test]
async fn sec_sess_17_a_cookie_that_is_not_a_valid_header_value_is_ignored() {
    let account = Account::new(URL, |file| file).await;
    let metadata = account.start("metadata").await;
    for cookies in [value!(["a=b\nc"]), value!(["a=b\u{0}", "theme=caf\u{e9}"])] {
        let answer = metadata.invoke(Event::new("GET", CONFIGURATION).with("", "cookies", cookies.clone())).await;
        assert_eq!(answer.status(), 200, "{cookies}");
    }
}

/// Malformed events, whatever their source: none may stop the process.
fn broken() -> Vec<(&'static str, Event)> {
    let get = || Event::new("GET", CONFIGURATION);
    let headers = |headers: Value| get().with("", "headers", headers);
    vec![
        ("invalid base64", get().with("", "body", "%%%".into()).with("", "isBase64Encoded", true.into())),
        ("base64 cut short", get().with("", "body", "YQ".into()).with("", "isBase64Encoded", true.into())),
        ("a header with a newline", headers(value!({"x-a": "b\r\nset-cookie: c=d"}))),
        ("a header with a NUL", headers(value!({"x-a": "b\u{0}"}))),
        ("a header's name with a space", headers(value!({"x a": "b"}))),
        ("an empty header's name", headers(value!({"": "b"}))),
        ("an invalid method", get().with("/requestContext/http", "method", "GET /".into())),
        ("an empty method", get().with("/requestContext/http", "method", "".into())),
        ("a path with spaces", Event::new("GET", "/default/de mo/.well-known/openid-configuration")),
        ("a path beyond ASCII", Event::new("GET", "/d\u{e9}fault/\u{1f511}/userinfo")),
        ("a path that climbs", Event::new("GET", "/default/../default/demo/userinfo")),
        ("a path with a line break", Event::new("GET", "/default/demo/\r\nx: y")),
        ("an empty path", Event::new("GET", "")),
        ("a path without slash", Event::new("GET", "default/demo/userinfo")),
        ("a very long path", Event::new("GET", &"/a".repeat(50_000))),
    ]
}

#[tokio::test]
async fn sec_dos_08_a_malformed_event_is_a_4xx_and_the_process_keeps_running() {
    let account = Account::new(URL, |file| file).await;
    for name in FUNCTIONS {
        let process = account.start(name).await;
        for (case, event) in broken() {
            let response = process.invoke(event).await;
            assert!(response.status().is_client_error(), "{name}, {case}: {} {}", response.status(), body(&response));
            assert_eq!(response.headers()["cache-control"], "no-store", "{name}, {case}");
            assert_eq!(response.headers()["x-content-type-options"], "nosniff", "{name}, {case}");
            assert!(!response.headers().contains_key("set-cookie"), "{name}, {case}");
        }
        assert_eq!(alive(&process, name).await, 200, "{name}");
    }
}

/// Returns the status of a request that is as valid as possible without a login.
async fn alive(process: &Process, name: &str) -> u16 {
    let (method, path, expected) = match name {
        "authorize" => ("GET", "/default/demo/oauth2/authorize?client_id=demo-spa", 400),
        "login" => ("GET", "/default/demo/login", 400),
        // The demo sends no mail, so there is no such page.
        "enroll" => ("GET", "/default/demo/login/recovery", 404),
        "callback" => ("GET", "/default/demo/callback/partner", 400),
        "token" => ("POST", "/default/demo/oauth2/token", 400),
        "introspect" => ("POST", "/default/demo/oauth2/introspect", 400),
        "revoke" => ("POST", "/default/demo/oauth2/revoke", 400),
        "par" => ("POST", "/default/demo/par", 400),
        "device" => ("POST", "/default/demo/device/authorization", 400),
        "userinfo" => ("GET", "/default/demo/userinfo", 401),
        "logout" => ("GET", "/default/demo/oidc/logout", 200),
        "account" => ("GET", "/default/demo/account", 303),
        _ => ("GET", CONFIGURATION, 200),
    };
    let status = process.invoke(Event::new(method, path)).await.status().as_u16();
    if status == expected { 200 } else { status }
}

#[tokio::test]
async fn forwarded_host_and_protocol_headers_change_nothing() {
    let account = Account::new(URL, |file| file).await;
    let metadata = account.start("metadata").await;
    let plain = json(&metadata.invoke(Event::new("GET", CONFIGURATION)).await);
    let table = [
        ("host", "a b"),
        ("host", ""),
        ("host", "evil.example"),
        ("host", "[::1"),
        ("host", "auth.example:99999"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-proto", "%%"),
        ("x-forwarded-proto", "https://"),
        ("x-forwarded-port", "-1"),
        ("forwarded", "host=evil.example;proto=gopher"),
        ("user-agent", "na\u{ef}ve \u{1f511}"),
        ("content-length", "-1"),
        ("transfer-encoding", "chunked"),
        ("accept-encoding", "*;q=nonsense"),
    ];
    for (name, header) in table {
        let response = metadata.invoke(Event::new("GET", CONFIGURATION).header(name, header)).await;
        assert_eq!(response.status(), 200, "{name}: {header}");
        assert_eq!(json(&response), plain, "{name}: {header}");
    }
}

/// Events that no HTTP API sends; each carries a value that must not be revealed.
fn foreign() -> [Event; 4] {
    let get = || Event::new("GET", CONFIGURATION);
    [
        get().with("", "rawPath", Value::Null),
        get().with("", "requestContext", "canary-context".into()),
        get().with("", "cookies", "session=canary-cookie".into()),
        get().with("/headers", "authorization", value!(["Bearer canary-token"])),
    ]
}

#[tokio::test]
async fn a_foreign_event_is_no_success_and_the_next_event_is_served() {
    let account = Account::new(URL, |file| file).await;
    let metadata = account.start("metadata").await;
    for event in foreign() {
        let succeeded = metadata.outcome(event).await.is_ok_and(|answer| answer["statusCode"] == 200);
        assert!(!succeeded);
        assert_eq!(metadata.invoke(Event::new("GET", CONFIGURATION)).await.status(), 200);
    }
}

#[tokio::test]
async fn sec_log_01_a_foreign_event_is_not_quoted_in_the_log() {
    let account = Account::new(URL, |file| file).await;
    let metadata = account.start("metadata").await;
    for event in foreign() {
        let _ = metadata.outcome(event).await;
    }
    let log = metadata.stop();
    assert!(!log.contains("canary"), "{log}");
}
