//! Workspace files.

use std::sync::LazyLock;

use administration::workspace_file::{Loader, WorkspaceFile};
use protocol::types::secret::Secret;
use signing::{Purpose, Sealer, SystemEntropy};
use web::config::PublicUrl;

use crate::fixtures::PUBLIC_URL;

static SEALER: LazyLock<Sealer> =
    LazyLock::new(|| Sealer::derived(&Secret::new([7; 32]), Purpose::ClientSecret).expect("a sealer"));

/// A file is loaded, and what it has registers, or each thing that is wrong is told with its place.
pub fn workspace_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let public_url = PublicUrl::parse(PUBLIC_URL).expect("a URL");
    let loader =
        Loader { public_url: &public_url, upstream_secrets: &SEALER, client_secrets: &SEALER, entropy: &SystemEntropy };
    match loader.text("demo.toml", text) {
        Ok(file) => {
            let again = loader.text("demo.toml", text).expect("it is accepted again");
            let ids =
                |file: &WorkspaceFile| file.clients.iter().map(|client| client.client_id.clone()).collect::<Vec<_>>();
            assert_eq!(ids(&again), ids(&file));
            let issuer = file.workspace.issuer.clone();
            for client in &file.clients {
                assert!(client.register(&file.workspace.settings, &issuer).is_ok(), "what was accepted registers");
            }
        }
        Err(error) => {
            let told = error.to_string();
            assert!(told.lines().all(|line| line.starts_with("demo.toml:")), "{told}");
        }
    }
}
