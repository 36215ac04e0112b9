//! `postern apply`, `postern keys` and `postern sealing`: administration of a stack in AWS, from wherever its administrator works.
//!
//! The environment says which stack: the stack's output `AdminEnvironment`, and credentials as every tool for AWS takes
//! them from the environment.

use std::io::Write as _;
use std::sync::Arc;

use bootstrap::{BootstrapError, Environment, KeyBackend, surroundings};
use http_client::Fetcher;
use keystore::{DataKeyFault, DataKeys};
use protocol::clients::external_url::Reach;
use protocol::jose::key_ring::{KeyLocation, KeyRing, PUBLISHED_BEFORE_USE};
use protocol::types::id::WorkspaceId;
use protocol::types::time::{Lifetime, Timestamp};
use serde_json::{Value, json};
use signing::{KmsAdministration, KmsUnwrapping, Purpose, Sealer, SystemEntropy};
use store::{ConfigurationReading, Connection, SealingKeyReading, StoreFault, WrappedSealingKeys};
use thiserror::Error;
use web::config::PublicUrl;
use web::{Clock as _, Config, ConfigError, SystemClock};

use crate::arguments::{ApplyOptions, KeysAction, KeysOptions, SealingAction, SealingOptions};
use administration::provision::ProvisionError;
use administration::sealing_keys::{self as sealing, PUBLISHED_BEFORE_SEALING};
use administration::sector_documents::{self as sectors, SectorError};
use administration::signing_keys::{KeyError, KeySource, Keys, NewKey};
use administration::workspace_file::{FileError, Loader};

