//! Derives from a user code the id of its device request and the key that seals the request (RFC 8628).
//!
//! A user code is short enough to be guessed offline, so deriving either of them requires a key.

use protocol::authorization::user_code::UserCode;
use protocol::types::id::{DeviceRequestId, WorkspaceId};
use protocol::types::secret::Secret;

use crate::derive::Deriver;
use crate::seal::{SealFault, Sealer};

/// The values derived from a user code with one version of the key.
pub struct DeviceKeys {
    /// The id of the request.
    pub id: DeviceRequestId,
    root: Secret<[u8; 32]>,
}

impl DeviceKeys {
    /// Derives the values for `code` in `workspace` with this version of the key; `None` if that version
    /// was removed.
    #[must_use]
    pub fn derive(keys: &Deriver, version: u8, workspace: &WorkspaceId, code: &UserCode) -> Option<Self> {
        let secret = |what| keys.secret(version, workspace, &[what, code.letters().expose()]);
        let id = *secret("id")?.expose().first_chunk::<16>()?;
        Some(Self { id: DeviceRequestId::from_bytes(id), root: secret("seal")? })
    }

    /// The sealer for the request.
    ///
    /// # Errors
    ///
    /// [`SealFault`] if the provider fails, which it does not for keys of this size.
    pub fn sealer(&self) -> Result<Sealer, SealFault> {
        Sealer::of_reference(&self.root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::{Purpose, PurposeKeys};

    #[test]
    fn sec_dev_01_a_user_code_leads_nowhere_without_the_key_or_in_another_workspace() {
        let keys = |root| Deriver::from_root(&Secret::new([root; 32]), Purpose::UserCode).unwrap();
        let workspace = |name| WorkspaceId::parse("default", name).unwrap();
        let code = |typed| UserCode::parse(typed).unwrap();
        let derived = |root, name, typed| DeviceKeys::derive(&keys(root), 1, &workspace(name), &code(typed)).unwrap();
        let one = derived(1, "demo", "BDWP-HQPK");
        assert_eq!(one.id, derived(1, "demo", "bdwphqpk").id);
        for other in
            [derived(2, "demo", "BDWP-HQPK"), derived(1, "other", "BDWP-HQPK"), derived(1, "demo", "BDWP-HQPZ")]
        {
            assert_ne!(one.id, other.id);
            let sealed =
                one.sealer().unwrap().seal(&workspace("demo"), b"ask".to_vec(), &crate::SystemEntropy).unwrap();
            assert!(other.sealer().unwrap().open(&workspace("demo"), &sealed).is_none());
        }
    }
}
