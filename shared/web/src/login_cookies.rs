//! Bounds the cookies of unfinished logins: as many as fit into a request, oldest dropped first (catalogue row
//! SEC-SESS-16).
//!
//! Each login has its own cookie, so that tabs do not interfere, and the cookie of an abandoned login stays until it
//! expires. With too many of them, API Gateway would refuse every request of the browser. So each response removes
//! those that would not fit next to the following URL and the cookies of other applications.

use std::cmp::Reverse;

use http::header;
use protocol::types::time::Timestamp;

use crate::config::PublicUrl;
use crate::cookie::{Cookie, pairs};
use crate::request::Request;
use crate::response::{Response, with_cookie};

/// The purpose of cookies that bind interactions to a browser.
pub const BROWSER: &str = "browser";

/// The purpose of cookies with logins that wait for an upstream provider.
pub const UPSTREAM: &str = "upstream";

/// How many bytes of request line and headers API Gateway accepts in total.
const MAX_HEADER_BYTES: usize = 10_240;

/// What browsers and API Gateway send in addition to URL and cookies, with a margin.
const OTHER_HEADERS_BYTES: usize = 2_000;

/// How many bytes these cookies may have in total, whatever room is left.
const MAX_BYTES: usize = 2_700;

/// Prefixes `value` with the time its login started, which identifies the oldest.
#[must_use]
pub fn dated(value: &str, now: Timestamp) -> String {
    format!("{:x}.{value}", now.seconds())
}

/// The value that was passed to [`dated`]. A value set by an earlier version has no time.
#[must_use]
pub fn undated(value: &str) -> &str {
    value.split_once('.').map_or(value, |(_, value)| value)
}

/// Makes `response` remove the oldest login cookies if all of them together are too large. Cookies that the response itself
/// sets are kept, and so is the newest one in any case.
#[must_use]
pub fn bounded(response: Response, request: &Request, public_url: &PublicUrl) -> Response {
    let mut logins = after(&response, request, public_url);
    logins.sort_by_key(|login| Reverse((login.is_new, login.began)));
    let room = room(&response, request, public_url);
    let mut used = 0;
    let mut superfluous = Vec::new();
    for login in logins {
        if used == 0 || login.is_new || used + login.bytes <= room {
            used += login.bytes;
        } else {
            superfluous.push(login.cookie.remove());
        }
    }
    superfluous.iter().fold(response, |response, removal| with_cookie(response, removal))
}

/// The cookie of an unfinished login.
struct LoginCookie {
    cookie: Cookie,
    began: u64,
    bytes: usize,
    is_new: bool,
}

impl LoginCookie {
    /// Parses the cookie of an unfinished login of any workspace: a browser sends all of them to every workspace.
    fn parse(name: &[u8], value: &[u8], public_url: &PublicUrl) -> Option<Self> {
        let (cookie, id) = Cookie::parse_numbered(std::str::from_utf8(name).ok()?, public_url)?;
        let purpose = id.split('-').next();
        (purpose == Some(BROWSER) || purpose == Some(UPSTREAM)).then(|| Self {
            cookie,
            began: began(value),
            bytes: bytes(name, value),
            is_new: false,
        })
    }
}

/// The start of the login in seconds. Values without a start time count as oldest.
fn began(value: &[u8]) -> u64 {
    let text = std::str::from_utf8(value).unwrap_or_default();
    let time = text.split_once('.').and_then(|(time, _)| u64::from_str_radix(time, 16).ok());
    time.unwrap_or_default()
}

/// The size of a cookie in the header: `name=value; `.
const fn bytes(name: &[u8], value: &[u8]) -> usize {
    name.len() + value.len() + 3
}

/// The cookies of unfinished logins that the browser has after `response`.
fn after(response: &Response, request: &Request, public_url: &PublicUrl) -> Vec<LoginCookie> {
    let parse = |(name, value): (&[u8], &[u8])| LoginCookie::parse(name, value, public_url);
    let mut logins: Vec<LoginCookie> = pairs(request).filter_map(parse).collect();
    for set in response.headers().get_all(header::SET_COOKIE) {
        let text = set.to_str().unwrap_or_default();
        let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
        let (name, value) = pair.split_once('=').unwrap_or_default();
        let Some(login) = LoginCookie::parse(name.as_bytes(), value.as_bytes(), public_url) else { continue };
        logins.retain(|known| known.cookie != login.cookie);
        if !attributes.ends_with("Max-Age=0") {
            logins.push(LoginCookie { is_new: true, ..login });
        }
    }
    logins
}

