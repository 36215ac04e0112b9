//! Writes workspaces and clients, and never over a change that the writer has not seen.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use protocol::clients::allowed_origins::AllowedOrigins;
use protocol::registration::client_metadata::ClientMetadata;
use protocol::registration::error::RegistrationError;
use protocol::types::domain::Domain;
use protocol::types::id::{ClientId, WorkspaceId};
use protocol::workspace::settings::Workspace;
use serde::Deserialize;

use crate::configuration::{ALONE, LOOPBACK_ORIGINS, METADATA_FORMAT, find};
use crate::connection::Connection;
use crate::domains;
use crate::fault::StoreFault;
use crate::item::{self, Item};
use crate::key::{self, Kind, PARTITION, SORT};

/// The format in which clients are written.
const FORMAT: u64 = 2;

/// May write workspaces and clients.
pub struct ConfigurationWriting(Connection);

/// The configuration of a workspace as it is stored, to be compared, and to be replaced if it is still the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredConfiguration {
    /// The settings, in JSON; `None` if the workspace does not exist.
    pub settings: Option<String>,
    /// The metadata of the clients, in JSON.
    pub clients: BTreeMap<ClientId, StoredClient>,
    /// The attributes that are derived from settings and clients.
    derived: [String; 3],
}

/// A client as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredClient {
    /// Its metadata, in JSON.
    pub metadata: String,
    format: Option<u64>,
}

