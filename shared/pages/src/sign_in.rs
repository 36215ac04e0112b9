//! The pages on which users sign in.

use askama::Template;

use crate::frame::Frame;
use crate::marks::UNKNOWN;

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
    /// What the user is asked for.
    pub asks: Asks,
    /// Credentials to show, for the sandbox.
    pub hint: Option<(&'a str, &'a str)>,
    /// Other providers.
    pub providers: &'a [ProviderLink<'a>],
    /// The link to the ways to sign in that this page does not show.
    pub other: Option<&'a str>,
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
