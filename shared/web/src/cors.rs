//! Cross-origin answers: exact origins, without credentials, on errors too (catalogue section Q).

use http::header::{self, HeaderValue};
use protocol::clients::allowed_origins::AllowedOrigins;

use crate::request::Request;
use crate::response::{Caching, Response, empty, set};
use crate::route::{CrossOrigin, Route};

/// The response, readable by the page that asked, if its origin is one of `origins`.
#[must_use]
pub fn shared_with(mut response: Response, request: &Request, origins: &AllowedOrigins) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = request.origin().and_then(|origin| origins.allowed(origin)) {
        set(response.headers_mut(), header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static("WWW-Authenticate, X-Trace-Id, Retry-After");
        response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response
}

/// The response, readable by every page: for what is public anyway.
#[must_use]
pub fn public(mut response: Response) -> Response {
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// The answer to a preflight request for `route`, from the origins of the whole workspace: which client asks is not
/// known before the request itself.
#[must_use]
pub fn preflight(route: &Route, request: &Request, origins: &AllowedOrigins) -> Response {
    let mut answer = empty(204, Caching::Never);
    let headers = answer.headers_mut();
    set(headers, header::ACCESS_CONTROL_ALLOW_METHODS, &route.methods.join(", "));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    match route.cross_origin {
        CrossOrigin::Public => public(answer),
        CrossOrigin::Registered | CrossOrigin::Never => shared_with(answer, request, origins),
    }
}
