//! Cookies: read so that none can be planted, written so that none can leak (catalogue rows SEC-SESS-01 and 13).

use http::header;
use protocol::types::id::WorkspaceId;
use protocol::types::time::Lifetime;

use crate::config::PublicUrl;
use crate::request::Request;

/// The number of characters that distinguish numbered cookies.
const NUMBER_LEN: usize = 8;

/// A cookie of a workspace.
///
/// Over TLS its name starts with `__Host-`, which no other host and no plain connection can set. In local development
/// without TLS, browsers would reject that, so the prefix and `Secure` are omitted.
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

    /// One of several cookies for `purpose`, distinguished by the first characters of `id`.
    #[must_use]
    pub fn numbered(purpose: &str, id: &str, workspace: &WorkspaceId, public_url: &PublicUrl) -> Self {
        let short: String = id.chars().filter(char::is_ascii_alphanumeric).take(NUMBER_LEN).collect();
        Self::new(&format!("{purpose}-{short}"), workspace, public_url)
    }

    /// Parses the name of a numbered cookie: returns the cookie, and its purpose and number. `None` if `name` belongs to
    /// another cookie.
    pub(crate) fn parse_numbered<'n>(name: &'n str, public_url: &PublicUrl) -> Option<(Self, &'n str)> {
        let secure = public_url.is_secure();
        let bare = if secure { name.strip_prefix("__Host-")? } else { name };
        let (numbered, workspace) = bare.split_once('.')?;
        let (_, number) = numbered.split_once('-')?;
        let is_number = number.len() == NUMBER_LEN && number.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let (tenant, workspace) = workspace.split_once('.')?;
        (is_number && WorkspaceId::parse(tenant, workspace).is_ok())
            .then(|| (Self { name: name.into(), secure }, numbered))
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value in the request; `None` if there is none, or if there are two, one of which was planted.
    ///
    /// Cookies of other applications may contain any bytes (RFC 9110 §5.5).
    #[must_use]
    pub fn read<'r>(&self, request: &'r Request) -> Option<&'r str> {
        let mut values = pairs(request).filter(|(name, _)| *name == self.name.as_bytes()).map(|(_, value)| value);
        let value = values.next()?;
        if values.next().is_some() {
            return None;
        }
        std::str::from_utf8(value).ok()
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

/// The cookies of a request, as names and values. They are bytes: any application on the host may set cookies, and one
/// with bytes outside ASCII must not hide the others (catalogue row SEC-SESS-17).
pub(crate) fn pairs(request: &Request) -> impl Iterator<Item = (&[u8], &[u8])> {
    let headers = request.header_bytes(header::COOKIE);
    let cookies = headers.flat_map(|header| header.split(|byte| *byte == b';')).map(<[u8]>::trim_ascii);
    cookies.filter_map(|cookie| {
        let at = cookie.iter().position(|byte| *byte == b'=')?;
        Some((cookie.get(..at)?, cookie.get(at + 1..)?))
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;

    fn request(cookies: &[&str]) -> Request {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, HeaderValue::from_bytes(cookie.as_bytes()).unwrap());
        }
        Request { headers, ..Request::nameless("") }
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
    fn sec_sess_13_two_cookies_of_one_name_count_as_none() {
        let cookie = cookie("http://localhost:9000");
        let table = [
            (vec!["session.default.demo=a"], Some("a")),
            (vec!["x=1; session.default.demo=a; y=2"], Some("a")),
            (vec!["session.default.demo=a; session.default.demo=b"], None),
            (vec!["session.default.demo=a", "session.default.demo=a"], None),
            (vec!["session.default.partner=a"], None),
            (vec!["xsession.default.demo=a"], None),
            (vec![], None),
        ];
        for (cookies, expected) in table {
            assert_eq!(cookie.read(&request(&cookies)), expected, "{cookies:?}");
        }
    }

    #[test]
    fn sec_sess_17_a_foreign_cookie_with_any_bytes_hides_no_other() {
        let cookie = cookie("http://localhost:9000");
        for foreign in ["theme=caf\u{e9}", "\u{1f36a}=1", "=", "no-value", "a=\"b; c", "==;;", "\t"] {
            for cookies in [
                vec![format!("{foreign}; session.default.demo=a")],
                vec![format!("session.default.demo=a; {foreign}")],
                vec![foreign.into(), "session.default.demo=a".into()],
            ] {
                let cookies: Vec<&str> = cookies.iter().map(String::as_str).collect();
                assert_eq!(cookie.read(&request(&cookies)), Some("a"), "{cookies:?}");
            }
        }
        assert_eq!(cookie.read(&request(&["session.default.demo=caf\u{e9}"])), Some("caf\u{e9}"));
    }

    #[test]
    fn sec_sess_17_a_value_that_is_not_text_counts_as_none() {
        let mut request = request(&["x=1"]);
        let latin1 = HeaderValue::from_bytes(b"session.default.demo=caf\xe9").unwrap();
        request.headers.append(header::COOKIE, latin1);
        assert_eq!(cookie("http://localhost:9000").read(&request), None);
    }

    #[test]
    fn sec_sess_17_a_foreign_cookie_may_have_any_bytes() {
        let cookie = cookie("http://localhost:9000");
        let table = [
            (vec!["visitor=Zo\u{eb}; session.default.demo=a"], Some("a")),
            (vec!["visitor=Zo\u{eb}", "session.default.demo=a"], Some("a")),
            (vec!["session.default.demo=a; session.default.demo=\u{eb}"], None),
        ];
        for (cookies, expected) in table {
            assert_eq!(cookie.read(&request(&cookies)), expected, "{cookies:?}");
        }
    }
}
