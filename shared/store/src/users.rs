//! Whether a user may still be vouched for: what the load step of every decision about a user asks.

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
    // The sandbox's users and an upstream provider's stand or fall with the settings, which are at hand.
    const NEEDS: &'static [Need] = &[];
}

impl UserReading {
    /// The handle over `connection`.
    #[must_use]
    pub const fn new(_connection: &Connection) -> Self {
        Self(())
    }

    /// The status of `user`: the one place where it is decided whether somebody is known. A source that the workspace no
    /// longer has knows nobody, and one that has become another issuer's does not know the former's users.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    #[expect(clippy::unused_async, reason = "callers await it already: a source whose users lie in a table reads them")]
    pub async fn status(&self, workspace: &Workspace, user: UserKey<'_>) -> Result<UserStatus, StoreFault> {
        let source = workspace.identity_source(user.source);
        Ok(source.map_or(UserStatus::Gone, |source| source.status(&workspace.id, user)))
    }
}
