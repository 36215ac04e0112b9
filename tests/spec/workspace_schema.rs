//! The published JSON Schema of workspace files agrees with the description that it is generated from, the parser of
//! the functions, the documentation, and the files of this repository.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use administration::workspace_file::Loader;
use administration::workspace_schema::{Key, Kind, Presence, WORKSPACE, json_schema, tables};
use protocol::clients::allowed_users::AllowedUsers;
use protocol::registration::authentication_method::EndingSecret;
use protocol::registration::client_metadata::ClientMetadata;
use protocol::types::lifetimes::{Lifetimes, OwnLifetimes};
use protocol::types::secret::{Secret, SecretHash};
use protocol::users::user_claims::ClaimName;
use protocol::workspace::brand::Brand;
use protocol::workspace::claim_rule::ClaimRule;
use protocol::workspace::pool::{AttributeDefinition, Pool};
use protocol::workspace::sandbox::{Sandbox, SandboxUser};
use protocol::workspace::settings::{ScopeDefinition, Settings, TitledResource};
use protocol::workspace::upstream_preset::PARAMETERS;
use protocol::workspace::upstream_provider::UpstreamProvider;
use protocol::workspace::user_api::UserApi;
use regex::Regex;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use signing::{Purpose, Sealer, SystemEntropy};
use web::config::PublicUrl;

const PUBLISHED: &str = "docs/workspace.schema.json";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The settings of the table at `path`, for example `sandbox.users`.
fn keys(path: &str) -> &'static [Key] {
    tables("", WORKSPACE).into_iter().find(|(found, _)| found == path).unwrap_or_else(|| panic!("no table {path}")).1
}

fn names(path: &str) -> BTreeSet<String> {
    keys(path).iter().map(|key| key.name.to_owned()).collect()
}

#[test]
fn the_published_schema_is_up_to_date() {
    let published = std::fs::read_to_string(root().join(PUBLISHED)).unwrap();
    assert_eq!(published, format!("{:#}\n", json_schema()), "run: postern schema > {PUBLISHED}");
}

/// Collects the workspace files of the repository.
fn workspace_files(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !matches!(name.as_str(), "target" | "node_modules") && !name.starts_with('.') {
            workspace_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            let text = std::fs::read_to_string(&path).unwrap();
            if text.lines().any(|line| line.starts_with("tenant =")) {
                // The benchmark fills in the algorithm, the model the tenant, and `postern init` the digest of a secret.
                let digest = SecretHash::of(&Secret::new("secret".into())).encoded();
                let filled = [("{algorithm}", "RS256"), ("{tenant}", "default"), ("CLIENT_SECRET_SHA256", &digest)];
                let text = filled.into_iter().fold(text, |text, (place, value)| text.replace(place, value));
                found.push((path, text));
            }
        }
    }
}

#[test]
fn every_workspace_file_names_the_schema_and_is_valid_for_schema_and_parser() {
    let mut files = Vec::new();
    workspace_files(&root(), &mut files);
    assert!(files.len() >= 14, "{}", files.len());
    let sealer = Sealer::derived(&Secret::new([1; 32]), Purpose::ClientSecret).unwrap();
    let public_url = PublicUrl::parse("http://localhost:9000").unwrap();
    let loader =
        Loader { public_url: &public_url, upstream_secrets: &sealer, client_secrets: &sealer, entropy: &SystemEntropy };
    for (path, text) in files {
        let shown = path.display().to_string();
        let line = text.lines().next().unwrap();
        let schema = line.strip_prefix("#:schema ").unwrap_or_else(|| panic!("{shown} does not begin with #:schema"));
        let schema = path.parent().unwrap().join(schema).canonicalize();
        assert_eq!(schema.unwrap_or_default(), root().join(PUBLISHED), "{shown}");
        let table: toml::Table = text.parse().unwrap();
        let faults = faults(&serde_json::to_value(table).unwrap(), &json_schema(), "");
        assert!(faults.is_empty(), "{shown}: {faults:?}");
        assert!(loader.text(&shown, &text).is_ok(), "{shown}");
    }
}

