//! The house itself: which crate may know which.

use std::path::{Path, PathBuf};

use cargo_metadata::MetadataCommand;

/// Who may depend on whom, within the workspace.
fn allowed(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        // A crate for the APIs of others, which know nothing of the server.
        "protocol" | "postern-resource" => &[],
        "store" | "signing" | "web" | "http_client" => &["protocol"],
        "pages" | "delivery" => &["protocol", "web"],
        "keystore" => &["protocol", "store", "signing"],
        "frontchannel" => &["protocol", "store", "signing", "web", "keystore", "pages"],
        "backchannel" => &["protocol", "store", "signing", "web", "keystore", "http_client"],
        "bootstrap" => &[
            "protocol",
            "store",
            "signing",
            "web",
            "delivery",
            "keystore",
            "http_client",
            "frontchannel",
            "backchannel",
        ],
        "authorize" | "login" | "callback" | "token" | "userinfo" | "introspect" | "revoke" | "metadata" => &[
            "protocol",
            "store",
            "signing",
            "web",
            "keystore",
            "pages",
            "http_client",
            "frontchannel",
            "backchannel",
            "bootstrap",
        ],
        "logout" | "notify" => &[
            "protocol",
            "store",
            "signing",
            "web",
            "delivery",
            "keystore",
            "pages",
            "http_client",
            "frontchannel",
            "bootstrap",
        ],
        "postern" | "tests" => return None,
        other => panic!("{other} has no place in the house: give it one here and in ARCHITECTURE.md"),
    })
}

#[test]
fn dependencies_point_one_way() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let ours: Vec<String> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    for package in &metadata.packages {
        let Some(allowed) = allowed(&package.name) else { continue };
        for dependency in package.dependencies.iter().filter(|dependency| ours.contains(&dependency.name)) {
            assert!(allowed.contains(&dependency.name.as_str()), "{} must not know {}", package.name, dependency.name);
        }
    }
}

#[test]
fn the_protocol_knows_no_io_clock_randomness_or_cloud() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let protocol = metadata.packages.iter().find(|package| package.name.as_str() == "protocol").unwrap();
    let names: Vec<&str> = protocol
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind == cargo_metadata::DependencyKind::Normal)
        .map(|dependency| dependency.name.as_str())
        .collect();
    assert_eq!(names, ["base64", "serde", "serde_json", "sha2", "subtle", "thiserror", "url"]);
    for (path, source) in sources(&root().join("shared/protocol/src")) {
        let code: String = code(&source).lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for foreign in ["async fn", "std::time::", "std::env", "std::fs", "std::net", "tracing::", "println!"] {
            assert!(!code.contains(foreign), "{} has {foreign}", path.display());
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Every Rust file below `folder`, with its text.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            all.push((path, text));
        }
    }
    all
}

/// The code of a file, without its tests.
fn code(source: &str) -> &str {
    source.split("#[cfg(test)]").next().unwrap()
}
