//! Checks a workspace file against the description of its settings: unknown settings, missing ones, wrong types,
//! values out of bounds.

use std::collections::BTreeSet;

use protocol::users::claim_map::ClaimOrigin;
use toml::de::{DeArray, DeTable, DeValue};
use toml::{Spanned, Table, Value};

use crate::file_problems::{Places, Problem, position};
use crate::nearest::{nearest, quoted};
use crate::workspace_schema::{Entries, Key, Kind, Presence, TEXTS, UNBOUNDED, WORKSPACE, tables};

/// The placeholder of the server's public URL.
const PUBLIC_URL: &str = "{public_url}";

/// The result of checking a file.
pub(crate) struct Checked {
    /// The usable settings: without unknown ones, and with placeholders for missing required ones.
    pub(crate) settings: Table,
    /// The positions of the settings.
    pub(crate) places: Places,
    /// The problems found.
    pub(crate) problems: Vec<Problem>,
    /// The paths of faulty tables and settings.
    pub(crate) faulty: Vec<String>,
}

/// The position of the check.
struct At {
    /// The path, such as `clients[2].lifetimes`.
    path: String,
    /// The prefix of messages, such as `client web: lifetimes.`.
    prefix: String,
    /// The offset of its first byte.
    start: usize,
}

struct Check<'a> {
    text: &'a str,
    public_url: &'a str,
    places: Places,
    problems: Vec<Problem>,
    faulty: Vec<String>,
}

/// Checks `root`, which was parsed from `text`. `{public_url}` in strings is replaced with `public_url`.
pub(crate) fn check(text: &str, root: &DeTable<'_>, public_url: &str) -> Checked {
    let mut check = Check { text, public_url, places: Places::default(), problems: Vec::new(), faulty: Vec::new() };
    let top = At { path: String::new(), prefix: String::new(), start: 0 };
    let settings = check.table(root, WORKSPACE, &top);
    Checked { settings, places: check.places, problems: check.problems, faulty: check.faulty }
}

