//! The handles of the function.

use std::sync::Arc;

use bootstrap::{BootstrapError, Runtime};
use frontchannel::{FrontChannel, Login};
use http_client::{Fetcher, KeySets};
use keystore::DataKeys;
use signing::{Purpose, Sealer};
use store::{AccountRecording, UpstreamAnswerTaking};

use crate::provider_metadata::ProviderMetadata;

/// The handles of the function: in addition to the front channel it calls providers, accepts their responses, records
/// accounts and creates sessions.
pub struct Deps {
    /// The front channel.
    pub front: FrontChannel,
    /// Logins.
    pub login: Login,
    /// The accounts of users of upstream providers.
    pub accounts: AccountRecording,
    /// Marks provider responses as used.
    pub answers: UpstreamAnswerTaking,
    /// Seals logins that wait for a provider.
    pub transactions: DataKeys<Sealer>,
    /// Seals this server's client secrets at providers.
    pub secrets: DataKeys<Sealer>,
    /// Requests to providers.
    pub fetcher: Arc<Fetcher>,
    /// The published keys of providers.
    pub keys: KeySets,
    /// Cached metadata of the providers.
    pub providers: ProviderMetadata,
}

impl Deps {
    /// Takes the handles from the runtime.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if the runtime lacks a handle that the function needs.
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
