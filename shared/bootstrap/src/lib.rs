//! Assembles functions.
//!
//! In Lambda the runtime is built from the environment, in local development from what the command line created;
//! everything outside this crate is the same. A function takes the handles that it needs and keeps nothing else.

mod entrance;
mod keys;
mod mail;
mod queue;
mod transport;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use delivery::{QueueName, QueueNeed, QueueSettings};
use http_client::Fetcher;
use mailing::{MailNeed, SesSettings};
use protocol::types::id::RegionLabel;
use protocol::types::secret::Secret;
use signing::seal::SealFault;
use signing::{Entropy, Kms, KmsNeed, KmsSettings, SystemEntropy};
use store::{
    ConfigurationReading, Connection, ConnectionSettings, DomainReading, Handle, KeyRingReading, Need, Tables,
    WorkspaceReading,
};
use thiserror::Error;
use web::config::{Aws, PublicUrl, SealingRoot};
use web::{Clock, Config, ConfigError, SystemClock};

pub use entrance::Entrance;
pub use keys::KeyBackend;
pub use mail::{MailBackend, MailTransport};
pub use queue::QueueBackend;

/// The components that functions are built from. Every handle taken is recorded, and the function's AWS role is
/// compared with the record.
pub struct Runtime {
    connection: Connection,
    configuration: Arc<ConfigurationReading>,
    rings: Arc<KeyRingReading>,
    keys: KeyBackend,
    queue: QueueBackend,
    mail: MailBackend,
    needs: Mutex<BTreeSet<Need>>,
    kms_needs: Mutex<BTreeSet<KmsNeed>>,
    queue_needs: Mutex<BTreeSet<(QueueName, QueueNeed)>>,
    mail_needs: Mutex<BTreeSet<MailNeed>>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The URL at which browsers and clients reach the server.
    pub public_url: PublicUrl,
    /// The region named in codes.
    pub region: RegionLabel,
}

/// What differs between Lambda and a laptop.
pub struct Environment {
    /// The URL at which browsers and clients reach the server.
    pub public_url: PublicUrl,
    /// The region named in codes.
    pub region: RegionLabel,
    /// Where keys are.
    pub keys: KeyBackend,
    /// Where the queue of logout notifications is.
    pub queue: QueueBackend,
    /// Where mail goes.
    pub mail: MailBackend,
}

/// Why a function cannot start.
#[derive(Debug, Error)]
pub enum BootstrapError {
    /// The environment lacks something.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The sealing keys cannot be derived.
    #[error(transparent)]
    Seal(#[from] SealFault),
}

impl Runtime {
    /// The runtime of a function in Lambda.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] names the missing setting.
    pub fn from_env() -> Result<Self, BootstrapError> {
        let (connection, environment) = surroundings(Config::from_env()?)?;
        Ok(Self::new(connection, environment, Arc::new(SystemClock), Arc::new(SystemEntropy)))
    }

    /// A runtime over `connection`.
    #[must_use]
    pub fn new(
        connection: Connection,
        environment: Environment,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self {
            configuration: Arc::new(configuration(&connection, &environment.public_url)),
            rings: Arc::new(KeyRingReading::new(&connection)),
            keys: environment.keys,
            queue: environment.queue,
            mail: environment.mail,
            needs: Mutex::default(),
            kms_needs: Mutex::default(),
            queue_needs: Mutex::default(),
            mail_needs: Mutex::default(),
            public_url: environment.public_url,
            region: environment.region,
            connection,
            entropy,
            clock,
        }
    }

    /// Takes a store handle, created by `open`, and records the permissions it needs.
    pub fn handle<H: Handle>(&self, open: impl FnOnce(&Connection) -> H) -> H {
        self.note(H::NEEDS);
        open(&self.connection)
    }

    /// Workspaces, without clients.
    #[must_use]
    pub fn workspaces(&self) -> WorkspaceReading {
        let (url, reach) = (self.public_url.as_str(), self.public_url.reach());
        self.handle(|connection| WorkspaceReading::new(connection, url).reaching(reach))
    }

    /// Public keys, read through one cache.
    #[must_use]
    pub fn rings(&self) -> Arc<KeyRingReading> {
        self.note(KeyRingReading::NEEDS);
        Arc::clone(&self.rings)
    }

    /// Workspaces and clients, read through one cache.
    #[must_use]
    pub fn configuration(&self) -> Arc<ConfigurationReading> {
        self.note(ConfigurationReading::NEEDS);
        Arc::clone(&self.configuration)
    }

    /// What finds the workspace of a request.
    #[must_use]
    pub fn entrance(&self) -> Entrance {
        Entrance::new(self.handle(DomainReading::new))
    }

