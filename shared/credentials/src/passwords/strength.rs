//! How many guesses a password withstands, and what makes it weak.
//!
//! The estimate looks for the cheapest way to put the password together of what attackers try first: common passwords and
//! words, what they know about the user, repetitions, sequences, rows of a keyboard, and dates. What is left costs ten
//! guesses a character. This is the method of zxcvbn (Wheeler, USENIX Security 2016) with less data.

use zeroize::Zeroizing;

use super::known::is_known;
use super::password::Password;
use super::patterns::{Pattern, logarithm, patterns_at};
use super::weakness::Weakness;
use super::words::{KnownWord, Words, fold};

/// The strength of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strength {
    /// How strong it is.
    pub level: Level,
    /// What weakens it most, if anything does.
    pub weakness: Option<Weakness>,
}

/// How many guesses a password withstands, rather underestimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Fewer than 2^24 or 17 million. A password without any pattern is beyond this from 8 characters on.
    Predictable,
    /// Fewer than 2^33 or 9 billion.
    Weak,
    /// Fewer than 2^45 or 35 trillion. A password without any pattern is beyond this from 14 characters on.
    Fair,
    /// More.
    Strong,
}

/// Ten guesses: what a character costs that belongs to no pattern.
const CHARACTER: f64 = 3.32;
/// What comes after this many characters is not looked at and counts nothing.
const LOOKED_AT: usize = 100;

