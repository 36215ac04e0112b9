//! `postern keys`: lists and changes the signing keys of a workspace.

use administration::signing_keys::NewKey;
use protocol::jose::key_ring::{KeyLocation, KeyRing, PUBLISHED_BEFORE_USE};
use protocol::types::id::WorkspaceId;
use protocol::types::time::Lifetime;
use serde_json::{Value, json};
use store::ConfigurationReading;

use super::error::AdminError;
use super::stack::{Stack, block_on};
use crate::arguments::{KeysAction, KeysOptions};
use crate::output::print;

/// The longest lifetime that a workspace or client may set for a token.
const MAX_TOKEN_LIFETIME: Lifetime = Lifetime::seconds(24 * 3600);

/// Lists the signing keys of a workspace, or takes one step with them.
///
/// # Errors
///
/// [`AdminError`], one sentence that says what to do.
pub fn keys(options: &KeysOptions) -> Result<(), AdminError> {
    block_on(async {
        let workspace = workspace(options.workspace.as_deref())?;
        let stack = Stack::from_env()?;
        let ring = run_key_step(&stack, &workspace, &options.action).await?;
        print(&if options.json { as_json(&ring) } else { as_table(&ring) });
        Ok(())
    })
}

fn workspace(argument: Option<&str>) -> Result<WorkspaceId, AdminError> {
    let (tenant, name) = argument.and_then(|name| name.split_once('/')).ok_or(AdminError::Workspace)?;
    WorkspaceId::parse(tenant, name).map_err(|_| AdminError::Workspace)
}

/// Runs `action` and returns the ring as it is afterwards.
async fn run_key_step(stack: &Stack, workspace: &WorkspaceId, action: &KeysAction) -> Result<KeyRing, AdminError> {
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
            require_workspace(stack, workspace).await?;
            keys.step(workspace, |ring| ring.remove(kid, MAX_TOKEN_LIFETIME, now)).await?
        }
    })
}

/// Fails if `workspace` was never applied.
async fn require_workspace(stack: &Stack, workspace: &WorkspaceId) -> Result<(), AdminError> {
    let configuration = ConfigurationReading::new(&stack.connection, stack.public_url.as_str());
    let found = configuration.workspace(workspace, stack.now).await?;
    found.map(|_| ()).ok_or_else(|| AdminError::NoWorkspace(workspace.clone()))
}

const fn location(location: &KeyLocation) -> &'static str {
    match location {
        KeyLocation::Sealed => "sealed",
        KeyLocation::Kms(_) => "kms",
        KeyLocation::Wrapped => "wrapped",
    }
}

fn as_json(ring: &KeyRing) -> String {
    let keys = ring.keys.iter().map(|key| {
        let mut described = json!({
            "kid": key.jwk.thumbprint(),
            "alg": key.jwk.alg.as_str(),
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
    let mut table = format!("{:<43}  {:<5}  {:<7}  {:<8}  SINCE (SECONDS)", "KID", "ALG", "ROLE", "LOCATION");
    for key in &ring.keys {
        let role = json!(key.role);
        let line = format!(
            "\n{:<43}  {:<5}  {:<7}  {:<8}  {}",
            key.jwk.thumbprint(),
            key.jwk.alg.as_str(),
            role.as_str().unwrap_or_default(),
            location(&key.location),
            key.since.seconds()
        );
        table.push_str(&line);
    }
    table
}
