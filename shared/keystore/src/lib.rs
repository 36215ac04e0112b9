//! Keys in use, wherever they are: at hand on a laptop, in KMS or encrypted by it in AWS.
//!
//! A function that signs takes [`Signers`], one that seals or derives takes [`Sealing`] or [`Deriving`] for one purpose.
//! None of them knows where its keys are.

mod data_keys;
mod key_opener;
mod signers;

pub use data_keys::{DataKeyFault, DataKeys, Deriving, Sealing};
pub use key_opener::KeyOpener;
pub use signers::{SignerFault, Signers};
