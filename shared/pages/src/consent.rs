//! The consent page, and what it shares with the one for devices.

use askama::Template;

use crate::frame::Frame;

/// The consent page.
#[derive(Template)]
#[template(path = "consent.html")]
pub struct ConsentPage<'a> {
    /// What it has in common with other pages.
    pub frame: &'a Frame<'a>,
    /// The name of the client.
    pub client: &'a str,
    /// The id of the client.
    pub client_id: &'a str,
    /// Where the user is sent afterwards.
    pub destination: &'a str,
    /// Whether another program could receive redirects to that destination.
    pub unassured: bool,
    /// How the user is addressed.
    pub user: &'a str,
    /// Where the form goes.
    pub action: &'a str,
    /// The sealed interaction.
    pub interaction: &'a str,
    /// The requested permissions.
    pub rows: &'a [PermissionRow<'a>],
    /// The requested APIs.
    pub apis: &'a [ApiRow<'a>],
    /// For how many seconds.
    pub lifetime: u32,
}

/// A requested scope, or a claim requested by name.
pub struct PermissionRow<'a> {
    /// The field of the form that allows it.
    pub field: &'static str,
    /// The token.
    pub name: &'a str,
    /// In words.
    pub text: PermissionText<'a>,
    /// Whether it can be withheld.
    pub optional: bool,
}

/// What a permission is called.
pub enum PermissionText<'a> {
    /// As the workspace says: a title, and one sentence more or none.
    Described(&'a str, &'a str),
    /// It is the standard claim of that name.
    StandardClaim,
}

impl PermissionRow<'_> {
    /// The title.
    pub(crate) fn title(&self, frame: &Frame<'_>) -> String {
        match self.text {
            PermissionText::Described(title, _) => title.to_owned(),
            PermissionText::StandardClaim => frame.say(&format!("claim-{}", self.name)),
        }
    }

    /// One sentence more, or nothing.
    pub(crate) const fn description(&self) -> &str {
        match self.text {
            PermissionText::Described(_, description) => description,
            PermissionText::StandardClaim => "",
        }
    }
}

/// An API on the consent page.
pub struct ApiRow<'a> {
    /// Its title, if it has one.
    pub title: Option<&'a str>,
    /// Its URI.
    pub uri: &'a str,
}
