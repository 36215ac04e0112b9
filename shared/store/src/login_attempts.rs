//! Attempts to log in with a password: reserved before the password is looked at, and forgotten when it was right.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use protocol::types::id::WorkspaceId;
use protocol::types::time::Timestamp;
use protocol::users::login_attempts::{Attempts, AttemptsKey, FREE, Turn};

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item::{self, Item};
use crate::key::{self, Kind, PARTITION, TTL};
use crate::need::{Action, Handle, Need, Table};
use crate::write_attempt::{WriteAttempt, WriteContext};

/// May reserve and forget attempts.
#[derive(Clone)]
pub struct LoginAttempts(Connection);

/// May forget attempts, and not reserve any.
#[derive(Clone)]
pub struct AttemptForgetting(LoginAttempts);

/// Whether an attempt was reserved.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reservation {
    /// It was: the password may be looked at.
    Reserved,
    /// It can be made in this number of seconds.
    Wait(u32),
}

impl Handle for LoginAttempts {
    const NEEDS: &'static [Need] = &[
        Need::of(Table::Flow, Action::UpdateItem, Kind::LoginAttempts),
        Need::of(Table::Flow, Action::DeleteItem, Kind::LoginAttempts),
    ];
}

impl LoginAttempts {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Reserves an attempt at `now`. Free ones cost one write. When none is free, at most one of those that try at the same
    /// time gets it. A retry after a write whose response was lost recognizes its own reservation, or reserves a second free
    /// one, which errs on the safe side.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: no attempt may be made.
    pub async fn reserve(&self, context: &WriteContext<'_>, key: &AttemptsKey) -> Result<Reservation, StoreFault> {
        let now = context.now;
        let Some(before) = self.reserve_free(context, key).await? else { return Ok(Reservation::Reserved) };
        let after = match before.turn(now) {
            Turn::Now(after) => after,
            Turn::Later(seconds) => return Ok(Reservation::Wait(seconds)),
        };
        match self.reserve_after(context, key, (&before, &after)).await? {
            None => Ok(Reservation::Reserved),
            Some(raced) => Ok(match raced.turn(now) {
                Turn::Later(seconds) => Reservation::Wait(seconds),
                // Others are ahead, and it is the next one's turn in a moment.
                Turn::Now(_) => Reservation::Wait(1),
            }),
        }
    }

    /// Reserves a free attempt; returns the attempts so far if none is free.
    async fn reserve_free(
        &self,
        context: &WriteContext<'_>,
        key: &AttemptsKey,
    ) -> Result<Option<Attempts>, StoreFault> {
        let now = context.now;
        // Any number of free attempts is followed by the first wait.
        let first = Attempts::first(now);
        let outcome = self
            .set(context, key, &first)
            .update_expression(
                "SET v = :v, attempts = if_not_exists(attempts, :none) + :one, next_at = :next, forgotten = :forgotten, \
                 attempt = :attempt, #ttl = :ttl",
            )
            .condition_expression("attribute_not_exists(v) OR (v = :v AND attempts < :free AND forgotten > :now)")
            .expression_attribute_values(":none", item::number(0))
            .expression_attribute_values(":one", item::number(1))
            .expression_attribute_values(":free", item::number(FREE))
            .expression_attribute_values(":now", item::instant(now))
            .send()
            .await;
        former(outcome.err(), &context.attempt)
    }

    /// Replaces the first of these counts by the second; returns what was found if others were faster.
    async fn reserve_after(
        &self,
        context: &WriteContext<'_>,
        key: &AttemptsKey,
        (before, after): (&Attempts, &Attempts),
    ) -> Result<Option<Attempts>, StoreFault> {
        let outcome = self
            .set(context, key, after)
            .update_expression(
                "SET v = :v, attempts = :after, next_at = :next, forgotten = :forgotten, attempt = :attempt, #ttl = :ttl",
            )
            .condition_expression("v = :v AND attempts = :before AND next_at = :before_next")
            .expression_attribute_values(":after", item::number(after.count))
            .expression_attribute_values(":before", item::number(before.count))
            .expression_attribute_values(":before_next", item::instant(before.next))
            .send()
            .await;
        former(outcome.err(), &context.attempt)
    }

    fn set(&self, context: &WriteContext<'_>, key: &AttemptsKey, attempts: &Attempts) -> UpdateItemFluentBuilder {
        let update = self.0.client.update_item().table_name(&self.0.tables.flow);
        update
            .key(PARTITION, item::text(partition(context.workspace, key)))
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":v", item::version())
            .expression_attribute_values(":attempt", item::text(context.attempt.name()))
            .expression_attribute_values(":next", item::instant(attempts.next))
            .expression_attribute_values(":forgotten", item::instant(attempts.forgotten))
            .expression_attribute_values(":ttl", item::ttl(attempts.forgotten))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    /// Forgets all attempts, because one was right or an operator says so.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn forget(&self, workspace: &WorkspaceId, key: &AttemptsKey) -> Result<(), StoreFault> {
        let delete = self.0.client.delete_item().table_name(&self.0.tables.flow);
        let deleted = delete.key(PARTITION, item::text(partition(workspace, key))).send().await;
        deleted.map(|_| ()).map_err(|error| StoreFault::of(&error))
    }
}

impl Handle for AttemptForgetting {
    const NEEDS: &'static [Need] = &[Need::of(Table::Flow, Action::DeleteItem, Kind::LoginAttempts)];
}

impl AttemptForgetting {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(LoginAttempts::new(connection))
    }

    /// Forgets all attempts, because the user has proved otherwise who they are.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn forget(&self, workspace: &WorkspaceId, key: &AttemptsKey) -> Result<(), StoreFault> {
        self.0.forget(workspace, key).await
    }
}

fn partition(workspace: &WorkspaceId, key: &AttemptsKey) -> String {
    key::partition(Kind::LoginAttempts, workspace, key.id())
}

/// The attempts that refused a reservation, unless they were left by an earlier try of the same one (fault F-DDB-3).
fn former(error: Option<SdkError<UpdateItemError>>, attempt: &WriteAttempt) -> Result<Option<Attempts>, StoreFault> {
    let Some(error) = error else { return Ok(None) };
    let Some(UpdateItemError::ConditionalCheckFailedException(failed)) = error.as_service_error() else {
        return Err(StoreFault::of(&error));
    };
    match failed.item().cloned() {
        Some(old) => {
            let old = item::known(old)?;
            let is_ours =
                old.get("attempt").and_then(|name| name.as_s().ok()).is_some_and(|name| name == attempt.name());
            if is_ours { Ok(None) } else { read(&old).map(Some) }
        }
        // They were forgotten in the meantime.
        None => Ok(Some(Attempts { count: 0, next: Timestamp::default(), forgotten: Timestamp::default() })),
    }
}

fn read(item: &Item) -> Result<Attempts, StoreFault> {
    Ok(Attempts {
        count: item::read_number(item, "attempts")?.ok_or(StoreFault::Unreadable("attempts"))?,
        next: item::read_instant(item, "next_at")?,
        forgotten: item::read_instant(item, "forgotten")?,
    })
}
