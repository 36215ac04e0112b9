//! Checks the documents against the repository: everything they name exists, ARCHITECTURE.md stays short, and every
//! decision is dated, complete and listed in the index.

mod commands;
mod crate_diagram;
mod markdown;
mod names;
mod references;
mod repository;
mod rust;
mod security;

use std::collections::BTreeMap;

use markdown::Document;
use names::{Finding, findings};
use regex::Regex;
use repository::Repository;

/// The maximum length of ARCHITECTURE.md, as `wc -w` counts: ten minutes of reading.
const MAX_ARCHITECTURE_WORDS: usize = 3000;

/// The parts of a decision, in order.
const PARTS: [&str; 4] = ["**Context.**", "**Decision.**", "**Why.**", "**Rejected.**"];

/// Fails with all findings at once, one per line.
fn assert_none(findings: &[Finding]) {
    let line = |finding: &Finding| format!("{}:{}: {}", finding.document, finding.line, finding.missing);
    let lines: Vec<String> = findings.iter().map(line).collect();
    assert!(lines.is_empty(), "{} findings\n{}", lines.len(), lines.join("\n"));
}

#[test]
fn everything_named_in_documents_exists() {
    let repository = Repository::here();
    let documents = repository.documents().map(|(name, text)| Document::parse(name, text));
    let mut found: Vec<Finding> = documents.flat_map(|document| findings(&document, repository)).collect();
    found.extend(references::findings(repository));
    assert_none(&found);
}

#[test]
fn architecture_md_can_be_read_in_ten_minutes() {
    let words = Repository::here().files["ARCHITECTURE.md"].split_whitespace().count();
    assert!(words <= MAX_ARCHITECTURE_WORDS, "{words} words");
}

/// The decisions in `document` that lack a date or a part.
fn incomplete(document: &Document) -> Vec<Finding> {
    let dated = Regex::new(r"^\nDecided \d{4}-\d\d-\d\d(, (amended|overturned) \d{4}-\d\d-\d\d)?\.\n").unwrap();
    let finding = |line, missing: String| Finding { document: document.name.clone(), line, missing };
    let sections = document.sections(2);
    let mut findings = Vec::new();
    for (heading, body) in &sections {
        findings
            .extend((!dated.is_match(body)).then(|| finding(heading.line, format!("{:?} has no date", heading.text))));
        let at = PARTS.map(|part| body.find(&format!("\n{part} ")));
        let complete = at.iter().all(Option::is_some) && at.is_sorted();
        findings
            .extend((!complete).then(|| finding(heading.line, format!("{:?} lacks one of {PARTS:?}", heading.text))));
    }
    findings.extend(sections.is_empty().then(|| finding(1, "there is no decision in it".into())));
    findings
}

#[test]
fn every_document_is_in_the_index_and_every_decision_is_complete() {
    let repository = Repository::here();
    let index = Document::parse("docs/README.md", &repository.files["docs/README.md"]);
    let listed: Vec<String> = index.links().into_iter().map(|link| link.text).collect();
    let mut found = Vec::new();
    for (name, text) in repository.documents().filter(|(name, _)| name.starts_with("docs/") && *name != index.name) {
        if !listed.iter().any(|link| name == format!("docs/{link}")) {
            found.push(Finding {
                document: index.name.clone(),
                line: 1,
                missing: format!("{name} is not in the index"),
            });
        }
        if name.starts_with("docs/decisions/") {
            found.extend(incomplete(&Document::parse(name, text)));
        }
    }
    assert_none(&found);
}

/// A small repository to check texts against.
fn small() -> Repository {
    let files = [
        ("Cargo.toml", "[workspace]\n"),
        ("ARCHITECTURE.md", "## 1. The line\n\n| | invariant |\n|---|---|\n| 1 | One. |\n"),
        ("docs/decisions/specification-choices.md", "## 1. A choice\n"),
        ("docs/coverage.md", "| SEC-A-01 | x |\n"),
        ("docs/guide.md", "# A guide\n\n## The `second` part\n"),
        ("infra/template.yaml", "Parameters:\n  RegionLabel:\n"),
        ("shared/store/Cargo.toml", "[package]\nname = \"store\"\n\n[[bench]]\nname = \"cold\"\n"),
        ("shared/store/src/lib.rs", "//! (design\n//! invariant 2)\npub struct Store;\n"),
        (
            "shared/store/src/keys.rs",
            "// SPARE_TIME is not set here.\nconst FREE_TIME: u8 = 1;\nimpl Store {\n    pub fn open() {}\n}\n",
        ),
        ("tests/run", "echo\n"),
    ];
    Repository::of(files.map(|(file, text)| (file.to_owned(), text.to_owned())).into())
}

