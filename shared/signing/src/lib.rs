//! Cryptography with keys: signing and verification of JWS, sealing, derivation, randomness.
//!
//! A [`Signer`] signs with a key in KMS or with a local one, which is stored sealed or wrapped. Every signature is verified
//! before it is released.

pub mod der;
pub mod derive;
pub mod device;
pub mod entropy;
pub mod fault;
#[cfg(test)]
mod fixtures;
pub mod kms;
mod kms_signing;
#[cfg(test)]
mod kms_tests;
pub mod local;
pub mod seal;
pub mod signer;
mod token_bucket;
pub mod verify;
#[cfg(test)]
mod verify_tests;

pub use derive::Deriver;
pub use device::DeviceKeys;
pub use entropy::{Entropy, EntropyFault, SystemEntropy};
pub use fault::SigningFault;
pub use kms::{Kms, KmsAdministration, KmsNeed, KmsSettings, KmsUnwrapping};
pub use kms_signing::KmsSigning;
pub use seal::{Purpose, Sealer};
pub use signer::Signer;
