//! Redirect URIs: what may be registered, what matches, and how responses are appended.
//!
//! Received values are compared with registered ones byte for byte and are never parsed (RFC 9700 §4.1.3). Parsing
//! happens once, at registration, and only to refuse. The one exception is the port of a native client's loopback
//! address (RFC 8252 §7.3).

use url::Url;

use crate::clients::unusable_uri::{UnusableUri, UriFault};
use crate::syntax::encoding::encode_uri_component;
use crate::types::id::Issuer;

/// A redirect URI that the client registered. Only [`RedirectUris`] creates it (design invariant 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri {
    uri: String,
    assured: bool,
}

impl RedirectUri {
    /// The URI, as the client sent it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// Whether only the registered client can receive what is sent there: true for `https`, and false for loopback
    /// ports and private-use schemes, which any program on the device can claim (RFC 8252 §8.6).
    #[must_use]
    pub const fn assures_identity(&self) -> bool {
        self.assured
    }

    /// The `Location` that carries `parameters` to the client.
    ///
    /// A registered query is kept in front; values are encoded as by `encodeURIComponent`.
    #[must_use]
    pub fn location(&self, parameters: &[(&str, &str)]) -> String {
        let mut location = self.uri.clone();
        for (name, value) in parameters {
            location.push(if location.contains('?') { '&' } else { '?' });
            location.push_str(name);
            location.push('=');
            location.push_str(&encode_uri_component(value));
        }
        location
    }

    /// The `Location` that carries `parameters` to the client in the fragment, encoded in the same way. Registered URIs
    /// have no fragment.
    #[must_use]
    pub fn fragment_location(&self, parameters: &[(&str, &str)]) -> String {
        let pairs: Vec<String> =
            parameters.iter().map(|(name, value)| format!("{name}={}", encode_uri_component(value))).collect();
        format!("{}#{}", self.uri, pairs.join("&"))
    }

    /// Whether a browser can post a form to it. A private-use scheme opens an application, which cannot take a form.
    #[must_use]
    pub fn takes_forms(&self) -> bool {
        self.uri.starts_with("https:") || self.uri.starts_with("http:")
    }

    /// Where this URI leads, to be shown to users: an origin, or a scheme.
    #[must_use]
    pub fn destination(&self) -> String {
        source_of(&self.uri)
    }

    /// The front page of the application behind this URI, if that is a web site: a place to go back to when the
    /// application no longer waits for a response.
    #[must_use]
    pub fn home(&self) -> Option<String> {
        self.assured.then(|| format!("{}/", source_of(&self.uri)))
    }

    /// The sources that `form-action` must allow on a page whose form leads to this URI.
    ///
    /// Browsers apply it to every redirect after the form, including those of the client: a broker redirects to its own
    /// client, a command-line tool to a page that says "done". So the scheme is allowed and not just the origin. A
    /// policy cannot express an IPv6 address (CSP Level 3 §2.3.1).
    #[must_use]
    pub fn form_targets(&self) -> Vec<String> {
        match self.uri.split_once(':') {
            Some(("https", _)) => vec!["https:".into()],
            Some(("http", _)) => vec!["http:".into(), "https:".into()],
            Some((scheme, _)) => vec![format!("{scheme}:")],
            None => Vec::new(),
        }
    }
}

fn source_of(uri: &str) -> String {
    match uri.split_once("://") {
        Some((scheme @ ("https" | "http"), rest)) => {
            let authority = rest.split(['/', '?']).next().unwrap_or_default();
            format!("{scheme}://{authority}")
        }
        _ => uri.split_once(':').map_or_else(String::new, |(scheme, _)| format!("{scheme}:")),
    }
}

/// The type of application, which decides what may be registered (OpenID Connect Registration §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApplicationType {
    /// Runs in a browser or on a server: `https` only.
    #[default]
    Web,
    /// Runs on the user's device: also loopback addresses and private-use schemes.
    Native,
}

/// The most URIs that one list of a client may have (catalogue row SEC-REDIR-22).
const MAX_URIS: usize = 50;

/// The redirect URIs of one client: at least one, unless it has no users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUris(Vec<Registered>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Registered {
    /// Matches itself only.
    Exact { uri: String, assured: bool },
    /// Matches with any port: `before` ends with the host, `after` begins with the path.
    Loopback { uri: String, before: String, after: String },
}

impl RedirectUris {
    /// The redirect URIs of a client without users: none.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Validates the URIs of a client.
    ///
    /// # Errors
    ///
    /// [`UnusableUri`] names the first invalid one, and what to do about it.
    pub fn register(uris: &[String], kind: ApplicationType, issuer: &Issuer) -> Result<Self, UnusableUri> {
        if uris.is_empty() {
            return Err(UnusableUri::None);
        }
        if uris.len() > MAX_URIS {
            return Err(UnusableUri::TooMany);
        }
        let registered = uris.iter().enumerate().map(|(position, uri)| {
            register(uri, kind, issuer).map_err(|fault| UnusableUri::Unusable { position, uri: uri.into(), fault })
        });
        registered.collect::<Result<_, _>>().map(Self)
    }

    /// Finds `requested` among these, byte for byte; a native client's loopback address takes any port (RFC 9700
    /// §4.1.3, RFC 8252 §7.3).
    #[must_use]
    pub fn registered(&self, requested: &str) -> Option<RedirectUri> {
        self.0.iter().find_map(|registered| registered.matched(requested))
    }