/// The number of bytes left for cookies of unfinished logins, next to the URL of this or the next request and all other
/// cookies.
fn room(response: &Response, request: &Request, public_url: &PublicUrl) -> usize {
    let location = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
    let origin = public_url.origin_of(request.domain.as_ref());
    let next = location.filter(|location| location.starts_with(&origin)).map_or(0, str::len);
    let url = next.max(request.path.len() + request.query.len() + 1);
    let is_ours = |name, value| LoginCookie::parse(name, value, public_url).is_some();
    let others = pairs(request).filter(|(name, value)| !is_ours(name, value));
    let others: usize = others.map(|(name, value)| bytes(name, value)).sum();
    MAX_HEADER_BYTES.saturating_sub(OTHER_HEADERS_BYTES + url + others).min(MAX_BYTES)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};
    use protocol::types::id::WorkspaceId;
    use protocol::types::time::Lifetime;

    use super::*;
    use crate::response::see_other;

    const URL: &str = "https://auth.example";

    fn url() -> PublicUrl {
        PublicUrl::parse(URL).unwrap()
    }

    fn cookie(purpose: &str, number: usize, workspace: &str) -> Cookie {
        let workspace = WorkspaceId::parse("default", workspace).unwrap();
        Cookie::numbered(purpose, &format!("{number:08}"), &workspace, &url())
    }

    /// A cookie of `length` bytes that started at `seconds`, as a browser sends it.
    fn sent(purpose: &str, number: usize, length: usize) -> String {
        let value = dated(&"x".repeat(length), Timestamp::from_seconds(1_780_000_000 + number as u64));
        format!("{}={value}", cookie(purpose, number, "demo").name())
    }

    fn request(cookies: &[String], query: &str) -> Request {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_bytes(cookies.join("; ").as_bytes()).unwrap());
        Request { path: "/default/demo/login".into(), query: query.into(), headers, ..Request::nameless("") }
    }

    /// The numbers of the cookies that `response` removes.
    fn removed(response: &Response) -> Vec<usize> {
        let set = response.headers().get_all(header::SET_COOKIE).iter().map(|set| set.to_str().unwrap());
        let removals = set.filter(|set| set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"));
        let number = |set: &str| set.split(['-', '.']).nth(2).unwrap().parse().unwrap();
        let mut numbers: Vec<usize> = removals.map(number).collect();
        numbers.sort_unstable();
        numbers
    }

    #[test]
    fn sec_sess_16_the_oldest_logins_are_dropped_whatever_the_cookie_order() {
        let mut cookies: Vec<String> = (0..100).map(|number| sent(BROWSER, number, 43)).collect();
        let expected: Vec<usize> = (0..100 - MAX_BYTES / (cookies[0].len() + 2)).collect();
        for _ in 0..3 {
            cookies.rotate_left(37);
            let response = bounded(see_other("https://client.example/"), &request(&cookies, ""), &url());
            assert_eq!(removed(&response), expected);
        }
        let few = request(&cookies[..20], "");
        assert_eq!(removed(&bounded(see_other("https://client.example/"), &few, &url())), Vec::<usize>::new());
    }

    #[test]
    fn sec_sess_16_a_new_login_is_kept_and_removed_cookies_do_not_count() {
        let cookies = vec![sent(UPSTREAM, 8, 2_300), sent(BROWSER, 1, 43), sent(UPSTREAM, 9, 2_300)];
        let old = cookie(BROWSER, 1, "demo").set_for("0.x", Lifetime::seconds(60));
        let new = cookie(UPSTREAM, 2, "demo").set_for(&"x".repeat(3_700), Lifetime::seconds(60));
        let mut response = see_other("https://idp.example/");
        for set in [old, new] {
            response = with_cookie(response, &set);
        }
        assert_eq!(removed(&bounded(response, &request(&cookies, ""), &url())), [8, 9]);
        let finished = with_cookie(see_other(URL), &cookie(UPSTREAM, 9, "demo").remove());
        assert_eq!(removed(&bounded(finished, &request(&cookies, ""), &url())), [9], "8 fits now");
    }

    #[test]
    fn sec_sess_16_the_bound_leaves_room_for_the_url_and_foreign_cookies() {
        let cookies: Vec<String> = (0..20).map(|number| sent(BROWSER, number, 43)).collect();
        let with = |others: usize, query: usize, next: usize| {
            let cookies = [&cookies[..], &[format!("other={}", "x".repeat(others))]].concat();
            let response = see_other(&format!("{URL}/{}", "x".repeat(next)));
            removed(&bounded(response, &request(&cookies, &"x".repeat(query)), &url())).len()
        };
        assert_eq!(with(0, 0, 0), 0);
        assert_eq!(with(5_000, 1_000, 0), 0);
        assert!((1..19).contains(&with(6_000, 1_500, 0)));
        assert!((1..19).contains(&with(1_000, 0, 6_500)));
        assert_eq!(with(9_000, 0, 0), 19, "the newest stays");
    }

    #[test]
    fn sec_sess_16_foreign_cookies_and_cookies_of_earlier_versions_are_handled() {
        let mut cookies: Vec<String> = (0..40).map(|number| sent(BROWSER, number, 43)).collect();
        let without_time = format!("{}={}", cookie(BROWSER, 77, "demo").name(), "x".repeat(43));
        let elsewhere = format!("{}={}", cookie(BROWSER, 78, "partner").name(), "x".repeat(43));
        let session = "__Host-session.default.demo=s".to_owned();
        let foreign = ["__Host-browser-1234567.default.demo=x", "browser-12345678.default.demo=x", "__Host-browser=x"];
        cookies.extend([without_time, elsewhere, session]);
        cookies.extend(foreign.map(str::to_owned));
        let removed = removed(&bounded(see_other("https://client.example/"), &request(&cookies, ""), &url()));
        assert!(removed.ends_with(&[77, 78]), "what has no time is oldest: {removed:?}");
        assert_eq!((undated(&dated("v", Timestamp::from_seconds(1))), undated("v")), ("v", "v"));
    }
}
