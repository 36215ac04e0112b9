//! Lists the contents of a local store before it is served. Functions never list anything.

use protocol::types::id::{ClientId, WorkspaceId};

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item::{self, Item};
use crate::key::{Kind, PARTITION};

/// May list the workspaces and sealed private keys of a store.
pub struct Inventory(Connection);

/// The contents of a store.
#[derive(Debug, Default)]
pub struct Inventoried {
    /// The workspaces, with their clients.
    pub workspaces: Vec<(WorkspaceId, Vec<ClientId>)>,
    /// The sealed private keys.
    pub signing_keys: Vec<(WorkspaceId, String)>,
}

impl Inventory {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Lists everything.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn list(&self) -> Result<Inventoried, StoreFault> {
        let (mut found, mut after) = (Inventoried::default(), None);
        loop {
            let scan = self.0.client.scan().table_name(&self.0.tables.config).set_exclusive_start_key(after);
            let page = scan.send().await.map_err(|error| StoreFault::of(&error))?;
            for item in page.items.unwrap_or_default() {
                found.add(&item)?;
            }
            after = page.last_evaluated_key;
            if after.is_none() {
                return Ok(found);
            }
        }
    }
}

impl Inventoried {
    fn add(&mut self, item: &Item) -> Result<(), StoreFault> {
        let partition = item::read_text(item, PARTITION)?;
        if let Some(id) = workspace_of(partition, Kind::Workspace) {
            self.workspaces.push((id, item::read_json(item, "clients")?));
        } else if let Some(id) = workspace_of(partition, Kind::SigningKey) {
            self.signing_keys.push((id, item::read_text(item, "sealed")?.into()));
        }
        Ok(())
    }
}

/// The workspace in a partition key, if the item is of this kind.
fn workspace_of(partition: &str, kind: Kind) -> Option<WorkspaceId> {
    let (found, rest) = partition.split_once('#')?;
    let workspace = rest.split_once('#')?.0;
    (found == kind.name()).then(|| workspace.parse().ok())?
}
