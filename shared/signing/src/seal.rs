//! Sealing: what travels with a browser, or lies in the store, and only we can open.
//!
//! AES-256-GCM-SIV (RFC 8452), which stays safe however many interactions are begun under one key, under a key of its own for each purpose, with the purpose's workspace as associated data. What was
//! sealed for one purpose or workspace does not open for another (catalogue rows SEC-SESS-12, SEC-STORE-02).

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use protocol::encoding;
use protocol::id::WorkspaceId;
use protocol::secret::Secret;
use thiserror::Error;

use crate::entropy::{self, Entropy, EntropyFault};

/// The version of the format and of the root key, first in every sealed text.
const VERSION: u8 = 1;

/// What something is sealed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// An interaction that travels with the browser.
    Interaction,
    /// A login with an upstream provider that waits in a cookie.
    Upstream,
    /// A private signing key in the store.
    SigningKey,
    /// Our secret at an upstream provider, in the store.
    UpstreamSecret,
}

/// Seals and opens.
pub struct Sealer {
    interaction: LessSafeKey,
    upstream: LessSafeKey,
    signing_key: LessSafeKey,
    upstream_secret: LessSafeKey,
}

/// Something could not be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("sealing failed")]
pub struct SealFault;

impl From<EntropyFault> for SealFault {
    fn from(_: EntropyFault) -> Self {
        Self
    }
}

impl Sealer {
    /// Derives the keys of all purposes from `root`.
    ///
    /// # Errors
    ///
    /// [`SealFault`] if the provider refuses, which it does not for keys of this size.
    pub fn new(root: &Secret<[u8; 32]>) -> Result<Self, SealFault> {
        let derive = |purpose: &[u8]| -> Result<LessSafeKey, SealFault> {
            let pseudo_random_key = Salt::new(HKDF_SHA256, b"postern sealing 1").extract(root.expose());
            let info = [purpose];
            let key = pseudo_random_key.expand(&info, &AES_256_GCM_SIV).map_err(|_| SealFault)?;
            Ok(LessSafeKey::new(UnboundKey::from(key)))
        };
        Ok(Self {
            interaction: derive(b"interaction")?,
            upstream: derive(b"upstream")?,
            signing_key: derive(b"signing key")?,
            upstream_secret: derive(b"upstream secret")?,
        })
    }

    const fn key(&self, purpose: Purpose) -> &LessSafeKey {
        match purpose {
            Purpose::Interaction => &self.interaction,
            Purpose::Upstream => &self.upstream,
            Purpose::SigningKey => &self.signing_key,
            Purpose::UpstreamSecret => &self.upstream_secret,
        }
    }

    /// Seals `plain`, as text of `A–Z a–z 0–9 - _`.
    ///
    /// # Errors
    ///
    /// [`SealFault`].
    pub fn seal(
        &self,
        purpose: Purpose,
        workspace: &WorkspaceId,
        plain: Vec<u8>,
        entropy: &dyn Entropy,
    ) -> Result<String, SealFault> {
        let nonce = entropy::random::<NONCE_LEN>(entropy)?;
        let mut sealed = plain;
        let associated = Aad::from(workspace.to_string());
        self.key(purpose)
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), associated, &mut sealed)
            .map_err(|_| SealFault)?;
        Ok(encoding::base64url(&[&[VERSION][..], &nonce, &sealed].concat()))
    }

    /// Opens `sealed`; `None` if it was not sealed here for this purpose and workspace, in this very form.
    #[must_use]
    pub fn open(&self, purpose: Purpose, workspace: &WorkspaceId, sealed: &str) -> Option<Secret<Vec<u8>>> {
        let bytes = encoding::base64url_decoded(sealed)?;
        let (version, rest) = bytes.split_first()?;
        if *version != VERSION {
            return None;
        }
        let (nonce, cipher) = rest.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut cipher = cipher.to_vec();
        let plain = self.key(purpose).open_in_place(nonce, Aad::from(workspace.to_string()), &mut cipher).ok()?;
        Some(Secret::new(plain.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::SystemEntropy;

    fn sealer(root: u8) -> Sealer {
        Sealer::new(&Secret::new([root; 32])).unwrap()
    }

    fn workspace(name: &str) -> WorkspaceId {
        WorkspaceId::parse("default", name).unwrap()
    }

    fn sealed() -> String {
        sealer(1).seal(Purpose::Interaction, &workspace("demo"), b"hello".to_vec(), &SystemEntropy).unwrap()
    }

    fn opens(root: u8, purpose: Purpose, name: &str, text: &str) -> bool {
        sealer(root).open(purpose, &workspace(name), text).is_some_and(|plain| plain.expose() == b"hello")
    }

    #[test]
    fn sec_sess_12_what_is_sealed_opens_only_where_it_belongs() {
        let text = sealed();
        assert!(opens(1, Purpose::Interaction, "demo", &text));
        assert!(!opens(2, Purpose::Interaction, "demo", &text));
        assert!(!opens(1, Purpose::Upstream, "demo", &text));
        assert!(!opens(1, Purpose::Interaction, "partner", &text));
    }

    #[test]
    fn sec_sess_12_no_byte_can_be_changed_cut_or_added() {
        let text = sealed();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert!(!opens(1, Purpose::Interaction, "demo", std::str::from_utf8(&bytes).unwrap()), "changed at {at}");
            assert!(!opens(1, Purpose::Interaction, "demo", &text[..at]), "cut at {at}");
        }
        assert!(!opens(1, Purpose::Interaction, "demo", &format!("{text}A")));
        assert!(!opens(1, Purpose::Interaction, "demo", &format!("{text}{text}")));
    }

    proptest! {
        #[test]
        fn opening_anything_never_panics(text in ".*") {
            prop_assert!(!opens(1, Purpose::Interaction, "demo", &text));
        }
    }
}
