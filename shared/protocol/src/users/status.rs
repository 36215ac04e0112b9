//! Whether a user may be vouched for at the moment.

/// What the identity source says of a user's account now. It is loaded for each decision and never remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserStatus {
    /// The user exists and may log in.
    Active,
    /// There is no such user, or their identity source is no longer one of the workspace.
    Gone,
}

impl UserStatus {
    /// Whether the user may be vouched for.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Active)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_active_user_may_be_vouched_for() {
        assert!(UserStatus::Active.is_active() && !UserStatus::Gone.is_active());
    }
}
