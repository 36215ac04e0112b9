//! Test harness shared by all test targets.
//!
//! [`Laptop`] is a complete server as `postern dev` runs it, with a fixed clock, seeded entropy, and an instrumented
//! connection to the embedded engine that counts, delays and breaks calls. [`Browser`] simulates a browser: a cookie
//! jar that follows redirects and fills in forms. [`expect`] has assertions in the vocabulary of the security
//! catalogue.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "the harness panics when an expectation fails"
)]

pub mod assertion;
pub mod browser;
pub mod expect;
pub mod foreign_key;
pub mod kms;
pub mod lambda;
pub mod laptop;
pub mod operator;
pub mod pkce;
pub mod provider;
pub mod published;
pub mod receiver;
pub mod ses;
pub mod sqs;
pub mod wire;

pub use assertion::{Assertion, ClientKey, asserted};
pub use browser::Browser;
pub use kms::{FakeKms, KmsCall, KmsTrouble};
pub use laptop::{FixedClock, Laptop, SeededEntropy};
pub use operator::operator;
pub use pkce::Pkce;
pub use provider::Provider;
pub use published::Published;
pub use ses::FakeSes;
pub use sqs::FakeSqs;
pub use wire::{Operation, Trouble, Wire};