/// Why a workspace was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// A client cannot be registered.
    #[error("client {client}: {reason}")]
    Client {
        /// The client.
        client: ClientId,
        /// The reason.
        reason: RegistrationError,
    },
    /// The domain belongs to another workspace.
    #[error("domain {0} belongs to another workspace, which has to give it up first")]
    DomainTaken(Domain),
    /// Somebody else changed the configuration meanwhile.
    #[error("{0} was changed meanwhile, and nothing of that was overwritten: look at the plan again, then apply")]
    Changed(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// The attributes of a workspace's item.
struct WorkspaceItem {
    settings: String,
    derived: [String; 3],
}

/// The attributes that are derived: the clients and the origins.
const DERIVED: [&str; 3] = ["clients", "origins", LOOPBACK_ORIGINS];

impl ConfigurationWriting {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// The configuration of the workspace `id` as it is stored. `expected` are clients that are looked for although the
    /// workspace does not list them: a command that did not come to its end may have written them.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn stored(
        &self,
        id: &WorkspaceId,
        expected: impl Iterator<Item = &ClientId>,
    ) -> Result<StoredConfiguration, StoreFault> {
        let found = find(&self.0, key::partition(Kind::Workspace, id, ALONE)).await?;
        let listed = found.as_ref().map(|item| item::read_json::<Vec<ClientId>>(item, "clients")).transpose()?;
        let ids: BTreeSet<ClientId> = listed.into_iter().flatten().chain(expected.cloned()).collect();
        let mut clients = BTreeMap::new();
        for client in ids {
            if let Some(stored) = self.stored_client(id, &client).await? {
                clients.insert(client, stored);
            }
        }
        // Earlier versions did not write every derived attribute.
        let text = |name| found.as_ref().and_then(|item| item.get(name)?.as_s().ok()).cloned().unwrap_or_default();
        let settings = found.as_ref().map(|item| item::read_text(item, "settings").map(Into::into)).transpose()?;
        Ok(StoredConfiguration { settings, clients, derived: DERIVED.map(text) })
    }

    /// The client `client` of `workspace` as it is stored, if there is one.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn stored_client(
        &self,
        workspace: &WorkspaceId,
        client: &ClientId,
    ) -> Result<Option<StoredClient>, StoreFault> {
        let found = find(&self.0, key::partition(Kind::Client, workspace, client.as_str())).await?;
        found.map(|item| StoredClient::read(&item)).transpose()
    }

    /// Writes a workspace and its clients, whatever is stored, and removes clients that are no longer among them. All
    /// clients are checked before anything is written.
    ///
    /// # Errors
    ///
    /// [`ApplyError`] names the client that cannot be registered, or the fault of the store.
    pub async fn apply(&self, workspace: &Workspace, clients: &[ClientMetadata]) -> Result<(), ApplyError> {
        let before = self.stored(&workspace.id, clients.iter().map(|client| &client.client_id)).await?;
        self.replace(&before, workspace, clients, &mut |_| {}).await
    }

    /// Replaces `before` with a workspace and its clients, and removes clients that are no longer among them. What is the
    /// same is not written. All clients are checked before anything is written. `written` is told how many clients are
    /// done.
    ///
    /// # Errors
    ///
    /// [`ApplyError`] names the client that cannot be registered, or what is no longer as it was, or the fault of the
    /// store. What was written until then stays, and applying again completes it.
    pub async fn replace(
        &self,
        before: &StoredConfiguration,
        workspace: &Workspace,
        clients: &[ClientMetadata],
        written: &mut dyn FnMut(usize),
    ) -> Result<(), ApplyError> {
        let after = workspace_item(workspace, clients)?;
        let id = &workspace.id;
        for (at, metadata) in clients.iter().enumerate() {
            self.replace_client(id, before.clients.get(&metadata.client_id), metadata).await?;
            written(at.saturating_add(1));
        }
        let kept: BTreeSet<&ClientId> = clients.iter().map(|metadata| &metadata.client_id).collect();
        for (client, stored) in before.clients.iter().filter(|(client, _)| !kept.contains(client)) {
            self.remove_client(id, client, stored).await?;
        }
        let changes = before.settings.as_deref() != Some(&after.settings);
        let domain = workspace.settings.domain.as_ref();
        if let Some(domain) = domain.filter(|_| changes)
            && !domains::claim(&self.0, domain, id).await?
        {
            return Err(ApplyError::DomainTaken(domain.clone()));
        }
        // The list of clients comes last: what it names can still be found when a command did not come to its end.
        if changes || before.derived != after.derived {
            self.replace_workspace(id, before, &after).await?;
        }
        // Until here the former domain leads to the workspace, whose settings say that it is no longer served there.
        match before.domain()? {
            Some(former) if domain != Some(&former) => Ok(domains::release(&self.0, &former, id).await?),
            _ => Ok(()),
        }
    }

    /// Replaces the client `before` of `workspace`, unless it is the same already.
    ///
    /// # Errors
    ///
    /// [`ApplyError::Changed`] if it is no longer as it was; [`ApplyError::Store`].
    pub async fn replace_client(
        &self,
        workspace: &WorkspaceId,
        before: Option<&StoredClient>,
        metadata: &ClientMetadata,
    ) -> Result<(), ApplyError> {
        let text = json(metadata)?;
        if before.is_some_and(|before| before.metadata == text && before.format == Some(FORMAT)) {
            return Ok(());
        }
        let put = self
            .0
            .client
            .put_item()
            .table_name(&self.0.tables.config)
            .item(PARTITION, item::text(key::partition(Kind::Client, workspace, metadata.client_id.as_str())))
            .item(SORT, item::text(ALONE))
            .item("v", item::version())
            .item("client", item::text(text))
            .item(METADATA_FORMAT, item::number(FORMAT));
        let put = match before {
            None => put.condition_expression("attribute_not_exists(#client)"),
            Some(before) => put
                .condition_expression("#client = :before")
                .expression_attribute_values(":before", item::text(&before.metadata)),
        };
        let written = put.expression_attribute_names("#client", "client").send().await.map(|_| ());
        written.map_err(|error| told(&error, || format!("client {}", metadata.client_id)))
    }

    async fn replace_workspace(
        &self,
        id: &WorkspaceId,
        before: &StoredConfiguration,
        after: &WorkspaceItem,
    ) -> Result<(), ApplyError> {
        let mut put = self
            .0
            .client
            .put_item()
            .table_name(&self.0.tables.config)
            .item(PARTITION, item::text(key::partition(Kind::Workspace, id, ALONE)))
            .item(SORT, item::text(ALONE))
            .item("v", item::version())
            .item("settings", item::text(&after.settings));
        for (name, text) in DERIVED.into_iter().zip(&after.derived) {
            put = put.item(name, item::text(text));
        }
        let put = match &before.settings {
            None => put.condition_expression("attribute_not_exists(#settings)"),
            Some(settings) => put
                .condition_expression("#settings = :settings AND #clients = :clients")
                .expression_attribute_names("#clients", "clients")
                .expression_attribute_values(":settings", item::text(settings))
                .expression_attribute_values(":clients", clients_of(before)),
        };
        let written = put.expression_attribute_names("#settings", "settings").send().await.map(|_| ());
        written.map_err(|error| told(&error, || format!("workspace {id}")))
    }

    async fn remove_client(
        &self,
        workspace: &WorkspaceId,
        client: &ClientId,
        before: &StoredClient,
    ) -> Result<(), ApplyError> {
        let delete = self
            .0
            .client
            .delete_item()
            .table_name(&self.0.tables.config)
            .key(PARTITION, item::text(key::partition(Kind::Client, workspace, client.as_str())))
            .key(SORT, item::text(ALONE))
            .condition_expression("attribute_not_exists(#client) OR #client = :before")
            .expression_attribute_names("#client", "client")
            .expression_attribute_values(":before", item::text(&before.metadata));
        let removed = delete.send().await.map(|_| ());
        removed.map_err(|error| {
            let changed = error.as_service_error().is_some_and(DeleteItemError::is_conditional_check_failed_exception);
            if changed { ApplyError::Changed(format!("client {client}")) } else { StoreFault::of(&error).into() }
        })
    }
}

