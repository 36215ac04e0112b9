//! Fixtures of the attack tests: redirect URIs of the demo clients, and helpers that obtain codes and tokens.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dynoxide::actions::put_item::PutItemRequest;
use serde_json::{Value, json};
use tests::browser::{answered, body, exchange, json as parsed, request};
use tests::{Browser, Laptop, Pkce};
use web::Response;

/// Redirect URI of the native clients of the demo.
pub(crate) const NATIVE: &str = "http://127.0.0.1:51004/callback";

/// Redirect URI of the single-page application of the demo.
pub(crate) const SPA: &str = "http://localhost:9000/demo/callback";

/// Redirect URI of the confidential client of the demo.
pub(crate) const WEB: &str = "https://client.example/cb";

/// Appends more clients to the demo workspace.
pub(crate) fn and_clients(more: &str) -> impl Fn(String) -> String + '_ {
    move |text| if is_demo(&text) { format!("{text}\n{more}") } else { text }
}

/// Whether this is the file of the attacked workspace, not of the neighbouring one.
pub(crate) fn is_demo(text: &str) -> bool {
    text.contains("workspace = \"demo\"")
}

/// Logs alice in with a fresh browser and returns the code issued to `client`.
pub(crate) async fn code(laptop: &Laptop, client: &str, redirect_uri: &str, pkce: &Pkce) -> String {
    let response = Browser::new(laptop).log_in(&request(client, redirect_uri, pkce)).await;
    answered(&response, "code").unwrap_or_else(|| panic!("no code: {} {}", response.status(), body(&response)))
}

/// Obtains a code for the trusted client, whose users are not asked for consent.
pub(crate) async fn trusted_code(laptop: &Laptop, pkce: &Pkce) -> String {
    code(laptop, "demo-trusted", NATIVE, pkce).await
}

/// Redeems a code of the trusted client.
pub(crate) async fn redeemed(laptop: &Laptop, code: &str, pkce: &Pkce) -> Response {
    laptop.form("/oauth2/token", &exchange("demo-trusted", NATIVE, code, &pkce.verifier), &[]).await
}

/// Returns the access token in a token response.
pub(crate) fn access_token(response: &Response) -> String {
    assert_eq!(response.status(), 200, "{}", body(response));
    parsed(response)["access_token"].as_str().unwrap().into()
}

/// Returns the name of the cookie of `browser` that starts with `prefix`.
pub(crate) fn cookie_name(browser: &Browser<'_>, prefix: &str) -> String {
    browser.cookies.keys().find(|name| name.starts_with(prefix)).unwrap().clone()
}

/// Decodes the claims of a token without verifying its signature.
pub(crate) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).and_then(protocol::syntax::encoding::base64url_decoded).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

/// Builds a Basic `Authorization` header from `pair`, encoded as is.
pub(crate) fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

/// Modifies every stored grant directly, bypassing the store.
pub(crate) fn tampered(laptop: &Laptop, change: impl Fn(&mut Value)) {
    let (table, items) = laptop.dump().into_iter().find(|(table, _)| table.contains("flow")).unwrap();
    for item in items {
        let mut item: Value = serde_json::from_str(&item).unwrap();
        if item.get("code").is_none() {
            continue;
        }
        change(&mut item);
        let put: PutItemRequest = serde_json::from_value(json!({"TableName": table, "Item": item})).unwrap();
        laptop.database().put_item(put).unwrap();
    }
}
