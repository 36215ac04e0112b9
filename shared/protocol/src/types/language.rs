//! The languages of the pages, and the choice among them.

use serde::{Deserialize, Serialize};

/// A language in which every page can be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// German.
    #[serde(rename = "de")]
    German,
    /// French.
    #[serde(rename = "fr")]
    French,
    /// Spanish.
    #[serde(rename = "es")]
    Spanish,
    /// Japanese.
    #[serde(rename = "ja")]
    Japanese,
    /// Arabic.
    #[serde(rename = "ar")]
    Arabic,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::English, Self::German, Self::French, Self::Spanish, Self::Japanese, Self::Arabic];

    /// The tags of all of them.
    pub const TAGS: [&'static str; 6] = ["en", "de", "fr", "es", "ja", "ar"];

    /// Its tag (RFC 5646).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
            Self::Japanese => "ja",
            Self::Arabic => "ar",
        }
    }

    /// What its speakers call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
            Self::French => "Français",
            Self::Spanish => "Español",
            Self::Japanese => "日本語",
            Self::Arabic => "العربية",
        }
    }

    /// The direction in which it is written, as HTML calls it.
    #[must_use]
    pub const fn direction(self) -> &'static str {
        match self {
            Self::Arabic => "rtl",
            Self::English | Self::German | Self::French | Self::Spanish | Self::Japanese => "ltr",
        }
    }

    /// The language of this tag.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(tag))
    }

    /// The first language of `ranges` that the pages have. Each range is shortened from its end until it names one (RFC 4647
    /// §3.4), so that `de-CH` is German; `*` names none.
    #[must_use]
    pub fn lookup<'r>(ranges: impl IntoIterator<Item = &'r str>) -> Option<Self> {
        ranges.into_iter().find_map(|range| {
            let mut shorter = Some(range);
            while let Some(range) = shorter {
                if let Some(found) = Self::of_tag(range) {
                    return Some(found);
                }
                shorter = shortened(range);
            }
            None
        })
    }
}

/// `range` without its last subtag, and without a single letter or digit before that, which introduced it.
fn shortened(range: &str) -> Option<&str> {
    let (rest, _) = range.rsplit_once('-')?;
    match rest.rsplit_once('-') {
        Some((before, single)) if single.len() == 1 => Some(before),
        _ => Some(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_is_found_by_its_tag() {
        for (language, tag) in Language::ALL.into_iter().zip(Language::TAGS) {
            assert_eq!((language.tag(), Language::of_tag(tag)), (tag, Some(language)));
            assert_eq!(serde_json::to_value(language).unwrap(), tag);
        }
    }

    #[test]
    fn the_first_range_that_names_a_language_decides() {
        use Language::{Arabic, English, French, German, Japanese};
        let table = [
            ("de", Some(German)),
            ("DE-ch-1996", Some(German)),
            ("pt-BR fr-CA en", Some(French)),
            ("ja-JP-u-ca-japanese", Some(Japanese)),
            ("ar-Arab-EG-x-y", Some(Arabic)),
            ("* en", Some(English)),
            ("x-de", None),
            ("den de_CH", None),
            ("-", None),
            ("", None),
        ];
        for (ranges, expected) in table {
            assert_eq!(Language::lookup(ranges.split(' ')), expected, "{ranges}");
        }
    }
}
