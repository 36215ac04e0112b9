//! Why redirect URIs and logout URIs cannot be registered.

use thiserror::Error;

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

impl UnusableUri {
    /// The same error for a URI at `position` of a longer list.
    pub(crate) fn at(self, position: usize) -> Self {
        match self {
            Self::Unusable { uri, fault, .. } => Self::Unusable { position, uri, fault },
            Self::None | Self::TooMany => self,
        }
    }
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
    /// A percent sign that escapes nothing (RFC 3986 §2.1).
    #[error("write each percent sign as %25, or follow it by two hexadecimal digits (RFC 3986 section 2.1)")]
    Escape,
    /// Brackets elsewhere than around an IPv6 address (RFC 3986 §3.2.2 to §3.4).
    #[error("write brackets outside the host as %5B and %5D (RFC 3986 section 3.4)")]
    Brackets,
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
    /// A host with characters that no name has, such as a wildcard.
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
    /// Plain `http` for a web application.
    #[error(
        "http is for native applications on a loopback address, and for web applications only if this server itself has an \
         http URL on a loopback address; use https"
    )]
    HttpOfWeb,
    /// Plain `http` to a host other than a loopback address.
    #[error("http is for the loopback addresses 127.0.0.1 and [::1]; use https")]
    HttpElsewhere,
    /// A scheme that is malformed or not in lower case.
    #[error("write the scheme in lower case")]
    Scheme,
    /// A scheme that is not a reverse domain name (RFC 8252 §7.1).
    #[error(
        "use https, or for native applications a scheme in reverse domain order, such as com.example.app; another one \
         must be listed in private_use_schemes"
    )]
    NotReverseDomain,
    /// A private-use scheme of a web application.
    #[error("a private-use scheme is for native applications; use https")]
    PrivateUseOfWeb,
    /// A private-use scheme without a path.
    #[error("write a private-use URI as scheme:/path")]
    PrivateUsePath,
}
