//! An SQS stub that records messages and can be made to fail.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Collected, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Prefix of the SQS operation names in `X-Amz-Target`.
pub const SERVICE: &str = "AmazonSQS.";

/// The queue URL as SQS would return it.
pub const QUEUE_URL: &str = "https://sqs.eu-central-1.amazonaws.com/123456789012/postern-logouts";

/// The URL of the queue of mail.
pub const MAIL_QUEUE_URL: &str = "https://sqs.eu-central-1.amazonaws.com/123456789012/postern-mail";

/// The queues. Clones share one state.
#[derive(Clone, Default)]
pub struct FakeSqs(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    sent: Vec<String>,
    hidden: Vec<(String, u64)>,
    is_broken: bool,
    calls: u32,
}

impl FakeSqs {
    /// Returns the message bodies sent since the last call of this function.
    #[must_use]
    pub fn sent(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().sent)
    }

    /// Returns the receipt handles whose visibility timeout was changed since the last call, with the seconds.
    #[must_use]
    pub fn hidden(&self) -> Vec<(String, u64)> {
        std::mem::take(&mut self.0.lock().unwrap().hidden)
    }

    /// Makes every call fail, or none.
    pub fn breaks(&self, is_broken: bool) {
        self.0.lock().unwrap().is_broken = is_broken;
    }

    /// Returns the number of calls so far.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.0.lock().unwrap().calls
    }

    /// Responds to a call.
    #[must_use]
    pub fn respond(&self, target: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut state = self.0.lock().unwrap();
        state.calls += 1;
        let request: Value = serde_json::from_slice(body).unwrap();
        assert!([QUEUE_URL, MAIL_QUEUE_URL].contains(&request["QueueUrl"].as_str().unwrap()));
        if state.is_broken {
            return (503, br#"{"__type":"com.amazonaws.sqs#ServiceUnavailable","message":"injected"}"#.to_vec());
        }
        let answer = match target.strip_prefix(SERVICE).unwrap() {
            "SendMessageBatch" => {
                let entries = request["Entries"].as_array().unwrap();
                assert!(!entries.is_empty() && entries.len() <= 10, "a batch has one to ten entries");
                state.sent.extend(entries.iter().map(|entry| entry["MessageBody"].as_str().unwrap().to_owned()));
                let ids =
                    entries.iter().map(|entry| json!({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "x"}));
                json!({ "Successful": ids.collect::<Vec<_>>(), "Failed": [] })
            }
            "ChangeMessageVisibility" => {
                let receipt = request["ReceiptHandle"].as_str().unwrap().to_owned();
                state.hidden.push((receipt, request["VisibilityTimeout"].as_u64().unwrap()));
                json!({})
            }
            other => panic!("the roles do not allow {other}"),
        };
        (200, answer.to_string().into_bytes())
    }

    /// Serves the stub on a port of its own and returns the endpoint.
    pub async fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let queue = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let queue = queue.clone();
                let service = service_fn(move |request| answer(queue.clone(), request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        endpoint
    }
}

async fn answer(
    queue: FakeSqs,
    request: http::Request<hyper::body::Incoming>,
) -> Result<http::Response<Full<Bytes>>, Infallible> {
    let target = request.headers()["x-amz-target"].to_str().unwrap().to_owned();
    let body = request.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default();
    let (status, body) = queue.respond(&target, &body);
    let response = http::Response::builder().status(status).header("content-type", "application/x-amz-json-1.0");
    Ok(response.body(Full::new(Bytes::from(body))).unwrap())
}
