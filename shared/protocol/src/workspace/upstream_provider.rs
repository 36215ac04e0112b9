//! The configuration of upstream OpenID providers.

use serde::{Deserialize, Serialize};

use crate::clients::client::AssertionAudience;
use crate::jose::external_algorithm::ExternalAlgorithm;
use crate::types::email::EmailDomains;
use crate::types::id::{ClientId, IdentitySourceId};
use crate::types::scope::Scopes;
use crate::users::claim_map::ClaimMap;
use crate::workspace::upstream_preset::{WellKnownProvider, is_tenant_id};
use crate::workspace::user_api::UserApi;

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
    /// Where its metadata is read, if that is not at its issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery: Option<String>,
    /// Where it is, if it has no OpenID Connect, and so neither metadata nor ID tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth: Option<UserApi>,
    /// Whose icon its button has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<WellKnownProvider>,
    /// Our `client_id` there.
    pub client_id: ClientId,
    /// Our sealed client secret there; without one we are a public client. PKCE is used in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_client_secret: Option<String>,
    /// The algorithm of its ID tokens and signed userinfo; without it, any of those that its metadata has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<ExternalAlgorithm>,
    /// How we authenticate at its token endpoint; without it, as its metadata and what we have there allow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<UpstreamAuthMethod>,
    /// Our sealed private key there, in PKCS#8: for `private_key_jwt`, or for secrets that are JWTs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_private_key: Option<String>,
    /// What it calls our private key; without it, the thumbprint (RFC 7638).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_key_id: Option<String>,
    /// The `iss` of a client secret that is a JWT signed with our private key, as Sign in with Apple demands it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_key_issuer: Option<String>,
    /// The `aud` of our assertions: its issuer (catalogue row SEC-UP-04), or for older providers its token endpoint.
    #[serde(default, skip_serializing_if = "is_default")]
    pub client_assertion_audience: AssertionAudience,
    /// How its answers come.
    #[serde(default, skip_serializing_if = "is_default")]
    pub response_mode: UpstreamResponseMode,
    /// Whether its codes are bound by PKCE.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pkce: UpstreamPkce,
    /// Whether its ID tokens have our nonce.
    #[serde(default, skip_serializing_if = "is_default")]
    pub nonce: UpstreamNonce,
    /// Whether its userinfo is needed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub userinfo: UserinfoUse,
    /// Other audiences that its ID tokens may have beside our `client_id`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted_audiences: Vec<String>,
    /// The tenants whose users may log in, where the issuer is a template with `{tenantid}`; `*` for every one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tenants: Vec<String>,
    /// The values of its `acr` that mean several factors. The first of them is requested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub multi_factor_acr: Vec<String>,
    /// The values in its `amr` that mean several factors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub multi_factor_amr: Vec<String>,
    /// The scopes that we request.
    #[serde(default = "default_scope")]
    pub scope: Scopes,
    /// The e-mail domains whose users log in with it.
    #[serde(default, skip_serializing_if = "EmailDomains::is_empty")]
    pub email_domains: EmailDomains,
    /// Whether the login page leaves it out. It is reached by address or by hint.
    #[serde(default, skip_serializing_if = "is_default")]
    pub hidden: bool,
    /// Which of its claims become which of ours, where the names differ. Groups and roles come by this only.
    #[serde(default, skip_serializing_if = "ClaimMap::is_empty")]
    pub map: ClaimMap,
    /// The e-mail domains for which it is trusted. Addresses in other domains are never marked as verified.
    #[serde(default, skip_serializing_if = "EmailDomains::is_empty")]
    pub verified_email_domains: EmailDomains,
    /// Whether it is trusted with phone numbers. Otherwise they are never marked as verified.
    #[serde(default, skip_serializing_if = "is_default")]
    pub verified_phone_numbers: bool,
}

/// What stands in the issuer of Microsoft Entra's metadata for the tenant.
const TENANT: &str = "{tenantid}";

/// Stands for every tenant.
const ANY_TENANT: &str = "*";

/// How we authenticate at a provider's token endpoint (OpenID Connect Core §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamAuthMethod {
    /// By HTTP Basic.
    ClientSecretBasic,
    /// By the secret in the form.
    ClientSecretPost,
    /// By an assertion that is signed with our private key.
    PrivateKeyJwt,
    /// Not at all: PKCE alone.
    None,
}

impl UpstreamAuthMethod {
    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::None => "none",
        }
    }
}

/// How a provider's answers come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamResponseMode {
    /// In the query of our redirect URI: the default of the code flow, which is not requested.
    #[default]
    Query,
    /// In a form (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

/// Whether a provider's codes are bound by PKCE (RFC 7636).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpstreamPkce {
    /// They are (RFC 9700 §2.1.1).
    #[default]
    S256,
    /// They are not, for a provider that refuses a `code_verifier`.
    #[serde(rename = "unused")]
    Unused,
}

/// Whether a provider's ID tokens have our nonce. It is sent in any case, and one that comes back has to be it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamNonce {
    /// They have.
    #[default]
    Required,
    /// They may lack it, for a provider that leaves it out.
    Optional,
}

/// Whether a provider's userinfo is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserinfoUse {
    /// It is, if the metadata names it.
    #[default]
    Required,
    /// If it refuses, the claims of the ID token do.
    Optional,
    /// It is not asked.
    Unused,
}

