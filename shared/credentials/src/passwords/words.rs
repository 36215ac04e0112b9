//! Words that attackers try: the common ones, and what they know about the user and the service.

use icu_normalizer::ComposingNormalizerBorrowed;
use zeroize::Zeroizing;

static COMMON: &str = include_str!("../../lists/common_words.txt");

/// Where something that is known about a user or the service comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContextWord {
    /// The name of the workspace, the product or the operator.
    Service,
    /// The name that the user logs in with.
    UserName,
    /// The user's e-mail address.
    Email,
    /// The user's own name.
    Name,
    /// The user's telephone number.
    Phone,
}

/// Something that is known about the user or the service, such as an e-mail address.
#[derive(Clone, Copy)]
pub struct KnownWord<'a> {
    /// Where it comes from.
    pub kind: ContextWord,
    /// All of it; its parts are looked for as well.
    pub text: &'a str,
}

/// The words to look for in a password.
pub(super) struct Words {
    common: Vec<&'static str>,
    known: Vec<(ContextWord, Vec<char>)>,
}

/// The shortest part of something known that is looked for.
const SHORTEST_PART: usize = 3;
const SHORTEST_COMMON_WORD: usize = 4;

impl Words {
    /// The common words, and `known` whole and in parts.
    pub(super) fn new(known: &[KnownWord<'_>]) -> Self {
        let known = known.iter().flat_map(|word| parts(word.text).into_iter().map(|part| (word.kind, part))).collect();
        Self { common: COMMON.lines().collect(), known }
    }

    /// Whether `text`, in lower case, is a common word.
    pub(super) fn is_common(&self, text: &[char]) -> bool {
        let text: Zeroizing<String> = Zeroizing::new(text.iter().collect());
        text.len() >= SHORTEST_COMMON_WORD && self.common.binary_search(&text.as_str()).is_ok()
    }

    /// The words known about the user and the service with which `text`, in lower case, begins, by length.
    pub(super) fn known_at(&self, text: &[char]) -> impl Iterator<Item = (ContextWord, usize)> {
        self.known.iter().filter(|(_, word)| text.starts_with(word)).map(|(kind, word)| (*kind, word.len()))
    }
}

/// `text` and its parts between characters that are neither letters nor digits, in lower case.
fn parts(text: &str) -> Vec<Vec<char>> {
    let folded = fold(&ComposingNormalizerBorrowed::new_nfc().normalize(text));
    let joined: String = folded.chars().filter(|letter| letter.is_alphanumeric()).collect();
    let parts = folded.split(|letter: char| !letter.is_alphanumeric());
    let mut parts: Vec<Vec<char>> =
        parts.chain([folded.as_str(), &joined]).map(|part| part.chars().collect()).collect();
    parts.retain(|part| part.len() >= SHORTEST_PART);
    parts.sort_unstable();
    parts.dedup();
    parts
}

/// `text`, which is normalised, without differences of case.
pub(super) fn fold(text: &str) -> String {
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_what_is_known_are_words_too() {
        let parts: Vec<String> = parts("Anna.Schmidt@example.com").iter().map(|part| part.iter().collect()).collect();
        assert_eq!(
            parts,
            ["anna", "anna.schmidt@example.com", "annaschmidtexamplecom", "com", "example", "schmidt"]
                .map(String::from)
        );
        assert_eq!(super::parts("Al"), Vec::<Vec<char>>::new());
    }

    #[test]
    fn the_common_words_are_sorted_and_in_lower_case() {
        let words = Words::new(&[]);
        assert_eq!(words.common.len(), 3000);
        assert!(words.common.is_sorted());
        assert!(words.common.iter().all(|word| word.len() >= SHORTEST_COMMON_WORD && *word == fold(word)));
        for word in ["password", "monkey", "dragon", "qwerty"] {
            assert!(words.is_common(&word.chars().collect::<Vec<_>>()), "{word}");
        }
    }
}
