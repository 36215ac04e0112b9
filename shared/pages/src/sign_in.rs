//! The pages on which users sign in.

use askama::Template;

use crate::frame::Frame;
use crate::marks::UNKNOWN;
use crate::messages::Markup;

/// The login page.
#[derive(Template)]
#[template(path = "login.html")]
pub struct LoginPage<'a> {
    /// What it has in common with other pages.
    pub frame: &'a Frame<'a>,
    /// The name of the client, unless it is for the page on which a device is connected.
    pub client: Option<&'a str>,
    /// Where the form goes.
    pub action: &'a str,
    /// The sealed interaction.
    pub interaction: &'a str,
    /// The user name typed before, or the client's `login_hint`.
    pub username: &'a str,
    /// Whether the last attempt failed.
    pub failed: bool,
    /// How long to wait until the next attempt, in seconds, after too many wrong passwords.
    pub wait: Option<u32>,
    /// What users log in with.
    pub identifiers: IdentifierLabel,
    /// What the user is asked for.
    pub asks: Asks,
    /// Credentials to show, for the sandbox.
    pub hint: Option<(&'a str, &'a str)>,
    /// Other providers.
    pub providers: &'a [ProviderLink<'a>],
    /// The link to the ways to sign in that this page does not show.
    pub other: Option<&'a str>,
    /// The link for users who have forgotten their password.
    pub recovery: Option<&'a str>,
    /// The link that tells the client its user has turned back, if possible.
    pub back: Option<&'a str>,
}

/// What the login page asks the user for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Name and password.
    Password,
    /// Their address, which may belong to a provider.
    Address,
    /// Which provider they log in with, and nothing else.
    Provider,
    /// Nothing: the browser goes on to the provider by itself.
    Nothing,
}

/// What users log in with, as the page calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentifierLabel {
    /// A user name.
    Username,
    /// An e-mail address.
    Email,
    /// Either.
    EmailOrUsername,
}

impl IdentifierLabel {
    /// The key of the label.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Username => "sign-in-username",
            Self::Email => "sign-in-email",
            Self::EmailOrUsername => "sign-in-email-or-username",
        }
    }

    /// The key of the sentence about a wrong pair.
    const fn failed(self) -> &'static str {
        match self {
            Self::Username | Self::EmailOrUsername => "sign-in-failed",
            Self::Email => "sign-in-failed-email",
        }
    }

    /// The keyboard that a phone shows.
    pub(crate) const fn keyboard(self) -> &'static str {
        match self {
            Self::Username => "text",
            Self::Email | Self::EmailOrUsername => "email",
        }
    }
}

impl LoginPage<'_> {
    /// The sentence about the waiting time.
    fn waiting(&self) -> Option<Markup> {
        self.wait.map(|seconds| self.frame.measured("sign-in-too-many", seconds))
    }

    /// Whether the last attempt failed or could not be made.
    const fn refused(&self) -> bool {
        self.failed || self.wait.is_some()
    }
}

/// A provider on the login page.
pub struct ProviderLink<'a> {
    /// Its id.
    pub id: &'a str,
    /// What users know it as.
    pub title: &'a str,
    /// Where its button leads.
    pub link: String,
    /// The path of its icon, if it has one ([`mark`](crate::mark)).
    pub icon: Option<&'static str>,
    /// Whether this browser logged in with it last.
    pub last_used: bool,
}

impl LoginPage<'_> {
    /// The icon of each provider, so that their names align, unless none has one.
    fn icon(&self, provider: &ProviderLink<'_>) -> Option<&'static str> {
        let any = self.providers.iter().any(|provider| provider.icon.is_some());
        any.then(|| provider.icon.unwrap_or(UNKNOWN))
    }
}

/// The page that asks which account to go on with.
#[derive(Template)]
#[template(path = "account.html")]
pub struct AccountPage<'a> {
    /// What it has in common with other pages.
    pub frame: &'a Frame<'a>,
    /// The name of the client.
    pub client: &'a str,
    /// How the user is addressed who is logged in.
    pub user: &'a str,
    /// Where the form goes.
    pub action: &'a str,
    /// The sealed interaction.
    pub interaction: &'a str,
}