#[test]
fn the_schema_rejects_what_the_parser_rejects() {
    let valid = json!({
        "tenant": "default", "workspace": "w", "name": "W", "default_audience": "urn:api",
        "clients": [{"client_id": "c", "client_name": "C", "redirect_uris": ["https://a.example/"]}],
    });
    assert!(faults(&valid, &json_schema(), "").is_empty());
    let table = [
        ("/name", json!(7), "/name"),
        ("/tenant", json!("De fault"), "/tenant"),
        ("/pcke", json!("all"), "/pcke"),
        ("/pkce", json!("every"), "/pkce"),
        ("/lifetimes", json!({"session": 0}), "/lifetimes/session"),
        ("/clients/0/redirect_uris", json!(vec!["x"; 51]), "/clients/0/redirect_uris"),
        ("/clients/0/client_secret_sha256", json!([{"sha256": "A"}]), "/clients/0/client_secret_sha256/0"),
        ("/sandbox", json!({}), "/sandbox/users"),
        ("/upstream", json!([{"id": "a", "client_id": "us", "title": "A"}]), "/upstream/0"),
        ("/upstream", json!([{"id": "a", "preset": "google"}]), "/upstream/0/client_id"),
        ("/upstream", json!([{"id": "a", "client_id": "us", "preset": "gogle"}]), "/upstream/0/preset"),
    ];
    for (pointer, value, expected) in table {
        let mut changed = valid.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        changed.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(name.into(), value);
        assert_eq!(faults(&changed, &json_schema(), ""), [expected], "{pointer}");
    }
}

/// Returns where `value` violates `schema`; supports only the parts of JSON Schema that the published schema uses.
fn faults(value: &Value, schema: &Value, at: &str) -> Vec<String> {
    if let Some(choices) = schema["anyOf"].as_array() {
        if !choices.iter().any(|choice| faults(value, choice, at).is_empty()) {
            return vec![at.to_owned()];
        }
        if schema["type"].is_null() {
            return Vec::new();
        }
    }
    let fits = match schema["type"].as_str().unwrap() {
        "string" => value.as_str().is_some_and(|text| {
            let pattern = schema["pattern"].as_str().unwrap_or_default();
            Regex::new(pattern).unwrap().is_match(text)
                && schema["enum"].as_array().is_none_or(|values| values.contains(value))
        }),
        "boolean" => value.is_boolean(),
        "integer" => value.as_i64().is_some_and(|number| {
            number >= schema["minimum"].as_i64().unwrap_or(i64::MIN)
                && number <= schema["maximum"].as_i64().unwrap_or(i64::MAX)
        }),
        "array" => value.as_array().is_some_and(|list| {
            list.len() <= schema["maxItems"].as_u64().map_or(usize::MAX, |most| usize::try_from(most).unwrap())
        }),
        "object" => value.is_object(),
        other => panic!("{other}"),
    };
    if !fits {
        return vec![at.to_owned()];
    }
    let mut found = Vec::new();
    for (position, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(faults(item, &schema["items"], &format!("{at}/{position}")));
    }
    let Some(object) = value.as_object() else { return found };
    for (name, value) in object {
        let at = format!("{at}/{name}");
        match schema["properties"].get(name) {
            Some(schema) => found.extend(faults(value, schema, &at)),
            None if schema["additionalProperties"] == json!(false) => found.push(at),
            None => {}
        }
    }
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    found.extend(required.filter(|name| !object.contains_key(*name)).map(|name| format!("{at}/{name}")));
    found
}

/// The fields that `T` is parsed from: the error for an unknown field lists all of them.
fn fields<T: DeserializeOwned>() -> BTreeSet<String> {
    let error = serde_json::from_value::<T>(json!({"no such field": 0})).err().unwrap().to_string();
    let (_, expected) = error.split_once(", expected ").unwrap_or_else(|| panic!("{error}"));
    Regex::new("`([^`]+)`").unwrap().captures_iter(expected).map(|found| found[1].to_owned()).collect()
}

