//! Where keys are: in KMS, or on a laptop under one root key.

use std::sync::Arc;

use keystore::{DataKeys, KeyOpener, Signers};
use protocol::types::secret::Secret;
use signing::Deriver;
use signing::seal::PurposeKeys;
use signing::{Kms, KmsNeed, KmsSigning, KmsUnwrapping, Purpose, Sealer};
use store::{SealingKeyReading, SigningKeyReading};
use web::ConfigError;

use crate::{BootstrapError, Runtime};

/// Where keys are.
pub enum KeyBackend {
    /// Nowhere: the function neither seals nor signs.
    Nowhere,
    /// On a laptop: derived from, or sealed under, this root.
    Laptop(Secret<[u8; 32]>),
    /// In KMS.
    Aws {
        /// The connection.
        kms: Kms,
        /// The key under which data keys and wrapped signing keys are encrypted.
        sealing_key: String,
        /// The signing keys.
        signing_keys: Vec<String>,
    },
}

impl Runtime {
    /// The sealer for `purpose`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] if its key is not configured.
    pub fn sealer(&self, purpose: Purpose) -> Result<DataKeys<Sealer>, BootstrapError> {
        self.data_keys(purpose)
    }

    /// The deriver for `purpose`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] if its key is not configured.
    pub fn deriver(&self, purpose: Purpose) -> Result<DataKeys<Deriver>, BootstrapError> {
        self.data_keys(purpose)
    }

    fn data_keys<T: PurposeKeys>(&self, purpose: Purpose) -> Result<DataKeys<T>, BootstrapError> {
        match &self.keys {
            KeyBackend::Nowhere => Err(ConfigError::Missing("SEALING_KEY_ARN").into()),
            KeyBackend::Laptop(root) => Ok(DataKeys::in_memory(T::from_root(root, purpose)?)),
            KeyBackend::Aws { kms, sealing_key, .. } => {
                self.note_kms(&[KmsUnwrapping::need(purpose)]);
                let keys = self.handle(SealingKeyReading::new);
                Ok(DataKeys::wrapped(purpose, keys, KmsUnwrapping::new(kms, sealing_key)))
            }
        }
    }

    /// The signing keys.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] if there is no key to decrypt them with.
    pub fn signers(&self) -> Result<Signers, BootstrapError> {
        Ok(Signers::new(self.rings(), self.handle(SigningKeyReading::new), self.key_opener()?))
    }

    fn key_opener(&self) -> Result<KeyOpener, BootstrapError> {
        match &self.keys {
            KeyBackend::Nowhere => Err(ConfigError::Missing("SEALING_KEY_ARN").into()),
            KeyBackend::Laptop(root) => Ok(KeyOpener::laptop(Sealer::derived(root, Purpose::SigningKey)?)),
            KeyBackend::Aws { kms, sealing_key, signing_keys } => {
                self.note_kms(KmsSigning::NEEDS);
                self.note_kms(&[KmsNeed::Decrypt(Purpose::SigningKey)]);
                let unwrapping = KmsUnwrapping::new(kms, sealing_key);
                Ok(KeyOpener::aws(
                    KmsSigning::new(kms, Arc::clone(&self.entropy)),
                    unwrapping,
                    signing_keys.first().cloned(),
                ))
            }
        }
    }
}
