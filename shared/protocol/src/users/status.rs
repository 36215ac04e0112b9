//! Whether a user may get tokens at the moment.

use crate::users::attributes::Attributes;

/// What the server itself knows of a user at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentUser {
    /// The status.
    pub status: UserStatus,
    /// The attributes that decide; `None` for the users of upstream providers, who say it at a login only.
    pub attributes: Option<Attributes>,
}

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
