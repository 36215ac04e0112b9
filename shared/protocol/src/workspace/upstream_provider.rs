//! The configuration of upstream OpenID providers.

use serde::{Deserialize, Serialize};

use crate::clients::client::AssertionAudience;
use crate::jose::certificate::Certificate;
use crate::jose::external_algorithm::ExternalAlgorithm;
use crate::jose::external_jwk::TENANT;
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
    /// What is used of the `user` parameter of its responses.
    #[serde(default, skip_serializing_if = "is_default")]
    pub user_parameter: UserParameter,
    /// Whether its userinfo endpoint is called.
    #[serde(default, skip_serializing_if = "is_default")]
    pub userinfo: UserinfoUse,
    /// Other audiences that its ID tokens may have in addition to the `client_id`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted_audiences: Vec<String>,
    /// The tenants whose users may log in, where the issuer is a template with `{tenantid}`.
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
    /// The e-mail domains for which it is trusted. Addresses in other domains are never marked as verified.
    #[serde(default, skip_serializing_if = "EmailDomains::is_empty")]
    pub verified_email_domains: EmailDomains,
    /// Whether it is trusted with phone numbers. Otherwise they are never marked as verified.
    #[serde(default, skip_serializing_if = "is_default")]
    pub verified_phone_numbers: bool,
}

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
        if self.issuer.contains(TENANT) {
            return self.tenants.iter().any(|tenant| self.issuer.replace(TENANT, tenant) == issuer);
        }
        self.issuer == issuer
    }

    /// The issuer at which its metadata is read: its own, or for a template the one at which Microsoft Entra serves
    /// all tenants.
    #[must_use]
    pub fn discovery_issuer(&self) -> String {
        self.issuer.replace(TENANT, "common")
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
