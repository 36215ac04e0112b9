//! Redirect URIs: what may be registered, what matches, and how responses are appended.
//!
//! Received values are compared with registered ones byte for byte and are never parsed (RFC 9700 §4.1.3). Parsing
//! happens once, at registration, and only to refuse. The one exception is the port of a native client's loopback
//! address (RFC 8252 §7.3).

use url::Url;

use crate::clients::private_use_scheme::{is_reserved, is_scheme};
use crate::clients::unusable_uri::{UnusableUri, UriFault};
use crate::clients::uri_form::{check_characters, check_query, check_url, has_origin, is_port_or_none, loopback_parts};
use crate::syntax::encoding::{encode_readable, encode_uri_component};
use crate::types::id::Issuer;

/// A redirect URI that the client registered. Only [`RedirectUris`] creates it (design invariant 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri {
    uri: String,
    receiver: Receiver,
}

/// Who can receive what is sent to a redirect URI (RFC 8252 §8.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Receiver {
    /// The registered client only.
    Client,
    /// Any program on the device, by listening on the port.
    LoopbackPort,
    /// Any program on the device that claims the scheme.
    SchemeHandler,
}

impl RedirectUri {
    /// The URI, as the client sent it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// Whether only the registered client can receive what is sent there: true for `https`, and false for loopback ports
    /// and private-use schemes, which any program on the device can claim (RFC 8252 §8.6).
    #[must_use]
    pub const fn assures_identity(&self) -> bool {
        matches!(self.receiver, Receiver::Client)
    }

    /// Whether it is the loopback address of a native client (RFC 8252 §7.3).
    #[must_use]
    pub const fn is_loopback(&self) -> bool {
        matches!(self.receiver, Receiver::LoopbackPort)
    }

    /// The `Location` that carries `parameters` to the client.
    ///
    /// A registered query is kept in front; values are encoded as by `encodeURIComponent`, descriptions for readers.
    #[must_use]
    pub fn location(&self, parameters: &[(&str, &str)]) -> String {
        let mut location = self.uri.clone();
        for (name, value) in parameters {
            location.push(if location.contains('?') { '&' } else { '?' });
            location.push_str(name);
            location.push('=');
            location.push_str(&encoded(name, value));
        }
        location
    }

    /// The `Location` that carries `parameters` to the client in the fragment, encoded in the same way. Registered URIs
    /// have no fragment.
    #[must_use]
    pub fn fragment_location(&self, parameters: &[(&str, &str)]) -> String {
        let pairs: Vec<String> =
            parameters.iter().map(|(name, value)| format!("{name}={}", encoded(name, value))).collect();
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
        self.assures_identity().then(|| format!("{}/", source_of(&self.uri)))
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

/// The value of a response parameter. Only the description is meant to be read, and no client compares it.
fn encoded(name: &str, value: &str) -> String {
    if name == "error_description" { encode_readable(value) } else { encode_uri_component(value) }
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

/// The context in which the URIs of a client are checked.
#[derive(Clone, Copy, Debug)]
pub struct UriRules<'a> {
    /// The type of application.
    pub kind: ApplicationType,
    /// The issuer of the workspace. In local development, web applications may be on this machine as well.
    pub issuer: &'a Issuer,
    /// Private-use schemes without a dot that the client may use as exceptions.
    pub private_use_schemes: &'a [String],
}

impl<'a> UriRules<'a> {
    /// The rules without exceptions.
    #[must_use]
    pub const fn new(kind: ApplicationType, issuer: &'a Issuer) -> Self {
        Self { kind, issuer, private_use_schemes: &[] }
    }
}

/// The maximum number of URIs in one list of a client (catalogue row SEC-REDIR-22).
const MAX_URIS: usize = 50;

/// The redirect URIs of one client: at least one, unless it has no users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUris(Vec<Registered>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Registered {
    /// Matches itself only.
    Exact { uri: String, receiver: Receiver },
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
    pub fn register(uris: &[String], rules: UriRules<'_>) -> Result<Self, UnusableUri> {
        if uris.is_empty() {
            return Err(UnusableUri::None);
        }
        if uris.len() > MAX_URIS {
            return Err(UnusableUri::TooMany);
        }
        let registered = uris.iter().enumerate().map(|(position, uri)| {
            register(uri, rules).map_err(|fault| UnusableUri::Unusable { position, uri: uri.into(), fault })
        });
        registered.collect::<Result<_, _>>().map(Self)
    }

    /// Finds `requested` among these, byte for byte; a native client's loopback address matches any port (RFC 9700 §4.1.3,
    /// RFC 8252 §7.3).
    #[must_use]
    pub fn registered(&self, requested: &str) -> Option<RedirectUri> {
        self.0.iter().find_map(|registered| registered.matched(requested))
    }

    /// `pushed` as the redirect URI of a client that may use unregistered URIs: an `https` URI that it could register (RFC
    /// 9126 §2.4).
    #[must_use]
    pub(crate) fn unregistered(pushed: &str) -> Option<RedirectUri> {
        check_characters(pushed).ok()?;
        register_page(pushed, pushed.strip_prefix("https:")?).ok()?.matched(pushed)
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
            Registered::Exact { uri, receiver: Receiver::Client } => Some(source_of(uri)),
            Registered::Exact { .. } | Registered::Loopback { .. } => None,
        })
    }

    /// Whether one of these is the loopback address of a native client.
    #[must_use]
    pub fn have_loopback(&self) -> bool {
        self.loopback().next().is_some()
    }

    /// The loopback addresses among these, without port, whose pages are the client's at any port.
    pub fn loopback(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(|registered| match registered {
            Registered::Loopback { before, .. } => Some(before.clone()),
            Registered::Exact { .. } => None,
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
        let (matches, receiver) = match self {
            Self::Exact { uri, receiver } => (uri == requested, *receiver),
            Self::Loopback { before, after, .. } => {
                (is_with_any_port(requested, before, after), Receiver::LoopbackPort)
            }
        };
        matches.then(|| RedirectUri { uri: requested.into(), receiver })
    }
}

fn is_with_any_port(requested: &str, before: &str, after: &str) -> bool {
    requested.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).is_some_and(is_port_or_none)
}

