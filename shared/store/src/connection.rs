//! The connection to DynamoDB: the real one, or an engine that speaks its wire protocol.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};

use crate::fault::StoreFault;
use crate::item::{self, Item};
use crate::key::{Key, PARTITION, SORT};

/// Where the tables are and who asks for them.
pub struct ConnectionSettings {
    /// The region of the tables.
    pub region: String,
    /// The access key id of the function's role.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token that goes with them.
    pub session_token: Option<String>,
    /// Another endpoint than that of the region.
    pub endpoint: Option<String>,
    /// The names of the tables.
    pub tables: Tables,
}

/// The names of the three tables (design section 4).
#[derive(Clone, Debug)]
pub struct Tables {
    /// Workspaces, clients, keys: durable, few writes, cacheable.
    pub config: String,
    /// Accounts and consents: durable and private.
    pub users: String,
    /// Grants and sessions: with an end, and of one region.
    pub flow: String,
}

/// A connection, from which the handles are made.
#[derive(Clone)]
pub struct Connection {
    pub(crate) client: Client,
    pub(crate) tables: Tables,
}

impl Connection {
    /// Connects through `http`, which may be anything that answers as DynamoDB does.
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
    /// Reads one item of `table`, strongly consistently, because something is decided by it (catalogue row
    /// SEC-STORE-04). `key` is its partition key, and its sort key where the table has one.
    ///
    /// # Errors
    ///
    /// [`StoreFault`], also for an item that a later version wrote.
    pub(crate) async fn read(&self, table: &str, key: Key<'_>) -> Result<Option<Item>, StoreFault> {
        let mut get = self.client.get_item().table_name(table).key(PARTITION, item::text(key.partition));
        if let Some(sort) = key.sort {
            get = get.key(SORT, item::text(sort));
        }
        let found = get.consistent_read(true).send().await.map_err(|error| StoreFault::of(&error))?;
        found.item.map(item::known).transpose()
    }
}

/// Three tries within two and a half seconds, because a user is waiting (fault F-DDB-1). A conditional write that is
/// tried again recognises its own earlier success, so trying again is always safe.
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
