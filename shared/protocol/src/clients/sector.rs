//! Subject types: whether a client sees public or pairwise identifiers of users (OpenID Connect Core §8).

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use crate::syntax::encoding;
use crate::types::id::{Issuer, Subject, is_loopback_host};

/// The registered `subject_type` of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectKind {
    /// The same identifier for all clients.
    #[default]
    Public,
    /// A different identifier for each sector.
    Pairwise,
}

/// The subject type of a client, with its sector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectType {
    /// The user's own subject.
    Public,
    /// A subject derived for the clients of a sector.
    Pairwise(Sector),
}

/// The host that identifies a sector (§8.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sector(String);

/// Why the sector of a pairwise client cannot be determined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SectorError {
    /// It has no redirect URI and no sector identifier.
    #[error(
        "subject_type pairwise: without redirect_uris, sector_identifier_uri must say which sector the client is in"
    )]
    NoRedirectUri,
    /// A redirect URI without a host of the client's own, such as a loopback address.
    #[error(
        "redirect_uris[{0}] has no host of its own: for subject_type pairwise, sector_identifier_uri must say which sector \
         the client is in"
    )]
    NoHost(usize),
    /// A redirect URI has another host than the first.
    #[error(
        "redirect_uris[{0}] has another host than redirect_uris[0]: for subject_type pairwise, they must have one host, or \
         sector_identifier_uri must say which sector the client is in"
    )]
    OtherHost(usize),
    /// The sector identifier is not a suitable URL.
    #[error("sector_identifier_uri is an https URL without user name and fragment, of at most 2048 characters")]
    Identifier,
}

impl Sector {
    /// The sector of a client with these redirect URIs and sector identifier.
    ///
    /// # Errors
    ///
    /// [`SectorError`] if the sector identifier is invalid, or there is none and the redirect URIs do not have one
    /// host.
    pub fn of(redirect_uris: &[String], identifier: Option<&str>, issuer: &Issuer) -> Result<Self, SectorError> {
        if let Some(uri) = identifier {
            return identified(uri, issuer).map(Self).ok_or(SectorError::Identifier);
        }
        let mut one: Option<String> = None;
        for (position, uri) in redirect_uris.iter().enumerate() {
            // All native applications on a loopback address would share a sector, and a private-use scheme has no host.
            let host = host(uri, issuer).ok_or(SectorError::NoHost(position))?;
            match &one {
                Some(one) if *one != host => return Err(SectorError::OtherHost(position)),
                Some(_) => {}
                None => one = Some(host),
            }
        }
        one.map(Self).ok_or(SectorError::NoRedirectUri)
    }

    /// The host.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The host of a redirect URI, if only the registered client can be reached there.
fn host(uri: &str, issuer: &Issuer) -> Option<String> {
    let assured =
        uri.starts_with("https://") || uri.strip_prefix(issuer.origin()).is_some_and(|rest| rest.starts_with('/'));
    Url::parse(uri).ok().filter(|_| assured)?.host_str().map(str::to_owned)
}

/// The host of a `sector_identifier_uri`: an `https` URL, or `http` to a loopback address on a laptop.
fn identified(uri: &str, issuer: &Issuer) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let host = url.host_str()?.to_owned();
    let on_laptop = issuer.origin().starts_with("http://") && is_loopback_host(&host);
    let fits = url.scheme() == "https" || (url.scheme() == "http" && on_laptop);
    (plain && fits && uri.len() <= 2048).then_some(host)
}

/// The first of `redirect_uris` that is not in the sector's document (§8.1).
#[must_use]
pub fn unlisted<'u>(document: &[String], redirect_uris: &'u [String]) -> Option<&'u str> {
    redirect_uris.iter().find(|uri| !document.contains(uri)).map(String::as_str)
}