fn register(uri: &str, rules: UriRules<'_>) -> Result<Registered, UriFault> {
    check_characters(uri)?;
    let (scheme, rest) = uri.split_once(':').ok_or(UriFault::Relative)?;
    let authority = rest.strip_prefix("//").unwrap_or_default();
    let after_host = authority.split_once(']').filter(|_| authority.starts_with('[')).map_or(rest, |(_, after)| after);
    if after_host.contains(['[', ']']) {
        return Err(UriFault::Brackets);
    }
    match scheme {
        "https" => register_page(uri, rest),
        // A page of this server over plain http, which exists on a laptop only.
        "http" if has_origin(uri, rules.issuer.origin()) => register_page(uri, rest),
        "http" => register_loopback(uri, rest, rules),
        _ => register_private_use(uri, scheme, rest, rules),
    }
}

fn register_page(uri: &str, rest: &str) -> Result<Registered, UriFault> {
    check_url(uri, rest)?;
    Ok(Registered::Exact { uri: uri.into(), receiver: Receiver::Client })
}

/// A loopback address: with any port for a native application; with exactly its port for a web application, and only if
/// this server itself runs on a laptop, where the developer's own pages are trusted.
fn register_loopback(uri: &str, rest: &str, rules: UriRules<'_>) -> Result<Registered, UriFault> {
    if rules.kind != ApplicationType::Native && !rules.issuer.is_on_laptop() {
        return Err(UriFault::HttpOfWeb);
    }
    check_url(uri, rest)?;
    let (before, after) = loopback_parts(uri).ok_or(UriFault::HttpElsewhere)?;
    Ok(match rules.kind {
        ApplicationType::Native => Registered::Loopback { uri: uri.into(), before, after },
        ApplicationType::Web => Registered::Exact { uri: uri.into(), receiver: Receiver::Client },
    })
}

fn register_private_use(uri: &str, scheme: &str, rest: &str, rules: UriRules<'_>) -> Result<Registered, UriFault> {
    if !is_scheme(scheme) {
        return Err(UriFault::Scheme);
    }
    let excepted = rules.private_use_schemes.iter().any(|excepted| excepted == scheme) && !is_reserved(scheme);
    if !scheme.contains('.') && !excepted {
        return Err(UriFault::NotReverseDomain);
    }
    if rules.kind != ApplicationType::Native {
        return Err(UriFault::PrivateUseOfWeb);
    }
    if !rest.starts_with('/') || rest.contains('@') {
        return Err(UriFault::PrivateUsePath);
    }
    check_query(&Url::parse(uri).map_err(|_| UriFault::NotAUrl)?)?;
    Ok(Registered::Exact { uri: uri.into(), receiver: Receiver::SchemeHandler })
}
