//! The page that asks whether to log out.

use askama::Template;
use protocol::authorization::error::PageError;

use crate::error::explained;
use crate::frame::Frame;
use crate::messages::Markup;

/// The page that asks whether to log out, or that has to ask again because it did not work.
#[derive(Template)]
#[template(path = "logout.html")]
pub struct LogoutPage<'a> {
    /// What it has in common with other pages.
    pub frame: &'a Frame<'a>,
    /// The name of the client that asks, if that is known.
    pub client: Option<&'a str>,
    /// How the user is addressed.
    pub user: &'a str,
    /// Where the form goes.
    pub action: &'a str,
    /// The sealed confirmation.
    pub confirmation: &'a str,
    /// Whether a confirmed logout has failed.
    pub failed: bool,
    /// What was wrong with the request, if that is why there is no link back to the client.
    pub problem: Option<PageError>,
}

impl LogoutPage<'_> {
    fn explained(&self) -> Option<Markup> {
        self.problem.map(|problem| explained(self.frame, problem))
    }
}
