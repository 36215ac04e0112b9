//! The embedded engine, called by its wire protocol but without a port: it acts as the HTTP client of the SDK and
//! responds within this process.

use std::fmt;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{Connection, ConnectionSettings, Tables};

/// The embedded engine, as an HTTP client for the SDK.
#[derive(Clone)]
pub struct Engine(Database);

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Engine")
    }
}

impl Engine {
    /// The engine over `database`.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }

    /// A connection to the engine, with the SDK client that the functions use in Lambda.
    #[must_use]
    pub fn connection(&self) -> Connection {
        Connection::through(SharedHttpClient::new(self.clone()), local_settings())
    }

    /// The engine itself.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.0
    }

    fn dispatch(&self, operation: &str, body: &[u8]) -> Result<Vec<u8>, DynoxideError> {
        let database = &self.0;
        match operation {
            "GetItem" => call(body, |request| database.get_item(request)),
            "PutItem" => call(body, |request| database.put_item(request)),
            "UpdateItem" => call(body, |request| database.update_item(request)),
            "DeleteItem" => call(body, |request| database.delete_item(request)),
            "CreateTable" => call(body, |request| database.create_table(request)),
            "UpdateTimeToLive" => call(body, |request| database.update_time_to_live(request)),
            other => self.dispatch_tool(other, body),
        }
    }

    /// Operations that the store never calls, for tools that inspect it.
    fn dispatch_tool(&self, operation: &str, body: &[u8]) -> Result<Vec<u8>, DynoxideError> {
        let database = &self.0;
        match operation {
            "Scan" => call(body, |request| database.scan(request)),
            "Query" => call(body, |request| database.query(request)),
            "ListTables" => call(body, |request| database.list_tables(request)),
            "DescribeTable" => call(body, |request| database.describe_table(request)),
            "DescribeTimeToLive" => call(body, |request| database.describe_time_to_live(request)),
            "DeleteTable" => call(body, |request| database.delete_table(request)),
            "BatchGetItem" => call(body, |request| database.batch_get_item(request)),
            "BatchWriteItem" => call(body, |request| database.batch_write_item(request)),
            "TransactGetItems" => call(body, |request| database.transact_get_items(request)),
            "TransactWriteItems" => call(body, |request| database.transact_write_items(request)),
            other => Err(DynoxideError::ValidationException(format!("{other} is not offered here"))),
        }
    }

    /// Responds to a call of the wire protocol. `target` is the value of the header `X-Amz-Target`.
    #[must_use]
    pub fn respond(&self, target: &str, body: &[u8]) -> (u16, Vec<u8>) {
        match self.dispatch(target.rsplit('.').next().unwrap_or_default(), body) {
            Ok(body) => (200, body),
            Err(error) => (error.status_code(), error.to_json().into_bytes()),
        }
    }

    /// Responds to a call of the SDK.
    ///
    /// # Errors
    ///
    /// [`ConnectorError`] if the response cannot be built.
    pub fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let (status, body) = self.respond(target, request.body().bytes().unwrap_or_default());
        http::Response::builder()
            .status(status)
            .header("content-type", "application/x-amz-json-1.0")
            .body(SdkBody::from(body))
            .map_err(Into::into)
            .and_then(|response| HttpResponse::try_from(response).map_err(Into::into))
            .map_err(|error: Box<dyn std::error::Error + Send + Sync>| ConnectorError::user(error))
    }
}

fn call<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<Vec<u8>, DynoxideError> {
    let invalid = |error: serde_json::Error| DynoxideError::ValidationException(error.to_string());
    let answer = operation(serde_json::from_slice(body).map_err(invalid)?)?;
    serde_json::to_vec(&answer).map_err(invalid)
}

impl HttpConnector for Engine {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(self.answer(&request))
    }
}

impl HttpClient for Engine {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// The connection settings of a laptop. The credentials are placeholders that nothing checks.
#[must_use]
pub fn local_settings() -> ConnectionSettings {
    ConnectionSettings {
        region: "us-east-1".into(),
        access_key_id: "local".into(),
        secret_access_key: "local".into(),
        session_token: None,
        endpoint: Some("http://localhost".into()),
        tables: Tables { config: "postern-config".into(), users: "postern-users".into(), flow: "postern-flow".into() },
    }
}
