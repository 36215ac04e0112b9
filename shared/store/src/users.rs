//! Whether a user still exists: loaded before every decision about a user.

use protocol::users::status::UserStatus;
use protocol::users::user_key::UserKey;
use protocol::workspace::settings::Workspace;

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::need::{Handle, Need};

/// May find out whether users exist and are active.
#[derive(Clone, Copy)]
pub struct UserReading(());

impl Handle for UserReading {
    // Users of the sandbox and of upstream providers depend only on the settings, which are already loaded.
    const NEEDS: &'static [Need] = &[];
}

impl UserReading {
    /// The handle over `connection`.
    #[must_use]
    pub const fn new(_connection: &Connection) -> Self {
        Self(())
    }

    /// Returns the status of `user`: the single place that decides whether a user exists. A source that was removed
    /// from the workspace has no users, and one whose issuer changed does not have those of the former issuer.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    #[expect(clippy::unused_async, reason = "callers already await it, for sources whose users are read from a table")]
    pub async fn status(&self, workspace: &Workspace, user: UserKey<'_>) -> Result<UserStatus, StoreFault> {
        let source = workspace.identity_source(user.source);
        Ok(source.map_or(UserStatus::Gone, |source| source.status(&workspace.id, user)))
    }
}
