//! The crate diagram in ARCHITECTURE.md shows every crate and every dependency, without transitive ones.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

use super::markdown::Document;

type Edges = BTreeSet<(String, String)>;

/// The edges drawn in the Mermaid diagrams of `document`.
fn drawn(document: &Document) -> Edges {
    let diagrams = document.fences.iter().filter(|fence| fence.language == "mermaid").flat_map(|fence| &fence.lines);
    let arrow = |line: &str| line.split_once("-->").map(|(from, to)| (from.trim().to_owned(), to.trim().to_owned()));
    diagrams.filter_map(|line| arrow(&line.text)).collect()
}

/// The node of a crate: the name of its folder, except that all functions share one node.
fn name(package: &cargo_metadata::Package) -> String {
    let mut folders = package.manifest_path.components().rev().skip(1).map(|part| part.as_str().to_owned());
    let (own, parent) = (folders.next().unwrap_or_default(), folders.next().unwrap_or_default());
    match (own.as_str(), parent.as_str()) {
        (_, "functions") => parent,
        ("cli", _) => package.name.to_string(),
        _ => own,
    }
}

/// The dependencies between workspace crates, without those that a longer path implies (the transitive reduction).
fn reduced(metadata: &Metadata) -> Edges {
    let ours: BTreeMap<&str, String> =
        metadata.packages.iter().map(|package| (package.name.as_str(), name(package))).collect();
    let mut edges = Edges::new();
    for package in &metadata.packages {
        let normal = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
        let known = normal.filter_map(|dependency| ours.get(dependency.name.as_str()));
        edges.extend(known.map(|to| (name(package), to.clone())).filter(|(from, to)| from != to));
    }
    edges.iter().filter(|(from, to)| !leads(&edges, from, to, true)).cloned().collect()
}

/// Whether there is a path between two nodes; with `detour`, one of more than one edge.
fn leads(edges: &Edges, from: &str, to: &str, detour: bool) -> bool {
    edges
        .iter()
        .filter(|(start, _)| start == from)
        .any(|(_, end)| (end == to && !detour) || (end != to && leads(edges, end, to, false)))
}

#[test]
fn the_crate_diagram_matches_the_manifests() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../ARCHITECTURE.md")).unwrap();
    let drawn = drawn(&Document::parse("ARCHITECTURE.md", &text));
    let reduced = reduced(&MetadataCommand::new().no_deps().exec().unwrap());
    let line = |what: &str, edge: &(String, String)| format!("{what}  {} --> {}", edge.0, edge.1);
    let wrong: Vec<String> =
        drawn.difference(&reduced).map(|edge| line("drawn, but not a direct dependency:", edge)).collect();
    let missing = reduced.difference(&drawn).map(|edge| line("a direct dependency, but not drawn:", edge));
    let all: Vec<String> = wrong.into_iter().chain(missing).collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn transitive_edges_are_left_out() {
    let document = Document::parse("x.md", "```mermaid\nflowchart TD\n  a --> b\n  b --> c\n```\n");
    let edge = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    assert_eq!(drawn(&document), Edges::from([edge("a", "b"), edge("b", "c")]));
    let all = Edges::from([edge("a", "b"), edge("b", "c"), edge("a", "c")]);
    assert!(leads(&all, "a", "c", true) && !leads(&all, "a", "b", true) && !leads(&all, "b", "a", false));
}
