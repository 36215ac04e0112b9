//! Users of a pool: the record, its status, and what changes it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::types::id::Subject;
use crate::types::time::Timestamp;
use crate::users::identifier::{Identifier, IdentifierKind};
use crate::users::login_epoch::LoginEpoch;
use crate::users::status::UserStatus;

/// The status of a user of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PoolStatus {
    /// The user may log in.
    Active,
    /// An operator has locked the user: no new login, while what is logged in goes on.
    Locked,
    /// An operator has disabled the user: no login, and everything that was logged in has ended.
    Disabled,
    /// The user was deleted. Nothing is left but the subject, which is never given to another.
    Deleted,
}

impl PoolStatus {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Locked => "locked",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
        }
    }

    /// Whether the user may log in.
    #[must_use]
    pub const fn may_log_in(self) -> bool {
        matches!(self, Self::Active)
    }

    /// What it means for what is logged in: sessions and grants.
    #[must_use]
    pub const fn of_logins(self) -> UserStatus {
        match self {
            Self::Active | Self::Locked => UserStatus::Active,
            Self::Disabled | Self::Deleted => UserStatus::Gone,
        }
    }
}

/// What every function that decides about a user reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The status.
    pub status: PoolStatus,
    /// The epoch of the user's logins.
    pub epoch: LoginEpoch,
}

impl Standing {
    /// The status of a login that was made in `epoch`.
    #[must_use]
    pub fn of_login(&self, epoch: LoginEpoch) -> UserStatus {
        if epoch == self.epoch { self.status.of_logins() } else { UserStatus::Gone }
    }
}

/// The record of a user of a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolUser {
    /// The subject: random, and never given to another user.
    pub subject: Subject,
    /// Status and epoch.
    #[serde(flatten)]
    pub standing: Standing,
    /// What the user logs in with, at most one of each kind.
    pub identifiers: Vec<Identifier>,
    /// Whether the e-mail address was proved to be the user's.
    #[serde(default)]
    pub email_verified: bool,
    /// The attributes, by the names of the pool's schema.
    #[serde(default)]
    pub attributes: Map<String, Value>,
    /// When the user was created.
    pub created: Timestamp,
    /// When the status last changed.
    pub status_changed: Timestamp,
    /// When identifiers or attributes last changed.
    pub details_changed: Timestamp,
    /// When the password was last set; `None` if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_changed: Option<Timestamp>,
    /// The number of changes, so that two at once do not overwrite each other.
    pub revision: u64,
}

impl PoolUser {
    /// The identifier of this kind.
    #[must_use]
    pub fn identifier(&self, kind: IdentifierKind) -> Option<&Identifier> {
        self.identifiers.iter().find(|identifier| identifier.kind() == kind)
    }

    /// What to call the user on pages: a name, or what the user logs in with.
    #[must_use]
    pub fn display_name(&self) -> &str {
        let name = self.attributes.get("name").and_then(Value::as_str);
        let identifier = self.identifier(IdentifierKind::Username).or_else(|| self.identifiers.first());
        name.or(identifier.map(Identifier::as_str)).unwrap_or(self.subject.as_str())
    }

    /// The user with the status `status` from `now` on. To disable or delete ends everything that is logged in, also for
    /// the time after the user is enabled again.
    #[must_use]
    pub fn with_status(&self, status: PoolStatus, now: Timestamp) -> Self {
        let epoch = match status.of_logins() {
            UserStatus::Active => self.standing.epoch,
            UserStatus::Gone => self.standing.epoch.next(),
        };
        let standing = Standing { status, epoch };
        Self { standing, status_changed: now, revision: self.revision + 1, ..self.clone() }
    }

    /// What is left of the user after deletion: nothing personal.
    #[must_use]
    pub fn deleted(&self, now: Timestamp) -> Self {
        Self {
            identifiers: Vec::new(),
            email_verified: false,
            attributes: Map::new(),
            password_changed: None,
            ..self.with_status(PoolStatus::Deleted, now)
        }
    }

    /// The user with another password since `now`.
    #[must_use]
    pub fn with_password(&self, now: Timestamp) -> Self {
        Self { password_changed: Some(now), revision: self.revision + 1, ..self.clone() }
    }

    /// The user whose logins have all ended, here and at every application.
    #[must_use]
    pub fn logged_out(&self) -> Self {
        let standing = Standing { epoch: self.standing.epoch.next(), ..self.standing };
        Self { standing, revision: self.revision + 1, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{NOW, later, pool_user as user};

    #[test]
    fn sec_sess_09_what_a_status_does_to_logins() {
        let first = LoginEpoch::default();
        let table = [
            (PoolStatus::Active, true, UserStatus::Active),
            (PoolStatus::Locked, false, UserStatus::Active),
            (PoolStatus::Disabled, false, UserStatus::Gone),
            (PoolStatus::Deleted, false, UserStatus::Gone),
        ];
        for (status, logs_in, logins) in table {
            let changed = user().with_status(status, later(9));
            assert_eq!((status.may_log_in(), changed.standing.of_login(first)), (logs_in, logins), "{status:?}");
            assert_eq!((changed.status_changed, changed.revision), (later(9), 2));
        }
    }

    #[test]
    fn sec_rt_12_what_ended_with_disabling_stays_ended_when_the_user_is_enabled_again() {
        let first = LoginEpoch::default();
        let enabled = user().with_status(PoolStatus::Disabled, NOW).with_status(PoolStatus::Active, later(1));
        assert_eq!(enabled.standing.of_login(first), UserStatus::Gone);
        assert_eq!(enabled.standing.of_login(first.next()), UserStatus::Active);
        let unlocked = user().with_status(PoolStatus::Locked, NOW).with_status(PoolStatus::Active, later(1));
        assert_eq!(unlocked.standing.of_login(first), UserStatus::Active, "a lock ends nothing");
        assert_eq!(user().logged_out().standing.of_login(first), UserStatus::Gone);
    }

    #[test]
    fn nothing_personal_is_left_of_a_deleted_user() {
        let stored = serde_json::to_string(&user().deleted(later(1))).unwrap();
        assert!(!stored.to_lowercase().contains("alice"), "{stored}");
        assert!(stored.contains("\"u1\"") && stored.contains("\"deleted\""), "{stored}");
    }

    #[test]
    fn users_are_called_by_their_name_or_what_they_log_in_with() {
        assert_eq!(user().display_name(), "Alice");
        let nameless = PoolUser { attributes: Map::new(), ..user() };
        assert_eq!(nameless.display_name(), "alice");
        let addressed = PoolUser { identifiers: vec![nameless.identifiers[0].clone()], ..nameless };
        assert_eq!(addressed.display_name(), "alice@example.com");
        assert_eq!(addressed.deleted(NOW).display_name(), "u1");
    }

    #[test]
    fn a_record_round_trips() {
        let stored = serde_json::to_value(user()).unwrap();
        assert_eq!((&stored["status"], &stored["epoch"]), (&json!("active"), &json!(0)));
        assert_eq!(serde_json::from_value::<PoolUser>(stored).unwrap(), user());
    }
}
