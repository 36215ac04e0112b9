//! Requests that wait for a browser: pushed ones (RFC 9126), and those of devices (RFC 8628).

use futures::future::join_all;
use protocol::authorization::device_request::{DeviceDecision, DeviceRequest, INTERVAL};
use protocol::authorization::pushed_request::PushedRequest;
use protocol::types::id::{ClientId, DeviceRequestId, GrantId};
use protocol::types::secret::{Secret, SecretHash};
use store::{
    Binding, Deciding, DeviceDeciding, DevicePolling, DeviceRequestCreation, Presented, PushedRequestCreation,
    PushedRequestLoading,
};

use crate::engine::Fresh;
use crate::given::{NOW, later, workspace_id};

fn hash(text: &str) -> SecretHash {
    SecretHash::of(&Secret::new(text.into()))
}

fn device_request(code: &str) -> DeviceRequest {
    DeviceRequest {
        id: DeviceRequestId::from_bytes([3; 16]),
        grant: GrantId::from_bytes([4; 16]),
        client_id: ClientId::parse("app").unwrap(),
        code: hash(code),
        sealed: "sealed".into(),
        began: NOW,
        expires: later(600),
        interval: INTERVAL,
        decision: None,
    }
}

#[tokio::test]
async fn a_pushed_request_is_bound_to_one_of_many_browsers() {
    let at = Fresh::tables().await;
    let (creation, loading) = (PushedRequestCreation::new(&at.connection), PushedRequestLoading::new(&at.connection));
    let (workspace, reference) = (workspace_id("demo"), hash("reference"));
    let request = PushedRequest {
        id: GrantId::from_bytes([4; 16]),
        sealed: "sealed".into(),
        pushed: NOW,
        expires: later(60),
        browser: None,
    };
    creation.create(&workspace, &reference, &request).await.unwrap();
    let found = loading.find(&workspace, &reference).await.unwrap().unwrap();
    assert_eq!((found.id, found.sealed, found.expires, found.browser), (request.id, request.sealed, later(60), None));
    assert!(loading.find(&workspace_id("partner"), &reference).await.unwrap().is_none());
    let browsers: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    let bound = join_all(browsers.iter().map(|browser| loading.bind(&workspace, &reference, browser))).await;
    let bound: Vec<bool> = bound.into_iter().map(|outcome| outcome.unwrap() == Binding::Bound).collect();
    assert_eq!(bound.iter().filter(|bound| **bound).count(), 1);
    // The browser that has it may come again.
    let first = bound.iter().position(|bound| *bound).unwrap();
    assert_eq!(loading.bind(&workspace, &reference, &browsers[first]).await.unwrap(), Binding::Bound);
}

#[tokio::test]
async fn a_user_code_is_taken_once_and_a_retry_recognizes_its_own_request() {
    let at = Fresh::tables().await;
    let creation = DeviceRequestCreation::new(&at.connection);
    let workspace = workspace_id("demo");
    assert!(creation.create(&workspace, &device_request("first")).await.unwrap());
    assert!(creation.create(&workspace, &device_request("first")).await.unwrap(), "the same request");
    assert!(!creation.create(&workspace, &device_request("second")).await.unwrap(), "another with the same user code");
    let found =
        DevicePolling::new(&at.connection).find(&workspace, &device_request("first").id).await.unwrap().unwrap();
    assert!(found.code.matches(&hash("first")));
    assert_eq!((found.grant, found.interval, found.decision), (GrantId::from_bytes([4; 16]), INTERVAL, None));
}

#[tokio::test]
async fn the_interval_of_polls_grows_and_never_shrinks() {
    let at = Fresh::tables().await;
    let (creation, polling) = (DeviceRequestCreation::new(&at.connection), DevicePolling::new(&at.connection));
    let (workspace, request) = (workspace_id("demo"), device_request("code"));
    creation.create(&workspace, &request).await.unwrap();
    for (interval, expected) in [(10, 10), (15, 15), (10, 15)] {
        polling.slow_down(&workspace, &request.id, interval).await.unwrap();
        assert_eq!(polling.find(&workspace, &request.id).await.unwrap().unwrap().interval, expected);
    }
    let unknown = DeviceRequestId::from_bytes([9; 16]);
    polling.slow_down(&workspace, &unknown, 10).await.unwrap();
    assert!(polling.find(&workspace, &unknown).await.unwrap().is_none(), "nothing was created");
}

#[tokio::test]
async fn one_of_many_users_gets_a_device_request_and_its_decision_stands() {
    let at = Fresh::tables().await;
    let (creation, deciding) = (DeviceRequestCreation::new(&at.connection), DeviceDeciding::new(&at.connection));
    let (workspace, request) = (workspace_id("demo"), device_request("code"));
    creation.create(&workspace, &request).await.unwrap();
    let users: Vec<SecretHash> = (0..20).map(|number| hash(&format!("user {number}"))).collect();
    let presented = join_all(users.iter().map(|user| deciding.present(&workspace, &request.id, user, NOW))).await;
    let waiting: Vec<bool> =
        presented.into_iter().map(|outcome| matches!(outcome.unwrap(), Presented::Waiting(_))).collect();
    assert_eq!(waiting.iter().filter(|waiting| **waiting).count(), 1);
    let first = waiting.iter().position(|waiting| *waiting).unwrap();
    let (own, other) = (&users[first], &users[(first + 1) % users.len()]);
    let decide =
        async |user: &SecretHash, decision| deciding.decide(&workspace, &request.id, user, decision).await.unwrap();
    assert_eq!(decide(other, DeviceDecision::Allowed).await, Deciding::TooLate);
    assert_eq!(decide(own, DeviceDecision::Denied).await, Deciding::Decided);
    assert_eq!(decide(own, DeviceDecision::Denied).await, Deciding::Decided, "a form that is sent again");
    assert_eq!(decide(own, DeviceDecision::Allowed).await, Deciding::TooLate);
    assert_eq!(deciding.invalidate(&workspace, &request.id).await.unwrap(), Deciding::TooLate);
    let again = deciding.present(&workspace, &request.id, own, NOW).await.unwrap();
    assert!(matches!(again, Presented::Decided(DeviceDecision::Denied)));
    assert!(matches!(deciding.present(&workspace, &request.id, other, NOW).await.unwrap(), Presented::Nothing));
}

#[tokio::test]
async fn an_expired_device_request_is_shown_to_nobody() {
    let at = Fresh::tables().await;
    let (creation, deciding) = (DeviceRequestCreation::new(&at.connection), DeviceDeciding::new(&at.connection));
    let (workspace, request) = (workspace_id("demo"), device_request("code"));
    creation.create(&workspace, &request).await.unwrap();
    let presented = deciding.present(&workspace, &request.id, &hash("alice"), later(600)).await.unwrap();
    assert!(matches!(presented, Presented::Nothing));
}
