//! Upstream providers that speak OAuth 2.0 without OpenID Connect, and have an API that says who the user is.

use serde::{Deserialize, Serialize};

use crate::clients::external_url::{ExternalUrl, OutboundUrl, Reach, UnaskableUrl};

/// Where such a provider is. There is no metadata to read this from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserApi {
    /// The authorization endpoint.
    pub authorization_endpoint: String,
    /// The token endpoint.
    pub token_endpoint: String,
    /// The URL at which its API says who the user of an access token is.
    pub user_endpoint: String,
    /// The URL at which its API lists the user's addresses, if it does so in the way of GitHub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emails_endpoint: Option<String>,
    /// The member that identifies the user and never changes. It must not be a name that the user can give up.
    #[serde(default = "default_subject")]
    pub subject: String,
}

/// The settings that no such provider can do without.
pub const REQUIRED: [&str; 3] = ["authorization_endpoint", "token_endpoint", "user_endpoint"];

fn default_subject() -> String {
    "id".into()
}

impl UserApi {
    /// The settings with URLs that may not be used, and why (catalogue rows SEC-UP-14 and SEC-UP-23).
    pub fn faults(&self, reach: Reach) -> impl Iterator<Item = (&'static str, UnaskableUrl)> {
        let asked = |name, url: &str| Some((name, OutboundUrl::parse(url, reach).err()?));
        let browsed = ExternalUrl::parse(&self.authorization_endpoint, reach).err();
        let emails = self.emails_endpoint.as_deref();
        [
            browsed.map(|fault| ("authorization_endpoint", fault)),
            asked("token_endpoint", &self.token_endpoint),
            asked("user_endpoint", &self.user_endpoint),
            emails.and_then(|url| asked("emails_endpoint", url)),
        ]
        .into_iter()
        .flatten()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sec_up_14_and_23_urls_that_may_not_be_used_are_named() {
        let api = |url: &str| -> UserApi {
            let urls = json!({
                "authorization_endpoint": url, "token_endpoint": url, "user_endpoint": url, "emails_endpoint": url,
            });
            serde_json::from_value(urls).unwrap()
        };
        let names = |url: &str| api(url).faults(Reach::Internet).map(|(name, _)| name).collect::<Vec<_>>().join(" ");
        assert_eq!((names("https://api.example/x?fields=id,name"), api("x").subject.as_str()), (String::new(), "id"));
        let all = "authorization_endpoint token_endpoint user_endpoint emails_endpoint";
        for bad in ["http://api.example/", "javascript:alert(1)", "/user", "https://a@api.example/"] {
            assert_eq!(names(bad), all, "{bad}");
        }
        for inner in ["https://169.254.169.254/", "https://idp.internal/"] {
            assert_eq!(names(inner), all.split_once(' ').unwrap().1, "{inner}: a browser may be within a network");
        }
    }
}
