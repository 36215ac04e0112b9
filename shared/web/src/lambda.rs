//! The adapter to Lambda: an event of an API Gateway HTTP API (payload 2.0) becomes a [`Request`], a [`Response`]
//! becomes its answer.
//!
//! It stands on `lambda_runtime` and not on `lambda_http`, whose conversion panics on a malformed `Host` or
//! `X-Forwarded-Proto` header, or body encoding, and so ends the execution environment at a stranger's word.
//! Here whatever a stranger sends becomes a request or a 400.

use std::collections::BTreeMap;
use std::future::Future;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use lambda_runtime::{LambdaEvent, service_fn};
use protocol::types::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::PublicUrl;
use crate::json;
use crate::request::{Deadline, Request};
use crate::response::Response;

/// What a function cannot start or go on without.
pub type Error = lambda_runtime::Error;

/// The part of an event that matters.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    cookies: Vec<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    request_context: Context,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    #[serde(default)]
    request_id: String,
    #[serde(default)]
    stage: String,
    http: HttpContext,
}

#[derive(Deserialize)]
struct HttpContext {
    method: String,
}

/// The answer in the form of payload 2.0.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    status_code: u16,
    headers: BTreeMap<String, String>,
    cookies: Vec<String>,
    body: String,
    is_base64_encoded: bool,
}

/// Serves requests until Lambda ends the process.
///
/// # Errors
///
/// What the runtime cannot go on after.
pub async fn serve<H, F>(public_url: PublicUrl, handler: H) -> Result<(), Error>
where
    H: Fn(Request) -> F,
    F: Future<Output = Response>,
{
    let (public_url, handler) = (&public_url, &handler);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<serde_json::Value>| {
        // The SDK's futures are deep; boxed, they neither grow the stack nor the compiler's patience.
        Ok::<_, Error>(Box::pin(answer(event, public_url, handler)).await)
    }))
    .await
}

/// Answers one event.
pub async fn answer<H, F>(event: LambdaEvent<serde_json::Value>, public_url: &PublicUrl, handler: &H) -> Answer
where
    H: Fn(Request) -> F,
    F: Future<Output = Response>,
{
    // Read here and not by the runtime, which would quote in the log what it cannot read.
    let deadline = Deadline::at(Timestamp::from_millis(event.context.deadline));
    let event = serde_json::from_value::<Event>(event.payload).map_err(|_| String::new());
    match event.and_then(|event| request(event, public_url.base_path(), deadline)) {
        Ok(request) => Answer::from(handler(request).await),
        Err(trace_id) => Answer::from(json::error(
            &Request::nameless(trace_id),
            400,
            "invalid_request",
            "the request could not be read",
        )),
    }
}

fn request(event: Event, base_path: &str, deadline: Deadline) -> Result<Request, String> {
    let trace_id = event.request_context.request_id.clone();
    read(event, base_path, deadline).ok_or(trace_id)
}

fn read(event: Event, base_path: &str, deadline: Deadline) -> Option<Request> {
    let mut headers = HeaderMap::new();
    // A function URL repeats the cookies among the headers; the list is what counts.
    let repeated = |name: &str| !event.cookies.is_empty() && name.eq_ignore_ascii_case("cookie");
    for (name, value) in event.headers.iter().filter(|(name, _)| !repeated(name)) {
        headers.append(HeaderName::try_from(name.as_str()).ok()?, HeaderValue::from_str(value).ok()?);
    }
    for cookie in &event.cookies {
        headers.append(header::COOKIE, HeaderValue::from_str(cookie).ok()?);
    }
    Some(Request {
        method: Method::from_bytes(event.request_context.http.method.as_bytes()).ok()?,
        path: clean_path(&event.raw_path, base_path, &event.request_context.stage).into(),
        query: event.raw_query_string,
        headers,
        body: body(event.body.unwrap_or_default(), event.is_base64_encoded)?,
        trace_id: event.request_context.request_id,
        deadline,
    })
}

/// The path without the base path of a custom domain, or without the name of a stage.
fn clean_path<'p>(raw: &'p str, base_path: &str, stage: &str) -> &'p str {
    let without = |prefix: &str| raw.strip_prefix(prefix).filter(|rest| rest.starts_with('/'));
    if !base_path.is_empty() {
        return without(base_path).unwrap_or(raw);
    }
    match stage {
        "" | "$default" => raw,
        stage => without(&format!("/{stage}")).unwrap_or(raw),
    }
}

