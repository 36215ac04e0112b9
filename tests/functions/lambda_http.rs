//! The behavior of `lambda_http` and its runtime for inputs that `web::lambda` must survive.
//!
//! These tests pin facts about an external crate. If one fails after an update, part of our own conversion may be
//! obsolete: see docs/decisions/lambda-http.md.

use std::path::Path;

use futures::FutureExt as _;
use serde_json::{Value, json};
use tests::lambda::{Environment, Event, Process};

/// A function that uses the library's conversions.
async fn library() -> Process {
    let environment = [("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"), ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")];
    let environment: Environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Process::start_file(Path::new(env!("CARGO_BIN_EXE_lambda-http-function")), &environment).await
}

fn get() -> Event {
    Event::new("GET", "/default/demo")
}

/// The request as seen by the function.
async fn seen(process: &Process, event: Event) -> Value {
    process.outcome(event).await.unwrap()["body"].clone()
}

/// The error message with which the function failed.
async fn failure(process: &Process, event: Event) -> String {
    process.outcome(event).await.unwrap_err()["errorMessage"].as_str().unwrap().into()
}

#[tokio::test]
async fn its_conversion_panics_on_client_input_and_the_runtime_reports_a_failed_invocation() {
    let process = library().await;
    let base64 = |body: &str| get().with("", "body", body.into()).with("", "isBase64Encoded", true.into());
    let unwrap = "called `Result::unwrap()` on an `Err` value";
    let table = [
        ("a host with a space", get().header("host", "a b"), unwrap),
        ("half an IPv6 address", get().header("host", "[::1"), unwrap),
        ("a port beyond 65535", get().header("host", "auth.example:99999"), unwrap),
        ("an invalid scheme", get().header("x-forwarded-proto", "%%"), unwrap),
        ("a quote in the query", get().query("a=\"b\""), "failed to build request"),
        ("a tag in the query", get().query("a=<b>"), "failed to build request"),
        ("invalid base64", base64("%%%"), "failed to decode aws base64 encoded body"),
        ("truncated base64", base64("YQ"), "failed to decode aws base64 encoded body"),
    ];
    for (case, event, expected) in table {
        let message = failure(&process, event).await;
        assert!(message.starts_with("Lambda panicked: ") && message.contains(expected), "{case}: {message}");
        assert_eq!(
            seen(&process, get()).await,
            "GET https://auth.example/default/demo",
            "{case}: the process keeps running"
        );
    }
}

#[tokio::test]
async fn a_handler_panic_is_a_failed_invocation_and_the_process_keeps_running() {
    let process = library().await;
    assert_eq!(failure(&process, Event::new("GET", "/panic")).await, "Lambda panicked: the handler panicked");
    assert_eq!(seen(&process, get()).await, "GET https://auth.example/default/demo");
    let log = process.stop();
    assert!(log.contains("user handler panicked"), "{log}");
}

#[tokio::test]
async fn its_conversion_changes_paths_and_hosts() {
    let process = library().await;
    let table = [
        (Event::new("GET", "/default/../admin"), "GET https://auth.example/admin"),
        (Event::new("GET", "/default\\demo"), "GET https://auth.example/default/demo"),
        (Event::new("GET", "/default/\r\ndemo"), "GET https://auth.example/default/demo"),
        (Event::new("GET", "/d\u{e9}fault"), "GET https://auth.example/d%C3%A9fault"),
        (get().header("host", ""), "GET https://default/demo"),
        (get().header("x-forwarded-proto", "gopher"), "GET gopher://auth.example/default/demo"),
    ];
    for (event, expected) in table {
        assert_eq!(seen(&process, event.clone()).await, expected, "{event:?}");
    }
}

#[tokio::test]
async fn its_event_reads_an_empty_method_as_get_and_refuses_malformed_headers() {
    let process = library().await;
    let method = get().with("/requestContext/http", "method", "".into());
    assert_eq!(seen(&process, method).await, "GET https://auth.example/default/demo");
    let list = get().with("/headers", "host", json!(["list.example"]));
    assert_eq!(seen(&process, list).await, "GET https://list.example/default/demo");
    for headers in [json!({"x-a": "b\r\nc: d"}), json!({"x-a": "b\u{0}"}), json!({"x a": "b"})] {
        let message = failure(&process, get().with("", "headers", headers.clone())).await;
        assert!(!message.contains("panicked"), "{headers}: {message}");
        assert!(message.contains("doesn't match any of those services' events"), "{headers}: {message}");
    }
}

#[tokio::test]
async fn its_response_drops_repeated_headers_and_the_runtime_exits_on_non_utf8_values() {
    let process = library().await;
    let response = process.outcome(Event::new("GET", "/vary")).await.unwrap();
    assert_eq!(response["headers"], json!({"vary": "accept"}));
    assert!(process.outcome(Event::new("GET", "/latin-1")).now_or_never().is_none(), "sent, but never answered");
    let (status, output) = process.ended().await;
    assert!(!status.success() && output.contains("failed to build Lambda Runtime API request"), "{status}: {output}");
}
