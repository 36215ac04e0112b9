//! Refreshing a grant, in one conditional write: it stores the next generation, or only extends the current one.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use protocol::tokens::refresh_grant::ApprovedRefresh;
use protocol::types::commit::Committed;
use protocol::types::time::Timestamp;

use crate::fault::StoreFault;
use crate::grants::{attest, is};
use crate::item::{self, Item};
use crate::key::TTL;
use crate::redemption::{GrantRedemption, RefreshIssue};
use crate::write_attempt::{WriteAttempt, WriteContext};

/// The effect of the write on the presented refresh token.
#[derive(Clone, Copy)]
pub enum RotationWrite {
    /// Replaces it with a new token of this generation.
    Next(u32, RefreshIssue),
    /// Issues the token that replaced it a moment ago again.
    Again(RefreshIssue),
    /// Keeps it: the client's tokens do not rotate.
    Stays,
}

/// The outcome of a refresh.
#[must_use]
pub enum RefreshOutcome {
    /// The grant has the token that this attempt issues: written by this attempt, by an earlier one whose response was
    /// lost, or by a concurrent request that derived the same successor.
    Good(Committed),
    /// A concurrent request replaced the token with a different successor.
    Lost,
    /// The grant expired or was revoked after it was read.
    Gone,
}

impl GrantRedemption {
    /// Commits an approved refresh.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: it is unknown whether the token was replaced. A client that retries within the grace period gets the
    /// same successor.
    pub async fn refresh(
        &self,
        write: &WriteContext<'_>,
        approved: &ApprovedRefresh,
        rotation: RotationWrite,
    ) -> Result<RefreshOutcome, StoreFault> {
        let update = self
            .update(write.workspace, approved.entitlement.grant())
            .condition_expression(
                "attribute_exists(redeemed) AND attribute_not_exists(revoked) AND refresh = :current \
                 AND refresh_until > :now AND refresh_idle_until > :now",
            )
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":now", item::instant(write.now))
            .expression_attribute_values(":current", item::text(approved.current().encoded()))
            .expression_attribute_values(":expires", item::instant(approved.expires()))
            .expression_attribute_values(":ttl", item::ttl(approved.expires()));
        match with_rotation(update, approved, rotation, &write.attempt).send().await {
            Ok(_) => Ok(RefreshOutcome::Good(attest())),
            Err(error) => resolve_conflict(&error, write, approved, rotation),
        }
    }
}

/// Adds the rotation to `update`. If a successor is issued again, only the expiry changes.
fn with_rotation(
    update: UpdateItemFluentBuilder,
    approved: &ApprovedRefresh,
    rotation: RotationWrite,
    attempt: &WriteAttempt,
) -> UpdateItemFluentBuilder {
    match rotation {
        RotationWrite::Again(_) => update.update_expression("SET expires = :expires, #ttl = :ttl"),
        RotationWrite::Stays => update
            .update_expression("SET refresh_idle_until = :idle_until, expires = :expires, #ttl = :ttl")
            .expression_attribute_values(":idle_until", item::instant(approved.idle_until())),
        RotationWrite::Next(generation, issue) => update
            .update_expression(
                "SET refresh_generation = :generation, refresh_previous = :current, refresh = :next, \
                 refresh_version = :version, refreshed = :now, refreshed_by = :attempt, \
                 refresh_idle_until = :idle_until, expires = :expires, #ttl = :ttl",
            )
            .expression_attribute_values(":generation", item::number(generation.into()))
            .expression_attribute_values(":next", item::text(issue.hash.encoded()))
            .expression_attribute_values(":version", item::number(issue.version.into()))
            .expression_attribute_values(":attempt", item::text(attempt.name()))
            .expression_attribute_values(":idle_until", item::instant(approved.idle_until())),
    }
}

/// Interprets a failed write: the condition failed because the grant ended or its token was rotated.
fn resolve_conflict(
    error: &SdkError<UpdateItemError>,
    write: &WriteContext<'_>,
    approved: &ApprovedRefresh,
    rotation: RotationWrite,
) -> Result<RefreshOutcome, StoreFault> {
    let Some(UpdateItemError::ConditionalCheckFailedException(failed)) = error.as_service_error() else {
        return Err(StoreFault::of(error));
    };
    let Some(item) = failed.item().filter(|item| !item.contains_key("revoked")) else {
        return Ok(RefreshOutcome::Gone);
    };
    if expired(item, write.now)? {
        return Ok(RefreshOutcome::Gone);
    }
    let replaced = item::read_number(item, "refreshed")?.map(Timestamp::from_millis);
    let in_time = replaced.is_some_and(|replaced| !write.now.reached(replaced.plus(approved.grace())));
    let same = match rotation {
        RotationWrite::Next(_, issue) | RotationWrite::Again(issue) => is(item, "refresh", &issue.hash.encoded()),
        RotationWrite::Stays => false,
    };
    let ours = same && (in_time || is(item, "refreshed_by", write.attempt.name()));
    Ok(if ours { RefreshOutcome::Good(attest()) } else { RefreshOutcome::Lost })
}

/// Whether the refresh tokens of the grant have expired at `now`.
fn expired(item: &Item, now: Timestamp) -> Result<bool, StoreFault> {
    let (until, idle) = (item::read_instant(item, "refresh_until")?, item::read_instant(item, "refresh_idle_until")?);
    Ok(now.reached(until) || now.reached(idle))
}
