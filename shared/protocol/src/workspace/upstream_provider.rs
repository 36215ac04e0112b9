//! The configuration of upstream OpenID providers.

use serde::{Deserialize, Serialize};

use crate::clients::client::AssertionAudience;
use crate::jose::certificate::Certificate;
use crate::jose::external_algorithm::ExternalAlgorithm;
use crate::jose::external_jwk::TENANT;
use crate::types::email::EmailDomains;
use crate::types::id::{ClientId, IdentitySourceId};
use crate::types::localized::LocalizedText;
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
    /// What users know it as.
    pub title: LocalizedText,
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
    /// The `client_id` of this server there.
    pub client_id: ClientId,
    /// The sealed client secret of this server there; without one it is a public client. PKCE is used in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_client_secret: Option<String>,
    /// The algorithm of its ID tokens and signed userinfo; by default, any that its metadata lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<ExternalAlgorithm>,
    /// The authentication method at its token endpoint; by default, one that its metadata permits and for which a
    /// credential is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<UpstreamAuthMethod>,
    /// The sealed private key of this server there, in PKCS#8: for `private_key_jwt`, or for client secrets that are
    /// JWTs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_private_key: Option<String>,
    /// The `kid` of the private key; by default its thumbprint (RFC 7638).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_key_id: Option<String>,
    /// The certificate of the private key, for providers that require its thumbprint in the header of assertions, as
    /// Microsoft Entra does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_key_certificate: Option<Certificate>,
    /// The `iss` of a client secret that is a JWT signed with the private key, as Sign in with Apple requires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_key_issuer: Option<String>,
    /// The `aud` of client assertions: its issuer (catalogue row SEC-UP-04), or for older providers its token
    /// endpoint.
    #[serde(default, skip_serializing_if = "is_default")]
    pub client_assertion_audience: AssertionAudience,
    /// The response mode.
    #[serde(default, skip_serializing_if = "is_default")]
    pub response_mode: UpstreamResponseMode,
    /// Whether its codes are bound by PKCE.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pkce: UpstreamPkce,
    /// Whether its ID tokens have our nonce.
    #[serde(default, skip_serializing_if = "is_default")]
    pub nonce: UpstreamNonce,
    /// What is used of the `user` parameter of its responses.
    #[serde(default, skip_serializing_if = "is_default")]
    pub user_parameter: UserParameter,
    /// Whether its userinfo endpoint is called.
    #[serde(default, skip_serializing_if = "is_default")]
    pub userinfo: UserinfoUse,
    /// Other audiences that its ID tokens may have in addition to the `client_id`.
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
    /// The scopes to request.
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

/// Stands for every tenant.
const ANY_TENANT: &str = "*";

/// The client authentication method at a provider's token endpoint (OpenID Connect Core §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamAuthMethod {
    /// By HTTP Basic.
    ClientSecretBasic,
    /// By the secret in the form.
    ClientSecretPost,
    /// By an assertion that is signed with the private key.
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

/// The response mode of a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamResponseMode {
    /// In the query of the redirect URI: the default of the code flow, which is not requested explicitly.
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

/// What is used of the unsigned `user` parameter of a provider's responses, as Sign in with Apple sends it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserParameter {
    /// Nothing.
    #[default]
    Ignored,
    /// The name.
    Name,
}

/// Whether a provider's userinfo endpoint is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserinfoUse {
    /// It is called if the metadata lists it.
    #[default]
    Required,
    /// If it refuses, the claims of the ID token suffice.
    Optional,
    /// It is not called.
    Unused,
}

impl UpstreamProvider {
    /// Whether `issuer` belongs to this provider: byte for byte, or one of the configured tenants in its template.
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

    /// Whether tenants are configured although the issuer is not a template, or the other way round.
    #[must_use]
    pub fn contradicts_tenants(&self) -> bool {
        self.issuer.contains(TENANT) == self.tenants.is_empty()
    }

    /// Whether the audience of client assertions would be a template, which no provider accepts.
    #[must_use]
    pub fn asserts_to_a_template(&self) -> bool {
        let asserts = match self.token_endpoint_auth_method {
            Some(method) => method == UpstreamAuthMethod::PrivateKeyJwt,
            None => self.sealed_private_key.is_some() && !self.has_secret(),
        };
        asserts && self.issuer.contains(TENANT) && self.client_assertion_audience == AssertionAudience::Issuer
    }

    /// Whether there is a client secret, or one is made with the private key.
    #[must_use]
    pub const fn has_secret(&self) -> bool {
        self.sealed_client_secret.is_some() || self.private_key_issuer.is_some()
    }

    /// The setting that the authentication method needs and that is missing, if any.
    #[must_use]
    pub const fn missing_credential(&self) -> Option<&'static str> {
        let has_key = self.sealed_private_key.is_some();
        let needs_key = self.private_key_issuer.is_some() || self.private_key_certificate.is_some();
        match self.token_endpoint_auth_method {
            _ if needs_key && !has_key => Some("private_key"),
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

    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----MIIAAA==-----END CERTIFICATE-----";

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
    fn an_authentication_method_needs_its_credential() {
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
            (json!({"private_key_certificate": CERTIFICATE}), Some("private_key")),
            (json!({"private_key_certificate": CERTIFICATE, "sealed_private_key": "s"}), None),
            (json!({"private_key_issuer": "team", "sealed_private_key": "s"}), None),
        ];
        for (change, missing) in table {
            assert_eq!(provider(&change).missing_credential(), missing, "{change}");
        }
    }

    #[test]
    fn an_assertion_is_for_a_token_endpoint_where_the_issuer_is_a_template() {
        let entra = |change: &Value| {
            let entra = json!({"issuer": "https://login.example/{tenantid}/v2.0", "tenants": ["t"]});
            provider(&changed(entra, change)).asserts_to_a_template()
        };
        assert!(entra(&json!({"sealed_private_key": "s"})));
        assert!(entra(&json!({"sealed_private_key": "s", "token_endpoint_auth_method": "private_key_jwt"})));
        assert!(!entra(&json!({"sealed_private_key": "s", "client_assertion_audience": "endpoint"})));
        assert!(!entra(&json!({"sealed_private_key": "s", "sealed_client_secret": "s"})));
        assert!(!entra(&json!({})) && !provider(&json!({"sealed_private_key": "s"})).asserts_to_a_template());
    }

    #[test]
    fn what_is_not_set_is_not_stored() {
        let stored = serde_json::to_value(provider(&json!({}))).unwrap();
        let names: Vec<&str> = stored.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["client_id", "id", "issuer", "scope", "title"]);
    }
}
