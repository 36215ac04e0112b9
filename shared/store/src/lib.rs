//! Items, keys and conditions. This is the only crate that calls DynamoDB.
//!
//! Access goes through handles. Each is named for what it may do and has no other methods, so the `Deps` of a function
//! list everything that it can do to the tables (design invariant 8). Every read that decides something is strongly
//! consistent and compares the logical expiry; the `ttl` attribute is written for DynamoDB's TTL and never read (design
//! invariant 2).

pub mod accounts;
pub mod assertions;
mod cache;
pub mod configuration;
pub mod configuration_writing;
pub mod connection;
pub mod consents;
pub mod counters;
pub mod device_codes;
pub mod domains;
pub mod fault;
pub mod grants;
pub mod inventory;
mod item;
mod key;
pub mod keys;
pub mod login_attempts;
pub mod mail_proofs;
pub mod need;
pub mod password_recovery;
pub mod pool_users;
pub mod pushed_requests;
pub mod redemption;
pub mod refreshing;
pub mod schema;
pub mod sealing_keys;
pub mod sessions;
pub mod sign_ins;
mod single_use;
pub mod upstream_logins;
mod user_sessions;
mod users;
pub mod write_attempt;

pub use accounts::{AccountReading, AccountRecording, UserAccount};
pub use assertions::{AssertionSpending, Spending};
pub use configuration::{ConfigurationReading, WorkspaceReading};
pub use configuration_writing::{ApplyError, ConfigurationWriting, StoredClient, StoredConfiguration};
pub use connection::{Connection, ConnectionSettings, Tables};
pub use consents::{ConsentListing, ConsentReading, ConsentRecording, ConsentWithdrawal, Remembering};
pub use counters::Counting;
pub use device_codes::{Deciding, DeviceDeciding, DevicePolling, DeviceRequestCreation, Presented};
pub use domains::DomainReading;
pub use fault::StoreFault;
pub use grants::{Creation, Finish, GrantCreation, GrantReading, GrantRevocation, NewGrant};
pub use inventory::{Inventoried, Inventory};
pub use keys::{KeyRingReading, KeyRingWriting, SigningKeyReading, StoredRing};
pub use login_attempts::{AttemptForgetting, LoginAttempts, Reservation};
pub use mail_proofs::{MailProofRecording, MailProofTrying, StoredProof, Tried};
pub use need::{Handle, Need};
pub use password_recovery::PasswordRecovery;
pub use pool_users::{PasswordChange, PoolUsers, UserChange, UserPage, UserWritten};
pub use pushed_requests::{Binding, PushedRequestCreation, PushedRequestLoading};
pub use redemption::{GrantRedemption, Redemption, RefreshIssue};
pub use refreshing::{RefreshOutcome, RotationWrite};
pub use sealing_keys::{SealingKeyReading, SealingKeyWriting, WrappedSealingKey, WrappedSealingKeys};
pub use sessions::{Joining, SessionCreation, SessionEnding, SessionJoining, SessionReading};
pub use sign_ins::{PasswordRehashing, SignIn, SignInReading, SignInUser};
pub use upstream_logins::{Taking, UpstreamAnswerTaking};
pub use user_sessions::SessionListing;
pub use users::UserReading;
pub use write_attempt::{WriteAttempt, WriteContext};
