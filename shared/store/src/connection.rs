//! The connection to DynamoDB: the real one, or an engine that speaks its wire protocol.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};

use crate::fault::StoreFault;
use crate::item::{self, Item};
use crate::key::{Key, PARTITION, SORT};

/// Where the tables are, and the credentials.
pub struct ConnectionSettings {
    /// The region of the tables.
    pub region: String,
    /// The access key id of the function's role.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token that belongs to them.
    pub session_token: Option<String>,
    /// An endpoint that replaces that of the region.
    pub endpoint: Option<String>,
    /// The names of the tables.
    pub tables: Tables,
}

/// The names of the three tables (design section 4).
#[derive(Clone, Debug)]
pub struct Tables {
    /// Workspaces, clients, keys: durable, rarely written, cacheable.
    pub config: String,
    /// Accounts and consents: durable, personal data.
    pub users: String,
    /// Grants, sessions and used assertions: they expire, and belong to one region.
    pub flow: String,
}

/// A connection, from which handles are made.
#[derive(Clone)]
pub struct Connection {
    pub(crate) client: Client,
    pub(crate) tables: Tables,
}

impl Connection {
    /// A connection over `http`, which may be anything that speaks DynamoDB's protocol.
    #[must_use]
    pub fn through(http: SharedHttpClient, settings: ConnectionSettings) -> Self {
        let credentials = Credentials::new(
            settings.access_key_id,
            settings.secret_access_key,
            settings.session_token,
            None,
            "environment",
        );
        let mut config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(settings.region))
            .credentials_provider(credentials)
            .http_client(http)
            .retry_config(retries())
            .timeout_config(timeouts());
        config.set_endpoint_url(settings.endpoint);
        Self { client: Client::from_conf(config.build()), tables: settings.tables }
    }
}

impl Connection {
    /// Reads one item of `table` with strong consistency, because a decision depends on it (catalogue row SEC-STORE-04).
    ///
    /// # Errors
    ///
    /// [`StoreFault`], also for an item that a newer version wrote.
    pub(crate) async fn read(&self, table: &str, key: Key<'_>) -> Result<Option<Item>, StoreFault> {
        let mut get = self.client.get_item().table_name(table).key(PARTITION, item::text(key.partition));
        if let Some(sort) = key.sort {
            get = get.key(SORT, item::text(sort));
        }
        let found = get.consistent_read(true).send().await.map_err(|error| StoreFault::of(&error))?;
        found.item.map(item::known).transpose()
    }
}

/// At most three attempts within two and a half seconds, because a user is waiting (fault F-DDB-1). A conditional write
/// recognizes its own earlier success, so retries are safe.
fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(50))
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(1))
        .operation_timeout(Duration::from_millis(2500))
        .build()
}
