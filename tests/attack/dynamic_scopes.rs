//! Dynamic scopes, and scopes of services: `accounts.*` of a bank, `mail` of a mail service.

use serde_json::json;
use tests::browser::{answered, body, changed, exchange, json as parsed, request};
use tests::expect;
use tests::{Browser, Laptop, Pkce};
use web::Response;

use crate::given::{and_clients, basic, claims};

const BANK: &str = "https://bank.example/api";
const MAIL: &str = "https://mail.example/api";
const APP: &str = "https://fin.example/cb";

const WORKSPACE: &str = r#"
[[scopes]]
name = "accounts.*"
title = "See the turnover of the account"
resource = "https://bank.example/api"

[[scopes]]
name = "mail"
title = "Send mail in your name"
resource = "https://mail.example/api"
transient = true

[[scopes]]
name = "tenant"
title = "Know your organization"
implicit = true
implicit_grant = true

[[scopes]]
name = "jobs.*"
title = "Run a job"
machines_only = true

[[clients]]
client_id = "fin"
client_name = "Finance"
redirect_uris = ["https://fin.example/cb"]
token_endpoint_auth_method = "none"
grant_types = ["authorization_code", "refresh_token"]
scope = "openid offline_access accounts.* mail tenant"

[[clients]]
client_id = "runner"
client_name = "Runner"
client_secret = "runner-secret-of-32-characters-and-more"
grant_types = ["client_credentials"]
client_credentials_scope = "jobs.*"
"#;

async fn bank() -> Laptop {
    let with_resources = |text: String| {
        let resources = format!("{{ uri = \"{BANK}\", title = \"Bank\" }}, \"{MAIL}\", ");
        and_clients(WORKSPACE)(text).replacen("resources = [", &format!("resources = [{resources}"), 1)
    };
    Laptop::with(with_resources).await
}

fn asking<'a>(pkce: &'a Pkce, scope: &'a str) -> Vec<(&'a str, &'a str)> {
    changed(&request("fin", APP, pkce), "scope", Some(scope))
}

/// Redeems the code in `response`, perhaps for `resource` only.
async fn tokens(laptop: &Laptop, pkce: &Pkce, response: &Response, resource: &[(&str, &str)]) -> serde_json::Value {
    let code = answered(response, "code").unwrap_or_else(|| panic!("{}: {}", response.status(), body(response)));
    let fields = [&exchange("fin", APP, &code, &pkce.verifier)[..], resource].concat();
    parsed(&laptop.form("/oauth2/token", &fields, &[]).await)
}

#[tokio::test]
async fn sec_authz_18_a_client_reaches_instances_of_its_templates_and_nothing_else() {
    let (laptop, pkce) = (bank().await, Pkce::new("dynamic"));
    let mut browser = Browser::new(&laptop);
    for refused in ["accounts.*", "accounts.1.write", "accounts.", "accounts", "jobs.1", "*", "accounts.1 jobs.*"] {
        let response = browser.authorize(&asking(&pkce, refused)).await;
        expect::redirected(&laptop, &response, APP, "invalid_scope", refused);
    }
    let page = browser.authorize(&asking(&pkce, "openid accounts.1 accounts.2")).await;
    let page = browser.sign_in(&page, "alice", "alice").await;
    let html = body(&page);
    for instance in ["1", "2"] {
        let row = format!("<bdi>See the turnover of the account</bdi> <code>{instance}</code>");
        assert!(html.contains(&row), "{html}");
    }
    assert!(html.contains("<strong>Bank</strong> <bdi>https://bank.example/api</bdi>"), "{html}");
    let forged = [("allow", "accounts.3"), ("allow", "accounts.*"), ("withhold", "accounts.2")];
    let response = browser.decide(&page, "allow", &forged).await;
    let issued = tokens(&laptop, &pkce, &response, &[]).await;
    assert_eq!(issued["scope"], "openid accounts.1 tenant");
    let token = claims(issued["access_token"].as_str().unwrap());
    let audience = json!(["http://localhost:9000/demo/api", BANK, laptop.issuer()]);
    assert_eq!((&token["scope"], &token["aud"]), (&json!("openid accounts.1 tenant"), &audience));
}

