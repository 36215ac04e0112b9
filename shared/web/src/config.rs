//! What a function is told by its environment, read once at its start.

use protocol::encoding::base64url_array;
use protocol::id::RegionLabel;
use protocol::secret::Secret;
use thiserror::Error;
use url::Url;

/// The configuration of a function.
pub struct Config {
    /// Where browsers and clients reach us: scheme, host, and perhaps a base path; no trailing slash.
    pub public_url: PublicUrl,
    /// The region that codes name.
    pub region_label: RegionLabel,
    /// AWS: region, credentials, endpoint, tables.
    pub aws: Aws,
    /// The root of the sealing keys; only functions that seal have one.
    pub sealing_key: Option<Secret<[u8; 32]>>,
}

/// What a function needs to know of AWS.
pub struct Aws {
    /// The region that the function runs in.
    pub region: String,
    /// The access key id of its role.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token.
    pub session_token: Option<String>,
    /// Another endpoint for DynamoDB than the region's.
    pub dynamodb_endpoint: Option<String>,
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
                config_table: required("CONFIG_TABLE")?,
                users_table: required("USERS_TABLE")?,
                flow_table: required("FLOW_TABLE")?,
            },
            sealing_key: lookup("SEALING_KEY").map(|text| sealing_key(&text)).transpose()?,
        })
    }
}

fn sealing_key(text: &str) -> Result<Secret<[u8; 32]>, ConfigError> {
    let key = base64url_array(text).map(Secret::new);
    key.ok_or(ConfigError::Unusable("SEALING_KEY", "must be the base64url of 32 bytes"))
}

/// Where browsers and clients reach us. Every URL that we write begins with it; none comes from a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// Parses and checks a public URL.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong: `https` is required, save for `http://localhost` and the loopback addresses.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "must be an absolute URL")?;
        let canonical = url.as_str().trim_end_matches('/');
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || canonical != text {
            return Err("must be a plain URL without trailing slash, query, fragment or user name");
        }
        let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        match url.scheme() {
            "https" => Ok(Self(text.into())),
            "http" if loopback => Ok(Self(text.into())),
            _ => Err("must begin with https://, or with http://localhost on a laptop"),
        }
    }

    /// The URL without trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether browsers reach us over TLS: everywhere but on a laptop.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// The origin: scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.0.strip_suffix(self.base_path()).unwrap_or(&self.0)
    }

    /// The path that all our paths begin with; empty if there is none.
    #[must_use]
    pub fn base_path(&self) -> &str {
        let authority = self.0.find("://").map_or(0, |at| at + 3);
        let rest = self.0.get(authority..).unwrap_or_default();
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
            "AWS_SESSION_TOKEN" | "AWS_ENDPOINT_URL" | "AWS_ENDPOINT_URL_DYNAMODB" | "SEALING_KEY" => return None,
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

    #[test]
    fn a_public_url_is_https_or_on_this_machine() {
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
        let url = PublicUrl::parse("https://auth.example/key").unwrap();
        assert_eq!((url.origin(), url.base_path()), ("https://auth.example", "/key"));
        let url = PublicUrl::parse("https://auth.example").unwrap();
        assert_eq!((url.origin(), url.base_path()), ("https://auth.example", ""));
    }
}
