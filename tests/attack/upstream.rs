//! Section R: upstream providers, and what they say of users.

use serde_json::json;
use tests::browser::{answered, changed, request};
use tests::expect::page;
use tests::provider::press;
use tests::{Browser, Laptop, Pkce, Provider};

use crate::given::and_clients;

const CALLBACK: &str = "https://app.example/cb";

/// A client whose users are not asked, and which may introspect its own tokens.
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

/// What vouches for addresses of one domain.
const CORP: &str = "verified_email_domains = [\"corp.example\"]";

/// The demo with `provider` as its partner, with `settings`, and with the client `app`.
fn file<'a>(provider: &'a Provider, settings: &'a str) -> impl Fn(String) -> String + 'a {
    move |text| provider.registered(&and_clients(APP)(text), settings)
}

fn asked<'a>(pkce: &'a Pkce, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let all = "openid profile email phone address offline_access";
    [changed(&request("app", CALLBACK, pkce), "scope", Some(all)), more.to_vec()].concat()
}

#[tokio::test]
async fn sec_up_23_no_browser_and_no_request_of_ours_goes_to_a_url_that_breaks_the_rule() {
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
            // Functions keep metadata for ten minutes.
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
