//! Origins that may read responses in a browser (CORS).

use thiserror::Error;
use url::Url;

use crate::clients::redirect_uri::RedirectUris;
use crate::clients::uri_form::is_port_or_none;
use crate::types::id::Issuer;

/// The allowed origins of a workspace or client: exact values, never patterns.
///
/// The only exception cannot be configured: where a local native client may use any port of a loopback address, its
/// pages may use any port of it as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedOrigins {
    exact: Vec<String>,
    any_port: Vec<String>,
}

impl AllowedOrigins {
    /// Collects `origins`, without `null` and duplicates.
    #[must_use]
    pub fn new(origins: impl IntoIterator<Item = String>) -> Self {
        Self { exact: sorted(origins.into_iter().filter(|origin| origin != "null")), any_port: Vec::new() }
    }

    /// These origins, and every port of `loopback`, addresses such as `http://127.0.0.1`, if `issuer` is on a laptop.
    #[must_use]
    pub fn with_any_port(self, loopback: impl IntoIterator<Item = String>, issuer: &Issuer) -> Self {
        let loopback = loopback.into_iter().filter(|_| issuer.is_on_laptop());
        Self { any_port: sorted(self.any_port.into_iter().chain(loopback)), exact: self.exact }
    }

    /// These origins, and those of `uris`.
    #[must_use]
    pub fn with_those_of(self, uris: &RedirectUris, issuer: &Issuer) -> Self {
        let exact = sorted(self.exact.into_iter().chain(uris.origins()));
        Self { exact, any_port: self.any_port }.with_any_port(uris.loopback(), issuer)
    }

    /// `origin`, if it is allowed. It is compared byte for byte, except for the port of a loopback address; `null` is
    /// never allowed.
    #[must_use]
    pub fn allowed<'o>(&self, origin: &'o str) -> Option<&'o str> {
        let with_any_port = |address: &String| origin.strip_prefix(address.as_str()).is_some_and(is_port_or_none);
        let allowed = self.exact.iter().any(|exact| exact == origin) || self.any_port.iter().any(with_any_port);
        allowed.then_some(origin)
    }

    /// The exact origins, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.exact.iter().map(String::as_str)
    }

    /// The loopback addresses that are allowed with any port, one by one.
    pub fn loopback(&self) -> impl Iterator<Item = &str> {
        self.any_port.iter().map(String::as_str)
    }
}

fn sorted(origins: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = origins.collect();
    all.sort();
    all.dedup();
    all
}

/// Why browsers never send an origin, as a sentence that says what to write instead (RFC 6454 §6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OriginFault {
    /// `null` and wildcards.
    #[error("name each origin: there are no wildcards, and null is never allowed")]
    NoOrigin,
    /// Another scheme.
    #[error("an origin begins with https:// or http://")]
    Scheme,
    /// A path, a query or a fragment, even a single slash.
    #[error("an origin ends with its host or port: leave out the slash and what follows")]
    Path,
    /// Upper case.
    #[error("browsers send origins in lower case: write it so")]
    UpperCase,
    /// The default port of the scheme.
    #[error("browsers leave out the default port: leave it out")]
    DefaultPort,
    /// Anything else that browsers do not send, such as a host name that is not in its A-label form.
    #[error("this is not the origin of a web page, as a browser sends it: https://host or https://host:port")]
    Malformed,
}

