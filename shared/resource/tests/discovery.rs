//! The keys of an issuer that listens on loopback, fetched over HTTP.
#![cfg(feature = "https")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use postern_resource::{HttpsJwks, JwksFault, JwksSource, Refusal, Validator};
use serde_json::json;
use tokio::net::TcpListener;

use crate::given::{AUDIENCE, KEYS, NOW, claims, header, signed, with};

const DISCOVERY: &str = "/tenant/.well-known/openid-configuration";

/// Starts a server that responds with `answer`; returns its URL and its request counter.
async fn server(answer: impl Fn(&str, &str) -> Response<String> + Send + Sync + 'static) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = format!("http://{}", listener.local_addr().unwrap());
    let (answer, count) = (Arc::new(answer), Arc::new(AtomicUsize::default()));
    let (here, counted) = (place.clone(), Arc::clone(&count));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (answer, here, counted) = (Arc::clone(&answer), here.clone(), Arc::clone(&counted));
            let service = service_fn(move |request: Request<Incoming>| {
                counted.fetch_add(1, Ordering::SeqCst);
                let response = answer(&here, request.uri().path()).map(|body| Full::new(Bytes::from(body)));
                async move { Ok::<_, hyper::Error>(response) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    (place, count)
}

fn json_response(body: impl ToString) -> Response<String> {
    Response::builder().header("content-type", "application/json; charset=utf-8").body(body.to_string()).unwrap()
}

/// A correct issuer.
fn honest(here: &str, path: &str) -> Response<String> {
    match path {
        DISCOVERY => json_response(json!({"issuer": format!("{here}/tenant"), "jwks_uri": format!("{here}/keys")})),
        "/keys" => json_response(KEYS.jwks()),
        _ => Response::builder().status(404).body(String::new()).unwrap(),
    }
}

fn validator(issuer: &str) -> Validator<HttpsJwks> {
    Validator::discovering(issuer, AUDIENCE).clock(|| Duration::from_secs(NOW))
}

#[tokio::test]
async fn the_keys_are_found_by_discovery_when_the_first_token_arrives() {
    let (place, count) = server(honest).await;
    let issuer = format!("{place}/tenant");
    let validator = validator(&issuer);
    assert_eq!(count.load(Ordering::SeqCst), 0);
    let token = signed(header(), with(claims(), json!({"iss": issuer})));
    for _ in 0..3 {
        assert_eq!(validator.accept(&token).await.unwrap().subject(), "alice");
    }
    assert_eq!(count.load(Ordering::SeqCst), 2, "the document and the keys, once each");
    let document = HttpsJwks::at(format!("{place}/keys")).fetch().await.unwrap();
    assert_eq!(document, KEYS.jwks().as_bytes());
}

#[tokio::test]
async fn a_document_of_another_issuer_is_refused() {
    let (place, _) = server(honest).await;
    for issuer in [format!("{place}/tenant/"), place.replace("127.0.0.1", "localhost") + "/tenant"] {
        let token = signed(header(), with(claims(), json!({"iss": issuer})));
        let refusal = validator(&issuer).accept(&token).await;
        assert_eq!(refusal, Err(Refusal::Unavailable(JwksFault::OtherIssuer)), "{issuer}");
    }
}

#[tokio::test]
async fn sec_ssrf_03_a_response_is_bounded_in_size_type_and_status() {
    let (place, _) = server(|_, path| match path {
        "/large" => json_response("x".repeat(64 * 1024 + 1)),
        "/html" => Response::builder().header("content-type", "text/html").body(KEYS.jwks()).unwrap(),
        "/untyped" => Response::new(KEYS.jwks()),
        "/500" => Response::builder().status(500).body(String::new()).unwrap(),
        _ => json_response(KEYS.jwks()),
    })
    .await;
    let table = [
        ("/large", JwksFault::TooLarge),
        ("/html", JwksFault::Unreadable),
        ("/untyped", JwksFault::Unreadable),
        ("/500", JwksFault::Status(500)),
    ];
    for (path, fault) in table {
        assert_eq!(HttpsJwks::at(format!("{place}{path}")).fetch().await, Err(fault), "{path}");
    }
    assert!(HttpsJwks::at(format!("{place}/keys")).fetch().await.is_ok());
}

#[tokio::test]
async fn sec_ssrf_02_a_redirect_is_not_followed() {
    let (place, count) = server(|here, path| match path {
        "/moved" => {
            Response::builder().status(302).header("location", format!("{here}/keys")).body(String::new()).unwrap()
        }
        _ => json_response(KEYS.jwks()),
    })
    .await;
    assert_eq!(HttpsJwks::at(format!("{place}/moved")).fetch().await, Err(JwksFault::Status(302)));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn sec_ssrf_01_a_document_cannot_downgrade_from_tls() {
    for jwks_uri in
        ["http://169.254.169.254/keys", "http://keys.example/", "file:///etc/passwd", "https://u@x.example/"]
    {
        let (place, count) =
            server(move |here, _| json_response(json!({"issuer": format!("{here}/tenant"), "jwks_uri": jwks_uri})))
                .await;
        let fetched = HttpsJwks::of_issuer(format!("{place}/tenant")).fetch().await;
        assert_eq!(fetched, Err(JwksFault::Forbidden), "{jwks_uri}");
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }
    assert_eq!(HttpsJwks::of_issuer("http://auth.example/tenant").fetch().await, Err(JwksFault::Forbidden));
}

#[tokio::test(start_paused = true)]
async fn sec_ssrf_03_a_silent_issuer_times_out_after_three_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let source = HttpsJwks::at(format!("http://{}/keys", listener.local_addr().unwrap()));
    let began = tokio::time::Instant::now();
    let fault = source.fetch().await.unwrap_err();
    assert!(matches!(fault, JwksFault::Unreachable(_)), "{fault:?}");
    assert!(began.elapsed() <= Duration::from_secs(3));
}

#[tokio::test]
async fn an_unreachable_issuer_is_unavailable_and_not_invalid() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}/tenant", listener.local_addr().unwrap());
    drop(listener);
    let token = signed(header(), with(claims(), json!({"iss": issuer})));
    let refusal = validator(&issuer).accept(&token).await.unwrap_err();
    assert_eq!(refusal.response("api").status(), 503, "{refusal}");
}
