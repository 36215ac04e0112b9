//! Single sign-on sessions, under the hash of their cookie.

use protocol::id::WorkspaceId;
use protocol::secret::SecretHash;
use protocol::session::Session;
use protocol::time::Timestamp;

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item;
use crate::key::{self, Key, Kind, PARTITION, TTL};
use crate::need::{Action, Handle, Need, Table};

/// May find sessions.
#[derive(Clone)]
pub struct SessionReading(Connection);

/// May begin sessions, and end the one that a new one replaces.
#[derive(Clone)]
pub struct SessionCreation(Connection);

impl Handle for SessionReading {
    const NEEDS: &'static [Need] = &[Need::of(Table::Flow, Action::GetItem, Kind::Session)];
}

impl SessionReading {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Finds the session of the cookie with this hash, if it is alive at `now`.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn find(
        &self,
        workspace: &WorkspaceId,
        cookie: &SecretHash,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreFault> {
        let key = Key { partition: partition(workspace, cookie), sort: None };
        let Some(item) = self.0.read(&self.0.tables.flow, key).await? else { return Ok(None) };
        Ok(item::read_json::<Session>(&item, "session")?.alive(now))
    }
}

impl Handle for SessionCreation {
    const NEEDS: &'static [Need] = &[
        Need::of(Table::Flow, Action::PutItem, Kind::Session),
        Need::of(Table::Flow, Action::DeleteItem, Kind::Session),
    ];
}

impl SessionCreation {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Begins `session` under the hash of its cookie.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn begin(
        &self,
        workspace: &WorkspaceId,
        cookie: &SecretHash,
        session: &Session,
    ) -> Result<(), StoreFault> {
        self.0
            .client
            .put_item()
            .table_name(&self.0.tables.flow)
            .item(PARTITION, item::text(partition(workspace, cookie)))
            .item("v", item::version())
            .item("session", item::json(session)?)
            .item(TTL, item::ttl(session.expires))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| StoreFault::of(&error))
    }

    /// Ends the session of the cookie with this hash, if there is one.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn end(&self, workspace: &WorkspaceId, cookie: &SecretHash) -> Result<(), StoreFault> {
        self.0
            .client
            .delete_item()
            .table_name(&self.0.tables.flow)
            .key(PARTITION, item::text(partition(workspace, cookie)))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| StoreFault::of(&error))
    }
}

fn partition(workspace: &WorkspaceId, cookie: &SecretHash) -> String {
    key::partition(Kind::Session, workspace, &cookie.encoded())
}
