//! The settings of a workspace file, described once: the check of a file and the published JSON Schema follow this
//! description, and tests compare it with what the functions parse.

mod allowed_users;
mod brand;
mod claims;
mod clients;
mod forms;
mod json_schema;
mod lifetimes;
mod pool;
mod settings;
mod translations;
mod upstream;

pub use json_schema::json_schema;
pub use settings::WORKSPACE;

use forms::Form;
use protocol::types::language::Language;

/// For lists without a maximum length.
pub(crate) const UNBOUNDED: usize = usize::MAX;

/// The entries of a constant that is a list.
pub(crate) const TEXTS: Kind = Kind::Text(&forms::ANY_TEXT);

/// The algorithms of signing keys.
const ALGORITHM: Kind = Kind::OneOf(&["RS256", "PS256", "ES256"]);

/// The algorithms that providers may sign with.
const EXTERNAL_ALGORITHM: Kind =
    Kind::OneOf(&["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]);

/// The languages of the pages.
const LANGUAGE: Kind = Kind::OneOf(&Language::TAGS);

/// Whether ID tokens carry `at_hash`.
const AT_HASH: Kind = Kind::OneOf(&["omitted", "included"]);

/// What happens to requested scopes that a client is not registered for.
const UNKNOWN_SCOPES: Kind = Kind::OneOf(&["refused", "ignored"]);

/// A setting of a table.
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in one sentence.
    pub about: &'static str,
    /// Its permitted values.
    pub kind: Kind,
    /// Whether it may be omitted.
    pub presence: Presence,
}

/// Whether a setting may be omitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It must be present.
    Required,
    /// It must be present unless this other setting is.
    RequiredUnless(&'static str),
    /// It may be omitted, and then has no value.
    Optional,
    /// It may be omitted, and then has this value, written as JSON.
    Default(&'static str),
}

/// The permitted values of a setting.
pub enum Kind {
    /// A string of a certain form.
    Text(&'static Form),
    /// `true` or `false`.
    Flag,
    /// A whole number within bounds.
    Whole {
        /// The minimum.
        least: i64,
        /// The maximum.
        most: i64,
        /// What is counted, such as seconds.
        unit: &'static str,
    },
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// A list of values, with its maximum length.
    List(&'static Kind, usize),
    /// A table of settings.
    Table(&'static [Key]),
    /// A list of tables.
    Tables(&'static Entries),
    /// A table whose content another specification describes.
    Open,
    /// A string or a table.
    TextOrTable(&'static Form, &'static [Key]),
    /// A string, a whole number, `true`, `false` or a list of strings.
    Constant,
    /// Where a claim comes from: a string, a list of strings, or one of two tables.
    ClaimOrigin,
}

/// A list of tables.
pub struct Entries {
    /// What one of them is called, such as `client`.
    pub noun: &'static str,
    /// The setting that identifies an entry. It is unique in the list.
    pub id: &'static str,
    /// Their settings.
    pub keys: &'static [Key],
}

impl Key {
    /// A setting that must be present.
    const fn required(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, about, kind, presence: Presence::Required }
    }

    /// A setting that must be present unless the setting `other` is.
    const fn required_unless(other: &'static str, name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, about, kind, presence: Presence::RequiredUnless(other) }
    }

    /// A setting that may be omitted.
    const fn optional(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, about, kind, presence: Presence::Optional }
    }

    /// A setting with a default, written as JSON.
    const fn with_default(name: &'static str, kind: Kind, default: &'static str, about: &'static str) -> Self {
        Self { name, about, kind, presence: Presence::Default(default) }
    }
}

impl Kind {
    /// In words, after "must be".
    #[must_use]
    pub const fn in_words(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::OneOf(_) => "a string",
            Self::Flag => "true or false",
            Self::Whole { .. } => "a whole number",
            Self::List(Self::Text(_) | Self::OneOf(_), _) => "a list of strings",
            Self::List(..) => "a list",
            Self::Table(_) | Self::Open => "a table",
            Self::Tables(_) => "a list of tables",
            Self::TextOrTable(..) => "a string or a table",
            Self::Constant => "a string, a whole number, true, false or a list of strings",
            Self::ClaimOrigin => "a string, a list of strings or a table",
        }
    }
}

/// Every table of settings reachable from `keys`, including `keys` itself, with its path, such as `sandbox.users`.
#[must_use]
pub fn tables(path: &str, keys: &'static [Key]) -> Vec<(String, &'static [Key])> {
    let mut all = vec![(path.to_owned(), keys)];
    for key in keys {
        let inner = if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) };
        match &key.kind {
            Kind::Table(keys) | Kind::TextOrTable(_, keys) | Kind::List(Kind::TextOrTable(_, keys), _) => {
                all.extend(tables(&inner, keys));
            }
            Kind::Tables(entries) => all.extend(tables(&inner, entries.keys)),
            Kind::Text(_)
            | Kind::Flag
            | Kind::Whole { .. }
            | Kind::OneOf(_)
            | Kind::List(..)
            | Kind::Open
            | Kind::Constant
            | Kind::ClaimOrigin => {}
        }
    }
    all
}
