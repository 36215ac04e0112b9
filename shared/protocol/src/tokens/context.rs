//! The context of decisions at the token endpoint.

use crate::client_authentication::authenticated_client::AuthenticatedClient;
use crate::types::time::Timestamp;

/// What every decision on a token request depends on.
#[derive(Clone, Copy)]
pub struct TokenContext<'a> {
    /// The authenticated client.
    pub client: &'a AuthenticatedClient,
    /// The current time.
    pub now: Timestamp,
}