impl UpstreamProvider {
    /// Whether `issuer` is this provider's: byte for byte, or one of the configured tenants in its template.
    #[must_use]
    pub fn issues(&self, issuer: &str) -> bool {
        let Some((before, after)) = self.issuer.split_once(TENANT) else { return self.issuer == issuer };
        let tenant = issuer.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        let permits = |permitted: &str, tenant| match permitted {
            ANY_TENANT => is_tenant_id(tenant),
            permitted => permitted == tenant,
        };
        tenant.is_some_and(|tenant| self.tenants.iter().any(|permitted| permits(permitted, tenant)))
    }

    /// Where its metadata is read: at its issuer unless another place is configured, or for a template where Microsoft
    /// Entra serves all tenants.
    #[must_use]
    pub fn discovery_issuer(&self) -> String {
        self.discovery.clone().unwrap_or_else(|| self.issuer.replace(TENANT, "common"))
    }

    /// Whether tenants are configured although the issuer is no template, or the other way round.
    #[must_use]
    pub fn contradicts_tenants(&self) -> bool {
        self.issuer.contains(TENANT) == self.tenants.is_empty()
    }

    /// Whether we have a secret there, or make one with our private key.
    #[must_use]
    pub const fn has_secret(&self) -> bool {
        self.sealed_client_secret.is_some() || self.private_key_issuer.is_some()
    }

    /// What is missing for how we authenticate, if something is.
    #[must_use]
    pub const fn missing_credential(&self) -> Option<&'static str> {
        let has_key = self.sealed_private_key.is_some();
        match self.token_endpoint_auth_method {
            _ if self.private_key_issuer.is_some() && !has_key => Some("private_key"),
            Some(UpstreamAuthMethod::PrivateKeyJwt) if !has_key => Some("private_key"),
            Some(UpstreamAuthMethod::ClientSecretBasic | UpstreamAuthMethod::ClientSecretPost)
                if !self.has_secret() =>
            {
                Some("client_secret")
            }
            Some(_) | None => None,
        }
    }
}

/// Whether a setting need not be stored, so that an earlier version can still read the others.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn default_scope() -> Scopes {
    Scopes::parse("openid profile email").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fixtures::changed;

    fn provider(change: &Value) -> UpstreamProvider {
        let base = json!({"id": "p", "title": "P", "issuer": "https://p.example/x", "client_id": "us"});
        serde_json::from_value(changed(base, change)).unwrap()
    }

    #[test]
    fn sec_up_03_an_issuer_is_compared_byte_for_byte_and_a_template_by_its_tenants() {
        let plain = provider(&json!({}));
        for (issuer, issues) in [("https://p.example/x", true), ("https://p.example/x/", false), ("", false)] {
            assert_eq!(plain.issues(issuer), issues, "{issuer}");
        }
        let template = "https://login.example/{tenantid}/v2.0";
        let entra = provider(&json!({"issuer": template, "tenants": ["t-1", "t-2"]}));
        for (tenant, issues) in [("t-1", true), ("t-2", true), ("t-3", false), ("common", false), ("{tenantid}", false)]
        {
            assert_eq!(entra.issues(&template.replace("{tenantid}", tenant)), issues, "{tenant}");
        }
        assert!(!entra.issues("https://login.example/t-1/v2.0/") && !entra.issues("https://evil.example/t-1/v2.0"));
        assert_eq!(entra.discovery_issuer(), "https://login.example/common/v2.0");
        let any = provider(&json!({"issuer": template, "tenants": ["*"]}));
        let id = "01234567-89ab-cdef-0123-456789abcdef";
        for (tenant, issues) in [(id, true), ("*", false), ("common", false), ("", false), ("{tenantid}", false)] {
            assert_eq!(any.issues(&template.replace("{tenantid}", tenant)), issues, "{tenant}");
        }
        assert!(
            !any.issues(&format!("https://login.example/{id}/../v2.0")) && !any.issues("https://login.example//v2.0")
        );
        let elsewhere =
            provider(&json!({"issuer": template, "tenants": ["*"], "discovery": "https://login.example/o"}));
        assert_eq!(elsewhere.discovery_issuer(), "https://login.example/o");
        assert!(!entra.contradicts_tenants() && !plain.contradicts_tenants());
        assert!(provider(&json!({"issuer": template})).contradicts_tenants());
        assert!(provider(&json!({"tenants": ["t-1"]})).contradicts_tenants());
    }

    #[test]
    fn a_way_to_authenticate_needs_its_credential() {
        let table = [
            (json!({}), None),
            (json!({"token_endpoint_auth_method": "none"}), None),
            (json!({"token_endpoint_auth_method": "client_secret_post"}), Some("client_secret")),
            (json!({"token_endpoint_auth_method": "client_secret_basic"}), Some("client_secret")),
            (json!({"token_endpoint_auth_method": "client_secret_post", "sealed_client_secret": "s"}), None),
            (
                json!({"token_endpoint_auth_method": "private_key_jwt", "sealed_client_secret": "s"}),
                Some("private_key"),
            ),
            (json!({"token_endpoint_auth_method": "private_key_jwt", "sealed_private_key": "s"}), None),
            (json!({"private_key_issuer": "team"}), Some("private_key")),
            (json!({"private_key_issuer": "team", "sealed_private_key": "s"}), None),
        ];
        for (change, missing) in table {
            assert_eq!(provider(&change).missing_credential(), missing, "{change}");
        }
    }

    #[test]
    fn what_is_not_set_is_not_stored() {
        let stored = serde_json::to_value(provider(&json!({}))).unwrap();
        let names: Vec<&str> = stored.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["client_id", "id", "issuer", "scope", "title"]);
    }
}
