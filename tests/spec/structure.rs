//! The structure of the code: allowed dependencies between crates and between folders, and no import cycles between
//! files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::MetadataCommand;
use regex::Regex;

/// The workspace crates that a crate may depend on.
fn allowed(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        // A crate for API developers, independent of the server.
        "protocol" | "postern-resource" => &[],
        "store" | "signing" | "web" | "http_client" | "credentials" | "mailing" => &["protocol"],
        "pages" | "delivery" => &["protocol", "web"],
        "keystore" => &["protocol", "store", "signing"],
        "administration" => &["protocol", "store", "signing", "web", "http_client", "credentials"],
        "bootstrap" => &["protocol", "store", "signing", "web", "http_client", "delivery", "mailing", "keystore"],
        "frontchannel" => &["protocol", "store", "signing", "web", "delivery", "keystore", "pages", "bootstrap"],
        "backchannel" => &["protocol", "store", "signing", "web", "keystore", "http_client", "bootstrap"],
        // Each function uses exactly one channel.
        "authorize" => &["protocol", "store", "signing", "web", "pages", "bootstrap", "frontchannel"],
        "login" => &["protocol", "store", "signing", "web", "pages", "bootstrap", "frontchannel", "credentials"],
        "enroll" => {
            &["protocol", "store", "signing", "web", "keystore", "pages", "bootstrap", "frontchannel", "credentials"]
        }
        "callback" | "logout" | "account" => &[
            "protocol",
            "store",
            "signing",
            "web",
            "http_client",
            "delivery",
            "keystore",
            "pages",
            "bootstrap",
            "frontchannel",
        ],
        "par" | "device" | "token" | "userinfo" | "introspect" | "revoke" => {
            &["protocol", "store", "signing", "web", "keystore", "bootstrap", "backchannel"]
        }
        "metadata" => &["protocol", "store", "web", "bootstrap"],
        "notify" => &["protocol", "store", "signing", "web", "http_client", "delivery", "keystore", "bootstrap"],
        "mail" => &["protocol", "store", "signing", "web", "delivery", "mailing", "keystore", "pages", "bootstrap"],
        "postern" | "tests" => return None,
        other => panic!("{other} is not part of the architecture: add it here and in ARCHITECTURE.md"),
    })
}

#[test]
fn dependencies_point_one_way() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let ours: Vec<String> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    for package in &metadata.packages {
        let Some(allowed) = allowed(&package.name) else { continue };
        for dependency in package.dependencies.iter().filter(|dependency| ours.contains(&dependency.name)) {
            assert!(
                allowed.contains(&dependency.name.as_str()),
                "{} must not depend on {}",
                package.name,
                dependency.name
            );
        }
    }
}

#[test]
fn the_protocol_depends_on_no_source_of_io_randomness_or_cloud_sdk() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let protocol = metadata.packages.iter().find(|package| package.name.as_str() == "protocol").unwrap();
    let names: Vec<&str> = protocol
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind == cargo_metadata::DependencyKind::Normal)
        .map(|dependency| dependency.name.as_str())
        .collect();
    assert_eq!(names, ["base64", "serde", "serde_json", "sha2", "subtle", "thiserror", "url"]);
}

#[test]
fn protocol_and_credentials_use_no_io_clock_or_environment() {
    let folders = ["shared/protocol/src", "shared/credentials/src"].map(|folder| sources(&root().join(folder)));
    // Fixtures of tests may draw keys.
    for (path, source) in folders.into_iter().flatten().filter(|(path, _)| !path.ends_with("fixtures.rs")) {
        let code: String = code(&source).lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for foreign in
            ["async fn", "std::time::", "std::env", "std::fs", "std::net", "tracing::", "println!", "lc_rs::rand"]
        {
            assert!(!code.contains(foreign), "{} has {foreign}", path.display());
        }
    }
}

#[test]
fn administration_does_not_print_parse_arguments_or_read_files_environment_or_clock() {
    for (path, source) in sources(&root().join("shared/administration/src")) {
        let code: String = code(&source).lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for foreign in ["println!", "std::io", "std::env", "std::fs", "from_env", "SystemClock", "clap"] {
            assert!(!code.contains(foreign), "{} has {foreign}", path.display());
        }
    }
}

