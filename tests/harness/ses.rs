//! An SES stub that records messages and can be made to refuse them.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Collected, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The mail service. Clones share one state.
#[derive(Clone, Default)]
pub struct FakeSes(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    sent: Vec<Value>,
    refusal: Option<(u16, &'static str)>,
}

impl FakeSes {
    /// Returns the requests that were accepted since the last call of this function.
    #[must_use]
    pub fn sent(&self) -> Vec<Value> {
        std::mem::take(&mut self.0.lock().unwrap().sent)
    }

    /// Makes every call fail with this status and error, or none.
    pub fn refuses(&self, refusal: Option<(u16, &'static str)>) {
        self.0.lock().unwrap().refusal = refusal;
    }

    /// Serves the stub on a port of its own and returns the endpoint.
    pub async fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let ses = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let ses = ses.clone();
                let service = service_fn(move |request| answer(ses.clone(), request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        endpoint
    }
}

async fn answer(
    ses: FakeSes,
    request: http::Request<hyper::body::Incoming>,
) -> Result<http::Response<Full<Bytes>>, Infallible> {
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/v2/email/outbound-emails"));
    let body = request.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default();
    let mut state = ses.0.lock().unwrap();
    let response = http::Response::builder().header("content-type", "application/json");
    let (response, body) = if let Some((status, error)) = state.refusal {
        (response.status(status).header("x-amzn-errortype", error), json!({"message": "injected"}))
    } else {
        state.sent.push(serde_json::from_slice(&body).unwrap());
        (response.status(200), json!({"MessageId": "m"}))
    };
    Ok(response.body(Full::new(Bytes::from(body.to_string()))).unwrap())
}
