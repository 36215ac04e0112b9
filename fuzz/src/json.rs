//! JSON of others, and the registration of clients.

use protocol::registration::client_metadata::ClientMetadata;
use protocol::syntax::json;
use serde_json::Value;
use url::Url;

use crate::fixtures::{ISSUER, SETTINGS};

/// What is accepted is JSON, is read as any other parser reads it, and has no member twice.
pub fn strict_json(data: &[u8]) {
    let Some(strict) = json::strict_object(data) else { return };
    let plain: Value = serde_json::from_slice(data).expect("JSON");
    assert_eq!(strict, plain);
    let text = serde_json::to_vec(&strict).expect("JSON");
    let again = json::strict_object(&text).expect("it is read back");
    assert_eq!(without_fractions(again), without_fractions(strict), "as it was");
}

/// `value` without its floating-point numbers, whose last digit the parser may lose.
fn without_fractions(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => Value::Null,
        Value::Array(elements) => elements.into_iter().map(without_fractions).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, without_fractions(value))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

/// A client that registers has only URIs that are fit to be redirected to or asked.
pub fn registration(data: &[u8]) {
    let Ok(metadata) = serde_json::from_slice::<ClientMetadata>(data) else { return };
    let Ok(client) = metadata.register(&SETTINGS, &ISSUER) else { return };
    assert_eq!(client.id, metadata.client_id);
    for uri in &metadata.redirect_uris {
        assert!(client.redirect_uris.registered(uri).is_some(), "{uri:?}");
        assert!(Url::parse(uri).is_ok_and(|url| url.fragment().is_none()), "{uri:?}");
    }
    let stored = serde_json::to_vec(&metadata).expect("JSON");
    let again: ClientMetadata = serde_json::from_slice(&stored).expect("what was stored is read");
    assert!(again.register(&SETTINGS, &ISSUER).is_ok(), "what registered once registers again");
}
