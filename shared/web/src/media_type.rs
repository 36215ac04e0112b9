//! Media types and languages, as senders name them and as readers accept them (RFC 9110 §8.3 and §12.5).

/// Charsets in which the bytes of ASCII text have another meaning.
const NOT_ASCII: [&str; 6] = ["utf-7", "utf-16", "utf-32", "ucs-", "iso-10646", "ebcdic"];

/// The quality value, in thousandths, if none is given.
const FULL: u16 = 1000;

/// Whether `value` names the type `essence`. Parameters are ignored, except for a charset that is not ASCII-compatible.
#[must_use]
pub fn is_type(value: &[u8], essence: &str) -> bool {
    let mut parts = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let named = parts.next().is_some_and(|named| named.eq_ignore_ascii_case(essence.as_bytes()));
    named && !parts.any(names_other_charset)
}

fn names_other_charset(parameter: &[u8]) -> bool {
    let Some(charset) = parameter_of(parameter, "charset") else { return false };
    NOT_ASCII
        .iter()
        .any(|other| charset.get(..other.len()).is_some_and(|start| start.eq_ignore_ascii_case(other.as_bytes())))
}

/// The value of the parameter `name`, without quotation marks.
fn parameter_of<'v>(parameter: &'v [u8], name: &str) -> Option<&'v [u8]> {
    let equals = parameter.iter().position(|byte| *byte == b'=')?;
    let (found, value) = parameter.split_at(equals);
    let value = value.get(1..)?;
    let quoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    found.eq_ignore_ascii_case(name.as_bytes()).then(|| quoted.unwrap_or(value))
}

/// The accepted types: the values of `Accept` headers.
pub struct Accepted<'r>(Vec<(&'r [u8], u16)>);

impl<'r> Accepted<'r> {
    /// Parses the values of `Accept` headers. A malformed range accepts nothing.
    pub fn parse(values: impl Iterator<Item = &'r [u8]>) -> Self {
        let ranges = values.flat_map(|value| value.split(|byte| *byte == b','));
        Self(ranges.filter_map(range).collect())
    }

    /// Whether `essence` is accepted by name, with a quality no lower than that of `other`.
    #[must_use]
    pub fn prefers(&self, essence: &str, other: &str) -> bool {
        self.quality([essence].into_iter()).is_some_and(|quality| quality > 0 && quality >= self.quality_of(other))
    }

    /// The quality of `essence`, by the most specific matching range.
    fn quality_of(&self, essence: &str) -> u16 {
        let (kind, _) = essence.split_once('/').unwrap_or((essence, ""));
        self.quality([essence, &format!("{kind}/*"), "*/*"].into_iter()).unwrap_or(0)
    }

    /// The quality of the first of `ranges` that is listed.
    fn quality<'n>(&self, mut ranges: impl Iterator<Item = &'n str>) -> Option<u16> {
        ranges.find_map(|name| {
            let found = self.0.iter().filter(|(range, _)| range.eq_ignore_ascii_case(name.as_bytes()));
            found.map(|(_, quality)| *quality).max()
        })
    }
}

/// A media range with its quality, in thousandths.
fn range(value: &[u8]) -> Option<(&[u8], u16)> {
    let mut parts = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let range = parts.next()?;
    let quality = parts.find_map(|parameter| parameter_of(parameter, "q")).map_or(Some(FULL), thousandths)?;
    Some((range, quality))
}

/// A quality value: 0 to 1 with at most three decimals (RFC 9110 §12.4.2).
fn thousandths(value: &[u8]) -> Option<u16> {
    let (whole, decimals) = std::str::from_utf8(value).ok().map(|text| text.split_once('.').unwrap_or((text, "")))?;
    let fits = decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let part = if fits { format!("{decimals:0<3}").parse::<u16>().ok()? } else { return None };
    match (whole, part) {
        ("0", part) => Some(part),
        ("1", 0) => Some(FULL),
        _ => None,
    }
}

/// The language ranges of `Accept-Language` headers, the most preferred first, without those that are refused (RFC 9110
/// §12.5.4). One that is malformed is left out.
pub fn preferred_languages<'r>(values: impl Iterator<Item = &'r [u8]>) -> Vec<&'r str> {
    let ranges = values.flat_map(|value| value.split(|byte| *byte == b',')).filter_map(range);
    let named = ranges.filter_map(|(range, quality)| Some((std::str::from_utf8(range).ok()?, quality)));
    let mut named: Vec<(&str, u16)> = named.filter(|(range, quality)| !range.is_empty() && *quality > 0).collect();
    named.sort_by_key(|(_, quality)| std::cmp::Reverse(*quality));
    named.into_iter().map(|(range, _)| range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_come_by_preference_and_without_refused_ones() {
        let table: [(&[&str], &[&str]); 6] = [
            (&["de-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5"], &["de-CH", "fr", "en", "de", "*"]),
            (&["en;q=0.2, ja", "ar;q=0.2"], &["ja", "en", "ar"]),
            (&["de;q=0, en;q=0.001"], &["en"]),
            (&["de;q=2, en;q=x, fr;q=1.0"], &["fr"]),
            (&[", ,"], &[]),
            (&[], &[]),
        ];
        for (values, expected) in table {
            assert_eq!(preferred_languages(values.iter().map(|value| value.as_bytes())), expected, "{values:?}");
        }
    }

    #[test]
    fn type_parameters_are_ignored_except_for_an_incompatible_charset() {
        let form = "application/x-www-form-urlencoded";
        for good in [
            "",
            ";",
            "; charset=utf-8",
            ";charset=\"UTF-8\"",
            "; charset=utf8",
            "; charset=us-ascii",
            "; charset=ISO-8859-1",
            "; boundary=x",
            " ; x",
            ";;a=b;",
        ] {
            assert!(is_type(format!("{form}{good}").as_bytes(), form), "{good}");
        }
        assert!(is_type(b"Application/X-WWW-Form-Urlencoded; x=\xe9", form));
        for bad in ["x", "; charset=utf-16", ";Charset=\"UTF-16LE\"", "; charset=utf-7", "/x", ", text/plain"] {
            assert!(!is_type(format!("{form}{bad}").as_bytes(), form), "{bad}");
        }
        assert!(!is_type(b"", form));
    }

    #[test]
    fn quality_values_are_respected() {
        let table = [
            (&["text/html"][..], true),
            (&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], true),
            (&["TEXT/HTML; charset=utf-8"], true),
            (&["application/json", "text/html"], true),
            (&["text/html;q=0.5, */*;q=0.1"], true),
            (&["text/html;q=0.001"], true),
            (&["text/html;q=0"], false),
            (&["text/html; q=0.000"], false),
            (&["text/html;q=0.4, application/json;q=0.5"], false),
            (&["text/html;q=0.5, application/*"], false),
            (&["text/html;q=0.5, */*"], false),
            (&["text/html;q=0.5, */*, application/json;q=0.2"], true),
            (&["text/html;q=2"], false),
            (&["text/html;q=0.1234"], false),
            (&["text/html;q=x"], false),
            (&["text/htmlx", "x;text/html"], false),
            (&["*/*"], false),
            (&[], false),
        ];
        for (values, expected) in table {
            let accepted = Accepted::parse(values.iter().map(|value| value.as_bytes()));
            assert_eq!(accepted.prefers("text/html", "application/json"), expected, "{values:?}");
        }
    }
}
