//! Derives secrets, which can be computed again and are stored nowhere.
//!
//! HMAC-SHA256 (RFC 2104) under the data key of one purpose, over length-prefixed parts. Reading the whole store reveals
//! nothing, because it does not contain the key in plaintext (design invariant 5).

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use protocol::types::id::WorkspaceId;
use protocol::types::secret::Secret;

use crate::seal::{Purpose, PurposeKeys, ROOT_SALT, SealFault};

/// Derives secrets for one purpose.
pub struct Deriver {
    current: u8,
    keys: Vec<(u8, hmac::Key)>,
}

/// The version that [`Deriver::lasting`] uses.
const FIRST_VERSION: u8 = 1;

impl Deriver {
    /// The secret for `parts` in `workspace` that never changes: it is derived with the first version of the key,
    /// whichever is current. `None` if that version was removed.
    #[must_use]
    pub fn lasting(&self, workspace: &WorkspaceId, parts: &[&str]) -> Option<Secret<[u8; 32]>> {
        self.secret(FIRST_VERSION, workspace, parts)
    }

    /// The version with which new secrets are derived.
    #[must_use]
    pub const fn current(&self) -> u8 {
        self.current
    }

    /// All versions that are still available.
    pub fn versions(&self) -> impl Iterator<Item = u8> {
        self.keys.iter().map(|(version, _)| *version)
    }

    /// The secret for `parts` in `workspace`, derived with this version; `None` if that version was removed.
    #[must_use]
    pub fn secret(&self, version: u8, workspace: &WorkspaceId, parts: &[&str]) -> Option<Secret<[u8; 32]>> {
        let (_, key) = self.keys.iter().find(|(known, _)| *known == version)?;
        let mut context = hmac::Context::with_key(key);
        let workspace = workspace.to_string();
        for part in [workspace.as_str()].iter().chain(parts) {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part.as_bytes());
        }
        <[u8; 32]>::try_from(context.sign().as_ref()).ok().map(Secret::new)
    }
}

impl PurposeKeys for Deriver {
    fn from_versions(current: u8, keys: &[(u8, Secret<Vec<u8>>)]) -> Result<Self, SealFault> {
        if keys.iter().any(|(_, key)| key.expose().len() != 32) || keys.iter().all(|(version, _)| *version != current) {
            return Err(SealFault);
        }
        let keys = keys.iter().map(|(version, key)| (*version, hmac::Key::new(HMAC_SHA256, key.expose()))).collect();
        Ok(Self { current, keys })
    }

    fn from_root(root: &Secret<[u8; 32]>, purpose: Purpose) -> Result<Self, SealFault> {
        let pseudo_random_key = Salt::new(HKDF_SHA256, ROOT_SALT).extract(root.expose());
        let info = [purpose.derivation()];
        let key = pseudo_random_key.expand(&info, HMAC_SHA256).map_err(|_| SealFault)?;
        Ok(Self { current: 1, keys: vec![(1, hmac::Key::from(key))] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(name: &str) -> WorkspaceId {
        WorkspaceId::parse("default", name).unwrap()
    }

    fn secret(deriver: &Deriver, version: u8, name: &str, parts: &[&str]) -> [u8; 32] {
        *deriver.secret(version, &workspace(name), parts).unwrap().expose()
    }

    #[test]
    fn a_secret_depends_on_root_workspace_and_parts_only() {
        let root = |byte| Deriver::from_root(&Secret::new([byte; 32]), Purpose::RefreshToken).unwrap();
        let first = secret(&root(1), 1, "demo", &["a", "b"]);
        assert_eq!(secret(&root(1), 1, "demo", &["a", "b"]), first);
        let others = [
            secret(&root(2), 1, "demo", &["a", "b"]),
            secret(&root(1), 1, "partner", &["a", "b"]),
            secret(&root(1), 1, "demo", &["ab", ""]),
            secret(&root(1), 1, "demo", &["a", "b", ""]),
        ];
        assert!(others.iter().all(|other| *other != first));
        let pairwise = Deriver::from_root(&Secret::new([1; 32]), Purpose::PairwiseSubject).unwrap();
        assert_ne!(secret(&pairwise, 1, "demo", &["a", "b"]), first, "another purpose");
        assert_eq!((root(1).current(), root(1).versions().collect::<Vec<_>>()), (1, vec![1]));
    }

    /// Computed with another implementation. Secrets that were derived once must never change.
    #[test]
    fn a_secret_is_the_mac_of_its_parts_with_their_lengths() {
        let deriver = Deriver::from_versions(1, &[(1, Secret::new(vec![7; 32]))]).unwrap();
        let mac = secret(&deriver, 1, "demo", &["alice"]);
        assert_eq!(protocol::syntax::encoding::base64url(&mac), "bi0oPBK13pokx5YAWDlCx_nYs8ePCvEKCZ0en389W3c");
    }

    #[test]
    fn a_removed_version_derives_nothing() {
        let key = |byte| Secret::new(vec![byte; 32]);
        let both = Deriver::from_versions(2, &[(1, key(1)), (2, key(2))]).unwrap();
        assert_ne!(secret(&both, 1, "demo", &["a"]), secret(&both, 2, "demo", &["a"]));
        let later = Deriver::from_versions(2, &[(2, key(2))]).unwrap();
        assert_eq!(secret(&later, 2, "demo", &["a"]), secret(&both, 2, "demo", &["a"]));
        assert!(later.secret(1, &workspace("demo"), &["a"]).is_none());
        assert_eq!(*both.lasting(&workspace("demo"), &["a"]).unwrap().expose(), secret(&both, 1, "demo", &["a"]));
        assert!(later.lasting(&workspace("demo"), &["a"]).is_none(), "no other version is used instead");
        assert!(Deriver::from_versions(1, &[(2, key(2))]).is_err(), "the current version must exist");
        assert!(Deriver::from_versions(1, &[(1, Secret::new(vec![1; 16]))]).is_err(), "a short key");
    }
}
