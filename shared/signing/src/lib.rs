//! Keys: entropy, sealing, signers, JWS.
//!
//! A signer is chosen in one place and used through [`Signer`]; on a laptop its keys are local ones that lie sealed in
//! the store, in AWS they are KMS keys. What was signed is verified before it leaves, wherever it was signed.

mod der;
pub mod derive;
pub mod entropy;
pub mod fault;
pub mod kms;
pub mod local;
pub mod seal;
pub mod signer;
pub mod verify;

pub use derive::Deriver;
pub use entropy::{Entropy, EntropyFault, SystemEntropy};
pub use fault::SigningFault;
pub use kms::{Kms, KmsAdministration, KmsNeed, KmsSettings, KmsSigning, KmsUnwrapping};
pub use seal::{Purpose, Sealer};
pub use signer::Signer;
