//! Runs the functions as Lambda does: the real binaries as processes, fed with events by a stub of the runtime API,
//! over the embedded engine on a port. All listeners are on loopback; every process ends with its owner.

mod aws;
mod fleet;
mod process;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use administration::workspace_file::Loader;
use administration::{KeySource, Keys, Provisioning, StackKeys};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern::dev::demo_workspaces::DEMO;
use postern::dev::engine::local_settings;
use postern::dev::state::State;
use protocol::syntax::encoding::base64url;
use serde_json::{Value, json};
use signing::{KmsAdministration, Purpose, Sealer, SystemEntropy};
use tokio::net::TcpListener;
use web::config::PublicUrl;
use web::{Clock as _, SystemClock};

pub use fleet::{Fleet, Visitor};
pub use process::{Process, binary};

use crate::kms::{FakeKms, SEALING_KEY};
use crate::laptop::encoded;
use crate::ses::FakeSes;
use crate::sqs::{FakeSqs, MAIL_QUEUE_URL, QUEUE_URL};

/// The functions that handle HTTP requests.
pub const FUNCTIONS: [&str; 13] = [
    "authorize",
    "login",
    "enroll",
    "callback",
    "par",
    "device",
    "token",
    "userinfo",
    "introspect",
    "revoke",
    "metadata",
    "logout",
    "account",
];

/// The functions that consume a queue.
pub const RECEIVERS: [&str; 2] = ["notify", "mail"];

/// The timeout for anything a process does, generous enough for a busy machine.
const VISIBILITY_TIMEOUT: Duration = Duration::from_mins(1);

/// The environment variables of a process.
pub type Environment = BTreeMap<String, String>;

/// The services around the functions: provisioned tables and queues behind a port.
pub struct Account {
    /// The environment that each function is started with.
    pub environment: Environment,
    public_url: PublicUrl,
    database: dynoxide::Database,
    /// The queue of pending logout notifications.
    pub queue: FakeSqs,
    /// The mail service.
    pub ses: FakeSes,
    connections: Arc<AtomicUsize>,
}

impl Account {
    /// Provisions the demo workspaces at `public_url`, after `change` has been applied to each file. Keys are stored as
    /// in local development.
    pub async fn new(public_url: &str, change: impl Fn(String) -> String) -> Self {
        let state = State::memory(&SystemEntropy).unwrap();
        let sealer = Sealer::derived(&state.sealing_key, Purpose::SigningKey).unwrap();
        let public_url = PublicUrl::parse(public_url).unwrap();
        let source = KeySource::Laptop { sealer: &sealer, entropy: &SystemEntropy };
        provisioned(&state, &public_url, change, source).await;
        let database = state.engine.database().clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let store = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database.clone(), std::future::pending()));
        let (mut environment, queue) = (environment(public_url.as_str()), FakeSqs::default());
        let ses = FakeSes::default();
        environment.insert("AWS_ENDPOINT_URL_SESV2".into(), ses.serve().await);
        environment.insert("AWS_ENDPOINT_URL_SQS".into(), queue.serve().await);
        environment.insert("SEALING_KEY".into(), base64url(state.sealing_key.expose()));
        environment.insert("AWS_ENDPOINT_URL_DYNAMODB".into(), store);
        Self { environment, public_url, database, queue, ses, connections: Arc::default() }
    }

    /// Like `new`, with keys in KMS as in AWS, behind a port that speaks TLS like the AWS endpoints.
    pub async fn in_aws(public_url: &str, change: impl Fn(String) -> String) -> Self {
        let (state, kms) = (State::memory(&SystemEntropy).unwrap(), FakeKms::new());
        let public_url = PublicUrl::parse(public_url).unwrap();
        let administration = KmsAdministration::new(&kms.connection("eu-central-1"), SEALING_KEY);
        let signing_keys = kms.signing_keys();
        let source = KeySource::Aws(StackKeys { kms: &administration, signing_keys: &signing_keys });
        provisioned(&state, &public_url, change, source).await;
        let database = state.engine.database().clone();
        let queue = FakeSqs::default();
        let served = aws::serve((state.engine.clone(), kms, queue.clone())).await;
        let mut environment = environment(public_url.as_str());
        environment.insert("SEALING_KEY_ARN".into(), SEALING_KEY.into());
        environment.insert("SIGNING_KEY_ARNS".into(), signing_keys.join(","));
        environment.insert("AWS_ENDPOINT_URL".into(), served.endpoint);
        environment.insert("AWS_ENDPOINT_URL_KMS".into(), served.kms);
        environment.insert("AWS_CA_BUNDLE".into(), served.ca_bundle);
        let ses = FakeSes::default();
        Self { environment, public_url, database, queue, ses, connections: served.connections }
    }

    /// Returns how many connections the functions have opened to the AWS stubs.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// The engine, for tests that bypass the store.
    #[must_use]
    pub const fn database(&self) -> &dynoxide::Database {
        &self.database
    }

    /// Starts a function.
    pub async fn start(&self, name: &str) -> Process {
        Process::start(name, &self.environment).await
    }

    /// Starts every function.
    pub async fn start_all(&self) -> Fleet {
        let mut processes = BTreeMap::new();
        for name in FUNCTIONS.into_iter().chain(RECEIVERS) {
            processes.insert(name, self.start(name).await);
        }
        Fleet { processes, public_url: self.public_url.clone() }
    }
}

