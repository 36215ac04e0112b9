//! `postern keys`: lists and changes the signing keys of a workspace.

use std::path::Path;

use administration::signing_keys::NewKey;
use administration::{KeySource, Keys};
use protocol::jose::key_ring::{KeyLocation, KeyRing, KeySeries, PUBLISHED_BEFORE_USE, RingKey};
use protocol::types::id::WorkspaceId;
use protocol::types::time::Lifetime;
use serde_json::{Value, json};
use signing::{Purpose, Sealer, SystemEntropy};
use store::ConfigurationReading;
use web::{Clock as _, SystemClock};

use super::error::AdminError;
use super::stack::{Stack, block_on};
use super::workspace_name::parse;
use crate::arguments::{KeysAction, KeysOptions};
use crate::dev::state::State;
use crate::output::print;

/// The longest lifetime that a workspace or client may set for a token.
const MAX_TOKEN_LIFETIME: Lifetime = Lifetime::seconds(24 * 3600);

/// Lists the signing keys of a workspace, or performs one step on them.
///
/// # Errors
///
/// [`AdminError`] says what to do.
pub fn keys(options: &KeysOptions) -> Result<(), AdminError> {
    block_on(async {
        let workspace = parse(options.workspace.as_deref())?;
        let ring = match &options.place.data {
            Some(folder) => of_laptop(folder, &workspace, &options.action).await?,
            None => run_key_step(&Stack::from_env()?.keys(), &workspace, &options.action).await?,
        };
        print(&if options.json { as_json(&ring) } else { as_table(&ring) });
        Ok(())
    })
}

/// Runs `action` on the state of `postern dev` in `folder`. A running server picks up the change within half a minute.
async fn of_laptop(folder: &Path, workspace: &WorkspaceId, action: &KeysAction) -> Result<KeyRing, AdminError> {
    let state = State::existing(folder)?;
    let sealer = Sealer::derived(&state.sealing_key, Purpose::SigningKey)?;
    let source = KeySource::Laptop { sealer: &sealer, entropy: &SystemEntropy };
    let keys = Keys { connection: &state.engine.connection(), source, now: SystemClock.now() };
    run_key_step(&keys, workspace, action).await
}

/// Runs `action` and returns the resulting ring.
async fn run_key_step(keys: &Keys<'_>, workspace: &WorkspaceId, action: &KeysAction) -> Result<KeyRing, AdminError> {
    let now = keys.now;
    Ok(match action {
        KeysAction::List => keys.ring(workspace).await?.ring,
        KeysAction::Add { kms_key, wrapped, local, beside } => {
            let new = match (kms_key, local) {
                (Some(arn), _) => NewKey::Kms(arn.clone()),
                (None, Some(local)) => NewKey::Sealed(local.algorithm()),
                (None, None) => NewKey::Wrapped(wrapped.unwrap_or_default().algorithm()),
            };
            keys.add(workspace, series(*beside), new).await?
        }
        KeysAction::Rotate { now: at_once, beside } => {
            let published = if *at_once { Lifetime::seconds(0) } else { PUBLISHED_BEFORE_USE };
            keys.step(workspace, |ring| ring.rotate(series(*beside), published, now)).await?
        }
        KeysAction::Revoke { kid } => keys.step(workspace, |ring| ring.revoke(kid, now)).await?,
        KeysAction::Remove { kid } => {
            require_workspace(keys, workspace).await?;
            keys.step(workspace, |ring| ring.remove(kid, MAX_TOKEN_LIFETIME, now)).await?
        }
    })
}

/// The series selected by the flag `--beside`.
const fn series(beside: bool) -> KeySeries {
    if beside { KeySeries::Beside } else { KeySeries::Own }
}

/// Fails if `workspace` was never applied.
async fn require_workspace(keys: &Keys<'_>, workspace: &WorkspaceId) -> Result<(), AdminError> {
    // Whether the workspace exists does not depend on the URL.
    let found = ConfigurationReading::new(keys.connection, "").workspace(workspace, keys.now).await?;
    found.map(|_| ()).ok_or_else(|| AdminError::NoWorkspace(workspace.clone()))
}

const fn location(location: &KeyLocation) -> &'static str {
    match location {
        KeyLocation::Sealed => "sealed",
        KeyLocation::Kms(_) => "kms",
        KeyLocation::Wrapped => "wrapped",
    }
}

/// The keys of `ring`, each with the name of its series.
fn listed(ring: &KeyRing) -> impl Iterator<Item = (&'static str, &RingKey)> {
    let own = ring.keys.iter().map(|key| ("own", key));
    own.chain(ring.beside.iter().map(|key| ("beside", key)))
}

fn as_json(ring: &KeyRing) -> String {
    let keys = listed(ring).map(|(series, key)| {
        let mut described = json!({
            "kid": key.jwk.thumbprint(),
            "alg": key.jwk.alg.as_str(),
            "series": series,
            "role": key.role,
            "location": location(&key.location),
            "since": key.since.seconds(),
        });
        if let (KeyLocation::Kms(name), Some(members)) = (&key.location, described.as_object_mut()) {
            members.insert("kms_key".into(), Value::from(name.as_str()));
        }
        described
    });
    json!({ "keys": keys.collect::<Vec<_>>() }).to_string()
}

fn as_table(ring: &KeyRing) -> String {
    let mut table =
        format!("{:<43}  {:<5}  {:<6}  {:<7}  {:<8}  SINCE (SECONDS)", "KID", "ALG", "SERIES", "ROLE", "LOCATION");
    for (series, key) in listed(ring) {
        let role = json!(key.role);
        let line = format!(
            "\n{:<43}  {:<5}  {:<6}  {:<7}  {:<8}  {}",
            key.jwk.thumbprint(),
            key.jwk.alg.as_str(),
            series,
            role.as_str().unwrap_or_default(),
            location(&key.location),
            key.since.seconds()
        );
        table.push_str(&line);
    }
    table
}
