//! Where a refusal goes: to an error page, or back to the client by redirect (RFC 6749 §4.1.2.1).

use crate::authorization::error::{PageError, RedirectError};
use crate::authorization::response::Destination;

/// How an invalid authorization request is answered. The two ways are separate types, so that neither is chosen by
/// accident.
#[derive(Debug)]
pub enum Refusal {
    /// With an error page, because the redirect URI cannot be trusted (RFC 6749 §4.1.2.1).
    Page(PageError),
    /// With an error page that has links to continue, because the authorization request is known.
    Stranded(Box<Stranded>),
    /// By redirect, because the client registered the redirect URI.
    Redirect(Box<Redirected>),
}

/// A user whose login cannot continue, with the links to offer.
#[derive(Debug)]
pub struct Stranded {
    /// The error shown on the page.
    pub error: PageError,
    /// The links, the best one first.
    pub ways: Vec<WayOut>,
}

/// A link on an error page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WayOut {
    /// Restarts the same authorization request.
    StartOver(String),
    /// The front page of a local server.
    Start(String),
    /// The login page, with every login method.
    OtherSignIn(String),
    /// The client.
    Application {
        /// Its name.
        name: String,
        /// Where it is.
        link: String,
    },
}

impl WayOut {
    /// Where it leads.
    #[must_use]
    pub fn link(&self) -> &str {
        match self {
            Self::StartOver(link) | Self::Start(link) | Self::OtherSignIn(link) | Self::Application { link, .. } => {
                link
            }
        }
    }

    /// The name of the client, if it leads there.
    #[must_use]
    pub fn application(&self) -> Option<&str> {
        match self {
            Self::Application { name, .. } => Some(name),
            Self::StartOver(_) | Self::Start(_) | Self::OtherSignIn(_) => None,
        }
    }
}

/// An error on its way to the client.
#[derive(Debug)]
pub struct Redirected {
    /// Where it goes, and in which response mode.
    pub destination: Destination,
    /// The error.
    pub error: RedirectError,
}

impl Refusal {
    /// The error shown on the page, if there is one.
    #[must_use]
    pub fn page(&self) -> Option<PageError> {
        match self {
            Self::Page(error) => Some(*error),
            Self::Stranded(stranded) => Some(stranded.error),
            Self::Redirect(_) => None,
        }
    }
}

impl From<PageError> for Refusal {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}
