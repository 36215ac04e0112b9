//! Keys in use, wherever they are: at hand on a laptop, in KMS or encrypted by it in AWS.
//!
//! A function that signs takes [`Signers`], one that seals or derives takes [`Sealing`] or [`Deriving`] for one purpose.
//! None of them knows where its keys are.

mod custodian;
mod data_keys;
mod signers;

pub use custodian::Custodian;
pub use data_keys::{DataKeyFault, DataKeys, Deriving, Sealing};
pub use signers::{SignerFault, Signers};
