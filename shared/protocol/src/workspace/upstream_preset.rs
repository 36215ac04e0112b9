//! Settings of well-known upstream providers, by name: what an operator need not look up.
//!
//! A preset is spelled out when a workspace file is read, and what is stored are plain settings. What the file says itself
//! wins over the preset. No preset trusts a provider with anything: verified domains are the operator's to name.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::workspace::user_api::REQUIRED;

/// A well-known provider: its preset, and its icon on the login page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum WellKnownProvider {
    Google,
    Microsoft,
    Apple,
    Github,
    Okta,
    Auth0,
    Cognito,
    Keycloak,
    Gitlab,
    Facebook,
    Linkedin,
    Amazon,
}

/// What is wrong with the use of a preset, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct PresetFault {
    /// The setting.
    pub key: &'static str,
    /// What is wrong with it, and what to do.
    pub message: String,
}

/// The settings that only presets have. They are not stored.
pub const PARAMETERS: [&str; 5] = ["preset", "tenant", "domain", "realm", "user_pool"];

/// A preset.
struct Preset {
    provider: WellKnownProvider,
    /// Settings, as JSON. They are defaults of the preset.
    settings: &'static str,
    /// Where its issuer comes from.
    issuer: IssuerSource,
    /// Settings that have to be there, and where their values are found.
    needs: &'static [(&'static str, &'static str)],
}

