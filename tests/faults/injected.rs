//! Every store call of every step fails in every way, once or permanently.

use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use dynoxide::actions::delete_table::DeleteTableRequest;
use futures::future::join_all;
use postern::dev::engine::local_settings;
use protocol::users::session_list::MAX_SESSIONS;
use tests::{Laptop, Operation, Trouble, Wire};

use crate::given::{STEPS, Step, cold, through, userinfo};
use crate::items::stored;
use crate::races::remove;

/// The longest that a request may take, whatever the store does.
const PATIENCE: Duration = Duration::from_secs(3);

/// Which fault is injected into which call.
#[derive(Clone, Copy, Debug)]
struct Injection {
    step: Step,
    trouble: Trouble,
    /// The index of the first affected call.
    from: usize,
    /// Whether all later calls are affected as well.
    lasting: bool,
}

/// Removes the lists of the sessions of users: a login that ends the oldest of many does more than the step needs, and goes
/// through if it cannot.
fn forget_lists(laptop: &Laptop) {
    for item in stored(laptop.database(), "user-sessions") {
        remove(laptop.database(), item.key());
    }
}

/// Counts the calls of `step` right after a restart of all functions.
async fn calls(laptop: &mut Laptop, step: Step) -> usize {
    let ready = step.ready(laptop).await;
    cold(laptop);
    let _ = laptop.wire.calls();
    let answer = ready.send(laptop).await;
    assert!(step.succeeded(&answer), "{step:?}: {} {:?}", answer.status(), answer.headers());
    laptop.wire.calls().len()
}

async fn inject(laptop: &mut Laptop, injection: Injection) {
    let Injection { step, trouble, from, lasting } = injection;
    let case = format!("{injection:?}");
    let ready = step.ready(laptop).await;
    forget_lists(laptop);
    cold(laptop);
    laptop.wire.plan(
        move |_, number| {
            if number == from || (lasting && number > from) { trouble } else { Trouble::None }
        },
    );
    let begun = Instant::now();
    let answer = ready.send(laptop).await;
    assert!(begun.elapsed() < PATIENCE, "{case}: {:?}", begun.elapsed());
    let committed = laptop.wire.calls().iter().any(|call| step.commits(call)) && trouble == Trouble::After;
    laptop.wire.calm();

    // The SDK's retry succeeds where it may retry.
    let recovers = !lasting && trouble != Trouble::Denied;
    assert_eq!(step.succeeded(&answer), recovers, "{case}: {} {:?}", answer.status(), answer.headers());
    if !recovers {
        step.unavailable(laptop, &answer, &case);
    }
    if step == Step::Revoke && !recovers && trouble != Trouble::After {
        assert_eq!(userinfo(laptop, &ready.token).await, 200, "{case}: an unrevoked token is valid");
    }
    let again = ready.send(laptop).await;
    if step.happens_once() && (recovers || committed) {
        step.over(&again, &case);
    } else {
        assert!(step.succeeded(&again), "{case}: {} {:?}", again.status(), again.headers());
    }
    if step == Step::Revoke {
        assert_eq!(userinfo(laptop, &ready.token).await, 401, "{case}: a revoked token is not");
    }
}

/// The demo with keys that are fast to generate, because slow generation delays every test on the thread.
async fn swift() -> Laptop {
    Laptop::with(|text| text.replace("\"RS256\"", "\"ES256\"\nrs256_key = \"none\"")).await
}

async fn everywhere(trouble: Trouble, durations: &[bool]) {
    let mut laptop = Laptop::demo().await;
    for step in STEPS {
        let calls = calls(&mut laptop, step).await;
        assert!(calls > 0, "{step:?}");
        for from in 0..calls {
            for lasting in durations.iter().copied() {
                inject(&mut laptop, Injection { step, trouble, from, lasting }).await;
            }
        }
    }
}

#[tokio::test]
async fn f_ddb_01_throttling_of_any_call_is_retried_or_a_503() {
    everywhere(Trouble::Throttled, &[false, true]).await;
}

#[tokio::test]
async fn f_ddb_02_a_connection_reset_before_any_call_is_retried_or_a_503() {
    everywhere(Trouble::Before, &[false, true]).await;
}

#[tokio::test]
async fn f_ddb_03_a_lost_response_of_any_call_is_retried_or_a_503_and_nothing_happens_twice() {
    everywhere(Trouble::After, &[false, true]).await;
}

#[tokio::test]
async fn f_ddb_13_a_missing_permission_for_any_call_is_a_503() {
    everywhere(Trouble::Denied, &[false]).await;
}