/// Checks that `origin` has the single form in which browsers send it, because it is compared byte for byte.
///
/// # Errors
///
/// [`OriginFault`].
pub fn check_origin(origin: &str) -> Result<(), OriginFault> {
    if origin == "null" || origin.contains('*') {
        return Err(OriginFault::NoOrigin);
    }
    if origin.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(OriginFault::UpperCase);
    }
    let (scheme, rest) = origin.split_once("://").ok_or(OriginFault::Scheme)?;
    let default_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return Err(OriginFault::Scheme),
    };
    if rest.contains(['/', '?', '#']) {
        return Err(OriginFault::Path);
    }
    if rest.ends_with(default_port) {
        return Err(OriginFault::DefaultPort);
    }
    let sent = Url::parse(origin).map_err(|_| OriginFault::Malformed)?.origin().ascii_serialization();
    if sent == origin { Ok(()) } else { Err(OriginFault::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_cors_01_origins_match_exactly_and_null_never() {
        let allowed = AllowedOrigins::new(["https://app.example".into(), "null".into()]);
        assert_eq!(allowed.allowed("https://app.example"), Some("https://app.example"));
        for other in [
            "null",
            "https://app.example.evil.com",
            "https://evilapp.example",
            "http://app.example",
            "https://app.example:444",
            "https://APP.example",
            "https://app.example,https://evil",
            "",
        ] {
            assert_eq!(allowed.allowed(other), None, "{other}");
        }
    }

    #[test]
    fn sec_cors_01_an_origin_that_no_browser_sends_is_refused() {
        for good in ["https://app.example", "https://app.example:8443", "http://localhost:5173", "http://[::1]:1"] {
            assert_eq!(check_origin(good), Ok(()), "{good}");
        }
        let table = [
            ("https://app.example/", OriginFault::Path),
            ("https://app.example/app", OriginFault::Path),
            ("https://app.example?x", OriginFault::Path),
            ("https://APP.example", OriginFault::UpperCase),
            ("HTTPS://app.example", OriginFault::UpperCase),
            ("https://app.example:443", OriginFault::DefaultPort),
            ("http://app.example:80", OriginFault::DefaultPort),
            ("*", OriginFault::NoOrigin),
            ("https://*.app.example", OriginFault::NoOrigin),
            ("null", OriginFault::NoOrigin),
            ("app.example", OriginFault::Scheme),
            ("com.example.app://x", OriginFault::Scheme),
            ("", OriginFault::Scheme),
            ("https://", OriginFault::Malformed),
            ("https://app.example:", OriginFault::Malformed),
            ("https://u@app.example", OriginFault::Malformed),
            ("https://b\u{fc}cher.example", OriginFault::Malformed),
            ("https://app.example ", OriginFault::Malformed),
            ("https://app.example:0443", OriginFault::Malformed),
        ];
        for (bad, fault) in table {
            assert_eq!(check_origin(bad), Err(fault), "{bad}");
        }
    }

    #[test]
    fn sec_cors_01_any_port_is_for_native_loopback_addresses_on_a_laptop_only() {
        use crate::clients::redirect_uri::{ApplicationType, UriRules};
        use crate::types::id::WorkspaceId;

        let of = |public_url: &str| {
            let issuer = Issuer::new(public_url, &WorkspaceId::parse("default", "demo").unwrap());
            let uris = ["http://127.0.0.1/cb".to_owned(), "https://app.example/cb".to_owned()];
            let uris = RedirectUris::register(&uris, UriRules::new(ApplicationType::Native, &issuer)).unwrap();
            AllowedOrigins::new(["http://localhost:*".to_owned()]).with_those_of(&uris, &issuer)
        };
        let (laptop, deployed) = (of("http://localhost:9000"), of("https://auth.example"));
        assert_eq!(laptop.loopback().collect::<Vec<_>>(), ["http://127.0.0.1"]);
        for origin in ["http://127.0.0.1", "http://127.0.0.1:1", "http://127.0.0.1:51004", "http://127.0.0.1:65535"] {
            assert_eq!((laptop.allowed(origin), deployed.allowed(origin)), (Some(origin), None), "{origin}");
        }
        for origin in [
            "http://127.0.0.1:",
            "http://127.0.0.1:0",
            "http://127.0.0.1:080",
            "http://127.0.0.1:65536",
            "http://127.0.0.1:*",
            "http://127.0.0.1:80@evil.example",
            "http://127.0.0.1.evil.example",
            "https://127.0.0.1:80",
            "http://localhost:80",
            "http://localhost",
            "http://[::1]:80",
            "null",
        ] {
            assert_eq!(laptop.allowed(origin), None, "{origin}");
        }
        let app = "https://app.example";
        assert_eq!((laptop.allowed(app), deployed.allowed(app)), (Some(app), Some(app)));
    }

    #[test]
    fn origins_are_listed_once_and_in_order() {
        let allowed =
            AllowedOrigins::new(["https://b.example", "https://a.example", "https://b.example"].map(Into::into));
        assert_eq!(allowed.iter().collect::<Vec<_>>(), ["https://a.example", "https://b.example"]);
    }
}
