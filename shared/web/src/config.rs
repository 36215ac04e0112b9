//! The configuration of a function, read once from its environment at startup.

use protocol::clients::external_url::Reach;
use protocol::syntax::encoding::base64url_array;
use protocol::types::domain::Domain;
use protocol::types::id::{Issuer, RegionLabel, host_and_port, is_loopback_host};
use protocol::types::secret::Secret;
use thiserror::Error;
use url::Url;

/// The configuration of a function.
pub struct Config {
    /// The URL at which browsers and clients reach the server: scheme, host, and possibly a base path; no trailing
    /// slash.
    pub public_url: PublicUrl,
    /// The region named in codes.
    pub region_label: RegionLabel,
    /// AWS: region, credentials, endpoint, tables.
    pub aws: Aws,
    /// The root of sealing keys; set only for functions that seal.
    pub sealing: Option<SealingRoot>,
    /// The KMS signing keys; set only for functions that sign.
    pub signing_keys: Vec<String>,
    /// The URL of the logout queue; set only for the two functions that use it.
    pub logout_queue_url: Option<String>,
    /// The URL of the mail queue; set only for the functions that use it.
    pub mail_queue_url: Option<String>,
}

/// The root of sealing keys.
pub enum SealingRoot {
    /// A KMS key, by its ARN, that encrypts data keys.
    Kms(String),
    /// Bytes from which keys are derived, on a laptop.
    Held(Secret<[u8; 32]>),
}

/// The AWS settings of a function.
pub struct Aws {
    /// The region that the function runs in.
    pub region: String,
    /// The access key id of its role.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token.
    pub session_token: Option<String>,
    /// An endpoint that replaces the region's for DynamoDB.
    pub dynamodb_endpoint: Option<String>,
    /// An endpoint that replaces the region's for KMS.
    pub kms_endpoint: Option<String>,
    /// An endpoint that replaces the region's for SQS.
    pub sqs_endpoint: Option<String>,
    /// An endpoint that replaces the region's for SES.
    pub ses_endpoint: Option<String>,
    /// A file of certificates to trust instead of Amazon's: for rehearsals.
    pub ca_bundle: Option<String>,
    /// The table of workspaces, clients and keys.
    pub config_table: String,
    /// The table of accounts and consents.
    pub users_table: String,
    /// The table of grants and sessions.
    pub flow_table: String,
}

/// What is wrong with the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// A variable is missing.
    #[error("the environment variable {0} is missing")]
    Missing(&'static str),
    /// A variable has a value that cannot be used.
    #[error("the environment variable {0} {1}")]
    Unusable(&'static str, &'static str),
}

impl Config {
    /// Reads the environment of this process.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the variable that is missing or unusable.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::parse(|name| std::env::var(name).ok())
    }

    /// Reads every variable through `lookup`, so that tests need not touch the process.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the variable that is missing or unusable.
    pub fn parse(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let required = |name| lookup(name).ok_or(ConfigError::Missing(name));
        let label = RegionLabel::parse(&required("REGION_LABEL")?);
        Ok(Self {
            public_url: PublicUrl::parse(&required("PUBLIC_URL")?)
                .map_err(|why| ConfigError::Unusable("PUBLIC_URL", why))?,
            region_label: label.map_err(|_| ConfigError::Unusable("REGION_LABEL", "must be 1 to 16 of a-z 0-9 -"))?,
            aws: Aws {
                region: required("AWS_REGION")?,
                access_key_id: required("AWS_ACCESS_KEY_ID")?,
                secret_access_key: required("AWS_SECRET_ACCESS_KEY")?,
                session_token: lookup("AWS_SESSION_TOKEN"),
                dynamodb_endpoint: lookup("AWS_ENDPOINT_URL_DYNAMODB").or_else(|| lookup("AWS_ENDPOINT_URL")),
                kms_endpoint: lookup("AWS_ENDPOINT_URL_KMS").or_else(|| lookup("AWS_ENDPOINT_URL")),
                sqs_endpoint: lookup("AWS_ENDPOINT_URL_SQS").or_else(|| lookup("AWS_ENDPOINT_URL")),
                ses_endpoint: lookup("AWS_ENDPOINT_URL_SESV2").or_else(|| lookup("AWS_ENDPOINT_URL")),
                ca_bundle: lookup("AWS_CA_BUNDLE"),
                config_table: required("CONFIG_TABLE")?,
                users_table: required("USERS_TABLE")?,
                flow_table: required("FLOW_TABLE")?,
            },
            sealing: sealing(lookup("SEALING_KEY_ARN"), lookup("SEALING_KEY"))?,
            signing_keys: lookup("SIGNING_KEY_ARNS").map(|arns| signing_keys(&arns)).transpose()?.unwrap_or_default(),
            logout_queue_url: lookup("LOGOUT_QUEUE_URL"),
            mail_queue_url: lookup("MAIL_QUEUE_URL"),
        })
    }
}

