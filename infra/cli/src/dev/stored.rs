//! Checks existing state before it is served, so that problems are reported at startup instead of at the first request.

use protocol::types::id::WorkspaceId;
use protocol::types::time::Timestamp;
use signing::Sealer;
use store::{ConfigurationReading, Connection, Inventory, StoreFault};
use thiserror::Error;
use web::config::PublicUrl;

/// Why the stored state cannot be served, as a sentence that says what to do.
#[derive(Debug, Error)]
pub enum StoredError {
    /// The store failed.
    #[error("the store failed: {0}. Check that its disk has free space, or choose another folder with --data.")]
    Store(#[from] StoreFault),
    /// A workspace of an earlier run cannot be served.
    #[error(
        "workspace {workspace} of an earlier run cannot be served at {public_url}: it was applied for another public URL, or \
         by another version. Give its file with --config, serve it at its former URL (--port, --public-url), or choose \
         another folder with --data."
    )]
    Unservable {
        /// The workspace.
        workspace: WorkspaceId,
        /// The public URL.
        public_url: String,
    },
}

/// Whether `sealer` opens every private key in the store.
///
/// # Errors
///
/// [`StoredError::Store`].
pub async fn key_fits(connection: &Connection, sealer: &Sealer) -> Result<bool, StoredError> {
    let stored = Inventory::new(connection).list().await?;
    Ok(stored.signing_keys.iter().all(|(workspace, sealed)| sealer.open(workspace, sealed).is_some()))
}

/// Checks that every workspace in the store can be served at `public_url`, with every client.
///
/// # Errors
///
/// [`StoredError`].
pub async fn demand_servable(
    connection: &Connection,
    public_url: &PublicUrl,
    now: Timestamp,
) -> Result<(), StoredError> {
    let configuration = ConfigurationReading::new(connection, public_url.as_str()).reaching(public_url.reach());
    for (id, clients) in Inventory::new(connection).list().await?.workspaces {
        let unservable = || StoredError::Unservable { workspace: id.clone(), public_url: public_url.as_str().into() };
        let loaded = configuration.workspace(&id, now).await.map_err(|fault| told(fault, unservable()))?;
        let loaded = loaded.ok_or_else(unservable)?;
        for client in clients {
            let found = configuration.client(&loaded.workspace, &client, now).await;
            found.map_err(|fault| told(fault, unservable()))?;
        }
    }
    Ok(())
}

/// Attributes an unreadable item to the workspace, and any other fault to the store.
fn told(fault: StoreFault, unservable: StoredError) -> StoredError {
    match fault {
        StoreFault::Unreadable(_) => unservable,
        StoreFault::Unavailable(_) => fault.into(),
    }
}