/// Estimates the strength of `password`, where `known` is known about the user and the service.
#[must_use]
pub fn strength(password: &Password, known: &[KnownWord<'_>]) -> Strength {
    let folded = Zeroizing::new(fold(password.normalised()));
    if is_known(&folded) {
        return Strength { level: Level::Predictable, weakness: Some(Weakness::Known) };
    }
    let characters: Zeroizing<Vec<char>> = Zeroizing::new(folded.chars().take(LOOKED_AT).collect());
    let words = Words::new(known);
    let way = cheapest(&characters, |text| {
        let mut patterns = patterns_at(text, &words);
        patterns.extend(repetition_at(text, &words));
        patterns
    });
    Strength { level: Level::of(way.bits), weakness: way.weakness() }
}

impl Level {
    fn of(bits: f64) -> Self {
        match bits {
            ..24.0 => Self::Predictable,
            ..33.0 => Self::Weak,
            ..45.0 => Self::Fair,
            _ => Self::Strong,
        }
    }
}

/// A way to put a text together: its cost, and how many characters each weakness covers.
#[derive(Clone, Default)]
struct Way {
    bits: f64,
    covered: Vec<(Weakness, usize)>,
}

impl Way {
    /// This way, and then `pattern`.
    fn and(&self, pattern: &Pattern) -> Self {
        let mut covered = self.covered.clone();
        match covered.iter_mut().find(|(weakness, _)| *weakness == pattern.weakness) {
            Some((_, length)) => *length += pattern.length,
            None => covered.push((pattern.weakness, pattern.length)),
        }
        Self { bits: self.bits + pattern.bits, covered }
    }

    fn and_a_character(&self) -> Self {
        Self { bits: self.bits + CHARACTER, covered: self.covered.clone() }
    }

    /// The weakness that covers most characters; of two that cover as many, the one that is named first.
    fn weakness(&self) -> Option<Weakness> {
        self.covered
            .iter()
            .max_by(|one, other| one.1.cmp(&other.1).then(other.0.cmp(&one.0)))
            .map(|(weakness, _)| *weakness)
    }
}

/// The cheapest way to put `text` together of single characters and of what `patterns_at` finds at the start of a text.
fn cheapest(text: &[char], patterns_at: impl Fn(&[char]) -> Vec<Pattern>) -> Way {
    let mut ways: Vec<Option<Way>> = vec![None; text.len() + 1];
    let mut here = Way::default();
    for start in 0..text.len() {
        let rest = text.get(start..).unwrap_or_default();
        improve(&mut ways, start + 1, here.and_a_character());
        for pattern in patterns_at(rest) {
            improve(&mut ways, start + pattern.length, here.and(&pattern));
        }
        here = ways.get_mut(start + 1).and_then(Option::take).unwrap_or_default();
    }
    here
}

/// Keeps `way` for the first `end` characters if no cheaper one is known.
fn improve(ways: &mut [Option<Way>], end: usize, way: Way) {
    if let Some(known) = ways.get_mut(end)
        && known.as_ref().is_none_or(|known| way.bits < known.bits)
    {
        *known = Some(way);
    }
}

/// The shortest part with which `text` begins and that is repeated at once.
fn repetition_at(text: &[char], words: &Words) -> Option<Pattern> {
    (1..=text.len() / 2).find_map(|length| {
        let (part, rest) = text.split_at_checked(length)?;
        let times = 1 + rest.chunks(length).take_while(|next| *next == part).count();
        let enough = if length == 1 { 3 } else { 2 };
        let begun = rest.iter().skip(length * (times - 1)).zip(part).take_while(|(next, same)| next == same).count();
        (times >= enough).then(|| Pattern {
            length: length * times + begun,
            bits: cheapest(part, |text| patterns_at(text, words)).bits + logarithm(times),
            weakness: Weakness::Repetition,
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::passwords::ContextWord;

    const KNOWN: [KnownWord<'static>; 4] = [
        KnownWord { kind: ContextWord::Service, text: "Acme" },
        KnownWord { kind: ContextWord::UserName, text: "anna.s" },
        KnownWord { kind: ContextWord::Email, text: "anna.schmidt@example.com" },
        KnownWord { kind: ContextWord::Name, text: "Anna Maria Schmidt" },
    ];

    fn estimate(received: &str) -> (Level, Option<Weakness>) {
        let Strength { level, weakness } = strength(&Password::parse(received).unwrap(), &KNOWN);
        (level, weakness)
    }

    #[test]
    fn each_weakness_is_found_and_named() {
        use Level::{Fair, Predictable, Strong, Weak};
        let table = [
            ("password", Predictable, Some(Weakness::Known)),
            ("PASSWORD", Predictable, Some(Weakness::Known)),
            ("1q2w3e4r5t6y7u8i", Predictable, Some(Weakness::Known)),
            ("password12345678", Predictable, Some(Weakness::CommonWord)),
            ("P@55w0rd12345678", Predictable, Some(Weakness::CommonWord)),
            ("Acme2025!", Predictable, Some(Weakness::Context(ContextWord::Service))),
            ("annaschmidt1985", Predictable, Some(Weakness::Context(ContextWord::Email))),
            ("4nn4schm1dt-1985", Predictable, Some(Weakness::Context(ContextWord::Email))),
            ("::::::::::::::::::::", Predictable, Some(Weakness::Repetition)),
            ("gx7gx7gx7gx7gx7", Predictable, Some(Weakness::Repetition)),
            ("summer2025summer2025", Predictable, Some(Weakness::Repetition)),
            ("efghijklmnopqrstu", Predictable, Some(Weakness::Sequence)),
            ("yxwvutsrqponmlk", Predictable, Some(Weakness::Sequence)),
            ("567890123456789", Predictable, Some(Weakness::Sequence)),
            ("qwertzuiop", Predictable, Some(Weakness::Known)),
            ("poiuytrewqasdfghjkl", Predictable, Some(Weakness::Keyboard)),
            ("2wsx3edc4rfv5tgb", Predictable, Some(Weakness::Keyboard)),
            ("29022048", Predictable, Some(Weakness::Date)),
            ("20480229", Predictable, Some(Weakness::Date)),
            ("kq", Predictable, None),
            ("kqzvxwjp", Weak, None),
            ("monkeydragon", Weak, Some(Weakness::CommonWord)),
            ("kqzvxwjpbt", Fair, None),
            ("kqzvxwjpbtgmdy", Strong, None),
            ("violet kettle orbits quietly", Strong, None),
            ("日本語のパスワードは長くて良い", Strong, None),
        ];
        let wrong = table.map(|(received, level, weakness)| (received, (level, weakness), estimate(received)));
        let wrong: Vec<_> = wrong.iter().filter(|(_, expected, found)| expected != found).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn a_weakness_in_a_long_password_is_named_and_does_no_harm() {
        assert_eq!(
            estimate("anna writes much longer sentences"),
            (Level::Strong, Some(Weakness::Context(ContextWord::UserName)))
        );
    }

    #[test]
    fn the_longest_password_is_estimated_at_once() {
        for received in ["a".repeat(1024), "ab".repeat(512), "monkey".repeat(170), "1".repeat(99) + &"2".repeat(900)] {
            assert_eq!(estimate(&received).0, Level::Predictable);
        }
    }

    proptest! {
        #[test]
        fn a_longer_password_is_not_more_predictable(
            received in "[a-z0-9äあ!]{1,40}",
            more in "[^\\x00]{1,20}",
        ) {
            let (shorter, (longer, weakness)) = (estimate(&received).0, estimate(&format!("{received}{more}")));
            // One of 9,050 passwords has the fingerprint of a known one.
            prop_assume!(shorter == Level::Strong && weakness != Some(Weakness::Known));
            prop_assert_ne!(longer, Level::Predictable);
        }
    }
}
