//! The pages on which users connect a device (RFC 8628 §3.3).

use askama::Template;

use crate::consent::{ApiRow, ClientCard, Permissions};
use crate::frame::Frame;
use crate::messages::Markup;

/// The page on which users enter the code of a device.
#[derive(Template)]
#[template(path = "device.html")]
pub struct DevicePage<'a> {
    /// What it has in common with other pages.
    pub frame: &'a Frame<'a>,
    /// Where the form goes.
    pub action: &'a str,
    /// The code that a link brought, to be confirmed by the user.
    pub user_code: &'a str,
    /// What is wrong with the code that was entered before.
    pub problem: Option<DeviceProblem>,
}

impl DevicePage<'_> {
    fn explained(&self) -> Option<Markup> {
        self.problem.map(|problem| match problem {
            DeviceProblem::UnknownCode => self.frame.markup("device-unknown-code", &[]),
            DeviceProblem::NotSignedIn => self.frame.markup("device-not-signed-in", &[]),
            DeviceProblem::TooMany(seconds) => self.frame.measured("device-too-many", seconds),
        })
    }
}

/// Why a code leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceProblem {
    /// No device waits with it, whatever the reason (catalogue row SEC-DEV-03).
    UnknownCode,
    /// The user did not log in.
    NotSignedIn,
    /// Too many wrong codes were entered: the next may come in so many seconds.
    TooMany(u32),
}

/// The page that asks whether a device may have what it asks for.
#[derive(Template)]
#[template(path = "device_consent.html")]
pub struct DeviceConsentPage<'a> {
    /// What it has in common with other pages.
    pub frame: &'a Frame<'a>,
    /// The client.
    pub client: ClientCard<'a>,
    /// The code.
    pub user_code: &'a str,
    /// How the user is addressed.
    pub user: &'a str,
    /// Where the form goes.
    pub action: &'a str,
    /// The sealed interaction.
    pub interaction: &'a str,
    /// The requested permissions.
    pub permissions: &'a Permissions<'a>,
    /// The requested APIs.
    pub apis: &'a [ApiRow<'a>],
    /// How many seconds ago the device asked.
    pub asked: u32,
    /// The address that it asked from.
    pub address: &'a str,
    /// Whether the user is in the same network.
    pub same_network: bool,
    /// What it calls itself.
    pub user_agent: &'a str,
    /// For how many seconds access lasts.
    pub lifetime: u32,
}
