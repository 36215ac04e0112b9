//! Redeeming a code, in one conditional write.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use protocol::tokens::code_grant::ApprovedExchange;
use protocol::tokens::grant::Grant;
use protocol::types::commit::Committed;
use protocol::types::id::{GrantId, WorkspaceId};
use protocol::types::secret::SecretHash;
use protocol::types::time::Timestamp;

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::grants::{attest, find, is, partition, revoke, sender};
use crate::item;
use crate::key::{Kind, PARTITION, TTL};
use crate::need::{Action, Handle, Need, Table};
use crate::write_attempt::{WriteAttempt, WriteContext};

/// The outcome of an attempt to redeem a code.
#[must_use]
pub enum Redemption {
    /// This attempt redeemed it, or an earlier one whose response was lost.
    Won(Committed),
    /// Another attempt redeemed it after the grant was read. Contains the sender, if known.
    Lost(Option<SecretHash>),
    /// The code expired, or its grant was revoked, after the grant was read.
    Gone,
}

/// A refresh token, as stored.
#[derive(Clone, Copy)]
pub struct RefreshIssue {
    /// Its digest.
    pub hash: SecretHash,
    /// The version of the data key with which it was derived.
    pub version: u8,
}

/// May find grants, redeem their codes, refresh them, and revoke them after a replay.
#[derive(Clone)]
pub struct GrantRedemption(pub(crate) Connection);

impl Handle for GrantRedemption {
    const NEEDS: &'static [Need] =
        &[Need::of(Table::Flow, Action::GetItem, Kind::Grant), Need::of(Table::Flow, Action::UpdateItem, Kind::Grant)];
}

impl GrantRedemption {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Finds a grant, with a strongly consistent read.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn find(&self, workspace: &WorkspaceId, id: &GrantId) -> Result<Option<Grant>, StoreFault> {
        find(&self.0, workspace, id).await
    }

    /// Redeems the code of an approved exchange, and stores the first refresh token if there is one.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: it is unknown whether the code was redeemed.
    pub async fn redeem(
        &self,
        write: &WriteContext<'_>,
        approved: &ApprovedExchange,
        first: Option<RefreshIssue>,
    ) -> Result<Redemption, StoreFault> {
        let update = self
            .update(write.workspace, approved.entitlement.grant())
            .update_expression(
                "SET redeemed = :now, redeemed_by = :attempt, redeemed_from = :sender, expires = :expires, #ttl = :ttl"
                    .to_owned()
                    + first.map_or("", |_| FIRST_REFRESH),
            )
            .condition_expression(
                "attribute_exists(pk) AND attribute_not_exists(redeemed) AND attribute_not_exists(revoked) \
                 AND code = :code AND code_expires > :now",
            )
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":now", item::instant(write.now))
            .expression_attribute_values(":attempt", item::text(write.attempt.name()))
            .expression_attribute_values(":sender", item::text(approved.sender().encoded()))
            .expression_attribute_values(":expires", item::instant(approved.expires()))
            .expression_attribute_values(":ttl", item::ttl(approved.expires()))
            .expression_attribute_values(":code", item::text(approved.code().encoded()));
        match with_first_refresh(update, approved, first).send().await {
            Ok(_) => Ok(Redemption::Won(attest())),
            Err(error) => resolve_conflict(&error, &write.attempt),
        }
    }

    /// Revokes a grant whose code or refresh token was replayed, with all its tokens.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: it is unknown whether the grant was revoked.
    pub async fn revoke(&self, workspace: &WorkspaceId, id: &GrantId, now: Timestamp) -> Result<(), StoreFault> {
        revoke(&self.0, workspace, id, now).await
    }

    pub(crate) fn update(&self, workspace: &WorkspaceId, id: &GrantId) -> UpdateItemFluentBuilder {
        self.0
            .client
            .update_item()
            .table_name(&self.0.tables.flow)
            .key(PARTITION, item::text(partition(workspace, id)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

/// The part of the update expression for the first refresh token of a grant.
const FIRST_REFRESH: &str = ", refresh_generation = :generation, refresh = :refresh, refresh_version = :version, \
                             refresh_until = :until, refresh_idle_until = :idle_until";

fn with_first_refresh(
    update: UpdateItemFluentBuilder,
    approved: &ApprovedExchange,
    first: Option<RefreshIssue>,
) -> UpdateItemFluentBuilder {
    let Some((issue, lifetime)) = first.zip(approved.refresh()) else { return update };
    update
        .expression_attribute_values(":generation", item::number(1))
        .expression_attribute_values(":refresh", item::text(issue.hash.encoded()))
        .expression_attribute_values(":version", item::number(issue.version.into()))
        .expression_attribute_values(":until", item::instant(lifetime.until))
        .expression_attribute_values(":idle_until", item::instant(lifetime.idle_until))
}

/// Interprets a failed write: the condition failed because the code was redeemed, expired or revoked.
fn resolve_conflict(error: &SdkError<UpdateItemError>, attempt: &WriteAttempt) -> Result<Redemption, StoreFault> {
    let Some(UpdateItemError::ConditionalCheckFailedException(failed)) = error.as_service_error() else {
        return Err(StoreFault::of(error));
    };
    let Some(item) = failed.item() else { return Ok(Redemption::Gone) };
    if !item.contains_key("redeemed") || item.contains_key("revoked") {
        return Ok(Redemption::Gone);
    }
    Ok(if is(item, "redeemed_by", attempt.name()) {
        Redemption::Won(attest())
    } else {
        Redemption::Lost(sender(item)?)
    })
}
