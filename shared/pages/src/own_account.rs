//! The account page of a user.

use askama::Template;

use crate::frame::Frame;
use crate::messages::{Markup, Value};

/// The account page: what is known about the user, where they are signed in, and which applications have access.
#[derive(Template)]
#[template(path = "own_account.html")]
pub struct OwnAccountPage<'a> {
    /// What it has in common with other pages.
    pub frame: &'a Frame<'a>,
    /// How the user is addressed.
    pub user: &'a str,
    /// Where the form goes.
    pub action: &'a str,
    /// What proves that the form was shown to this session.
    pub token: &'a str,
    /// What was done before.
    pub notice: Option<AccountNotice>,
    /// What is known about the user: claims of [`SHOWN_CLAIMS`], and their values.
    pub profile: &'a [(&'static str, String)],
    /// How the user signs in.
    pub ways: &'a [SignInWay],
    /// Where the user is signed in, this browser first.
    pub sessions: &'a [SessionRow],
    /// The applications with access.
    pub applications: &'a [ApplicationRow],
    /// Where this browser signs out.
    pub sign_out: &'a str,
}

/// The claims that the page shows.
pub const SHOWN_CLAIMS: [&str; 4] = ["name", "preferred_username", "email", "phone_number"];

impl OwnAccountPage<'_> {
    /// What a claim is called.
    fn label(&self, claim: &str) -> String {
        self.frame.say(match claim {
            "preferred_username" => "account-username",
            "email" => "account-email",
            "phone_number" => "account-phone",
            _ => "account-name",
        })
    }
}

/// What was done on the account page before it is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountNotice {
    /// A session has ended.
    Ended,
    /// All other sessions have ended.
    OthersEnded,
    /// Access was withdrawn from an application.
    Withdrawn,
    /// The user has signed in again, and can now change something.
    Again,
}

impl AccountNotice {
    /// The notice with this name; nothing else is ever shown.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Ended, Self::OthersEnded, Self::Withdrawn, Self::Again]
            .into_iter()
            .find(|notice| notice.as_str() == name)
    }

    /// Its name in a URL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::OthersEnded => "others",
            Self::Withdrawn => "withdrawn",
            Self::Again => "again",
        }
    }

    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Ended => "account-done-ended",
            Self::OthersEnded => "account-done-others",
            Self::Withdrawn => "account-done-withdrawn",
            Self::Again => "account-done-again",
        }
    }
}

/// A way to sign in.
pub enum SignInWay {
    /// With a password, set so many seconds ago if that is known.
    Password {
        /// When it was set.
        set: Option<u32>,
    },
    /// With the provider of this name.
    Provider(String),
}

/// A session of the user.
pub struct SessionRow {
    /// Its name in the form.
    pub reference: String,
    /// The browser, if it is known.
    pub browser: Option<&'static str>,
    /// The system, if it is known.
    pub system: Option<&'static str>,
    /// How many seconds ago the user signed in.
    pub began: u32,
    /// How many seconds ago it was last used.
    pub used: u32,
    /// Whether it is that of this browser.
    pub is_this: bool,
}

impl SessionRow {
    fn device(&self, frame: &Frame<'_>) -> Markup {
        match (self.browser, self.system) {
            (Some(browser), Some(system)) => {
                frame.markup("account-device", &[("browser", Value::Text(browser)), ("system", Value::Text(system))])
            }
            // Names of ours, which are the same in all languages.
            (Some(name), None) | (None, Some(name)) => Markup::trusted(format!("<bdi>{name}</bdi>")),
            (None, None) => frame.markup("account-device-unknown", &[]),
        }
    }
}

/// An application with access.
pub struct ApplicationRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it was allowed, in words.
    pub allowed: Vec<String>,
    /// The claims that it was allowed one by one.
    pub claims: Vec<&'static str>,
    /// How many seconds ago it was last allowed something.
    pub given: u32,
}
