//! What applying a file would change, and applying exactly that.

use std::collections::BTreeMap;

use protocol::types::id::WorkspaceId;
use protocol::workspace::settings::Settings;
use serde_json::{Map, Value};
use signing::Sealer;
use store::{ConfigurationWriting, StoredConfiguration};

use crate::provision::{ProvisionError, Provisioning};
use crate::workspace_file::WorkspaceFile;

/// What a file would change, and the state for which that is true.
pub struct Plan {
    file: WorkspaceFile,
    before: StoredConfiguration,
    /// The changes; none if the file is what is stored.
    pub changes: Vec<Change>,
}

/// A setting that a file would add, change or remove.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The setting: `lifetimes.access_token`, `scopes[accounts.*].title`, `clients[spa]`.
    pub path: String,
    /// The value that is stored, unless there is none.
    pub before: Option<Value>,
    /// The value in the file, unless there is none.
    pub after: Option<Value>,
}

/// Opens what is sealed in a configuration, so that a secret which is sealed anew does not look like a change.
pub struct Opening<'a> {
    /// Opens this server's client secrets at upstream providers.
    pub upstream_secrets: &'a Sealer,
    /// Opens the secrets of clients that authenticate with a MAC.
    pub client_secrets: &'a Sealer,
}

/// Settings whose values nobody should read over a shoulder or in a log of a pipeline.
const SECRETS: [&str; 5] =
    ["password", "client_secret_sha256", "sealed_client_secret", "sealed_private_key", "private_key"];

/// Lists by the setting that identifies their entries.
const IDENTITIES: [&str; 5] = ["client_id", "name", "username", "id", "uri"];

impl Plan {
    /// The workspace.
    #[must_use]
    pub const fn workspace(&self) -> &WorkspaceId {
        &self.file.workspace.id
    }

    /// The file.
    #[must_use]
    pub const fn file(&self) -> &WorkspaceFile {
        &self.file
    }

    /// Whether the workspace does not exist yet.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        self.before.settings.is_none()
    }
}

impl Provisioning<'_> {
    /// Compares each of `files` with what is stored.
    ///
    /// # Errors
    ///
    /// [`ProvisionError::Store`].
    pub async fn plan(&self, files: Vec<WorkspaceFile>, opening: &Opening<'_>) -> Result<Vec<Plan>, ProvisionError> {
        let configuration = ConfigurationWriting::new(self.connection());
        let mut plans = Vec::new();
        for mut file in files {
            let expected = file.clients.iter().map(|client| &client.client_id);
            let before = configuration.stored(&file.workspace.id, expected).await?;
            keep_sealed(&mut file, &before, opening);
            let changes = compared(&stored_document(&before), &document(&file));
            plans.push(Plan { file, before, changes });
        }
        Ok(plans)
    }

    /// Applies `plan`, if what is stored is still what it was made for. `written` is told how many clients are done.
    ///
    /// # Errors
    ///
    /// [`ProvisionError`], with [`ApplyError::Changed`](store::ApplyError::Changed) if somebody else was faster.
    pub async fn carry_out(&self, plan: &Plan, written: &mut dyn FnMut(usize)) -> Result<(), ProvisionError> {
        let (workspace, clients) = (&plan.file.workspace, &plan.file.clients);
        // The keys come first: a workspace that can be found must be able to sign.
        self.keys().ensure(&workspace.id, plan.file.signing).await?;
        let configuration = ConfigurationWriting::new(self.connection());
        Ok(configuration.replace(&plan.before, workspace, clients, written).await?)
    }
}

/// Compares two files as if the first were stored.
#[must_use]
pub fn difference(former: &WorkspaceFile, mut later: WorkspaceFile, opening: &Opening<'_>) -> Vec<Change> {
    let keys = |file: &WorkspaceFile| {
        let algorithm = Value::from(file.signing.algorithm.as_str());
        Map::from_iter([("signing_algorithm".to_owned(), algorithm)])
    };
    let sealed = |file: &WorkspaceFile| Sealed {
        providers: providers(&file.workspace.settings),
        clients: file
            .clients
            .iter()
            .map(|client| (client.client_id.to_string(), client.sealed_client_secret.clone()))
            .collect(),
    };
    sealed(former).keep(&mut later, opening);
    let (mut before, mut after) = (document(former), document(&later));
    before.extend(keys(former));
    after.extend(keys(&later));
    compared(&before, &after)
}

/// A configuration as one document.
fn document(file: &WorkspaceFile) -> Map<String, Value> {
    let clients = file.clients.iter().filter_map(|client| serde_json::to_value(client).ok());
    joined(serde_json::to_value(&file.workspace.settings).ok(), clients.collect())
}