/// Creates tables, keys and workspaces.
async fn provisioned(state: &State, public_url: &PublicUrl, change: impl Fn(String) -> String, source: KeySource<'_>) {
    let of = |purpose| Sealer::derived(&state.sealing_key, purpose).unwrap();
    let (upstream_secrets, client_secrets) = (&of(Purpose::UpstreamSecret), &of(Purpose::ClientSecret));
    let loader = Loader { public_url, upstream_secrets, client_secrets, entropy: &SystemEntropy };
    let files: Vec<_> = DEMO.iter().map(|(name, text)| loader.text(name, &change((*text).into())).unwrap()).collect();
    let keys = Keys { connection: &state.engine.connection(), source, now: SystemClock.now() };
    let provisioning = Provisioning::new(&keys);
    provisioning.create_tables().await.unwrap();
    keys.ensure_sealing().await.unwrap();
    provisioning.apply(&files).await.unwrap();
}

fn environment(public_url: &str) -> Environment {
    let tables = local_settings().tables;
    [
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/test"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]0"),
        ("PUBLIC_URL", public_url),
        ("REGION_LABEL", "eu"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDCANARYACCESSKEY"),
        ("AWS_SECRET_ACCESS_KEY", "canary-secret-access-key"),
        ("CONFIG_TABLE", &tables.config),
        ("USERS_TABLE", &tables.users),
        ("FLOW_TABLE", &tables.flow),
        ("LOGOUT_QUEUE_URL", QUEUE_URL),
        ("MAIL_QUEUE_URL", MAIL_QUEUE_URL),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}

/// An event in the format of an API Gateway HTTP API (payload 2.0).
#[derive(Clone, Debug)]
pub struct Event(Value);

impl Event {
    /// Creates a request event for `target`, a path with an optional query.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self(json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {
                "accept": "*/*", "content-length": "0", "host": "auth.example", "user-agent": "tests",
                "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e", "x-forwarded-for": "192.0.2.1",
                "x-forwarded-port": "443", "x-forwarded-proto": "https",
            },
            "requestContext": {
                "accountId": "123456789012", "apiId": "r3pmxmplak", "domainName": "auth.example",
                "domainPrefix": "auth", "requestId": "JKJaXmPLvHcESHA=", "routeKey": "$default", "stage": "$default",
                "time": "10/Mar/2020:05:16:23 +0000", "timeEpoch": 1_583_817_383_220_u64,
                "http": {
                    "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                    "userAgent": "tests",
                },
            },
            "isBase64Encoded": false,
        }))
    }

    /// Creates an SQS event with one message `body`, received for the `tries`th time.
    #[must_use]
    pub fn of_queue(body: &str, tries: u32) -> Self {
        Self(json!({ "Records": [{
            "messageId": "message-1", "receiptHandle": "receipt-1", "body": body,
            "attributes": {
                "ApproximateReceiveCount": tries.to_string(), "SentTimestamp": "1523232000000",
                "SenderId": "123456789012", "ApproximateFirstReceiveTimestamp": "1523232000001",
            },
            "messageAttributes": {}, "md5OfBody": "x", "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:postern-logouts", "awsRegion": "eu-central-1",
        }] }))
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.0["headers"][name] = value.into();
        self
    }

    /// Adds cookies, which API Gateway moves out of the headers.
    #[must_use]
    pub fn cookies(mut self, cookies: &BTreeMap<String, String>) -> Self {
        let cookies: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            self.0["cookies"] = cookies.into();
        }
        self
    }

    /// Sets the query.
    #[must_use]
    pub fn query(mut self, query: &str) -> Self {
        self.0["rawQueryString"] = query.into();
        self
    }

    /// Sets a form as the body.
    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let mut event = self.header("content-type", "application/x-www-form-urlencoded");
        event.0["body"] = encoded(fields).into();
        event
    }

    /// Encodes the body in base64, as API Gateway does for binary content.
    #[must_use]
    pub fn in_base64(mut self) -> Self {
        self.0["body"] = STANDARD.encode(self.0["body"].as_str().unwrap_or_default()).into();
        self.0["isBase64Encoded"] = true.into();
        self
    }

    /// Sets the stage.
    #[must_use]
    pub fn stage(mut self, stage: &str) -> Self {
        self.0["requestContext"]["stage"] = stage.into();
        self
    }

    /// Sets the member `name` of the object at the JSON pointer `parent`.
    #[must_use]
    pub fn with(mut self, parent: &str, name: &str, value: Value) -> Self {
        self.0.pointer_mut(parent).unwrap()[name] = value;
        self
    }
}
