//! Sealing: authenticated encryption of values that browsers carry or the store contains, readable by the server only.
//!
//! AES-256-GCM-SIV (RFC 8452), with which random nonces stay safe however many messages are sealed under one key. Each
//! purpose has its own keys, and the workspace is associated data: a value sealed for one purpose or workspace does not
//! open for another (catalogue rows SEC-SESS-12, SEC-STORE-02). A sealed text starts with the version of its key.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use protocol::syntax::encoding;
use protocol::types::id::WorkspaceId;
use protocol::types::secret::Secret;
use thiserror::Error;

use crate::entropy::{self, Entropy, EntropyFault};

/// The purpose of sealing or derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// An interaction, which the browser carries.
    Interaction,
    /// A pending login at an upstream provider, in a cookie.
    Upstream,
    /// A private signing key in the store.
    SigningKey,
    /// A client secret of this server at an upstream provider, in the store.
    UpstreamSecret,
    /// The secret of a client that authenticates with a MAC, in the store.
    ClientSecret,
    /// A pending logout, in the form of the confirmation page.
    Logout,
    /// Refresh tokens, which are derived and stored nowhere.
    RefreshToken,
    /// The pairwise subjects of users for the clients of one sector. Their key never changes: with another one, these
    /// clients would no longer recognize any user.
    PairwiseSubject,
    /// User codes, which identify stored device requests. They are too short to be stored in plaintext or as a plain
    /// digest.
    UserCode,
    /// The users who logged in with a password in a browser before, in its cookie.
    KnownBrowser,
    /// Mail in the queue, and the links in it.
    Mail,
    /// The digests of codes and links in mail.
    MailProof,
}

impl Purpose {
    /// The purposes that have data keys in AWS. Private signing keys are encrypted by KMS directly.
    pub const OF_DATA_KEYS: [Self; 11] = [
        Self::Interaction,
        Self::Upstream,
        Self::UpstreamSecret,
        Self::ClientSecret,
        Self::Logout,
        Self::RefreshToken,
        Self::PairwiseSubject,
        Self::UserCode,
        Self::KnownBrowser,
        Self::Mail,
        Self::MailProof,
    ];

    /// Its name in KMS and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interaction => "interaction",
            Self::Upstream => "upstream",
            Self::SigningKey => "signing-key",
            Self::UpstreamSecret => "upstream-secret",
            Self::ClientSecret => "client-secret",
            Self::Logout => "logout",
            Self::RefreshToken => "refresh-token",
            Self::PairwiseSubject => "pairwise-subject",
            Self::UserCode => "user-code",
            Self::KnownBrowser => "known-browser",
            Self::Mail => "mail",
            Self::MailProof => "mail-proof",
        }
    }

    /// Whether its data key may be rotated. That of pairwise subjects may not, because they must never change.
    #[must_use]
    pub const fn changes(self) -> bool {
        !matches!(self, Self::PairwiseSubject)
    }

    /// Its name in the derivation of local keys. The spelling of the first release is kept, so that existing state
    /// still opens.
    pub(crate) const fn derivation(self) -> &'static [u8] {
        match self {
            Self::Interaction => b"interaction",
            Self::Upstream => b"upstream",
            Self::SigningKey => b"signing key",
            Self::UpstreamSecret => b"upstream secret",
            Self::ClientSecret => b"client secret",
            Self::Logout => b"logout",
            Self::RefreshToken => b"refresh token",
            Self::PairwiseSubject => b"pairwise subject",
            Self::UserCode => b"user code",
            Self::KnownBrowser => b"known browser",
            Self::Mail => b"mail",
            Self::MailProof => b"mail proof",
        }
    }
}

/// The salt for deriving keys from a laptop's root.
pub(crate) const ROOT_SALT: &[u8] = b"postern sealing 1";

/// A value built from the versions of the data key for one purpose.
pub trait PurposeKeys: Sized {
    /// Builds it from `keys`: it uses the version `current`, and still accepts the others.
    ///
    /// # Errors
    ///
    /// [`SealFault`] if the current version is missing, or a key is not 32 bytes long.
    fn from_versions(current: u8, keys: &[(u8, Secret<Vec<u8>>)]) -> Result<Self, SealFault>;

    /// Builds it from the key for `purpose` that is derived from `root`, as on a laptop, which has no KMS.
    ///
    /// # Errors
    ///
    /// [`SealFault`] if the provider fails, which it does not for keys of this size.
    fn from_root(root: &Secret<[u8; 32]>, purpose: Purpose) -> Result<Self, SealFault>;
}

