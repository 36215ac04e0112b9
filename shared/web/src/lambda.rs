//! The Lambda adapter: converts an event of an API Gateway HTTP API (payload 2.0) to a [`Request`], and a [`Response`]
//! back.
//!
//! Event, response and runtime come from `lambda_http`. The conversion from event to request is our own, because the
//! library's panics on a malformed `Host`, an unescaped quote in a query and invalid base64
//! (docs/decisions/lambda-http.md). Here every event becomes a request or a 400.

use std::future::Future;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, header};
use lambda_http::aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use lambda_http::{Body, LambdaEvent, lambda_runtime, service_fn};
use protocol::types::time::Timestamp;
use serde_json::Value;

use crate::config::PublicUrl;
use crate::json;
use crate::request::{Deadline, Request};
use crate::response::{Response, set};

/// An error that stops a function from starting or running.
pub type Error = lambda_http::Error;

/// Serves requests until Lambda stops the process.
///
/// # Errors
///
/// An error that the runtime cannot recover from.
pub async fn serve<H, F>(public_url: PublicUrl, handler: H) -> Result<(), Error>
where
    H: Fn(Request) -> F,
    F: Future<Output = Response>,
{
    let (public_url, handler) = (&public_url, &handler);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        // The SDK's futures are large; boxed, they keep the stack and the compile time small.
        Ok::<_, Error>(Box::pin(answer(event, public_url, handler)).await)
    }))
    .await
}

/// Handles one event.
pub async fn answer<H, F>(event: LambdaEvent<Value>, public_url: &PublicUrl, handler: &H) -> ApiGatewayV2httpResponse
where
    H: Fn(Request) -> F,
    F: Future<Output = Response>,
{
    let deadline = Deadline::at(Timestamp::from_millis(event.context.deadline));
    match request(event.payload, public_url, deadline) {
        Ok(request) => lambda_response(handler(request).await),
        Err(trace_id) => lambda_response(json::error(
            &Request::nameless(trace_id),
            400,
            "invalid_request",
            "the request could not be read",
        )),
    }
}

/// Converts an event to a request; `Err` is the trace id of an event that cannot be converted.
fn request(payload: Value, public_url: &PublicUrl, deadline: Deadline) -> Result<Request, String> {
    let trace_id = payload.pointer("/requestContext/requestId").and_then(Value::as_str).unwrap_or_default().to_owned();
    event(payload).and_then(|event| read(event, public_url, deadline)).ok_or(trace_id)
}

/// Deserializes an event, and refuses what the library's type would alter: it reads an empty method as GET, accepts an
/// array as the value of a header, and keeps only the last of two headers whose names differ in case.
///
/// The runtime could deserialize it, but logs the offending value on failure.
fn event(payload: Value) -> Option<ApiGatewayV2httpRequest> {
    let method = payload.pointer("/requestContext/http/method")?.as_str()?;
    let headers = payload.get("headers").map_or(Some(0), |headers| {
        let headers = headers.as_object()?;
        headers.values().all(Value::is_string).then_some(headers.len())
    })?;
    if method.is_empty() {
        return None;
    }
    let event: ApiGatewayV2httpRequest = serde_json::from_value(payload).ok()?;
    (event.headers.len() == headers).then_some(event)
}

