//! Mail to users: what is queued until it is sent.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::types::id::WorkspaceId;
use crate::types::language::Language;
use crate::types::secret::Secret;
use crate::types::time::Timestamp;
use crate::users::identifier::{Identifier, IdentifierKind, MalformedIdentifier};

/// An e-mail address in its only spelling: ASCII, without quotation marks, spaces, line breaks or anything else that means
/// something in a header (catalogue row SEC-XSS-03).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailAddress(Identifier);

impl MailAddress {
    /// Parses an address.
    ///
    /// # Errors
    ///
    /// [`MalformedIdentifier`].
    pub fn parse(text: &str) -> Result<Self, MalformedIdentifier> {
        Identifier::parse(IdentifierKind::Email, text).map(Self)
    }

    /// The address that `identifier` is, if it is one.
    #[must_use]
    pub fn of(identifier: &Identifier) -> Option<Self> {
        (identifier.kind() == IdentifierKind::Email).then(|| Self(identifier.clone()))
    }

    /// Its spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl TryFrom<String> for MailAddress {
    type Error = MalformedIdentifier;

    fn try_from(text: String) -> Result<Self, MalformedIdentifier> {
        Self::parse(&text)
    }
}

impl From<MailAddress> for String {
    fn from(address: MailAddress) -> Self {
        address.as_str().into()
    }
}

/// A message to a user, before it is put into words.
///
/// It has secrets in it, so it is encoded only to be sealed.
pub struct Mail {
    /// The recipient. Without one nothing is sent: it stands for a user who is not there, so that a request costs the same
    /// whether there is one or not (catalogue row SEC-PWD-04).
    pub to: Option<MailAddress>,
    /// The language.
    pub language: Language,
    /// When it is no longer worth sending.
    pub until: Timestamp,
    /// What it is about.
    pub content: MailContent,
}

/// What a message is about.
pub enum MailContent {
    /// Somebody wants to set a new password.
    Recovery(MailProof),
    /// The password was changed.
    PasswordChanged,
}

/// What proves that a mailbox is somebody's.
pub struct MailProof {
    /// The code, for the page where it was asked for.
    pub code: Secret<String>,
    /// What the link carries; its URL follows from the workspace when the message is sent.
    pub link: Secret<String>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<MailAddress>,
    language: Language,
    until: Timestamp,
    #[serde(flatten)]
    content: WrittenContent,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
enum WrittenContent {
    Recovery { code: String, link: String },
    PasswordChanged,
}

impl Mail {
    /// Encodes the message, to be sealed.
    #[must_use]
    pub fn encoded(&self) -> Secret<Vec<u8>> {
        let content = match &self.content {
            MailContent::Recovery(MailProof { code, link }) => {
                WrittenContent::Recovery { code: code.expose().clone(), link: link.expose().clone() }
            }
            MailContent::PasswordChanged => WrittenContent::PasswordChanged,
        };
        let written = Written { to: self.to.clone(), language: self.language, until: self.until, content };
        // Texts and numbers always have a JSON form.
        Secret::new(serde_json::to_vec(&written).unwrap_or_default())
    }

    /// Parses the form that [`Mail::encoded`] writes.
    #[must_use]
    pub fn parse(encoded: &[u8]) -> Option<Self> {
        let Written { to, language, until, content } = serde_json::from_slice(encoded).ok()?;
        let content = match content {
            WrittenContent::Recovery { code, link } => {
                MailContent::Recovery(MailProof { code: Secret::new(code), link: Secret::new(link) })
            }
            WrittenContent::PasswordChanged => MailContent::PasswordChanged,
        };
        Some(Self { to, language, until, content })
    }
}

/// What is in the queue: a sealed [`Mail`], and the workspace for which it was sealed. Whoever reads the queue learns neither
/// addresses nor codes (design invariant 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedMail {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The sealed message.
    pub sealed: String,
}

#[derive(Serialize, Deserialize)]
struct WrittenSealed {
    tenant: String,
    workspace: String,
    sealed: String,
}

impl SealedMail {
    /// Encodes it for the queue.
    #[must_use]
    pub fn encoded(&self) -> String {
        let (tenant, workspace) = (self.workspace.tenant().into(), self.workspace.name().into());
        let written = WrittenSealed { tenant, workspace, sealed: self.sealed.clone() };
        serde_json::to_string(&written).unwrap_or_default()
    }

    /// Parses the form that [`SealedMail::encoded`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let WrittenSealed { tenant, workspace, sealed } = serde_json::from_str(text).ok()?;
        Some(Self { workspace: WorkspaceId::parse(&tenant, &workspace).ok()?, sealed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::NOW;

    #[test]
    fn a_message_round_trips() {
        let proof = MailProof { code: Secret::new("12345678".into()), link: Secret::new("sealed".into()) };
        let to = MailAddress::parse("Alice@Example.com").ok();
        let mail = Mail { to, language: Language::German, until: NOW, content: MailContent::Recovery(proof) };
        let read = Mail::parse(mail.encoded().expose()).unwrap();
        assert_eq!(read.to.as_ref().map(MailAddress::as_str), Some("alice@example.com"));
        assert_eq!((read.language, read.until), (Language::German, NOW));
        let MailContent::Recovery(proof) = read.content else { panic!("another content") };
        assert_eq!((proof.code.expose().as_str(), proof.link.expose().as_str()), ("12345678", "sealed"));
        let nobody = Mail { to: None, content: MailContent::PasswordChanged, ..mail };
        let read = Mail::parse(nobody.encoded().expose()).unwrap();
        assert!(read.to.is_none() && matches!(read.content, MailContent::PasswordChanged));
        assert!(Mail::parse(b"{}").is_none());
    }

    #[test]
    fn a_sealed_message_names_its_workspace() {
        let sealed = SealedMail { workspace: WorkspaceId::parse("default", "demo").unwrap(), sealed: "AQ".into() };
        assert_eq!(SealedMail::parse(&sealed.encoded()), Some(sealed));
        assert_eq!(SealedMail::parse("{\"of\": \"later\"}"), None);
        assert_eq!(SealedMail::parse("{\"tenant\": \"..\", \"workspace\": \"x\", \"sealed\": \"\"}"), None);
    }

    #[test]
    fn sec_xss_03_an_address_with_a_line_break_or_a_second_address_is_refused() {
        for bad in [
            "a@b.example\r\nBcc: eve@evil.example",
            "a@b.example, eve@evil.example",
            "\"a b\"@b.example",
            "a b@b.example",
            "<a@b.example>",
            "",
        ] {
            assert!(MailAddress::parse(bad).is_err(), "{bad:?}");
            assert!(serde_json::from_value::<MailAddress>(bad.into()).is_err(), "{bad:?}");
        }
    }
}
