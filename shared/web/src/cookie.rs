//! Cookies: read so that none can be planted, written so that none can leak (catalogue rows SEC-SESS-01 and 13).

use http::header;
use protocol::types::id::WorkspaceId;
use protocol::types::time::Lifetime;

use crate::config::PublicUrl;
use crate::request::Request;

/// A cookie of a workspace.
///
/// Over TLS its name begins with `__Host-`, which no other host and no plain connection can set. On a laptop, without
/// TLS, no browser would accept that, so the prefix and `Secure` are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    name: String,
    secure: bool,
}

impl Cookie {
    /// The cookie for `purpose` in `workspace`. Each workspace has its own, because all share one host and path.
    #[must_use]
    pub fn new(purpose: &str, workspace: &WorkspaceId, public_url: &PublicUrl) -> Self {
        let secure = public_url.is_secure();
        let prefix = if secure { "__Host-" } else { "" };
        Self { name: format!("{prefix}{purpose}.{}.{}", workspace.tenant(), workspace.name()), secure }
    }

    /// One of several cookies for `purpose`, told apart by the beginning of `id`.
    #[must_use]
    pub fn numbered(purpose: &str, id: &str, workspace: &WorkspaceId, public_url: &PublicUrl) -> Self {
        let short: String = id.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
        Self::new(&format!("{purpose}-{short}"), workspace, public_url)
    }

    /// The value that the request carries; `None` if there is none, or two, of which one was planted.
    #[must_use]
    pub fn read<'r>(&self, request: &'r Request) -> Option<&'r str> {
        let mut values = request
            .headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.name)
            .map(|(_, value)| value);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// The `Set-Cookie` that sets `value` until the browser is closed.
    #[must_use]
    pub fn set(&self, value: &str) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}", self.name)
    }

    /// The `Set-Cookie` that sets `value` for `lifetime`.
    #[must_use]
    pub fn set_for(&self, value: &str, lifetime: Lifetime) -> String {
        format!("{}; Max-Age={}", self.set(value), lifetime.as_seconds())
    }

    /// The `Set-Cookie` that removes it.
    #[must_use]
    pub fn remove(&self) -> String {
        format!("{}; Max-Age=0", self.set(""))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Method};

    use super::*;
    use crate::request::Deadline;

    fn request(cookies: &[&str]) -> Request {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, cookie.parse().unwrap());
        }
        let (path, query, trace_id) = (String::new(), String::new(), String::new());
        let (body, address) = (Bytes::new(), String::new());
        Request { method: Method::GET, path, query, headers, body, address, trace_id, deadline: Deadline::NONE }
    }

    fn cookie(public_url: &str) -> Cookie {
        let workspace = WorkspaceId::parse("default", "demo").unwrap();
        Cookie::new("session", &workspace, &PublicUrl::parse(public_url).unwrap())
    }

    #[test]
    fn sec_sess_01_over_tls_a_cookie_is_bound_to_the_host() {
        let set = cookie("https://auth.example").set("v");
        assert_eq!(set, "__Host-session.default.demo=v; Path=/; HttpOnly; SameSite=Lax; Secure");
        let insecure = request(&["session.default.demo=v"]);
        assert_eq!(cookie("https://auth.example").read(&insecure), None);
    }

    #[test]
    fn sec_sess_13_two_cookies_of_one_name_are_none() {
        let cookie = cookie("http://localhost:9000");
        let table = [
            (vec!["session.default.demo=a"], Some("a")),
            (vec!["x=1; session.default.demo=a; y=2"], Some("a")),
            (vec!["session.default.demo=a; session.default.demo=b"], None),
            (vec!["session.default.demo=a", "session.default.demo=a"], None),
            (vec!["session.default.partner=a"], None),
            (vec![], None),
        ];
        for (cookies, expected) in table {
            assert_eq!(cookie.read(&request(&cookies)), expected, "{cookies:?}");
        }
    }
}