    /// The DynamoDB permissions needed by all handles taken so far.
    #[must_use]
    pub fn needs(&self) -> BTreeSet<Need> {
        self.needs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The KMS permissions needed by all handles taken so far.
    #[must_use]
    pub fn kms_needs(&self) -> BTreeSet<KmsNeed> {
        self.kms_needs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The SQS permissions needed by all handles taken so far.
    #[must_use]
    pub fn queue_needs(&self) -> BTreeSet<(QueueName, QueueNeed)> {
        self.queue_needs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The SES permissions needed by all handles taken so far.
    #[must_use]
    pub fn mail_needs(&self) -> BTreeSet<MailNeed> {
        self.mail_needs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, needs: &[Need]) {
        self.needs.lock().unwrap_or_else(PoisonError::into_inner).extend(needs);
    }

    fn note_kms(&self, needs: &[KmsNeed]) {
        self.kms_needs.lock().unwrap_or_else(PoisonError::into_inner).extend(needs);
    }

    fn note_queue(&self, queue: QueueName, needs: &[QueueNeed]) {
        let needs = needs.iter().map(|need| (queue, *need));
        self.queue_needs.lock().unwrap_or_else(PoisonError::into_inner).extend(needs);
    }

    fn note_mail(&self, needs: &[MailNeed]) {
        self.mail_needs.lock().unwrap_or_else(PoisonError::into_inner).extend(needs);
    }

    /// A client for requests to other parties.
    #[must_use]
    pub fn fetcher(&self) -> Fetcher {
        Fetcher::new(self.public_url.reach())
    }
}

fn configuration(connection: &Connection, public_url: &PublicUrl) -> ConfigurationReading {
    ConfigurationReading::new(connection, public_url.as_str()).reaching(public_url.reach())
}

/// The environment that `config` describes: a connection to its tables, and where its keys are.
///
/// # Errors
///
/// [`BootstrapError::Config`] if a file that it names cannot be used.
pub fn surroundings(config: Config) -> Result<(Connection, Environment), BootstrapError> {
    let Config { public_url, region_label, aws, sealing, signing_keys, logout_queue_url, mail_queue_url } = config;
    let mut endpoints = vec![&aws.dynamodb_endpoint, &aws.kms_endpoint, &aws.sqs_endpoint];
    endpoints.extend(mail_queue_url.as_ref().map(|_| &aws.ses_endpoint));
    let http = transport::client(&endpoints, aws.ca_bundle.as_deref())?;
    let keys = match sealing {
        None => KeyBackend::Nowhere,
        Some(SealingRoot::Held(root)) => KeyBackend::Laptop(root),
        Some(SealingRoot::Kms(sealing_key)) => {
            KeyBackend::Aws { kms: Kms::through(http.clone(), kms_settings(&aws)), sealing_key, signing_keys }
        }
    };
    let queue = |url: Option<String>| {
        url.map_or(QueueBackend::Nowhere, |url| QueueBackend::Aws {
            http: http.clone(),
            settings: queue_settings(&aws, url),
        })
    };
    let (queue, mail_queue) = (queue(logout_queue_url), queue(mail_queue_url));
    let transport = MailTransport::Aws { http: http.clone(), settings: ses_settings(&aws) };
    let mail = MailBackend { queue: mail_queue, transport };
    let connection = Connection::through(http, connection_settings(aws));
    Ok((connection, Environment { public_url, region: region_label, keys, queue, mail }))
}

fn queue_settings(aws: &Aws, url: String) -> QueueSettings {
    QueueSettings {
        region: aws.region.clone(),
        access_key_id: aws.access_key_id.clone(),
        secret_access_key: Secret::new(aws.secret_access_key.clone()),
        session_token: aws.session_token.clone(),
        endpoint: aws.sqs_endpoint.clone(),
        url,
    }
}

fn ses_settings(aws: &Aws) -> SesSettings {
    SesSettings {
        region: aws.region.clone(),
        access_key_id: aws.access_key_id.clone(),
        secret_access_key: Secret::new(aws.secret_access_key.clone()),
        session_token: aws.session_token.clone(),
        endpoint: aws.ses_endpoint.clone(),
    }
}

fn kms_settings(aws: &Aws) -> KmsSettings {
    KmsSettings {
        region: aws.region.clone(),
        access_key_id: aws.access_key_id.clone(),
        secret_access_key: Secret::new(aws.secret_access_key.clone()),
        session_token: aws.session_token.clone(),
        endpoint: aws.kms_endpoint.clone(),
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
