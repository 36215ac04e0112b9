//! Keys in use, wherever they are: at hand on a laptop, in KMS or encrypted by it in AWS.
//!
//! A function that signs takes [`Signers`], one that
//! seals takes [`DataKeys`] of a `Sealer` and one that derives takes those of a `Deriver`, each for one purpose.
//! None of them knows where its keys are.

mod data_keys;
mod key_opener;
mod signers;

pub use data_keys::{DataKeyFault, DataKeys};
pub use key_opener::KeyOpener;
pub use signers::{SignerFault, Signers};
