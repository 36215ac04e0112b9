//! The outermost layer of every function.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use bytes::Bytes;
use http::Method;
use protocol::types::id::{ClientId, WorkspaceId};
use tracing::field::{Empty, display};
use tracing::{Instrument as _, Span};

use crate::json;
use crate::request::Request;
use crate::response::Response;

/// Awaits `answer`. A panic becomes a plain 500 that reveals no cause, and the next request is served normally
/// (catalogue rows SEC-LOG-04, SEC-DOS-08).
///
/// A HEAD request gets the response of GET without content (RFC 9110 §9.3.2); the route table says where HEAD is
/// allowed. All log lines in between carry the trace id, and the workspace and client once known.
pub async fn guarded(request: &Request, answer: impl Future<Output = Response>) -> Response {
    let span = tracing::info_span!("request", trace.id = %request.trace_id, workspace = Empty, client.id = Empty);
    let guarded = async {
        let mut answer = pin!(answer);
        let outcome =
            std::future::poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context))) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(response)) => Poll::Ready(Some(response)),
                Err(_) => Poll::Ready(None),
            });
        outcome.await.unwrap_or_else(|| {
            tracing::error!("a handler panicked");
            json::error(request, 500, "server_error", "something went wrong on our side")
        })
    };
    let response = guarded.instrument(span).await;
    if request.method == Method::HEAD { response.map(|_content| Bytes::new()) } else { response }
}

/// Adds `workspace` to all further log lines of this request.
pub fn note_workspace(workspace: &WorkspaceId) {
    Span::current().record("workspace", display(workspace));
}

/// Adds `client` to all further log lines of this request: the client it names, authenticated or not.
pub fn note_client(client: &ClientId) {
    Span::current().record("client.id", display(client));
}
