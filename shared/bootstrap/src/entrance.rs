//! Which workspace a request is for: by its path, or by the domain that it was sent to.

use protocol::types::domain::Domain;
use protocol::types::time::Timestamp;
use store::{DomainReading, StoreFault};
use web::Request;
use web::route::{self, Matched};

/// Finds the route and the workspace of requests.
pub struct Entrance {
    domains: DomainReading,
}

impl Entrance {
    /// An entrance that looks domains up in `domains`.
    #[must_use]
    pub const fn new(domains: DomainReading) -> Self {
        Self { domains }
    }

    /// Whether `domain` belongs to a workspace.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn has(&self, domain: &Domain, now: Timestamp) -> Result<bool, StoreFault> {
        self.domains.workspace(domain, now).await.map(|workspace| workspace.is_some())
    }

    /// The route that `request` matches, if any. Only a request to another host than the server's own needs the store, and
    /// that at most once in thirty seconds.
    ///
    /// Whether the workspace exists, and is served there ([`Matched::is_served`]), is for the caller to find out.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn find<'r>(&self, request: &'r Request, now: Timestamp) -> Result<Option<Matched<'r>>, StoreFault> {
        let Some(domain) = &request.domain else { return Ok(route::find(&request.path)) };
        let workspace = self.domains.workspace(domain, now).await?;
        // A host that is nobody's domain is another name of the server, such as that of a function URL.
        Ok(workspace
            .map_or_else(|| route::find(&request.path), |workspace| route::find_at(domain, &workspace, &request.path)))
    }
}
