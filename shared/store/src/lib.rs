//! Items, keys and conditions. This is the only crate that speaks DynamoDB.
//!
//! Access goes through handles. Each is named for what it may do and has no method for anything else, so what a
//! function can do to the tables is what its `Deps` lists (design invariant 8). Every read that decides something is
//! strongly consistent and compares the logical expiry itself; the `ttl` attribute is written for the garbage collector
//! and never read (design invariant 2).

pub mod accounts;
pub mod assertions;
mod cache;
pub mod configuration;
pub mod connection;
pub mod consents;
pub mod fault;
pub mod grants;
mod item;
mod key;
pub mod keys;
pub mod need;
pub mod redemption;
pub mod refreshing;
pub mod schema;
pub mod sealing_keys;
pub mod sessions;
mod users;

pub use accounts::{AccountReading, AccountRecording};
pub use assertions::{AssertionSpending, Spending};
pub use configuration::{ConfigurationReading, ConfigurationWriting, WorkspaceReading};
pub use connection::{Connection, ConnectionSettings, Tables};
pub use consents::{ConsentReading, ConsentRecording};
pub use fault::StoreFault;
pub use grants::{Creation, GrantCreation, GrantReading, GrantRevocation, NewGrant};
pub use keys::{KeyRingReading, KeyRingWriting, SigningKeyReading, StoredRing};
pub use need::{Handle, Need};
pub use redemption::{GrantRedemption, Redemption, RefreshIssue};
pub use refreshing::{RefreshOutcome, RotationWrite};
pub use sealing_keys::{SealingKeyReading, SealingKeyWriting, WrappedSealingKey, WrappedSealingKeys};
pub use sessions::{Joining, SessionCreation, SessionEnding, SessionJoining, SessionReading};
pub use users::UserReading;
