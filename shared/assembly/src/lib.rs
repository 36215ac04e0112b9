//! Puts functions together.
//!
//! In Lambda the parts come from the environment, on a laptop from what the command line made; from here on the two are
//! the same. A function takes of the parts what it needs and keeps nothing else.

use std::sync::Arc;

use backchannel::BackChannel;
use frontchannel::FrontChannel;
use protocol::id::RegionLabel;
use protocol::secret::Secret;
use signing::seal::SealFault;
use signing::{Entropy, Sealer, SystemEntropy};
use store::{
    ConfigurationReading, Connection, ConnectionSettings, ConsentReading, GrantCreation, KeyRingReading,
    SessionReading, Tables,
};
use thiserror::Error;
use web::config::{Aws, PublicUrl};
use web::{Clock, Config, ConfigError, SystemClock};

/// The parts that functions are made of.
pub struct Parts {
    /// The connection to the store.
    pub connection: Connection,
    /// Workspaces and clients, read through one cache.
    pub configuration: Arc<ConfigurationReading>,
    /// Public keys, read through one cache.
    pub rings: Arc<KeyRingReading>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where browsers and clients reach us.
    pub public_url: PublicUrl,
    /// The region that codes name.
    pub region: RegionLabel,
    sealer: Option<Arc<Sealer>>,
}

/// What differs from place to place.
pub struct Place {
    /// Where browsers and clients reach us.
    pub public_url: PublicUrl,
    /// The region that codes name.
    pub region: RegionLabel,
    /// The root of the sealing keys; a function that does not seal has none.
    pub sealing_key: Option<Secret<[u8; 32]>>,
}

/// Why a function cannot start.
#[derive(Debug, Error)]
pub enum AssemblyError {
    /// The environment lacks something.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The sealing keys cannot be derived.
    #[error(transparent)]
    Seal(#[from] SealFault),
}

impl Parts {
    /// The parts of a function in Lambda.
    ///
    /// # Errors
    ///
    /// [`AssemblyError`] names what the environment lacks.
    pub fn from_env() -> Result<Self, AssemblyError> {
        let config = Config::from_env()?;
        let place =
            Place { public_url: config.public_url, region: config.region_label, sealing_key: config.sealing_key };
        let connection = Connection::open(connection_settings(config.aws));
        Self::new(connection, place, Arc::new(SystemClock), Arc::new(SystemEntropy))
    }

    /// Parts over `connection`.
    ///
    /// # Errors
    ///
    /// [`AssemblyError::Seal`].
    pub fn new(
        connection: Connection,
        place: Place,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, AssemblyError> {
        Ok(Self {
            configuration: Arc::new(ConfigurationReading::new(&connection, place.public_url.as_str())),
            rings: Arc::new(KeyRingReading::new(&connection)),
            sealer: place.sealing_key.as_ref().map(Sealer::new).transpose()?.map(Arc::new),
            public_url: place.public_url,
            region: place.region,
            connection,
            entropy,
            clock,
        })
    }

    /// Sealing, for a function that needs it.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] if there is no sealing key.
    pub fn sealer(&self) -> Result<Arc<Sealer>, AssemblyError> {
        Ok(self.sealer.clone().ok_or(ConfigError::Missing("SEALING_KEY"))?)
    }

    /// The front channel.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] if there is no sealing key.
    pub fn front(&self) -> Result<FrontChannel, AssemblyError> {
        Ok(FrontChannel {
            configuration: Arc::clone(&self.configuration),
            rings: Arc::clone(&self.rings),
            sessions: SessionReading::new(&self.connection),
            consents: ConsentReading::new(&self.connection),
            grants: GrantCreation::new(&self.connection),
            sealer: self.sealer()?,
            entropy: Arc::clone(&self.entropy),
            clock: Arc::clone(&self.clock),
            public_url: self.public_url.clone(),
            region: self.region.clone(),
        })
    }

    /// The back channel.
    #[must_use]
    pub fn back(&self) -> BackChannel {
        BackChannel {
            configuration: Arc::clone(&self.configuration),
            rings: Arc::clone(&self.rings),
            clock: Arc::clone(&self.clock),
        }
    }
}

fn connection_settings(aws: Aws) -> ConnectionSettings {
    ConnectionSettings {
        region: aws.region,
        access_key_id: aws.access_key_id,
        secret_access_key: aws.secret_access_key,
        session_token: aws.session_token,
        endpoint: aws.dynamodb_endpoint,
        tables: Tables { config: aws.config_table, users: aws.users_table, flow: aws.flow_table },
    }
}
