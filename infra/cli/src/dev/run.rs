//! `postern dev`: from arguments to a running server.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bootstrap::{BootstrapError, Environment, KeyBackend, MailBackend, MailTransport, QueueBackend, Runtime};
use delivery::InMemoryQueue;
use http_client::Fetcher;
use mailing::Mailbox;
use protocol::clients::external_url::Reach;
use protocol::types::id::{MalformedId, RegionLabel};
use protocol::types::secret::Secret;
use serde_json::json;
use signing::{Purpose, Sealer, SystemEntropy};
use thiserror::Error;
use tokio::sync::watch;
use web::config::PublicUrl;
use web::{Clock as _, SystemClock, log};

use crate::arguments::DevOptions;
use crate::dev::app::App;
use crate::dev::applied::{Applied, AppliedError};
use crate::dev::demo_workspaces::DEMO;
use crate::dev::engine::Engine;
use crate::dev::queue_worker::{Consumer, QueueWorker};
use crate::dev::server::{ListenError, Listeners, serve, serve_engine};
use crate::dev::state::{State, StateError};
use crate::dev::stop_signal::stop_signal;
use crate::dev::stored::{self, StoredError};
use crate::output::print;
use crate::workspace_files::{ReadError, read};
use administration::sector_documents::{self, SectorError};
use administration::workspace_file::{FileError, Loader, WorkspaceFile};
use administration::{KeySource, Keys, ProvisionError, Provisioning};

/// How often expired items are deleted.
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);

/// Cookies and the demo need a whole host. In AWS a custom domain may have a base path.
const NO_PATH: &str = "has a path, but this server responds at the root of its host only: remove the path";

