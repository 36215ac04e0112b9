//! The forms of strings in a workspace file.

use protocol::clients::page_link::PageLink;
use protocol::jose::certificate::Certificate;
use protocol::types::color::Color;
use protocol::types::domain::Domain;
use protocol::types::email::EmailDomains;
use protocol::types::id::{ClientId, WorkspaceId};
use protocol::types::image::{MAX_CLIENT_LOGO_BYTES, MAX_FAVICON_BYTES, MAX_LOGO_BYTES};
use protocol::types::scope::Scopes;
use protocol::users::mail::MailAddress;
use protocol::workspace::claim_rule::ClaimSource;
use serde::Deserialize as _;
use serde::de::value::{Error as ValueError, SeqDeserializer};

use crate::images::image;

/// The form of a string.
pub struct Form {
    /// The form as a regular expression, where it has one.
    pub pattern: Option<&'static str>,
    /// What is wrong with a string, if anything.
    pub fault: fn(&str) -> Option<String>,
}

/// Any non-empty string.
pub(super) const TEXT: Form = Form { pattern: Some("."), fault: empty };

/// Any string at all.
pub(super) const ANY_TEXT: Form = Form { pattern: None, fault: |_| None };

/// An e-mail address.
pub(super) const MAIL_ADDRESS: Form = Form { pattern: Some("@"), fault: no_address };

/// A name in the path of the issuer.
pub(super) const LABEL: Form = Form {
    pattern: Some("^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"),
    fault: |text| {
        WorkspaceId::parse(text, text).err().map(|_| "1 to 40 of a-z, 0-9 and -, without - at its ends".into())
    },
};

/// A `client_id`.
pub(super) const CLIENT_ID: Form =
    Form { pattern: Some("^[!-~]{1,512}$"), fault: |text| ClientId::parse(text).err().map(|error| error.to_string()) };

/// One scope.
pub(super) const SCOPE: Form = Form { pattern: Some("^[!#-\\[\\]-~]{1,2048}$"), fault: no_single_scope };

/// Scopes with single spaces between them, or none.
pub(super) const SCOPES: Form = Form {
    pattern: Some("^([!#-\\[\\]-~]+( [!#-\\[\\]-~]+)*)?$"),
    fault: |text| Scopes::try_from(text.to_owned()).err().map(|error| error.to_string()),
};

/// A URI that is compared with those in requests.
pub(super) const URI: Form = Form { pattern: Some("^.{1,2048}$"), fault: no_uri };

/// The name of an attribute of users.
pub(super) const ATTRIBUTE: Form = Form {
    pattern: Some("^[a-z][a-z0-9_]{0,39}$"),
    fault: |text| {
        let words = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let fits = words && text.starts_with(|first: char| first.is_ascii_lowercase()) && text.len() <= 40;
        (!fits).then(|| "1 to 40 of a-z, 0-9 and _, beginning with a letter".into())
    },
};

/// The name of a claim.
pub(super) const CLAIM: Form = Form {
    pattern: Some("^[A-Za-z0-9._:/-]{1,128}$"),
    fault: |text| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte);
        let is_name = (1..=128).contains(&text.len()) && text.bytes().all(fits);
        (!is_name).then(|| "1 to 128 of A-Z, a-z, 0-9 and . _ : / -".into())
    },
};

/// Where a claim comes from.
pub(super) const CLAIM_SOURCE: Form = Form {
    pattern: Some(
        "^(user\\.[^.]+(\\.[^.]+)?|client\\.(metadata\\..+|client_name|organization_name)|source\\.(id|issuer)|grant\\.(scope|issued))$",
    ),
    fault: |text| ClaimSource::try_from(text.to_owned()).err().map(|error| error.to_string()),
};

/// A domain of e-mail addresses, or `*`.
pub(super) const DOMAIN: Form = Form { pattern: Some("^(\\*|[a-z0-9-]+(\\.[a-z0-9-]+)+)$"), fault: no_domain };

