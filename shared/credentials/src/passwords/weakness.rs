//! What makes a password weak.

use super::words::ContextWord;

/// What attackers try first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weakness {
    /// It is a common or published password.
    Known,
    /// It has something in it that is known about the user or the service.
    Context(ContextWord),
    /// It has a common word or password in it.
    CommonWord,
    /// A part is repeated.
    Repetition,
    /// Characters that follow each other, as in `abcd` or `9876`.
    Sequence,
    /// Keys that are beside each other.
    Keyboard,
    /// A year or a date.
    Date,
}
