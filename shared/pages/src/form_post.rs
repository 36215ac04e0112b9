//! The page that posts a response to the client.

use askama::Template;
use protocol::authorization::response::AnswerForm;
use web::Response;

use crate::frame::Frame;
use crate::response::leading_to;

#[derive(Template)]
#[template(path = "form_post.html")]
pub(crate) struct FormPostPage<'a> {
    pub(crate) frame: &'a Frame<'a>,
    pub(crate) destination: &'a str,
    pub(crate) action: &'a str,
    pub(crate) fields: &'a [(&'static str, String)],
}

/// Renders the page that posts a response to the client, by script or, without scripts, by its button (OAuth 2.0 Form
/// Post Response Mode §2). Its form targets the client, not the server.
#[must_use]
pub fn form_post_page(frame: &Frame<'_>, form: &AnswerForm) -> Response {
    let destination = form.redirect_uri.destination();
    let action = form.redirect_uri.as_str();
    let template = FormPostPage { frame, destination: &destination, action, fields: &form.fields };
    leading_to(&form.redirect_uri.form_targets().join(" "), 200, &template, frame)
}
