//! URLs supplied by other parties: those of client keys, of upstream providers, and of their metadata.
//!
//! A URL to which a browser is sent must have a single interpretation (catalogue row SEC-UP-23). A URL that the server
//! calls must also not reach into its own network (SEC-SSRF-01 and SEC-UP-14). The form is checked here, when the URL is
//! read and again when it is fetched; the addresses to which its host name resolves are checked when the connection is
//! made.

use thiserror::Error;
use url::{Host, Url};

use crate::types::id::is_loopback_host;

/// The maximum length of a URL, in bytes.
const MAX_URL_BYTES: usize = 2048;

/// The allowed ports: that of `https`, and its common alternative.
const ALLOWED_PORTS: [u16; 2] = [443, 8443];

/// Suffixes of names that exist only within networks (RFC 6761, RFC 6762, RFC 8375, RFC 9476, and those of cloud
/// providers).
const INTERNAL_SUFFIXES: [&str; 9] =
    ["internal", "local", "localhost", "localdomain", "lan", "intranet", "home.arpa", "alt", "cluster.local"];

/// How far outgoing requests may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To names on the public internet, over TLS.
    Internet,
    /// Also to this machine, on a laptop.
    Laptop,
}

/// Where a URL leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To the public internet.
    Internet,
    /// To this machine.
    Loopback,
}

/// A URL supplied by another party, with a single interpretation: absolute, `https`, and without user name, fragment,
/// control characters and anything else that parsers drop or rewrite (RFC 3986). A browser may be sent there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalUrl {
    url: Url,
    destination: Destination,
}

/// A URL that the server may call, judging by its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundUrl(ExternalUrl);

/// Why the server may not call a URL, as a sentence that says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UnaskableUrl {
    /// Not a URL, or one that is too long or has a user name or fragment.
    #[error("use an absolute https URL of at most 2048 characters, without user name and fragment")]
    Malformed,
    /// Not `https`.
    #[error("use https")]
    NotSecure,
    /// A port that is not allowed.
    #[error("use port 443 or 8443")]
    Port,
    /// An IP address, or a name that exists only within networks.
    #[error("use a host name that is known on the public internet, and no address")]
    Inner,
}

impl Reach {
    /// The reach of a server with this URL by default: a URL on the browser's own machine means local development,
    /// whether or not there is a TLS proxy in front.
    #[must_use]
    pub fn of(our_url: &str) -> Self {
        let url = Url::parse(our_url);
        if url.is_ok_and(|url| is_this_machine(&url)) { Self::Laptop } else { Self::Internet }
    }
}

fn is_this_machine(url: &Url) -> bool {
    url.host_str().is_some_and(is_loopback_host)
}

impl ExternalUrl {
    /// Checks the form of a URL.
    ///
    /// # Errors
    ///
    /// [`UnaskableUrl`] says what is wrong.
    pub fn parse(text: &str, reach: Reach) -> Result<Self, UnaskableUrl> {
        // The parser silently removes or rewrites these.
        let exact = !text.contains(['\\', '#']) && text.bytes().all(|byte| matches!(byte, 0x21..=0x7e));
        let (scheme, rest) = text.split_once("://").ok_or(UnaskableUrl::Malformed)?;
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let url = Url::parse(text).map_err(|_| UnaskableUrl::Malformed)?;
        let plain = !authority.is_empty() && !authority.contains('@');
        let one_reading = exact && plain && url.scheme().eq_ignore_ascii_case(scheme);
        if !one_reading || text.len() > MAX_URL_BYTES || !matches!(url.scheme(), "http" | "https") {
            return Err(UnaskableUrl::Malformed);
        }
        if is_this_machine(&url) && reach == Reach::Laptop {
            return Ok(Self { url, destination: Destination::Loopback });
        }
        if url.scheme() != "https" {
            return Err(UnaskableUrl::NotSecure);
        }
        Ok(Self { url, destination: Destination::Internet })
    }

