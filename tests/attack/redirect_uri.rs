//! Section A: redirect URIs.

use tests::browser::{answered, body, changed, exchange, location, request};
use tests::expect::{beyond_quotation, page, refused};
use tests::laptop::encoded;
use tests::{Browser, Laptop, Pkce};

use crate::given::{NATIVE, SPA, WEB, and_clients, basic, code, redeemed, trusted_code};

const CLIENTS: &str = r#"
[[clients]]
client_id = "app"
client_name = "App"
token_endpoint_auth_method = "none"
redirect_uris = ["https://app.example/cb"]
scope = "openid profile email"

[[clients]]
client_id = "two"
client_name = "Two"
token_endpoint_auth_method = "none"
redirect_uris = ["https://app.example/cb", "https://app.example/cb2"]
scope = "openid profile email"

[[clients]]
client_id = "query"
client_name = "Query"
token_endpoint_auth_method = "none"
trusted = true
redirect_uris = ["https://app.example/cb?tenant=7"]
scope = "openid profile email"

[[clients]]
client_id = "literal"
client_name = "Literal"
token_endpoint_auth_method = "none"
redirect_uris = ["https://app.example/a%2Fb", "https://app.example/*", "https://app.example/.x"]
scope = "openid profile email"

[[clients]]
client_id = "mixed"
client_name = "Mixed"
application_type = "native"
token_endpoint_auth_method = "none"
redirect_uris = ["http://127.0.0.1/cb", "https://app.example/cb", "https://127.0.0.1/cb"]
scope = "openid profile email"

[[clients]]
client_id = "inactive"
client_name = "Inactive"
client_status = "inactive"
token_endpoint_auth_method = "none"
redirect_uris = ["https://app.example/cb"]
scope = "openid profile email"
"#;

const APP: &str = "https://app.example/cb";

async fn laptop() -> Laptop {
    Laptop::with(and_clients(CLIENTS)).await
}

/// A browser whose user is logged in and has consented to `app`.
async fn consented<'l>(laptop: &'l Laptop, pkce: &Pkce) -> Browser<'l> {
    let mut browser = Browser::new(laptop);
    let response = browser.log_in(&request("app", APP, pkce)).await;
    assert!(answered(&response, "code").is_some());
    browser
}

/// Sends each of `bad` for `client`: only an error page comes back, and nothing is written or registered.
async fn none_is_accepted(browser: &mut Browser<'_>, laptop: &Laptop, client: &str, bad: &[&str]) {
    let (pkce, before) = (Pkce::new("bad"), laptop.dump());
    for uri in bad {
        for (prompt, mode) in [(None, None), (Some("none"), Some("query")), (None, Some("form_post"))] {
            let fields = changed(&request(client, uri, &pkce), "prompt", prompt);
            let response = browser.authorize(&changed(&fields, "response_mode", mode)).await;
            page(&response, 400, uri);
            let html = beyond_quotation(&response);
            assert!(uri.len() < 5 || !html.contains(uri), "{uri} is more than quoted");
            assert!(!html.contains("example"), "{uri} is more than quoted in part");
        }
    }
    assert_eq!(laptop.dump(), before);
}

#[tokio::test]
async fn sec_redir_01_and_02_and_03_and_10_and_18_only_byte_equal_registered_uris_are_redirected_to() {
    let laptop = laptop().await;
    let mut browser = consented(&laptop, &Pkce::new("redir 1")).await;
    let bad = [
        "https://app.example/cb/",
        "https://app.example/CB",
        "HTTPS://app.example/cb",
        "https://APP.example/cb",
        "https://app.example/cb?x=1",
        "https://app.example/cb?",
        "https://app.example/cb#",
        "https://app.example/cb#x",
        "https://app.example/./cb",
        "https://app.example/x/../cb",
        "https://app.example//cb",
        "https://app.example/c%62",
        "https://app.example/cb%20",
        "https://app.example/cb%00",
        "https://app.example:443/cb",
        "https://app.example:8443/cb",
        "http://app.example/cb",
        "https://app.example/cb ",
        "https://app.example/cb\t",
        "https://app.example/cb\n",
        "https://app.example/cb\0",
        " https://app.example/cb",
        "https:/app.example/cb",
        "https:app.example/cb",
        "//app.example/cb",
        "/cb",
        "",
    ];
    none_is_accepted(&mut browser, &laptop, "app", &bad).await;
    let response = browser.authorize(&request("app", APP, &Pkce::new("good"))).await;
    assert!(answered(&response, "code").is_some(), "the registered URI still works");
}