/// The folders of `protocol` from the bottom up: each may import from lower floors and from itself.
const FLOORS: [&[&str]; 10] = [
    &["syntax"],
    &["types"],
    &["jose"],
    &["clients"],
    &["users", "client_authentication"],
    &["workspace", "authorization"],
    &["registration", "federation", "tokens"],
    &["logout", "discovery"],
    &["token_status"],
    // Shared fixtures of the unit tests.
    &["fixtures"],
];

#[test]
fn folders_of_the_protocol_import_only_from_lower_floors() {
    let source = root().join("shared/protocol/src");
    let floor = |folder: &str| {
        let floor = FLOORS.iter().position(|floor| floor.contains(&folder));
        floor.unwrap_or_else(|| panic!("{folder} has no floor: give it one in tests/spec/structure.rs"))
    };
    for file in files_of(&source) {
        let Some((from, _)) = file.name.split_once('/') else { continue };
        for to in file.imports.iter().filter_map(|import| import.split_once('/')).map(|(folder, _)| folder) {
            assert!(from == to || floor(to) < floor(from), "{}: {from} must not import from {to}", file.name);
        }
    }
}

#[test]
fn no_files_import_each_other_in_a_cycle() {
    let mut crates: Vec<PathBuf> = Vec::new();
    for folder in ["shared", "functions"] {
        crates.extend(std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path().join("src")));
    }
    crates.push(root().join("infra/cli/src"));
    let circles: Vec<String> = crates.iter().flat_map(|folder| circles(folder, &files_of(folder))).collect();
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

#[test]
fn an_import_cycle_is_found() {
    let file = |name: &str, imports: &[&str]| File {
        name: name.into(),
        imports: imports.iter().map(|import| (*import).into()).collect(),
    };
    let folder = Path::new("shared/example/src");
    let straight = [file("a.rs", &["b.rs", "c.rs"]), file("b.rs", &["c.rs"]), file("c.rs", &[])];
    assert_eq!(circles(folder, &straight), Vec::<String>::new());
    let round = [file("a.rs", &["b.rs"]), file("b.rs", &["c.rs"]), file("c.rs", &["a.rs"])];
    assert_eq!(circles(folder, &round).len(), 1);
}

#[test]
fn imports_are_found_in_every_notation() {
    let modules = ["a.rs", "b.rs", "d/mod.rs", "d/e.rs", "d/f.rs", "lib.rs"].map(String::from);
    let imports = |name: &str, code: &str| imports_of(name, code, &modules);
    let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(imports("a.rs", "use crate::b::Thing;"), of(&["b.rs"]));
    assert_eq!(imports("a.rs", "use crate::{b, d::e::{X, Y}};"), of(&["b.rs", "d/e.rs"]));
    assert_eq!(imports("a.rs", "fn f() { crate::d::f::g() }"), of(&["d/f.rs"]));
    assert_eq!(imports("d/e.rs", "use super::f::Z;"), of(&["d/f.rs"]));
    assert_eq!(imports("a.rs", "use crate::Root;"), of(&["lib.rs"]));
    assert_eq!(imports("lib.rs", "mod a;\npub use b::Thing;"), of(&[]));
    assert_eq!(imports("lib.rs", "mod a;\nfn f() { a::g() }"), of(&["a.rs"]));
    assert_eq!(imports("lib.rs", "use crate::a::g;"), of(&["a.rs"]));
}

/// A file of a crate, and the files of the same crate that it imports.
struct File {
    name: String,
    imports: BTreeSet<String>,
}

