//! The epoch of a user's logins, by which all of them end at once.

use serde::{Deserialize, Serialize};

/// A number that a user's record has, and that every session, grant and known browser of the user repeats. When the record
/// moves to the next, all of them end, without being found one by one (catalogue rows SEC-SESS-09, SEC-RT-12). It is
/// compared, not ordered by a clock, so that clocks that differ can neither keep a login alive nor end a new one.
///
/// Users of sources without records stay in the first epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LoginEpoch(u32);

impl LoginEpoch {
    /// The one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Whether this is the first, which records need not contain.
    #[must_use]
    pub const fn is_first(&self) -> bool {
        self.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_never_comes_back() {
        let (first, last) = (LoginEpoch::default(), LoginEpoch(u32::MAX));
        assert!(first.is_first() && !first.next().is_first());
        assert_ne!(first.next(), first);
        assert_eq!(last.next(), last, "and does not overflow");
    }
}