/// The host name of a workspace.
pub(super) const OWN_DOMAIN: Form = Form {
    pattern: Some("^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\\.[a-z]([a-z0-9-]*[a-z0-9])?$"),
    fault: |text| Domain::parse(text).err().map(|error| error.to_string()),
};

/// A host, perhaps with its port.
pub(super) const HOST: Form = Form {
    pattern: Some("^[a-z0-9.-]+(:[0-9]{1,5})?$"),
    fault: |text| {
        let (host, port) = text.split_once(':').unwrap_or((text, "1"));
        let is_host =
            !host.is_empty() && host.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'));
        let is_port = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
        (!is_host || !is_port).then(|| "write the host alone, in lower case, without https:// and slashes".into())
    },
};

/// One segment of a path.
pub(super) const SEGMENT: Form = Form {
    pattern: Some("^[A-Za-z0-9._~-]{1,128}$"),
    fault: |text| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
        let is_segment = (1..=128).contains(&text.len()) && text.bytes().all(fits);
        (!is_segment).then(|| "it is 1 to 128 of A-Z, a-z, 0-9 and . _ ~ -".into())
    },
};

/// The base64url of a SHA-256.
pub(super) const DIGEST: Form = Form {
    pattern: Some("^[A-Za-z0-9_-]{43}$"),
    fault: |text| {
        let digest = protocol::syntax::encoding::base64url_array::<32>(text);
        digest.is_none().then(|| "the base64url of a digest of 32 bytes".into())
    },
};

/// A certificate in PEM.
pub(super) const CERTIFICATE: Form = Form {
    pattern: Some("-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\\s]+-----END CERTIFICATE-----"),
    fault: |text| Certificate::parse(text).err().map(|error| error.to_string()),
};

/// A colour.
pub(super) const COLOR: Form = Form {
    pattern: Some("^#[0-9A-Fa-f]{6}$"),
    fault: |text| Color::parse(text).is_none().then(|| "a colour is # and six hexadecimal digits".into()),
};

/// An image, inline.
const IMAGE: &str = "^\\s*(<|data:image/(svg\\+xml|png);base64,)";

/// The logo of a workspace.
pub(super) const LOGO: Form = Form { pattern: Some(IMAGE), fault: |text| image(text, MAX_LOGO_BYTES).err() };

/// The logo of a client.
pub(super) const CLIENT_LOGO: Form =
    Form { pattern: Some(IMAGE), fault: |text| image(text, MAX_CLIENT_LOGO_BYTES).err() };

/// The icon in the browser's tab.
pub(super) const FAVICON: Form = Form { pattern: Some(IMAGE), fault: |text| image(text, MAX_FAVICON_BYTES).err() };

/// A link that users follow.
pub(super) const LINK: Form = Form {
    pattern: Some("^(https?://|mailto:)[!-~]+$"),
    fault: |text| PageLink::parse(text).err().map(|error| error.to_string()),
};

fn empty(text: &str) -> Option<String> {
    text.is_empty().then(|| "it must not be empty".into())
}

fn no_single_scope(text: &str) -> Option<String> {
    let one = Scopes::parse(text).is_ok_and(|scopes| scopes.iter().count() == 1);
    (!one).then(|| "a scope is one word of printable ASCII without quotation marks and backslashes".into())
}

fn no_uri(text: &str) -> Option<String> {
    match text.len() {
        0 => Some("it must not be empty".into()),
        1..=2048 => None,
        length => Some(format!("it has {length} characters, and 2048 is the most")),
    }
}

fn no_address(text: &str) -> Option<String> {
    MailAddress::parse(text).err().map(|error| error.to_string())
}

fn no_domain(text: &str) -> Option<String> {
    let list = SeqDeserializer::<_, ValueError>::new([text].into_iter());
    EmailDomains::deserialize(list).err().map(|error| error.to_string())
}
