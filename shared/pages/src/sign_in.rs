//! The pages on which users sign in.

use askama::Template;

use crate::frame::Frame;

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
    /// Whether names and passwords can be used here at all.
    pub passwords: bool,
    /// Credentials to show, for the sandbox.
    pub hint: Option<(&'a str, &'a str)>,
    /// Other providers.
    pub providers: &'a [ProviderLink<'a>],
    /// The link that tells the client its user has turned back, if possible.
    pub back: Option<&'a str>,
}

/// A provider on the login page.
pub struct ProviderLink<'a> {
    /// Its id.
    pub id: &'a str,
    /// What users know it as.
    pub title: &'a str,
    /// Where its button leads.
    pub link: String,
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
