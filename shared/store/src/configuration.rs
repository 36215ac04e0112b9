//! Workspaces and clients, read through a cache that is at most thirty seconds old, or five for absent ones.

use std::sync::Arc;

use protocol::clients::allowed_origins::AllowedOrigins;
use protocol::clients::client::Client;
use protocol::clients::external_url::Reach;
use protocol::registration::client_metadata::ClientMetadata;
use protocol::types::id::{ClientId, WorkspaceId};
use protocol::types::time::Timestamp;
use protocol::workspace::settings::{Settings, Workspace};

use crate::cache::Cache;
use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item::{self, Item};
use crate::key::{self, Key, Kind};
use crate::need::{Action, Handle, Need, Table};

/// The sort key of items that are alone in their partition.
pub(crate) const ALONE: &str = "-";

/// The attribute with the loopback addresses whose pages may use any port. Earlier versions did not write it.
pub(crate) const LOOPBACK_ORIGINS: &str = "loopback_origins";

/// The attribute with the format of a client's metadata. Earlier versions did not write it.
pub(crate) const METADATA_FORMAT: &str = "format";

/// A workspace with derived values.
pub struct LoadedWorkspace {
    /// The workspace.
    pub workspace: Workspace,
    /// The origins of all its clients, for CORS responses before the client is known.
    pub origins: AllowedOrigins,
}

/// A client with derived values.
pub struct LoadedClient {
    /// The client.
    pub client: Arc<Client>,
    /// The origins of its redirect URIs, and those that the workspace allows.
    pub origins: AllowedOrigins,
}

/// May read workspaces.
pub struct WorkspaceReading {
    connection: Connection,
    public_url: String,
    reach: Option<Reach>,
    workspaces: Cache<WorkspaceId, LoadedWorkspace>,
}

/// May read workspaces and clients.
pub struct ConfigurationReading {
    workspaces: WorkspaceReading,
    connection: Connection,
    clients: Cache<(WorkspaceId, ClientId), LoadedClient>,
}

impl Handle for WorkspaceReading {
    const NEEDS: &'static [Need] = &[Need::of(Table::Config, Action::GetItem, Kind::Workspace)];
}

impl WorkspaceReading {
    /// The handle over `connection`, for issuers below `public_url`.
    #[must_use]
    pub fn new(connection: &Connection, public_url: &str) -> Self {
        Self { connection: connection.clone(), public_url: public_url.into(), reach: None, workspaces: Cache::new() }
    }

    /// The same for a server whose requests have this `reach`.
    #[must_use]
    pub fn reaching(self, reach: Reach) -> Self {
        Self { reach: Some(reach), ..self }
    }

    /// The workspace `id`, if there is one.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn workspace(
        &self,
        id: &WorkspaceId,
        now: Timestamp,
    ) -> Result<Option<Arc<LoadedWorkspace>>, StoreFault> {
        if let Some(fresh) = self.workspaces.fresh(id, now) {
            return Ok(Some(fresh));
        }
        if self.workspaces.is_absent(id, now) {
            return Ok(None);
        }
        let Some(item) = find(&self.connection, key::partition(Kind::Workspace, id, ALONE)).await? else {
            self.workspaces.remember_absent(id.clone(), now);
            return Ok(None);
        };
        let origins: Vec<String> = item::read_json(&item, "origins")?;
        let loopback: Vec<String> =
            if item.contains_key(LOOPBACK_ORIGINS) { item::read_json(&item, LOOPBACK_ORIGINS)? } else { Vec::new() };
        let settings: Settings = item::read_json(&item, "settings")?;
        let settings = Settings { reach: self.reach, ..settings };
        let workspace = Workspace::new(id.clone(), &self.public_url, settings);
        let origins = AllowedOrigins::new(origins).with_any_port(loopback, &workspace.issuer);
        let loaded = LoadedWorkspace { workspace, origins };
        Ok(Some(self.workspaces.remember(id.clone(), loaded, now)))
    }

    /// Reads a workspace that cannot exist, to open the connection during the start of a function, when it has full CPU
    /// speed and no user is waiting.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn ping(&self) -> Result<(), StoreFault> {
        find(&self.connection, key::regional(Kind::Workspace, ALONE)).await.map(|_| ())
    }
}

impl Handle for ConfigurationReading {
    const NEEDS: &'static [Need] = &[
        Need::of(Table::Config, Action::GetItem, Kind::Workspace),
        Need::of(Table::Config, Action::GetItem, Kind::Client),
    ];
}

