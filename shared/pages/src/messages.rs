//! The texts of the pages: one Fluent file for each language, parsed when the first page in it is shown.

use std::fmt::{self, Display};
use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};

/// The texts of one language.
type Bundle = FluentBundle<FluentResource>;

/// HTML that is ready to be shown: a message in which every value was escaped.
pub(crate) struct Markup(String);

impl Display for Markup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Markup {}

/// The value of a variable in a message.
pub(crate) enum Value<'a> {
    /// A text that somebody else wrote: it is escaped and set apart.
    Text(&'a str),
    /// A word by which a message chooses among its variants.
    Word(&'static str),
    /// A number, by which a message may choose a plural.
    Count(u32),
}

/// The messages of one language.
#[derive(Clone, Copy)]
pub(crate) struct Messages(&'static Bundle);

impl Messages {
    /// Those in English.
    pub(crate) fn english() -> Self {
        static ENGLISH: OnceLock<Bundle> = OnceLock::new();
        Self(ENGLISH.get_or_init(|| parse("en", include_str!("../locales/en.ftl"))))
    }

    /// The message `key` as plain text.
    pub(crate) fn text(self, key: &str, values: &[(&str, Value<'_>)]) -> String {
        let mut args = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            match value {
                Value::Text(text) => args.set(*name, *text),
                Value::Word(word) => args.set(*name, *word),
                Value::Count(count) => args.set(*name, *count),
            }
        }
        self.format(key, &args)
    }

    /// The message `key` as HTML, in which each text is an element of its own: its direction does not affect the sentence.
    pub(crate) fn markup(self, key: &str, values: &[(&str, Value<'_>)]) -> Markup {
        let mut args = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            match value {
                Value::Text(text) => args.set(*name, format!("<bdi>{}</bdi>", escaped(text))),
                Value::Word(word) => args.set(*name, *word),
                Value::Count(count) => args.set(*name, *count),
            }
        }
        Markup(self.format(key, &args))
    }

    /// A message that is missing shows its key. Tests compare the keys in use with the files, so that does not happen.
    fn format(self, key: &str, args: &FluentArgs<'_>) -> String {
        let pattern = self.0.get_message(key).and_then(|message| message.value());
        let Some(pattern) = pattern else { return key.to_owned() };
        self.0.format_pattern(pattern, Some(args), &mut Vec::new()).into_owned()
    }
}

/// Whatever of a file cannot be parsed is left out; a test parses all files.
fn parse(tag: &str, source: &str) -> Bundle {
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource);
    let mut bundle = FluentBundle::new_concurrent(tag.parse().into_iter().collect());
    // Values are isolated by elements in HTML, and marks around them would be copied with the text.
    bundle.set_use_isolating(false);
    bundle.add_resource_overriding(resource);
    bundle
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&#38;"),
            '<' => safe.push_str("&#60;"),
            '>' => safe.push_str("&#62;"),
            '"' => safe.push_str("&#34;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use regex::Regex;

    use super::*;

    const ENGLISH: &str = include_str!("../locales/en.ftl");

    /// The names of the messages of a file.
    fn keys(source: &str) -> BTreeSet<String> {
        let line = Regex::new(r"(?m)^([a-z][a-z0-9_-]*) =").unwrap();
        line.captures_iter(source).map(|found| found[1].to_owned()).collect()
    }

    /// Every string literal of the templates and of the code that looks like a key.
    fn words() -> BTreeSet<String> {
        let literal = Regex::new(r#""([a-z][a-z0-9_-]*)""#).unwrap();
        let root = env!("CARGO_MANIFEST_DIR");
        let files =
            ["src", "templates"].into_iter().flat_map(|folder| std::fs::read_dir(format!("{root}/{folder}")).unwrap());
        let sources = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        sources
            .flat_map(|source| literal.captures_iter(&source).map(|found| found[1].to_owned()).collect::<Vec<_>>())
            .collect()
    }

    #[test]
    fn every_message_is_used_and_every_key_in_a_template_has_a_message() {
        let (keys, words) = (keys(ENGLISH), words());
        let claims = protocol::users::user_claims::ClaimName::all().map(|claim| format!("claim-{}", claim.as_str()));
        let used: BTreeSet<String> = words.into_iter().chain(claims).collect();
        let unused: Vec<&String> = keys.difference(&used).collect();
        assert!(unused.is_empty(), "{unused:?}");
        let said = Regex::new(r#"(?:say|with|titled|titled_with)\("([^"]*)""#).unwrap();
        let root = env!("CARGO_MANIFEST_DIR");
        for file in std::fs::read_dir(format!("{root}/templates")).unwrap() {
            let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for found in said.captures_iter(&source) {
                assert!(keys.contains(&found[1]), "{}", &found[1]);
            }
        }
    }

    #[test]
    fn a_file_parses_whole_and_holds_text_and_no_html() {
        assert!(FluentResource::try_new(ENGLISH.to_owned()).is_ok());
        for line in ENGLISH.lines().filter(|line| !line.starts_with('#')) {
            let text = line.replace("->", "");
            assert!(!text.contains(['<', '>', '&']), "{line}");
        }
    }

    #[test]
    fn a_value_is_escaped_and_set_apart() {
        let messages = Messages::english();
        let shown = messages.markup("sign-in-to", &[("client", Value::Text("<b>\"A\" & 'B'"))]);
        assert_eq!(shown.to_string(), "to continue to <bdi>&#60;b&#62;&#34;A&#34; &#38; &#39;B&#39;</bdi>");
        assert_eq!(messages.text("back-to", &[("client", Value::Text("A & B"))]), "Back to A & B");
        assert_eq!(messages.text("no-such-message", &[]), "no-such-message");
    }
}
