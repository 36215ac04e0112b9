//! The wire between the SDK and the engine: it counts, delays, and breaks calls before or after they took effect.

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

/// A call to the store, as it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// `GetItem`, `PutItem`, `UpdateItem` or `DeleteItem`.
    pub name: String,
    /// The kind of item, from its key: `grant`, `session`, `client`, …
    pub kind: String,
}

impl Operation {
    /// Whether the call writes.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.name != "GetItem"
    }
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing: it is answered.
    None,
    /// The connection breaks before the engine hears of it.
    Before,
    /// The engine does it, and the answer is lost.
    After,
    /// The engine is throttled.
    Throttled,
    /// The role may not do it.
    Denied,
}

type Plan = dyn Fn(&Operation, usize) -> Trouble + Send + Sync;

/// The wire. Clones share one log and one plan.
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
    /// A wire to `engine` on which nothing goes wrong.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        let calm: Arc<Plan> = Arc::new(|_: &Operation, _| Trouble::None);
        Self { engine, log: Arc::default(), plan: Arc::new(Mutex::new(calm)) }
    }

    /// The calls since the last time that this was asked, retries included.
    #[must_use]
    pub fn calls(&self) -> Vec<Operation> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    /// From now on `plan` says what happens to each call. It is given the call and its number since now, from 0.
    pub fn plan(&self, plan: impl Fn(&Operation, usize) -> Trouble + Send + Sync + 'static) {
        self.log.lock().unwrap().clear();
        *self.plan.lock().unwrap() = Arc::new(plan);
    }

    /// From now on nothing goes wrong any more.
    pub fn calm(&self) {
        self.plan(|_, _| Trouble::None);
    }

    async fn carry(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        // Others get a turn before and after each call, so that requests which run at once really interleave.
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

/// A connection that broke.
#[must_use]
pub fn broken() -> ConnectorError {
    ConnectorError::io("the connection was reset".into())
}

/// A refusal of DynamoDB's, of this kind.
#[must_use]
pub fn refusal(kind: &str) -> HttpResponse {
    let body = format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{kind}","message":"injected"}}"#);
    let response = http::Response::builder().status(400).header("content-type", "application/x-amz-json-1.0");
    HttpResponse::try_from(response.body(SdkBody::from(body)).unwrap()).unwrap()
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
