//! How a refusal reaches whom it concerns: on an error page, or by a redirect to the client (RFC 6749 §4.1.2.1).

use crate::authorization::error::{PageError, RedirectError};
use crate::authorization::response::Destination;

/// How a bad authorization request is answered. The two ways are separate so that neither is chosen by accident.
#[derive(Debug)]
pub enum Refusal {
    /// On a page of ours, because the redirect URI cannot be trusted (RFC 6749 §4.1.2.1).
    Page(PageError),
    /// At the client, because the redirect URI is one that it registered.
    Redirect(Box<Redirected>),
}

/// An error on its way to the client.
#[derive(Debug)]
pub struct Redirected {
    /// Where to, and how.
    pub destination: Destination,
    /// Why.
    pub error: RedirectError,
}

impl From<PageError> for Refusal {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}
