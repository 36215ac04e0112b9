//! One workspace and its client.

use std::sync::LazyLock;

use protocol::clients::client::Client;
use protocol::registration::client_metadata::ClientMetadata;
use protocol::types::id::{Issuer, WorkspaceId};
use protocol::types::time::Timestamp;
use protocol::workspace::settings::Settings;
use serde_json::json;

/// The public URL of the server.
pub(crate) const PUBLIC_URL: &str = "https://auth.example";

/// The time.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_780_000_000);

/// The workspace.
pub(crate) static WORKSPACE: LazyLock<WorkspaceId> =
    LazyLock::new(|| WorkspaceId::parse("default", "demo").expect("a workspace"));

/// Its issuer.
pub(crate) static ISSUER: LazyLock<Issuer> = LazyLock::new(|| Issuer::new(PUBLIC_URL, &WORKSPACE));

/// Its settings.
pub(crate) static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    serde_json::from_value(json!({
        "name": "Demo",
        "default_audience": "https://api.example",
        "scopes": (["openid", "profile", "email", "read", "write"].map(|name| json!({ "name": name, "title": name }))),
    }))
    .expect("settings")
});

/// The only two places that the client's users may be sent to.
pub(crate) const REDIRECT_URIS: [&str; 2] = ["https://app.example/cb", "https://app.example/other?tenant=1"];

/// A public client of the workspace.
pub(crate) static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let metadata: ClientMetadata = serde_json::from_value(json!({
        "client_id": "app",
        "client_name": "App",
        "token_endpoint_auth_method": "none",
        "redirect_uris": REDIRECT_URIS,
        "scope": "openid profile email read write",
    }))
    .expect("metadata");
    metadata.register(&SETTINGS, &ISSUER).expect("a client")
});

/// `valid` with some of its bytes replaced by printable ones: `data` is pairs of a position and a byte. A text that
/// verifies is not found by chance, but its neighbours are where a lax parser would accept two spellings.
pub(crate) fn edited(valid: &str, data: &[u8]) -> String {
    let mut bytes = valid.as_bytes().to_vec();
    for edit in data.chunks_exact(3) {
        let &[high, low, byte] = edit else { continue };
        let position = usize::from(u16::from_be_bytes([high, low])) % bytes.len();
        bytes[position] = 0x20 + byte % 0x5f;
    }
    String::from_utf8(bytes).expect("ASCII")
}