/// Seals and opens for one purpose.
pub struct Sealer {
    current: u8,
    keys: Vec<(u8, LessSafeKey)>,
}

/// Sealing failed, or the keys are unusable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("sealing failed")]
pub struct SealFault;

impl From<EntropyFault> for SealFault {
    fn from(_: EntropyFault) -> Self {
        Self
    }
}

impl Sealer {
    /// A sealer that seals with the version `current` and opens with any of `keys`.
    ///
    /// # Errors
    ///
    /// [`SealFault`] if the current version is missing, or a key is not 32 bytes long.
    pub fn new(current: u8, keys: &[(u8, Secret<Vec<u8>>)]) -> Result<Self, SealFault> {
        let bind = |(version, key): &(u8, Secret<Vec<u8>>)| {
            let key = UnboundKey::new(&AES_256_GCM_SIV, key.expose()).map_err(|_| SealFault)?;
            Ok((*version, LessSafeKey::new(key)))
        };
        let keys = keys.iter().map(bind).collect::<Result<Vec<_>, SealFault>>()?;
        if keys.iter().any(|(version, _)| *version == current) { Ok(Self { current, keys }) } else { Err(SealFault) }
    }

    /// A sealer with the key for `purpose` that is derived from `root`, as on a laptop, which has no KMS.
    ///
    /// # Errors
    ///
    /// [`SealFault`] if the provider fails, which it does not for keys of this size.
    pub fn derived(root: &Secret<[u8; 32]>, purpose: Purpose) -> Result<Self, SealFault> {
        Self::expanded(root, purpose.derivation())
    }

    /// A sealer with a key derived from `reference`: only a holder of the reference can open the values.
    ///
    /// # Errors
    ///
    /// [`SealFault`] if the provider fails, which it does not for keys of this size.
    pub fn of_reference(reference: &Secret<[u8; 32]>) -> Result<Self, SealFault> {
        Self::expanded(reference, b"reference")
    }

    fn expanded(root: &Secret<[u8; 32]>, info: &[u8]) -> Result<Self, SealFault> {
        let pseudo_random_key = Salt::new(HKDF_SHA256, ROOT_SALT).extract(root.expose());
        let info = [info];
        let key = pseudo_random_key.expand(&info, &AES_256_GCM_SIV).map_err(|_| SealFault)?;
        Ok(Self { current: 1, keys: vec![(1, LessSafeKey::new(UnboundKey::from(key)))] })
    }

    fn key(&self, wanted: u8) -> Option<&LessSafeKey> {
        self.keys.iter().find(|(version, _)| *version == wanted).map(|(_, key)| key)
    }

    /// Seals `plain` as base64url text.
    ///
    /// # Errors
    ///
    /// [`SealFault`].
    pub fn seal(&self, workspace: &WorkspaceId, plain: Vec<u8>, entropy: &dyn Entropy) -> Result<String, SealFault> {
        let nonce = entropy::random::<NONCE_LEN>(entropy)?;
        let mut sealed = plain;
        let associated = Aad::from(workspace.to_string());
        self.key(self.current)
            .ok_or(SealFault)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), associated, &mut sealed)
            .map_err(|_| SealFault)?;
        Ok(encoding::base64url(&[&[self.current][..], &nonce, &sealed].concat()))
    }

    /// Opens `sealed`; `None` if it was not sealed for this purpose and workspace, or was altered.
    #[must_use]
    pub fn open(&self, workspace: &WorkspaceId, sealed: &str) -> Option<Secret<Vec<u8>>> {
        let bytes = encoding::base64url_decoded(sealed)?;
        let (version, rest) = bytes.split_first()?;
        let (nonce, cipher) = rest.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut cipher = cipher.to_vec();
        let plain = self.key(*version)?.open_in_place(nonce, Aad::from(workspace.to_string()), &mut cipher).ok()?;
        Some(Secret::new(plain.to_vec()))
    }
}

impl PurposeKeys for Sealer {
    fn from_versions(current: u8, keys: &[(u8, Secret<Vec<u8>>)]) -> Result<Self, SealFault> {
        Self::new(current, keys)
    }

