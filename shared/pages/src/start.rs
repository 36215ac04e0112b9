//! The front page of a laptop.

use askama::Template;

use crate::frame::Frame;

/// The front page of a laptop that serves other workspaces than the demo.
#[derive(Template)]
#[template(path = "start.html")]
pub struct StartPage<'a> {
    /// What it has in common with other pages.
    pub frame: &'a Frame<'a>,
    /// The issuers that are served.
    pub issuers: &'a [String],
}