/// Why the server did not start or had to stop, as one sentence.
#[derive(Debug, Error)]
pub enum DevError {
    /// `--public-url` is malformed.
    #[error("--public-url {0}")]
    PublicUrl(&'static str),
    /// The state cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// A workspace file cannot be read or is invalid.
    #[error(transparent)]
    File(#[from] ReadError),
    /// A workspace of an earlier run cannot be reloaded.
    #[error(transparent)]
    Applied(#[from] AppliedError),
    /// A workspace of an earlier run cannot be served.
    #[error(transparent)]
    Stored(#[from] StoredError),
    /// A workspace file of the demo is invalid.
    #[error(transparent)]
    Demo(#[from] FileError),
    /// A client does not belong to its sector.
    #[error(transparent)]
    Sector(#[from] SectorError),
    /// The store could not be prepared.
    #[error(transparent)]
    Provision(#[from] ProvisionError),
    /// A port cannot be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The port for the engine cannot be listened on.
    #[error("--store-port: {0}")]
    StorePort(ListenError),
    /// The functions could not be built.
    #[error(transparent)]
    Bootstrap(#[from] BootstrapError),
    /// The region label is malformed. It is a constant, so this cannot happen.
    #[error(transparent)]
    Region(#[from] MalformedId),
    /// The async runtime could not start.
    #[error("the server could not start: {0}")]
    Runtime(std::io::Error),
}

/// Runs the server until it is told to stop.
///
/// # Errors
///
/// [`DevError`] says what to do.
pub fn dev(options: DevOptions) -> Result<(), DevError> {
    log::init(log::Format::Text);
    // One thread: requests are too small to be worth distributing.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(DevError::Runtime)?;
    let outcome = tokio::task::LocalSet::new().block_on(&runtime, run(options));
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

async fn run(options: DevOptions) -> Result<(), DevError> {
    let listeners = Listeners::bind(options.port).await?;
    let public_url = match &options.public_url {
        Some(url) => PublicUrl::parse(url.trim_end_matches('/')),
        None => PublicUrl::parse(&format!("http://localhost:{}", listeners.port())),
    };
    let public_url = public_url.map_err(DevError::PublicUrl)?;
    if !public_url.base_path().is_empty() {
        return Err(DevError::PublicUrl(NO_PATH));
    }
    let public_url = match options.ask_loopback {
        Some(true) => public_url.reaching(Reach::Laptop),
        Some(false) => public_url.reaching(Reach::Internet),
        None => public_url,
    };
    let state =
        if options.memory { State::memory(&SystemEntropy) } else { State::open(&options.data, &SystemEntropy) }?;
    let engine = state.engine.clone();
    let post = Post::default();
    let (runtime, files) = prepare_store(&state, &public_url, &post, &options).await?;
    let app = Rc::new(App::assemble(&runtime)?.serving(&files).showing(Arc::clone(&post.mailbox)));
    let (stopping, stopped) = watch::channel(());
    let deliveries = post.workers(&runtime)?.map(|worker| tokio::task::spawn_local(deliver(worker, stopped.clone())));
    let store_port = serve_store(&engine, options.store_port, stopped).await?;
    tokio::task::spawn_local(sweep(engine));
    // A signal that arrives right after the announcement stops the server like any other.
    let stop = stop_signal();
    announce(&options, &public_url, &files, Ports { server: listeners.port(), store: store_port });
    serve(app, listeners, &SystemEntropy, stop).await;
    drop(stopping);
    for delivery in deliveries {
        // Each worker stops within its SHUTDOWN_GRACE.
        let _ = delivery.await;
    }
    Ok(())
}

/// The queues of this process, and where mail ends.
#[derive(Default)]
struct Post {
    logouts: Arc<InMemoryQueue>,
    mail: Arc<InMemoryQueue>,
    mailbox: Arc<Mailbox>,
}

impl Post {
    /// Those who consume the queues.
    fn workers(&self, runtime: &Runtime) -> Result<[QueueWorker; 2], BootstrapError> {
        let (notify, mail) = (notify::Deps::assemble(runtime)?, mail::Deps::assemble(runtime)?);
        Ok([
            QueueWorker::new(Arc::clone(&self.logouts), Consumer::Notify(Box::new(notify))),
            QueueWorker::new(Arc::clone(&self.mail), Consumer::Mail(Box::new(mail))),
        ])
    }

    fn backend(&self) -> MailBackend {
        let transport = MailTransport::Laptop(Arc::clone(&self.mailbox));
        MailBackend { queue: QueueBackend::Laptop(Arc::clone(&self.mail)), transport }
    }
}

/// Prepares the store, and returns the runtime for building the functions and the workspaces of this run.
async fn prepare_store(
    state: &State,
    public_url: &PublicUrl,
    post: &Post,
    options: &DevOptions,
) -> Result<(Runtime, Vec<WorkspaceFile>), DevError> {
    let connection = state.engine.connection();
    let sealer = |purpose| Sealer::derived(&state.sealing_key, purpose).map_err(BootstrapError::from);
    let (upstream_secrets, client_secrets) = (&sealer(Purpose::UpstreamSecret)?, &sealer(Purpose::ClientSecret)?);
    let sealer = sealer(Purpose::SigningKey)?;
    let loader = Loader { public_url, upstream_secrets, client_secrets, entropy: &SystemEntropy };
    let files = if options.config.is_empty() {
        DEMO.iter().map(|(name, text)| loader.text(name, text)).collect::<Result<Vec<_>, _>>()?
    } else {
        read(&loader, &options.config)?
    };
    let source = KeySource::Laptop { sealer: &sealer, entropy: &SystemEntropy };
    let keys = Keys { connection: &connection, source, now: SystemClock.now() };
    let provisioning = Provisioning::new(&keys);
    provisioning.create_tables().await?;
    apply(&provisioning, state, &loader, &files, &sealer).await?;
    stored::demand_servable(&connection, public_url, SystemClock.now()).await?;
    let keys = KeyBackend::Laptop(Secret::new(*state.sealing_key.expose()));
    let (queue, mail) = (QueueBackend::Laptop(Arc::clone(&post.logouts)), post.backend());
    let region = RegionLabel::parse("local")?;
    let environment = Environment { public_url: public_url.clone(), region, keys, queue, mail };
    Ok((Runtime::new(connection, environment, Arc::new(SystemClock), Arc::new(SystemEntropy)), files))
}

/// Applies `files`, and again the workspaces of earlier runs that were applied for another public URL.
async fn apply(
    provisioning: &Provisioning<'_>,
    state: &State,
    loader: &Loader<'_>,
    files: &[WorkspaceFile],
    sealer: &Sealer,
) -> Result<(), DevError> {
    let fetcher = Fetcher::new(loader.public_url.reach());
    sector_documents::check(files, &fetcher).await?;
    let Some(folder) = &state.folder else { return Ok(provisioning.apply(files).await?) };
    if !stored::key_fits(&state.engine.connection(), sealer).await? {
        return Err(folder.wrong_key().into());
    }
    let applied = Applied::read(&folder.path)?;
    let moved = applied.moved(files, loader)?;
    sector_documents::check(&moved, &fetcher).await?;
    provisioning.apply(files).await?;
    provisioning.apply(&moved).await?;
    Ok(applied.note(&folder.path, files.iter().chain(&moved), loader.public_url.as_str())?)
}

/// Serves the engine on its own port, if `--store-port` was given.
async fn serve_store(
    engine: &Engine,
    port: Option<u16>,
    mut stopped: watch::Receiver<()>,
) -> Result<Option<u16>, DevError> {
    let Some(port) = port else { return Ok(None) };
    let listeners = Listeners::bind(port).await.map_err(DevError::StorePort)?;
    let bound = listeners.port();
    tokio::task::spawn_local(serve_engine(engine.clone(), listeners, async move {
        let _ = stopped.changed().await;
    }));
    Ok(Some(bound))
}

/// Processes the queue until the server stops.
async fn deliver(worker: QueueWorker, mut stopped: watch::Receiver<()>) {
    worker
        .run(async move {
            let _ = stopped.changed().await;
        })
        .await;
}

/// Deletes expired items, as TTL does in DynamoDB.
async fn sweep(engine: Engine) {
    let mut ticks = tokio::time::interval(SWEEP_INTERVAL);
    loop {
        ticks.tick().await;
        if let Err(error) = engine.database().sweep_ttl() {
            tracing::warn!(error = %error, "expired items could not be deleted");
        }
    }
}

/// The listening ports.
#[derive(Clone, Copy)]
struct Ports {
    server: u16,
    store: Option<u16>,
}

/// Prints where the server can be reached.
fn announce(options: &DevOptions, public_url: &PublicUrl, files: &[WorkspaceFile], ports: Ports) {
    let url = public_url.as_str();
    let issuers: Vec<&str> = files.iter().map(|file| file.workspace.issuer.as_str()).collect();
    let text = if options.json {
        let demo = options.config.is_empty().then(|| format!("{url}/demo"));
        json!({ "public_url": url, "port": ports.server, "demo": demo, "issuers": issuers, "store_port": ports.store })
            .to_string()
    } else {
        let state = if options.memory {
            "in memory, until the server stops".into()
        } else {
            options.data.display().to_string()
        };
        let issuers = issuers.iter().fold(String::new(), |all, issuer| format!("{all}\n  Issuer     {issuer}"));
        let store =
            ports.store.map_or_else(String::new, |port| format!("\n  Store      http://127.0.0.1:{port} (DynamoDB)"));
        let demo = if options.config.is_empty() {
            format!("\n  Demo       {url}/demo      sign in as alice, password alice")
        } else {
            String::new()
        };
        format!("Postern is running.\n{demo}{issuers}{store}\n  State      {state}\n\nPress Ctrl-C to stop.")
    };
    print(&text);
}
