//! Where a refusal goes: to an error page, or back to the client by redirect (RFC 6749 §4.1.2.1).

use crate::authorization::error::{PageError, RedirectError};
use crate::authorization::response::Destination;

/// How a bad authorization request is answered. The two ways are separate types so that neither is chosen by accident.
#[derive(Debug)]
pub enum Refusal {
    /// With an error page, because the redirect URI cannot be trusted (RFC 6749 §4.1.2.1).
    Page(PageError),
    /// By redirect, because the client registered the redirect URI.
    Redirect(Box<Redirected>),
}

/// An error on its way to the client.
#[derive(Debug)]
pub struct Redirected {
    /// Where it goes, and in which response mode.
    pub destination: Destination,
    /// The error.
    pub error: RedirectError,
}

impl From<PageError> for Refusal {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}