/// Where the issuer of a preset comes from, unless the file has it.
enum IssuerSource {
    /// There is one.
    Fixed(&'static str),
    /// From parameters, each in braces, with an example of each.
    Template(&'static str, &'static [(&'static str, &'static str)]),
    /// There is one, and those who run the software themselves name their `domain`.
    FixedOrDomain(&'static str, &'static str),
    /// From the `tenant` of Microsoft Entra.
    Tenant,
    /// From the `user_pool` of Amazon Cognito, whose id begins with its region.
    UserPool,
}

/// The tenant of Microsoft's personal accounts, which is what `consumers` means.
const PERSONAL_ACCOUNTS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

const SECRET: &[(&str, &str)] = &[("client_secret", "the secret of the client there")];

/// Every preset.
const PRESETS: [Preset; 12] = [
    Preset {
        provider: WellKnownProvider::Google,
        settings: r#"{"title": "Google", "token_endpoint_auth_method": "client_secret_post"}"#,
        issuer: IssuerSource::Fixed("https://accounts.google.com"),
        needs: SECRET,
    },
    Preset {
        provider: WellKnownProvider::Microsoft,
        settings: r#"{"title": "Microsoft", "client_assertion_audience": "endpoint"}"#,
        issuer: IssuerSource::Tenant,
        needs: &[],
    },
    Preset {
        provider: WellKnownProvider::Apple,
        settings: r#"{"title": "Apple", "scope": "openid email name", "response_mode": "form_post", "user_parameter": "name",
            "token_endpoint_auth_method": "client_secret_post"}"#,
        issuer: IssuerSource::Fixed("https://appleid.apple.com"),
        needs: &[
            ("private_key", "the key that Apple has you download, in PEM"),
            ("private_key_id", "the Key ID on the page of the key"),
            ("private_key_issuer", "the Team ID, at the top right of the developer account"),
        ],
    },
    // These three have no OpenID Connect, or none for the web.
    Preset {
        provider: WellKnownProvider::Github,
        settings: r#"{"title": "GitHub", "scope": "read:user user:email", "token_endpoint_auth_method": "client_secret_post",
            "oauth": {"authorization_endpoint": "https://github.com/login/oauth/authorize",
                "token_endpoint": "https://github.com/login/oauth/access_token",
                "user_endpoint": "https://api.github.com/user",
                "emails_endpoint": "https://api.github.com/user/emails?per_page=100"},
            "map": {"preferred_username": "login", "profile": "html_url", "picture": "avatar_url"}}"#,
        issuer: IssuerSource::Fixed("https://github.com/login/oauth"),
        needs: SECRET,
    },
    Preset {
        provider: WellKnownProvider::Facebook,
        settings: r#"{"title": "Facebook", "scope": "public_profile email", "token_endpoint_auth_method": "client_secret_post",
            "oauth": {"authorization_endpoint": "https://www.facebook.com/dialog/oauth",
                "token_endpoint": "https://graph.facebook.com/oauth/access_token",
                "user_endpoint": "https://graph.facebook.com/me?fields=id,name,first_name,last_name,email,picture"},
            "map": {"given_name": "first_name", "family_name": "last_name", "picture": ["picture", "data", "url"]}}"#,
        issuer: IssuerSource::Fixed("https://www.facebook.com"),
        needs: SECRET,
    },
    Preset {
        provider: WellKnownProvider::Amazon,
        settings: r#"{"title": "Amazon", "scope": "profile", "token_endpoint_auth_method": "client_secret_post",
            "oauth": {"authorization_endpoint": "https://www.amazon.com/ap/oa",
                "token_endpoint": "https://api.amazon.com/auth/o2/token",
                "user_endpoint": "https://api.amazon.com/user/profile", "subject": "user_id"}}"#,
        issuer: IssuerSource::Fixed("https://www.amazon.com"),
        needs: SECRET,
    },
    Preset {
        provider: WellKnownProvider::Okta,
        settings: r#"{"title": "Okta", "multi_factor_amr": ["mfa"]}"#,
        issuer: IssuerSource::Template("https://{domain}", &[("domain", "example.okta.com")]),
        needs: &[],
    },
    Preset {
        provider: WellKnownProvider::Auth0,
        settings: r#"{"title": "Auth0"}"#,
        issuer: IssuerSource::Template("https://{domain}/", &[("domain", "example.eu.auth0.com")]),
        needs: &[],
    },
    Preset {
        provider: WellKnownProvider::Cognito,
        settings: r#"{"title": "Amazon Cognito"}"#,
        issuer: IssuerSource::UserPool,
        needs: &[],
    },
    Preset {
        provider: WellKnownProvider::Keycloak,
        settings: r#"{"title": "Keycloak"}"#,
        issuer: IssuerSource::Template(
            "https://{domain}/realms/{realm}",
            &[("domain", "login.example.com"), ("realm", "staff")],
        ),
        needs: &[],
    },
    Preset {
        provider: WellKnownProvider::Gitlab,
        settings: r#"{"title": "GitLab"}"#,
        issuer: IssuerSource::FixedOrDomain("https://gitlab.com", "https://{domain}"),
        needs: SECRET,
    },
    // It refuses a code_verifier beside a client secret, and its ID tokens have no nonce.
    Preset {
        provider: WellKnownProvider::Linkedin,
        settings: r#"{"title": "LinkedIn", "token_endpoint_auth_method": "client_secret_post", "pkce": "unused",
            "nonce": "optional"}"#,
        issuer: IssuerSource::Fixed("https://www.linkedin.com/oauth"),
        needs: SECRET,
    },
];

/// Spells out the preset of a provider in a workspace file, if it names one, in plain settings.
///
/// # Errors
///
/// Everything that is missing for its preset, or belongs to another one.
pub fn expand(written: &Map<String, Value>) -> Result<Map<String, Value>, Vec<PresetFault>> {
    let name = text(written, "preset");
    let provider = name.and_then(|name| serde_json::from_value::<WellKnownProvider>(name.into()).ok());
    match provider.and_then(|provider| PRESETS.iter().find(|preset| preset.provider == provider)) {
        Some(preset) => preset.expand(written),
        None => without_preset(written),
    }
}

/// A provider without a preset needs what presets have.
fn without_preset(written: &Map<String, Value>) -> Result<Map<String, Value>, Vec<PresetFault>> {
    let missing = ["title", "issuer"].into_iter().filter(|key| !written.contains_key(*key));
    let missing = missing.map(|key| fault(key, format!("{key} is missing: set it, or a preset that has it")));
    let missing = missing.chain(missing_of_api(written));
    let foreign = superfluous(written, &[], "belongs to a preset: name the preset, or remove it");
    let faults: Vec<PresetFault> = missing.chain(foreign).collect();
    if faults.is_empty() { Ok(plain(written)) } else { Err(faults) }
}

