//! Metadata of providers, fetched on demand and cached.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http_client::{Failures, Fetcher, Outgoing};
use protocol::authorization::error::PageError;
use protocol::federation::metadata::{PublishedMetadata, UpstreamMetadata};
use protocol::types::time::{Lifetime, Timestamp};
use protocol::workspace::upstream_provider::UpstreamProvider;

use crate::provider_fault::{refused, unreachable};

/// How long cached metadata is used before it is fetched again.
const METADATA_LIFETIME: Lifetime = Lifetime::seconds(600);

/// Cached metadata, by issuer and by where it is read. Both are configured, so there are few.
#[derive(Default)]
pub struct ProviderMetadata(Mutex<HashMap<(String, String), Known>>);

/// The cache entry of one provider.
#[derive(Default)]
struct Known {
    metadata: Option<(Timestamp, Arc<UpstreamMetadata>)>,
    failures: Failures,
}

impl ProviderMetadata {
    /// Returns the metadata of `provider`. Only usable metadata is cached: a failed fetch is retried on the next use,
    /// at a bounded rate, because unauthenticated requests trigger it (catalogue row SEC-SSRF-07).
    pub(crate) async fn metadata(
        &self,
        fetcher: &Fetcher,
        provider: &UpstreamProvider,
        now: Timestamp,
    ) -> Result<Arc<UpstreamMetadata>, PageError> {
        if let Some(api) = &provider.oauth {
            let fixed = UpstreamMetadata::of_api(provider, api, fetcher.reach());
            return Ok(Arc::new(fixed.map_err(|error| refused(provider, &error))?));
        }
        if let Some(fresh) = self.with(provider, |known| known.fresh(now)) {
            return Ok(fresh);
        }
        if !self.with(provider, |known| known.failures.may_ask(now)) {
            tracing::warn!(provider = %provider.id, "an upstream provider failed too often to be retried now");
            return Err(PageError::UpstreamUnreachable);
        }
        let read = read(fetcher, provider).await;
        self.with(provider, |known| match &read {
            Ok(metadata) => known.metadata = Some((now, Arc::clone(metadata))),
            Err(_) => known.failures.failed(now),
        });
        read
    }

    fn with<T>(&self, provider: &UpstreamProvider, work: impl FnOnce(&mut Known) -> T) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(all.entry((provider.issuer.clone(), provider.discovery_issuer())).or_default())
    }
}

impl Known {
    fn fresh(&self, now: Timestamp) -> Option<Arc<UpstreamMetadata>> {
        let (read, metadata) = self.metadata.as_ref()?;
        read.is_younger(METADATA_LIFETIME, now).then(|| Arc::clone(metadata))
    }
}

async fn read(fetcher: &Fetcher, provider: &UpstreamProvider) -> Result<Arc<UpstreamMetadata>, PageError> {
    let url = format!("{}/.well-known/openid-configuration", provider.discovery_issuer().trim_end_matches('/'));
    let published: PublishedMetadata =
        fetcher.json(Outgoing::get(&url)).await.map_err(|fault| unreachable(provider, &fault))?;
    let metadata = UpstreamMetadata::parse(published, provider, fetcher.reach());
    Ok(Arc::new(metadata.map_err(|error| refused(provider, &error))?))
}
