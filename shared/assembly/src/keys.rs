//! Where keys are: in KMS, or on a laptop under one root.

use frontchannel::Sealing;
use protocol::secret::Secret;
use signing::{Kms, KmsNeed, KmsSigning, KmsUnwrapping, Purpose, Sealer, SigningFault};
use store::SealingKeyReading;
use web::ConfigError;

use crate::{AssemblyError, Parts};

/// Where keys are.
pub enum KeyPlace {
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
        /// The keys that sign.
        signing_keys: Vec<String>,
    },
}

/// What the keys of rings are opened with.
pub struct Custodian {
    /// For keys that lie sealed under a root of our own.
    pub sealer: Option<Sealer>,
    /// For keys that KMS encrypted.
    pub unwrapping: Option<KmsUnwrapping>,
    /// For keys that stay in KMS.
    pub kms: Option<KmsSigning>,
    /// A key to look at, so that the connection is open before the first user comes.
    known: Option<String>,
}

impl Custodian {
    /// Opens the connection to KMS, if there is one.
    ///
    /// # Errors
    ///
    /// [`SigningFault`].
    pub async fn warm(&self) -> Result<(), SigningFault> {
        match (&self.kms, &self.known) {
            (Some(kms), Some(key)) => kms.look_at(key).await,
            _ => Ok(()),
        }
    }
}

impl Parts {
    /// Sealing for `purpose`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] if there is no key for it.
    pub fn sealing(&self, purpose: Purpose) -> Result<Sealing, AssemblyError> {
        match &self.keys {
            KeyPlace::Nowhere => Err(ConfigError::Missing("SEALING_KEY_ARN").into()),
            KeyPlace::Laptop(root) => Ok(Sealing::held(Sealer::derived(root, purpose)?)),
            KeyPlace::Aws { kms, sealing_key, .. } => {
                self.note_kms(&[KmsUnwrapping::need(purpose)]);
                let keys = self.handle(SealingKeyReading::new);
                Ok(Sealing::wrapped(purpose, keys, KmsUnwrapping::new(kms, sealing_key)))
            }
        }
    }

    /// What the keys of rings are opened with.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] if there is nothing to open them with.
    pub fn custodian(&self) -> Result<Custodian, AssemblyError> {
        match &self.keys {
            KeyPlace::Nowhere => Err(ConfigError::Missing("SEALING_KEY_ARN").into()),
            KeyPlace::Laptop(root) => {
                let sealer = Some(Sealer::derived(root, Purpose::SigningKey)?);
                Ok(Custodian { sealer, unwrapping: None, kms: None, known: None })
            }
            KeyPlace::Aws { kms, sealing_key, signing_keys } => {
                self.note_kms(KmsSigning::NEEDS);
                self.note_kms(&[KmsNeed::Decrypt(Purpose::SigningKey)]);
                Ok(Custodian {
                    sealer: None,
                    unwrapping: Some(KmsUnwrapping::new(kms, sealing_key)),
                    kms: Some(KmsSigning::new(kms)),
                    known: signing_keys.first().cloned(),
                })
            }
        }
    }
}