/// What is missing for a provider without OpenID Connect that has no preset.
fn missing_of_api(written: &Map<String, Value>) -> impl Iterator<Item = PresetFault> {
    let api = written.get("oauth").and_then(Value::as_object);
    let absent = api.into_iter().flat_map(|api| REQUIRED.into_iter().filter(|key| !api.contains_key(*key)));
    absent.map(|key| fault("oauth", format!("oauth.{key} is missing: set it, or a preset that has it")))
}

impl Preset {
    fn expand(&self, written: &Map<String, Value>) -> Result<Map<String, Value>, Vec<PresetFault>> {
        let issuer = if written.contains_key("issuer") {
            let faults =
                superfluous(written, &[], "says where the provider is, and so does issuer: remove one of them");
            (Map::new(), faults.collect())
        } else {
            let foreign = superfluous(written, self.issuer.parameters(), "is not of this preset: remove it");
            match self.issuer.settings(written) {
                Ok(settings) => (settings, foreign.collect()),
                Err(faults) => (Map::new(), foreign.chain(faults).collect()),
            }
        };
        let (located, mut faults): (Map<String, Value>, Vec<PresetFault>) = issuer;
        faults.extend(self.missing(written));
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut settings: Map<String, Value> = serde_json::from_str(self.settings).unwrap_or_default();
        settings.insert("icon".into(), serde_json::to_value(self.provider).unwrap_or_default());
        let tables = ["oauth", "map"].map(|table| (table, settings.remove(table)));
        settings.extend(located);
        settings.extend(plain(written));
        // A single URL or claim can be replaced.
        for (name, table) in tables {
            let Some(Value::Object(mut table)) = table else { continue };
            let own = settings.get(name).and_then(Value::as_object).cloned();
            table.extend(own.unwrap_or_default());
            settings.insert(name.into(), table.into());
        }
        Ok(settings)
    }

    /// What it needs and the file does not have. A sealed form stands for what was sealed.
    fn missing(&self, written: &Map<String, Value>) -> impl Iterator<Item = PresetFault> {
        let has = |key: &str| written.contains_key(key) || written.contains_key(&format!("sealed_{key}"));
        let absent = self.needs.iter().filter(move |(key, _)| !has(key));
        absent.map(|(key, where_found)| fault(key, format!("{key} is missing, and the preset needs it: {where_found}")))
    }
}

impl IssuerSource {
    /// The settings of the file that it depends on.
    fn parameters(&self) -> Vec<&'static str> {
        match self {
            Self::Fixed(_) => Vec::new(),
            Self::Template(_, parameters) => parameters.iter().map(|(name, _)| *name).collect(),
            Self::FixedOrDomain(..) => vec!["domain"],
            Self::Tenant => vec!["tenant"],
            Self::UserPool => vec!["user_pool"],
        }
    }

    /// The issuer, and what else depends on where the provider is.
    fn settings(&self, written: &Map<String, Value>) -> Result<Map<String, Value>, Vec<PresetFault>> {
        let at = |issuer: String| Map::from_iter([("issuer".to_owned(), Value::from(issuer))]);
        match self {
            Self::Fixed(issuer) => Ok(at((*issuer).into())),
            Self::Template(template, parameters) => filled(template, parameters, written).map(at),
            Self::FixedOrDomain(issuer, template) => match text(written, "domain") {
                None => Ok(at((*issuer).into())),
                Some(domain) => Ok(at(template.replace("{domain}", domain))),
            },
            Self::Tenant => of_tenant(written),
            Self::UserPool => {
                let missing =
                    "is missing: set it to the id of the pool, such as \"eu-west-1_a1B2c3D4e\", or set issuer";
                let pool = text(written, "user_pool");
                let region = pool.and_then(|pool| Some((pool, pool.split_once('_')?.0)));
                let (pool, region) = region.ok_or_else(|| vec![fault("user_pool", format!("user_pool {missing}"))])?;
                Ok(at(format!("https://cognito-idp.{region}.amazonaws.com/{pool}")))
            }
        }
    }
}

