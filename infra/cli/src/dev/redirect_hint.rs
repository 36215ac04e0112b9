//! Tells the developer which redirect URI was refused and which are registered. The error page only tells a user that it
//! is not registered, and a function in AWS logs no parameters.

use administration::workspace_file::WorkspaceFile;
use protocol::clients::redirect_uri::{RedirectUris, UriRules};
use protocol::registration::client_metadata::ClientMetadata;
use protocol::types::id::{Issuer, WorkspaceId};
use web::Request;
use web::route::Matched;

/// The maximum length of a redirect URI in the hint.
const MAX_REPEATED: usize = 200;

/// The clients registered in the workspace files of this run.
#[derive(Default)]
pub(crate) struct RegisteredClients(Vec<RegisteredClient>);

struct RegisteredClient {
    workspace: WorkspaceId,
    issuer: Issuer,
    metadata: ClientMetadata,
    /// Where the redirect URIs are defined, as `file:line`.
    place: String,
}

impl RegisteredClients {
    /// The clients of `files`.
    pub(crate) fn of(files: &[WorkspaceFile]) -> Self {
        let clients = files.iter().flat_map(|file| {
            file.clients.iter().map(|metadata| RegisteredClient {
                workspace: file.workspace.id.clone(),
                issuer: file.workspace.issuer.clone(),
                metadata: metadata.clone(),
                place: format!("{}:{}", file.name, file.lines.get(&metadata.client_id).copied().unwrap_or(1)),
            })
        });
        Self(clients.collect())
    }

    /// The hint for an authorization request whose redirect URI is not registered.
    pub(crate) fn hint(&self, request: &Request, matched: &Matched<'_>) -> Option<String> {
        let parameters = request.parameters().ok()?;
        let (id, uri) = (parameters.one("client_id").ok()??, parameters.one("redirect_uri").ok()??);
        let client = self
            .0
            .iter()
            .find(|client| client.workspace == matched.workspace && client.metadata.client_id.as_str() == id)?;
        let ClientMetadata { redirect_uris, application_type, private_use_schemes, .. } = &client.metadata;
        let rules = UriRules { private_use_schemes, ..UriRules::new(*application_type, &client.issuer) };
        let registered = RedirectUris::register(redirect_uris, rules).ok()?;
        if registered.registered(uri).is_some() {
            return None;
        }
        let came: String = uri.chars().take(MAX_REPEATED).collect();
        let more = if came.len() < uri.len() { "…" } else { "" };
        let (place, all) = (&client.place, redirect_uris.join(" "));
        Some(format!(
            "client {id} of {}: {came:?}{more} is not among its redirect_uris ({place}): {all}",
            client.workspace
        ))
    }
}
