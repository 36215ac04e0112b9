//! Data keys for sealing, encrypted by KMS: one item per purpose, with all versions that still open something. They
//! belong to the region, not to a workspace.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use protocol::types::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item;
use crate::key::{self, Key, Kind, PARTITION, SORT};
use crate::need::{Action, Handle, Need, Table};

/// The sort key of items that are alone in their partition.
const ALONE: &str = "-";

/// Purposes whose data keys never change, because values derived with them must stay the same forever.
const WRITTEN_ONCE: [&str; 1] = ["pairwise-subject"];

/// The data keys of one purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrappedSealingKeys {
    /// The version that seals.
    pub current: u8,
    /// Every version that opens, the current one included.
    pub versions: Vec<WrappedSealingKey>,
}

/// A version of a data key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrappedSealingKey {
    /// Its number, from 1. Sealed texts start with it.
    pub version: u8,
    /// The key, encrypted by KMS, base64url.
    pub wrapped: String,
    /// When it was published, began to seal, or was retired, whichever was last; the epoch for a first version.
    #[serde(default = "epoch", skip_serializing_if = "is_epoch")]
    pub since: Timestamp,
}

const EPOCH: Timestamp = Timestamp::from_millis(0);

const fn epoch() -> Timestamp {
    EPOCH
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_epoch(since: &Timestamp) -> bool {
    *since == EPOCH
}

/// May read encrypted data keys.
#[derive(Clone)]
pub struct SealingKeyReading(Connection);

/// May read and write encrypted data keys.
#[derive(Clone)]
pub struct SealingKeyWriting(Connection);

impl Handle for SealingKeyReading {
    const NEEDS: &'static [Need] = &[Need::of(Table::Config, Action::GetItem, Kind::SealingKey)];
}

impl SealingKeyReading {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// The data keys for `purpose`, if there are any.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn keys(&self, purpose: &str) -> Result<Option<WrappedSealingKeys>, StoreFault> {
        let key = Key { partition: key::regional(Kind::SealingKey, purpose), sort: Some(ALONE) };
        let Some(item) = self.0.read(&self.0.tables.config, key).await? else { return Ok(None) };
        item::read_json(&item, "keys").map(Some)
    }
}

impl SealingKeyWriting {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Writes the data keys for `purpose` if the stored ones are still `former`; returns `false` if they were changed in
    /// the meantime, or exist and must never change.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn write(
        &self,
        purpose: &str,
        keys: &WrappedSealingKeys,
        former: Option<&WrappedSealingKeys>,
    ) -> Result<bool, StoreFault> {
        let put = self
            .0
            .client
            .put_item()
            .table_name(&self.0.tables.config)
            .item(PARTITION, item::text(key::regional(Kind::SealingKey, purpose)))
            .item(SORT, item::text(ALONE))
            .item("v", item::version())
            .item("keys", item::json(keys)?);
        let put = match former.filter(|_| !WRITTEN_ONCE.contains(&purpose)) {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(former) => put
                .condition_expression("#keys = :former")
                .expression_attribute_names("#keys", "keys")
                .expression_attribute_values(":former", item::json(former)?),
        };
        written(put.send().await)
    }
}

/// Whether the condition of a put held, so that the item was written.
pub(crate) fn written<T, R>(outcome: Result<T, SdkError<PutItemError, R>>) -> Result<bool, StoreFault> {
    match outcome {
        Ok(_) => Ok(true),
        Err(error) => match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
            _ => Err(StoreFault::of(&error)),
        },
    }
}