#[test]
fn the_description_has_exactly_the_settings_of_the_parser() {
    let without = |path: &str, others: &[&str]| {
        let mut names = names(path);
        for other in others {
            assert!(names.remove(*other), "{path} has no {other}");
        }
        names
    };
    let head = ["tenant", "workspace", "signing_algorithm", "rs256_key", "clients"];
    assert_eq!(without("", &head), fields::<Settings>());
    assert_eq!(without("clients", &["client_secret"]), fields::<ClientMetadata>());
    let of_files = [&PARAMETERS[..], &["client_secret", "private_key"]].concat();
    assert_eq!(without("upstream", &of_files), fields::<UpstreamProvider>());
    assert_eq!(names("brand"), fields::<Brand>());
    assert_eq!(names("lifetimes"), fields::<Lifetimes>());
    assert_eq!(names("clients.lifetimes"), fields::<OwnLifetimes>());
    assert_eq!(names("clients.client_secret_sha256"), fields::<EndingSecret>());
    assert_eq!(names("pool"), fields::<Pool>());
    assert_eq!(names("pool.attributes"), fields::<AttributeDefinition>());
    assert_eq!(names("resources"), fields::<TitledResource>());
    assert_eq!(names("scopes"), fields::<ScopeDefinition>());
    for place in ["clients", "scopes", "resources"] {
        assert_eq!(names(&format!("{place}.allowed_users")), fields::<AllowedUsers>());
    }
    assert_eq!(names("claims"), fields::<ClaimRule>());
    assert_eq!(names("sandbox"), fields::<Sandbox>());
    assert_eq!(names("sandbox.users"), fields::<SandboxUser>());
    assert_eq!(names("upstream.oauth"), fields::<UserApi>());
    assert_eq!(names("upstream.map"), names("sandbox.users.claims"));
    assert_eq!(names("sandbox.users.claims"), ClaimName::all().map(|name| name.as_str().to_owned()).collect());
}

fn settings(change: &Value) -> Result<Settings, serde_json::Error> {
    parsed(json!({"name": "W", "default_audience": "urn:api"}), change)
}

fn client(change: &Value) -> Result<ClientMetadata, serde_json::Error> {
    parsed(json!({"client_id": "c", "client_name": "C"}), change)
}

fn parsed<T: DeserializeOwned>(mut base: Value, change: &Value) -> Result<T, serde_json::Error> {
    base.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    serde_json::from_value(base)
}

#[test]
fn values_and_bounds_in_the_description_match_the_parser() {
    for (path, parses) in
        [("", (|change| settings(change).is_ok()) as fn(&Value) -> bool), ("clients", |change| client(change).is_ok())]
    {
        for key in keys(path).iter().filter(|key| !matches!(key.name, "signing_algorithm" | "rs256_key")) {
            let (values, wrap): (&[&str], fn(&str) -> Value) = match &key.kind {
                Kind::OneOf(values) => (values, |value| json!(value)),
                Kind::List(Kind::OneOf(values), _) => (values, |value| json!([value])),
                Kind::Text(_)
                | Kind::Flag
                | Kind::Whole { .. }
                | Kind::List(..)
                | Kind::Table(_)
                | Kind::Tables(_)
                | Kind::Open
                | Kind::Constant
                | Kind::ClaimOrigin
                | Kind::TextOrTable(..) => continue,
            };
            for value in values {
                assert!(parses(&json!({(key.name): wrap(value)})), "{}: {value}", key.name);
            }
            assert!(!parses(&json!({(key.name): wrap("no such value")})), "{}", key.name);
        }
    }
    for key in keys("") {
        let Kind::Whole { least, most, .. } = key.kind else { continue };
        for (value, fits) in [(least - 1, false), (least, true), (most, true), (most + 1, false)] {
            assert_eq!(settings(&json!({(key.name): value})).is_ok(), fits, "{}: {value}", key.name);
        }
    }
    for key in keys("lifetimes") {
        let Kind::Whole { least, most, .. } = key.kind else { panic!("{}", key.name) };
        for (value, bounded) in [(least - 1, false), (least, true), (most, true), (most + 1, false)] {
            let lifetimes = serde_json::from_value::<Lifetimes>(json!({(key.name): value}));
            assert_eq!(lifetimes.is_ok_and(|lifetimes| lifetimes.are_bounded()), bounded, "{}: {value}", key.name);
        }
    }
}

