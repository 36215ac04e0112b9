//! A request, as every function sees it.

use bytes::Bytes;
use http::{HeaderMap, Method, header};
use protocol::syntax::form_fault::FormFault;
use protocol::syntax::parameters::Parameters;
use protocol::types::domain::Domain;
use protocol::types::time::{Lifetime, Timestamp};

use crate::media_type::{Accepted, is_type, preferred_languages};

/// The maximum body size (catalogue row SEC-DOS-01).
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// The maximum query length.
pub const MAX_QUERY_BYTES: usize = 8 * 1024;

/// The parameters of a form that may be sent more than once: `resource` (RFC 8707 §2) and `audience` (RFC 8693 §2.1).
const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// A request. Its path has no stage and no base path.
pub struct Request {
    /// The method.
    pub method: Method,
    /// The host name that the request was sent to, unless that is the server's own. It may belong to a workspace.
    pub domain: Option<Domain>,
    /// The path as received, without any decoding.
    pub path: String,
    /// The query without its question mark; empty if there is none.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The client address, as seen by API Gateway; empty on a laptop, where all requests come from the same one.
    pub address: String,
    /// The id that responses and log lines share, so that one leads to the other.
    pub trace_id: String,
    /// When this invocation ends.
    pub deadline: Deadline,
}

/// The end of an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(Timestamp);

impl Deadline {
    /// No deadline, on a laptop.
    pub const NONE: Self = Self(Timestamp::from_millis(u64::MAX));

    /// A deadline at `end`.
    #[must_use]
    pub const fn at(end: Timestamp) -> Self {
        Self(end)
    }

    /// Whether `needed` time remains at `now`.
    #[must_use]
    pub const fn leaves(self, needed: Lifetime, now: Timestamp) -> bool {
        !now.plus(needed).reached(self.0)
    }
}

impl Request {
    /// A GET with nothing but its trace id.
    #[must_use]
    pub fn nameless(trace_id: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            domain: None,
            path: String::new(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            address: String::new(),
            trace_id: trace_id.into(),
            deadline: Deadline::NONE,
        }
    }

    /// Returns the parameters of an endpoint that browsers are sent to: from the query for GET, from the body for POST,
    /// never from both (OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2). Repeated ones are kept, because the
    /// error destination depends on other parameters.
    ///
    /// # Errors
    ///
    /// [`FormFault`].
    pub fn parameters(&self) -> Result<Parameters, FormFault> {
        if self.method == Method::POST { self.body_parameters() } else { self.query_parameters() }
    }

    /// The values of a header, which may contain any bytes: those above 127 are opaque (RFC 9110 §5.5).
    pub fn header_bytes(&self, name: header::HeaderName) -> impl Iterator<Item = &[u8]> {
        self.headers.get_all(name).iter().map(http::HeaderValue::as_bytes)
    }

    /// The types that the client accepts.
    #[must_use]
    pub fn accepted(&self) -> Accepted<'_> {
        Accepted::parse(self.header_bytes(header::ACCEPT))
    }

    /// The languages that the sender prefers, the most preferred first.
    #[must_use]
    pub fn preferred_languages(&self) -> Vec<&str> {
        preferred_languages(self.header_bytes(header::ACCEPT_LANGUAGE))
    }

    /// The values of a header that is ASCII by its grammar; one that is not counts as an empty one, which nothing accepts.
    #[must_use]
    pub fn header(&self, name: header::HeaderName) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default()).collect()
    }

    /// The `Origin` of a cross-origin request.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or("null"))
    }

    /// The parameters of the query.
    ///
    /// # Errors
    ///
    /// [`FormFault`].
    pub fn query_parameters(&self) -> Result<Parameters, FormFault> {
        if self.query.len() > MAX_QUERY_BYTES {
            return Err(FormFault::TooLarge);
        }
        Ok(Parameters::parse(self.query.as_bytes())?)
    }

    /// Returns the parameters of the body, which must be a form and the only place with parameters (OAuth 2.1 §3.2).
    /// Each may occur only once, even if unused (RFC 6749 §3.2).
    ///
    /// # Errors
    ///
    /// [`FormFault`].
    pub fn form(&self) -> Result<Parameters, FormFault> {
        self.form_repeating(&REPEATABLE)
    }

    /// The parameters of the body as by [`Self::form`], except that those in `repeatable` may occur more than once.
    ///
    /// # Errors
    ///
    /// [`FormFault`].
    pub fn form_repeating(&self, repeatable: &[&str]) -> Result<Parameters, FormFault> {
        Ok(self.body_parameters()?.without_repeats(repeatable)?)
    }

    fn body_parameters(&self) -> Result<Parameters, FormFault> {
        if self.body.len() > MAX_BODY_BYTES {
            return Err(FormFault::TooLarge);
        }
        if !self.query.is_empty() {
            return Err(FormFault::QueryParameters);
        }
        if !self.is_form() {
            return Err(FormFault::ContentType);
        }
        Ok(Parameters::parse(&self.body)?)
    }

    /// Whether the content type occurs exactly once and is that of a form. The type has no parameters.
    fn is_form(&self) -> bool {
        let mut types = self.header_bytes(header::CONTENT_TYPE);
        let only = types.next().filter(|_| types.next().is_none());
        only.is_some_and(|value| is_type(value, "application/x-www-form-urlencoded"))
    }
}

