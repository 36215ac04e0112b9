//! Checks that what inline code and links name exists.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::commands;
use super::markdown::{Document, Excerpt, Table};
use super::repository::Repository;

/// A name in a document that refers to nothing.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    /// The document.
    pub(super) document: String,
    /// The line.
    pub(super) line: usize,
    /// What is wrong.
    pub(super) missing: String,
}

/// Folders created at run time, and an optional one outside the repository.
const ELSEWHERE: [&str; 4] = [".postern", "target", "../shared/bench/floor", "../shared/bench/peer"];

/// Files that the reader creates.
const YOURS: [&str; 1] = ["my-workspace.toml"];

/// Names from specifications, AWS and other crates that no source of this repository mentions.
const FOREIGN: [&str; 8] = [
    "ALL_OLD",
    "AutoPublishAlias",
    "AutoPublishAliasAllProperties",
    "DeploymentPreference",
    "HttpOnly",
    "INSUFFICIENT_DATA",
    "PrivateKeyJWT",
    "SSL_CERT_FILE",
];

/// Words that CONTRIBUTING.md lists as forbidden in names, and HTTP headers.
const WORDS: [&str; 5] = ["Data", "Helper", "Location", "Manager", "Util"];

static PATH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[\w.-]+(/[\w.-]+)*(/|/\*)?$").unwrap());
static FILE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[\w./-]+\.(rs|md|toml|yaml|py|mjs|json|ts|js|html|css|pem)$").unwrap());
static ITEM: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[A-Za-z_]\w*(::\w+)+(<.*>)?(\(\))?$").unwrap());
static TYPE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[A-Z][a-z0-9]+([A-Z][A-Za-z0-9]*)+(<.*>)?$").unwrap());
static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[A-Z][a-z]\w+(<.*>)?$").unwrap());
static CONSTANT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$").unwrap());

/// Returns every name in `document` that does not exist in `repository`.
pub(super) fn findings(document: &Document, repository: &Repository) -> Vec<Finding> {
    let mut findings: Vec<(usize, String)> = Vec::new();
    for link in document.links() {
        findings.extend(link_fault(document, repository, &link).map(|fault| (link.line, fault)));
    }
    for code in document.code() {
        findings.extend(code_fault(document, repository, &code.text).map(|fault| (code.line, fault)));
        findings.extend(commands::faults(document, repository, &code));
    }
    let shells = document.fences.iter().filter(|fence| matches!(fence.language.as_str(), "sh" | "console"));
    for line in shells.flat_map(|fence| &fence.lines) {
        findings.extend(commands::faults(document, repository, line));
    }
    for table in document.tables() {
        findings.extend(table_faults(document, &table, repository));
    }
    findings.sort();
    findings.dedup();
    let finding = |(line, missing)| Finding { document: document.name.clone(), line, missing };
    findings.into_iter().map(finding).collect()
}

/// Returns what is wrong with a link: a relative one must lead to an existing file or folder, and to an existing
/// heading.
fn link_fault(document: &Document, repository: &Repository, link: &Excerpt) -> Option<String> {
    if link.text.contains("://") || link.text.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = link.text.split_once('#').unwrap_or((&link.text, ""));
    let from_root = format!("{}{path}", document.folder());
    let target = if path.is_empty() { Some(document.name.clone()) } else { repository.found("", &from_root) };
    let Some(target) = target else { return Some(format!("the link leads nowhere: {}", link.text)) };
    let anchors = match repository.files.get(&target) {
        _ if target == document.name => document.anchors(),
        text => Document::parse(&target, text.map_or("", String::as_str)).anchors(),
    };
    let known = anchor.is_empty() || anchors.contains(anchor);
    (!known).then(|| format!("{target} has no heading for the anchor #{anchor}"))
}

/// Returns what is wrong with inline code that names a file, folder, item or variable.
fn code_fault(document: &Document, repository: &Repository, code: &str) -> Option<String> {
    let name = code.split(['<', '(']).next().unwrap_or_default();
    if code.contains('/') && PATH.is_match(code) {
        return path_fault(document, repository, code);
    }
    if FILE.is_match(code) && !code.contains('/') {
        let there = YOURS.contains(&code) || repository.has_file_named(code);
        return (!there).then(|| format!("no file is called {code}"));
    }
    if ITEM.is_match(code) {
        return (!repository.items.defines(name)).then(|| format!("no Rust item is {name}"));
    }
    if TYPE.is_match(code) || (is_internal(&document.name) && WORD.is_match(code) && !WORDS.contains(&name)) {
        let known = FOREIGN.contains(&name) || repository.items.knows(name) || repository.deploys(name);
        return (!known).then(|| format!("nothing is called {name}"));
    }
    if CONSTANT.is_match(code) && !FOREIGN.contains(&code) {
        return (!repository.mentions(code)).then(|| format!("no program knows {code}"));
    }
    None
}

/// Whether the document is about the code itself.
fn is_internal(name: &str) -> bool {
    matches!(name, "ARCHITECTURE.md" | "CONTRIBUTING.md") || name.starts_with("docs/decisions/")
}

/// Returns what is wrong with a path: one inside the repository must exist, relative to the document's folder or the
/// root.
pub(super) fn path_fault(document: &Document, repository: &Repository, path: &str) -> Option<String> {
    let path = path.trim_end_matches('*').trim_end_matches('/');
    let is_in =
        |outside: &&str| path.strip_prefix(*outside).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if ELSEWHERE.iter().any(is_in) || repository.found(document.folder(), path).is_some() {
        return None;
    }
    let first = path.split('/').next().unwrap_or_default();
    let ours = FILE.is_match(path) || first == ".." || repository.is_at_root(first);
    ours.then(|| format!("there is no {path}"))
}

/// A table whose first column is headed "in `folder`" names modules, files or folders there; in ARCHITECTURE.md it must
/// name every folder.
fn table_faults(document: &Document, table: &Table, repository: &Repository) -> Vec<(usize, String)> {
    let first = table.head.first().map_or("", String::as_str);
    let Some(folder) = first.strip_prefix("in `").and_then(|rest| rest.strip_suffix('`')) else { return Vec::new() };
    let (mut faults, mut named) = (Vec::new(), BTreeSet::new());
    for (line, cells) in &table.rows {
        for name in cells[0].split('`').skip(1).step_by(2).map(|name| name.trim_end_matches('/')) {
            let there = ["", ".rs"].iter().any(|end| repository.found("", &format!("{folder}/{name}{end}")).is_some());
            faults.extend((!there).then(|| (*line, format!("there is no {name} in {folder}"))));
            named.insert(name);
        }
    }
    let left_out = repository.folders_in(folder).filter(|name| !named.contains(name));
    let left_out = left_out.filter(|_| document.name == "ARCHITECTURE.md");
    faults.extend(left_out.map(|name| (table.line, format!("the table of {folder} does not name {name}"))));
    faults
}
