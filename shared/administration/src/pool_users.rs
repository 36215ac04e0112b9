//! Users of a pool, as operators administer them.

use credentials::passwords::{ContextWord, HashingFault, KnownWord, Password, PasswordHash, PasswordPolicy, Refusal};
use protocol::syntax::encoding::base64url;
use protocol::types::id::{MalformedId, Subject};
use protocol::types::secret::Secret;
use protocol::types::time::Timestamp;
use protocol::users::identifier::{Identifier, IdentifierKind, MalformedIdentifier};
use protocol::users::login_attempts::AttemptsKey;
use protocol::users::login_epoch::LoginEpoch;
use protocol::users::pool_user::{PoolStatus, PoolUser, Standing};
use protocol::workspace::pool::{AttributeFault, Pool};
use protocol::workspace::settings::Workspace;
use serde_json::Value;
use signing::entropy::random;
use signing::{Entropy, EntropyFault};
use store::{
    Connection, LoginAttempts, PasswordChange, PoolUsers, SignInReading, StoreFault, UserChange, UserPage, UserWritten,
};
use thiserror::Error;

/// Administers the users of the pool of a workspace.
pub struct PoolAdministration<'a> {
    workspace: &'a Workspace,
    pool: &'a Pool,
    users: PoolUsers,
    sign_ins: SignInReading,
    attempts: LoginAttempts,
    entropy: &'a dyn Entropy,
    now: Timestamp,
}

/// A user to be created.
#[derive(Default)]
pub struct NewUser {
    /// The identifiers, as typed.
    pub identifiers: Vec<(IdentifierKind, String)>,
    /// Whether the e-mail address is known to be the user's.
    pub email_verified: bool,
    /// The attributes, as text.
    pub attributes: Vec<(String, String)>,
    /// The password; without one the user cannot log in with a password.
    pub password: Option<Password>,
}

/// A step on a user's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusStep {
    /// An active user is locked: no new login.
    Lock,
    /// A locked user is active again, and wrong passwords are forgotten.
    Unlock,
    /// A user is disabled, and everything that was logged in ends.
    Disable,
    /// A disabled user is active again. What ended stays ended.
    Enable,
}

