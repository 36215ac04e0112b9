//! Responses, with the headers common to all of them.

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};

/// A response.
pub type Response = http::Response<Bytes>;

/// Headers of every response (catalogue rows SEC-HDR-03 to 06).
const ALWAYS: [(HeaderName, &str); 3] = [
    (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
];

/// How long a response may be cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// Not at all.
    Never,
    /// Five minutes, in any cache: discovery documents and public keys.
    Public,
}

/// A response with a body of this type.
#[must_use]
pub fn response(status: u16, content_type: &'static str, body: impl Into<Bytes>, caching: Caching) -> Response {
    let mut response = empty(status, caching);
    *response.body_mut() = body.into();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A response without a body, and therefore without a content type: some clients try to parse a body if there is a
/// type.
#[must_use]
pub fn empty(status: u16, caching: Caching) -> Response {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    match caching {
        Caching::Never => {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        }
        Caching::Public => {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        }
    }
    if status == 503 {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}

/// A redirect that the browser follows with GET, whatever the method of its request (RFC 9700 §4.12).
#[must_use]
pub fn see_other(location: &str) -> Response {
    let mut response = empty(303, Caching::Never);
    set(response.headers_mut(), header::LOCATION, location);
    response
}

/// Sets a header to a value made at run time. An invalid header value is omitted: it cannot come from what the
/// server writes itself.
pub fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// The response with one more cookie.
#[must_use]
pub fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_hdr_03_to_06_every_response_carries_the_common_headers() {
        for response in
            [response(200, "application/json", "{}", Caching::Never), see_other("https://app.example/cb?a=b")]
        {
            let headers = response.headers();
            assert_eq!(headers["referrer-policy"], "no-referrer");
            assert_eq!(headers["x-content-type-options"], "nosniff");
            assert_eq!(headers["cache-control"], "no-store");
            assert!(headers["strict-transport-security"].to_str().unwrap().contains("includeSubDomains"));
        }
        assert_eq!(see_other("/x").status(), 303);
    }

    #[test]
    fn sec_hdr_09_a_header_cannot_be_broken_out_of() {
        let response = see_other("https://app.example/cb\r\nSet-Cookie: x=1");
        assert!(!response.headers().contains_key(header::LOCATION));
    }
}
