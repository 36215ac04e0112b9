//! The texts of the pages: one Fluent file for each language, parsed when the first page in it is shown.

use std::fmt::{self, Display};
use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use protocol::types::language::Language;

/// The texts of one language.
type Bundle = FluentBundle<FluentResource>;

/// HTML that is ready to be shown: a message in which every value was escaped.
pub(crate) struct Markup(String);

impl Markup {
    /// HTML or CSS that is made of nothing that somebody else wrote.
    pub(crate) const fn trusted(text: String) -> Self {
        Self(text)
    }
}

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
    /// Those in `language`.
    pub(crate) fn of(language: Language) -> Self {
        static BUNDLES: [OnceLock<Bundle>; Language::ALL.len()] = [const { OnceLock::new() }; Language::ALL.len()];
        let [english, german, french, spanish, japanese, arabic] = &BUNDLES;
        let bundle = match language {
            Language::English => english,
            Language::German => german,
            Language::French => french,
            Language::Spanish => spanish,
            Language::Japanese => japanese,
            Language::Arabic => arabic,
        };
        Self(bundle.get_or_init(|| parse(language)))
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
fn parse(language: Language) -> Bundle {
    let resource = FluentResource::try_new(source(language).to_owned()).unwrap_or_else(|(resource, _)| resource);
    let mut bundle = FluentBundle::new_concurrent(language.tag().parse().into_iter().collect());
    // Values are isolated by elements in HTML, and marks around them would be copied with the text.
    bundle.set_use_isolating(false);
    bundle.add_resource_overriding(resource);
    bundle
}

/// The file of a language.
const fn source(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("../locales/en.ftl"),
        Language::German => include_str!("../locales/de.ftl"),
        Language::French => include_str!("../locales/fr.ftl"),
        Language::Spanish => include_str!("../locales/es.ftl"),
        Language::Japanese => include_str!("../locales/ja.ftl"),
        Language::Arabic => include_str!("../locales/ar.ftl"),
    }
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
    use std::collections::{BTreeMap, BTreeSet};

    use regex::Regex;

    use super::*;

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
        let (keys, words) = (keys(source(Language::English)), words());
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

    /// The variables of each message of a file.
    fn variables(source: &str) -> BTreeMap<String, BTreeSet<String>> {
        let variable = Regex::new(r"\$([a-z]+)").unwrap();
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut key = String::new();
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            if let Some(found) = keys(line).into_iter().next() {
                assert!(all.insert(found.clone(), BTreeSet::new()).is_none(), "{found} is there twice");
                key = found;
            }
            let names = variable.captures_iter(line).map(|found| found[1].to_owned());
            all.entry(key.clone()).or_default().extend(names);
        }
        all.remove("");
        all
    }

    #[test]
    fn every_language_has_every_message_with_the_same_variables() {
        let english = variables(source(Language::English));
        for language in Language::ALL {
            assert_eq!(variables(source(language)), english, "{language:?}");
        }
    }

    /// The lines of translations that equal the English ones.
    #[test]
    fn every_message_is_translated() {
        let lines = |language| -> BTreeSet<&str> {
            source(language).lines().filter(|line| keys(line).len() == 1 && !line.ends_with("->")).collect()
        };
        let same = [
            "account-name = Name",
            "consent-application = Application",
            "device-code = Code",
            "sign-in-username = Name",
        ];
        for language in Language::ALL.into_iter().skip(1) {
            let untranslated: Vec<_> = lines(language).intersection(&lines(Language::English)).copied().collect();
            assert!(untranslated.iter().all(|line| same.contains(line)), "{language:?}: {untranslated:?}");
        }
    }

    #[test]
    fn a_file_parses_whole_and_holds_text_and_no_html() {
        for language in Language::ALL {
            assert!(FluentResource::try_new(source(language).to_owned()).is_ok(), "{language:?}");
            for line in source(language).lines().filter(|line| !line.starts_with('#')) {
                assert!(!line.replace("->", "").contains(['<', '>', '&']), "{line}");
            }
        }
    }

    #[test]
    fn plurals_are_those_of_the_language() {
        let said = |language, count| {
            let values = [("unit", Value::Word("day")), ("count", Value::Count(count))];
            Messages::of(language).text("duration", &values)
        };
        let table = [
            (Language::English, 1, "1 day"),
            (Language::English, 30, "30 days"),
            (Language::German, 30, "30 Tage"),
            (Language::French, 1, "1 jour"),
            (Language::Japanese, 30, "30 日間"),
            (Language::Arabic, 1, "يوم واحد"),
            (Language::Arabic, 2, "يومان"),
            (Language::Arabic, 7, "7 أيام"),
            (Language::Arabic, 30, "30 يومًا"),
        ];
        for (language, count, expected) in table {
            assert_eq!(said(language, count), expected);
        }
    }

    #[test]
    fn a_value_is_escaped_and_set_apart() {
        let messages = Messages::of(Language::English);
        let shown = messages.markup("sign-in-to", &[("client", Value::Text("<b>\"A\" & 'B'"))]);
        assert_eq!(shown.to_string(), "to continue to <bdi>&#60;b&#62;&#34;A&#34; &#38; &#39;B&#39;</bdi>");
        assert_eq!(messages.text("back-to", &[("client", Value::Text("A & B"))]), "Back to A & B");
        assert_eq!(messages.text("no-such-message", &[]), "no-such-message");
    }
}
