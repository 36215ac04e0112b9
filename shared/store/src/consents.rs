//! Consents: one item for each user and client. It stays when the consent is withdrawn, because grants are compared with its
//! epoch.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use protocol::authorization::consent::{Consent, ConsentEpoch};
use protocol::types::id::{ClientId, Subject, WorkspaceId};
use protocol::types::time::Timestamp;

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item::{self, Item};
use crate::key::{self, Key, Kind, PARTITION, SORT};
use crate::need::{Action, Handle, Need, Table};

/// May find consents.
#[derive(Clone)]
pub struct ConsentReading(Connection);

/// May list the consents of a user.
#[derive(Clone)]
pub struct ConsentListing(Connection);

/// May withdraw consents.
#[derive(Clone)]
pub struct ConsentWithdrawal(Connection);

/// Whether a consent was remembered.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remembering {
    /// It was, durably.
    Remembered,
    /// The user has withdrawn an earlier consent in the meantime.
    Withdrawn,
}

/// The attribute with the number of the epoch, absent in the first.
pub(crate) const EPOCH: &str = "epoch";

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
        self.0.read(&self.0.tables.users, key).await?.as_ref().map(read).transpose()
    }
}

fn read(item: &Item) -> Result<Consent, StoreFault> {
    let epoch = ConsentEpoch::new(item::read_number(item, EPOCH)?.unwrap_or_default());
    item::read_json::<Consent>(item, "consent").map(|consent| consent.in_epoch(epoch))
}

impl Handle for ConsentListing {
    const NEEDS: &'static [Need] = &[Need::of(Table::Users, Action::Query, Kind::Consent)];
}

impl ConsentListing {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Every consent of `subject`, with its client; withdrawn ones are left out.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn all(
        &self,
        workspace: &WorkspaceId,
        subject: &Subject,
    ) -> Result<Vec<(ClientId, Consent)>, StoreFault> {
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let page = self.page(workspace, subject, next).await?;
            for item in page.items.unwrap_or_default() {
                let item = item::known(item)?;
                let (client, consent) = (item::read_text(&item, SORT)?, read(&item)?);
                let client = ClientId::parse(client).map_err(|_| StoreFault::Unreadable("client"))?;
                found.extend((!consent.is_empty()).then_some((client, consent)));
            }
            next = page.last_evaluated_key;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    async fn page(
        &self,
        workspace: &WorkspaceId,
        subject: &Subject,
        from: Option<Item>,
    ) -> Result<QueryOutput, StoreFault> {
        self.0
            .client
            .query()
            .table_name(&self.0.tables.users)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk")
            .expression_attribute_names("#pk", PARTITION)
            .expression_attribute_values(":pk", item::text(key::partition(Kind::Consent, workspace, subject.as_str())))
            .set_exclusive_start_key(from)
            .send()
            .await
            .map_err(|error| StoreFault::of(&error))
    }
}

impl Handle for ConsentWithdrawal {
    const NEEDS: &'static [Need] = &[Need::of(Table::Users, Action::UpdateItem, Kind::Consent)];
}

impl ConsentWithdrawal {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Withdraws what `subject` has allowed `client`, and with it every grant that rests on it.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]. To try again does no harm.
    pub async fn withdraw(
        &self,
        workspace: &WorkspaceId,
        subject: &Subject,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<(), StoreFault> {
        self.0
            .client
            .update_item()
            .table_name(&self.0.tables.users)
            .key(PARTITION, item::text(key::partition(Kind::Consent, workspace, subject.as_str())))
            .key(SORT, item::text(client.as_str()))
            .update_expression("SET v = :v, consent = :nothing ADD #epoch :one")
            .expression_attribute_names("#epoch", EPOCH)
            .expression_attribute_values(":v", item::version())
            .expression_attribute_values(":nothing", item::json(&Consent::withdrawn(now))?)
            .expression_attribute_values(":one", item::number(1))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| StoreFault::of(&error))
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

    /// Remembers the consent of `subject` to `client`, replacing an earlier one, unless that was withdrawn in the meantime.
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
    ) -> Result<Remembering, StoreFault> {
        let epoch = consent.epoch().number();
        let put = self.0.client.put_item();
        // The first epoch is that of an item without one.
        let put = if epoch == 0 {
            put.condition_expression("attribute_not_exists(#epoch)")
        } else {
            put.condition_expression("#epoch = :epoch")
                .item(EPOCH, item::number(epoch))
                .expression_attribute_values(":epoch", item::number(epoch))
        };
        let put = put
            .table_name(&self.0.tables.users)
            .item(PARTITION, item::text(key::partition(Kind::Consent, workspace, subject.as_str())))
            .item(SORT, item::text(client.as_str()))
            .item("v", item::version())
            .item("consent", item::json(consent)?)
            .expression_attribute_names("#epoch", EPOCH);
        match put.send().await {
            Ok(_) => Ok(Remembering::Remembered),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(Remembering::Withdrawn)
            }
            Err(error) => Err(StoreFault::of(&error)),
        }
    }
}
