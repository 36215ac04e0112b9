//! The icons of well-known providers: plain shapes of ours, drawn in the colour of the text. They are no one's logo.

use protocol::workspace::upstream_preset::WellKnownProvider;

/// The path of the icon of any other provider: a globe.
pub(crate) const UNKNOWN: &str = "M8 2.5a5.5 5.5 0 1 0 .01 0zM2.5 8h11M8 2.5c-3 3-3 8 0 11M8 2.5c3 3 3 8 0 11";

/// The path of an icon, to be stroked in a square of 16.
#[must_use]
pub const fn mark(provider: WellKnownProvider) -> &'static str {
    match provider {
        WellKnownProvider::Google => "M12.5 4.7A5.5 5.5 0 1 0 13.5 8H8.5",
        WellKnownProvider::Microsoft => "M3 3h10v10H3zM8 3v10M3 8h10",
        WellKnownProvider::Apple => "M3 13.5 8 2.5l5 11M5 9.5h6",
        WellKnownProvider::Github => {
            "M5 6v4M11 6c0 3-6 1-6 4M5 3.5a1.2 1.2 0 1 0 .01 0zM11 3.5a1.2 1.2 0 1 0 .01 0zM5 10.5a1.2 1.2 0 1 0 .01 0z"
        }
        WellKnownProvider::Okta => "M8 3a5 5 0 1 0 .01 0z",
        WellKnownProvider::Auth0 => "M8 2l5 2v4c0 3-2 5-5 6-3-1-5-3-5-6V4z",
        WellKnownProvider::Cognito => "M8 2.5a2.5 2.5 0 1 0 .01 0zM3 14a5 5 0 0 1 10 0",
        WellKnownProvider::Keycloak => "M5 5.5a2.5 2.5 0 1 0 .01 0zM7.5 8H14v3M11 8v2",
        WellKnownProvider::Gitlab => "M8 14 2 8l2-5 2 4h4l2-4 2 5z",
        WellKnownProvider::Facebook => "M11 3h-1a2 2 0 0 0-2 2v9M5 8h6",
        WellKnownProvider::Linkedin => "M4 7v6M4 4v.01M8 13V7M8 9.5a2.5 2.5 0 0 1 5 0V13",
        WellKnownProvider::Amazon => "M8 3.5a3 3 0 1 0 .01 0zM11 3.5v6M3 12.5c3 1.5 7 1.5 10 0",
    }
}