#[tokio::test]
async fn sec_redir_04_and_05_user_info_and_lookalike_uris_are_rejected() {
    let laptop = laptop().await;
    let mut browser = consented(&laptop, &Pkce::new("redir 4")).await;
    let bad = [
        "https://app.example@evil.example/cb",
        "https://app.example:pw@evil.example/cb",
        "https://app.example%40evil.example/cb",
        "https://evil.example#@app.example/cb",
        "https://app.example\\@evil.example/cb",
        "https:\\\\app.example\\cb",
        "https://app.example\\.evil.example/cb",
        "https://evil.example\t",
        "https://app.example/cb\r\nSet-Cookie:x",
        "https://app\u{3002}example/cb",
        "https://\u{430}pp.example/cb",
    ];
    none_is_accepted(&mut browser, &laptop, "app", &bad).await;
}

#[tokio::test]
async fn sec_redir_02_an_unknown_inactive_or_foreign_client_gets_an_error_page() {
    let laptop = laptop().await;
    let (pkce, before) = (Pkce::new("redir 2"), laptop.dump());
    let baseline = request("app", APP, &pkce);
    let long = "c".repeat(600);
    for client in ["nobody", "inactive", "demo", "APP", "app ", "", "app\u{0}", &long] {
        let response = Browser::new(&laptop).authorize(&changed(&baseline, "client_id", Some(client))).await;
        page(&response, 400, client);
        assert!(!body(&response).contains("app.example"), "{client}");
    }
    page(&Browser::new(&laptop).authorize(&changed(&baseline, "client_id", None)).await, 400, "no client_id");
    page(&Browser::new(&laptop).authorize(&changed(&baseline, "redirect_uri", None)).await, 400, "no redirect_uri");
    assert_eq!(laptop.dump(), before);
}

#[tokio::test]
async fn sec_redir_08_a_registered_query_is_kept_and_the_response_appended() {
    let (laptop, pkce) = (laptop().await, Pkce::new("redir 8"));
    let uri = "https://app.example/cb?tenant=7";
    let mut browser = Browser::new(&laptop);
    let response = browser.log_in(&request("query", uri, &pkce)).await;
    let location = location(&response).unwrap();
    assert!(location.starts_with("https://app.example/cb?tenant=7&code="), "{location}");
    assert_eq!(location.matches('?').count(), 1, "{location}");
    assert_eq!(answered(&response, "state").as_deref(), Some("state-1"));
    let denied = browser.authorize(&changed(&request("query", uri, &pkce), "scope", Some("bogus"))).await;
    let location = tests::browser::location(&denied).unwrap();
    assert!(location.starts_with("https://app.example/cb?tenant=7&error=invalid_scope&"), "{location}");
    none_is_accepted(&mut browser, &laptop, "query", &[APP, "https://app.example/cb?tenant=8"]).await;
}

#[tokio::test]
async fn sec_redir_09_and_12_and_19_registered_uris_are_literal_and_the_port_rule_covers_nothing_else() {
    let laptop = laptop().await;
    let mut browser = Browser::new(&laptop);
    let literals = [
        "https://app.example/x",
        "https://app.example/",
        "https://app.example/ax",
        "https://app.example/a/b",
        "https://app.example/a%2fb",
        "https://app.example/a%252Fb",
    ];
    none_is_accepted(&mut browser, &laptop, "literal", &literals).await;
    let ports = ["https://app.example:9999/cb", "https://127.0.0.1:9999/cb", "http://app.example:80/cb"];
    none_is_accepted(&mut browser, &laptop, "mixed", &ports).await;
    none_is_accepted(&mut browser, &laptop, "app", &["https%3A%2F%2Fapp.example%2Fcb", "http://127.0.0.1/cb"]).await;
    let pkce = Pkce::new("literal");
    let good = request("literal", "https://app.example/a%2Fb", &pkce);
    assert_eq!(browser.authorize(&good).await.status(), 200, "the literal value is accepted");
}

#[tokio::test]
async fn sec_redir_11_a_native_loopback_address_takes_any_port_and_nothing_else() {
    let (laptop, pkce) = (laptop().await, Pkce::new("redir 11"));
    let mut browser = Browser::new(&laptop);
    for port in ["", ":1", ":51004", ":65535"] {
        let uri = format!("http://127.0.0.1{port}/callback");
        let response = browser.log_in(&request("demo-trusted", &uri, &pkce)).await;
        let location = location(&response).unwrap_or_default();
        assert!(location.starts_with(&format!("{uri}?code=")), "{port}: {location}");
    }
    let bad = [
        "http://127.0.0.1:0/callback",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:/callback",
        "http://127.0.0.1:080/callback",
        "http://127.0.0.1:-1/callback",
        "http://127.0.0.1:8080@evil/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.1/callback",
        "http://2130706433/callback",
        "http://0x7f.1/callback",
        "http://0177.0.0.1/callback",
        "http://127.0.0.2/callback",
        "http://0.0.0.0/callback",
        "http://[::ffff:127.0.0.1]/callback",
        "http://[0:0:0:0:0:0:0:1]/callback",
        "http://[::1%25lo]/callback",
        "http://localhost/callback",
        "https://127.0.0.1/callback",
        "http://127.0.0.1:51004/callback/",
        "http://127.0.0.1:51004/other",
        "http://127.0.0.1:51004/callback?x=1",
    ];
    none_is_accepted(&mut browser, &laptop, "demo-trusted", &bad).await;
}

