//! What providers publish about themselves, read when it is needed and kept for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http_client::{Fetcher, Outgoing};
use protocol::authorization::error::PageError;
use protocol::federation::metadata::{PublishedMetadata, UpstreamMetadata};
use protocol::types::time::{Lifetime, Timestamp};
use protocol::workspace::upstream_provider::UpstreamProvider;

use crate::provider_fault::{refused, unreachable};

/// How long metadata may be used before it is read again.
const METADATA_LIFETIME: Lifetime = Lifetime::seconds(600);

/// Providers' metadata by issuer, each with the time at which it was read.
type Known = HashMap<String, (Timestamp, Arc<UpstreamMetadata>)>;

/// What is known of the providers. Their issuers are configured, so there are few.
#[derive(Default)]
pub struct ProviderMetadata(Mutex<Known>);

impl ProviderMetadata {
    /// The metadata of `provider`.
    pub(crate) async fn metadata(
        &self,
        fetcher: &Fetcher,
        provider: &UpstreamProvider,
        now: Timestamp,
    ) -> Result<Arc<UpstreamMetadata>, PageError> {
        if let Some(fresh) = self.fresh(&provider.issuer, now) {
            return Ok(fresh);
        }
        let url = format!("{}/.well-known/openid-configuration", provider.issuer.trim_end_matches('/'));
        let published: PublishedMetadata =
            fetcher.json(Outgoing::get(&url)).await.map_err(|fault| unreachable(provider, &fault))?;
        let metadata = UpstreamMetadata::parse(published, provider, fetcher.reach());
        let metadata = Arc::new(metadata.map_err(|error| refused(provider, &error))?);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(provider.issuer.clone(), (now, Arc::clone(&metadata)));
        Ok(metadata)
    }

    fn fresh(&self, issuer: &str, now: Timestamp) -> Option<Arc<UpstreamMetadata>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (read, metadata) = known.get(issuer)?;
        (*read <= now && !now.reached(read.plus(METADATA_LIFETIME))).then(|| Arc::clone(metadata))
    }
}
