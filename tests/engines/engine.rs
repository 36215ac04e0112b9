//! The engine under test, and fresh tables for each test.

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

/// Environment variable with the endpoint of an external engine, instead of the embedded one.
const ENDPOINT: &str = "STORE_ENDPOINT";

/// Engines derive the account, and thus the tables, from this header; none verifies the signature.
const AUTHORIZATION: &str =
    "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";

static NUMBER: AtomicU32 = AtomicU32::new(0);

enum Environment {
    /// The embedded engine.
    Embedded(Engine),
    /// An engine at an HTTP endpoint.
    Endpoint(String),
}

/// Tables used by one test only.
pub(crate) struct Fresh {
    /// The connection from which handles are created.
    pub(crate) connection: Connection,
    /// The names of the tables.
    pub(crate) names: store::Tables,
    place: Environment,
}

impl Fresh {
    /// Creates the tables.
    pub(crate) async fn tables() -> Self {
        let fresh = Self::nothing();
        schema::create(&fresh.connection).await.unwrap();
        fresh
    }

    /// A connection to tables that do not exist.
    pub(crate) fn nothing() -> Self {
        // The number of tables left in an engine shows how many tests ran against it.
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

    /// Calls the engine directly, bypassing the store.
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

    /// Returns every item of `table`.
    pub(crate) async fn items(&self, table: &str) -> Vec<Value> {
        let answer = self.call("Scan", &json!({"TableName": table, "ConsistentRead": true})).await;
        assert_eq!(answer["LastEvaluatedKey"], Value::Null, "there is more than one page");
        answer["Items"].as_array().unwrap().clone()
    }

    /// Writes an item unchanged.
    pub(crate) async fn put(&self, table: &str, item: &Value) {
        self.call("PutItem", &json!({"TableName": table, "Item": item})).await;
    }

    /// Sets or removes an attribute of every item of `table`, bypassing the store.
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

#[expect(clippy::disallowed_methods, reason = "the environment selects the engine under test")]
fn endpoint() -> Option<String> {
    std::env::var(ENDPOINT).ok()
}
