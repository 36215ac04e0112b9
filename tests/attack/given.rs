//! What the attacks have in common: where clients are, and the way to their codes and tokens.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dynoxide::actions::put_item::PutItemRequest;
use serde_json::{Value, json};
use tests::browser::{answered, body, exchange, json as parsed, request};
use tests::{Browser, Laptop, Pkce};
use web::Response;

/// Where the native clients of the demo are.
pub(crate) const NATIVE: &str = "http://127.0.0.1:51004/callback";

/// Where the single-page application of the demo is.
pub(crate) const SPA: &str = "http://localhost:9000/demo/callback";

/// Where the confidential client of the demo is.
pub(crate) const WEB: &str = "https://client.example/cb";

/// The demo with more clients.
pub(crate) fn and_clients(more: &str) -> impl Fn(String) -> String + '_ {
    move |text| if is_demo(&text) { format!("{text}\n{more}") } else { text }
}

/// Whether this is the file of the workspace that is attacked, and not of its neighbour.
pub(crate) fn is_demo(text: &str) -> bool {
    text.contains("workspace = \"demo\"")
}

/// Logs alice in, in a fresh browser, and takes the code that `client` gets.
pub(crate) async fn code(laptop: &Laptop, client: &str, redirect_uri: &str, pkce: &Pkce) -> String {
    let response = Browser::new(laptop).log_in(&request(client, redirect_uri, pkce)).await;
    answered(&response, "code").unwrap_or_else(|| panic!("no code: {} {}", response.status(), body(&response)))
}

/// A code of the client whose users are not asked.
pub(crate) async fn trusted_code(laptop: &Laptop, pkce: &Pkce) -> String {
    code(laptop, "demo-trusted", NATIVE, pkce).await
}

/// Redeems such a code.
pub(crate) async fn redeemed(laptop: &Laptop, code: &str, pkce: &Pkce) -> Response {
    laptop.form("/oauth2/token", &exchange("demo-trusted", NATIVE, code, &pkce.verifier), &[]).await
}

/// The access token of an answer.
pub(crate) fn access_token(response: &Response) -> String {
    assert_eq!(response.status(), 200, "{}", body(response));
    parsed(response)["access_token"].as_str().unwrap().into()
}

/// The name of the cookie of `browser` that begins so.
pub(crate) fn cookie_name(browser: &Browser<'_>, prefix: &str) -> String {
    browser.cookies.keys().find(|name| name.starts_with(prefix)).unwrap().clone()
}

/// The claims of a token, whose signature does not matter here.
pub(crate) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).and_then(protocol::syntax::encoding::base64url_decoded).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

/// An `Authorization` header with these bytes in it.
pub(crate) fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

/// Changes every grant behind the store's back.
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