/// The pairwise subject made from a derived secret. It is indistinguishable from a public subject.
#[must_use]
pub fn subject(derived: &[u8; 32]) -> Option<Subject> {
    Subject::parse(&encoding::base64url(derived.get(..16)?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::id::WorkspaceId;

    fn sector(redirect_uris: &[&str], identifier: Option<&str>, public_url: &str) -> Option<String> {
        let issuer = Issuer::new(public_url, &WorkspaceId::parse("default", "demo").unwrap());
        let redirect_uris: Vec<String> = redirect_uris.iter().map(|uri| (*uri).to_owned()).collect();
        Sector::of(&redirect_uris, identifier, &issuer).ok().map(|sector| sector.0)
    }

    #[test]
    fn a_sector_is_the_single_host_of_the_redirect_uris_or_the_configured_one() {
        let (one, other) = ("https://app.example/cb", "https://app.example/other");
        let table = [
            (&[one][..], None, Some("app.example")),
            (&[one, other], None, Some("app.example")),
            (&[one, "https://www.app.example/cb"], None, None),
            (&["https://app.example:8443/cb", one], None, Some("app.example")),
            (&["http://127.0.0.1/cb"], None, None),
            (&["com.example.app:/cb"], None, None),
            (&[one, "com.example.app:/cb"], None, None),
            (&[one, "https://www.app.example/cb"], Some("https://sector.example/uris.json"), Some("sector.example")),
            (&["com.example.app:/cb"], Some("https://sector.example/uris.json"), Some("sector.example")),
            (&[one], Some("http://sector.example/uris.json"), None),
            (&[one], Some("http://localhost:9001/uris.json"), None),
            (&[one], Some("https://user@sector.example/uris.json"), None),
            (&[one], Some("https://sector.example/uris.json#x"), None),
            (&[one], Some("sector.example"), None),
        ];
        for (redirect_uris, identifier, expected) in table {
            let found = sector(redirect_uris, identifier, "https://auth.example");
            assert_eq!(found.as_deref(), expected, "{redirect_uris:?} {identifier:?}");
        }
        let laptop = "http://localhost:9000";
        assert!(sector(&["http://localhost:9000/demo/callback"], None, laptop).is_some());
        assert!(sector(&[one], Some("http://localhost:9001/uris.json"), laptop).is_some());
        assert!(sector(&[one], Some("http://sector.example/uris.json"), laptop).is_none());
        for loopback in ["http://127.0.0.1:9001/x", "http://[::1]:9001/x"] {
            assert!(sector(&[one], Some(loopback), laptop).is_some(), "{loopback}");
        }
        assert!(sector(&["http://localhost:90001/demo"], None, laptop).is_none(), "another origin that begins alike");
    }

    #[test]
    fn a_redirect_uri_that_prevents_a_sector_is_named_with_its_position() {
        let issuer = Issuer::new("https://auth.example", &WorkspaceId::parse("default", "demo").unwrap());
        let error = |uris: &[&str], identifier: Option<&str>| {
            let uris: Vec<String> = uris.iter().map(|uri| (*uri).to_owned()).collect();
            Sector::of(&uris, identifier, &issuer).err()
        };
        let one = "https://app.example/cb";
        let long = format!("https://sector.example/{}", "a".repeat(2048 - 23));
        assert_eq!(error(&[], None), Some(SectorError::NoRedirectUri));
        assert_eq!(error(&[one, "com.example.app:/cb"], None), Some(SectorError::NoHost(1)));
        assert_eq!(error(&[one, one, "https://b.example/cb"], None), Some(SectorError::OtherHost(2)));
        assert_eq!(error(&[one], Some(&long)), None);
        let bad = [format!("{long}a"), "https://:pw@sector.example/".into(), "ftp://sector.example/".into()];
        for identifier in bad {
            assert_eq!(error(&[one], Some(&identifier)), Some(SectorError::Identifier), "{identifier}");
        }
        assert_eq!(Sector::of(&[one.into()], None, &issuer).unwrap().as_str(), "app.example");
    }

    #[test]
    fn a_derived_identifier_has_the_form_of_any_subject() {
        assert_eq!(subject(&[7; 32]).unwrap().as_str(), encoding::base64url(&[7; 16]));
    }

    #[test]
    fn the_document_of_a_sector_lists_every_redirect_uri() {
        let uris = ["https://a.example/cb".to_owned(), "https://b.example/cb".to_owned()];
        assert_eq!(unlisted(&uris, &uris), None);
        assert_eq!(unlisted(&uris[..1], &uris), Some("https://b.example/cb"));
        assert_eq!(unlisted(&[], &uris), Some("https://a.example/cb"));
    }
}
