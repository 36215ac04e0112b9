//! What there is in the repository: files, folders, packages with their targets, and Rust items.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use super::rust::Items;

/// The repository.
pub(super) struct Repository {
    /// Text of each file by its path from the root; of files that are no text, nothing.
    pub(super) files: BTreeMap<String, String>,
    /// Folders, without a slash at their end.
    folders: BTreeSet<String>,
    /// What the Rust sources define.
    pub(super) items: Items,
    /// Packages, and by kind (`bench`, `bin`, `example`, `test`) their targets.
    targets: BTreeSet<(String, String)>,
    /// The words of programs, and those of `infra`.
    words: BTreeSet<String>,
    deployed: BTreeSet<String>,
}

/// Folders that tools make.
const MADE: [&str; 7] = ["target", "node_modules", "__pycache__", "cdk.out", "dist", "out", "venv"];

/// Folders with a dot that are ours.
const DOTTED: [&str; 3] = [".cargo", ".ci", ".github"];

impl Repository {
    /// The repository that this test is part of, read once.
    pub(super) fn here() -> &'static Self {
        static HERE: LazyLock<Repository> = LazyLock::new(Repository::read);
        &HERE
    }

    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
        let (mut files, mut open) = (BTreeMap::new(), vec![root.clone()]);
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap();
                if !path.is_dir() {
                    let text = std::fs::read(&path).unwrap();
                    files.insert(relative(&root, &path), String::from_utf8(text).unwrap_or_default());
                } else if DOTTED.contains(&name) || !(name.starts_with('.') || MADE.contains(&name)) {
                    open.push(path);
                }
            }
        }
        Self::of(files)
    }

    /// A repository of these files.
    pub(super) fn of(files: BTreeMap<String, String>) -> Self {
        let parents = |file: &String| file.match_indices('/').map(|(at, _)| file[..at].to_owned()).collect::<Vec<_>>();
        let folders = files.keys().flat_map(parents).collect();
        let crates = crates(&files);
        let (mut items, mut targets) = (Items::default(), BTreeSet::new());
        for (file, text) in &files {
            if has_extension(file, "rs") {
                items.read(modules(file, &crates), text);
            } else if file.ends_with("Cargo.toml") {
                targets.extend(named_targets(text));
            }
        }
        for (folder, package) in &crates {
            let kinds = [("src/main.rs", "bin"), ("src/lib.rs", "lib")];
            let there = kinds.into_iter().filter(|(file, _)| files.contains_key(&format!("{folder}{file}")));
            targets.extend(there.map(|(_, kind)| (kind.to_owned(), package.clone())));
            let examples =
                files.keys().filter_map(|file| file.strip_prefix(&format!("{folder}examples/"))?.strip_suffix(".rs"));
            targets.extend(examples.map(|example| ("example".to_owned(), example.to_owned())));
        }
        let (words, deployed) = (words(&files, ""), words(&files, "infra/"));
        Self { files, folders, items, targets, words, deployed }
    }

    /// Its documents.
    pub(super) fn documents(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter(|(file, _)| has_extension(file, "md"))
            .map(|(file, text)| (file.as_str(), text.as_str()))
    }

    /// The file or folder that `path` names, seen from `folder` or from the root; `None` if there is none.
    pub(super) fn found(&self, folder: &str, path: &str) -> Option<String> {
        let from_folder = resolved(&format!("{folder}{path}"));
        let candidates = [from_folder, resolved(path)].into_iter().flatten();
        candidates
            .into_iter()
            .find(|path| self.files.contains_key(path) || self.folders.contains(path) || path.is_empty())
    }

    /// The names of the folders directly in `folder`.
    pub(super) fn folders_in<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a str> {
        let inside = move |path: &'a String| path.strip_prefix(folder)?.strip_prefix('/');
        self.folders.iter().filter_map(inside).filter(|name| !name.contains('/'))
    }

    /// Whether `name` stands at the root.
    pub(super) fn is_at_root(&self, name: &str) -> bool {
        self.folders.contains(name)
    }

    /// Whether any file bears this name, wherever it is.
    pub(super) fn has_file_named(&self, name: &str) -> bool {
        self.files.keys().any(|file| file.rsplit('/').next() == Some(name))
    }

    /// Whether a target of this kind is there; a `package` is one of the kind `package`.
    pub(super) fn has_target(&self, kind: &str, name: &str) -> bool {
        self.targets.contains(&(kind.to_owned(), name.to_owned()))
    }

    /// Whether `word` stands in a program, comments aside.
    pub(super) fn mentions(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// Whether `word` stands in a template or program of the stacks, comments aside.
    pub(super) fn deploys(&self, word: &str) -> bool {
        self.deployed.contains(word)
    }
}

/// The words of the files in `folder` that are no documents and no lists of packages, comments aside.
fn words(files: &BTreeMap<String, String>, folder: &str) -> BTreeSet<String> {
    let left_out = [".md", "Cargo.lock", "package-lock.json"];
    let program = |file: &str| file.starts_with(folder) && !left_out.iter().any(|end| file.ends_with(end));
    let lines = files.iter().filter(|(file, _)| program(file)).flat_map(|(_, text)| text.lines());
    let code = lines.filter(|line| !["//", "#"].iter().any(|mark| line.trim_start().starts_with(mark)));
    let no_word = |char: char| !(char.is_ascii_alphanumeric() || char == '_');
    code.flat_map(|line| line.split(no_word)).map(str::to_owned).collect()
}

/// Whether the name of `file` ends in `.extension`.
pub(super) fn has_extension(file: &str, extension: &str) -> bool {
    Path::new(file).extension().is_some_and(|found| found == extension)
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/")
}

/// `path` without `.` and `..`; `None` if it leads out of the root.
fn resolved(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The packages by their folders, which end in a slash.
fn crates(files: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let name = Regex::new(r#"(?m)^\[package\]\nname = "([^"]+)""#).unwrap();
    let package = |(file, text): (&String, &String)| {
        let folder = file.strip_suffix("Cargo.toml")?;
        Some((folder.to_owned(), name.captures(text)?[1].to_owned()))
    };
    files.iter().filter_map(package).collect()
}

/// The names of the crate and the modules that the source `file` is.
fn modules(file: &str, crates: &BTreeMap<String, String>) -> Vec<String> {
    let owner = crates.iter().filter(|(folder, _)| file.starts_with(*folder)).max_by_key(|(folder, _)| folder.len());
    let (folder, package) = owner.map_or(("", ""), |(folder, package)| (folder.as_str(), package.as_str()));
    let rest = file[folder.len()..].trim_end_matches(".rs").split('/');
    let rest = rest.filter(|part| !matches!(*part, "src" | "lib" | "mod" | "main"));
    std::iter::once(package.replace('-', "_")).chain(rest.map(str::to_owned)).collect()
}

/// The package of a manifest, and the targets that it names.
fn named_targets(manifest: &str) -> Vec<(String, String)> {
    let target = Regex::new(r#"(?m)^\[+(package|bench|bin|example|test)\]+\nname = "([^"]+)""#).unwrap();
    target.captures_iter(manifest).map(|found| (found[1].to_owned(), found[2].to_owned())).collect()
}

#[test]
fn paths_are_resolved_and_never_beyond_the_root() {
    for (path, expected) in
        [("a/./b", Some("a/b")), ("a/../b/", Some("b")), ("../a", None), ("a/../../b", None), ("", Some(""))]
    {
        assert_eq!(resolved(path).as_deref(), expected, "{path}");
    }
}
