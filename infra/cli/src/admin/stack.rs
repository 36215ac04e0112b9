//! The stack selected by the environment.

use std::sync::Arc;

use administration::{KeySource, Keys, StackKeys};
use bootstrap::{Environment, KeyBackend, surroundings};
use keystore::{DataKeyFault, DataKeys};
use protocol::types::time::Timestamp;
use signing::{KmsAdministration, KmsUnwrapping, Purpose, Sealer};
use store::{Connection, SealingKeyReading};
use web::config::PublicUrl;
use web::{Clock as _, Config, ConfigError, SystemClock};

use super::error::AdminError;

/// A stack in AWS.
pub(super) struct Stack {
    pub(super) connection: Connection,
    pub(super) public_url: PublicUrl,
    pub(super) now: Timestamp,
    kms: KmsAdministration,
    unwrapping: KmsUnwrapping,
    signing_keys: Vec<String>,
}

impl Stack {
    /// Reads the environment. Nothing is sent.
    pub(super) fn from_env() -> Result<Self, AdminError> {
        let (connection, Environment { public_url, keys, .. }) = surroundings(Config::from_env()?)?;
        match keys {
            KeyBackend::Aws { kms, sealing_key, signing_keys } => Ok(Self {
                connection,
                public_url,
                now: SystemClock.now(),
                unwrapping: KmsUnwrapping::new(&kms, &sealing_key),
                kms: KmsAdministration::new(&kms, &sealing_key),
                signing_keys,
            }),
            KeyBackend::Nowhere | KeyBackend::Laptop(_) => Err(ConfigError::Missing("SEALING_KEY_ARN").into()),
        }
    }

    /// The keys of the stack.
    pub(super) fn keys(&self) -> Keys<'_> {
        let source = KeySource::Aws(StackKeys { kms: &self.kms, signing_keys: &self.signing_keys });
        Keys { connection: &self.connection, source, now: self.now }
    }

    /// Opens the data keys for `purpose`.
    pub(super) async fn sealer(&self, purpose: Purpose) -> Result<Arc<Sealer>, DataKeyFault> {
        let reading = SealingKeyReading::new(&self.connection);
        DataKeys::<Sealer>::wrapped(purpose, reading, self.unwrapping.clone()).keys(self.now).await
    }
}

/// Runs a command to completion.
pub(super) fn block_on<T>(command: impl Future<Output = Result<T, AdminError>>) -> Result<T, AdminError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(AdminError::Runtime)?;
    runtime.block_on(command)
}
