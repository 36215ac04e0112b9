//! Links to pages of others, such as terms of service.

use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;
use url::Url;

use crate::types::id::LOOPBACK_HOSTS;

/// A link that users may follow: `https`, `http` on this machine, or an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PageLink(String);

/// Why a URI is no link for users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UnusableLink {
    /// It is no absolute URL, or too long.
    #[error("use an absolute URL of at most 500 characters")]
    Malformed,
    /// Its scheme would not lead to a page, or not safely.
    #[error("use https or mailto")]
    Scheme,
    /// It carries a user name or a password.
    #[error("leave out the user name and password")]
    Credentials,
}

impl PageLink {
    /// Parses a link.
    ///
    /// # Errors
    ///
    /// [`UnusableLink`].
    pub fn parse(uri: &str) -> Result<Self, UnusableLink> {
        let printable = uri.len() <= 500 && uri.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
        let url = Url::parse(uri).ok().filter(|_| printable).ok_or(UnusableLink::Malformed)?;
        let is_loopback = url.host_str().is_some_and(|host| LOOPBACK_HOSTS.contains(&host));
        match url.scheme() {
            "https" => {}
            "http" if is_loopback => {}
            "mailto" if url.path().contains('@') => {}
            "mailto" => return Err(UnusableLink::Malformed),
            _ => return Err(UnusableLink::Scheme),
        }
        let has_none = url.username().is_empty() && url.password().is_none();
        if has_none { Ok(Self(uri.into())) } else { Err(UnusableLink::Credentials) }
    }

    /// The link.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for PageLink {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_a_page_or_to_an_e_mail_address() {
        let table = [
            ("https://a.example/terms?lang=de#top", None),
            ("http://localhost:9000/terms", None),
            ("mailto:help@a.example", None),
            ("mailto:help", Some(UnusableLink::Malformed)),
            ("http://a.example/terms", Some(UnusableLink::Scheme)),
            ("javascript:alert(1)", Some(UnusableLink::Scheme)),
            ("data:text/html,x", Some(UnusableLink::Scheme)),
            ("https://u:p@a.example/", Some(UnusableLink::Credentials)),
            ("/terms", Some(UnusableLink::Malformed)),
            ("https://a.example/ a", Some(UnusableLink::Malformed)),
        ];
        for (uri, expected) in table {
            assert_eq!(PageLink::parse(uri).err(), expected, "{uri}");
        }
        assert!(serde_json::from_value::<PageLink>(serde_json::json!("javascript:alert(1)")).is_err());
    }
}
