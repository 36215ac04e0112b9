//! Redeeming a code: the one write that makes it happen.

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
use crate::grants::{attested, find, is, partition, revoke};
use crate::item;
use crate::key::{Kind, PARTITION, TTL};
use crate::need::{Action, Handle, Need, Table};

/// Who won the race for a code.
#[must_use]
pub enum Redemption {
    /// This attempt did, now or in an earlier try whose answer was lost.
    Won(Committed),
    /// Another did, between our reading of the grant and our writing: a race, not a replay.
    Lost,
    /// Nobody can any more: the code expired or its grant was revoked since it was read.
    Gone,
}

/// A refresh token as the store remembers it.
#[derive(Clone, Copy)]
pub struct RefreshIssue {
    /// Its digest.
    pub hash: SecretHash,
    /// The version of the key that it was derived with.
    pub version: u8,
}

/// May find grants, redeem their codes and refresh them, and revoke what a replay betrays.
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

    /// Redeems the code of an approved exchange, with its first refresh token if one is due. `attempt` is a random name
    /// of this attempt, by which it recognises itself when the SDK tries again after an answer was lost (fault F-DDB-3);
    /// `now` is the time of writing, which may be later than that of the approval.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; whether the code was redeemed is not known then.
    pub async fn redeem(
        &self,
        workspace: &WorkspaceId,
        (approved, first): (&ApprovedExchange, Option<RefreshIssue>),
        attempt: &str,
        now: Timestamp,
    ) -> Result<Redemption, StoreFault> {
        let update = self
            .update(workspace, approved.entitlement.grant())
            .update_expression(
                "SET redeemed = :now, redeemed_by = :attempt, expires = :expires, #ttl = :ttl".to_owned()
                    + first.map_or("", |_| FIRST_REFRESH),
            )
            .condition_expression(
                "attribute_exists(pk) AND attribute_not_exists(redeemed) AND attribute_not_exists(revoked) \
                 AND code = :code AND code_expires > :now",
            )
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":now", item::instant(now))
            .expression_attribute_values(":attempt", item::text(attempt))
            .expression_attribute_values(":expires", item::instant(approved.expires()))
            .expression_attribute_values(":ttl", item::ttl(approved.expires()))
            .expression_attribute_values(":code", item::text(approved.code().encoded()));
        match first_refresh(update, approved, first).send().await {
            Ok(_) => Ok(Redemption::Won(attested())),
            Err(error) => lost(&error, attempt),
        }
    }

    /// Revokes everything of a grant whose code or refresh token was replayed.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: it is not revoked then, or not known to be.
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

/// What is added for the first refresh token of a grant.
const FIRST_REFRESH: &str = ", refresh_generation = :generation, refresh = :refresh, refresh_version = :version, \
                             refresh_until = :until, refresh_idle_until = :idle_until";

fn first_refresh(
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

fn lost(error: &SdkError<UpdateItemError>, attempt: &str) -> Result<Redemption, StoreFault> {
    let Some(UpdateItemError::ConditionalCheckFailedException(failed)) = error.as_service_error() else {
        return Err(StoreFault::of(error));
    };
    let Some(item) = failed.item() else { return Ok(Redemption::Gone) };
    if !item.contains_key("redeemed") || item.contains_key("revoked") {
        return Ok(Redemption::Gone);
    }
    Ok(if is(item, "redeemed_by", attempt) { Redemption::Won(attested()) } else { Redemption::Lost })
}
