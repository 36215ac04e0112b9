//! Refreshing a grant: one write that moves it on by one generation, or notes that it was used.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use protocol::tokens::refresh_grant::ApprovedRefresh;
use protocol::types::commit::Committed;
use protocol::types::id::WorkspaceId;
use protocol::types::time::Timestamp;

use crate::fault::StoreFault;
use crate::grants::{attested, is};
use crate::item::{self, Item};
use crate::key::TTL;
use crate::redemption::{GrantRedemption, RefreshIssue};

/// What follows the refresh token that was presented.
#[derive(Clone, Copy)]
pub enum RotationWrite {
    /// A new token, of this generation.
    Next(u32, RefreshIssue),
    /// The token that followed it a moment ago.
    Again(RefreshIssue),
    /// Nothing: it stays.
    Stays,
}

/// What became of a refresh.
#[must_use]
pub enum RefreshOutcome {
    /// What this attempt hands out is what the grant holds: by this attempt, by an earlier try of it whose answer was
    /// lost, or by another request that derived the very same successor at the same time.
    Good(Committed),
    /// Another request replaced the token since it was read, and its successor is not the one that this attempt has.
    Lost,
    /// Nobody can any more: the grant ended or was revoked since it was read.
    Gone,
}

impl GrantRedemption {
    /// Commits an approved refresh. `attempt` is a random name of this attempt;
    /// `now` is the time of writing, which may be later than that of the approval.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; whether the token was replaced is not known then, and a client that tries again within the grace
    /// gets the same successor.
    pub async fn refresh(
        &self,
        workspace: &WorkspaceId,
        (approved, succession): (&ApprovedRefresh, RotationWrite),
        attempt: &str,
        now: Timestamp,
    ) -> Result<RefreshOutcome, StoreFault> {
        let update = self
            .update(workspace, approved.entitlement.grant())
            .condition_expression(
                "attribute_exists(redeemed) AND attribute_not_exists(revoked) AND refresh = :current \
                 AND refresh_until > :now AND refresh_idle_until > :now",
            )
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":now", item::instant(now))
            .expression_attribute_values(":current", item::text(approved.current().encoded()))
            .expression_attribute_values(":expires", item::instant(approved.expires()))
            .expression_attribute_values(":ttl", item::ttl(approved.expires()));
        match turned(update, approved, succession, attempt).send().await {
            Ok(_) => Ok(RefreshOutcome::Good(attested())),
            Err(error) => lost(&error, (approved, succession), attempt, now),
        }
    }
}

/// The change that this turn makes. A successor that is handed out again changes nothing but how long its tokens live.
fn turned(
    update: UpdateItemFluentBuilder,
    approved: &ApprovedRefresh,
    succession: RotationWrite,
    attempt: &str,
) -> UpdateItemFluentBuilder {
    match succession {
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
            .expression_attribute_values(":attempt", item::text(attempt))
            .expression_attribute_values(":idle_until", item::instant(approved.idle_until())),
    }
}

fn lost(
    error: &SdkError<UpdateItemError>,
    (approved, succession): (&ApprovedRefresh, RotationWrite),
    attempt: &str,
    now: Timestamp,
) -> Result<RefreshOutcome, StoreFault> {
    let Some(UpdateItemError::ConditionalCheckFailedException(failed)) = error.as_service_error() else {
        return Err(StoreFault::of(error));
    };
    let Some(item) = failed.item().filter(|item| !item.contains_key("revoked")) else {
        return Ok(RefreshOutcome::Gone);
    };
    if ended(item, now)? {
        return Ok(RefreshOutcome::Gone);
    }
    let replaced = item::read_number(item, "refreshed")?.map(Timestamp::from_millis);
    let in_time = replaced.is_some_and(|replaced| !now.reached(replaced.plus(approved.grace())));
    let same = match succession {
        RotationWrite::Next(_, issue) | RotationWrite::Again(issue) => is(item, "refresh", &issue.hash.encoded()),
        RotationWrite::Stays => false,
    };
    let ours = same && (in_time || is(item, "refreshed_by", attempt));
    Ok(if ours { RefreshOutcome::Good(attested()) } else { RefreshOutcome::Lost })
}

/// Whether no refresh token of the grant is good any more at `now`.
fn ended(item: &Item, now: Timestamp) -> Result<bool, StoreFault> {
    let (until, idle) = (item::read_instant(item, "refresh_until")?, item::read_instant(item, "refresh_idle_until")?);
    Ok(now.reached(until) || now.reached(idle))
}
