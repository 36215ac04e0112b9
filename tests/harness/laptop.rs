//! The components of `postern dev` in one process, with a fixed clock.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use administration::workspace_file::Loader;
use administration::{KeySource, Keys, Provisioning, StackKeys};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bootstrap::{Environment, KeyBackend, MailBackend, MailTransport, QueueBackend, Runtime};
use bytes::Bytes;
use delivery::InMemoryQueue;
use dynoxide::actions::scan::ScanRequest;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use mailing::{Letter, Mailbox};
use postern::dev::app::App;
use postern::dev::demo_workspaces::DEMO;
use postern::dev::engine::local_settings;
use postern::dev::queue_worker::{Consumer, QueueWorker};
use postern::dev::state::State;
use protocol::types::domain::Domain;
use protocol::types::id::RegionLabel;
use protocol::types::secret::Secret;
use protocol::types::time::{Lifetime, Timestamp};
use sha2::{Digest, Sha256};
use signing::{Entropy, EntropyFault, KmsAdministration, Purpose, Sealer, SystemEntropy};
use store::Connection;
use web::config::PublicUrl;
use web::{Clock, Deadline, Request, Response};

use crate::kms::{FakeKms, SEALING_KEY};
use crate::wire::Wire;

/// A clock that only moves when told to.
#[derive(Debug)]
pub struct FixedClock(AtomicU64);

impl FixedClock {
    /// Creates a clock that shows a fixed date in 2026.
    #[must_use]
    pub fn new() -> Self {
        Self(AtomicU64::new(1_780_000_000_000))
    }

    /// Advances the clock by `seconds`.
    pub fn advance(&self, seconds: u32) {
        self.0.fetch_add(u64::from(seconds) * 1000, Ordering::SeqCst);
    }

    /// Advances the clock by `millis` milliseconds.
    pub fn advance_millis(&self, millis: u64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }

    /// Sets the clock back by `seconds`.
    pub fn step_back(&self, seconds: u32) {
        let back = Timestamp::from_millis(self.0.load(Ordering::SeqCst)).minus(Lifetime::seconds(seconds));
        self.0.store(back.millis(), Ordering::SeqCst);
    }
}