impl Check<'_> {
    fn report(&mut self, at: &At, start: usize, message: String) {
        self.faulty.push(at.path.clone());
        let (line, column) = position(self.text, start);
        self.problems.push(Problem { line, column, message });
    }

    fn table(&mut self, table: &DeTable<'_>, keys: &'static [Key], at: &At) -> Table {
        let mut settings = Table::new();
        for (name, value) in table {
            let (name, start) = (name.get_ref().as_ref(), name.span().start);
            match keys.iter().find(|key| key.name == name) {
                None => self.report(at, start, format!("{}{name} is not a setting: {}", at.prefix, advice(name, keys))),
                Some(key) => {
                    let here = at.key(name, start);
                    self.places.note(&here.path, start);
                    settings.extend(self.value(value, &key.kind, &here).map(|value| (name.to_owned(), value)));
                }
            }
        }
        for key in keys.iter().filter(|key| key.presence == Presence::Required) {
            if !table.keys().any(|name| name.get_ref() == key.name) {
                self.report(at, at.start, format!("{}{} is missing", at.prefix, key.name));
            }
            settings.entry(key.name).or_insert_with(|| stand_in(&key.kind));
        }
        settings
    }

    /// Returns the value, if it is usable.
    fn value(&mut self, value: &Spanned<DeValue<'_>>, kind: &'static Kind, at: &At) -> Option<Value> {
        let start = value.span().start;
        match (kind, value.get_ref()) {
            (Kind::Text(form) | Kind::TextOrTable(form, _), DeValue::String(text)) => {
                let text = self.replaced(text);
                let fault = (form.fault)(&text);
                if let Some(fault) = &fault {
                    self.report(at, start, format!("{} is {}: {fault}", at.name(), quoted(&text)));
                }
                fault.is_none().then_some(Value::String(text))
            }
            (Kind::OneOf(values), DeValue::String(text)) => self.one_of(text, values, at, start),
            (Kind::Flag, DeValue::Boolean(flag)) => Some(Value::Boolean(*flag)),
            (Kind::Whole { .. }, DeValue::Integer(_)) => self.whole(value.get_ref(), kind, at, start),
            (Kind::List(item, most), DeValue::Array(list)) => self.list(list, item, *most, at),
            (Kind::Table(keys) | Kind::TextOrTable(_, keys), DeValue::Table(table)) => {
                Some(Value::Table(self.table(table, keys, &at.inner())))
            }
            (Kind::Tables(entries), DeValue::Array(list)) => Some(self.tables(list, entries, at)),
            (Kind::Open, DeValue::Table(_)) => Some(self.open(value.get_ref())),
            (Kind::Constant, DeValue::String(_) | DeValue::Integer(_) | DeValue::Boolean(_)) => {
                Some(self.open(value.get_ref()))
            }
            (Kind::Constant, DeValue::Array(list)) => self.list(list, &TEXTS, UNBOUNDED, at),
            (Kind::ClaimOrigin, DeValue::String(_) | DeValue::Array(_) | DeValue::Table(_)) => {
                self.claim_origin(value.get_ref(), at, start)
            }
            (_, other) => {
                self.report(
                    at,
                    start,
                    format!("{} must be {}, not {}", at.name(), kind.in_words(), type_in_words(other)),
                );
                None
            }
        }
    }

    fn one_of(&mut self, text: &str, values: &[&str], at: &At, start: usize) -> Option<Value> {
        if values.contains(&text) {
            return Some(Value::String(text.to_owned()));
        }
        let all: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        let hint = nearest(text, values.iter().copied()).map(|near| format!("; did you mean {}?", quoted(near)));
        let choice = if all.len() == 1 { "it must be" } else { "it must be one of" };
        let hint = hint.unwrap_or_default();
        self.report(at, start, format!("{} is {}: {choice} {}{hint}", at.name(), quoted(text), all.join(", ")));
        None
    }

    fn whole(&mut self, value: &DeValue<'_>, kind: &Kind, at: &At, start: usize) -> Option<Value> {
        let (DeValue::Integer(number), Kind::Whole { least, most, unit }) = (value, kind) else { return None };
        let parsed = i64::from_str_radix(number.as_str(), number.radix()).ok();
        let fits = parsed.filter(|number| (*least..=*most).contains(number));
        if fits.is_none() {
            let bounds = if *most == i64::MAX { format!("{least} or more") } else { format!("{least} to {most}") };
            self.report(at, start, format!("{} is {number}: it must be {bounds} {unit}", at.name()));
        }
        fits.map(Value::Integer)
    }

    fn list(&mut self, list: &DeArray<'_>, item: &'static Kind, most: usize, at: &At) -> Option<Value> {
        if list.len() > most {
            self.report(
                at,
                at.start,
                format!("{} has {} entries, but at most {most} are allowed", at.name(), list.len()),
            );
            return None;
        }
        let mut values = Vec::new();
        for (position, value) in list.iter().enumerate() {
            let here = at.entry(position, value.span().start);
            self.places.note(&here.path, here.start);
            values.extend(self.value(value, item, &here));
        }
        Some(Value::Array(values))
    }

    fn tables(&mut self, list: &DeArray<'_>, entries: &'static Entries, at: &At) -> Value {
        let (mut values, mut seen) = (Vec::new(), BTreeSet::new());
        for (position, value) in list.iter().enumerate() {
            let DeValue::Table(table) = value.get_ref() else {
                self.report(at, value.span().start, format!("{}[{position}] is not a table", at.name()));
                continue;
            };
            let id = table.get(entries.id).and_then(|id| Some((id.span().start, id.get_ref().as_str()?)));
            let label = id.map_or_else(|| format!("{}[{position}]", at.path), |(_, id)| named(entries, id));
            let here = At { prefix: format!("{label}: "), ..at.entry(position, value.span().start) };
            self.places.note(&here.path, here.start);
            if let Some((start, id)) = id.filter(|(_, id)| !seen.insert(*id)) {
                self.report(at, start, format!("{} occurs twice", named(entries, id)));
            }
            values.push(Value::Table(self.table(table, entries.keys, &here)));
        }
        Value::Array(values)
    }

    fn claim_origin(&mut self, value: &DeValue<'_>, at: &At, start: usize) -> Option<Value> {
        let value = self.open(value);
        let parsed = value.clone().try_into::<ClaimOrigin>();
        parsed
            .map(|_| value)
            .map_err(|fault| self.report(at, start, format!("{}: {}", at.name(), fault.message())))
            .ok()
    }

    /// A value whose form is checked elsewhere.
    fn open(&self, value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::String(self.replaced(text)),
            DeValue::Integer(number) => {
                Value::Integer(i64::from_str_radix(number.as_str(), number.radix()).unwrap_or(i64::MAX))
            }
            DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(flag) => Value::Boolean(*flag),
            DeValue::Datetime(time) => Value::Datetime(*time),
            DeValue::Array(list) => Value::Array(list.iter().map(|value| self.open(value.get_ref())).collect()),
            DeValue::Table(table) => Value::Table(
                table
                    .iter()
                    .map(|(name, value)| (name.get_ref().clone().into_owned(), self.open(value.get_ref())))
                    .collect(),
            ),
        }
    }

    fn replaced(&self, text: &str) -> String {
        text.replace(PUBLIC_URL, self.public_url)
    }
}

