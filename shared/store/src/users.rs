//! Whether a user may still be vouched for: what the load step of every decision about a user asks.

use protocol::types::id::{IdentitySourceId, Subject};
use protocol::users::status::UserStatus;
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

    /// The status of `subject`, whom `source` knows. A source that the workspace no longer has knows nobody.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    #[expect(clippy::unused_async, reason = "callers await it already: a source whose users lie in a table reads them")]
    pub async fn status(
        &self,
        workspace: &Workspace,
        source: &IdentitySourceId,
        subject: &Subject,
    ) -> Result<UserStatus, StoreFault> {
        let source = workspace.identity_source(source);
        Ok(source.map_or(UserStatus::Gone, |source| source.status(&workspace.id, subject)))
    }
}
