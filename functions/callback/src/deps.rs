//! What the function works with.

use std::sync::Arc;

use bootstrap::{BootstrapError, Runtime};
use frontchannel::{FrontChannel, Login};
use http_client::{Fetcher, KeySets};
use keystore::DataKeys;
use signing::{Purpose, Sealer};
use store::{AccountRecording, UpstreamAnswerTaking};

use crate::provider_metadata::ProviderMetadata;

/// What the function works with: on top of the front channel it asks providers, takes their answers, records accounts and
/// begins sessions.
pub struct Deps {
    /// The front channel.
    pub front: FrontChannel,
    /// Logins.
    pub login: Login,
    /// Accounts of users whom providers know.
    pub accounts: AccountRecording,
    /// Answers of providers, to be taken once.
    pub answers: UpstreamAnswerTaking,
    /// Sealing of logins that wait for a provider.
    pub transactions: DataKeys<Sealer>,
    /// Sealing of our secrets at providers.
    pub secrets: DataKeys<Sealer>,
    /// Requests to providers.
    pub fetcher: Arc<Fetcher>,
    /// The keys of providers.
    pub keys: KeySets,
    /// What is known of the providers.
    pub providers: ProviderMetadata,
}

impl Deps {
    /// Takes what the function needs.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if something of it is not there.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        let fetcher = Arc::new(runtime.fetcher());
        Ok(Self {
            front: FrontChannel::assemble(runtime)?,
            login: Login::assemble(runtime)?,
            accounts: runtime.handle(AccountRecording::new),
            answers: runtime.handle(UpstreamAnswerTaking::new),
            transactions: runtime.sealer(Purpose::Upstream)?,
            secrets: runtime.sealer(Purpose::UpstreamSecret)?,
            keys: KeySets::new(Arc::clone(&fetcher)),
            fetcher,
            providers: ProviderMetadata::default(),
        })
    }
}