fn read(event: ApiGatewayV2httpRequest, public_url: &PublicUrl, deadline: Deadline) -> Option<Request> {
    let (context, mut headers, cookies) = (event.request_context, event.headers, event.cookies.unwrap_or_default());
    // A function URL repeats the cookies among the headers; the list is authoritative.
    if !cookies.is_empty() {
        headers.remove(header::COOKIE);
    }
    // Other applications set cookies, too: one that is not a valid header value is skipped (catalogue row SEC-SESS-17).
    for cookie in cookies.iter().filter_map(|cookie| HeaderValue::from_bytes(cookie.as_bytes()).ok()) {
        headers.append(header::COOKIE, cookie);
    }
    // The name in the certificate that API Gateway chose, not the header `Host` (catalogue row SEC-SESS-15).
    let domain = context.domain_name.and_then(|name| public_url.domain(&name));
    // A mapping of a workspace's domain has no base path.
    let base_path = if domain.is_some() { "" } else { public_url.base_path() };
    Some(Request {
        method: context.http.method,
        domain,
        path: clean_path(&event.raw_path?, base_path, context.stage.as_deref().unwrap_or_default()).into(),
        query: event.raw_query_string.unwrap_or_default(),
        headers,
        body: body(event.body.unwrap_or_default(), event.is_base64_encoded)?,
        address: context.http.source_ip.unwrap_or_default(),
        trace_id: context.request_id.unwrap_or_default(),
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

/// Converts a response to payload 2.0.
///
/// The library's type serializes only the first value of a header and fails on a value that is not UTF-8, and the runtime
/// exits when a response cannot be serialized. So values are joined, and converted to UTF-8, beforehand.
fn lambda_response(response: Response) -> ApiGatewayV2httpResponse {
    let (parts, body) = response.into_parts();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = parts.status.as_u16().into();
    answer.cookies = parts.headers.get_all(header::SET_COOKIE).iter().map(text).collect();
    for name in parts.headers.keys().filter(|name| **name != header::SET_COOKIE) {
        let values: Vec<_> = parts.headers.get_all(name).iter().map(text).collect();
        set(&mut answer.headers, name.clone(), &values.join(", "));
    }
    // All response bodies are text.
    answer.body = Some(Body::Text(String::from_utf8_lossy(&body).into_owned()));
    answer
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use http::Method;

    use super::*;

    fn event(change: &Value) -> Value {
        let mut event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/default/demo/oauth2/token", "rawQueryString": "a=b",
            "headers": {"content-type": "text/plain"}, "cookies": ["a=1", "b=2"],
            "requestContext": {
                "requestId": "r", "stage": "$default",
                "http": {"method": "POST", "path": "/x", "sourceIp": "192.0.2.1"},
            },
            "body": "YQ==", "isBase64Encoded": false,
        });
        event.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        event
    }

    #[test]
    fn sec_param_08_a_body_is_decoded_once_and_only_if_flagged() {
        let body = |change: Value| request(event(&change), &server(), Deadline::NONE).map(|request| request.body);
        assert_eq!(body(json!({})), Ok(Bytes::from("YQ==")));
        assert_eq!(body(json!({"isBase64Encoded": true})), Ok(Bytes::from("a")));
        assert_eq!(body(json!({"isBase64Encoded": true, "body": "YQ=="})), Ok(Bytes::from("a")));
        assert!(body(json!({"isBase64Encoded": true, "body": "Y Q"})).is_err());
        assert_eq!(body(json!({"body": null})), Ok(Bytes::new()));
    }

    fn server() -> PublicUrl {
        PublicUrl::parse("https://auth.example").unwrap()
    }

    #[test]
    fn sec_sess_15_the_domain_is_the_one_that_api_gateway_serves_and_no_header_says_it() {
        let read = |public_url: &str, name: &str| {
            let mut event = event(&json!({"headers": {"host": "other.example", "x-forwarded-host": "other.example"}}));
            event["requestContext"]["domainName"] = name.into();
            let request = request(event, &PublicUrl::parse(public_url).unwrap(), Deadline::NONE).unwrap();
            (request.domain.map(String::from), request.path)
        };
        let path = "/default/demo/oauth2/token";
        let acme = Some("login.acme.example".to_owned());
        assert_eq!(read("https://auth.example", "login.acme.example"), (acme.clone(), path.into()));
        assert_eq!(read("https://auth.example", "auth.example"), (None, path.into()));
        assert_eq!(read("https://auth.example/default", "auth.example"), (None, "/demo/oauth2/token".into()));
        assert_eq!(read("https://auth.example/default", "login.acme.example"), (acme, path.into()));
    }

    #[test]
    fn cookies_come_from_their_own_list() {
        let request = request(event(&json!({})), &server(), Deadline::NONE).unwrap();
        let cookies: Vec<_> = request.headers.get_all(header::COOKIE).iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
        assert_eq!((request.query.as_str(), request.trace_id.as_str()), ("a=b", "r"));
        assert_eq!(request.address, "192.0.2.1", "as the front door saw it, whatever X-Forwarded-For says");
    }

    #[test]
    fn sec_sess_17_a_cookie_with_any_bytes_does_not_cause_a_refusal() {
        let event = event(&json!({"cookies": ["theme=caf\u{e9}", "bad=\n", "a=1"]}));
        let request = request(event, &server(), Deadline::NONE).unwrap();
        let cookies: Vec<_> = request.headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
        assert_eq!(cookies, ["theme=caf\u{e9}".as_bytes(), b"a=1"]);
    }

    #[test]
    fn foreign_cookies_and_headers_may_have_any_bytes() {
        let event = event(&json!({"headers": {"x-visitor": "Zo\u{eb}"}, "cookies": ["visitor=Zo\u{eb}", "b=2"]}));
        let request = request(event, &server(), Deadline::NONE).unwrap();
        let cookies: Vec<_> = request.headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
        assert_eq!(cookies, ["visitor=Zo\u{eb}".as_bytes(), b"b=2"]);
        assert_eq!(request.headers["x-visitor"].as_bytes(), "Zo\u{eb}".as_bytes());
    }

    #[test]
    fn stage_and_base_path_are_stripped() {
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
    fn malformed_headers_are_a_400_and_not_a_panic() {
        let table = [
            json!({"a b": "x"}),
            json!({"a": "x\ny"}),
            json!({"a": ["x"]}),
            json!({"a": []}),
            json!({"authorization": "x", "Authorization": "y"}),
            Value::Null,
        ];
        for headers in table {
            let refused = request(event(&json!({ "headers": headers })), &server(), Deadline::NONE).err();
            assert_eq!(refused.as_deref(), Some("r"), "{headers}");
        }
    }

    #[test]
    fn host_path_and_query_need_not_form_a_url() {
        let (path, query) = ("/a/../b\\c", "a=\"<b>\"");
        let headers = json!({"host": "a b", "x-forwarded-proto": "%%"});
        let event = event(&json!({"headers": headers, "rawPath": path, "rawQueryString": query}));
        let request = request(event, &server(), Deadline::NONE).unwrap();
        assert_eq!((request.path.as_str(), request.query.as_str()), (path, query));
    }

    #[test]
    fn an_event_that_lacks_a_method_or_path_is_refused() {
        for (parent, name, value) in [
            ("/requestContext/http", "method", json!("")),
            ("/requestContext/http", "method", json!("GET /")),
            ("/requestContext/http", "method", Value::Null),
            ("", "rawPath", Value::Null),
        ] {
            let mut event = event(&json!({}));
            event.pointer_mut(parent).unwrap()[name] = value.clone();
            assert_eq!(request(event, &server(), Deadline::NONE).err().as_deref(), Some("r"), "{name}: {value}");
        }
    }

    /// The example in "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway", payload format 2.0.
    #[test]
    fn the_documented_event_is_read() {
        let event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/my/path",
            "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
            "cookies": ["cookie1", "cookie2"], "headers": {"header1": "value1", "header2": "value1,value2"},
            "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "value"},
            "requestContext": {
                "accountId": "123456789012", "apiId": "api-id",
                "authentication": {"clientCert": {
                    "clientCertPem": "CERT_CONTENT", "subjectDN": "www.example.com", "issuerDN": "Example issuer",
                    "serialNumber": "a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1",
                    "validity": {"notBefore": "May 28 12:30:02 2019 GMT", "notAfter": "Aug  5 09:36:04 2021 GMT"},
                }},
                "authorizer": {"jwt": {
                    "claims": {"claim1": "value1", "claim2": "value2"}, "scopes": ["scope1", "scope2"],
                }},
                "domainName": "id.execute-api.us-east-1.amazonaws.com", "domainPrefix": "id",
                "http": {
                    "method": "POST", "path": "/my/path", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                    "userAgent": "agent",
                },
                "requestId": "id", "routeKey": "$default", "stage": "$default",
                "time": "12/Mar/2020:19:03:58 +0000", "timeEpoch": 1_583_348_638_390_u64,
            },
            "body": "Hello from Lambda", "pathParameters": {"parameter1": "value1"}, "isBase64Encoded": false,
            "stageVariables": {"stageVariable1": "value1", "stageVariable2": "value2"},
        });
        let request = request(event, &server(), Deadline::NONE).unwrap();
        assert_eq!((request.method, request.path.as_str()), (Method::POST, "/my/path"));
        assert_eq!(request.query, "parameter1=value1&parameter1=value2&parameter2=value");
        assert_eq!(
            (request.headers["header2"].as_bytes(), request.body),
            (&b"value1,value2"[..], "Hello from Lambda".into())
        );
    }

    #[test]
    fn every_set_cookie_is_kept() {
        let mut response = crate::response::see_other("/x");
        for cookie in ["a=1", "b=2"] {
            response = crate::response::with_cookie(response, cookie);
        }
        let answer = serde_json::to_value(lambda_response(response)).unwrap();
        assert_eq!(answer["cookies"], json!(["a=1", "b=2"]));
        assert_eq!(answer["headers"]["location"], "/x");
        assert!(answer["headers"].get("set-cookie").is_none());
    }

    #[test]
    fn a_response_survives_payload_2_0_unchanged() {
        let mut response = Response::new(Bytes::from_static(b"caf\xe9"));
        for value in ["accept", "origin"] {
            response.headers_mut().append(header::VARY, HeaderValue::from_static(value));
        }
        for name in [header::ETAG, header::SET_COOKIE] {
            response.headers_mut().append(name, HeaderValue::from_bytes(b"\xe9").unwrap());
        }
        assert_eq!(
            serde_json::to_value(lambda_response(response)).unwrap(),
            json!({
                "statusCode": 200, "headers": {"etag": "\u{fffd}", "vary": "accept, origin"}, "multiValueHeaders": {},
                "cookies": ["\u{fffd}"], "body": "caf\u{fffd}", "isBase64Encoded": false,
            })
        );
    }
}