#[test]
fn missing_names_are_reported() {
    let repository = small();
    let table: [(&str, &[&str]); 22] = [
        ("See `shared/store/src/keys.rs`, `keys.rs`, `shared/*`, `guide.md` and `tests/`.", &[]),
        ("See `shared/store/src/gone.rs`.", &["there is no shared/store/src/gone.rs"]),
        ("See `shared/gone/` or `gone.rs`.", &["no file is called gone.rs", "there is no shared/gone"]),
        ("Types `text/html` and `a/b` are nobody's.", &[]),
        ("[ok](guide.md#the-second-part) [ok](../shared/store) [ok](https://x.example/#y) [ok](#here)\n\n# Here", &[]),
        ("[gone](gone.md)", &["the link leads nowhere: gone.md"]),
        ("[gone](../../guide.md)", &["the link leads nowhere: ../../guide.md"]),
        ("[gone](guide.md#third)", &["docs/guide.md has no heading for the anchor #third"]),
        ("[gone](#there)", &["docs/x.md has no heading for the anchor #there"]),
        ("`Store::open`, `store::Store`, `keys::Store::open()`", &["no Rust item is keys::Store::open"]),
        ("`Store::close` and `store::keys::FREE_TIME`", &["no Rust item is Store::close"]),
        ("`Store<T>`, `RegionLabel`, `StoreHouse`", &["nothing is called StoreHouse"]),
        ("`FREE_TIME` and `SPARE_TIME`", &["no program knows SPARE_TIME"]),
        ("`cargo bench --bench cold` and `cargo test -p store -- --bench warm`", &[]),
        ("`cargo bench --bench warm`", &["there is no bench warm"]),
        ("`cargo test -p shop --test spec`", &["there is no package shop", "there is no test spec"]),
        (
            "`bash tests/run` and `X=1 bash tests/walk && node gone.mjs`",
            &["there is no gone.mjs", "there is no tests/walk"],
        ),
        ("`postern dev --memory` and `cargo run -- keys add --workspace T/W --kms-key ARN`", &[]),
        ("`postern fly`, `postern dev --wings`", &["dev has no --wings", "postern has no command fly"]),
        (
            "```sh\ncd gone && bash tests/run   # with gone.sh\n$ postern keys lose\n```",
            &["keys has no command lose", "there is no gone"],
        ),
        ("| in `shared/store` | |\n|---|---|\n| `src`, `gone` | |", &["there is no gone in shared/store"]),
        ("Unfenced [text] (in brackets), `code with spaces` and `x.y`.", &[]),
    ];
    for (text, expected) in table {
        let found = findings(&Document::parse("docs/x.md", text), &repository);
        let mut missing: Vec<&str> = found.iter().map(|finding| finding.missing.as_str()).collect();
        missing.sort_unstable();
        assert_eq!(missing, expected, "{text}");
    }
    let table = "# A\n\n| in `shared/store` | |\n|---|---|\n| `Cargo.toml` | |";
    let found = findings(&Document::parse("ARCHITECTURE.md", table), &repository);
    assert_eq!((found[0].line, found[0].missing.as_str()), (3, "the table of shared/store does not name src"));
    let found = findings(&Document::parse("docs/x.md", "a\n\n`b`\n`gone.rs`"), &repository);
    assert_eq!((found[0].document.as_str(), found[0].line), ("docs/x.md", 4));
}

#[test]
fn references_to_missing_numbers_are_reported() {
    let mut files: BTreeMap<String, String> = small().files;
    files.insert(
        "docs/x.md".into(),
        "Design section 1, design decisions 1 and 2, invariant 3.\nSEC-A-01, SEC-A-02".into(),
    );
    let found = references::findings(&Repository::of(files));
    let found: Vec<String> =
        found.into_iter().map(|it| format!("{}:{} {}", it.document, it.line, it.missing)).collect();
    let expected = [
        "docs/x.md:1 there is no design decision 2",
        "docs/x.md:1 there is no design invariant 3",
        "docs/x.md:2 docs/coverage.md has no row SEC-A-02",
        "shared/store/src/lib.rs:2 there is no design invariant 2",
    ];
    assert_eq!(found, expected);
}

#[test]
fn incomplete_decisions_are_reported() {
    let whole =
        "# A\n\n## B\n\nDecided 2026-11-27.\n\n**Context.** a\n\n**Decision.** b\n\n**Why.** c\n\n**Rejected.** d\n";
    let count = |text: &str| incomplete(&Document::parse("docs/decisions/a.md", text)).len();
    assert_eq!(count(whole), 0);
    assert_eq!(count(&whole.replace("2026-11-27", "lately")), 1);
    assert_eq!(count(&whole.replace("**Why.** c\n", "")), 1);
    assert_eq!(count(&whole.replace("**Why.**", "**Rejected.**").replacen("**Rejected.** d", "**Why.** d", 1)), 1);
    assert_eq!(count("# A\n"), 1);
}
