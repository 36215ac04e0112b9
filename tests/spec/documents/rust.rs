//! The items defined by the Rust sources: types with their members, and the items of modules.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

// ASCII word boundaries only: Unicode ones make the search slow in sources that cite "§".
static ITEM: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b)(?:fn|struct|enum|trait|type|const|static|mod|union|macro_rules!)[ \n]+((?-u:\w)+)").unwrap()
});
static BLOCK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?-u:\b)(impl|enum|trait)(?-u:\b)([^;{}]*)\{").unwrap());
static VARIANT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"((?-u:\w)+)[ \n]*(?:=.*)?$").unwrap());
static MEMBER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?-u:\b)(?:fn +((?-u:\w)+)|const +((?-u:\w)+) *:|type +((?-u:\w)+))").unwrap());
static RAW: LazyLock<Regex> = LazyLock::new(|| Regex::new(r##"(?s)(?-u:\b)r#+".*?"#+"##).unwrap());
static NO_CODE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?s)//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\[^']+|[^'\\])'"#).unwrap());

/// The items of the sources.
#[derive(Default)]
pub(super) struct Items {
    /// The items of each file, by the names of its crate and modules.
    files: Vec<(Vec<String>, BTreeSet<String>)>,
    /// The methods, constants and variants of each type and trait.
    members: BTreeMap<String, BTreeSet<String>>,
}

impl Items {
    /// Reads one file of the module path `modules`, which starts with the crate.
    pub(super) fn read(&mut self, modules: Vec<String>, source: &str) {
        let code = code(source);
        let defined = ITEM.captures_iter(&code).map(|found| found[1].to_owned()).collect();
        self.files.push((modules, defined));
        for found in BLOCK.captures_iter(&code) {
            let top = top_level(&code[found.get(0).unwrap().end()..]);
            let members = if &found[1] == "enum" { variants(&top) } else { associated(&top) };
            self.members.entry(subject(&found[2])).or_default().extend(members);
        }
    }

    /// Whether `path` refers to an item: `Type::member`, `module::item`, or either one qualified by modules or a crate.
    pub(super) fn defines(&self, path: &str) -> bool {
        let segments: Vec<&str> = path.split("::").collect();
        let [within @ .., owner, item] = segments.as_slice() else { return self.knows(path) };
        if owner.starts_with(char::is_uppercase) {
            let defined =
                self.files.iter().any(|(modules, items)| is_within(modules, within) && items.contains(*owner));
            return defined && self.members.get(*owner).is_some_and(|members| members.contains(*item));
        }
        let of_owner: Vec<&str> = within.iter().chain([owner]).copied().collect();
        self.files.iter().any(|(modules, items)| is_within(modules, &of_owner) && items.contains(*item))
    }

    /// Whether any item or member of a type has this name.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.files.iter().any(|(_, items)| items.contains(name))
            || self.members.values().any(|members| members.contains(name))
    }
}

/// Whether the modules in `wanted` occur in `modules` in this order; re-exports have shorter paths.
fn is_within(modules: &[String], wanted: &[&str]) -> bool {
    let mut rest = modules.iter();
    wanted.iter().all(|wanted| rest.any(|module| module == wanted))
}

/// The type that a block belongs to: `X` of `impl<T> Y for X<T>`, of `enum X` and of `trait X: Z`.
fn subject(header: &str) -> String {
    let mut header = header.trim();
    if header.starts_with('<') {
        let mut depth = 0;
        let end = header.char_indices().find(|(_, char)| {
            depth += i32::from(*char == '<') - i32::from(*char == '>');
            depth == 0
        });
        header = end.map_or("", |(end, _)| &header[end + 1..]);
    }
    let name = header.rsplit(" for ").next().unwrap_or_default().trim_start_matches(['&', ' ']);
    let path: String = name.chars().take_while(|char| char.is_alphanumeric() || matches!(char, '_' | ':')).collect();
    path.trim_end_matches(':').rsplit("::").next().unwrap_or_default().into()
}

/// The contents of a block after its opening brace, without nested brackets.
fn top_level(block: &str) -> String {
    let (mut depth, mut top) = (0_i32, String::new());
    for char in block.chars() {
        match char {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' if depth == 0 => break,
            '}' | ')' | ']' => depth -= 1,
            _ if depth == 0 => top.push(char),
            _ => {}
        }
    }
    top
}

fn variants(top: &str) -> Vec<String> {
    top.split(',').filter_map(|piece| Some(VARIANT.captures(piece.trim_end())?[1].to_owned())).collect()
}

fn associated(top: &str) -> Vec<String> {
    let named = |found: regex::Captures<'_>| found.iter().skip(1).flatten().next().unwrap().as_str().to_owned();
    MEMBER.captures_iter(top).map(named).collect()
}

/// `source` without comments, and with string literals emptied.
fn code(source: &str) -> String {
    let source = RAW.replace_all(source, "\"\"");
    NO_CODE
        .replace_all(&source, |found: &regex::Captures<'_>| if found[0].starts_with('/') { "" } else { "\"\"" })
        .into()
}

#[test]
fn only_existing_items_are_found_by_their_paths() {
    let mut items = Items::default();
    let source = "/// struct Ghost;\npub struct Key<'a>(&'a str);\nimpl<'a, T: Into<u8>> Key<'a> {\n    pub const fn parse() -> Self { let s = \"fn no() {\"; fn inner() {} }\n    const LONGEST: usize = 1;\n}\npub enum Role {\n    #[x(y)]\n    Next { at: u8 },\n    Gone = 2,\n}\npub trait Port: Sized {\n    fn open(&self);\n}\nimpl Port for Key<'_> {}\nfn lost(c: char) -> bool { c == '{' }\n";
    items.read(vec!["store".into(), "keys".into()], source);
    for path in [
        "Key::parse",
        "Key::LONGEST",
        "store::Key::parse",
        "Role::Next",
        "Role::Gone",
        "Port::open",
        "keys::lost",
        "store::keys::lost",
        "store::Role",
        "Role",
    ] {
        assert!(items.defines(path), "{path}");
    }
    for path in [
        "Key::open",
        "Key::inner",
        "Key::no",
        "signing::Key::parse",
        "Role::at",
        "keys::found",
        "grants::lost",
        "Ghost",
        "keys::store::lost",
    ] {
        assert!(!items.defines(path), "{path}");
    }
}