impl ConfigurationReading {
    /// The handle over `connection`, for issuers below `public_url`.
    #[must_use]
    pub fn new(connection: &Connection, public_url: &str) -> Self {
        let workspaces = WorkspaceReading::new(connection, public_url);
        Self { workspaces, connection: connection.clone(), clients: Cache::new() }
    }

    /// The same for a server whose requests have this `reach`.
    #[must_use]
    pub fn reaching(self, reach: Reach) -> Self {
        Self { workspaces: self.workspaces.reaching(reach), ..self }
    }

    /// The handle for workspaces, with the same cache.
    #[must_use]
    pub const fn workspaces(&self) -> &WorkspaceReading {
        &self.workspaces
    }

    /// The workspace `id`, if there is one.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn workspace(
        &self,
        id: &WorkspaceId,
        now: Timestamp,
    ) -> Result<Option<Arc<LoadedWorkspace>>, StoreFault> {
        self.workspaces.workspace(id, now).await
    }

    /// The client `id` of `workspace`, active or not, if there is one.
    ///
    /// # Errors
    ///
    /// [`StoreFault`], also if the stored metadata can no longer be registered.
    pub async fn client(
        &self,
        workspace: &Workspace,
        id: &ClientId,
        now: Timestamp,
    ) -> Result<Option<Arc<LoadedClient>>, StoreFault> {
        let cache_key = (workspace.id.clone(), id.clone());
        if let Some(fresh) = self.clients.fresh(&cache_key, now) {
            return Ok(Some(fresh));
        }
        if self.clients.is_absent(&cache_key, now) {
            return Ok(None);
        }
        let Some(item) = find(&self.connection, key::partition(Kind::Client, &workspace.id, id.as_str())).await? else {
            self.clients.remember_absent(cache_key, now);
            return Ok(None);
        };
        let metadata = read_metadata(&item)?;
        let client = metadata.register(&workspace.settings, &workspace.issuer);
        let client = client.map_err(|_| StoreFault::Unreadable("client metadata"))?;
        let origins = AllowedOrigins::new(workspace.settings.cors_origins.iter().cloned())
            .with_those_of(&client.redirect_uris, &workspace.issuer);
        let loaded = LoadedClient { client: Arc::new(client), origins };
        Ok(Some(self.clients.remember(cache_key, loaded, now)))
    }

    /// The client `id` of `workspace`, if there is one and it is active.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn usable_client(
        &self,
        workspace: &Workspace,
        id: &ClientId,
        now: Timestamp,
    ) -> Result<Option<Arc<LoadedClient>>, StoreFault> {
        Ok(self.client(workspace, id, now).await?.filter(|loaded| loaded.client.is_usable()))
    }
}

/// Reads the metadata of a client. In the first format every client had `require_pkce: false`, which had no meaning;
/// since the second one it is an explicit exemption.
fn read_metadata(item: &Item) -> Result<ClientMetadata, StoreFault> {
    let metadata: ClientMetadata = item::read_json(item, "client")?;
    let is_meant = item::read_number(item, METADATA_FORMAT)?.is_some();
    let require_pkce = metadata.require_pkce.filter(|required| *required || is_meant);
    Ok(ClientMetadata { require_pkce, ..metadata })
}

pub(crate) async fn find(connection: &Connection, partition: String) -> Result<Option<Item>, StoreFault> {
    let key = Key { partition, sort: Some(ALONE) };
    connection.read(&connection.tables.config, key).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Before the second format, `require_pkce: false` was written for every client and had no meaning.
    #[test]
    fn sec_pkce_01_a_client_that_was_stored_before_is_not_exempt_from_pkce() {
        let stored = |require_pkce: &str, format: Option<u64>| {
            let client =
                format!(r#"{{"client_id":"c","client_name":"C","redirect_uris":[],"require_pkce":{require_pkce}}}"#);
            let mut item = Item::from([("client".to_owned(), item::text(client))]);
            item.extend(format.map(|format| (METADATA_FORMAT.to_owned(), item::number(format))));
            read_metadata(&item).unwrap().require_pkce
        };
        let table = [
            ("false", None, None),
            ("true", None, Some(true)),
            ("false", Some(2), Some(false)),
            ("true", Some(2), Some(true)),
            ("null", Some(2), None),
        ];
        for (require_pkce, format, expected) in table {
            assert_eq!(stored(require_pkce, format), expected, "{require_pkce} {format:?}");
        }
    }
}
