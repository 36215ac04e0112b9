//! Proof that a client has authenticated.

use std::sync::Arc;

use crate::clients::client::Client;

/// A client that has authenticated, or that is public and cannot. Only `credentials::authenticate` and
/// `AssertedClient::accept` create it.
#[derive(Clone)]
pub struct AuthenticatedClient(Arc<Client>);

impl AuthenticatedClient {
    pub(crate) const fn proved(client: Arc<Client>) -> Self {
        Self(client)
    }

    /// The client, shared.
    #[must_use]
    pub fn shared(&self) -> Arc<Client> {
        Arc::clone(&self.0)
    }

    /// The client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::client;

    #[test]
    fn the_proof_names_its_client() {
        let client = client(&serde_json::json!({"client_id": "other"}));
        assert_eq!(AuthenticatedClient::proved(Arc::new(client)).client().id.as_str(), "other");
    }
}