impl Default for FixedClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Deterministic entropy: the same sequence in every run.
#[derive(Debug, Default)]
pub struct SeededEntropy(AtomicU64);

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyFault> {
        for chunk in bytes.chunks_mut(32) {
            let block = Sha256::digest(self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

/// A complete server in one process.
pub struct Laptop {
    /// The functions; boxed because a server is large and some tests hold several.
    pub app: Box<App>,
    /// The clock.
    pub clock: Arc<FixedClock>,
    /// The instrumented connection to the store.
    pub wire: Wire,
    /// A connection to the same store that is neither counted nor faulted.
    pub connection: Connection,
    /// The queue of pending logout notifications.
    pub queue: Arc<InMemoryQueue>,
    /// The worker that consumes the queue when a test asks it to.
    pub worker: QueueWorker,
    /// The queue of mail.
    pub mail_queue: Arc<InMemoryQueue>,
    /// Where mail ends.
    pub mailbox: Arc<Mailbox>,
    /// The runtime that the functions are built from.
    pub runtime: Runtime,
    public_url: String,
    state: State,
    kms: Option<FakeKms>,
    address: Mutex<String>,
    answers: AtomicU32,
    answer_bytes: AtomicU32,
}

impl Laptop {
    /// Starts the demo workspaces at `http://localhost:9000`.
    pub async fn demo() -> Self {
        Self::with(|file| file).await
    }

    /// Starts the demo workspaces after applying `change` to each file.
    pub async fn with(change: impl Fn(String) -> String) -> Self {
        Self::at("http://localhost:9000", change).await
    }

    /// Starts the demo workspaces at `public_url` after applying `change` to each file.
    pub async fn at(public_url: &str, change: impl Fn(String) -> String) -> Self {
        Self::new(public_url, change, None).await
    }

    /// Starts the demo workspaces after applying `change` to each file, with keys in the KMS stub as in AWS.
    pub async fn in_aws(change: impl Fn(String) -> String) -> (Self, FakeKms) {
        let kms = FakeKms::new();
        (Self::new("http://localhost:9000", change, Some(kms.clone())).await, kms)
    }

    async fn new(public_url: &str, change: impl Fn(String) -> String, kms: Option<FakeKms>) -> Self {
        let state = State::memory(&SystemEntropy).unwrap();
        let (clock, wire) = (Arc::new(FixedClock::new()), Wire::new(state.engine.clone()));
        let connection = Connection::through(SharedHttpClient::new(wire.clone()), local_settings());
        let public_url = PublicUrl::parse(public_url).unwrap();
        let queue = Arc::new(InMemoryQueue::default());
        let (mail_queue, mailbox) = (Arc::new(InMemoryQueue::default()), Arc::new(Mailbox::default()));
        let post = Post { logouts: &queue, mail: &mail_queue, mailbox: &mailbox };
        let place = place(public_url.clone(), (&state, &post), kms.as_ref(), "eu-west-1");
        let runtime = Runtime::new(connection, place, clock.clone(), Arc::new(SeededEntropy::default()));
        let laptop = Self {
            app: Box::new(App::assemble(&runtime).unwrap().showing(Arc::clone(&mailbox))),
            connection: state.engine.connection(),
            public_url: public_url.as_str().into(),
            worker: worker(&queue, &runtime),
            queue,
            mail_queue,
            mailbox,
            clock,
            wire,
            runtime,
            state,
            kms,
            address: Mutex::default(),
            answers: AtomicU32::default(),
            answer_bytes: AtomicU32::default(),
        };
        laptop.apply(change).await;
        let _ = laptop.wire.calls();
        laptop
    }

    /// Restarts all functions over `connection`, as in fresh execution environments in `region`.
    pub fn start_over(&mut self, connection: Connection, region: &str) {
        let post = Post { logouts: &self.queue, mail: &self.mail_queue, mailbox: &self.mailbox };
        let place = place(self.runtime.public_url.clone(), (&self.state, &post), self.kms.as_ref(), region);
        self.runtime = Runtime::new(connection, place, self.clock.clone(), self.runtime.entropy.clone());
        *self.app = App::assemble(&self.runtime).unwrap().showing(Arc::clone(&self.mailbox));
        self.worker = worker(&self.queue, &self.runtime);
    }

    /// Restarts all functions over the same connections.
    pub fn restart(&mut self) {
        let connection = Connection::through(SharedHttpClient::new(self.wire.clone()), local_settings());
        self.start_over(connection, "eu-west-1");
    }

    /// Applies the demo workspaces after applying `change` to each file.
    pub async fn apply(&self, change: impl Fn(String) -> String) {
        let of = |purpose| Sealer::derived(&self.state.sealing_key, purpose).unwrap();
        let (upstream_secrets, client_secrets) = (&of(Purpose::UpstreamSecret), &of(Purpose::ClientSecret));
        let (sealer, public_url) = (of(Purpose::SigningKey), &self.runtime.public_url);
        let loader = Loader { public_url, upstream_secrets, client_secrets, entropy: &SystemEntropy };
        let files: Vec<_> =
            DEMO.iter().map(|(name, text)| loader.text(name, &change((*text).into())).unwrap()).collect();
        let (connection, now) = (&self.connection, self.clock.now());
        let laptop = KeySource::Laptop { sealer: &sealer, entropy: &SystemEntropy };
        let keys = Keys { connection, source: laptop, now };
        Provisioning::new(&keys).create_tables().await.unwrap();
        self.with_keys(async |keys| {
            keys.ensure_sealing().await.unwrap();
            Provisioning::new(keys).apply(&files).await.unwrap();
        })
        .await;
    }

    /// Runs `work` on the keys of the workspaces, as an administrator would.
    pub async fn with_keys<T>(&self, work: impl AsyncFnOnce(&Keys<'_>) -> T) -> T {
        let (connection, now) = (&self.connection, self.clock.now());
        if let Some(fake) = &self.kms {
            let kms = KmsAdministration::new(&fake.connection("eu-west-1"), SEALING_KEY);
            let signing_keys = fake.signing_keys();
            let source = KeySource::Aws(StackKeys { kms: &kms, signing_keys: &signing_keys });
            return work(&Keys { connection, source, now }).await;
        }
        let sealer = Sealer::derived(&self.state.sealing_key, Purpose::SigningKey).unwrap();
        let source = KeySource::Laptop { sealer: &sealer, entropy: &SystemEntropy };
        work(&Keys { connection, source, now }).await
    }

    /// Returns the URL of `path` below the issuer of the workspace `demo`.
    #[must_use]
    pub fn demo_url(&self, path: &str) -> String {
        format!("{}/default/demo{path}", self.public_url)
    }

    /// Returns the current time in seconds.
    #[must_use]
    pub fn clock_seconds(&self) -> u64 {
        self.clock.now().seconds()
    }

    /// Returns the issuer of the workspace `demo`.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.demo_url("")
    }

    /// Sends a request. `url` is a path or an absolute URL below the public URL.
    pub async fn send(&self, method: &str, url: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response {
        self.send_by(method, url, (headers, body), Deadline::NONE).await
    }

    /// Sends a request in an invocation that ends at `deadline`.
    pub async fn send_by(
        &self,
        method: &str,
        url: &str,
        (headers, body): (&[(&str, &str)], impl Into<Bytes>),
        deadline: Deadline,
    ) -> Response {
        let (domain, local) = self.local(url);
        assert!(local.starts_with('/') || local.is_empty(), "{url} is elsewhere");
        let (path, query) = local.split_once('?').unwrap_or((local, ""));
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            map.append(HeaderName::try_from(*name).unwrap(), value);
        }
        let request = Request {
            method: Method::from_bytes(method.as_bytes()).unwrap(),
            domain,
            path: path.into(),
            query: query.into(),
            headers: map,
            body: body.into(),
            address: self.address.lock().unwrap().clone(),
            trace_id: "trace".into(),
            deadline,
        };
        let response = self.app.handle(&request).await;
        self.answers.fetch_add(1, Ordering::SeqCst);
        self.answer_bytes.fetch_add(size(&response), Ordering::SeqCst);
        response
    }

    /// Sends all queued mail, and returns what has reached the mailbox so far, the latest first.
    pub async fn mail(&self) -> Vec<Arc<Letter>> {
        let mail = mail::Deps::assemble(&self.runtime).unwrap();
        QueueWorker::new(Arc::clone(&self.mail_queue), Consumer::Mail(Box::new(mail))).deliver().await;
        self.mailbox.all().into_iter().map(|received| received.letter).collect()
    }

    /// The domain of a workspace in `url`, and the rest of it.
    fn local<'u>(&self, url: &'u str) -> (Option<Domain>, &'u str) {
        let own = url.strip_prefix(&self.public_url).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
        if let Some(own) = own {
            return (None, own);
        }
        let Some((_, rest)) = url.split_once("://") else { return (None, url) };
        let (authority, local) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let domain = PublicUrl::parse(&self.public_url).unwrap().domain(authority);
        assert!(domain.is_some(), "{url} is elsewhere");
        (domain, local)
    }

    /// Sets the source address of further requests.
    pub fn come_from(&self, address: &str) {
        *self.address.lock().unwrap() = address.into();
    }

    /// Returns the number of responses and their total size in bytes since the last call of this function.
    #[must_use]
    pub fn answers(&self) -> (u32, u32) {
        (self.answers.swap(0, Ordering::SeqCst), self.answer_bytes.swap(0, Ordering::SeqCst))
    }

    /// Posts a form to `path` below the issuer of `demo`, as a client does on the back channel.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Response {
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend_from_slice(headers);
        self.send("POST", &self.demo_url(path), &all, encoded(fields)).await
    }

    /// Calls userinfo with `token`.
    pub async fn userinfo(&self, token: &str) -> Response {
        let bearer = format!("Bearer {token}");
        self.send("GET", &self.demo_url("/userinfo"), &[("authorization", &bearer)], "").await
    }

    /// Returns the whole content of the store, by table and item.
    #[must_use]
    pub fn dump(&self) -> BTreeMap<String, Vec<String>> {
        let tables = local_settings().tables;
        [tables.config, tables.users, tables.flow]
            .into_iter()
            .map(|table| {
                let request = ScanRequest { table_name: table.clone(), ..ScanRequest::default() };
                let items = self.state.engine.database().scan(request).unwrap().items.unwrap_or_default();
                let mut items: Vec<String> =
                    items.iter().map(|item| serde_json::to_value(item).unwrap().to_string()).collect();
                items.sort();
                (table, items)
            })
            .collect()
    }

    /// The engine, for tests that bypass the store.
    #[must_use]
    pub const fn database(&self) -> &dynoxide::Database {
        self.state.engine.database()
    }
}

fn worker(queue: &Arc<InMemoryQueue>, runtime: &Runtime) -> QueueWorker {
    QueueWorker::new(Arc::clone(queue), Consumer::Notify(Box::new(notify::Deps::assemble(runtime).unwrap())))
}

/// The queues of a server, and where mail ends.
struct Post<'a> {
    logouts: &'a Arc<InMemoryQueue>,
    mail: &'a Arc<InMemoryQueue>,
    mailbox: &'a Arc<Mailbox>,
}