/// Why users could not be administered, as a sentence that says what to do.
#[derive(Debug, Error)]
pub enum UserError {
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] StoreFault),
    /// The workspace has no pool.
    #[error("workspace {0} has no pool: add [pool] to its file, and apply it")]
    NoPool(String),
    /// The pool does not have identifiers of this kind.
    #[error("the pool has no identifiers of the kind {}: add it to pool.identifiers in the workspace file", .0.as_str())]
    NoSuchKind(IdentifierKind),
    /// An identifier is missing.
    #[error("the user has no identifier: give an e-mail address or a user name that the pool allows")]
    NoIdentifier,
    /// An identifier is malformed.
    #[error("\"{typed}\": {reason}")]
    Identifier {
        /// What was typed.
        typed: String,
        /// What is wrong with it.
        reason: MalformedIdentifier,
    },
    /// Another user has the identifier.
    #[error(
        "\"{0}\" belongs to another user, or did until recently: choose another, or wait for the end of \
         pool.identifier_quarantine"
    )]
    Taken(String),
    /// The attributes do not fit.
    #[error(transparent)]
    Attribute(#[from] AttributeFault),
    /// The password is not good enough.
    #[error("{0}: choose another password")]
    Password(#[from] Refusal),
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingFault),
    /// The random number generator failed.
    #[error(transparent)]
    Entropy(#[from] EntropyFault),
    /// A random subject was malformed.
    #[error(transparent)]
    Subject(#[from] MalformedId),
    /// There is no such user.
    #[error("there is no user \"{0}\": give the e-mail address, the user name or the subject of one")]
    NoUser(String),
    /// The user's status does not allow this step.
    #[error("the user is {}: {}", .status.as_str(), .advice)]
    Status {
        /// The status.
        status: PoolStatus,
        /// What to do instead.
        advice: &'static str,
    },
    /// A concurrent change was made first.
    #[error("the user was changed by somebody else at the same time: look, and try again")]
    Changed,
}

impl<'a> PoolAdministration<'a> {
    /// The administration of the pool of `workspace`.
    ///
    /// # Errors
    ///
    /// [`UserError::NoPool`].
    pub fn new(
        connection: &Connection,
        workspace: &'a Workspace,
        entropy: &'a dyn Entropy,
        now: Timestamp,
    ) -> Result<Self, UserError> {
        let pool = workspace.settings.pool.as_ref().ok_or_else(|| UserError::NoPool(workspace.id.to_string()))?;
        let (users, sign_ins) = (PoolUsers::new(connection), SignInReading::new(connection));
        Ok(Self { workspace, pool, users, sign_ins, attempts: LoginAttempts::new(connection), entropy, now })
    }

    /// Creates a user.
    ///
    /// # Errors
    ///
    /// [`UserError`].
    pub async fn create(&self, new: NewUser) -> Result<PoolUser, UserError> {
        let identifiers = self.identifiers(&new.identifiers)?;
        let attributes = self.pool.read_attributes(&new.attributes)?;
        let has_address = identifiers.iter().any(|identifier| identifier.kind() == IdentifierKind::Email);
        let user = PoolUser {
            subject: Subject::parse(&base64url(&random::<16>(self.entropy)?))?,
            standing: Standing { status: PoolStatus::Active, epoch: LoginEpoch::default() },
            identifiers,
            email_verified: new.email_verified && has_address,
            attributes,
            created: self.now,
            status_changed: self.now,
            details_changed: self.now,
            password_changed: new.password.as_ref().map(|_| self.now),
            revision: 1,
        };
        let hash = new.password.map(|password| self.hash(&user, &password)).transpose()?;
        self.write(None, &user, hash.as_ref().map_or(PasswordChange::Keep, PasswordChange::Set)).await?;
        Ok(user)
    }

    fn identifiers(&self, typed: &[(IdentifierKind, String)]) -> Result<Vec<Identifier>, UserError> {
        if typed.is_empty() {
            return Err(UserError::NoIdentifier);
        }
        let read = |(kind, typed): &(IdentifierKind, String)| {
            if !self.pool.identifiers.contains(kind) {
                return Err(UserError::NoSuchKind(*kind));
            }
            let malformed = |reason| UserError::Identifier { typed: typed.clone(), reason };
            Identifier::parse(*kind, typed).map_err(malformed)
        };
        typed.iter().map(read).collect()
    }

    /// Hashes a new password of `user`, if it is good enough.
    fn hash(&self, user: &PoolUser, password: &Password) -> Result<Secret<String>, UserError> {
        let identifiers = user.identifiers.iter().map(|identifier| {
            let kind = match identifier.kind() {
                IdentifierKind::Email => ContextWord::Email,
                IdentifierKind::Username => ContextWord::UserName,
            };
            KnownWord { kind, text: identifier.as_str() }
        });
        let names = ["name", "given_name", "family_name", "nickname"].into_iter();
        let names = names.filter_map(|name| user.attributes.get(name).and_then(Value::as_str));
        let names = names.map(|text| KnownWord { kind: ContextWord::Name, text });
        let service = KnownWord { kind: ContextWord::Service, text: &self.workspace.settings.name };
        let known: Vec<KnownWord<'_>> = identifiers.chain(names).chain([service]).collect();
        let _strength = PasswordPolicy::ALONE.accept(password, &known)?;
        Ok(Secret::new(PasswordHash::hash(password, random(self.entropy)?)?.stored()))
    }

    /// Finds a user by an identifier or the subject.
    ///
    /// # Errors
    ///
    /// [`UserError::NoUser`], or a fault of the store.
    pub async fn find(&self, who: &str) -> Result<PoolUser, UserError> {
        let workspace = &self.workspace.id;
        let by_identifier = match self.pool.identifier(who) {
            Some(identifier) => self.sign_ins.find(workspace, &identifier).await?.map(|found| found.user.subject),
            None => None,
        };
        let none = || UserError::NoUser(who.to_owned());
        // Subjects may look like user names.
        let subject = by_identifier.or_else(|| Subject::parse(who).ok()).ok_or_else(none)?;
        self.users.find(workspace, &subject).await?.ok_or_else(none)
    }

    /// Lists users, `count` at a time.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn list(&self, count: usize, after: Option<&Subject>) -> Result<UserPage, UserError> {
        Ok(self.users.list(&self.workspace.id, count, after).await?)
    }

    /// Changes the status of the user `who`.
    ///
    /// # Errors
    ///
    /// [`UserError`].
    pub async fn step(&self, who: &str, step: StatusStep) -> Result<PoolUser, UserError> {
        let user = self.find(who).await?;
        if step == StatusStep::Unlock {
            self.attempts.forget(&self.workspace.id, &AttemptsKey::of_user(&user.subject)).await?;
        }
        let Some(status) = next_status(user.standing.status, step)? else { return Ok(user) };
        let changed = user.with_status(status, self.now);
        self.write(Some(&user), &changed, PasswordChange::Keep).await?;
        Ok(changed)
    }

    /// Sets the password of the user `who`, and ends everything that was logged in (catalogue row SEC-RT-12).
    ///
    /// # Errors
    ///
    /// [`UserError`].
    pub async fn set_password(&self, who: &str, password: &Password) -> Result<PoolUser, UserError> {
        let user = self.find(who).await?;
        let hash = self.hash(&user, password)?;
        let changed = user.logged_out().with_password(self.now);
        self.write(Some(&user), &changed, PasswordChange::Set(&hash)).await?;
        Ok(changed)
    }

    /// Deletes the user `who`. The identifiers are free again after the quarantine.
    ///
    /// # Errors
    ///
    /// [`UserError`].
    pub async fn delete(&self, who: &str) -> Result<PoolUser, UserError> {
        let user = self.find(who).await?;
        let deleted = user.deleted(self.now);
        self.write(Some(&user), &deleted, PasswordChange::Keep).await?;
        Ok(deleted)
    }

    async fn write(
        &self,
        before: Option<&PoolUser>,
        after: &PoolUser,
        password: PasswordChange<'_>,
    ) -> Result<(), UserError> {
        let (now, free_since) = (self.now, self.now.minus(self.pool.identifier_quarantine));
        match self.users.write(&self.workspace.id, &UserChange { before, after, password, free_since, now }).await? {
            UserWritten::Done => Ok(()),
            UserWritten::Changed => Err(UserError::Changed),
            UserWritten::Taken(kind) => {
                let taken = after.identifier(kind).map(ToString::to_string);
                Err(UserError::Taken(taken.unwrap_or_default()))
            }
        }
    }
}

/// The status after `step`; `None` if the user has it already.
fn next_status(status: PoolStatus, step: StatusStep) -> Result<Option<PoolStatus>, UserError> {
    let refuse = |advice| Err(UserError::Status { status, advice });
    match (step, status) {
        (StatusStep::Lock, PoolStatus::Active) => Ok(Some(PoolStatus::Locked)),
        (StatusStep::Unlock, PoolStatus::Locked) | (StatusStep::Enable, PoolStatus::Disabled) => {
            Ok(Some(PoolStatus::Active))
        }
        (StatusStep::Disable, PoolStatus::Active | PoolStatus::Locked) => Ok(Some(PoolStatus::Disabled)),
        (StatusStep::Lock, PoolStatus::Locked)
        | (StatusStep::Unlock | StatusStep::Enable, PoolStatus::Active)
        | (StatusStep::Disable, PoolStatus::Disabled) => Ok(None),
        (StatusStep::Lock, PoolStatus::Disabled) => refuse("a disabled user cannot log in anyway"),
        (StatusStep::Unlock, PoolStatus::Disabled) => refuse("use `postern users enable`"),
        (StatusStep::Enable, PoolStatus::Locked) => refuse("use `postern users unlock`"),
        (_, PoolStatus::Deleted) => refuse("create a new one"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_leads_to_one_status_or_says_what_to_do() {
        use PoolStatus::{Active, Deleted, Disabled, Locked};
        use StatusStep::{Disable, Enable, Lock, Unlock};
        let table = [
            (Lock, [Ok(Some(Locked)), Ok(None), Err("disabled"), Err("deleted")]),
            (Unlock, [Ok(None), Ok(Some(Active)), Err("disabled"), Err("deleted")]),
            (Disable, [Ok(Some(Disabled)), Ok(Some(Disabled)), Ok(None), Err("deleted")]),
            (Enable, [Ok(None), Err("locked"), Ok(Some(Active)), Err("deleted")]),
        ];
        for (step, expected) in table {
            for (status, expected) in [Active, Locked, Disabled, Deleted].into_iter().zip(expected) {
                let said = next_status(status, step).map_err(|error| error.to_string());
                match expected {
                    Ok(next) => assert_eq!(said, Ok(next), "{step:?} {status:?}"),
                    Err(word) => assert!(said.unwrap_err().starts_with(&format!("the user is {word}: "))),
                }
            }
        }
    }
}
