//! The outermost layer of every function: what no function may forget.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use crate::json;
use crate::request::Request;
use crate::response::Response;

/// Waits for `answer`; a panic on the way becomes a plain 500 that says nothing of its cause, and the next request is
/// served as if nothing had happened (catalogue rows SEC-LOG-04, SEC-DOS-08).
pub async fn guarded(request: &Request, answer: impl Future<Output = Response>) -> Response {
    let mut answer = pin!(answer);
    let outcome =
        std::future::poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(response)) => Poll::Ready(Some(response)),
            Err(_) => Poll::Ready(None),
        });
    outcome.await.unwrap_or_else(|| {
        tracing::error!(trace.id = %request.trace_id, "a handler panicked");
        json::error(request, 500, "server_error", "something went wrong on our side")
    })
}