fn place(
    public_url: PublicUrl,
    (state, post): (&State, &Post<'_>),
    kms: Option<&FakeKms>,
    region: &str,
) -> Environment {
    let keys = match kms {
        None => KeyBackend::Laptop(Secret::new(*state.sealing_key.expose())),
        Some(fake) => KeyBackend::Aws {
            kms: fake.connection(region),
            sealing_key: SEALING_KEY.into(),
            signing_keys: fake.signing_keys(),
        },
    };
    let queue = |queue: &Arc<InMemoryQueue>| QueueBackend::Laptop(Arc::clone(queue));
    let transport = MailTransport::Laptop(Arc::clone(post.mailbox));
    let (queue, mail) = (queue(post.logouts), MailBackend { queue: queue(post.mail), transport });
    Environment { public_url, region: RegionLabel::parse("local").unwrap(), keys, queue, mail }
}

/// The size of an HTTP/1.1 response in bytes, without its status line.
fn size(response: &Response) -> u32 {
    let headers = response.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    u32::try_from(headers.sum::<usize>() + response.body().len()).unwrap()
}

/// Encodes fields as a form body or query.
#[must_use]
pub fn encoded(fields: &[(&str, &str)]) -> String {
    let encode = protocol::syntax::encoding::encode_uri_component;
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}
