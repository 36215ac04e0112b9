//! The description as a JSON Schema, for editors.

use serde_json::{Map, Value, json};

use super::forms::Form;
use super::{Key, Kind, Presence, UNBOUNDED, WORKSPACE};

/// The JSON Schema of a workspace file (draft 7, which editors of TOML read).
#[must_use]
pub fn json_schema() -> Value {
    let mut schema = object(WORKSPACE);
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("$schema".into(), "http://json-schema.org/draft-07/schema#".into());
        schema.insert("title".into(), "A workspace of Postern".into());
    }
    schema
}

fn object(keys: &[Key]) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let required: Vec<&str> =
        keys.iter().filter(|key| key.presence == Presence::Required).map(|key| key.name).collect();
    let mut object = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if let (Some(object), false) = (object.as_object_mut(), required.is_empty()) {
        object.insert("required".into(), json!(required));
    }
    if let (Some(object), Some(alternatives)) = (object.as_object_mut(), alternatives(keys)) {
        object.insert("anyOf".into(), alternatives);
    }
    object
}

/// One setting, or those that are required without it.
fn alternatives(keys: &[Key]) -> Option<Value> {
    let conditional = || {
        keys.iter().filter_map(|key| match key.presence {
            Presence::RequiredUnless(other) => Some((key.name, other)),
            Presence::Required | Presence::Optional | Presence::Default(_) => None,
        })
    };
    let (_, other) = conditional().next()?;
    let names: Vec<&str> = conditional().map(|(name, _)| name).collect();
    Some(json!([{ "type": "object", "required": [other] }, { "type": "object", "required": names }]))
}

fn property(key: &Key) -> Value {
    let mut property = of(&key.kind);
    if let Some(property) = property.as_object_mut() {
        property.insert("description".into(), key.about.into());
        if let Presence::Default(default) = key.presence {
            property.insert("default".into(), serde_json::from_str(default).unwrap_or_default());
        }
    }
    property
}

fn of(kind: &Kind) -> Value {
    match kind {
        Kind::Text(form) => text(form),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Whole { least, most: i64::MAX, .. } => json!({ "type": "integer", "minimum": least }),
        Kind::Whole { least, most, .. } => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::OneOf(values) => json!({ "type": "string", "enum": values }),
        Kind::List(item, UNBOUNDED) => json!({ "type": "array", "items": of(item) }),
        Kind::List(item, most) => json!({ "type": "array", "items": of(item), "maxItems": most }),
        Kind::Table(keys) => object(keys),
        Kind::Tables(entries) => json!({ "type": "array", "items": object(entries.keys) }),
        Kind::Open => json!({ "type": "object" }),
        Kind::TextOrTable(form, keys) => json!({ "anyOf": [text(form), object(keys)] }),
        Kind::Constant => constant(),
        Kind::ClaimOrigin => claim_origin(),
    }
}

fn constant() -> Value {
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    let scalars = ["string", "integer", "boolean"].map(|kind| json!({ "type": kind }));
    json!({ "anyOf": scalars.into_iter().chain([texts]).collect::<Vec<_>>() })
}

fn claim_origin() -> Value {
    let path = [json!({ "type": "string" }), json!({ "type": "array", "items": { "type": "string" } })];
    let prefixed = json!({
        "type": "object", "properties": { "path": { "anyOf": path }, "prefix": { "type": "string" } },
        "required": ["path", "prefix"], "additionalProperties": false,
    });
    let constant = json!({
        "type": "object", "properties": { "value": {} }, "required": ["value"], "additionalProperties": false,
    });
    json!({ "anyOf": path.into_iter().chain([prefixed, constant]).collect::<Vec<_>>() })
}

fn text(form: &Form) -> Value {
    match form.pattern {
        Some(pattern) => json!({ "type": "string", "pattern": pattern }),
        None => json!({ "type": "string" }),
    }
}