impl At {
    /// The position of a setting in this table.
    fn key(&self, name: &str, start: usize) -> Self {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Self { path, prefix: format!("{}{name}", self.prefix), start }
    }

    /// The position of an entry in this list.
    fn entry(&self, position: usize, start: usize) -> Self {
        Self { path: format!("{}[{position}]", self.path), prefix: format!("{}[{position}]", self.prefix), start }
    }

    /// The position with the name as the prefix of the settings within it.
    fn inner(&self) -> Self {
        Self { path: self.path.clone(), prefix: format!("{}.", self.prefix), start: self.start }
    }

    /// The name of the setting.
    fn name(&self) -> &str {
        &self.prefix
    }
}

/// The type of a value.
fn type_in_words(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// What to write instead of the unknown setting `name`; `keys` are the known ones.
fn advice(name: &str, keys: &[Key]) -> String {
    if let Some(near) = nearest(name, keys.iter().map(|key| key.name)) {
        return format!("did you mean {near}?");
    }
    let all = tables("", WORKSPACE);
    let elsewhere = all.iter().find(|(_, keys)| keys.iter().any(|key| key.name == name));
    match elsewhere {
        Some((path, _)) if path.is_empty() => "it belongs at the top of the file, before the first table".into(),
        Some((path, _)) => format!("it belongs in {path}"),
        None => format!("there are {}", keys.iter().map(|key| key.name).collect::<Vec<_>>().join(", ")),
    }
}

/// A placeholder for a missing or unusable value, so that the rest of the file can be checked.
fn stand_in(kind: &Kind) -> Value {
    match kind {
        Kind::Text(_) | Kind::OneOf(_) | Kind::TextOrTable(..) | Kind::ClaimOrigin | Kind::Constant => {
            Value::String("missing".into())
        }
        Kind::Flag => Value::Boolean(false),
        Kind::Whole { least, .. } => Value::Integer(*least),
        Kind::List(..) | Kind::Tables(_) => Value::Array(Vec::new()),
        Kind::Table(_) | Kind::Open => Value::Table(Table::new()),
    }
}

/// The name of an entry in messages, such as `client web`.
fn named(entries: &Entries, id: &str) -> String {
    let shown: String = id.chars().take(60).collect();
    format!("{} {shown}{}", entries.noun, if shown.len() < id.len() { "…" } else { "" })
}