impl StoredConfiguration {
    /// The domain of the workspace, if it has one.
    fn domain(&self) -> Result<Option<Domain>, StoreFault> {
        #[derive(Deserialize)]
        struct Named {
            #[serde(default)]
            domain: Option<Domain>,
        }
        let named = self.settings.as_deref().map(serde_json::from_str::<Named>).transpose();
        named.map(|named| named.and_then(|named| named.domain)).map_err(|_| StoreFault::Unreadable("settings"))
    }
}

impl StoredClient {
    fn read(item: &Item) -> Result<Self, StoreFault> {
        let metadata = item::read_text(item, "client")?.into();
        Ok(Self { metadata, format: item::read_number(item, METADATA_FORMAT)? })
    }
}

/// The item of `workspace`, for which every client is registered.
fn workspace_item(workspace: &Workspace, clients: &[ClientMetadata]) -> Result<WorkspaceItem, ApplyError> {
    let mut origins = AllowedOrigins::new(workspace.settings.cors_origins.iter().cloned());
    for metadata in clients {
        let client = metadata
            .register(&workspace.settings, &workspace.issuer)
            .map_err(|reason| ApplyError::Client { client: metadata.client_id.clone(), reason })?;
        origins = origins.with_those_of(&client.redirect_uris, &workspace.issuer);
    }
    let ids: Vec<&ClientId> = clients.iter().map(|metadata| &metadata.client_id).collect();
    let (exact, loopback): (Vec<&str>, Vec<&str>) = (origins.iter().collect(), origins.loopback().collect());
    let derived = [json(&ids)?, json(&exact)?, json(&loopback)?];
    Ok(WorkspaceItem { settings: json(&workspace.settings)?, derived })
}

fn clients_of(stored: &StoredConfiguration) -> AttributeValue {
    let [clients, ..] = &stored.derived;
    item::text(clients)
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreFault> {
    serde_json::to_string(value).map_err(|_| StoreFault::Unreadable("value to write"))
}

/// What a failed write means: somebody else was there first, or the store failed.
fn told(error: &SdkError<PutItemError>, what: impl FnOnce() -> String) -> ApplyError {
    let changed = error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception);
    if changed { ApplyError::Changed(what()) } else { StoreFault::of(error).into() }
}
