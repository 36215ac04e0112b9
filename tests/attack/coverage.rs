//! Compares docs/coverage.md, which maps catalogue rows to tests, with the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use regex::Regex;

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The text of docs/coverage.md.
fn document() -> String {
    std::fs::read_to_string(root().join("docs/coverage.md")).unwrap()
}

/// Every Rust source file of the workspace: its path relative to the root, and its text.
fn sources() -> BTreeMap<String, String> {
    let (root, mut all) = (root(), BTreeMap::new());
    let mut folders: Vec<PathBuf> = ["functions", "shared", "infra", "tests"].map(|name| root.join(name)).into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("node_modules") && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().display().to_string();
                all.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    all
}

/// Every table row: its id and the text of its last cell.
fn rows(document: &str) -> Vec<(String, String)> {
    let row = Regex::new(r"(?m)^\| (SEC-[A-Z]+-\d+) \| (.*) \|$").unwrap();
    row.captures_iter(document).map(|found| (found[1].to_owned(), found[2].to_owned())).collect()
}

/// The tests named in a cell: function and file.
fn named(cell: &str) -> Vec<(String, String)> {
    let test = Regex::new(r"`(\w+)` \(([\w./-]+\.rs)\)").unwrap();
    test.captures_iter(cell).map(|found| (found[1].to_owned(), found[2].to_owned())).collect()
}

/// The rows that a test proves according to its name: `sec_a_01_and_03_to_05_and_sec_b_02_…`.
fn proved(function: &str) -> BTreeSet<String> {
    let (mut section, mut last, mut range) = ("", None::<u32>, false);
    let (mut all, mut words) = (BTreeSet::new(), function.split('_').peekable());
    while let Some(word) = words.next() {
        match word {
            "sec" => section = words.next().unwrap_or_default(),
            "and" if words.peek().is_some_and(|next| *next == "sec" || next.parse::<u32>().is_ok()) => range = false,
            "to" if words.peek().is_some_and(|next| next.parse::<u32>().is_ok()) => range = true,
            number => {
                let Some(number) = number.parse::<u32>().ok().filter(|_| number.len() == 2) else { break };
                let first = if range { last.unwrap_or(number) } else { number };
                all.extend((first..=number).map(|row| format!("SEC-{}-{row:02}", section.to_uppercase())));
                last = Some(number);
            }
        }
    }
    all
}

#[test]
fn rows_are_parsed_from_test_names() {
    let table = [
        ("sec_code_09_and_10_a_b", vec!["SEC-CODE-09", "SEC-CODE-10"]),
        ("sec_hdr_03_to_05_and_sec_authz_23_every", vec!["SEC-AUTHZ-23", "SEC-HDR-03", "SEC-HDR-04", "SEC-HDR-05"]),
        ("sec_sess_04_and_05_forms_and_12_more", vec!["SEC-SESS-04", "SEC-SESS-05"]),
    ];
    for (name, expected) in table {
        assert_eq!(proved(name).into_iter().collect::<Vec<_>>(), expected, "{name}");
    }
}

#[test]
fn every_coverage_row_names_existing_tests() {
    let (document, sources) = (document(), sources());
    let mut seen = BTreeSet::new();
    for (row, cell) in rows(&document) {
        assert!(seen.insert(row.clone()), "{row} occurs twice");
        let tests = named(&cell);
        let reasoned = cell.contains("later: ") || cell.contains("decided otherwise: ");
        assert!(!tests.is_empty() || reasoned, "{row} has neither a test nor a reason");
        for (function, file) in tests {
            let source = sources.get(&file).unwrap_or_else(|| panic!("{row}: {file} does not exist"));
            let is_there = source.contains(&format!("fn {function}("));
            assert!(is_there, "{row}: {file} has no {function}");
        }
    }
    for section in [
        "REDIR-23",
        "PARAM-21",
        "AUTHZ-26",
        "PKCE-11",
        "CODE-17",
        "CLI-17",
        "SESS-17",
        "HDR-09",
        "XSS-05",
        "CORS-04",
        "LOGOUT-08",
    ] {
        let (section, last) = section.split_once('-').unwrap();
        for number in 1..=last.parse::<u32>().unwrap() {
            let row = format!("SEC-{section}-{number:02}");
            assert!(seen.contains(&row), "{row} is missing");
        }
    }
}

#[test]
fn every_attack_test_is_listed_in_the_rows_it_proves() {
    let rows: BTreeMap<String, String> = rows(&document()).into_iter().collect();
    let test = Regex::new(r"(?m)^\s*(?:async )?fn (sec_\w+)").unwrap();
    let mut count = 0;
    for (file, source) in sources() {
        for function in test.captures_iter(&source).map(|found| found[1].to_owned()) {
            let proved = proved(&function);
            assert!(!proved.is_empty(), "{function} in {file} names no row");
            for row in proved {
                let cell = rows.get(&row).unwrap_or_else(|| panic!("{row}, proved by {function}, has no row"));
                let listed = named(cell).contains(&(function.clone(), file.clone()));
                assert!(listed, "{row} does not name `{function}` ({file})");
                count += 1;
            }
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn the_coverage_refers_to_the_repository_only() {
    let document = document();
    assert!(!document.contains("/work/") && !Regex::new(r"#\d").unwrap().is_match(&document));
}
