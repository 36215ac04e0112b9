//! Identifiers of workspaces, issuers, clients, grants, subjects and regions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::syntax::encoding;
use crate::types::domain::Domain;

/// A malformed identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct MalformedId(&'static str);

/// The id of a workspace, which is one authorization server: a tenant and a name within it.
///
/// Both parts use only `a-z 0-9 -`, so that no id can forge the separator in a store key (design invariant 9).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkspaceId {
    tenant: String,
    name: String,
}

impl WorkspaceId {
    /// Parses the two path segments that name a workspace.
    ///
    /// # Errors
    ///
    /// [`MalformedId`] unless both are 1 to 40 characters of `a-z 0-9 -`, not beginning or ending with `-`.
    pub fn parse(tenant: &str, name: &str) -> Result<Self, MalformedId> {
        if is_label(tenant) && is_label(name) {
            Ok(Self { tenant: tenant.into(), name: name.into() })
        } else {
            Err(MalformedId("a tenant or workspace name is 1 to 40 characters of a-z, 0-9 and -"))
        }
    }

    /// The tenant's name.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The workspace's name within the tenant.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for WorkspaceId {
    type Err = MalformedId;

    /// Parses `tenant/workspace`.
    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let (tenant, name) = text.split_once('/').ok_or(MalformedId("a workspace is named TENANT/WORKSPACE"))?;
        Self::parse(tenant, name)
    }
}

impl fmt::Display for WorkspaceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.tenant, self.name)
    }
}

