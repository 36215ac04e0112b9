//! Sessions: created, found, ended, expired.

use protocol::logout::request::{Confirmation, LogoutPrompt};
use protocol::types::time::Timestamp;
use protocol::users::session::Participant;
use protocol::users::session::Session;
use serde_json::json;
use store::{Joining, SessionCreation, SessionEnding, SessionJoining, SessionReading};

use crate::engine::Fresh;
use crate::given::{NOW, digest, later, workspace_id};

/// A session with the cookie `cookie` that expires at `expires`.
pub(crate) fn session(expires: Timestamp) -> Session {
    let session: Session = serde_json::from_value(json!({
        "sid": "sid",
        "subject": "alice",
        "source": "sandbox",
        "display_name": "Alice \u{c5}ngstr\u{f6}m",
        "auth_time": NOW,
        "amr": ["pwd"],
        "acr": "0",
        "expires": expires,
    }))
    .unwrap();
    Session { cookie: digest("cookie").encoded(), ..session }
}

#[tokio::test]
async fn a_session_is_found_by_its_cookie_until_it_ends() {
    let (at, demo) = (Fresh::tables().await, workspace_id("demo"));
    let (reading, creation) = (SessionReading::new(&at.connection), SessionCreation::new(&at.connection));
    let (cookie, other) = (digest("cookie"), digest("other"));
    assert_eq!(reading.find(&demo, &cookie, NOW).await.unwrap(), None);
    creation.begin(&demo, &cookie, &session(later(60))).await.unwrap();
    assert_eq!(reading.find(&demo, &cookie, later(59)).await.unwrap(), Some(session(later(60))));
    assert_eq!(reading.find(&demo, &other, NOW).await.unwrap(), None);
    assert_eq!(reading.find(&workspace_id("demo-2"), &cookie, NOW).await.unwrap(), None);

    creation.begin(&demo, &other, &session(later(120))).await.unwrap();
    creation.end(&demo, &cookie).await.unwrap();
    creation.end(&demo, &cookie).await.unwrap();
    assert_eq!(reading.find(&demo, &cookie, NOW).await.unwrap(), None);
    let found = reading.find(&demo, &other, NOW).await.unwrap();
    assert_eq!(found, Some(Session { cookie: other.encoded(), ..session(later(120)) }));
}

fn participant(client: &str) -> Participant {
    serde_json::from_value(json!({"client_id": client, "sub": "alice", "sid": "sid"})).unwrap()
}

/// An approved logout of `session`, confirmed by its user.
fn approved(session: &Session) -> protocol::logout::request::ApprovedLogout {
    let (cookie, expires, prompt) = (session.cookie.clone(), later(60), LogoutPrompt::Asked);
    let (client_id, post_logout_redirect_uri, state) = (None, None, None);
    let confirmation = Confirmation { cookie, client_id, post_logout_redirect_uri, state, expires, prompt };
    confirmation.approve(session.clone()).unwrap()
}

#[tokio::test]
async fn an_ended_session_lists_its_clients_and_accepts_no_more() {
    let (at, demo, cookie) = (Fresh::tables().await, workspace_id("demo"), digest("cookie"));
    let reading = SessionReading::new(&at.connection);
    let (joining, ending) = (SessionJoining::new(&at.connection), SessionEnding::new(&at.connection));
    let begun = Session { participants: vec![participant("before")], ..session(later(60)) };
    SessionCreation::new(&at.connection).begin(&demo, &cookie, &begun).await.unwrap();
    for client in ["a", "b", "a"] {
        assert_eq!(joining.join(&demo, &begun, &participant(client)).await.unwrap(), Joining::Joined);
    }
    let sorted = |mut participants: Vec<Participant>| {
        participants.sort_by_key(Participant::encoded);
        participants
    };
    let all = ["a", "b", "before"].map(participant).to_vec();
    let found = reading.find(&demo, &cookie, NOW).await.unwrap().unwrap();
    assert_eq!(sorted(found.participants), all);
    assert_eq!(sorted(ending.end(&demo, &approved(&begun)).await.unwrap()), all);
    assert_eq!(joining.join(&demo, &begun, &participant("late")).await.unwrap(), Joining::Ended);
    assert_eq!(reading.find(&demo, &cookie, NOW).await.unwrap(), None);
    assert_eq!(ending.end(&demo, &approved(&begun)).await.unwrap(), []);
}

#[tokio::test]
async fn an_expired_session_is_not_honored_even_if_its_item_still_exists() {
    let (at, demo, cookie) = (Fresh::tables().await, workspace_id("demo"), digest("cookie"));
    let reading = SessionReading::new(&at.connection);
    SessionCreation::new(&at.connection).begin(&demo, &cookie, &session(later(60))).await.unwrap();
    assert_eq!(reading.find(&demo, &cookie, later(60)).await.unwrap(), None);
    assert_eq!(reading.find(&demo, &cookie, Timestamp::from_seconds(u64::MAX)).await.unwrap(), None);
    assert_eq!(at.items(&at.names.flow).await.len(), 1);
}