#[test]
fn defaults_in_the_description_match_the_parser() {
    let upstream = json!({"id": "p", "title": "P", "issuer": "https://p.example", "client_id": "us"});
    let upstream: UpstreamProvider = serde_json::from_value(upstream).unwrap();
    let of_workspace = settings(&json!({})).unwrap();
    let of_upstream = json!({
        "verified_email_domains": [], "email_domains": [], "hidden": upstream.hidden, "verified_phone_numbers": upstream.verified_phone_numbers,
        "client_assertion_audience": upstream.client_assertion_audience, "response_mode": upstream.response_mode,
        "pkce": upstream.pkce, "nonce": upstream.nonce, "user_parameter": upstream.user_parameter, "userinfo": upstream.userinfo, "trusted_audiences": upstream.trusted_audiences, "tenants": upstream.tenants,
        "multi_factor_acr": upstream.multi_factor_acr, "multi_factor_amr": upstream.multi_factor_amr,
    });
    let pool: Pool = serde_json::from_value(json!({"identifiers": ["email"], "attributes": [{"name": "a"}]})).unwrap();
    let mut attribute = serde_json::to_value(&pool.attributes[0]).unwrap();
    attribute["required"] = json!(pool.attributes[0].required);
    let mut pool = serde_json::to_value(pool).unwrap();
    pool["attributes"] = json!([]);
    let mut defaults = vec![
        ("", serde_json::to_value(&of_workspace).unwrap()),
        ("lifetimes", serde_json::to_value(Lifetimes::default()).unwrap()),
        ("clients.lifetimes", serde_json::to_value(Lifetimes::default()).unwrap()),
        ("clients", serde_json::to_value(client(&json!({})).unwrap()).unwrap()),
        ("upstream", serde_json::to_value(upstream).unwrap()),
        ("pool", pool),
        ("pool.attributes", attribute),
    ];
    // Defaults that are omitted when stored, and those of the keys, which are not stored with the settings.
    defaults[0].1["signing_algorithm"] = json!("RS256");
    defaults[0].1["rs256_key"] = json!("beside");
    defaults[0].1["language"] = json!(of_workspace.language);
    defaults[0].1["client_secret_methods"] = json!(of_workspace.client_secret_methods);
    defaults[0].1["device_authorization"] = json!(of_workspace.device_authorization);
    defaults[0].1["require_pushed_authorization_requests"] = json!(of_workspace.require_pushed_authorization_requests);
    defaults[0].1["scope_separator"] = json!(of_workspace.scope_separator);
    defaults[0].1["unknown_scopes"] = json!(of_workspace.unknown_scopes);
    defaults[4].1.as_object_mut().unwrap().extend(of_upstream.as_object().unwrap().clone());
    for (path, parsed) in defaults {
        for key in keys(path) {
            let Presence::Default(default) = key.presence else { continue };
            assert_eq!(serde_json::from_str::<Value>(default).unwrap(), parsed[key.name], "{path}: {}", key.name);
        }
    }
}

#[test]
fn docs_configuration_md_has_exactly_the_settings_of_the_description() {
    let text = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let row = Regex::new(r"^\| `([a-z0-9_#]+)` \|").unwrap();
    for (heading, path) in [
        ("### Top level", ""),
        ("### `[lifetimes]`", "lifetimes"),
        ("### `[brand]`", "brand"),
        ("### `[[scopes]]`", "scopes"),
        ("### `[[claims]]`", "claims"),
        ("### `[sandbox]`", "sandbox"),
        ("### `[pool]`", "pool"),
        ("### `[[pool.attributes]]`", "pool.attributes"),
        ("### `[[upstream]]`", "upstream"),
        ("### `[[clients]]`", "clients"),
    ] {
        let (_, section) = text.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("{heading}"));
        let section = section.split("\n#").next().unwrap();
        let documented: BTreeSet<String> =
            section.lines().filter_map(|line| row.captures(line)).map(|row| row[1].to_owned()).collect();
        assert_eq!(documented, names(path), "{heading}");
    }
}
