//! `postern apply`: applies workspace files to a stack.

use administration::Provisioning;
use administration::sector_documents;
use administration::workspace_file::{Loader, WorkspaceFile};
use http_client::Fetcher;
use serde_json::json;
use signing::{Purpose, SystemEntropy};

use super::error::AdminError;
use super::stack::{Stack, block_on};
use crate::arguments::ApplyOptions;
use crate::output::print;
use crate::workspace_files::read;

/// Applies workspaces to a stack, and creates the keys that it lacks.
///
/// # Errors
///
/// [`AdminError`] says what to do.
pub fn apply(options: &ApplyOptions) -> Result<(), AdminError> {
    block_on(async {
        let stack = Stack::from_env()?;
        let keys = stack.keys();
        keys.ensure_sealing().await?;
        let upstream_secrets = &*stack.sealer(Purpose::UpstreamSecret).await?;
        let client_secrets = &*stack.sealer(Purpose::ClientSecret).await?;
        let public_url = &stack.public_url;
        let loader = Loader { public_url, upstream_secrets, client_secrets, entropy: &SystemEntropy };
        let files = read(&loader, &options.files)?;
        sector_documents::check(&files, &Fetcher::new(public_url.reach())).await?;
        Provisioning::new(&keys).apply(&files).await?;
        print(&if options.json { as_json(&files) } else { as_text(&files) });
        Ok(())
    })
}

fn as_json(files: &[WorkspaceFile]) -> String {
    let applied =
        files.iter().map(|file| json!({ "issuer": file.workspace.issuer.as_str(), "clients": file.clients.len() }));
    json!({ "applied": applied.collect::<Vec<_>>() }).to_string()
}

fn as_text(files: &[WorkspaceFile]) -> String {
    let line = |file: &WorkspaceFile| {
        format!("Applied {} with {} clients.", file.workspace.issuer.as_str(), file.clients.len())
    };
    files.iter().map(line).collect::<Vec<_>>().join("\n")
}