fn sealing(arn: Option<String>, held: Option<String>) -> Result<Option<SealingRoot>, ConfigError> {
    match (arn, held) {
        (None, None) => Ok(None),
        (Some(arn), None) => key_arn("SEALING_KEY_ARN", &arn).map(|arn| Some(SealingRoot::Kms(arn))),
        (None, Some(text)) => sealing_key(&text).map(|key| Some(SealingRoot::Held(key))),
        (Some(_), Some(_)) => Err(ConfigError::Unusable("SEALING_KEY", "cannot be combined with SEALING_KEY_ARN")),
    }
}

fn signing_keys(arns: &str) -> Result<Vec<String>, ConfigError> {
    arns.split(',').map(|arn| key_arn("SIGNING_KEY_ARNS", arn)).collect()
}

/// A key is identified by its ARN, not by an alias, which can be moved to another key at any time.
fn key_arn(variable: &'static str, text: &str) -> Result<String, ConfigError> {
    if text.starts_with("arn:") && text.contains(":kms:") && text.contains(":key/") {
        return Ok(text.into());
    }
    Err(ConfigError::Unusable(variable, "must be the ARN of a KMS key, not of an alias"))
}

fn sealing_key(text: &str) -> Result<Secret<[u8; 32]>, ConfigError> {
    let key = base64url_array(text).map(Secret::new);
    key.ok_or(ConfigError::Unusable("SEALING_KEY", "must be the base64url of 32 bytes"))
}

/// The URL at which browsers and clients reach the server. Every generated URL starts with it; none is taken from a
/// request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    url: String,
    reach: Reach,
}

