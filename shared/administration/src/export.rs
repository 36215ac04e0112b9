//! A stored workspace as a workspace file: in the order of the documentation, without defaults.

use std::fmt::Write as _;

use protocol::jose::jwk::Algorithm;
use protocol::jose::key_ring::KeyRing;
use protocol::types::id::WorkspaceId;
use serde_json::{Map, Value};
use store::{ConfigurationWriting, StoreFault, StoredConfiguration};
use thiserror::Error;
use web::config::PublicUrl;

use crate::keys::{KeyError, Keys};
use crate::workspace_schema::{Key, Kind, Presence, WORKSPACE};

/// Lists longer than this have a line for each entry.
const MAX_LINE: usize = 100;

/// Why a workspace was not exported, as a sentence.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The workspace does not exist.
    #[error("there is no workspace {0}")]
    NoWorkspace(WorkspaceId),
    /// The configuration cannot be read.
    #[error("workspace {0} cannot be read: it was written by another version")]
    Unreadable(WorkspaceId),
    /// The keys cannot be read.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] StoreFault),
}

/// Writes the stored workspace `id` as a file that, applied to the same server, changes nothing.
///
/// # Errors
///
/// [`ExportError`].
pub async fn export(keys: &Keys<'_>, id: &WorkspaceId, public_url: &PublicUrl) -> Result<String, ExportError> {
    let stored = ConfigurationWriting::new(keys.connection).stored(id, std::iter::empty()).await?;
    let settings = stored.settings.as_deref().ok_or_else(|| ExportError::NoWorkspace(id.clone()))?;
    let ring = keys.ring(id).await?.ring;
    let document = document(id, settings, &stored, &ring).ok_or_else(|| ExportError::Unreadable(id.clone()))?;
    Ok(written(&document).replace(public_url.as_str(), "{public_url}"))
}

/// The content of the file.
fn document(
    id: &WorkspaceId,
    settings: &str,
    stored: &StoredConfiguration,
    ring: &KeyRing,
) -> Option<Map<String, Value>> {
    let settings: Value = serde_json::from_str(settings).ok()?;
    let clients: Result<Vec<Value>, _> =
        stored.clients.values().map(|client| serde_json::from_str(&client.metadata)).collect();
    let mut document = settings.as_object()?.clone();
    let algorithm = ring.current().map(|key| key.jwk.alg)?;
    let without_rs256 = algorithm != Algorithm::RS256 && ring.beside.is_empty();
    document.insert("tenant".into(), id.tenant().into());
    document.insert("workspace".into(), id.name().into());
    document.insert("signing_algorithm".into(), algorithm.as_str().into());
    document.insert("rs256_key".into(), if without_rs256 { "none" } else { "beside" }.into());
    document.insert("clients".into(), clients.ok()?.into());
    Some(document)
}

fn written(document: &Map<String, Value>) -> String {
    let mut text = String::new();
    write_table(&mut text, "", WORKSPACE, document);
    text
}

/// Writes the settings of a table in the order in which they are described: values first, tables after them.
fn write_table(text: &mut String, path: &str, keys: &'static [Key], table: &Map<String, Value>) {
    let said = |key: &&Key| table.get(key.name).filter(|value| !is_omitted(key, value));
    for key in keys {
        let Some(value) = said(&key).filter(|_| !is_section(&key.kind)) else { continue };
        if let Some(comment) = comment(key.name) {
            let _ = writeln!(text, "# {comment}");
        }
        let _ = writeln!(text, "{} = {}", bare(key.name), inline(value));
    }
    for key in keys {
        let inner = if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) };
        match (&key.kind, said(&key)) {
            (Kind::Table(keys), Some(Value::Object(table))) => {
                let mut section = String::new();
                write_table(&mut section, &inner, keys, table);
                if !section.is_empty() {
                    let _ = write!(text, "\n[{inner}]\n{section}");
                }
            }
            (Kind::Tables(entries), Some(Value::Array(tables))) => {
                for table in tables.iter().filter_map(Value::as_object) {
                    let _ = writeln!(text, "\n[[{inner}]]");
                    write_table(text, &inner, entries.keys, table);
                }
            }
            _ => {}
        }
    }
}

