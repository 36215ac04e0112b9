//! What has been signed leaves only against the proof that its commit was won.

/// The proof that a write which makes something happen is durable, and ours.
#[must_use]
#[derive(Debug)]
pub struct Committed(());

impl Committed {
    /// Attests a commit. Only `store` may call this, right behind a conditional write that succeeded; `clippy.toml`
    /// keeps everybody else away.
    pub const fn attest() -> Self {
        Self(())
    }
}

/// A response that has been signed but must not leave before its commit is won (design invariant 1).
#[must_use]
pub struct Unreleased<T>(T);

impl<T> Unreleased<T> {
    /// Holds `value` back.
    pub const fn hold(value: T) -> Self {
        Self(value)
    }

    /// Hands the value out, against the proof that this attempt won.
    pub fn release(self, _proof: &Committed) -> T {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test stands in for the store")]
    fn what_is_held_is_released_against_the_proof_of_a_commit() {
        assert_eq!(Unreleased::hold("tokens").release(&Committed::attest()), "tokens");
    }
}
