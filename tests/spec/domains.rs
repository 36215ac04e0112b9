//! Workspaces with a domain of their own, beside others on the server's.

use serde_json::{Value, json};
use tests::browser::{answered, body, exchange, form, json as parsed, request};
use tests::laptop::encoded;
use tests::{Browser, Laptop, Pkce, expect};
use web::route::{Endpoint, ROUTES};

use crate::flow::NATIVE;

const DOMAIN: &str = "http://login.acme.example.localhost:9000";

/// Puts the workspace `demo` at a domain.
fn at_domain(text: &str) -> String {
    text.replacen("workspace = \"demo\"", "workspace = \"demo\"\ndomain = \"login.acme.example\"", 1)
}

async fn laptop() -> Laptop {
    // With all that makes pages of its own: a path that is not offered would be none.
    let settings = "\n[pool]\nidentifiers = [\"email\"]\n\n[mail]\nfrom = \"no-reply@acme.example\"\n";
    Laptop::with(|text| if text.contains("workspace = \"demo\"") { at_domain(&text) + settings } else { text }).await
}

/// Follows the whole flow at `issuer`, up to the claims about the user.
async fn logged_in(laptop: &Laptop, issuer: &str) -> Value {
    let pkce = Pkce::new("domain");
    let mut browser = Browser::at(laptop, issuer);
    let response = browser.log_in(&request("demo-native", NATIVE, &pkce)).await;
    assert_eq!(answered(&response, "iss").as_deref(), Some(issuer), "{}", body(&response));
    let code = answered(&response, "code").unwrap();
    let fields = exchange("demo-native", NATIVE, &code, &pkce.verifier);
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let tokens = laptop.send("POST", &format!("{issuer}/oauth2/token"), &headers, encoded(&fields)).await;
    assert_eq!(tokens.status(), 200, "{}", body(&tokens));
    let token = format!("Bearer {}", parsed(&tokens)["access_token"].as_str().unwrap());
    parsed(&laptop.send("GET", &format!("{issuer}/userinfo"), &[("authorization", &token)], "").await)
}

#[tokio::test]
async fn a_login_at_a_domain_leads_through_nothing_but_the_domain() {
    let laptop = laptop().await;
    assert_eq!(logged_in(&laptop, DOMAIN).await["email"], "alice@example.com");
    let discovered = laptop.send("GET", &format!("{DOMAIN}/.well-known/openid-configuration"), &[], "").await;
    let discovered = parsed(&discovered);
    assert_eq!(discovered["issuer"], DOMAIN);
    let urls = discovered.as_object().unwrap().iter().filter(|(name, _)| name.ends_with("_endpoint"));
    let urls: Vec<&str> = urls.filter_map(|(_, url)| url.as_str()).chain(discovered["jwks_uri"].as_str()).collect();
    assert!(urls.len() > 6 && urls.iter().all(|url| url.starts_with(&format!("{DOMAIN}/"))), "{urls:?}");
    let keys = laptop.send("GET", discovered["jwks_uri"].as_str().unwrap(), &[], "").await;
    assert!(!parsed(&keys)["keys"].as_array().unwrap().is_empty());
}

/// An issuer that could be reached by two URLs would be two servers to its clients (RFC 9700 §4.4).
#[tokio::test]
async fn sec_adm_07_a_workspace_is_served_at_its_domain_alone_and_no_other_one_there() {
    let laptop = laptop().await;
    for route in ROUTES {
        let path = |workspace: &str| {
            let path = route.template.replace("{tenant}", "default").replace("{workspace}", workspace);
            path.replace("{idp}", "partner")
        };
        let method = route.methods[0];
        let own = path("demo");
        expect::refused(&laptop.send(method, &own, &[], "").await, 404, "not_found", &own);
        for workspace in ["demo", "partner"] {
            let url = format!("{DOMAIN}{}", path(workspace));
            expect::refused(&laptop.send(method, &url, &[], "").await, 404, "not_found", &url);
        }
        if let Some(rest) = route.at_domain() {
            let found = laptop.send(method, &format!("{DOMAIN}{}", rest.replace("{idp}", "partner")), &[], "").await;
            assert_ne!(found.status(), 404, "{rest}");
            let elsewhere = format!("http://login.other.example.localhost:9000{}", rest.replace("{idp}", "partner"));
            expect::refused(&laptop.send(method, &elsewhere, &[], "").await, 404, "not_found", &elsewhere);
        }
        if matches!(route.endpoint, Endpoint::Authorization | Endpoint::Token | Endpoint::Discovery | Endpoint::Jwks) {
            let other = path("partner");
            assert_ne!(laptop.send(method, &other, &[], "").await.status(), 404, "{other}");
        }
    }
}

#[tokio::test]
async fn sec_sess_04_a_form_at_a_domain_counts_only_from_its_own_pages() {
    let laptop = laptop().await;
    let pkce = Pkce::new("domain");
    let mut browser = Browser::at(&laptop, DOMAIN);
    let page = browser.authorize(&request("demo-native", NATIVE, &pkce)).await;
    let form = form(&page);
    assert_eq!(form.action, format!("{DOMAIN}/login"));
    let hidden = form.hidden.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    let posted = format!("{hidden}&username=alice&password=alice");
    let mut send = async |origin: &str| {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", origin)];
        browser.send("POST", &form.action, &headers, posted.clone()).await
    };
    assert_eq!(send("http://localhost:9000").await.status(), 403);
    assert_eq!(send(DOMAIN).await.status(), 303);
}

#[tokio::test]
async fn a_domain_that_is_given_up_leads_nowhere_and_the_path_serves_again() {
    let laptop = laptop().await;
    let configuration = "/.well-known/openid-configuration";
    let issuer = async |url: String| {
        let response = laptop.send("GET", &format!("{url}{configuration}"), &[], "").await;
        (response.status() == 200).then(|| parsed(&response)["issuer"].clone())
    };
    assert_eq!(issuer(DOMAIN.into()).await, Some(json!(DOMAIN)));
    laptop.apply(|text| text).await;
    laptop.clock.advance(31);
    assert_eq!(issuer(DOMAIN.into()).await, None);
    assert_eq!(issuer(laptop.issuer()).await, Some(json!(laptop.issuer())));
    assert_eq!(logged_in(&laptop, &laptop.issuer()).await["email"], "alice@example.com");
}
