//! Signed responses are released only against proof of their commit.

/// Proof that the conditional write of this attempt is durable.
#[must_use]
#[derive(Debug)]
pub struct Committed(());

impl Committed {
    /// Attests a commit. Only `store` may call this, right after a successful conditional write; `clippy.toml` forbids
    /// it elsewhere.
    pub const fn attest() -> Self {
        Self(())
    }
}

/// A signed response that must not be sent before its commit has succeeded (design invariant 1).
#[must_use]
pub struct Unreleased<T>(T);

impl<T> Unreleased<T> {
    /// Holds back `value`.
    pub const fn hold(value: T) -> Self {
        Self(value)
    }

    /// Releases the value against proof of the commit.
    pub fn release(self, _proof: &Committed) -> T {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test stands in for the store")]
    fn held_values_are_released_against_the_proof_of_a_commit() {
        assert_eq!(Unreleased::hold("tokens").release(&Committed::attest()), "tokens");
    }
}