fn is_label(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// The issuer identifier of a workspace: `{public URL}/{tenant}/{workspace}`, or `https://{domain}` if it has a domain
/// (RFC 8414 §2).
///
/// It comes from configuration, never from a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(String);

/// The hosts that denote this machine, as written in URLs.
pub const LOOPBACK_HOSTS: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// Whether `host`, as written in a URL, denotes this machine.
#[must_use]
pub fn is_loopback_host(host: &str) -> bool {
    LOOPBACK_HOSTS.contains(&host)
}

/// The host of an authority as written in a URL, and its port with the colon; an empty text if it has none.
#[must_use]
pub fn host_and_port(authority: &str) -> (&str, &str) {
    let port = authority.rfind(':').filter(|at| !authority.get(*at..).unwrap_or_default().contains(']'));
    port.and_then(|at| authority.split_at_checked(at)).unwrap_or((authority, ""))
}

impl Issuer {
    /// The issuer of `workspace` below `public_url`, which has no trailing slash.
    #[must_use]
    pub fn new(public_url: &str, workspace: &WorkspaceId) -> Self {
        Self(format!("{public_url}/{workspace}"))
    }

    /// The issuer of the workspace that `domain` belongs to, on the server with `public_url`: with its scheme and port,
    /// and without a path.
    ///
    /// On a laptop the name ends in `.localhost`, which browsers resolve to this machine (RFC 6761 §6.3), so that the same
    /// workspace file serves there and in AWS.
    #[must_use]
    pub fn at(public_url: &str, domain: &Domain) -> Self {
        let (scheme, rest) = public_url.split_once("://").unwrap_or(("https", public_url));
        let authority = rest.split('/').next().unwrap_or_default();
        let (host, port) = host_and_port(authority);
        let suffix = if is_loopback_host(host) { ".localhost" } else { "" };
        Self(format!("{scheme}://{domain}{suffix}{port}"))
    }

    /// The value of `iss`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL of `path` below this issuer; `path` begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Whether this server runs on a laptop: its own URL is plain `http` on a loopback address.
    #[must_use]
    pub fn is_on_laptop(&self) -> bool {
        let host = self.origin().strip_prefix("http://").map(|authority| host_and_port(authority).0);
        host.is_some_and(|host| is_loopback_host(host) || host.ends_with(".localhost"))
    }

    /// The origin that the issuer is served from: scheme, host and port (RFC 6454 §6.2).
    #[must_use]
    pub fn origin(&self) -> &str {
        let authority = self.0.find("://").map_or(0, |at| at + 3);
        let end = self.0.get(authority..).and_then(|rest| rest.find('/')).map_or(self.0.len(), |at| authority + at);
        self.0.get(..end).unwrap_or(&self.0)
    }
}

macro_rules! text_id {
    ($(#[$meta:meta])* $name:ident, $rule:expr, $message:literal) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses the text form.
            ///
            /// # Errors
            ///
            /// [`MalformedId`] if the text is not a valid identifier of this type.
            pub fn parse(text: &str) -> Result<Self, MalformedId> {
                let rule: fn(&str) -> bool = $rule;
                if rule(text) { Ok(Self(text.into())) } else { Err(MalformedId($message)) }
            }

            /// The text form.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = MalformedId;

            fn try_from(text: String) -> Result<Self, MalformedId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// A `client_id` (RFC 6749 §2.2): compared code point by code point, never folded.
    ClientId,
    |text| (1..=512).contains(&text.len()) && text.bytes().all(|byte| (0x21..=0x7e).contains(&byte)),
    "a client_id is 1 to 512 printable ASCII characters without spaces"
);

text_id!(
    /// A subject identifier, the `sub` of a user: at most 255 ASCII characters (OpenID Connect Core §2).
    Subject,
    |text| (1..=255).contains(&text.len()) && text.bytes().all(|byte| (0x21..=0x7e).contains(&byte)),
    "a subject is 1 to 255 printable ASCII characters without spaces"
);

text_id!(
    /// The id of an identity source within a workspace, as in `/callback/{idp}`.
    IdentitySourceId,
    is_label,
    "an identity source's name is 1 to 40 characters of a-z, 0-9 and -"
);

text_id!(
    /// The label of the region in which a stack runs. Codes contain it, so that another region recognizes
    /// them.
    RegionLabel,
    |text| (1..=16).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
    "a region label is 1 to 16 characters of a-z, 0-9 and -"
);

text_id!(
    /// The id of a grant, and of the interaction that led to it: 128 random bits. Not a secret.
    GrantId,
    |text| encoding::base64url_array::<16>(text).is_some(),
    "a grant id is the base64url of 16 bytes"
);

text_id!(
    /// The id of a device request: a keyed digest of its user code. Not a secret without the key.
    DeviceRequestId,
    |text| encoding::base64url_array::<16>(text).is_some(),
    "the id of a device request is the base64url of 16 bytes"
);

impl DeviceRequestId {
    /// The id made of `bytes`.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(encoding::base64url(&bytes))
    }
}

impl GrantId {
    /// The id made of `bytes`, which are random.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(encoding::base64url(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_adm_06_no_workspace_name_can_forge_a_separator() {
        assert!(WorkspaceId::parse("default", "demo-1").is_ok());
        for bad in ["", "a/b", "a#b", "A", "a b", "-a", "a-", "a.b", "\u{e9}", &"a".repeat(41)] {
            assert!(WorkspaceId::parse(bad, "demo").is_err(), "{bad:?}");
            assert!(WorkspaceId::parse("default", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_issuer_knows_its_origin() {
        let workspace = WorkspaceId::parse("default", "demo").unwrap();
        let table = [
            ("http://localhost:9000", "http://localhost:9000"),
            ("https://auth.example/key", "https://auth.example"),
            ("http://a", "http://a"),
        ];
        for (public_url, origin) in table {
            assert_eq!(Issuer::new(public_url, &workspace).origin(), origin);
        }
        assert_eq!(Issuer::new("https://auth.example", &workspace).url("/x"), "https://auth.example/default/demo/x");
        assert_eq!((workspace.tenant(), workspace.name()), ("default", "demo"));
    }

    #[test]
    fn a_workspace_with_a_domain_is_its_own_issuer() {
        let domain = Domain::parse("login.acme.example").unwrap();
        let table = [
            ("https://auth.example", "https://login.acme.example", false),
            ("https://auth.example/key", "https://login.acme.example", false),
            ("https://auth.example:8443", "https://login.acme.example:8443", false),
            ("http://localhost:9000", "http://login.acme.example.localhost:9000", true),
            ("http://[::1]:9000", "http://login.acme.example.localhost:9000", true),
        ];
        for (public_url, expected, is_on_laptop) in table {
            let issuer = Issuer::at(public_url, &domain);
            assert_eq!((issuer.as_str(), issuer.origin()), (expected, expected));
            assert_eq!(issuer.is_on_laptop(), is_on_laptop, "{public_url}");
            assert_eq!(issuer.url("/oauth2/token"), format!("{expected}/oauth2/token"));
        }
    }

    #[test]
    fn each_type_of_identifier_has_its_alphabet_and_length() {
        let kinds = |text: &str| {
            [
                ("client_id", 512, ClientId::parse(text).is_ok()),
                ("subject", 255, Subject::parse(text).is_ok()),
                ("identity source", 40, IdentitySourceId::parse(text).is_ok()),
                ("region", 16, RegionLabel::parse(text).is_ok()),
            ]
        };
        for length in [1, 16, 17, 40, 41, 255, 256, 512, 513] {
            for (kind, longest, accepted) in kinds(&"a".repeat(length)) {
                assert_eq!(accepted, length <= longest, "{kind} of {length} characters");
            }
        }
        assert!(kinds("a-1").iter().all(|(.., accepted)| *accepted));
        for bad in ["", " ", "a b", "\u{e9}", "a\n"] {
            assert!(kinds(bad).iter().all(|(.., accepted)| !accepted), "{bad:?}");
        }
        for text in ["!~", "A", "a.b"] {
            assert!(ClientId::parse(text).is_ok() && Subject::parse(text).is_ok(), "{text}");
            assert!(IdentitySourceId::parse(text).is_err() && RegionLabel::parse(text).is_err(), "{text}");
        }
        for text in ["-a", "a-"] {
            assert!(IdentitySourceId::parse(text).is_err() && RegionLabel::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_grant_id_is_16_bytes_with_a_single_spelling() {
        let id = GrantId::from_bytes([7; 16]);
        assert_eq!(GrantId::parse(id.as_str()), Ok(id.clone()));
        for bad in [String::new(), format!("{id}="), format!("{id}A"), encoding::base64url(&[7; 15])] {
            assert!(GrantId::parse(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_identifier_is_stored_and_displayed_as_text() {
        let id: ClientId = serde_json::from_str("\"app\"").unwrap();
        assert_eq!((id.to_string(), serde_json::to_string(&id).unwrap()), ("app".into(), "\"app\"".into()));
        assert!(serde_json::from_str::<ClientId>("\"a b\"").is_err());
        assert_eq!(MalformedId("why").to_string(), "why");
    }
}
