//! Remembered consents: one item for each user and client.

use protocol::authorization::consent::Consent;
use protocol::types::id::{ClientId, Subject, WorkspaceId};

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item;
use crate::key::{self, Key, Kind, PARTITION, SORT};
use crate::need::{Action, Handle, Need, Table};

/// May find consents.
#[derive(Clone)]
pub struct ConsentReading(Connection);

/// May remember consents.
#[derive(Clone)]
pub struct ConsentRecording(Connection);

impl Handle for ConsentReading {
    const NEEDS: &'static [Need] = &[Need::of(Table::Users, Action::GetItem, Kind::Consent)];
}

impl ConsentReading {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// The remembered consent of `subject` to `client`.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn find(
        &self,
        workspace: &WorkspaceId,
        subject: &Subject,
        client: &ClientId,
    ) -> Result<Option<Consent>, StoreFault> {
        let key =
            Key { partition: key::partition(Kind::Consent, workspace, subject.as_str()), sort: Some(client.as_str()) };
        let Some(item) = self.0.read(&self.0.tables.users, key).await? else { return Ok(None) };
        item::read_json(&item, "consent").map(Some)
    }
}

impl Handle for ConsentRecording {
    const NEEDS: &'static [Need] = &[Need::of(Table::Users, Action::PutItem, Kind::Consent)];
}

impl ConsentRecording {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Remembers the consent of `subject` to `client`, replacing an earlier one.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn remember(
        &self,
        workspace: &WorkspaceId,
        subject: &Subject,
        client: &ClientId,
        consent: &Consent,
    ) -> Result<(), StoreFault> {
        self.0
            .client
            .put_item()
            .table_name(&self.0.tables.users)
            .item(PARTITION, item::text(key::partition(Kind::Consent, workspace, subject.as_str())))
            .item(SORT, item::text(client.as_str()))
            .item("v", item::version())
            .item("consent", item::json(consent)?)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| StoreFault::of(&error))
    }
}
