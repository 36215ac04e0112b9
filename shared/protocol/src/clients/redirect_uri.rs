//! Redirect URIs: what may be registered, what matches, and how responses are appended.
//!
//! Received values are compared with registered ones byte for byte and are never parsed (RFC 9700 §4.1.3). Parsing
//! happens once, at registration, and only to refuse. The one exception is the port of a native client's loopback
//! address (RFC 8252 §7.3).

use thiserror::Error;
use url::Url;

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

/// Why URIs cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UnusableUri {
    /// There is none.
    #[error("register at least one URI")]
    None,
    /// There are too many.
    #[error("register at most 50 URIs")]
    TooMany,
    /// One of them cannot be used.
    #[error("{uri}: {fault}")]
    Unusable {
        /// Its position in the list.
        position: usize,
        /// The URI.
        uri: String,
        /// What is wrong with it.
        fault: UriFault,
    },
}

/// What is wrong with a URI, as a sentence that says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UriFault {
    /// Too long.
    #[error("a redirect URI has at most 2048 characters")]
    TooLong,
    /// Characters outside ASCII.
    #[error("write an internationalised host name in its A-label form, such as xn--bcher-kva, and escape the rest")]
    NotAscii,
    /// Characters that no URI has (RFC 3986 §2).
    #[error("a redirect URI has no spaces, control characters, backslashes or other characters outside RFC 3986")]
    Characters,
    /// A fragment (RFC 6749 §3.1.2).
    #[error("a redirect URI has no fragment (RFC 6749 section 3.1.2)")]
    Fragment,
    /// No scheme.
    #[error("a redirect URI is absolute")]
    Relative,
    /// `https:` without `//`.
    #[error("write the scheme as https://")]
    NoAuthority,
    /// A user name or password.
    #[error("a redirect URI has no user name or password")]
    UserInfo,
    /// A host with other characters than those of a name, such as a wildcard.
    #[error("the host is a plain name: there are no wildcards")]
    Host,
    /// Not a URL.
    #[error("this is not a URL")]
    NotAUrl,
    /// A spelling that parsers rewrite.
    #[error("write the URL in its canonical form: lower-case host, no default port, no dot segments")]
    NotCanonical,
    /// A query parameter that the response adds.
    #[error("the query must not contain a parameter that the answer adds, such as code or state")]
    ResponseParameter,
    /// Plain `http` of a web application.
    #[error("http is for native applications on a loopback address; use https")]
    HttpOfWeb,
    /// Plain `http` to another host than a loopback address.
    #[error("http is for the loopback addresses 127.0.0.1 and [::1]; use https")]
    HttpElsewhere,
    /// A scheme that is malformed or not in lower case.
    #[error("write the scheme in lower case")]
    Scheme,
    /// A scheme that is no reverse domain name (RFC 8252 §7.1).
    #[error("use https, or for native applications a scheme in reverse domain order, such as com.example.app")]
    NotReverseDomain,
    /// A private-use scheme of a web application.
    #[error("a private-use scheme is for native applications; use https")]
    PrivateUseOfWeb,
    /// A private-use scheme without a path.
    #[error("write a private-use URI as scheme:/path")]
    PrivateUsePath,
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
const RESPONSE_PARAMETERS: [&str; 8] =
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::types::id::WorkspaceId;

    fn issuer(public_url: &str) -> Issuer {
        Issuer::new(public_url, &WorkspaceId::parse("default", "demo").unwrap())
    }

    fn registered(uri: &str, kind: ApplicationType) -> Result<RedirectUris, UnusableUri> {
        RedirectUris::register(&[uri.into()], kind, &issuer("https://auth.example"))
    }

    fn web(uri: &str) -> RedirectUris {
        registered(uri, ApplicationType::Web).unwrap()
    }

    #[test]
    fn sec_redir_01_only_the_registered_bytes_match() {
        let uris = web("https://app.example/cb");
        assert!(uris.registered("https://app.example/cb").is_some());
        for other in [
            "https://app.example/cb/",
            "https://app.example/CB",
            "HTTPS://app.example/cb",
            "https://APP.example/cb",
            "https://app.example/cb?x=1",
            "https://app.example/cb?",
            "https://app.example/cb#",
            "https://app.example/cb#x",
            "https://app.example/./cb",
            "https://app.example/x/../cb",
            "https://app.example//cb",
            "https://app.example/c%62",
            "https://app.example/cb%20",
            "https://app.example/cb%00",
            "https://app.example:443/cb",
            "https://app.example:8443/cb",
            "http://app.example/cb",
            "https://app.example/cb ",
            " https://app.example/cb",
            "https://app.example/cb\t",
            "https://app.example/cb\n",
            "https://app.example/cb\0",
            "https:/app.example/cb",
            "https:app.example/cb",
            "//app.example/cb",
            "/cb",
            "",
        ] {
            assert!(uris.registered(other).is_none(), "{other:?}");
        }
    }

    #[test]
    fn sec_redir_04_and_05_user_info_and_lookalikes_neither_register_nor_match() {
        let uris = web("https://app.example/cb");
        for bad in [
            "https://app.example@evil.example/cb",
            "https://app.example:pw@evil.example/cb",
            "https://app.example%40evil.example/cb",
            "https://evil.example#@app.example/cb",
            "https://app.example\\@evil.example/cb",
            "https:\\\\app.example\\cb",
            "https://app.example\\.evil.example/cb",
            "https://evil.example\t",
            "https://app.example/cb\r\nSet-Cookie:x",
            "https://app\u{3002}example/cb",
            "https://\u{430}pp.example/cb",
        ] {
            assert!(registered(bad, ApplicationType::Web).is_err(), "{bad:?} registers");
            assert!(uris.registered(bad).is_none(), "{bad:?} matches");
        }
    }

    #[test]
    fn sec_redir_06_hosts_are_registered_as_a_labels_that_decode() {
        assert!(registered("https://xn--bcher-kva.example/cb", ApplicationType::Web).is_ok());
        assert!(registered("https://xn--example-.org/cb", ApplicationType::Web).is_err());
        let hint = registered("https://b\u{fc}cher.example/cb", ApplicationType::Web).unwrap_err().to_string();
        assert!(hint.contains("xn--bcher-kva"), "{hint}");
    }

    #[test]
    fn sec_redir_07_13_and_14_fragments_plain_http_and_dangerous_schemes_do_not_register() {
        for bad in [
            "https://app.example/cb#f",
            "http://app.example/cb",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\tscript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "blob:https://app.example/x",
            "file:///etc/passwd",
            "about:blank",
            "view-source:https://app.example",
            "filesystem:https://app.example/x",
            "ftp://app.example/cb",
            "ws://app.example/cb",
            "wss://app.example/cb",
            "chrome://settings",
            "intent://x",
            "mailto:a@app.example",
            "myapp:/cb",
            "https:///cb",
            "app.example/cb",
        ] {
            for kind in [ApplicationType::Web, ApplicationType::Native] {
                assert!(registered(bad, kind).is_err(), "{bad:?} as {kind:?}");
            }
        }
    }

    #[test]
    fn sec_redir_08_a_registered_query_stays_and_answers_are_appended() {
        let uri = web("https://app.example/cb?tenant=7").only().unwrap();
        assert_eq!(
            uri.location(&[("code", "c"), ("state", "a b")]),
            "https://app.example/cb?tenant=7&code=c&state=a%20b"
        );
        let uri = web("https://app.example/cb").only().unwrap();
        assert_eq!(uri.location(&[("code", "c")]), "https://app.example/cb?code=c");
        for parameter in RESPONSE_PARAMETERS {
            let uri = format!("https://app.example/cb?{parameter}=x");
            assert!(registered(&uri, ApplicationType::Web).is_err(), "{parameter}");
        }
    }

    #[test]
    fn sec_redir_09_there_are_no_wildcards() {
        assert!(registered("https://*.example/cb", ApplicationType::Web).is_err());
        assert!(web("https://app.example/*").registered("https://app.example/x").is_none());
        assert!(web("https://app.example/.x").registered("https://app.example/ax").is_none());
    }

    #[test]
    fn sec_redir_11_a_native_loopback_address_takes_any_port_and_nothing_else() {
        let uris = registered("http://127.0.0.1/cb", ApplicationType::Native).unwrap();
        for port in ["", ":1", ":51004", ":65535"] {
            assert!(uris.registered(&format!("http://127.0.0.1{port}/cb")).is_some(), "{port}");
        }
        for other in [
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:65536/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:080/cb",
            "http://127.0.0.1:-1/cb",
            "http://127.0.0.1:+1/cb",
            "http://127.0.0.1:8080@evil/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://127.1/cb",
            "http://2130706433/cb",
            "http://0x7f.1/cb",
            "http://0177.0.0.1/cb",
            "http://127.0.0.2/cb",
            "http://0.0.0.0/cb",
            "http://[::ffff:127.0.0.1]/cb",
            "http://[0:0:0:0:0:0:0:1]/cb",
            "http://[::1%25lo]/cb",
            "http://[::1]/cb",
            "http://localhost/cb",
            "https://127.0.0.1/cb",
            "http://127.0.0.1:80/other",
            "http://127.0.0.1:80/cb/",
        ] {
            assert!(uris.registered(other).is_none(), "{other}");
        }
        let six = registered("http://[::1]/cb", ApplicationType::Native).unwrap();
        assert!(six.registered("http://[::1]:51004/cb").is_some());
        assert!(!six.only().unwrap().assures_identity());
    }

    #[test]
    fn sec_redir_12_the_port_rule_is_for_native_loopback_only() {
        assert!(registered("http://127.0.0.1/cb", ApplicationType::Web).is_err());
        assert!(web("https://app.example/cb").registered("https://app.example:9999/cb").is_none());
        let both = ["http://127.0.0.1/cb".into(), "https://app.example/cb".into()];
        let uris = RedirectUris::register(&both, ApplicationType::Native, &issuer("https://auth.example")).unwrap();
        assert!(uris.registered("https://app.example:1/cb").is_none());
        assert!(
            registered("https://127.0.0.1/cb", ApplicationType::Native)
                .unwrap()
                .registered("https://127.0.0.1:1/cb")
                .is_none()
        );
    }

    #[test]
    fn sec_redir_15_private_use_schemes_are_reverse_domains_of_native_clients() {
        let uris = registered("com.example.demo:/callback", ApplicationType::Native).unwrap();
        assert!(uris.registered("com.example.demo:/callback").is_some());
        assert!(uris.registered("com.example.demo://callback").is_none());
        assert!(!uris.only().unwrap().assures_identity());
        assert!(registered("com.example.demo://callback", ApplicationType::Native).is_ok());
        assert!(registered("com.example.demo:/callback", ApplicationType::Web).is_err());
        assert!(registered("com.example.demo:callback", ApplicationType::Native).is_err());
        assert_eq!(uris.only().unwrap().form_targets(), ["com.example.demo:"]);
    }

    #[test]
    fn sec_redir_16_without_the_parameter_there_must_be_exactly_one() {
        assert!(web("https://app.example/cb").only().is_some());
        let two = ["https://a.example/".into(), "https://b.example/".into()];
        let uris = RedirectUris::register(&two, ApplicationType::Web, &issuer("https://auth.example")).unwrap();
        assert!(uris.only().is_none());
        assert!(RedirectUris::register(&[], ApplicationType::Web, &issuer("https://auth.example")).is_err());
    }

    #[test]
    fn sec_redir_22_number_and_length_are_bounded() {
        let many: Vec<String> = (0..51).map(|n| format!("https://app.example/{n}")).collect();
        let issuer = issuer("https://auth.example");
        assert!(RedirectUris::register(&many[..50], ApplicationType::Web, &issuer).is_ok());
        assert!(RedirectUris::register(&many, ApplicationType::Web, &issuer).is_err());
        let long = |length: usize| format!("https://app.example/{}", "a".repeat(length - 20));
        assert!(registered(&long(2048), ApplicationType::Web).is_ok());
        assert!(registered(&long(2049), ApplicationType::Web).is_err());
    }

    #[test]
    fn plain_http_is_for_pages_of_this_very_server() {
        let uri = ["http://localhost:9000/demo/callback".into()];
        let here = issuer("http://localhost:9000");
        let uris = RedirectUris::register(&uri, ApplicationType::Web, &here).unwrap();
        assert!(uris.registered("http://localhost:9001/demo/callback").is_none());
        assert_eq!(uris.origins().collect::<Vec<_>>(), ["http://localhost:9000"]);
        for elsewhere in ["https://localhost:9000", "http://localhost:90", "http://localhost:90000"] {
            assert!(RedirectUris::register(&uri, ApplicationType::Web, &issuer(elsewhere)).is_err(), "{elsewhere}");
        }
    }

    #[test]
    fn each_uri_that_does_not_register_says_why() {
        use ApplicationType::{Native, Web};
        let table = [
            (Web, "app.example", UriFault::Relative),
            (Web, "https:app.example/cb", UriFault::NoAuthority),
            (Web, "https://u@app.example/cb", UriFault::UserInfo),
            (Web, "https://*.example/cb", UriFault::Host),
            (Web, "https://app.example:99999/cb", UriFault::NotAUrl),
            (Web, "https://APP.example/cb", UriFault::NotCanonical),
            (Web, "https://app.example?x=1", UriFault::NotCanonical),
            (Web, "https://app.example:443/cb", UriFault::NotCanonical),
            (Web, "https://app.example/cb?code=x", UriFault::ResponseParameter),
            (Web, "https://app.example/cb#x", UriFault::Fragment),
            (Web, "https://app.example/c b", UriFault::Characters),
            (Web, "https://app.example/cb\u{7f}", UriFault::Characters),
            (Web, "https://b\u{fc}cher.example/cb", UriFault::NotAscii),
            (Web, "http://127.0.0.1/cb", UriFault::HttpOfWeb),
            (Native, "http://app.example/cb", UriFault::HttpElsewhere),
            (Native, "http://u@127.0.0.1/cb", UriFault::UserInfo),
            (Web, "Com.example:/cb", UriFault::Scheme),
            (Web, "1com.example:/cb", UriFault::Scheme),
            (Web, "com_x.example:/cb", UriFault::Scheme),
            (Web, ":/cb", UriFault::Scheme),
            (Web, "myapp:/cb", UriFault::NotReverseDomain),
            (Web, "com.example:/cb", UriFault::PrivateUseOfWeb),
            (Native, "com.example:cb", UriFault::PrivateUsePath),
            (Native, "com.example://u@cb", UriFault::PrivateUsePath),
            (Native, "com.example:/cb?state=x", UriFault::ResponseParameter),
        ];
        for (kind, uri, fault) in table {
            let expected = UnusableUri::Unusable { position: 0, uri: uri.into(), fault };
            assert_eq!(registered(uri, kind), Err(expected), "{uri}");
        }
        let list = ["https://app.example/cb".into(), "https://app.example/c b".into()];
        let error = RedirectUris::register(&list, Web, &issuer("https://auth.example")).unwrap_err();
        assert!(matches!(error, UnusableUri::Unusable { position: 1, .. }), "{error}");
    }

    #[test]
    fn schemes_and_loopback_hosts_that_register() {
        for good in ["com.example-2.a+b:/cb", "http://localhost:8080/cb", "http://[::1]:8080/?x=1", "http://127.0.0.1"]
        {
            let uris = registered(good, ApplicationType::Native).unwrap();
            assert_eq!(uris.only().unwrap().as_str(), good);
        }
        assert!(registered("https://[2001:db8::1]/cb", ApplicationType::Web).is_ok());
        assert!(registered("https://app.example", ApplicationType::Web).is_ok());
        assert!(RedirectUris::none().only().is_none() && RedirectUris::none().registered("").is_none());
    }

    #[test]
    fn a_page_of_this_server_may_stand_at_its_root() {
        let here = issuer("http://localhost:9000");
        for uri in ["http://localhost:9000", "http://localhost:9000/", "http://localhost:9000/?x=1"] {
            let uris = RedirectUris::register(&[uri.into()], ApplicationType::Web, &here).unwrap();
            assert!(uris.only().unwrap().assures_identity(), "{uri}");
        }
        assert!(web("https://app.example/cb").only().unwrap().assures_identity());
    }

    #[test]
    fn a_uri_says_where_it_leads() {
        let table = [
            ("https://app.example:8443/cb?x=1", "https://app.example:8443", &["https:"][..], true),
            ("http://127.0.0.1:8080/?x=1", "http://127.0.0.1:8080", &["http:", "https:"], true),
            ("com.example.app:/cb", "com.example.app:", &["com.example.app:"], false),
            ("com.example.app://cb", "com.example.app:", &["com.example.app:"], false),
        ];
        for (uri, destination, targets, forms) in table {
            let uri = registered(uri, ApplicationType::Native).unwrap().only().unwrap();
            assert_eq!((uri.destination().as_str(), uri.takes_forms()), (destination, forms), "{uri:?}");
            assert_eq!(uri.form_targets(), targets, "{uri:?}");
        }
    }

    #[test]
    fn a_fragment_carries_the_parameters_encoded() {
        let uri = web("https://app.example/cb?x=1").only().unwrap();
        let location = uri.fragment_location(&[("code", "c"), ("state", "a b")]);
        assert_eq!(location, "https://app.example/cb?x=1#code=c&state=a%20b");
    }

    #[test]
    fn origins_are_those_of_web_pages() {
        let uris = ["https://app.example/cb", "http://127.0.0.1/cb", "com.example.app:/cb", "https://b.example:8443"];
        let uris = uris.map(Into::into);
        let uris = RedirectUris::register(&uris, ApplicationType::Native, &issuer("https://auth.example")).unwrap();
        assert_eq!(uris.origins().collect::<Vec<_>>(), ["https://app.example", "https://b.example:8443"]);
    }

    proptest! {
        /// A WHATWG parser and a plain split at the RFC 3986 delimiters agree on every URI that registers.
        #[test]
        fn sec_redir_06_what_registers_has_one_reading(
            host in "[a-zA-Z0-9.*:@%\\\\-]{1,20}",
            path in "(/[a-z0-9.%/\\\\@-]{0,15})?",
        ) {
            let uri = format!("https://{host}{path}");
            if registered(&uri, ApplicationType::Web).is_ok() {
                let parsed = Url::parse(&uri).unwrap();
                let authority = uri["https://".len()..].split('/').next().unwrap().to_owned();
                let port = parsed.port().map_or_else(String::new, |port| format!(":{port}"));
                prop_assert_eq!(format!("{}{port}", parsed.host_str().unwrap()), authority);
                let written = &uri["https://".len() + parsed.host_str().unwrap().len() + port.len()..];
                prop_assert!(parsed.path() == written || (written.is_empty() && parsed.path() == "/"));
            }
        }

        #[test]
        fn sec_authz_06_any_state_comes_back_as_encode_uri_component_writes_it(state in "[^\\x00]{1,200}") {
            let location = web("https://app.example/cb").only().unwrap().location(&[("state", &state)]);
            let raw = location.strip_prefix("https://app.example/cb?state=").unwrap();
            prop_assert_eq!(raw, encode_uri_component(&state));
            prop_assert!(!location.contains(['\r', '\n', ' ']));
        }
    }
}