fn stored_document(stored: &StoredConfiguration) -> Map<String, Value> {
    let clients = stored.clients.values().filter_map(|client| serde_json::from_str(&client.metadata).ok());
    joined(stored.settings.as_deref().and_then(|settings| serde_json::from_str(settings).ok()), clients.collect())
}

fn joined(settings: Option<Value>, clients: Vec<Value>) -> Map<String, Value> {
    let mut document = settings.and_then(|settings| settings.as_object().cloned()).unwrap_or_default();
    document.insert("clients".into(), clients.into());
    document
}

/// The sealed texts of a configuration, by provider and by client.
struct Sealed {
    providers: BTreeMap<String, [Option<String>; 2]>,
    clients: BTreeMap<String, Option<String>>,
}

fn providers(settings: &Settings) -> BTreeMap<String, [Option<String>; 2]> {
    let sealed = settings.upstream.iter().map(|provider| {
        let both = [provider.sealed_client_secret.clone(), provider.sealed_private_key.clone()];
        (provider.id.to_string(), both)
    });
    sealed.collect()
}

/// Keeps the stored form of each secret that the file does not change.
fn keep_sealed(file: &mut WorkspaceFile, before: &StoredConfiguration, opening: &Opening<'_>) {
    let settings: Option<Settings> = before.settings.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let clients = before.clients.iter().map(|(id, client)| {
        let metadata: Option<Value> = serde_json::from_str(&client.metadata).ok();
        let sealed = metadata.as_ref().and_then(|metadata| metadata.get("sealed_client_secret")?.as_str());
        (id.to_string(), sealed.map(Into::into))
    });
    let sealed = Sealed { providers: settings.as_ref().map(providers).unwrap_or_default(), clients: clients.collect() };
    sealed.keep(file, opening);
}

impl Sealed {
    fn keep(&self, file: &mut WorkspaceFile, opening: &Opening<'_>) {
        let workspace = &file.workspace.id;
        for provider in &mut file.workspace.settings.upstream {
            let Some([secret, key]) = self.providers.get(provider.id.as_str()) else { continue };
            keep(workspace, secret.as_ref(), &mut provider.sealed_client_secret, opening.upstream_secrets);
            keep(workspace, key.as_ref(), &mut provider.sealed_private_key, opening.upstream_secrets);
        }
        for client in &mut file.clients {
            let Some(secret) = self.clients.get(client.client_id.as_str()) else { continue };
            keep(workspace, secret.as_ref(), &mut client.sealed_client_secret, opening.client_secrets);
        }
    }
}

/// Replaces `after` with `before` if both open to the same and are sealed by the same version of the key. A secret that was
/// sealed by an earlier version is sealed anew, so that the version can be removed.
fn keep(workspace: &WorkspaceId, before: Option<&String>, after: &mut Option<String>, sealer: &Sealer) {
    let (Some(before), Some(text)) = (before, after.as_deref()) else { return };
    let version = |sealed: &str| sealed.split_once('.').map(|(version, _)| version.to_owned());
    let plain = |sealed: &str| sealer.open(workspace, sealed);
    let same = plain(before).zip(plain(text)).is_some_and(|(before, after)| before.expose() == after.expose());
    if same && version(before) == version(text) {
        *after = Some(before.clone());
    }
}

/// The changes from `before` to `after`, in the order of their paths.
fn compared(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Change> {
    let mut changes = Vec::new();
    compare_tables("", before, after, &mut changes);
    changes
}

fn compare_tables(path: &str, before: &Map<String, Value>, after: &Map<String, Value>, changes: &mut Vec<Change>) {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let value = |table: &Map<String, Value>| table.get(name).filter(|value| !value.is_null()).cloned();
        compare(inner, value(before), value(after), changes);
    }
}

fn compare(path: String, before: Option<Value>, after: Option<Value>, changes: &mut Vec<Change>) {
    if before == after {
        return;
    }
    match (&before, &after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => compare_tables(&path, before, after, changes),
        (Some(Value::Array(one)), Some(Value::Array(other))) if are_entries(one) && are_entries(other) => {
            compare_entries(&path, one, other, changes);
        }
        (None, Some(Value::Array(entries))) if are_entries(entries) => compare_entries(&path, &[], entries, changes),
        (Some(Value::Array(entries)), None) if are_entries(entries) => compare_entries(&path, entries, &[], changes),
        _ => changes.push(masked(path, before, after)),
    }
}

