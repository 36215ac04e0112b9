//! `postern users`: administers the users of a workspace's pool, in AWS or on this laptop.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};

use administration::{NewUser, PoolAdministration, StatusStep, UserError};
use credentials::passwords::Password;
use protocol::types::id::{Subject, WorkspaceId};
use protocol::types::time::Timestamp;
use protocol::users::identifier::{Identifier, IdentifierKind};
use protocol::users::pool_user::PoolUser;
use serde_json::{Value, json};
use signing::SystemEntropy;
use store::{ConfigurationReading, Connection, UserPage};
use web::{Clock as _, SystemClock};

use super::error::AdminError;
use super::stack::{Stack, block_on};
use super::workspace_name::parse;
use crate::arguments::{UsersAction, UsersOptions};
use crate::dev::state::State;
use crate::output::print;

/// Administers the users of a workspace's pool.
///
/// # Errors
///
/// [`AdminError`] says what to do.
pub fn users(options: &UsersOptions) -> Result<(), AdminError> {
    block_on(async {
        let workspace = parse(options.workspace.as_deref())?;
        let shown = match &options.place.data {
            Some(folder) => {
                let state = State::existing(folder)?;
                run(&state.engine.connection(), &workspace, &options.action).await?
            }
            None => run(&Stack::from_env()?.connection, &workspace, &options.action).await?,
        };
        print(&if options.json { shown.json().to_string() } else { shown.text() });
        Ok(())
    })
}

/// What a command shows.
enum Shown {
    One(Box<PoolUser>),
    Page(UserPage),
}

/// Runs `action` on the pool of `workspace`.
async fn run(connection: &Connection, workspace: &WorkspaceId, action: &UsersAction) -> Result<Shown, AdminError> {
    let now = SystemClock.now();
    // Neither the pool nor its users depend on the URL.
    let loaded = ConfigurationReading::new(connection, "").workspace(workspace, now).await?;
    let loaded = loaded.ok_or_else(|| AdminError::NoWorkspace(workspace.clone()))?;
    let users = PoolAdministration::new(connection, &loaded.workspace, &SystemEntropy, now)?;
    let user = match action {
        UsersAction::Create { .. } => users.create(new_user(action)?).await?,
        UsersAction::List { limit, after } => {
            let after = after.as_deref().map(Subject::parse).transpose();
            let after = after.map_err(UserError::from)?;
            return Ok(Shown::Page(users.list(*limit, after.as_ref()).await?));
        }
        UsersAction::Show { user } => users.find(user).await?,
        UsersAction::SetPassword { user } => users.set_password(user, &read_password()?).await?,
        UsersAction::Lock { user } => users.step(user, StatusStep::Lock).await?,
        UsersAction::Unlock { user } => users.step(user, StatusStep::Unlock).await?,
        UsersAction::Disable { user } => users.step(user, StatusStep::Disable).await?,
        UsersAction::Enable { user } => users.step(user, StatusStep::Enable).await?,
        UsersAction::Delete { user } => users.delete(user).await?,
    };
    Ok(Shown::One(Box::new(user)))
}

fn new_user(action: &UsersAction) -> Result<NewUser, AdminError> {
    let UsersAction::Create { email, username, email_verified, attribute, no_password } = action else {
        return Ok(NewUser::default());
    };
    let typed = [(IdentifierKind::Email, email), (IdentifierKind::Username, username)];
    let identifiers = typed.into_iter().filter_map(|(kind, typed)| Some((kind, typed.clone()?))).collect();
    let password = if *no_password { None } else { Some(read_password()?) };
    Ok(NewUser { identifiers, email_verified: *email_verified, attributes: attribute.clone(), password })
}

/// Reads a password from the first line of standard input, so that it appears neither in the list of processes nor in the
/// history of a shell.
fn read_password() -> Result<Password, AdminError> {
    let input = std::io::stdin().lock();
    if input.is_terminal() {
        // If standard error is closed, the user types without being asked.
        let _ = write!(std::io::stderr(), "Password (it is shown while you type): ");
    }
    let mut line = String::new();
    let longest = u64::try_from(Password::MAX_BYTES).unwrap_or(u64::MAX) + 2;
    input.take(longest).read_line(&mut line).map_err(AdminError::Input)?;
    Ok(Password::parse(line.trim_end_matches(['\n', '\r']))?)
}

impl Shown {
    fn json(&self) -> Value {
        match self {
            Self::One(user) => as_json(user),
            Self::Page(page) => json!({
                "users": page.users.iter().map(as_json).collect::<Vec<_>>(),
                "next": page.next.as_ref().map(Subject::as_str),
            }),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::One(user) => as_text(user),
            Self::Page(page) => as_table(page),
        }
    }
}

fn identifier(user: &PoolUser, kind: IdentifierKind) -> Option<&str> {
    user.identifier(kind).map(Identifier::as_str)
}

fn as_json(user: &PoolUser) -> Value {
    json!({
        "subject": user.subject.as_str(),
        "status": user.standing.status.as_str(),
        "email": identifier(user, IdentifierKind::Email),
        "email_verified": user.email_verified,
        "username": identifier(user, IdentifierKind::Username),
        "attributes": user.attributes,
        "created": user.created.seconds(),
        "status_changed": user.status_changed.seconds(),
        "details_changed": user.details_changed.seconds(),
        "password_changed": user.password_changed.map(Timestamp::seconds),
    })
}

/// One line for each thing that is known.
fn as_text(user: &PoolUser) -> String {
    let members = as_json(user);
    let known = members.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let line = |(name, value): (&String, &Value)| {
        format!("{name:<17} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    known.map(line).collect::<Vec<_>>().join("\n")
}

fn as_table(page: &UserPage) -> String {
    let head = format!("{:<22}  {:<8}  {:<24}  EMAIL", "SUBJECT", "STATUS", "USERNAME");
    let lines = page.users.iter().map(|user| {
        let [email, username] =
            [IdentifierKind::Email, IdentifierKind::Username].map(|kind| identifier(user, kind).unwrap_or("-"));
        let (subject, status) = (user.subject.as_str(), user.standing.status.as_str());
        format!("\n{subject:<22}  {status:<8}  {username:<24}  {email}")
    });
    let more = page.next.as_ref().map(|next| format!("\nThere are more: --after {}", next.as_str()));
    head + &lines.chain(more).collect::<String>()
}
