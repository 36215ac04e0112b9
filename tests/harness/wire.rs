//! An instrumented connection between SDK and engine: it counts and delays calls, and breaks them before or after they
//! take effect.

use std::fmt;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use postern::dev::engine::Engine;

/// A recorded call to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// `GetItem`, `PutItem`, `UpdateItem` or `DeleteItem`.
    pub name: String,
    /// The kind of item, taken from its key: `grant`, `session`, `client`, …
    pub kind: String,
}

impl Operation {
    /// Whether the call writes.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.name != "GetItem"
    }
}

/// The fault injected into a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No fault.
    None,
    /// The connection breaks before the engine receives the call.
    Before,
    /// The engine executes the call, and the response is lost.
    After,
    /// The engine throttles the call.
    Throttled,
    /// The role lacks permission for the call.
    Denied,
}

type Plan = dyn Fn(&Operation, usize) -> Trouble + Send + Sync;

/// The connection. Clones share one log and one fault plan.
#[derive(Clone)]
pub struct Wire {
    engine: Engine,
    log: Arc<Mutex<Vec<Operation>>>,
    plan: Arc<Mutex<Arc<Plan>>>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Wire")
    }
}

impl Wire {
    /// Creates a connection to `engine` without faults.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        let calm: Arc<Plan> = Arc::new(|_: &Operation, _| Trouble::None);
        Self { engine, log: Arc::default(), plan: Arc::new(Mutex::new(calm)) }
    }

    /// Returns the calls since the last call of this function, retries included.
    #[must_use]
    pub fn calls(&self) -> Vec<Operation> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    /// Sets the fault plan. `plan` receives each call and its index, counted from 0 from now on.
    pub fn plan(&self, plan: impl Fn(&Operation, usize) -> Trouble + Send + Sync + 'static) {
        self.log.lock().unwrap().clear();
        *self.plan.lock().unwrap() = Arc::new(plan);
    }

    /// Stops injecting faults.
    pub fn calm(&self) {
        self.plan(|_, _| Trouble::None);
    }

    async fn carry(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        // Yield before and after each call so that concurrent requests really interleave.
        tokio::task::yield_now().await;
        let operation = operation(&request);
        let number = {
            let mut log = self.log.lock().unwrap();
            log.push(operation.clone());
            log.len() - 1
        };
        let plan = Arc::clone(&self.plan.lock().unwrap());
        let trouble = plan(&operation, number);
        let answer = match trouble {
            Trouble::None => self.engine.answer(&request),
            Trouble::Before => Err(broken()),
            Trouble::After => self.engine.answer(&request).and_then(|_| Err(broken())),
            Trouble::Throttled => Ok(refusal("ThrottlingException")),
            Trouble::Denied => Ok(refusal("AccessDeniedException")),
        };
        tokio::task::yield_now().await;
        answer
    }
}

fn operation(request: &HttpRequest) -> Operation {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let body: serde_json::Value = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap();
    let key = body["Key"]["pk"]["S"].as_str().or_else(|| body["Item"]["pk"]["S"].as_str()).unwrap_or_default();
    Operation {
        name: target.rsplit('.').next().unwrap_or_default().into(),
        kind: key.split('#').next().unwrap_or_default().into(),
    }
}

/// The error of a broken connection.
#[must_use]
pub fn broken() -> ConnectorError {
    ConnectorError::io("the connection was reset".into())
}

/// A DynamoDB error response of this kind.
#[must_use]
pub fn refusal(kind: &str) -> HttpResponse {
    let body = format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{kind}","message":"injected"}}"#);
    response(400, body)
}

/// A response of DynamoDB or KMS. Their content types differ in version, which the SDK ignores.
#[must_use]
pub fn response(status: u16, body: impl Into<SdkBody>) -> HttpResponse {
    let response = http::Response::builder().status(status).header("content-type", "application/x-amz-json-1.1");
    HttpResponse::try_from(response.body(body.into()).unwrap()).unwrap()
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().carry(request))
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
