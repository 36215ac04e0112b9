//! What a command administers: a stack in AWS, or the state of `postern dev`.

use std::path::Path;
use std::sync::Arc;

use administration::plan::Opening;
use administration::workspace_file::Loader;
use administration::{KeySource, Keys};
use protocol::types::time::Timestamp;
use signing::{Purpose, Sealer, SystemEntropy};
use store::Connection;
use web::config::PublicUrl;
use web::{Clock as _, SystemClock};

use super::error::AdminError;
use super::stack::Stack;
use crate::arguments::TargetOptions;
use crate::dev::state::State;

/// A stack, or the state of a laptop, opened.
pub(super) struct Target {
    place: Place,
    upstream_secrets: Arc<Sealer>,
    client_secrets: Arc<Sealer>,
    pub(super) public_url: PublicUrl,
    pub(super) now: Timestamp,
}

enum Place {
    Stack(Box<Stack>),
    Laptop { connection: Connection, signing_keys: Sealer, _state: Box<State> },
}

impl Target {
    /// Opens the state in the folder that the options name, or else the stack of the environment.
    pub(super) async fn open(options: &TargetOptions) -> Result<Self, AdminError> {
        match &options.place.data {
            Some(folder) => Self::laptop(folder, &options.public_url),
            None => Self::stack(Stack::from_env()?).await,
        }
    }

    /// The same, where a stack gets the data keys that it lacks.
    pub(super) async fn prepare(options: &TargetOptions) -> Result<Self, AdminError> {
        if options.place.data.is_none() {
            Stack::from_env()?.keys().ensure_sealing().await?;
        }
        Self::open(options).await
    }

    async fn stack(stack: Stack) -> Result<Self, AdminError> {
        Ok(Self {
            upstream_secrets: stack.sealer(Purpose::UpstreamSecret).await?,
            client_secrets: stack.sealer(Purpose::ClientSecret).await?,
            public_url: stack.public_url.clone(),
            now: stack.now,
            place: Place::Stack(Box::new(stack)),
        })
    }

    fn laptop(folder: &Path, public_url: &str) -> Result<Self, AdminError> {
        let public_url = PublicUrl::parse(public_url.trim_end_matches('/')).map_err(AdminError::PublicUrl)?;
        let state = State::existing(folder)?;
        let sealer = |purpose| Sealer::derived(&state.sealing_key, purpose);
        Ok(Self {
            upstream_secrets: Arc::new(sealer(Purpose::UpstreamSecret)?),
            client_secrets: Arc::new(sealer(Purpose::ClientSecret)?),
            public_url,
            now: SystemClock.now(),
            place: Place::Laptop {
                connection: state.engine.connection(),
                signing_keys: sealer(Purpose::SigningKey)?,
                _state: Box::new(state),
            },
        })
    }

    /// Its keys, and with them its store.
    pub(super) fn keys(&self) -> Keys<'_> {
        match &self.place {
            Place::Stack(stack) => stack.keys(),
            Place::Laptop { connection, signing_keys, .. } => {
                let source = KeySource::Laptop { sealer: signing_keys, entropy: &SystemEntropy };
                Keys { connection, source, now: self.now }
            }
        }
    }

    /// Loads files for it.
    pub(super) fn loader(&self) -> Loader<'_> {
        Loader {
            public_url: &self.public_url,
            upstream_secrets: &self.upstream_secrets,
            client_secrets: &self.client_secrets,
            entropy: &SystemEntropy,
        }
    }

    /// Opens what is sealed in it.
    pub(super) fn opening(&self) -> Opening<'_> {
        Opening { upstream_secrets: &self.upstream_secrets, client_secrets: &self.client_secrets }
    }
}
