//! Suggests the word that was probably meant.

/// The minimum similarity of two words, from 0 to 1.
const ALIKE: f64 = 0.8;

/// The maximum length of a value in a message.
const MAX_QUOTED: usize = 100;

/// Returns the one of `words` that is most similar to `word`, if any is similar enough.
pub(crate) fn nearest<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let word = word.to_ascii_lowercase().replace(['-', ' '], "_");
    let alike = words.map(|candidate| {
        let lower = candidate.to_ascii_lowercase();
        let score = if lower == word {
            2.0
        } else if is_part_of(&word, &lower) || is_part_of(&lower, &word) {
            1.0
        } else {
            strsim::jaro_winkler(&word, &lower)
        };
        (score, candidate)
    });
    let best = alike.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.filter(|(score, _)| *score > ALIKE).map(|(_, candidate)| candidate)
}

/// Whether one word consists of parts of the other: `secret` of `client_secret`.
fn is_part_of(part: &str, whole: &str) -> bool {
    part.len() > 3 && (whole.ends_with(&format!("_{part}")) || whole.starts_with(&format!("{part}_")))
}

/// A value as shown in messages: in quotation marks, escaped, and shortened.
pub(crate) fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(MAX_QUOTED).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!("{shown:?}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_similar_word_is_found() {
        let words = ["redirect_uris", "client_secret", "client_name", "scope", "pkce", "default_audience"];
        for (word, expected) in [
            ("redirect_uri", Some("redirect_uris")),
            ("redirect-uris", Some("redirect_uris")),
            ("redirect_url", Some("redirect_uris")),
            ("Scope", Some("scope")),
            ("scopes", Some("scope")),
            ("pcke", Some("pkce")),
            ("secret", Some("client_secret")),
            ("audience", Some("default_audience")),
            ("colour", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word, words.into_iter()), expected, "{word}");
        }
    }

    #[test]
    fn a_value_is_shown_escaped_and_shortened() {
        assert_eq!(quoted("a\"b\n"), "\"a\\\"b\\n\"");
        assert_eq!(quoted(&"x".repeat(101)), format!("\"{}\"…", "x".repeat(100)));
    }
}
