//! The outermost layer of every function: what no function may forget.

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

/// Waits for `answer`; a panic on the way becomes a plain 500 that says nothing of its cause, and the next request is
/// served as if nothing had happened (catalogue rows SEC-LOG-04, SEC-DOS-08).
///
/// A HEAD request is answered as GET would be, without the content (RFC 9110 §9.3.2); which routes take one, their table
/// says. Every line that is logged meanwhile carries the request's trace id, and workspace and client once they are known.
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

/// Has every further line about this request name `workspace`.
pub fn note_workspace(workspace: &WorkspaceId) {
    Span::current().record("workspace", display(workspace));
}

/// Has every further line about this request name `client`: the one that the request says it is of, believed or not.
pub fn note_client(client: &ClientId) {
    Span::current().record("client.id", display(client));
}