/// The files of the crate whose sources are in `folder`.
fn files_of(folder: &Path) -> Vec<File> {
    let name = |path: &Path| path.strip_prefix(folder).unwrap().display().to_string();
    let all: Vec<(String, String)> = sources(folder)
        .iter()
        .filter(|(path, _)| !path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests")))
        .map(|(path, source)| (name(path), without_comments(code(source))))
        .collect();
    let modules: Vec<String> = all.iter().map(|(name, _)| name.clone()).collect();
    all.into_iter().map(|(name, code)| File { imports: imports_of(&name, &code, &modules), name }).collect()
}

fn without_comments(code: &str) -> String {
    code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// The files among `modules` that `code`, the content of `name`, imports or refers to by path. Declarations and
/// re-exports in a `lib.rs` or `mod.rs` do not count.
fn imports_of(name: &str, code: &str, modules: &[String]) -> BTreeSet<String> {
    let handed_on = Regex::new(r"(?s)pub(\(crate\))? use [^;]*;|(pub )?mod \w+;").unwrap();
    let code = handed_on.replace_all(code, "");
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    let is_face = name.ends_with("lib.rs") || name.ends_with("mod.rs");
    let parent = if is_face { folder.rsplit_once('/').map_or("", |(parent, _)| parent) } else { folder };
    let mut found = BTreeSet::new();
    let path = Regex::new(r"\b(crate|super)::(\{[^;]*\}|[\w:]+(?:\{[^;]*?\})?)").unwrap();
    for captures in path.captures_iter(&code) {
        let base = if &captures[1] == "crate" { "" } else { parent };
        for path in flattened(&captures[2]) {
            found.extend(file_of(base, &path, modules));
        }
    }
    if is_face {
        let child = Regex::new(r"(?:^|[^\w:])([a-z_]\w*)::").unwrap();
        let children = child.captures_iter(&code).map(|captures| captures[1].to_owned());
        found.extend(children.filter_map(|child| module(folder, &child, modules)));
    }
    found.remove(name);
    found
}

/// Expands `a::{b, c::D}` to `a::b` and `a::c::D`.
fn flattened(path: &str) -> Vec<String> {
    let Some((prefix, rest)) = path.split_once('{') else { return vec![path.trim_end_matches("::").into()] };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for letter in inner.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if letter == ',' && depth == 0 { parts.push(String::new()) } else { parts.last_mut().unwrap().push(letter) }
    }
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    parts.flat_map(|part| flattened(&format!("{prefix}{part}"))).collect()
}

/// The file that `path` leads to, relative to the module folder `base`.
fn file_of(base: &str, path: &str, modules: &[String]) -> Option<String> {
    let (mut folder, mut file) = (base.to_owned(), None);
    for segment in path.split("::") {
        match module(&folder, segment, modules) {
            Some(found) => file = Some(found),
            None => break,
        }
        folder = if folder.is_empty() { segment.into() } else { format!("{folder}/{segment}") };
    }
    // A name that is not a module is an item of the crate root.
    file.or_else(|| modules.iter().find(|name| *name == "lib.rs" && base.is_empty()).cloned())
}

/// The file of module `name` in `folder`.
fn module(folder: &str, name: &str, modules: &[String]) -> Option<String> {
    let base = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    [format!("{base}.rs"), format!("{base}/mod.rs")].into_iter().find(|file| modules.contains(file))
}

/// The import cycles among `files`, one line each.
fn circles(folder: &Path, files: &[File]) -> Vec<String> {
    let imports: BTreeMap<&str, &BTreeSet<String>> =
        files.iter().map(|file| (file.name.as_str(), &file.imports)).collect();
    let reachable = |from: &str| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(name) = next.pop() {
            for import in imports.get(name.as_str()).into_iter().copied().flatten() {
                if seen.insert(import.clone()) {
                    next.push(import.clone());
                }
            }
        }
        seen
    };
    let round: Vec<&str> =
        files.iter().map(|file| file.name.as_str()).filter(|name| reachable(name).contains(*name)).collect();
    if round.is_empty() {
        return Vec::new();
    }
    let arrows: Vec<String> = files
        .iter()
        .filter(|file| round.contains(&file.name.as_str()))
        .flat_map(|file| file.imports.iter().map(move |import| format!("{} -> {import}", file.name)))
        .filter(|arrow| round.iter().any(|name| arrow.ends_with(&format!(" {name}"))))
        .collect();
    vec![format!("{}: {}", folder.display(), arrows.join(", "))]
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

/// The code of a file without its tests.
fn code(source: &str) -> &str {
    source.split("#[cfg(test)]").next().unwrap()
}