#[tokio::test]
async fn sec_redir_16_redirect_uri_is_required_with_several_registered_or_with_openid() {
    let (laptop, pkce) = (laptop().await, Pkce::new("redir 16"));
    let without = |client| changed(&request(client, APP, &pkce), "redirect_uri", None);
    let table = [
        ("two", Some("openid"), false),
        ("two", Some("profile"), false),
        ("app", Some("openid"), false),
        ("app", Some("profile openid"), false),
        ("app", Some("profile"), true),
    ];
    for (client, scope, accepted) in table {
        let fields = changed(&without(client), "scope", scope);
        let response = Browser::new(&laptop).authorize(&fields).await;
        if accepted {
            assert_eq!(response.status(), 200, "{client} {scope:?}");
        } else {
            page(&response, 400, &format!("{client} {scope:?}"));
        }
    }
}

#[tokio::test]
async fn sec_redir_17_the_token_request_repeats_the_redirect_uri_or_relies_on_the_verifier() {
    let (laptop, pkce) = (laptop().await, Pkce::new("redir 17"));
    let code = trusted_code(&laptop, &pkce).await;
    let baseline = exchange("demo-trusted", NATIVE, &code, &pkce.verifier);
    let before = laptop.dump();
    let others = ["http://127.0.0.1/callback", "http://127.0.0.1:51005/callback", "http://127.0.0.1:51004/", SPA, " "];
    for other in others {
        let answer = laptop.form("/oauth2/token", &changed(&baseline, "redirect_uri", Some(other)), &[]).await;
        refused(&answer, 400, "invalid_grant", other);
    }
    assert_eq!(laptop.dump(), before, "the code is not consumed");
    let answer = laptop.form("/oauth2/token", &changed(&baseline, "redirect_uri", None), &[]).await;
    assert_eq!(answer.status(), 200, "omitted: {}", body(&answer));
}

#[tokio::test]
async fn sec_redir_17_without_pkce_the_redirect_uri_must_be_repeated() {
    let laptop = Laptop::with(|text| text.replace("pkce = \"all\"", "pkce = \"public\"")).await;
    let pkce = Pkce::new("redir 17 without");
    let fields = request("demo-web", WEB, &pkce);
    let fields = changed(&changed(&fields, "code_challenge", None), "code_challenge_method", None);
    let response = Browser::new(&laptop).log_in(&fields).await;
    let code = answered(&response, "code").unwrap();
    let authorization = basic("demo-web:demo-web-secret");
    let send = async |redirect_uri| {
        let fields = [("grant_type", "authorization_code"), ("code", code.as_str())];
        let fields = changed(&fields, "redirect_uri", redirect_uri);
        laptop.form("/oauth2/token", &fields, &[("authorization", authorization.as_str())]).await
    };
    refused(&send(None).await, 400, "invalid_grant", "omitted");
    refused(&send(Some("https://client.example/")).await, 400, "invalid_grant", "another");
    assert_eq!(send(Some(WEB)).await.status(), 200);
}

#[tokio::test]
async fn sec_redir_20_every_location_has_a_query_and_no_fragment() {
    let (laptop, pkce) = (laptop().await, Pkce::new("redir 20"));
    let mut browser = Browser::new(&laptop);
    let baseline = request("demo-trusted", NATIVE, &pkce);
    let answers = [
        browser.authorize(&changed(&baseline, "prompt", Some("none"))).await,
        browser.authorize(&changed(&baseline, "scope", Some("bogus"))).await,
        browser.log_in(&baseline).await,
    ];
    for answer in answers {
        let location = location(&answer).unwrap();
        assert!(location.starts_with(&format!("{NATIVE}?")) && !location.contains('#'), "{location}");
        assert!(location.contains("&iss="), "{location}");
    }
    let url = format!("{}?{}", laptop.demo_url("/oauth2/authorize"), encoded(&baseline));
    assert!(location(&browser.get(&url).await).unwrap().contains("?code="));
}

#[tokio::test]
async fn sec_redir_17_each_code_is_bound_to_the_port_it_was_sent_to() {
    let laptop = laptop().await;
    let (one, two) = (Pkce::new("port one"), Pkce::new("port two"));
    let other_port = code(&laptop, "demo-trusted", "http://127.0.0.1:1/callback", &one).await;
    refused(&redeemed(&laptop, &other_port, &one).await, 400, "invalid_grant", "sent to port 1");
    let same_port = trusted_code(&laptop, &two).await;
    assert_eq!(redeemed(&laptop, &same_port, &two).await.status(), 200);
}
