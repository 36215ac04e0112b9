//! The connection to the store: it breaks calls, crashes functions between two calls, and interleaves concurrent
//! requests as a number determines. A [`Sabotage`] on it simulates a mistake in the server.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use postern::dev::engine::Engine;
use tests::wire::{broken, refusal, response};

use crate::sabotage::Sabotage;
use crate::step::{Fault, FaultKind, Random};

thread_local! {
    /// The request in progress.
    static CURRENT: Cell<usize> = const { Cell::new(0) };
}

/// The connection. Clones share all state.
#[derive(Clone)]
pub(crate) struct Wire {
    engine: Engine,
    sabotage: Option<Sabotage>,
    course: Arc<Mutex<Course>>,
}

/// The fault plan of one step.
struct Course {
    fault: Option<Fault>,
    random: Random,
    calls: usize,
    requests: usize,
    /// The requests that had a failed call.
    hit: BTreeSet<usize>,
    crashed: BTreeSet<usize>,
    faults: BTreeMap<FaultKind, usize>,
    total: usize,
}

impl fmt::Debug for Wire {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Wire")
    }
}

impl Wire {
    pub(crate) fn new(engine: Engine, sabotage: Option<Sabotage>) -> Self {
        let course = Course {
            fault: None,
            random: Random::new(0),
            calls: 0,
            requests: 0,
            hit: BTreeSet::new(),
            crashed: BTreeSet::new(),
            faults: BTreeMap::new(),
            total: 0,
        };
        Self { engine, sabotage, course: Arc::new(Mutex::new(course)) }
    }

    /// Starts a new step.
    pub(crate) fn begin(&self, fault: Option<Fault>, salt: u64) {
        let mut course = self.course();
        (course.fault, course.random, course.calls, course.requests) = (fault, Random::new(salt), 0, 0);
        course.hit.clear();
        course.crashed.clear();
    }

    /// Processes a request until it is answered or its function crashes. The second value says whether one of its calls
    /// failed.
    pub(crate) async fn request<T>(&self, work: impl Future<Output = T>) -> (Option<T>, bool) {
        let id = {
            let mut course = self.course();
            course.requests += 1;
            course.requests
        };
        let mut work = std::pin::pin!(work);
        let answer = poll_fn(|context| {
            CURRENT.set(id);
            match work.as_mut().poll(context) {
                Poll::Ready(answer) => Poll::Ready(Some(answer)),
                Poll::Pending if self.course().crashed.contains(&id) => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        });
        let answer = answer.await;
        (answer, self.course().hit.contains(&id))
    }

    /// Returns the faults so far by kind, and the number of all calls.
    pub(crate) fn faults(&self) -> (BTreeMap<FaultKind, usize>, usize) {
        let course = self.course();
        (course.faults.clone(), course.total)
    }

    fn course(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap()
    }

    /// Determines the fault of the next call, and how long it yields to others before and after.
    fn next(&self) -> (Option<FaultKind>, [usize; 2]) {
        let mut course = self.course();
        let number = course.calls;
        course.calls += 1;
        course.total += 1;
        let waits = [course.random.below(4), course.random.below(4)];
        let hit = course.fault.filter(|fault| number == fault.call || (fault.lasting && number > fault.call));
        if let Some(fault) = hit {
            course.hit.insert(CURRENT.get());
            *course.faults.entry(fault.kind).or_default() += 1;
        }
        (hit.map(|fault| fault.kind), waits)
    }

    async fn carry(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let (fault, [before, after]) = self.next();
        give_way(before).await;
        let answer = match fault {
            None => Ok(self.answer(&request)),
            Some(FaultKind::Unsent) => Err(broken()),
            Some(FaultKind::Unanswered) => {
                let _lost = self.answer(&request);
                Err(broken())
            }
            Some(FaultKind::Throttled) => Ok(refusal("ThrottlingException")),
            Some(FaultKind::Denied) => Ok(refusal("AccessDeniedException")),
            Some(FaultKind::CrashBefore) => self.crash().await,
            Some(FaultKind::CrashAfter) => {
                let _lost = self.answer(&request);
                self.crash().await
            }
        };
        give_way(after).await;
        let answer = answer?;
        Ok(self.sabotage.and_then(|sabotage| sabotage.excuse(&answer)).unwrap_or(answer))
    }

    async fn crash(&self) -> Result<HttpResponse, ConnectorError> {
        self.course().crashed.insert(CURRENT.get());
        std::future::pending().await
    }

    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let body = request.body().bytes().unwrap_or_default();
        let Some(sabotage) = self.sabotage else { return self.engine.answer(request).unwrap() };
        let (status, body) = self.engine.respond(target, &sabotage.request(target, body));
        response(status, body)
    }
}

async fn give_way(times: usize) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
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
