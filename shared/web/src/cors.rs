//! Cross-origin responses: exact origins, on errors too (catalogue section Q).
//!
//! Endpoints that registered origins may read ignore cookies, so it does not matter whether a browser sends any. Some
//! libraries ask the browser to send them (`credentials: include`), and then the response must allow credentials to be
//! readable at all.

use http::header::{self, HeaderValue};
use protocol::clients::allowed_origins::AllowedOrigins;

use crate::request::Request;
use crate::response::{Caching, Response, empty, set};
use crate::route::{CrossOrigin, Route};

/// Makes the response readable by the requesting page, if its origin is one of `origins`.
#[must_use]
pub fn shared_with(mut response: Response, request: &Request, origins: &AllowedOrigins) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
    let yes = HeaderValue::from_static("true");
    if let Some(origin) = request.origin().and_then(|origin| origins.allowed(origin)) {
        set(response.headers_mut(), header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
        let exposed = HeaderValue::from_static("WWW-Authenticate, X-Trace-Id, Retry-After");
        response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response
}

/// Makes a response readable by every page: for public content.
#[must_use]
pub fn public(mut response: Response) -> Response {
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// The headers that endpoints read, and that a preflight allows whatever it names.
const ALWAYS_ALLOWED: [&str; 2] = ["authorization", "content-type"];

/// The maximum number of headers in a preflight, and the maximum length of a header name. Anything beyond is not
/// allowed.
const MAX_HEADERS: usize = 40;
const MAX_HEADER_NAME_BYTES: usize = 64;

/// Responds to a preflight request for `route` from the origins of the whole workspace: the client is not known before
/// the actual request.
///
/// A page on an allowed origin may send any header it names: only `Authorization` and `Content-Type` affect an
/// endpoint, and tracing libraries, for example, add their own.
#[must_use]
pub fn preflight(route: &Route, request: &Request, origins: &AllowedOrigins) -> Response {
    let mut answer = empty(204, Caching::Never);
    let headers = answer.headers_mut();
    set(headers, header::ACCESS_CONTROL_ALLOW_METHODS, &route.methods.join(", "));
    set(headers, header::ACCESS_CONTROL_ALLOW_HEADERS, &allowed_headers(request));
    headers.append(header::VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    match route.cross_origin {
        CrossOrigin::Public => public(answer),
        CrossOrigin::Registered | CrossOrigin::Never => shared_with(answer, request, origins),
    }
}

/// The headers that the preflight names, in lower case and bounded.
fn allowed_headers(request: &Request) -> String {
    let named = request.header(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let named = named.iter().flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase());
    let is_usable = |name: &String| {
        let is_name = name.len() <= MAX_HEADER_NAME_BYTES && header::HeaderName::from_bytes(name.as_bytes()).is_ok();
        is_name && !ALWAYS_ALLOWED.contains(&name.as_str())
    };
    let echoed = named.filter(is_usable).take(MAX_HEADERS);
    ALWAYS_ALLOWED.into_iter().map(str::to_owned).chain(echoed).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};

    use super::*;

    #[test]
    fn a_preflight_allows_the_headers_that_it_names_bounded() {
        let allowed = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCESS_CONTROL_REQUEST_HEADERS, value.parse().unwrap());
            allowed_headers(&Request { method: Method::OPTIONS, headers, ..Request::nameless("") })
        };
        let many: Vec<String> = (0..50).map(|at| format!("x-{at}")).collect();
        let long = "x".repeat(65);
        let table = [
            ("", ""),
            ("authorization,content-type", ""),
            ("mcp-protocol-version", ", mcp-protocol-version"),
            ("traceparent, Tracestate,baggage", ", traceparent, tracestate, baggage"),
            ("sentry-trace,,x y,\tdpop,x-\"a\"", ", sentry-trace, dpop"),
            (&long, ""),
        ];
        for (named, expected) in table {
            assert_eq!(allowed(named), format!("authorization, content-type{expected}"), "{named}");
        }
        assert_eq!(allowed(&many.join(",")).split(", ").count(), 2 + MAX_HEADERS);
    }
}
