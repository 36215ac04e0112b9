//! Codes and links in mail that wait for their user, one item for each account that was asked for: a newer one takes the
//! place of an older one (catalogue row SEC-PWD-10).
//!
//! There is an item for an account that nobody has, too: it is made by the same write, and nobody has its code.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{Delete, ReturnValue, TransactWriteItem};
use protocol::types::id::WorkspaceId;
use protocol::types::time::Timestamp;

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item;
use crate::key::{self, Kind, PARTITION, TTL};
use crate::need::{Action, Handle, Need, Table};

/// May record what was sent.
#[derive(Clone)]
pub struct MailProofRecording(Connection);

/// May reserve attempts with what was sent.
#[derive(Clone)]
pub struct MailProofTrying(Connection);

/// What is stored of a code and a link that were sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredProof {
    /// The digest of the code.
    pub code: String,
    /// The digest of the link.
    pub link: String,
    /// The version of the key of both digests.
    pub version: u8,
    /// When both end.
    pub expires: Timestamp,
}

/// An attempt that was reserved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// What was sent.
    pub proof: StoredProof,
    /// How often it was tried, this attempt included.
    pub attempts: u8,
}

impl Handle for MailProofRecording {
    const NEEDS: &'static [Need] = &[Need::of(Table::Flow, Action::PutItem, Kind::MailProof)];
}

impl Handle for MailProofTrying {
    const NEEDS: &'static [Need] = &[Need::of(Table::Flow, Action::UpdateItem, Kind::MailProof)];
}

impl MailProofRecording {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Records what is sent for `account`, in the place of what was sent before.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: nothing may be sent.
    pub async fn record(&self, workspace: &WorkspaceId, account: &str, proof: &StoredProof) -> Result<(), StoreFault> {
        let put = self.0.client.put_item().table_name(&self.0.tables.flow);
        let put = put
            .item(PARTITION, item::text(partition(workspace, account)))
            .item("v", item::version())
            .item("code", item::text(&proof.code))
            .item("link", item::text(&proof.link))
            .item("version", item::number(u64::from(proof.version)))
            .item("attempts", item::number(0))
            .item("expires", item::instant(proof.expires))
            .item(TTL, item::ttl(proof.expires));
        put.send().await.map(|_| ()).map_err(|error| StoreFault::of(&error))
    }
}

impl MailProofTrying {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Reserves an attempt for `account` before anything is compared, so that parallel attempts cannot exceed the limit
    /// (catalogue row SEC-PWD-06). `None` if nothing waits, or not any more. A retry after a write whose response was lost
    /// reserves two, which errs on the safe side.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: no attempt may be made.
    pub async fn reserve(
        &self,
        workspace: &WorkspaceId,
        account: &str,
        now: Timestamp,
    ) -> Result<Option<Tried>, StoreFault> {
        let update = self.0.client.update_item().table_name(&self.0.tables.flow);
        let outcome = update
            .key(PARTITION, item::text(partition(workspace, account)))
            .update_expression("SET attempts = attempts + :one")
            .condition_expression("v = :v AND expires > :now")
            .expression_attribute_values(":v", item::version())
            .expression_attribute_values(":one", item::number(1))
            .expression_attribute_values(":now", item::instant(now))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        let updated = match outcome {
            Ok(updated) => updated.attributes.ok_or(StoreFault::Unreadable("attempts"))?,
            Err(error) => {
                return match error.as_service_error() {
                    Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(None),
                    _ => Err(StoreFault::of(&error)),
                };
            }
        };
        let small = |name| {
            let number = item::read_number(&updated, name)?.ok_or(StoreFault::Unreadable(name))?;
            Ok::<u8, StoreFault>(u8::try_from(number).unwrap_or(u8::MAX))
        };
        let text = |name| item::read_text(&updated, name).map(str::to_owned);
        let proof = StoredProof {
            code: text("code")?,
            link: text("link")?,
            version: small("version")?,
            expires: item::read_instant(&updated, "expires")?,
        };
        Ok(Some(Tried { proof, attempts: small("attempts")? }))
    }
}

/// The part of a transaction that uses up `proof`: it fails unless `proof` still waits.
pub(crate) fn spending(
    connection: &Connection,
    workspace: &WorkspaceId,
    account: &str,
    proof: &StoredProof,
) -> Result<TransactWriteItem, StoreFault> {
    let delete = Delete::builder()
        .table_name(&connection.tables.flow)
        .key(PARTITION, item::text(partition(workspace, account)))
        .condition_expression("v = :v AND link = :link")
        .expression_attribute_values(":v", item::version())
        .expression_attribute_values(":link", item::text(&proof.link))
        .build();
    Ok(TransactWriteItem::builder().delete(delete.map_err(|_| StoreFault::Unreadable("change"))?).build())
}

fn partition(workspace: &WorkspaceId, account: &str) -> String {
    key::partition(Kind::MailProof, workspace, account)
}