impl PublicUrl {
    /// Parses and checks a public URL.
    ///
    /// # Errors
    ///
    /// An error message: `https` is required, except for `http://localhost` and loopback addresses.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "must be an absolute URL")?;
        let canonical = url.as_str().trim_end_matches('/');
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || canonical != text {
            return Err("must be a plain URL without trailing slash, query, fragment or user name");
        }
        let loopback = url.host_str().is_some_and(is_loopback_host);
        match url.scheme() {
            "https" => Ok(()),
            "http" if loopback => Ok(()),
            _ => Err("must begin with https://, or with http://localhost on a laptop"),
        }?;
        Ok(Self { url: text.into(), reach: Reach::of(text) })
    }

    /// Returns the same URL with the given `reach`.
    #[must_use]
    pub fn reaching(self, reach: Reach) -> Self {
        Self { reach, ..self }
    }

    /// How far requests of this server reach.
    #[must_use]
    pub const fn reach(&self) -> Reach {
        self.reach
    }

    /// The URL without trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Whether browsers reach the server over TLS: everywhere except on a laptop.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.url.starts_with("https://")
    }

    /// The origin: scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.url.strip_suffix(self.base_path()).unwrap_or(&self.url)
    }

    /// The domain that `authority`, to which a request was sent, can be: `None` for the server's own name, and for one that is
    /// no domain. On a laptop the names of domains end in `.localhost`.
    #[must_use]
    pub fn domain(&self, authority: &str) -> Option<Domain> {
        let host = host_and_port(authority).0.to_ascii_lowercase();
        let own = host_and_port(self.origin().split_once("://").map_or("", |(_, authority)| authority)).0;
        let name = if is_loopback_host(own) { host.strip_suffix(".localhost")? } else { &host };
        if name == own { None } else { Domain::parse(name).ok() }
    }

    /// The origin of the pages of `domain`, or the server's own.
    #[must_use]
    pub fn origin_of(&self, domain: Option<&Domain>) -> String {
        domain.map_or_else(|| self.origin().into(), |domain| Issuer::at(&self.url, domain).origin().into())
    }

    /// The path prefix of all routes; empty if there is none.
    #[must_use]
    pub fn base_path(&self) -> &str {
        let authority = self.url.find("://").map_or(0, |at| at + 3);
        let rest = self.url.get(authority..).unwrap_or_default();
        rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(name: &str) -> Option<String> {
        Some(match name {
            "PUBLIC_URL" => "https://auth.example".into(),
            "REGION_LABEL" => "eu".into(),
            "AWS_SESSION_TOKEN"
            | "AWS_ENDPOINT_URL"
            | "AWS_ENDPOINT_URL_DYNAMODB"
            | "AWS_ENDPOINT_URL_KMS"
            | "AWS_ENDPOINT_URL_SQS"
            | "AWS_ENDPOINT_URL_SESV2"
            | "AWS_CA_BUNDLE"
            | "SEALING_KEY"
            | "SEALING_KEY_ARN"
            | "SIGNING_KEY_ARNS" => return None,
            other => other.to_lowercase(),
        })
    }

    #[test]
    fn each_missing_variable_is_named() {
        assert!(Config::parse(complete).is_ok());
        for missing in ["PUBLIC_URL", "REGION_LABEL", "AWS_REGION", "CONFIG_TABLE", "USERS_TABLE", "FLOW_TABLE"] {
            let config = Config::parse(|name| if name == missing { None } else { complete(name) });
            assert_eq!(config.err(), Some(ConfigError::Missing(missing)));
        }
        let short = Config::parse(|name| if name == "SEALING_KEY" { Some("AAAA".into()) } else { complete(name) });
        assert!(short.err().unwrap().to_string().contains("32 bytes"));
    }

    fn with(set: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::parse(|name| {
            set.iter()
                .find(|(known, _)| *known == name)
                .map_or_else(|| complete(name), |(_, value)| Some((*value).into()))
        })
    }

    #[test]
    fn keys_are_named_by_their_arn_and_never_by_an_alias() {
        let arn = "arn:aws:kms:eu-west-1:111122223333:key/1";
        let both = format!("{arn},{arn}2");
        let config = with(&[("SEALING_KEY_ARN", arn), ("SIGNING_KEY_ARNS", &both)]).unwrap();
        assert!(matches!(config.sealing, Some(SealingRoot::Kms(found)) if found == arn));
        assert_eq!(config.signing_keys.len(), 2);
        let alias = "arn:aws:kms:eu-west-1:111122223333:alias/postern";
        for (variable, bad) in [
            ("SEALING_KEY_ARN", alias),
            ("SEALING_KEY_ARN", "1234abcd-12ab-34cd-56ef-1234567890ab"),
            ("SEALING_KEY_ARN", ""),
            ("SIGNING_KEY_ARNS", alias),
            ("SIGNING_KEY_ARNS", ""),
            ("SIGNING_KEY_ARNS", "arn:aws:kms:eu-west-1:111122223333:key/1,"),
        ] {
            let error = with(&[(variable, bad)]).err().unwrap();
            assert!(error.to_string().contains(variable), "{error}");
        }
        let held = "A".repeat(43);
        assert!(with(&[("SEALING_KEY", &held), ("SEALING_KEY_ARN", arn)]).is_err(), "one or the other");
    }

    #[test]
    fn a_public_url_is_https_or_loopback() {
        for good in ["https://auth.example", "https://auth.example/key", "http://localhost:9000", "http://127.0.0.1:1"]
        {
            assert!(PublicUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://auth.example",
            "https://auth.example/",
            "https://auth.example?x",
            "https://u@auth.example",
            "ftp://localhost",
            "auth.example",
            "HTTPS://auth.example",
        ] {
            assert!(PublicUrl::parse(bad).is_err(), "{bad}");
        }
        let url = PublicUrl::parse("https://auth.example:8443/key").unwrap();
        let domain = |authority| url.domain(authority).map(|domain| domain.as_str().to_owned());
        assert_eq!(domain("Login.Acme.example:8443"), Some("login.acme.example".into()));
        for own in ["auth.example", "AUTH.example:8443", "localhost", "192.0.2.1:8443", "[::1]:8443", "", "a b.example"]
        {
            assert_eq!(domain(own), None, "{own}");
        }
        let login = Domain::parse("login.acme.example").unwrap();
        assert_eq!(url.origin_of(Some(&login)), "https://login.acme.example:8443");
        assert_eq!(url.origin_of(None), "https://auth.example:8443");
        let laptop = PublicUrl::parse("http://localhost:9000").unwrap();
        assert_eq!(laptop.domain("login.acme.example.localhost:9000"), Some(login));
        for own in ["localhost:9000", "127.0.0.1:9000", "login.acme.example", "login.localhost:9000"] {
            assert_eq!(laptop.domain(own), None, "{own}");
        }

        let url = PublicUrl::parse("https://auth.example/key").unwrap();
        assert_eq!((url.origin(), url.base_path()), ("https://auth.example", "/key"));
        let url = PublicUrl::parse("https://auth.example").unwrap();
        assert_eq!((url.origin(), url.base_path()), ("https://auth.example", ""));
    }
}
