//! The configuration of upstream OpenID providers.

use serde::{Deserialize, Serialize};

use crate::jose::external_algorithm::ExternalAlgorithm;
use crate::types::email::EmailDomains;
use crate::types::id::{ClientId, IdentitySourceId};
use crate::types::scope::Scopes;

/// An upstream provider, as configured in the workspace file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamProvider {
    /// Its id, as in `/callback/{idp}`.
    pub id: IdentitySourceId,
    /// The text on its login button.
    pub title: String,
    /// Its issuer, from which the metadata is discovered.
    pub issuer: String,
    /// Our `client_id` there.
    pub client_id: ClientId,
    /// Our sealed client secret there; without one we are a public client. PKCE is used in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_client_secret: Option<String>,
    /// The algorithm of its ID tokens and signed userinfo; without it, any of those that its metadata has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<ExternalAlgorithm>,
    /// The scopes that we request.
    #[serde(default = "default_scope")]
    pub scope: Scopes,
    /// The e-mail domains for which it is trusted. Addresses in other domains are never marked as verified.
    #[serde(default, skip_serializing_if = "EmailDomains::is_empty")]
    pub verified_email_domains: EmailDomains,
    /// Whether it is trusted with phone numbers. Otherwise they are never marked as verified.
    #[serde(default, skip_serializing_if = "is_off")]
    pub verified_phone_numbers: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_off(setting: &bool) -> bool {
    !*setting
}

fn default_scope() -> Scopes {
    Scopes::parse("openid profile email").unwrap_or_default()
}