#[tokio::test]
async fn sec_authz_12_consent_is_remembered_for_an_instance_and_not_for_what_is_transient() {
    let (laptop, pkce) = (bank().await, Pkce::new("remembered"));
    let mut browser = Browser::new(&laptop);
    let silent = |scope| changed(&asking(&pkce, scope), "prompt", Some("none"));
    assert!(answered(&browser.log_in(&asking(&pkce, "openid accounts.1")).await, "code").is_some());
    assert!(answered(&browser.authorize(&silent("openid accounts.1")).await, "code").is_some());
    assert!(answered(&browser.authorize(&silent("tenant")).await, "code").is_some(), "granted with the login");
    for asked in ["accounts.2", "openid accounts.1 accounts.2", "openid mail"] {
        let refused = browser.authorize(&silent(asked)).await;
        expect::redirected(&laptop, &refused, APP, "consent_required", asked);
    }
    assert!(answered(&browser.log_in(&asking(&pkce, "openid mail")).await, "code").is_some());
    let again = browser.authorize(&silent("openid mail")).await;
    expect::redirected(&laptop, &again, APP, "consent_required", "asked each time");
}

#[tokio::test]
async fn sec_tok_04_a_token_carries_only_the_scopes_of_its_audience() {
    let (laptop, pkce) = (bank().await, Pkce::new("services"));
    let both = "openid offline_access accounts.1 mail";
    let response = Browser::new(&laptop).log_in(&asking(&pkce, both)).await;
    let issued = tokens(&laptop, &pkce, &response, &[("resource", BANK)]).await;
    assert_eq!(issued["scope"], "openid offline_access accounts.1 tenant");
    assert_eq!(claims(issued["access_token"].as_str().unwrap())["aud"], json!([BANK]));
    let refresh = async |more: &[(&str, &str)]| {
        let token = issued["refresh_token"].as_str().unwrap();
        let fields = [("grant_type", "refresh_token"), ("client_id", "fin"), ("refresh_token", token)];
        laptop.form("/oauth2/token", &[&fields[..], more].concat(), &[]).await
    };
    let mail = parsed(&refresh(&[("resource", MAIL)]).await);
    assert_eq!(mail["scope"], "openid offline_access mail tenant");
    assert_eq!(claims(mail["access_token"].as_str().unwrap())["aud"], json!([MAIL]));
    let other = refresh(&[("scope", "accounts.2")]).await;
    expect::refused(&other, 400, "invalid_scope", "another instance of the same template");
    let misdirected = [("resource", MAIL)];
    let request = [&asking(&pkce, "openid accounts.1")[..], &misdirected].concat();
    let refused = Browser::new(&laptop).authorize(&request).await;
    expect::redirected(&laptop, &refused, APP, "invalid_scope", "a scope of another resource");
}

#[tokio::test]
async fn sec_authz_18_a_client_has_instances_of_machine_scopes_by_name() {
    let laptop = bank().await;
    let header = basic("runner:runner-secret-of-32-characters-and-more");
    let own = async |scope: &str| {
        let fields = [("grant_type", "client_credentials"), ("scope", scope)];
        laptop.form("/oauth2/token", &fields, &[("authorization", &header)]).await
    };
    assert_eq!(parsed(&own("jobs.7 jobs.8").await)["scope"], "jobs.7 jobs.8");
    for refused in ["jobs.*", "jobs.7.x", "accounts.1"] {
        expect::refused(&own(refused).await, 400, "invalid_scope", refused);
    }
    let metadata = parsed(&laptop.send("GET", "/default/demo/.well-known/openid-configuration", &[], "").await);
    let supported = metadata["scopes_supported"].as_array().unwrap();
    assert!(
        supported.contains(&json!("tenant")) && !supported.iter().any(|scope| scope.as_str().unwrap().contains('*'))
    );
}
