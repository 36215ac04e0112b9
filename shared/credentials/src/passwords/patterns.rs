//! The patterns that an attacker tries before guessing single characters.

use zeroize::Zeroizing;

use super::weakness::Weakness;
use super::words::Words;

/// A part of a password that follows a pattern.
#[derive(Clone, Copy)]
pub(super) struct Pattern {
    /// How many characters it has.
    pub(super) length: usize,
    /// The binary logarithm of the guesses it takes.
    pub(super) bits: f64,
    /// What kind it is.
    pub(super) weakness: Weakness,
}

/// One of three thousand words, and which letters are capital.
const COMMON_WORD: f64 = 12.6;
/// One of a handful of words, and which letters are capital.
const CONTEXT: f64 = 3.0;
/// Digits in place of letters.
const SUBSTITUTION: f64 = 1.0;
/// Any letter or digit, and a direction.
const SEQUENCE: f64 = 6.2;
const KEYBOARD: f64 = 6.2;
const YEAR: f64 = 7.3;
const DATE: f64 = 15.5;

const LONGEST_COMMON_WORD: usize = 16;
const SHORTEST_SEQUENCE: usize = 3;
const SHORTEST_ROW: usize = 4;

/// Keys that are beside each other on English, German and French keyboards, in rows and in columns.
const ROWS: [&str; 9] = [
    "1234567890-=",
    "qwertyuiop[]",
    "qwertzuiopü+",
    "azertyuiop",
    "asdfghjkl;'",
    "qsdfghjklm",
    "zxcvbnm,./",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "qazwsxedcrfvtgbyhnujmik,ol.p;/",
];

/// The patterns with which `text`, in lower case, begins, repetitions excepted.
pub(super) fn patterns_at(text: &[char], words: &Words) -> Vec<Pattern> {
    let mut found: Vec<Pattern> = words_at(text, words).collect();
    found.extend(sequence_at(text));
    found.extend(row_at(text));
    found.extend(date_at(text));
    found
}

fn words_at(text: &[char], words: &Words) -> impl Iterator<Item = Pattern> {
    let plain: Vec<char> = text.iter().map(|letter| meant(*letter)).collect();
    let spellings = [text.to_vec(), plain].map(Zeroizing::new).into_iter().zip([0.0, SUBSTITUTION]);
    spellings.flat_map(move |(text, extra)| {
        let known = words.known_at(&text).map(move |(kind, length)| (length, CONTEXT, Weakness::Context(kind)));
        let longest = text.len().min(LONGEST_COMMON_WORD);
        let common = (1..=longest).filter(|length| text.get(..*length).is_some_and(|start| words.is_common(start)));
        let common = common.map(|length| (length, COMMON_WORD, Weakness::CommonWord));
        let found =
            known.chain(common).map(|(length, bits, weakness)| Pattern { length, bits: bits + extra, weakness });
        found.collect::<Vec<_>>()
    })
}

/// The letter that a digit or a sign commonly stands for.
const fn meant(letter: char) -> char {
    match letter {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// The longest sequence such as `abcd`, `9876` or `7890`.
fn sequence_at(text: &[char]) -> Option<Pattern> {
    let step = |pair: &[char]| match pair {
        ['9', '0'] => Some(1),
        ['0', '9'] => Some(-1),
        [first, second] if first.is_alphanumeric() && second.is_alphanumeric() => {
            let step = i64::from(u32::from(*second)) - i64::from(u32::from(*first));
            (step.abs() == 1).then_some(step)
        }
        _ => None,
    };
    let first = text.windows(2).next().and_then(step)?;
    let length = 1 + text.windows(2).take_while(|pair| step(pair) == Some(first)).count();
    (length >= SHORTEST_SEQUENCE).then(|| Pattern {
        length,
        bits: SEQUENCE + logarithm(length),
        weakness: Weakness::Sequence,
    })
}

/// The longest way along a row or a column of keys.
fn row_at(text: &[char]) -> Option<Pattern> {
    let row = |length: &usize| {
        let keys: Zeroizing<String> = Zeroizing::new(text.iter().take(*length).collect());
        let back: Zeroizing<String> = Zeroizing::new(keys.chars().rev().collect());
        ROWS.iter().any(|row| row.contains(keys.as_str()) || row.contains(back.as_str()))
    };
    let length = (SHORTEST_ROW..=text.len()).take_while(row).last()?;
    Some(Pattern { length, bits: KEYBOARD + logarithm(length), weakness: Weakness::Keyboard })
}

/// A year, or a date of eight digits.
fn date_at(text: &[char]) -> Option<Pattern> {
    let digits: Vec<u32> = text.iter().map_while(|digit| digit.to_digit(10)).take(8).collect();
    let number =
        |digits: Option<&[u32]>| digits.map_or(0, |digits| digits.iter().fold(0, |sum, digit| sum * 10 + digit));
    let is_year = |digits| (1900..2050).contains(&number(digits));
    let is_day = |first, second| {
        let (first, second) = (number(first), number(second));
        (1..=31).contains(&first.max(second)) && (1..=12).contains(&first.min(second))
    };
    let date = (is_year(digits.get(..4)) && is_day(digits.get(4..6), digits.get(6..8)))
        || (is_year(digits.get(4..8)) && is_day(digits.get(..2), digits.get(2..4)));
    match digits.len() {
        8 if date => Some(Pattern { length: 8, bits: DATE, weakness: Weakness::Date }),
        4.. if is_year(digits.get(..4)) => Some(Pattern { length: 4, bits: YEAR, weakness: Weakness::Date }),
        _ => None,
    }
}

/// The binary logarithm of a count of characters.
pub(super) fn logarithm(count: usize) -> f64 {
    f64::from(u16::try_from(count).unwrap_or(u16::MAX)).log2()
}