    /// The URL, in its canonical form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }
}

impl OutboundUrl {
    /// Checks the form of a URL.
    ///
    /// # Errors
    ///
    /// [`UnaskableUrl`] says what is wrong.
    pub fn parse(text: &str, reach: Reach) -> Result<Self, UnaskableUrl> {
        let external = ExternalUrl::parse(text, reach)?;
        if external.destination == Destination::Loopback {
            return Ok(Self(external));
        }
        if !external.url.port_or_known_default().is_some_and(|port| ALLOWED_PORTS.contains(&port)) {
            return Err(UnaskableUrl::Port);
        }
        match external.url.host() {
            Some(Host::Domain(name)) if is_public_name(name) => Ok(Self(external)),
            _ => Err(UnaskableUrl::Inner),
        }
    }

    /// The URL, in its canonical form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Where it leads.
    #[must_use]
    pub const fn destination(&self) -> Destination {
        self.0.destination
    }
}

/// Whether `name` can exist on the public internet: more than one label, and no internal suffix.
#[must_use]
pub fn is_public_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let inner = |ending: &str| name.strip_suffix(ending).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    name.contains('.') && !name.ends_with('.') && !INTERNAL_SUFFIXES.into_iter().any(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_ssrf_01_only_public_names_are_fetched_and_only_over_tls() {
        let (internet, laptop) = (Reach::Internet, Reach::Laptop);
        let table = [
            ("https://idp.example/x", Ok(Destination::Internet), Ok(Destination::Internet)),
            ("https://idp.example:8443/x?y=z", Ok(Destination::Internet), Ok(Destination::Internet)),
            ("https://idp.example:22/x", Err(UnaskableUrl::Port), Err(UnaskableUrl::Port)),
            ("http://idp.example/x", Err(UnaskableUrl::NotSecure), Err(UnaskableUrl::NotSecure)),
            ("http://localhost:9000/x", Err(UnaskableUrl::NotSecure), Ok(Destination::Loopback)),
            ("http://[::1]:9000/x", Err(UnaskableUrl::NotSecure), Ok(Destination::Loopback)),
            ("https://127.0.0.1/x", Err(UnaskableUrl::Inner), Ok(Destination::Loopback)),
            ("https://u@idp.example/x", Err(UnaskableUrl::Malformed), Err(UnaskableUrl::Malformed)),
            ("https://idp.example/x#y", Err(UnaskableUrl::Malformed), Err(UnaskableUrl::Malformed)),
            ("https://idp.example\\@x/", Err(UnaskableUrl::Malformed), Err(UnaskableUrl::Malformed)),
            ("https://idp.exa\nmple/", Err(UnaskableUrl::Malformed), Err(UnaskableUrl::Malformed)),
            ("file:///etc/passwd", Err(UnaskableUrl::Malformed), Err(UnaskableUrl::Malformed)),
            ("gopher://idp.example/", Err(UnaskableUrl::Malformed), Err(UnaskableUrl::Malformed)),
            ("idp.example", Err(UnaskableUrl::Malformed), Err(UnaskableUrl::Malformed)),
        ];
        for (url, deployed, on_laptop) in table {
            assert_eq!(OutboundUrl::parse(url, internet).map(|url| url.destination()), deployed, "{url}");
            assert_eq!(OutboundUrl::parse(url, laptop).map(|url| url.destination()), on_laptop, "{url}");
        }
    }

    #[test]
    fn sec_up_23_a_url_for_browsers_has_a_single_interpretation() {
        let (internet, laptop) = (Reach::Internet, Reach::Laptop);
        let long = |length: usize| format!("https://idp.example/{}", "a".repeat(length - 20));
        let table = [
            ("https://idp.example/authorize?tenant=x", Ok(()), Ok(())),
            ("https://idp:9443/authorize", Ok(()), Ok(())),
            ("https://social.example/@ada", Ok(()), Ok(())),
            ("http://localhost:9000/authorize", Err(UnaskableUrl::NotSecure), Ok(())),
            ("http://idp.example/authorize", Err(UnaskableUrl::NotSecure), Err(UnaskableUrl::NotSecure)),
            (&long(2048), Ok(()), Ok(())),
        ];
        for (url, deployed, on_laptop) in table {
            assert_eq!(ExternalUrl::parse(url, internet).map(|_| ()), deployed, "{url}");
            assert_eq!(ExternalUrl::parse(url, laptop).map(|_| ()), on_laptop, "{url}");
        }
        let malformed = [
            "javascript:alert(1)",
            "javascript://idp.example/%0aalert(1)",
            "data:text/html,x",
            "/authorize",
            "//idp.example/authorize",
            "https:idp.example",
            "https:/idp.example",
            "https:///idp.example",
            "https://",
            "",
            "https://idp.example/#",
            "https://idp.example/\r\nset-cookie: a=b",
            "https://idp.example/a b",
            " https://idp.example/",
            "https:\\\\idp.example/",
            "https://user@idp.example/",
            "https://idp.example/\u{e9}",
            &long(2049),
        ];
        for url in malformed {
            for reach in [internet, laptop] {
                assert_eq!(ExternalUrl::parse(url, reach), Err(UnaskableUrl::Malformed), "{url}");
            }
        }
    }

    #[test]
    fn a_url_is_fetched_in_its_canonical_form() {
        let url = OutboundUrl::parse("HTTPS://IDP.example:443/a/../x", Reach::Internet).unwrap();
        assert_eq!(url.as_str(), "https://idp.example/x");
        assert_eq!(Reach::of("http://localhost:9000/default/demo"), Reach::Laptop);
        assert_eq!(Reach::of("https://localhost:9191/default/demo"), Reach::Laptop);
        assert_eq!(Reach::of("https://[::1]:9191"), Reach::Laptop);
        assert_eq!(Reach::of("https://auth.example/default/demo"), Reach::Internet);
        assert_eq!(Reach::of("https://localhost.evil.example/"), Reach::Internet);
        assert_eq!(Reach::of("https://localhost@evil.example/"), Reach::Internet);
    }

    #[test]
    fn a_public_name_has_labels_and_no_internal_suffix() {
        for name in ["idp.example", "local.example", "mylocal.example.com", "home.arpa.example", "notlocal.xlocal"] {
            assert!(is_public_name(name), "{name}");
        }
        for name in ["idp", "", "idp.example.", "x.LOCAL", "home.arpa", "a.home.arpa", "x.alt", "x.lan", "x.intranet"] {
            assert!(!is_public_name(name), "{name}");
        }
    }

    #[test]
    fn sec_ssrf_01_unusual_spellings_of_internal_hosts_are_refused() {
        let hosts = [
            "169.254.169.254",
            "169.254.170.2",
            "0x7f.1",
            "2130706433",
            "0177.0.0.1",
            "127.1",
            "0",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::]",
            "[fd00:ec2::254]",
            "[64:ff9b::7f00:1]",
            "8.8.8.8",
            "localhost.",
            "LOCALHOST",
            "idp.example.",
            "metadata",
            "metadata.google.internal",
            "METADATA.google.INTERNAL",
            "x.localhost",
            "printer.local",
            "svc.cluster.local",
            "router.home.arpa",
            "%6c%6fcalhost",
            "\u{2460}27.0.0.1",
            "127\u{3002}0\u{3002}0\u{3002}1",
        ];
        for host in hosts {
            for reach in [Reach::Internet, Reach::Laptop] {
                let refused = OutboundUrl::parse(&format!("https://{host}:8443/x"), reach).is_err();
                let loopback = reach == Reach::Laptop;
                // On a laptop this machine may be reached, in any spelling that the parser accepts as its address.
                assert!(refused || loopback, "{host}");
            }
            assert!(OutboundUrl::parse(&format!("https://{host}/x"), Reach::Internet).is_err(), "{host}");
        }
    }
}
