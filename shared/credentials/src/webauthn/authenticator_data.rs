//! What an authenticator says and signs (WebAuthn Level 3 §6.1).

use super::cbor;
use super::credential::CredentialId;
use super::refusal::WebauthnRefusal;

/// Authenticator data.
pub(super) struct AuthenticatorData<'a> {
    pub(super) rp_id_hash: &'a [u8],
    pub(super) flags: Flags,
    pub(super) sign_count: u32,
    pub(super) attested: Option<AttestedCredential<'a>>,
}

/// The credential that a registration makes known.
pub(super) struct AttestedCredential<'a> {
    pub(super) aaguid: [u8; 16],
    pub(super) id: CredentialId,
    /// A COSE key.
    pub(super) public_key: &'a [u8],
}

/// The flags of authenticator data.
#[derive(Clone, Copy)]
pub(super) struct Flags(u8);

const HASH_BYTES: usize = 32;

impl Flags {
    pub(super) const fn user_present(self) -> bool {
        self.0 & 0x01 != 0
    }

    pub(super) const fn user_verified(self) -> bool {
        self.0 & 0x04 != 0
    }

    pub(super) const fn backup_eligible(self) -> bool {
        self.0 & 0x08 != 0
    }

    pub(super) const fn backed_up(self) -> bool {
        self.0 & 0x10 != 0
    }

    const fn has_credential(self) -> bool {
        self.0 & 0x40 != 0
    }

    const fn has_extensions(self) -> bool {
        self.0 & 0x80 != 0
    }
}

impl<'a> AuthenticatorData<'a> {
    /// Reads `bytes`, in which nothing may follow what the flags announce.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, WebauthnRefusal> {
        Self::read(bytes).ok_or(WebauthnRefusal::Malformed("authenticator data"))
    }

    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (rp_id_hash, rest) = bytes.split_at_checked(HASH_BYTES)?;
        let (flags, rest) = rest.split_first()?;
        let (sign_count, mut rest) = rest.split_first_chunk()?;
        let flags = Flags(*flags);
        let mut attested = None;
        if flags.has_credential() {
            let (credential, after) = AttestedCredential::read(rest)?;
            attested = Some(credential);
            rest = after;
        }
        if flags.has_extensions() {
            let (extensions, after) = cbor::read(rest)?;
            extensions.members()?;
            rest = after;
        }
        let sign_count = u32::from_be_bytes(*sign_count);
        rest.is_empty().then_some(Self { rp_id_hash, flags, sign_count, attested })
    }
}

impl<'a> AttestedCredential<'a> {
    /// Reads a credential, and returns it with what follows.
    fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (aaguid, rest) = bytes.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (id, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        let (_, after) = cbor::read(rest)?;
        let (public_key, _) = rest.split_at_checked(rest.len() - after.len())?;
        Some((Self { aaguid: *aaguid, id: CredentialId::new(id.into())?, public_key }, after))
    }
}