#[cfg(test)]
mod tests {
    use protocol::syntax::parameters::ParameterError;

    use super::*;

    fn post(content_type: Option<&'static str>, body: &'static [u8]) -> Request {
        let mut headers = HeaderMap::new();
        if let Some(content_type) = content_type {
            headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        }
        let body = Bytes::from_static(body);
        Request { method: Method::POST, path: "/".into(), headers, body, ..Request::nameless("t") }
    }

    #[test]
    fn sec_param_06_only_the_form_content_type_is_accepted() {
        for good in [
            "application/x-www-form-urlencoded",
            "application/x-www-form-urlencoded;charset=UTF-8",
            "Application/X-WWW-Form-Urlencoded; charset=utf-8",
            "application/x-www-form-urlencoded;",
            "application/x-www-form-urlencoded; charset=ISO-8859-1",
            "application/x-www-form-urlencoded; boundary=x",
        ] {
            assert!(post(Some(good), b"a=1").form().is_ok(), "{good}");
        }
        for bad in [
            Some("application/json"),
            Some("multipart/form-data; boundary=x"),
            Some("text/plain"),
            Some("application/x-www-form-urlencoded; charset=utf-16"),
            None,
        ] {
            assert_eq!(post(bad, b"a=1").form().err(), Some(FormFault::ContentType), "{bad:?}");
        }
    }

    #[test]
    fn sec_param_21_form_parameters_occur_once_except_repeatable_ones() {
        let form = |body: &'static str| post(Some("application/x-www-form-urlencoded"), body.as_bytes());
        for good in ["a=1&b=1", "resource=1&resource=2", "audience=1&audience=2"] {
            assert!(form(good).form().is_ok(), "{good}");
        }
        for bad in ["a=1&a=1", "withhold=a&withhold=b"] {
            let expected = FormFault::Parameters(ParameterError::RepeatedUnknown);
            assert_eq!(form(bad).form().err(), Some(expected), "{bad}");
        }
        assert!(form("withhold=a&withhold=b").form_repeating(&["withhold"]).is_ok());
        assert!(form("resource=a&resource=b").form_repeating(&[]).is_err());
        assert!(form("a=1&a=1").parameters().is_ok(), "the client is not known yet");
    }

    #[test]
    fn sec_param_02_parameters_in_the_query_of_a_form_are_refused() {
        let mut request = post(Some("application/x-www-form-urlencoded"), b"a=1");
        request.query = "client_secret=x".into();
        assert_eq!(request.form().err(), Some(FormFault::QueryParameters));
    }

    #[test]
    fn sec_dos_01_an_oversized_body_or_query_is_refused_unparsed() {
        let mut request = post(Some("application/x-www-form-urlencoded"), b"");
        request.body = Bytes::from(vec![b'%'; MAX_BODY_BYTES + 1]);
        assert_eq!(request.form().err(), Some(FormFault::TooLarge));
        request.query = "%".repeat(MAX_QUERY_BYTES + 1);
        assert_eq!(request.query_parameters().err(), Some(FormFault::TooLarge));
    }
}
