//! Commands that documents tell readers to run.

use std::sync::LazyLock;

use clap::CommandFactory as _;
use postern::arguments::Arguments;
use regex::Regex;

use super::markdown::{Document, Excerpt};
use super::names::path_fault;
use super::repository::Repository;

/// Programs whose first argument is a file of the repository.
const INTERPRETERS: [&str; 5] = ["bash", "sh", "python3", "node", "source"];

/// Subcommands of `postern` that documents name without the program.
const ACTIONS: [&str; 3] = ["apply", "keys", "sealing"];

static COMMENT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(^|\s)#\s.*$").unwrap());
static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[A-Z_]+=").unwrap());
static PLAIN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[\w.][\w./-]*$").unwrap());
static OPTION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^--([a-z-]+)").unwrap());

/// Returns what the command in `line` refers to and does not exist. A line that is not a command refers to nothing.
pub(super) fn faults(document: &Document, repository: &Repository, line: &Excerpt) -> Vec<(usize, String)> {
    let text = COMMENT.replace(&line.text, "");
    let mut faults = Vec::new();
    for command in text.split(['|', ';']).flat_map(|part| part.split("&&")) {
        let prefix = |word: &&str| *word == "$" || ASSIGNMENT.is_match(word);
        let words: Vec<&str> = command.split_whitespace().skip_while(prefix).collect();
        let [program, arguments @ ..] = words.as_slice() else { continue };
        faults.extend(run(document, repository, program, arguments));
    }
    faults.into_iter().map(|fault| (line.line, fault)).collect()
}

/// Returns which `arguments` of `program` do not exist.
fn run(document: &Document, repository: &Repository, program: &str, arguments: &[&str]) -> Vec<String> {
    match program {
        "cargo" => cargo(repository, arguments),
        "postern" => postern(arguments),
        action if ACTIONS.contains(&action) && !arguments.is_empty() => postern(&[&[action], arguments].concat()),
        "cd" => file(document, repository, arguments).into_iter().collect(),
        program if INTERPRETERS.contains(&program) => file(document, repository, arguments).into_iter().collect(),
        _ => {
            let paths = arguments.iter().filter(|word| word.contains('/') && PLAIN.is_match(word));
            paths.filter_map(|path| path_fault(document, repository, path)).collect()
        }
    }
}

/// The first argument, if it is a literal path that does not exist.
fn file(document: &Document, repository: &Repository, arguments: &[&str]) -> Option<String> {
    let path = arguments.first().filter(|path| PLAIN.is_match(path))?;
    let there = repository.found(document.folder(), path).is_some();
    (!there).then(|| format!("there is no {path}"))
}

/// Cargo targets and packages that do not exist.
fn cargo(repository: &Repository, arguments: &[&str]) -> Vec<String> {
    let mut parts = arguments.splitn(2, |word| *word == "--");
    let (own, rest) = (parts.next().unwrap_or_default(), parts.next());
    let mut faults = Vec::new();
    for pair in own.windows(2) {
        let kind = match pair[0] {
            "-p" | "--package" => "package",
            "--bench" | "--bin" | "--example" | "--test" => &pair[0][2..],
            _ => continue,
        };
        faults.extend((!repository.has_target(kind, pair[1])).then(|| format!("there is no {kind} {}", pair[1])));
    }
    if own.first() == Some(&"run") {
        faults.extend(postern(rest.unwrap_or_default()));
    }
    faults
}

/// Subcommands and options that `postern` does not have.
fn postern(words: &[&str]) -> Vec<String> {
    let mut command = Arguments::command();
    let mut known: Vec<String> =
        ["help".to_owned(), "version".to_owned()].into_iter().chain(options(&command)).collect();
    for word in words.iter().take_while(|word| word.starts_with(|first: char| first.is_ascii_lowercase())) {
        let Some(found) = command.find_subcommand(word).cloned() else {
            if command.has_subcommands() {
                return vec![format!("{} has no command {word}", command.get_name())];
            }
            break;
        };
        known.extend(options(&found));
        command = found;
    }
    let asked = words.iter().filter_map(|word| Some(OPTION.captures(word)?[1].to_owned()));
    asked.filter(|name| !known.contains(name)).map(|name| format!("{} has no --{name}", command.get_name())).collect()
}

fn options(command: &clap::Command) -> Vec<String> {
    command.get_arguments().filter_map(|argument| argument.get_long().map(str::to_owned)).collect()
}