const fn is_section(kind: &Kind) -> bool {
    matches!(kind, Kind::Table(_) | Kind::Tables(_))
}

/// Whether the file means the same without this value.
fn is_omitted(key: &Key, value: &Value) -> bool {
    match key.presence {
        Presence::Required | Presence::RequiredUnless(_) => value.is_null(),
        Presence::Default(default) => {
            value.is_null() || serde_json::from_str::<Value>(default).is_ok_and(|default| default == *value)
        }
        Presence::Optional => match value {
            Value::Null => true,
            Value::Array(entries) => entries.is_empty(),
            Value::String(text) => text.is_empty(),
            Value::Object(_) | Value::Bool(_) | Value::Number(_) => false,
        },
    }
}

/// What a reader should know about a secret.
fn comment(name: &str) -> Option<&'static str> {
    match name {
        "client_secret_sha256" => Some("Digests: the secrets themselves are stored nowhere."),
        "sealed_client_secret" => {
            Some("Sealed by this server, which alone can open it. To change it, write client_secret instead.")
        }
        "sealed_private_key" => {
            Some("Sealed by this server, which alone can open it. To change it, write private_key instead.")
        }
        _ => None,
    }
}

/// A value in TOML.
#[must_use]
pub fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(entries) => {
            let entries: Vec<String> = entries.iter().map(inline).collect();
            let line = format!("[{}]", entries.join(", "));
            if line.len() <= MAX_LINE || entries.len() < 2 {
                line
            } else {
                format!("[\n  {},\n]", entries.join(",\n  "))
            }
        }
        Value::Object(members) => {
            let members = members.iter().filter(|(_, member)| !member.is_null());
            let members: Vec<String> =
                members.map(|(name, member)| format!("{} = {}", bare(name), inline(member))).collect();
            if members.is_empty() { "{}".into() } else { format!("{{ {} }}", members.join(", ")) }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// A key, in quotation marks if it needs them.
fn bare(name: &str) -> String {
    let is_bare = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_bare { name.into() } else { quoted(name) }
}

/// A basic string: JSON's escapes are TOML's, save for DEL, which TOML wants escaped too.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007F")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_has_the_order_of_the_description_and_no_defaults() {
        let document = json!({
            "clients": [{
                "client_name": "A \"B\"\n\u{7f}", "client_id": "a", "redirect_uris": ["https://a.example/1"], "trusted": false,
                "client_name#de": "Ä", "client_secret_sha256": ["x", {"sha256": "y", "expires_at": 7}], "jwks": null,
                "lifetimes": {"access_token": 60},
            }],
            "workspace": "w", "tenant": "t", "name": "N", "default_audience": "urn:a", "sandbox": null, "pkce": "all",
            "scopes": [{"name": "openid", "title": {"en": "O", "de": "Ö"}, "description": ""}],
        });
        let text = written(document.as_object().unwrap());
        let expected = r#"tenant = "t"
workspace = "w"
name = "N"
default_audience = "urn:a"

[[scopes]]
name = "openid"
title = { de = "Ö", en = "O" }

[[clients]]
client_id = "a"
client_name = "A \"B\"\n\u007F"
"client_name#de" = "Ä"
redirect_uris = ["https://a.example/1"]
# Digests: the secrets themselves are stored nowhere.
client_secret_sha256 = ["x", { expires_at = 7, sha256 = "y" }]

[clients.lifetimes]
access_token = 60
"#;
        assert_eq!(text, expected);
        assert!(text.parse::<toml::Table>().is_ok());
    }

    #[test]
    fn long_lists_have_a_line_for_each_entry() {
        let long = json!(["a".repeat(60), "b".repeat(60)]);
        assert!(inline(&long).starts_with("[\n  \"aaa") && inline(&long).ends_with("\",\n]"));
        assert_eq!(inline(&json!({"a b": [], "c": {}})), "{ \"a b\" = [], c = {} }");
    }
}