    fn from_root(root: &Secret<[u8; 32]>, purpose: Purpose) -> Result<Self, SealFault> {
        Self::derived(root, purpose)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::SystemEntropy;
    use crate::fixtures::{Broken, Fixed};

    fn sealer(root: u8, purpose: Purpose) -> Sealer {
        Sealer::derived(&Secret::new([root; 32]), purpose).unwrap()
    }

    fn workspace(name: &str) -> WorkspaceId {
        WorkspaceId::parse("default", name).unwrap()
    }

    fn sealed() -> String {
        sealer(1, Purpose::Interaction).seal(&workspace("demo"), b"hello".to_vec(), &SystemEntropy).unwrap()
    }

    fn opens(root: u8, purpose: Purpose, name: &str, text: &str) -> bool {
        sealer(root, purpose).open(&workspace(name), text).is_some_and(|plain| plain.expose() == b"hello")
    }

    #[test]
    fn sec_sess_12_and_sec_store_02_a_sealed_value_opens_only_for_its_purpose_and_workspace() {
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

    #[test]
    fn the_current_version_seals_and_older_ones_still_open() {
        let key = |byte| Secret::new(vec![byte; 32]);
        let (old, new) =
            (Sealer::new(1, &[(1, key(1))]).unwrap(), Sealer::new(2, &[(1, key(1)), (2, key(2))]).unwrap());
        let demo = workspace("demo");
        let (first, second) = (
            old.seal(&demo, b"hello".to_vec(), &SystemEntropy).unwrap(),
            new.seal(&demo, b"hello".to_vec(), &SystemEntropy).unwrap(),
        );
        assert!(new.open(&demo, &first).is_some() && new.open(&demo, &second).is_some());
        assert!(old.open(&demo, &second).is_none(), "its version is not known yet");
        assert!(Sealer::new(3, &[(1, key(1))]).is_err(), "the current version must exist");
        assert!(Sealer::new(1, &[(1, Secret::new(vec![1; 16]))]).is_err(), "a short key");
    }

    #[test]
    fn each_purpose_has_distinct_names() {
        let all = [
            (Purpose::Interaction, "interaction", "interaction"),
            (Purpose::Upstream, "upstream", "upstream"),
            (Purpose::SigningKey, "signing-key", "signing key"),
            (Purpose::UpstreamSecret, "upstream-secret", "upstream secret"),
            (Purpose::ClientSecret, "client-secret", "client secret"),
            (Purpose::Logout, "logout", "logout"),
            (Purpose::RefreshToken, "refresh-token", "refresh token"),
            (Purpose::PairwiseSubject, "pairwise-subject", "pairwise subject"),
            (Purpose::UserCode, "user-code", "user code"),
            (Purpose::KnownBrowser, "known-browser", "known browser"),
        ];
        for (purpose, name, derivation) in all {
            assert_eq!((purpose.name(), purpose.derivation()), (name, derivation.as_bytes()));
            assert_eq!(purpose.changes(), purpose != Purpose::PairwiseSubject, "{name}");
            assert_eq!(Purpose::OF_DATA_KEYS.contains(&purpose), purpose != Purpose::SigningKey, "{name}");
        }
    }

    /// Computed with another implementation. Later versions must open what was sealed before.
    #[test]
    fn sealed_text_is_version_nonce_and_ciphertext() {
        let demo = workspace("demo");
        let sealed = sealer(1, Purpose::Interaction).seal(&demo, b"hello".to_vec(), &Fixed(5)).unwrap();
        assert_eq!(sealed, "AQUFBQUFBQUFBQUFBWtGnN7pstdgoIBwoYQnKhnwfW1Zkw");
        assert!(sealer(1, Purpose::Interaction).seal(&demo, b"hello".to_vec(), &Broken).is_err());
    }

    #[test]
    fn a_sealer_is_built_from_versions_and_from_a_root() {
        let demo = workspace("demo");
        let keys = [(1, Secret::new(vec![1; 32])), (2, Secret::new(vec![2; 32]))];
        let (from_versions, new) = (Sealer::from_versions(1, &keys).unwrap(), Sealer::new(1, &keys).unwrap());
        let sealed = from_versions.seal(&demo, b"hello".to_vec(), &Fixed(5)).unwrap();
        assert_eq!(Some(sealed.as_str()), new.seal(&demo, b"hello".to_vec(), &Fixed(5)).ok().as_deref());
        assert!(Sealer::new(2, &keys).unwrap().open(&demo, &sealed).is_some(), "each version opens what it sealed");
        let from_root = Sealer::from_root(&Secret::new([1; 32]), Purpose::Interaction).unwrap();
        assert!(
            from_root.open(&demo, &sealer(1, Purpose::Interaction).seal(&demo, vec![], &Fixed(5)).unwrap()).is_some()
        );
        assert_eq!(SealFault::from(EntropyFault), SealFault);
    }

    proptest! {
        #[test]
        fn opening_never_panics(text in ".*") {
            prop_assert!(!opens(1, Purpose::Interaction, "demo", &text));
        }
    }
}