/// Why it was not done, as one sentence.
#[derive(Debug, Error)]
pub enum AdminError {
    /// The environment does not name a stack.
    #[error(
        "{0}. Export the output AdminEnvironment of the stack, and credentials (AWS_ACCESS_KEY_ID, \
         AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), first."
    )]
    Environment(#[from] ConfigError),
    /// The functions could not be put together.
    #[error(transparent)]
    Assembly(#[from] BootstrapError),
    /// A file is not good.
    #[error(transparent)]
    File(#[from] FileError),
    /// A client is not of the sector that it names.
    #[error(transparent)]
    Sector(#[from] SectorError),
    /// The name is none of a workspace.
    #[error("say which workspace with --workspace TENANT/WORKSPACE, such as default/demo")]
    Workspace,
    /// There is no such workspace.
    #[error("there is no workspace {0}")]
    NoWorkspace(WorkspaceId),
    /// A workspace could not be applied.
    #[error(transparent)]
    Provision(#[from] ProvisionError),
    /// The keys could not be worked on.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The keys that seal our secrets could not be opened.
    #[error("the keys for sealing could not be opened: {0}")]
    Sealing(#[from] DataKeyFault),
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] StoreFault),
    /// The runtime could not start.
    #[error("this could not start: {0}")]
    Runtime(std::io::Error),
}

/// A stack in AWS.
struct Stack {
    connection: Connection,
    public_url: PublicUrl,
    kms: KmsAdministration,
    unwrapping: KmsUnwrapping,
    signing_keys: Vec<String>,
    now: Timestamp,
}

impl Stack {
    fn from_env() -> Result<Self, AdminError> {
        let (connection, Environment { public_url, keys, .. }) = surroundings(Config::from_env()?)?;
        match keys {
            KeyBackend::Aws { kms, sealing_key, signing_keys } => Ok(Self {
                connection,
                public_url,
                unwrapping: KmsUnwrapping::new(&kms, &sealing_key),
                kms: KmsAdministration::new(&kms, &sealing_key),
                signing_keys,
                now: SystemClock.now(),
            }),
            KeyBackend::Nowhere | KeyBackend::Laptop(_) => Err(ConfigError::Missing("SEALING_KEY_ARN").into()),
        }
    }

    fn keys(&self) -> Keys<'_> {
        let source = KeySource::Aws { kms: &self.kms, signing_keys: &self.signing_keys };
        Keys { connection: &self.connection, source, now: self.now }
    }

    async fn sealer(&self, purpose: Purpose) -> Result<Arc<Sealer>, DataKeyFault> {
        let reading = SealingKeyReading::new(&self.connection);
        DataKeys::<Sealer>::wrapped(purpose, reading, self.unwrapping.clone()).keys(self.now).await
    }
}

/// Applies workspaces to a stack.
///
/// # Errors
///
/// [`AdminError`], one sentence that says what to do.
pub fn apply(options: &ApplyOptions) -> Result<(), AdminError> {
    waited_for(async {
        let stack = Stack::from_env()?;
        let keys = stack.keys();
        keys.ensure_sealing().await?;
        let (upstream_secrets, client_secrets) =
            (&*stack.sealer(Purpose::UpstreamSecret).await?, &*stack.sealer(Purpose::ClientSecret).await?);
        let public_url = &stack.public_url;
        let loader = Loader { public_url, upstream_secrets, client_secrets, entropy: &SystemEntropy };
        let files = options.files.iter().map(|path| loader.file(path)).collect::<Result<Vec<_>, _>>()?;
        sectors::check(&files, &Fetcher::new(Reach::of(stack.public_url.as_str()))).await?;
        keys.apply(&files).await?;
        let applied: Vec<(&str, usize)> =
            files.iter().map(|file| (file.workspace.issuer.as_str(), file.clients.len())).collect();
        let text = if options.json {
            let applied = applied.iter().map(|(issuer, clients)| json!({ "issuer": issuer, "clients": clients }));
            json!({ "applied": applied.collect::<Vec<_>>() }).to_string()
        } else {
            let lines = applied.iter().map(|(issuer, clients)| format!("Applied {issuer} with {clients} clients."));
            lines.collect::<Vec<_>>().join("\n")
        };
        say(&text);
        Ok(())
    })
}

/// Looks at the keys of a workspace, or takes a step with them.
///
/// # Errors
///
/// [`AdminError`], one sentence that says what to do.
pub fn keys(options: &KeysOptions) -> Result<(), AdminError> {
    waited_for(async {
        let named = options.workspace.as_deref().and_then(|name| name.split_once('/'));
        let (tenant, name) = named.ok_or(AdminError::Workspace)?;
        let workspace = WorkspaceId::parse(tenant, name).map_err(|_| AdminError::Workspace)?;
        let stack = Stack::from_env()?;
        let ring = taken(&stack, &workspace, &options.action).await?;
        say(&if options.json { described(&ring).to_string() } else { table(&ring) });
        Ok(())
    })
}

async fn taken(stack: &Stack, workspace: &WorkspaceId, action: &KeysAction) -> Result<KeyRing, AdminError> {
    let (keys, now) = (stack.keys(), stack.now);
    Ok(match action {
        KeysAction::List => keys.ring(workspace).await?.ring,
        KeysAction::Add { kms_key: Some(arn), .. } => keys.add(workspace, NewKey::Kms(arn.clone())).await?,
        KeysAction::Add { wrapped, .. } => {
            keys.add(workspace, NewKey::Wrapped(wrapped.unwrap_or_default().algorithm())).await?
        }
        KeysAction::Rotate { now: at_once } => {
            let published = if *at_once { Lifetime::seconds(0) } else { PUBLISHED_BEFORE_USE };
            keys.step(workspace, |ring| ring.rotate(published, now)).await?
        }
        KeysAction::Revoke { kid } => keys.step(workspace, |ring| ring.revoke(kid, now)).await?,
        KeysAction::Remove { kid } => {
            let longest = longest_token(stack, workspace).await?;
            keys.step(workspace, |ring| ring.remove(kid, longest, now)).await?
        }
    })
}

/// The longest that a token of `workspace` lives, whichever client it is for: no client's may live longer than a day.
async fn longest_token(stack: &Stack, workspace: &WorkspaceId) -> Result<Lifetime, AdminError> {
    let configuration = ConfigurationReading::new(&stack.connection, stack.public_url.as_str());
    match configuration.workspace(workspace, stack.now).await? {
        Some(_) => Ok(Lifetime::seconds(24 * 3600)),
        None => Err(AdminError::NoWorkspace(workspace.clone())),
    }
}

/// Looks at the data keys for sealing, or takes a step with them.
///
/// # Errors
///
/// [`AdminError`], one sentence that says what to do.
pub fn sealing(options: &SealingOptions) -> Result<(), AdminError> {
    waited_for(async {
        let stack = Stack::from_env()?;
        let found = sealing_taken(&stack, &options.action).await?;
        let versions = found.iter().flat_map(|(purpose, keys)| sealing_described(*purpose, keys)).collect::<Vec<_>>();
        let line = |version: &Value| {
            let field = |name: &str| version.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let number = |name: &str| version.get(name).and_then(Value::as_u64).unwrap_or_default();
            format!("\n{:<16}  {:>7}  {:<7}  {}", field("purpose"), number("version"), field("role"), number("since"))
        };
        let table = || versions.iter().map(line).collect::<String>();
        let head = format!("{:<16}  {:>7}  {:<7}  SINCE (SECONDS)", "PURPOSE", "VERSION", "ROLE");
        say(&if options.json { json!({ "versions": versions }).to_string() } else { head + &table() });
        Ok(())
    })
}

async fn sealing_taken(
    stack: &Stack,
    action: &SealingAction,
) -> Result<Vec<(Purpose, WrappedSealingKeys)>, AdminError> {
    let (keys, now) = (stack.keys(), stack.now);
    let (purpose, changed) = match action {
        SealingAction::List => {
            let mut all = Vec::new();
            for purpose in Purpose::OF_DATA_KEYS {
                all.extend(keys.sealing_keys(purpose).await?.map(|keys| (purpose, keys)));
            }
            return Ok(all);
        }
        SealingAction::Add { purpose } => (*purpose, keys.add_sealing(*purpose).await?),
        SealingAction::Rotate { purpose, now: at_once } => {
            let published = if *at_once { Lifetime::seconds(0) } else { PUBLISHED_BEFORE_SEALING };
            (*purpose, keys.step_sealing(*purpose, |keys| sealing::rotate(keys, published, now)).await?)
        }
        SealingAction::Remove { purpose, now: true } => {
            (*purpose, keys.step_sealing(*purpose, sealing::remove_now).await?)
        }
        SealingAction::Remove { purpose, now: false } => {
            (*purpose, keys.step_sealing(*purpose, |keys| sealing::remove(keys, *purpose, now)).await?)
        }
    };
    Ok(vec![(purpose, changed)])
}

fn sealing_described(purpose: Purpose, keys: &WrappedSealingKeys) -> impl Iterator<Item = Value> {
    keys.versions.iter().map(move |key| {
        json!({
            "purpose": purpose.name(),
            "version": key.version,
            "role": sealing::role(keys, key).as_str(),
            "since": key.since.seconds(),
        })
    })
}

const fn location(location: &KeyLocation) -> &'static str {
    match location {
        KeyLocation::Sealed => "sealed",
        KeyLocation::Kms(_) => "kms",
        KeyLocation::Wrapped => "wrapped",
    }
}

fn described(ring: &KeyRing) -> Value {
    let keys = ring.keys.iter().map(|key| {
        let mut described = json!({
            "kid": key.jwk.thumbprint(),
            "alg": key.jwk.alg.as_str(),
            "role": key.role,
            "location": location(&key.location),
            "since": key.since.seconds(),
        });
        if let (KeyLocation::Kms(name), Some(members)) = (&key.location, described.as_object_mut()) {
            members.insert("kms_key".into(), name.as_str().into());
        }
        described
    });
    json!({ "keys": keys.collect::<Vec<_>>() })
}

fn table(ring: &KeyRing) -> String {
    let mut text = format!("{:<43}  {:<5}  {:<7}  {:<7}  SINCE (SECONDS)", "KID", "ALG", "ROLE", "CUSTODY");
    for key in &ring.keys {
        let role = json!(key.role);
        let line = format!(
            "\n{:<43}  {:<5}  {:<7}  {:<7}  {}",
            key.jwk.thumbprint(),
            key.jwk.alg.as_str(),
            role.as_str().unwrap_or_default(),
            location(&key.location),
            key.since.seconds()
        );
        text.push_str(&line);
    }
    text
}

fn waited_for(work: impl Future<Output = Result<(), AdminError>>) -> Result<(), AdminError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(AdminError::Runtime)?;
    runtime.block_on(work)
}

fn say(text: &str) {
    // Whoever closed our output does not want to know.
    let _ = writeln!(std::io::stdout(), "{text}");
}
