//! Texts that an operator writes in several languages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::types::language::Language;

/// A text, or something like it: the same in every language, or one for each of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a text is a string, or a table of strings by language, such as { en = \"…\", de = \"…\" }"
)]
pub enum Localized<T> {
    /// The same in every language.
    Same(T),
    /// One for each of several languages.
    Translated(BTreeMap<Language, T>),
}

/// A text in one or several languages.
pub type LocalizedText = Localized<String>;

impl<T> Localized<T> {
    /// The value in `language`; if there is none, in `default`, and else in any.
    #[must_use]
    pub fn find(&self, language: Language, default: Language) -> Option<&T> {
        match self {
            Self::Same(value) => Some(value),
            Self::Translated(values) => {
                let found = values.get(&language).or_else(|| values.get(&default));
                found.or_else(|| values.values().next())
            }
        }
    }

    /// Whether there is a value in `language`.
    #[must_use]
    pub fn has(&self, language: Language) -> bool {
        match self {
            Self::Same(_) => true,
            Self::Translated(values) => values.contains_key(&language),
        }
    }
}

impl LocalizedText {
    /// The text in `language`; if there is none, in `default`, and else in any.
    #[must_use]
    pub fn within(&self, language: Language, default: Language) -> &str {
        self.find(language, default).map_or("", String::as_str)
    }
}

impl Default for LocalizedText {
    fn default() -> Self {
        Self::Same(String::new())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_in_the_language_of_the_page_or_the_default_or_any() {
        let translated: LocalizedText = serde_json::from_value(json!({"de": "Lesen", "fr": "Lire"})).unwrap();
        let same: LocalizedText = serde_json::from_value(json!("Read")).unwrap();
        let table = [
            (Language::German, Language::English, "Lesen"),
            (Language::Spanish, Language::French, "Lire"),
            (Language::Spanish, Language::English, "Lesen"),
        ];
        for (language, default, expected) in table {
            assert_eq!((translated.within(language, default), same.within(language, default)), (expected, "Read"));
        }
        assert!(translated.has(Language::French) && !translated.has(Language::English) && same.has(Language::English));
        assert_eq!(serde_json::to_value(&translated).unwrap(), json!({"de": "Lesen", "fr": "Lire"}));
        assert!(serde_json::from_value::<LocalizedText>(json!({"xx": "?"})).is_err());
    }
}
