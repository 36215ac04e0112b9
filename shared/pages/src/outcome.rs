//! The page on which something has ended.

use askama::Template;

use crate::frame::Frame;

/// The page at the end of a logout, of connecting a device, or of setting a password by a link.
#[derive(Template)]
#[template(path = "outcome.html")]
pub struct OutcomePage<'a> {
    /// What it has in common with other pages.
    pub frame: &'a Frame<'a>,
    /// The outcome.
    pub outcome: Outcome,
    /// The client to go back to: its name, and a link.
    pub back: Option<(&'a str, &'a str)>,
}

/// How something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The user is logged out.
    SignedOut,
    /// The user decided not to log out.
    StillSignedIn,
    /// A device was allowed.
    DeviceAllowed,
    /// A device was denied.
    DeviceDenied,
    /// A device was denied, because the user may not use its application.
    DeviceNotAllowed,
    /// The code of a device has become invalid.
    DeviceInvalidated,
    /// The password was changed, in another browser than the one where that was asked for.
    PasswordChanged,
    /// A login for the account page was not completed.
    NotSignedIn,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::SignedOut,
        Self::StillSignedIn,
        Self::DeviceAllowed,
        Self::DeviceDenied,
        Self::DeviceNotAllowed,
        Self::DeviceInvalidated,
        Self::PasswordChanged,
        Self::NotSignedIn,
    ];

    /// Whether what the user wanted was done.
    pub(crate) const fn is_done(self) -> bool {
        matches!(self, Self::SignedOut | Self::DeviceAllowed | Self::PasswordChanged)
    }

    /// The key of its title.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::StillSignedIn => "still-signed-in",
            Self::DeviceAllowed => "device-allowed",
            Self::DeviceDenied => "device-denied",
            Self::DeviceNotAllowed => "device-not-allowed",
            Self::DeviceInvalidated => "device-invalidated",
            Self::PasswordChanged => "password-changed",
            Self::NotSignedIn => "account-not-signed-in",
        }
    }

    /// The key of one sentence more.
    pub(crate) const fn explanation(self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out-more",
            Self::StillSignedIn => "still-signed-in-more",
            Self::DeviceAllowed => "device-allowed-more",
            Self::DeviceDenied => "device-denied-more",
            Self::DeviceNotAllowed => "device-not-allowed-more",
            Self::DeviceInvalidated => "device-invalidated-more",
            Self::PasswordChanged => "password-changed-more",
            Self::NotSignedIn => "account-not-signed-in-more",
        }
    }
}
