//! The engine that is held to the contract, and tables of its own for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bytes::Bytes;
use dynoxide::Database;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use postern::dev::engine::{Engine, local_settings};
use serde_json::{Value, json};
use store::{Connection, ConnectionSettings, schema};

/// The variable that names the endpoint of another engine than the embedded one.
const ENDPOINT: &str = "STORE_ENDPOINT";

/// Engines know from this header whose tables are asked for. None of them looks at the signature.
const AUTHORIZATION: &str =
    "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";

static NUMBER: AtomicU32 = AtomicU32::new(0);

enum Environment {
    /// In this process.
    Embedded(Engine),
    /// Behind a port.
    Endpoint(String),
}

/// Tables that nobody else uses.
pub(crate) struct Fresh {
    /// The connection from which handles are made.
    pub(crate) connection: Connection,
    /// The names of the tables.
    pub(crate) names: store::Tables,
    place: Environment,
}

impl Fresh {
    /// The tables, just made.
    pub(crate) async fn tables() -> Self {
        let fresh = Self::nothing();
        schema::create(&fresh.connection).await.unwrap();
        fresh
    }

    /// A connection for tables that are not there.
    pub(crate) fn nothing() -> Self {
        // Whoever counts the tables of an engine afterwards sees how many tests it was given.
        let run = format!("contract-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let names = store::Tables {
            config: format!("{run}-config"),
            users: format!("{run}-users"),
            flow: format!("{run}-flow"),
        };
        let place = endpoint()
            .map_or_else(|| Environment::Embedded(Engine::new(Database::memory().unwrap())), Environment::Endpoint);
        let settings = ConnectionSettings { tables: names.clone(), ..local_settings() };
        let connection = match &place {
            Environment::Embedded(engine) => Connection::through(SharedHttpClient::new(engine.clone()), settings),
            Environment::Endpoint(url) => Connection::through(
                aws_smithy_http_client::Builder::new().build_http(),
                ConnectionSettings { endpoint: Some(url.clone()), ..settings },
            ),
        };
        Self { connection, names, place }
    }

    /// Asks the engine itself, past the store.
    pub(crate) async fn call(&self, operation: &str, body: &Value) -> Value {
        let target = format!("DynamoDB_20120810.{operation}");
        let (status, answer) = match &self.place {
            Environment::Embedded(engine) => engine.respond(&target, body.to_string().as_bytes()),
            Environment::Endpoint(url) => posted(url, &target, body).await,
        };
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(status, 200, "{operation}: {answer}");
        answer
    }

    /// Every item of `table`.
    pub(crate) async fn items(&self, table: &str) -> Vec<Value> {
        let answer = self.call("Scan", &json!({"TableName": table, "ConsistentRead": true})).await;
        assert_eq!(answer["LastEvaluatedKey"], Value::Null, "there is more than one page");
        answer["Items"].as_array().unwrap().clone()
    }

    /// Writes an item as it stands.
    pub(crate) async fn put(&self, table: &str, item: &Value) {
        self.call("PutItem", &json!({"TableName": table, "Item": item})).await;
    }

    /// Sets an attribute of every item of `table`, or takes it away, behind the store's back.
    pub(crate) async fn set_everywhere(&self, table: &str, attribute: &str, value: Option<Value>) {
        for mut item in self.items(table).await {
            let attributes = item.as_object_mut().unwrap();
            match &value {
                Some(value) => attributes.insert(attribute.into(), value.clone()),
                None => attributes.remove(attribute),
            };
            self.put(table, &item).await;
        }
    }
}

async fn posted(url: &str, target: &str, body: &Value) -> (u16, Vec<u8>) {
    let request = http::Request::post(url)
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", target)
        .header("authorization", AUTHORIZATION)
        .body(Full::new(Bytes::from(body.to_string())))
        .unwrap();
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.request(request).await.unwrap();
    (answer.status().as_u16(), answer.into_body().collect().await.unwrap().to_bytes().to_vec())
}

#[expect(clippy::disallowed_methods, reason = "which engine is tested is said from outside")]
fn endpoint() -> Option<String> {
    std::env::var(ENDPOINT).ok()
}
