//! Keys in use, wherever they are: derived or sealed on a laptop, in KMS or encrypted by it in AWS.
//!
//! A function that signs has [`Signers`]. One that seals has the [`DataKeys`] of a `Sealer`, one that derives those of a
//! `Deriver`, each for one purpose. None of them depends on where the keys are.

mod data_keys;
mod key_opener;
mod signers;

pub use data_keys::{DataKeyFault, DataKeys};
pub use key_opener::KeyOpener;
pub use signers::{SignerFault, Signers, SigningTask};