/// Compares lists whose entries have identities. A mere change of their order means nothing.
fn compare_entries(path: &str, before: &[Value], after: &[Value], changes: &mut Vec<Change>) {
    let find = |list: &[Value], id: &str| list.iter().find(|entry| identity(entry) == Some(id)).cloned();
    let mut ids: Vec<&str> = before.iter().chain(after).filter_map(identity).collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        compare(format!("{path}[{id}]"), find(before, id), find(after, id), changes);
    }
}

fn are_entries(list: &[Value]) -> bool {
    list.iter().all(|entry| identity(entry).is_some())
}

/// What identifies an entry of a list: the whole entry if it is a text.
fn identity(entry: &Value) -> Option<&str> {
    let named = |entry: &Value| IDENTITIES.iter().find_map(|name| entry.get(*name)).and_then(Value::as_str).is_some();
    match entry {
        Value::String(text) => Some(text),
        Value::Object(_) if named(entry) => IDENTITIES.iter().find_map(|name| entry.get(*name)?.as_str()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A change whose secrets are not shown. That a secret changes is.
fn masked(path: String, before: Option<Value>, after: Option<Value>) -> Change {
    let last = path.rsplit('.').next().unwrap_or_default();
    let is_secret = SECRETS.iter().any(|secret| last == *secret || last.starts_with(&format!("{secret}[")));
    let show =
        |value: Option<Value>| value.map(|value| if is_secret { Value::from("(secret)") } else { veiled(value) });
    let (before, after) = (show(before), show(after));
    let path = match path.split_once("client_secret_sha256[") {
        Some((front, _)) => format!("{front}client_secret_sha256"),
        None => path,
    };
    Change { path, before, after }
}

/// `value` with its secrets replaced.
fn veiled(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, member)| !member.is_null())
            .map(|(name, member)| {
                let member = if SECRETS.contains(&name.as_str()) { "(secret)".into() } else { veiled(member) };
                (name, member)
            })
            .collect(),
        Value::Array(entries) => entries.into_iter().map(veiled).collect(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changes(before: &Value, after: &Value) -> Vec<String> {
        let table = |value: &Value| value.as_object().cloned().unwrap_or_default();
        let text = |value: &Option<Value>| value.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let found = compared(&table(before), &table(after));
        found
            .iter()
            .map(|change| format!("{}: {} > {}", change.path, text(&change.before), text(&change.after)))
            .collect()
    }

    #[test]
    fn changes_are_found_by_setting_and_by_identity() {
        let before = json!({
            "name": "Shop", "lifetimes": {"access_token": 600, "id_token": 60}, "scopes": [{"name": "a", "title": "A"}],
            "resources": ["urn:a", {"uri": "urn:b", "title": "B"}], "sandbox": null,
            "clients": [{"client_id": "x", "redirect_uris": ["u1", "u2"]}, {"client_id": "old"}],
        });
        let after = json!({
            "name": "Shop", "lifetimes": {"access_token": 900, "id_token": 60},
            "scopes": [{"name": "b", "title": "B"}, {"name": "a", "title": "A!"}],
            "resources": [{"uri": "urn:b", "title": "B"}, "urn:a"],
            "clients": [{"client_id": "x", "redirect_uris": ["u2", "u3"], "trusted": true}],
        });
        let expected = [
            r#"clients[old]: {"client_id":"old"} > -"#,
            r#"clients[x].redirect_uris[u1]: "u1" > -"#,
            r#"clients[x].redirect_uris[u3]: - > "u3""#,
            "clients[x].trusted: - > true",
            "lifetimes.access_token: 600 > 900",
            r#"scopes[a].title: "A" > "A!""#,
            r#"scopes[b]: - > {"name":"b","title":"B"}"#,
        ];
        assert_eq!(changes(&before, &after), expected);
        assert!(changes(&before, &before).is_empty());
    }

    #[test]
    fn secrets_are_not_shown_wherever_they_are() {
        let with = |secret: &str| {
            json!({
                "sandbox": {"users": [{"username": "alice", "password": secret}]},
                "upstream": [{"id": "p", "sealed_client_secret": secret, "sealed_private_key": secret}],
                "clients": [{"client_id": "x", "client_secret_sha256": [secret], "sealed_client_secret": secret}],
            })
        };
        for (before, after) in
            [(with("s3cret"), with("0ther")), (json!({}), with("s3cret")), (with("s3cret"), json!({}))]
        {
            let found = changes(&before, &after);
            assert!(!found.is_empty());
            for line in found {
                assert!(!line.contains("s3cret") && !line.contains("0ther") && line.contains("(secret)"), "{line}");
            }
        }
    }
}
