//! Sessions: begun, found, ended, expired.

use protocol::session::Session;
use protocol::time::Timestamp;
use serde_json::json;
use store::{SessionCreation, SessionReading};

use crate::engine::Fresh;
use crate::given::{NOW, digest, later, workspace_id};

/// A session until `expires`.
pub(crate) fn session(expires: Timestamp) -> Session {
    serde_json::from_value(json!({
        "sid": "sid",
        "subject": "alice",
        "source": "sandbox",
        "display_name": "Alice \u{c5}ngstr\u{f6}m",
        "auth_time": NOW,
        "amr": ["pwd"],
        "acr": "0",
        "expires": expires,
    }))
    .unwrap()
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
    assert_eq!(reading.find(&demo, &other, NOW).await.unwrap(), Some(session(later(120))));
}

#[tokio::test]
async fn a_session_that_expired_is_not_honoured_although_its_item_is_still_there() {
    let (at, demo, cookie) = (Fresh::tables().await, workspace_id("demo"), digest("cookie"));
    let reading = SessionReading::new(&at.connection);
    SessionCreation::new(&at.connection).begin(&demo, &cookie, &session(later(60))).await.unwrap();
    assert_eq!(reading.find(&demo, &cookie, later(60)).await.unwrap(), None);
    assert_eq!(reading.find(&demo, &cookie, Timestamp::from_seconds(u64::MAX)).await.unwrap(), None);
    assert_eq!(at.items(&at.names.flow).await.len(), 1);
}
