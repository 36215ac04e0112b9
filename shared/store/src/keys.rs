//! Key rings, and sealed private keys, which fewer functions may read.

use std::sync::Arc;

use protocol::jose::key_ring::KeyRing;
use protocol::types::id::WorkspaceId;
use protocol::types::time::Timestamp;

use crate::cache::Cache;
use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item;
use crate::key::{self, Key, Kind, PARTITION, SORT};
use crate::need::{Action, Handle, Need, Table};
use crate::sealing_keys::written;

/// The sort key of the ring of a workspace.
const RING: &str = "ring";

/// May read key rings.
pub struct KeyRingReading {
    connection: Connection,
    rings: Cache<WorkspaceId, KeyRing>,
}

/// May read sealed private keys.
#[derive(Clone)]
pub struct SigningKeyReading(Connection);

/// May write key rings and sealed private keys.
#[derive(Clone)]
pub struct KeyRingWriting(Connection);

impl Handle for KeyRingReading {
    const NEEDS: &'static [Need] = &[Need::of(Table::Config, Action::GetItem, Kind::KeyRing)];
}

impl KeyRingReading {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self { connection: connection.clone(), rings: Cache::new() }
    }

    /// The ring of `workspace`, at most thirty seconds old.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn ring(&self, workspace: &WorkspaceId, now: Timestamp) -> Result<Option<Arc<KeyRing>>, StoreFault> {
        if let Some(fresh) = self.rings.fresh(workspace, now) {
            return Ok(Some(fresh));
        }
        let key = Key { partition: key::partition(Kind::KeyRing, workspace, RING), sort: Some(RING) };
        let Some(item) = self.connection.read(&self.connection.tables.config, key).await? else { return Ok(None) };
        Ok(Some(self.rings.remember(workspace.clone(), item::read_json(&item, "ring")?, now)))
    }
}

impl Handle for SigningKeyReading {
    const NEEDS: &'static [Need] = &[Need::of(Table::Config, Action::GetItem, Kind::SigningKey)];
}

impl SigningKeyReading {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// The sealed or wrapped private half of the key `kid`.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn sealed(&self, workspace: &WorkspaceId, kid: &str) -> Result<Option<String>, StoreFault> {
        let key = Key { partition: key::partition(Kind::SigningKey, workspace, kid), sort: Some(RING) };
        let Some(item) = self.0.read(&self.0.tables.config, key).await? else { return Ok(None) };
        Ok(Some(item::read_text(&item, "sealed")?.into()))
    }
}

impl KeyRingWriting {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Stores the sealed or wrapped private half of the key `kid`. The ring that contains the key is written
    /// afterwards.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn keep(&self, workspace: &WorkspaceId, kid: &str, sealed: &str) -> Result<(), StoreFault> {
        let put = self.put(key::partition(Kind::SigningKey, workspace, kid)).item("sealed", item::text(sealed));
        put.send().await.map(|_| ()).map_err(|error| StoreFault::of(&error))
    }

    /// Deletes the private half of the key `kid`, after the key was removed from the ring.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn forget(&self, workspace: &WorkspaceId, kid: &str) -> Result<(), StoreFault> {
        let delete = self.0.client.delete_item().table_name(&self.0.tables.config);
        let partition = key::partition(Kind::SigningKey, workspace, kid);
        let delete = delete.key(PARTITION, item::text(partition)).key(SORT, item::text(RING));
        delete.send().await.map(|_| ()).map_err(|error| StoreFault::of(&error))
    }

    /// Writes the ring of `workspace` if the stored one is still `former`; returns `false` if it was changed in the
    /// meantime.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn publish(
        &self,
        workspace: &WorkspaceId,
        ring: &KeyRing,
        former: Option<&StoredRing>,
    ) -> Result<bool, StoreFault> {
        let put = self.put(key::partition(Kind::KeyRing, workspace, RING)).item("ring", item::json(ring)?);
        let put = match former {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(former) => put
                .condition_expression("ring = :former")
                .expression_attribute_values(":former", item::text(former.text.as_str())),
        };
        written(put.send().await)
    }

    /// The stored ring of `workspace`, for a change.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn ring(&self, workspace: &WorkspaceId) -> Result<Option<StoredRing>, StoreFault> {
        let key = Key { partition: key::partition(Kind::KeyRing, workspace, RING), sort: Some(RING) };
        let Some(item) = self.0.read(&self.0.tables.config, key).await? else { return Ok(None) };
        let (ring, text) = (item::read_json(&item, "ring")?, item::read_text(&item, "ring")?.into());
        Ok(Some(StoredRing { ring, text }))
    }

    fn put(&self, partition: String) -> aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder {
        let put = self.0.client.put_item().table_name(&self.0.tables.config);
        put.item(PARTITION, item::text(partition)).item(SORT, item::text(RING)).item("v", item::version())
    }
}

/// A ring with its stored text, which a conditional write compares.
#[derive(Clone)]
pub struct StoredRing {
    /// The ring.
    pub ring: KeyRing,
    text: String,
}