fn filled(
    template: &str,
    parameters: &[(&'static str, &str)],
    written: &Map<String, Value>,
) -> Result<String, Vec<PresetFault>> {
    let mut faults = Vec::new();
    let mut filled = template.to_owned();
    for (name, example) in parameters {
        if let Some(value) = text(written, name) {
            filled = filled.replace(&format!("{{{name}}}"), value);
        } else {
            let message = format!("{name} is missing: set it, such as {name} = \"{example}\", or set issuer");
            faults.push(fault(name, message));
        }
    }
    if faults.is_empty() { Ok(filled) } else { Err(faults) }
}

/// Issuer and metadata of Microsoft Entra. For the users of several tenants the issuer is a template, and which tenants
/// those are has to be said.
fn of_tenant(written: &Map<String, Value>) -> Result<Map<String, Value>, Vec<PresetFault>> {
    let Some(tenant) = text(written, "tenant") else {
        let message = "tenant is missing: the id of a tenant, \"organizations\", \"consumers\" or \"common\"";
        return Err(vec![fault("tenant", message.into())]);
    };
    let url = |tenant: &str| Value::from(format!("https://login.microsoftonline.com/{tenant}/v2.0"));
    match tenant {
        "common" | "organizations" if !written.contains_key("tenants") => {
            let message = format!(
                "tenants is missing, and tenant = \"{tenant}\" needs it: list the ids of the tenants whose users may log \
                 in, or \"*\" for every one"
            );
            Err(vec![fault("tenants", message)])
        }
        "common" | "organizations" => {
            Ok(Map::from_iter([("issuer".to_owned(), url("{tenantid}")), ("discovery".to_owned(), url(tenant))]))
        }
        "consumers" => Ok(Map::from_iter([("issuer".to_owned(), url(PERSONAL_ACCOUNTS))])),
        id if is_tenant_id(id) => Ok(Map::from_iter([("issuer".to_owned(), url(id))])),
        name => {
            let message = format!(
                "tenant is \"{name}\": set it to the id of the tenant (36 characters, in its overview), and not to its \
                 name, because its issuer has the id"
            );
            Err(vec![fault("tenant", message)])
        }
    }
}

/// Whether this is the id of a tenant of Microsoft Entra: a UUID in lower case (RFC 9562 §4).
#[must_use]
pub fn is_tenant_id(text: &str) -> bool {
    let fits = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

/// The parameters of presets in the file that are not among `known`.
fn superfluous<'w>(
    written: &'w Map<String, Value>,
    known: impl AsRef<[&'static str]> + 'w,
    reason: &'w str,
) -> impl Iterator<Item = PresetFault> + 'w {
    let parameters = PARAMETERS.into_iter().filter(|key| *key != "preset" && written.contains_key(*key));
    parameters.filter(move |key| !known.as_ref().contains(key)).map(move |key| fault(key, format!("{key} {reason}")))
}

fn plain(written: &Map<String, Value>) -> Map<String, Value> {
    let settings = written.iter().filter(|(key, _)| !PARAMETERS.contains(&key.as_str()));
    settings.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn text<'w>(written: &'w Map<String, Value>, key: &str) -> Option<&'w str> {
    written.get(key).and_then(Value::as_str)
}

const fn fault(key: &'static str, message: String) -> PresetFault {
    PresetFault { key, message }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clients::external_url::{OutboundUrl, Reach};
    use crate::fixtures::changed;
    use crate::types::localized::LocalizedText;
    use crate::workspace::upstream_provider::UpstreamProvider;

    fn expanded(change: &Value) -> Result<Map<String, Value>, Vec<String>> {
        let written = changed(json!({"id": "p", "client_id": "us", "client_secret": "s3cret"}), change);
        let expanded = expand(written.as_object().unwrap());
        expanded.map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    fn provider(mut settings: Map<String, Value>) -> UpstreamProvider {
        settings.remove("client_secret");
        settings.remove("private_key");
        serde_json::from_value(settings.into()).unwrap()
    }

    const TENANT: &str = "01234567-89ab-cdef-0123-456789abcdef";

    #[test]
    fn each_preset_says_where_its_provider_is() {
        let apple = json!({"preset": "apple", "private_key": "k", "private_key_id": "k", "private_key_issuer": "t"});
        let of_tenant = |tenant: &str| json!({"preset": "microsoft", "tenant": tenant, "tenants": ["*"]});
        let table = [
            (json!({"preset": "google"}), "https://accounts.google.com"),
            (of_tenant("common"), "https://login.microsoftonline.com/common/v2.0"),
            (of_tenant("organizations"), "https://login.microsoftonline.com/organizations/v2.0"),
            (
                json!({"preset": "microsoft", "tenant": "consumers"}),
                "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
            ),
            (
                json!({"preset": "microsoft", "tenant": TENANT}),
                "https://login.microsoftonline.com/01234567-89ab-cdef-0123-456789abcdef/v2.0",
            ),
            (apple, "https://appleid.apple.com"),
            (json!({"preset": "okta", "domain": "corp.okta.com"}), "https://corp.okta.com"),
            (
                json!({"preset": "okta", "issuer": "https://corp.okta.com/oauth2/default"}),
                "https://corp.okta.com/oauth2/default",
            ),
            (json!({"preset": "auth0", "domain": "corp.eu.auth0.com"}), "https://corp.eu.auth0.com/"),
            (
                json!({"preset": "cognito", "user_pool": "eu-west-1_aB3"}),
                "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_aB3",
            ),
            (
                json!({"preset": "keycloak", "domain": "sso.corp.example", "realm": "staff"}),
                "https://sso.corp.example/realms/staff",
            ),
            (json!({"preset": "gitlab"}), "https://gitlab.com"),
            (json!({"preset": "gitlab", "domain": "git.corp.example"}), "https://git.corp.example"),
            (json!({"preset": "linkedin"}), "https://www.linkedin.com/oauth"),
            (json!({"preset": "github"}), "https://github.com/login/oauth"),
            (json!({"preset": "facebook"}), "https://www.facebook.com"),
            (json!({"preset": "amazon"}), "https://www.amazon.com"),
        ];
        for (change, expected) in table {
            let provider = provider(expanded(&change).unwrap_or_else(|faults| panic!("{change}: {faults:?}")));
            assert_eq!(provider.discovery_issuer(), expected, "{change}");
            assert!(OutboundUrl::parse(&provider.discovery_issuer(), Reach::Internet).is_ok(), "{change}");
            assert!(provider.title != LocalizedText::default() && provider.icon.is_some(), "{change}");
            assert!(!provider.contradicts_tenants() && provider.map.faults().next().is_none(), "{change}");
            let mut unusable = provider.oauth.iter().flat_map(|api| api.faults(Reach::Internet));
            assert_eq!(unusable.next(), None, "{change}");
            assert!(provider.verified_email_domains.is_empty() && !provider.verified_phone_numbers, "{change}");
        }
    }

    #[test]
    fn the_settings_of_each_preset_are_an_object_of_known_settings() {
        for preset in &PRESETS {
            let settings: Map<String, Value> = serde_json::from_str(preset.settings).unwrap();
            let base = json!({"id": "p", "title": "P", "issuer": "https://p.example", "client_id": "us"});
            let parsed: Result<UpstreamProvider, _> = serde_json::from_value(changed(base, &settings.into()));
            assert!(parsed.is_ok(), "{:?}: {:?}", preset.provider, parsed.err());
        }
    }

    #[test]
    fn what_the_file_says_wins() {
        let change = json!({
            "preset": "linkedin", "title": "Work", "scope": "openid", "issuer": "https://x.example", "pkce": "S256",
            "icon": "google",
        });
        let settings = expanded(&change).unwrap();
        for key in ["title", "scope", "issuer", "pkce", "icon"] {
            assert_eq!(settings[key], change[key], "{key}");
        }
        assert_eq!(settings["token_endpoint_auth_method"], "client_secret_post");
        assert!(!settings.contains_key("preset"));
        let untouched = json!({"title": "P", "issuer": "https://p.example"});
        assert_eq!(expanded(&untouched).unwrap().len(), 5, "no preset, and nothing added");
    }

    fn lacks((change, expected): (Value, Vec<&str>)) {
        let faults = expanded(&change).err().unwrap_or_default();
        assert_eq!(faults.len(), expected.len(), "{change}: {faults:?}");
        for (fault, expected) in faults.iter().zip(expected) {
            assert!(fault.starts_with(expected), "{change}: {fault}");
        }
    }

    #[test]
    fn a_single_url_or_claim_of_a_preset_can_be_replaced() {
        let change = json!({
            "preset": "github", "oauth": {"user_endpoint": "https://git.corp.example/api/v3/user"},
            "map": {"groups": "teams", "profile": "blog"},
        });
        let settings = expanded(&change).unwrap();
        let map = json!({"groups": "teams", "picture": "avatar_url", "preferred_username": "login", "profile": "blog"});
        assert_eq!(settings["map"], map);
        let api = provider(settings).oauth.unwrap();
        assert_eq!(api.user_endpoint, "https://git.corp.example/api/v3/user");
        assert_eq!(
            (api.token_endpoint.as_str(), api.subject.as_str()),
            ("https://github.com/login/oauth/access_token", "id")
        );
        let alone =
            json!({"title": "P", "issuer": "https://p.example", "oauth": {"user_endpoint": "https://p.example/me"}});
        lacks((alone, vec!["oauth.authorization_endpoint is missing", "oauth.token_endpoint is missing: set it, or"]));
    }

    #[test]
    fn what_a_preset_lacks_is_named_with_the_remedy() {
        let table = [
            (json!({}), vec!["title is missing: set it, or a preset", "issuer is missing: set it, or a preset"]),
            (json!({"title": "P", "issuer": "https://p.example", "realm": "x"}), vec!["realm belongs to a preset"]),
            (
                json!({"preset": "google", "client_secret": null}),
                vec!["client_secret is missing, and the preset needs it"],
            ),
            (json!({"preset": "google", "client_secret": null, "sealed_client_secret": "s"}), vec![]),
            (json!({"preset": "google", "domain": "x.example"}), vec!["domain is not of this preset: remove it"]),
            (
                json!({"preset": "okta"}),
                vec!["domain is missing: set it, such as domain = \"example.okta.com\", or set issuer"],
            ),
            (
                json!({"preset": "okta", "issuer": "https://x.example", "domain": "y"}),
                vec!["domain says where the provider is"],
            ),
            (
                json!({"preset": "keycloak"}),
                vec!["domain is missing", "realm is missing: set it, such as realm = \"staff\""],
            ),
            (json!({"preset": "cognito"}), vec!["user_pool is missing: set it to the id of the pool"]),
            (
                json!({"preset": "cognito", "user_pool": "pool"}),
                vec!["user_pool is missing: set it to the id of the pool"],
            ),
            (
                json!({"preset": "apple"}),
                vec![
                    "private_key is missing",
                    "private_key_id is missing",
                    "private_key_issuer is missing, and the preset needs it: the Team ID",
                ],
            ),
        ];
        table.into_iter().for_each(lacks);
    }

    #[test]
    fn a_tenant_is_named_by_its_id_and_several_are_listed() {
        let table = [
            (json!({"preset": "microsoft"}), vec!["tenant is missing: the id of a tenant"]),
            (
                json!({"preset": "microsoft", "tenant": "common"}),
                vec!["tenants is missing, and tenant = \"common\" needs it"],
            ),
            (
                json!({"preset": "microsoft", "tenant": "corp.onmicrosoft.com"}),
                vec!["tenant is \"corp.onmicrosoft.com\""],
            ),
        ];
        table.into_iter().for_each(lacks);
    }

    #[test]
    fn a_tenant_id_has_one_spelling() {
        assert!(is_tenant_id(TENANT));
        for bad in ["", "common", &TENANT.to_uppercase(), &TENANT[1..], "01234567_89ab-cdef-0123-456789abcdef"] {
            assert!(!is_tenant_id(bad), "{bad}");
        }
    }
}
