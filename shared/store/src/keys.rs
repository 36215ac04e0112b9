//! The key ring, which everybody may read, and sealed private keys, which only `token` may.

use std::sync::Arc;

use protocol::id::WorkspaceId;
use protocol::key_ring::KeyRing;
use protocol::time::Timestamp;

use crate::cache::Cache;
use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item;
use crate::key::{self, Key, Kind, PARTITION, SORT};

/// The sort key of the one ring of a workspace.
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

impl SigningKeyReading {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// The sealed private half of the key named `kid`.
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

    /// Keeps the sealed private half of the key named `kid`. The ring that names it is written afterwards.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn keep(&self, workspace: &WorkspaceId, kid: &str, sealed: &str) -> Result<(), StoreFault> {
        let partition = key::partition(Kind::SigningKey, workspace, kid);
        self.write(partition, "sealed", item::text(sealed)).await
    }

    /// Writes the ring of `workspace`.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn publish(&self, workspace: &WorkspaceId, ring: &KeyRing) -> Result<(), StoreFault> {
        self.write(key::partition(Kind::KeyRing, workspace, RING), "ring", item::json(ring)?).await
    }

    async fn write(
        &self,
        partition: String,
        name: &str,
        value: aws_sdk_dynamodb::types::AttributeValue,
    ) -> Result<(), StoreFault> {
        self.0
            .client
            .put_item()
            .table_name(&self.0.tables.config)
            .item(PARTITION, item::text(partition))
            .item(SORT, item::text(RING))
            .item("v", item::version())
            .item(name, value)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| StoreFault::of(&error))
    }
}