    /// The URI to use when the request names none: the only one there is (RFC 6749 §3.1.2.3).
    #[must_use]
    pub fn only(&self) -> Option<RedirectUri> {
        match self.0.as_slice() {
            [only] => only.matched(only.uri()),
            _ => None,
        }
    }

    /// The web origins among these, for cross-origin requests of the client's own pages.
    pub fn origins(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(|registered| match registered {
            Registered::Exact { uri, assured: true } => Some(source_of(uri)),
            Registered::Exact { .. } | Registered::Loopback { .. } => None,
        })
    }
}

impl Registered {
    fn uri(&self) -> &str {
        match self {
            Self::Exact { uri, .. } | Self::Loopback { uri, .. } => uri,
        }
    }

    fn matched(&self, requested: &str) -> Option<RedirectUri> {
        let (matches, assured) = match self {
            Self::Exact { uri, assured } => (uri == requested, *assured),
            Self::Loopback { before, after, .. } => (is_with_any_port(requested, before, after), false),
        };
        matches.then(|| RedirectUri { uri: requested.into(), assured })
    }
}

fn is_with_any_port(requested: &str, before: &str, after: &str) -> bool {
    requested
        .strip_prefix(before)
        .and_then(|rest| rest.strip_suffix(after))
        .is_some_and(|port| port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

/// 1 to 65535, without sign or leading zero.
fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0') && text.parse::<u16>().is_ok()
}

/// Names of the parameters that an authorization response adds (RFC 6749 §4.1.2, RFC 9207 §2).
pub(super) const RESPONSE_PARAMETERS: [&str; 8] =
    ["code", "state", "iss", "error", "error_description", "error_uri", "response", "session_state"];

fn register(uri: &str, kind: ApplicationType, issuer: &Issuer) -> Result<Registered, UriFault> {
    if uri.len() > 2048 {
        return Err(UriFault::TooLong);
    }
    if !uri.is_ascii() {
        return Err(UriFault::NotAscii);
    }
    if uri.bytes().any(|byte| !(0x21..=0x7e).contains(&byte) || b"\"<>\\^`{|}".contains(&byte)) {
        return Err(UriFault::Characters);
    }
    if uri.contains('#') {
        return Err(UriFault::Fragment);
    }
    let (scheme, rest) = uri.split_once(':').ok_or(UriFault::Relative)?;
    match scheme {
        "https" => register_web(uri, rest).map(|()| Registered::Exact { uri: uri.into(), assured: true }),
        "http" if has_origin(uri, issuer.origin()) => {
            // A page of this server over plain http, which exists on a laptop only.
            register_web(uri, rest).map(|()| Registered::Exact { uri: uri.into(), assured: true })
        }
        "http" => register_loopback(uri, rest, kind),
        _ => register_private_use(uri, scheme, rest, kind),
    }
}

fn has_origin(uri: &str, origin: &str) -> bool {
    uri.strip_prefix(origin).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

/// Refuses every spelling that a WHATWG parser would rewrite.
fn register_web(uri: &str, rest: &str) -> Result<(), UriFault> {
    let authority = rest.strip_prefix("//").ok_or(UriFault::NoAuthority)?;
    let host = authority.split(['/', '?']).next().unwrap_or_default();
    if host.contains('@') {
        return Err(UriFault::UserInfo);
    }
    if !host.starts_with('[') && !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte)) {
        return Err(UriFault::Host);
    }
    let parsed = Url::parse(uri).map_err(|_| UriFault::NotAUrl)?;
    let canonical = parsed.as_str();
    if canonical != uri && canonical.strip_suffix('/') != Some(uri) {
        return Err(UriFault::NotCanonical);
    }
    query_is_free(&parsed)
}

fn query_is_free(parsed: &Url) -> Result<(), UriFault> {
    if parsed.query_pairs().any(|(name, _)| RESPONSE_PARAMETERS.contains(&name.as_ref())) {
        return Err(UriFault::ResponseParameter);
    }
    Ok(())
}

fn register_loopback(uri: &str, rest: &str, kind: ApplicationType) -> Result<Registered, UriFault> {
    if kind != ApplicationType::Native {
        return Err(UriFault::HttpOfWeb);
    }
    register_web(uri, rest)?;
    for host in ["127.0.0.1", "[::1]", "localhost"] {
        let before = format!("http://{host}");
        let Some(rest) = uri.strip_prefix(&before) else {
            continue;
        };
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (port, after) = rest.split_at(at);
        if port.is_empty() || port.strip_prefix(':').is_some_and(is_port) {
            return Ok(Registered::Loopback { uri: uri.into(), before, after: after.into() });
        }
    }
    Err(UriFault::HttpElsewhere)
}

fn register_private_use(uri: &str, scheme: &str, rest: &str, kind: ApplicationType) -> Result<Registered, UriFault> {
    let is_scheme = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    if !scheme.starts_with(|first: char| first.is_ascii_lowercase()) || !scheme.bytes().all(is_scheme) {
        return Err(UriFault::Scheme);
    }
    if !scheme.contains('.') {
        return Err(UriFault::NotReverseDomain);
    }
    if kind != ApplicationType::Native {
        return Err(UriFault::PrivateUseOfWeb);
    }
    if !rest.starts_with('/') || rest.contains('@') {
        return Err(UriFault::PrivateUsePath);
    }
    query_is_free(&Url::parse(uri).map_err(|_| UriFault::NotAUrl)?)?;
    Ok(Registered::Exact { uri: uri.into(), assured: false })
}
