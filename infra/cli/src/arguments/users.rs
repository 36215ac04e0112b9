//! The options of `postern users`.

use clap::{Args, Subcommand};

use super::target::PlaceOptions;

pub(crate) const EXAMPLES: &str = "Examples:
  postern users --workspace default/notes create --email alice@example.com --attribute name=Alice < password.txt
  postern users --workspace default/notes list
  postern users --workspace default/notes show alice@example.com
  postern users --workspace default/notes disable alice@example.com
  postern users --workspace default/notes list --data .postern --json";

/// Options of `postern users`.
#[derive(Debug, Args)]
pub struct UsersOptions {
    /// The workspace, as TENANT/WORKSPACE.
    #[arg(long, global = true, value_name = "TENANT/WORKSPACE")]
    pub workspace: Option<String>,
    /// Where it is.
    #[command(flatten)]
    pub place: PlaceOptions,
    /// Print the result as JSON, for scripts.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub action: UsersAction,
}

/// A step on users.
#[derive(Debug, Subcommand)]
pub enum UsersAction {
    /// Create a user.
    Create {
        /// The e-mail address to log in with.
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        /// The user name to log in with.
        #[arg(long, value_name = "NAME")]
        username: Option<String>,
        /// The e-mail address is known to be the user's.
        #[arg(long, requires = "email")]
        email_verified: bool,
        /// An attribute of the pool; may be given several times.
        #[arg(long, value_name = "NAME=VALUE", value_parser = attribute)]
        attribute: Vec<(String, String)>,
        /// Set no password. The user cannot log in with one until `set-password`.
        #[arg(long)]
        no_password: bool,
    },
    /// List users, in no particular order.
    List {
        /// How many at most.
        #[arg(long, value_name = "NUMBER", default_value_t = 50)]
        limit: usize,
        /// The subject of the last user of the page before.
        #[arg(long, value_name = "SUBJECT", allow_hyphen_values = true)]
        after: Option<String>,
    },
    /// Show a user.
    Show {
        /// The e-mail address, the user name or the subject.
        #[arg(allow_hyphen_values = true)]
        user: String,
    },
    /// Set the password, and end everything that was logged in.
    SetPassword {
        /// The e-mail address, the user name or the subject.
        #[arg(allow_hyphen_values = true)]
        user: String,
    },
    /// Lock a user: no new login. What is logged in goes on.
    Lock {
        /// The e-mail address, the user name or the subject.
        #[arg(allow_hyphen_values = true)]
        user: String,
    },
    /// Let a locked user log in again, and forget wrong passwords.
    Unlock {
        /// The e-mail address, the user name or the subject.
        #[arg(allow_hyphen_values = true)]
        user: String,
    },
    /// Disable a user: no login, and every session, grant and token of the user ends at once.
    Disable {
        /// The e-mail address, the user name or the subject.
        #[arg(allow_hyphen_values = true)]
        user: String,
    },
    /// Let a disabled user log in again. What ended stays ended.
    Enable {
        /// The e-mail address, the user name or the subject.
        #[arg(allow_hyphen_values = true)]
        user: String,
    },
    /// Delete a user for good. The identifiers are free again after the quarantine that the workspace file sets.
    Delete {
        /// The e-mail address, the user name or the subject.
        #[arg(allow_hyphen_values = true)]
        user: String,
    },
}

fn attribute(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    pair.map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or_else(|| "write it as NAME=VALUE".into())
}
