//! Whether a user may get tokens at the moment.

/// The current status of a user's account. Loaded for each decision and never cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserStatus {
    /// The user exists and may log in.
    Active,
    /// The user, or their identity source, no longer exists.
    Gone,
}

impl UserStatus {
    /// Whether tokens may be issued for the user.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Active)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_existing_user_is_active() {
        assert!(UserStatus::Active.is_active() && !UserStatus::Gone.is_active());
    }
}
