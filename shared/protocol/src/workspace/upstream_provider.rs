//! Upstream OpenID providers, as a workspace is configured with them.

use serde::{Deserialize, Serialize};

use crate::types::email::EmailDomains;
use crate::types::id::{ClientId, IdentitySourceId};
use crate::types::scope::Scopes;

/// An upstream provider as the reviewed file describes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamProvider {
    /// Its name here, as it stands in `/callback/{idp}`.
    pub id: IdentitySourceId,
    /// What users read on the button.
    pub title: String,
    /// Its issuer, from which everything else is discovered.
    pub issuer: String,
    /// Our `client_id` there.
    pub client_id: ClientId,
    /// Our secret there, sealed; without one we are a public client, with PKCE as always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_client_secret: Option<String>,
    /// The scopes that we ask for.
    #[serde(default = "default_scope")]
    pub scope: Scopes,
    /// The domains of e-mail addresses of which its word counts. Of all others we say that they are not verified.
    #[serde(default, skip_serializing_if = "EmailDomains::is_empty")]
    pub verified_email_domains: EmailDomains,
}

fn default_scope() -> Scopes {
    Scopes::parse("openid profile email").unwrap_or_default()
}
