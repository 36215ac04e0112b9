//! Checks numbers that comments and documents refer to: sections and invariants of ARCHITECTURE.md, design decisions,
//! and rows of docs/coverage.md.

use std::collections::BTreeSet;

use regex::Regex;

use super::markdown::Document;
use super::names::Finding;
use super::repository::{Repository, has_extension};

/// The file with the numbered design decisions.
const DECISIONS: &str = "docs/decisions/specification-choices.md";

/// The existing numbers.
struct Numbers {
    sections: BTreeSet<String>,
    invariants: BTreeSet<String>,
    decisions: BTreeSet<String>,
    rows: BTreeSet<String>,
}

impl Numbers {
    fn of(repository: &Repository) -> Self {
        let document = |name: &str| Document::parse(name, repository.files.get(name).map_or("", String::as_str));
        let headings = |name: &str| {
            let sections = document(name).sections(2).into_iter();
            sections.filter_map(|(heading, _)| Some(heading.text.split_once(". ")?.0.to_owned())).collect()
        };
        let tables = document("ARCHITECTURE.md").tables();
        let invariants = tables.iter().filter(|table| table.head.get(1).is_some_and(|head| head == "invariant"));
        let row = Regex::new(r"(?m)^\| (SEC-[A-Z]+-\d+) \|").unwrap();
        let coverage = repository.files.get("docs/coverage.md").map_or("", String::as_str);
        Self {
            sections: headings("ARCHITECTURE.md"),
            invariants: invariants.flat_map(|table| &table.rows).map(|(_, cells)| cells[0].clone()).collect(),
            decisions: headings(DECISIONS),
            rows: row.captures_iter(coverage).map(|found| found[1].to_owned()).collect(),
        }
    }

    fn has(&self, kind: &str, number: &str) -> bool {
        match kind {
            "section" => self.sections.contains(number),
            "invariant" => self.invariants.contains(number),
            _ => self.decisions.contains(number),
        }
    }
}

/// Returns references in all files to numbers that do not exist. A reference may be wrapped across comment lines.
pub(super) fn findings(repository: &Repository) -> Vec<Finding> {
    let numbers = Numbers::of(repository);
    let reference =
        Regex::new(r"[Dd]esign\s+(?:(?:///?|//!|#)\s+)?(section|invariant|decision)s?\s+(\d+)(?:\s+and\s+(\d+))?")
            .unwrap();
    let invariant = Regex::new(r"\b(invariant) (\d+)").unwrap();
    let row = Regex::new(r"SEC-[A-Z]+-\d+").unwrap();
    let mut findings = BTreeSet::new();
    let refers = |text: &str| ["esign", "invariant", "SEC-"].iter().any(|word| text.contains(word));
    for (file, text) in repository.files.iter().filter(|(_, text)| refers(text)) {
        let line = |at: usize| text[..at].matches('\n').count() + 1;
        let mut add =
            |at: usize, missing: String| findings.insert(Finding { document: file.clone(), line: line(at), missing });
        for found in reference.captures_iter(text).chain(invariant.captures_iter(text)) {
            let kind = &found[1];
            for number in found.iter().skip(2).flatten().filter(|number| !numbers.has(kind, number.as_str())) {
                add(number.start(), format!("there is no design {kind} {}", number.as_str()));
            }
        }
        for found in row.find_iter(text).filter(|row| has_extension(file, "md") && !numbers.rows.contains(row.as_str()))
        {
            add(found.start(), format!("docs/coverage.md has no row {}", found.as_str()));
        }
    }
    findings.into_iter().collect()
}
