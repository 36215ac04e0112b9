//! Sessions: created, found, ended, expired.

use protocol::logout::request::{Confirmation, LogoutPrompt};
use protocol::types::time::{Lifetime, Timestamp};
use protocol::users::session::{Participant, Session, SessionUse};
use serde_json::json;
use store::{Joining, SessionCreation, SessionEnding, SessionJoining, SessionListing, SessionReading};

use crate::engine::Fresh;
use crate::given::{NOW, digest, later, workspace_id};

/// Longer than any session here.
pub(crate) const IDLE: Lifetime = Lifetime::seconds(3600);

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
    Session { cookie: digest("cookie").encoded(), used: NOW, ..session }
}

#[tokio::test]
async fn a_session_is_found_by_its_cookie_until_it_ends() {
    let (at, demo) = (Fresh::tables().await, workspace_id("demo"));
    let (reading, creation) = (SessionReading::new(&at.connection), SessionCreation::new(&at.connection));
    let (cookie, other) = (digest("cookie"), digest("other"));
    assert_eq!(reading.find(&demo, &cookie, IDLE, NOW).await.unwrap(), None);
    let _ = creation.begin(&demo, &cookie, &session(later(60))).await.unwrap();
    assert_eq!(reading.find(&demo, &cookie, IDLE, later(59)).await.unwrap(), Some(session(later(60))));
    assert_eq!(reading.find(&demo, &other, IDLE, NOW).await.unwrap(), None);
    assert_eq!(reading.find(&workspace_id("demo-2"), &cookie, IDLE, NOW).await.unwrap(), None);

    let _ = creation.begin(&demo, &other, &session(later(120))).await.unwrap();
    creation.end(&demo, &cookie).await.unwrap();
    creation.end(&demo, &cookie).await.unwrap();
    assert_eq!(reading.find(&demo, &cookie, IDLE, NOW).await.unwrap(), None);
    let found = reading.find(&demo, &other, IDLE, NOW).await.unwrap();
    assert_eq!(found, Some(Session { cookie: other.encoded(), ..session(later(120)) }));
}

fn participant(client: &str) -> Participant {
    serde_json::from_value(json!({"client_id": client, "sub": "alice", "sid": "sid"})).unwrap()
}

/// A use of a session, by which `joining` joins it.
fn usage(joining: Option<&str>, at: Timestamp) -> SessionUse {
    SessionUse { joining: joining.map(participant), at }
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
    let _ = SessionCreation::new(&at.connection).begin(&demo, &cookie, &begun).await.unwrap();
    for client in ["a", "b", "a"] {
        assert_eq!(joining.record(&demo, &begun, &usage(Some(client), NOW)).await.unwrap(), Joining::Joined);
    }
    let sorted = |mut participants: Vec<Participant>| {
        participants.sort_by_key(Participant::encoded);
        participants
    };
    let all = ["a", "b", "before"].map(participant).to_vec();
    let found = reading.find(&demo, &cookie, IDLE, NOW).await.unwrap().unwrap();
    assert_eq!(sorted(found.participants), all);
    assert_eq!(sorted(ending.end(&demo, &approved(&begun)).await.unwrap()), all);
    assert_eq!(joining.record(&demo, &begun, &usage(Some("late"), NOW)).await.unwrap(), Joining::Ended);
    assert_eq!(reading.find(&demo, &cookie, IDLE, NOW).await.unwrap(), None);
    assert_eq!(ending.end(&demo, &approved(&begun)).await.unwrap(), []);
}

#[tokio::test]
async fn an_expired_session_is_not_honored_even_if_its_item_still_exists() {
    let (at, demo, cookie) = (Fresh::tables().await, workspace_id("demo"), digest("cookie"));
    let reading = SessionReading::new(&at.connection);
    let _ = SessionCreation::new(&at.connection).begin(&demo, &cookie, &session(later(60))).await.unwrap();
    assert_eq!(reading.find(&demo, &cookie, IDLE, later(60)).await.unwrap(), None);
    assert_eq!(reading.find(&demo, &cookie, IDLE, Timestamp::from_seconds(u64::MAX)).await.unwrap(), None);
    assert_eq!(at.items(&at.names.flow).await.len(), 2, "the session and its user's list");
}

#[tokio::test]
async fn sec_sess_08_a_session_that_is_not_used_ends_and_a_recorded_use_prolongs_it() {
    let (at, demo, cookie) = (Fresh::tables().await, workspace_id("demo"), digest("cookie"));
    let (reading, joining) = (SessionReading::new(&at.connection), SessionJoining::new(&at.connection));
    let begun = session(later(100));
    let _ = SessionCreation::new(&at.connection).begin(&demo, &cookie, &begun).await.unwrap();
    let end = async |idle| {
        let found = reading.find(&demo, &cookie, Lifetime::seconds(idle), later(30)).await.unwrap();
        found.map(|found| (found.used, found.expires))
    };
    assert_eq!(end(30).await, None);
    assert_eq!(end(31).await, Some((NOW, later(31))));
    assert_eq!(joining.record(&demo, &begun, &usage(None, later(29))).await.unwrap(), Joining::Joined);
    assert_eq!(end(30).await, Some((later(29), later(59))));
    assert_eq!(end(3600).await, Some((later(29), later(100))), "the end of the session stays");
    SessionCreation::new(&at.connection).end(&demo, &cookie).await.unwrap();
    assert_eq!(joining.record(&demo, &begun, &usage(None, later(30))).await.unwrap(), Joining::Ended);
    assert_eq!(at.items(&at.names.flow).await.len(), 1, "a use does not bring an ended session back");
}

#[tokio::test]
async fn a_user_has_a_list_of_sessions_and_nobody_elses() {
    let (at, demo) = (Fresh::tables().await, workspace_id("demo"));
    let (creation, listing) = (SessionCreation::new(&at.connection), SessionListing::new(&at.connection));
    let named = |name: &str, expires| Session { cookie: digest(name).encoded(), ..session(expires) };
    let cookies = async |session: &Session| {
        let listed = listing.of(&demo, session.user()).await.unwrap();
        let mut cookies: Vec<_> = listed.iter().map(|entry| entry.cookie.encoded()).collect();
        cookies.sort();
        cookies
    };
    let (one, two) = (named("one", later(60)), named("two", later(90)));
    assert_eq!(cookies(&one).await, Vec::<String>::new());
    assert_eq!(creation.begin(&demo, &digest("one"), &one).await.unwrap().len(), 1);
    assert_eq!(creation.begin(&demo, &digest("two"), &two).await.unwrap().len(), 2);
    let provider = Session { issuer: Some("https://idp.example".into()), ..named("three", later(60)) };
    assert_eq!(creation.begin(&demo, &digest("three"), &provider).await.unwrap().len(), 1, "another source's user");
    assert_eq!(creation.begin(&workspace_id("demo-2"), &digest("four"), &one).await.unwrap().len(), 1);
    let mut both = [one.cookie.clone(), two.cookie.clone()];
    both.sort();
    assert_eq!(cookies(&one).await, both);
    let listed = listing.of(&demo, one.user()).await.unwrap();
    let ended: Vec<_> = listed.into_iter().filter(|entry| entry.cookie.encoded() == one.cookie).collect();
    creation.unlist(&demo, one.user(), &ended).await.unwrap();
    assert_eq!(cookies(&one).await, [two.cookie]);
}
