//! What every decision at the token endpoint has in common.

use crate::client_authentication::authenticated_client::AuthenticatedClient;
use crate::types::time::Timestamp;

/// What every decision on a request for tokens looks at: who asks, and the time.
#[derive(Clone, Copy)]
pub struct TokenContext<'a> {
    /// The client, which has authenticated.
    pub client: &'a AuthenticatedClient,
    /// The time.
    pub now: Timestamp,
}
