//! The host name that a workspace has for itself.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A text that is no host name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a domain is a host name in lower-case ASCII with at least one dot, such as \"login.example.com\"")]
pub struct MalformedDomain;

/// A host name that belongs to one workspace alone, such as `login.example.com`.
///
/// It has one spelling: lower-case A-labels without a dot at the end (RFC 5890 §2.3.1), so that comparing is comparing
/// bytes. An address is none, because certificates and cookies are for names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Domain(String);

impl Domain {
    /// Parses a host name.
    ///
    /// # Errors
    ///
    /// [`MalformedDomain`], also for a name below `localhost` (RFC 6761 §6.3).
    pub fn parse(text: &str) -> Result<Self, MalformedDomain> {
        let last = text.rsplit('.').next().unwrap_or_default();
        let is_name = text.len() <= 253 && text.contains('.') && text.split('.').all(is_label);
        // A name whose last label is a number would be read as an IPv4 address (WHATWG URL §3.5).
        let is_public = last != "localhost" && !last.starts_with(|first: char| first.is_ascii_digit());
        if is_name && is_public { Ok(Self(text.into())) } else { Err(MalformedDomain) }
    }

    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether this is a label of a host name (RFC 1123 §2.1).
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl TryFrom<String> for Domain {
    type Error = MalformedDomain;

    fn try_from(text: String) -> Result<Self, MalformedDomain> {
        Self::parse(&text)
    }
}

impl From<Domain> for String {
    fn from(domain: Domain) -> Self {
        domain.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_a_host_name_with_one_spelling() {
        for good in ["login.example.com", "a.b", "xn--bcher-kva.example", "1a.2b.example", "l0gin.example"] {
            assert_eq!(Domain::parse(good).unwrap().as_str(), good);
        }
        let long = format!("{}.example", "a".repeat(64));
        for bad in [
            "",
            "example",
            "Login.example.com",
            "login.example.com.",
            ".example.com",
            "a..b",
            "-a.example",
            "a-.example",
            "b\u{fc}cher.example",
            "a_b.example",
            "a.example:443",
            "https://a.example",
            "a.example/x",
            "192.0.2.1",
            "a.0x7f",
            "a.1b",
            "[::1]",
            "localhost",
            "app.localhost",
            "a b.example",
            "*.example",
            &long,
        ] {
            assert_eq!(Domain::parse(bad), Err(MalformedDomain), "{bad:?}");
        }
    }
}