#[tokio::test]
async fn f_ddb_13_a_login_goes_through_where_the_oldest_of_many_sessions_cannot_be_ended() {
    let mut laptop = Laptop::demo().await;
    for _ in 0..=MAX_SESSIONS {
        let answer = Step::SignInAtOnce.ready(&laptop).await.send(&laptop).await;
        assert!(Step::SignInAtOnce.succeeded(&answer));
    }
    let ready = Step::SignInAtOnce.ready(&laptop).await;
    cold(&mut laptop);
    let ends = |call: &Operation| call.name == "DeleteItem" && call.kind == "session";
    laptop.wire.plan(move |call, _| if ends(call) { Trouble::Denied } else { Trouble::None });
    assert!(Step::SignInAtOnce.succeeded(&ready.send(&laptop).await));
    let denied = laptop.wire.calls().iter().filter(|call| call.name == "DeleteItem").count();
    assert!(denied > 0, "it was tried");
}

#[tokio::test]
async fn f_ddb_13_a_missing_table_is_a_503() {
    let tables = local_settings().tables;
    for step in STEPS {
        let mut laptop = Laptop::demo().await;
        let ready = step.ready(&laptop).await;
        cold(&mut laptop);
        for table_name in [&tables.flow, &tables.users, &tables.config] {
            laptop.database().delete_table(DeleteTableRequest { table_name: table_name.clone() }).unwrap();
        }
        step.unavailable(&laptop, &ready.send(&laptop).await, &format!("{step:?}"));
    }
}

/// An engine that answers every write, or every call if the request writes nothing, with one fixed response.
#[derive(Clone, Debug)]
struct Refusing {
    wire: Wire,
    writes: bool,
    status: u16,
    body: String,
}

impl HttpConnector for Refusing {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let reads = request.headers().get("x-amz-target").is_some_and(|target| target.ends_with(".GetItem"));
        if reads && self.writes {
            return self.wire.call(request);
        }
        HttpConnectorFuture::ready(Ok(tests::wire::response(self.status, self.body.clone())))
    }
}

impl HttpClient for Refusing {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// Status and body of every failure that DynamoDB or a proxy in front of it may return.
fn excuses() -> Vec<(u16, String)> {
    let named = |status, name: &str| {
        let body = format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{name}","message":"injected"}}"#);
        (status, body)
    };
    vec![
        named(400, "TransactionConflictException"),
        named(400, "TransactionInProgressException"),
        named(400, "ReplicatedWriteConflictException"),
        named(400, "ProvisionedThroughputExceededException"),
        named(400, "RequestLimitExceeded"),
        named(400, "ItemCollectionSizeLimitExceededException"),
        named(400, "ValidationException"),
        named(400, "ExpiredTokenException"),
        named(400, "UnrecognizedClientException"),
        named(400, "ResourceNotFoundException"),
        named(500, "InternalServerError"),
        named(503, "ServiceUnavailable"),
        named(400, "AnErrorOfTomorrow"),
        (502, "<html>Bad Gateway, injected</html>".into()),
        (400, String::new()),
        (200, "injected".into()),
        (200, r#"{"Item":5,"Attributes":5}"#.into()),
    ]
}

#[test]
fn f_ddb_05_and_13_every_error_response_of_the_store_is_a_503() {
    let steps =
        [Step::SingleSignOn, Step::SignIn, Step::Allow, Step::Exchange, Step::Revoke, Step::Userinfo, Step::Jwks];
    // Each on a thread of its own: on a shared one the work of one would use up the time that another has for its calls.
    std::thread::scope(|scope| {
        for step in steps {
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(excused(step));
            });
        }
    });
}

/// Sends `step` while the store refuses every call, for each way to refuse one.
async fn excused(step: Step) {
    let mut laptop = swift().await;
    let writes = !matches!(step, Step::Userinfo | Step::Jwks);
    for (status, body) in excuses() {
        let (ready, case) = (step.ready(&laptop).await, format!("{step:?}: {status} {body}"));
        let refusing = Refusing { wire: laptop.wire.clone(), writes, status, body };
        through(&mut laptop, SharedHttpClient::new(refusing));
        let begun = Instant::now();
        step.unavailable(&laptop, &ready.send(&laptop).await, &case);
        assert!(begun.elapsed() < PATIENCE, "{case}");
        cold(&mut laptop);
        let again = ready.send(&laptop).await;
        assert!(step.succeeded(&again), "{case}: {}", again.status());
    }
}

/// An engine that accepts every call and never responds.
#[derive(Clone, Copy, Debug)]
struct Silent;

impl HttpConnector for Silent {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(std::future::pending())
    }
}

impl HttpClient for Silent {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(*self)
    }
}

#[tokio::test]
async fn f_ddb_02_a_store_that_never_answers_is_a_503_within_three_seconds() {
    let mut prepared = Vec::new();
    for step in STEPS {
        let mut laptop = swift().await;
        let ready = step.ready(&laptop).await;
        through(&mut laptop, SharedHttpClient::new(Silent));
        prepared.push((step, laptop, ready));
    }
    join_all(prepared.iter().map(async |(step, laptop, ready)| {
        let begun = Instant::now();
        let answer = ready.send(laptop).await;
        step.unavailable(laptop, &answer, &format!("{step:?}"));
        begun.elapsed()
    }))
    .await
    .into_iter()
    .for_each(|elapsed| assert!(elapsed < PATIENCE + Duration::from_secs(1), "{elapsed:?}"));
}