fn body(text: String, is_base64_encoded: bool) -> Option<Bytes> {
    if is_base64_encoded { STANDARD.decode(text).ok().map(Bytes::from) } else { Some(Bytes::from(text)) }
}

impl Request {
    /// A request of which nothing is known but its trace id.
    fn nameless(trace_id: String) -> Self {
        let (path, query, headers, body) = (String::new(), String::new(), HeaderMap::new(), Bytes::new());
        Self { method: Method::GET, path, query, headers, body, trace_id, deadline: Deadline::NONE }
    }
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        let (runtime, body) = response.into_parts();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let cookies = runtime.headers.get_all(header::SET_COOKIE).iter().map(text).collect();
        let mut headers = BTreeMap::new();
        for (name, value) in runtime.headers.iter().filter(|(name, _)| *name != header::SET_COOKIE) {
            headers
                .entry(name.as_str().to_owned())
                .and_modify(|all: &mut String| {
                    all.push_str(", ");
                    all.push_str(&text(value));
                })
                .or_insert_with(|| text(value));
        }
        let status_code = runtime.status.as_u16();
        // Every body of ours is text.
        Self {
            status_code,
            headers,
            cookies,
            body: String::from_utf8_lossy(&body).into_owned(),
            is_base64_encoded: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(change: &serde_json::Value) -> Event {
        let mut event = serde_json::json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/default/demo/oauth2/token", "rawQueryString": "a=b",
            "headers": {"content-type": "text/plain"}, "cookies": ["a=1", "b=2"],
            "requestContext": {"requestId": "r", "stage": "$default", "http": {"method": "POST", "path": "/x"}},
            "body": "YQ==", "isBase64Encoded": false,
        });
        event.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn sec_param_08_a_body_is_decoded_once_and_only_if_flagged() {
        let body = |change: serde_json::Value| request(event(&change), "", Deadline::NONE).map(|request| request.body);
        assert_eq!(body(serde_json::json!({})), Ok(Bytes::from("YQ==")));
        assert_eq!(body(serde_json::json!({"isBase64Encoded": true})), Ok(Bytes::from("a")));
        assert_eq!(body(serde_json::json!({"isBase64Encoded": true, "body": "YQ=="})), Ok(Bytes::from("a")));
        assert!(body(serde_json::json!({"isBase64Encoded": true, "body": "Y Q"})).is_err());
        assert_eq!(body(serde_json::json!({"body": null})), Ok(Bytes::new()));
    }

    #[test]
    fn cookies_come_from_their_own_list() {
        let request = request(event(&serde_json::json!({})), "", Deadline::NONE).unwrap();
        let cookies: Vec<_> = request.headers.get_all(header::COOKIE).iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
        assert_eq!((request.query.as_str(), request.trace_id.as_str()), ("a=b", "r"));
    }

    #[test]
    fn stage_and_base_path_do_not_reach_the_routes() {
        let table = [
            ("/t/w/x", "", "$default", "/t/w/x"),
            ("/prod/t/w/x", "", "prod", "/t/w/x"),
            ("/t/w/x", "", "prod", "/t/w/x"),
            ("/key/t/w/x", "/key", "$default", "/t/w/x"),
            ("/keyed/t/w/x", "/key", "$default", "/keyed/t/w/x"),
        ];
        for (raw, base_path, stage, expected) in table {
            assert_eq!(clean_path(raw, base_path, stage), expected, "{raw} {base_path} {stage}");
        }
    }

    #[test]
    fn headers_that_no_request_has_are_a_400_and_no_panic() {
        for headers in [serde_json::json!({"a b": "x"}), serde_json::json!({"a": "x\ny"})] {
            assert_eq!(
                request(event(&serde_json::json!({ "headers": headers })), "", Deadline::NONE).err().as_deref(),
                Some("r")
            );
        }
        assert!(
            request(
                event(&serde_json::json!({"headers": {"host": "a b", "x-forwarded-proto": "%%"}})),
                "",
                Deadline::NONE
            )
            .is_ok()
        );
    }

    #[test]
    fn every_set_cookie_is_kept() {
        let mut response = crate::response::see_other("/x");
        for cookie in ["a=1", "b=2"] {
            response = crate::response::with_cookie(response, cookie);
        }
        let answer = Answer::from(response);
        assert_eq!(answer.cookies, ["a=1", "b=2"]);
        assert_eq!(answer.headers["location"], "/x");
        assert!(!answer.headers.contains_key("set-cookie"));
    }
}
