//! Users of a pool: created once, changed as a whole, and their identifiers taken by one user at a time.

use std::sync::Arc;

use futures::future::join_all;
use protocol::types::id::{IdentitySourceId, Subject};
use protocol::types::secret::Secret;
use protocol::types::time::{Lifetime, Timestamp};
use protocol::users::identifier::{Identifier, IdentifierKind};
use protocol::users::login_epoch::LoginEpoch;
use protocol::users::pool_user::{PoolStatus, PoolUser, Standing};
use protocol::users::status::UserStatus;
use protocol::users::user_key::UserKey;
use protocol::workspace::settings::Workspace;
use serde_json::{Map, json};
use store::{
    AccountReading, PasswordChange, PasswordRehashing, PoolUsers, SignInReading, UserChange, UserReading, UserWritten,
};

use crate::engine::Fresh;
use crate::given::{NOW, later, subject, workspace, workspace_id};

/// How long an identifier that was given up stays taken.
const QUARANTINE: Lifetime = Lifetime::seconds(100);

fn email(text: &str) -> Identifier {
    Identifier::parse(IdentifierKind::Email, text).unwrap()
}

fn username(text: &str) -> Identifier {
    Identifier::parse(IdentifierKind::Username, text).unwrap()
}

pub(crate) fn pool_user(of: &str, identifiers: &[Identifier]) -> PoolUser {
    PoolUser {
        subject: subject(of),
        standing: Standing { status: PoolStatus::Active, epoch: LoginEpoch::default() },
        identifiers: identifiers.to_vec(),
        email_verified: false,
        attributes: json!({"name": of}).as_object().unwrap().clone(),
        created: NOW,
        status_changed: NOW,
        details_changed: NOW,
        password_changed: None,
        revision: 1,
    }
}

fn demo() -> Workspace {
    workspace("demo", json!({"pool": {"identifiers": ["email", "username"], "attributes": [{"name": "name"}]}}))
}

/// The pool of the workspace `demo`.
#[derive(Clone)]
struct Pool(PoolUsers, SignInReading);

impl Pool {
    fn new(at: &Fresh) -> Self {
        Self(PoolUsers::new(&at.connection), SignInReading::new(&at.connection))
    }

    async fn write(&self, change: (Option<&PoolUser>, &PoolUser), hash: Option<&str>, now: Timestamp) -> UserWritten {
        let hash = hash.map(|hash| Secret::new(hash.to_owned()));
        let password = hash.as_ref().map_or(PasswordChange::Keep, PasswordChange::Set);
        let (before, after) = change;
        let change = UserChange { before, after, password, free_since: now.minus(QUARANTINE), now };
        self.0.write(&workspace_id("demo"), &change).await.unwrap()
    }

    async fn create(&self, user: &PoolUser, hash: Option<&str>) -> UserWritten {
        self.write((None, user), hash, NOW).await
    }

    /// The subject and the hash that a login with `identifier` finds.
    async fn found(&self, identifier: &Identifier) -> Option<(String, Option<String>)> {
        let found = self.1.find(&workspace_id("demo"), identifier).await.unwrap()?;
        assert!(found.user.identifiers.contains(identifier));
        Some((found.user.subject.as_str().into(), found.password.map(|hash| hash.expose().clone())))
    }
}

fn pair(of: &str, hash: Option<&str>) -> (String, Option<String>) {
    (of.into(), hash.map(str::to_owned))
}

async fn status(at: &Fresh, of: &Subject, epoch: LoginEpoch) -> UserStatus {
    let source = IdentitySourceId::parse("pool").unwrap();
    let user = UserKey { source: &source, issuer: None, subject: of };
    UserReading::new(&at.connection).status(&demo(), user, epoch).await.unwrap()
}

#[tokio::test]
async fn a_user_is_found_by_each_identifier_and_by_subject() {
    let at = Fresh::tables().await;
    let pool = Pool::new(&at);
    let both = [email("alice@example.com"), username("alice")];
    let alice = pool_user("a1", &both);
    assert_eq!(pool.create(&alice, Some("hash")).await, UserWritten::Done);
    for identifier in &both {
        assert_eq!(pool.found(identifier).await, Some(pair("a1", Some("hash"))));
    }
    for other in [email("alice@example.org"), username("alicia")] {
        assert_eq!(pool.found(&other).await, None);
    }
    assert_eq!(pool.0.find(&workspace_id("demo"), &subject("a1")).await.unwrap(), Some(alice));
    assert_eq!(pool.0.find(&workspace_id("partner"), &subject("a1")).await.unwrap(), None);
    assert_eq!(pool.1.find(&workspace_id("partner"), &both[0]).await.unwrap().map(|found| found.user), None);
    let source = IdentitySourceId::parse("pool").unwrap();
    let key = UserKey { source: &source, issuer: None, subject: &subject("a1") };
    let profile = AccountReading::new(&at.connection).account(&demo(), key).await.unwrap().unwrap().profile;
    let claims = ["email", "email_verified", "preferred_username", "name"].map(|name| profile.claim(name).cloned());
    let expected = [json!("alice@example.com"), json!(false), json!("alice"), json!("a1")];
    assert_eq!(claims, expected.map(Some));
}

#[tokio::test]
async fn only_sign_ins_have_a_hash_and_no_key_has_an_identifier() {
    let at = Fresh::tables().await;
    let pool = Pool::new(&at);
    assert_eq!(
        pool.create(&pool_user("a1", &[email("alice@example.com"), username("alice")]), Some("$argon2id$x")).await,
        UserWritten::Done
    );
    let items = at.items(&at.names.users).await;
    assert_eq!(items.len(), 4);
    for item in items {
        let (key, text) = (item["pk"]["S"].as_str().unwrap(), item.to_string());
        assert_eq!(text.contains("$argon2id$x"), key.starts_with("sign-in#"), "{item}");
        assert!(!key.contains("alice"), "{key}");
        assert!(!key.starts_with("user#") || !text.contains("alice"), "a standing has nothing personal: {item}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_concurrent_sign_ups_gets_the_identifier() {
    let at = Fresh::tables().await;
    let pool = Arc::new(Pool::new(&at));
    let contested = [email("alice@example.com"), username("alice")];
    let tasks = (0..40).map(|number| {
        let (pool, identifier) = (Arc::clone(&pool), contested[number % 2].clone());
        // Each has one identifier of its own and one that others want as well.
        let own =
            if number % 2 == 0 { username(&format!("u{number}")) } else { email(&format!("u{number}@a.example")) };
        tokio::spawn(async move {
            let user = pool_user(&format!("s{number}"), &[identifier, own]);
            (user.clone(), pool.create(&user, None).await)
        })
    });
    let outcomes: Vec<_> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    let done: Vec<&PoolUser> =
        outcomes.iter().filter(|(_, outcome)| *outcome == UserWritten::Done).map(|(user, _)| user).collect();
    assert_eq!(done.len(), 2, "one for each contested identifier");
    for (user, outcome) in &outcomes {
        if *outcome == UserWritten::Done {
            continue;
        }
        assert_eq!(*outcome, UserWritten::Taken(user.identifiers[0].kind()));
        assert_eq!(pool.found(&user.identifiers[1]).await, None, "nothing is left of a sign-up that failed");
        assert_eq!(status(&at, &user.subject, LoginEpoch::default()).await, UserStatus::Gone);
    }
}

#[tokio::test]
async fn a_repeated_creation_is_one_creation() {
    let at = Fresh::tables().await;
    let pool = Pool::new(&at);
    let alice = pool_user("a1", &[username("alice")]);
    for _ in 0..2 {
        assert_eq!(pool.create(&alice, Some("hash")).await, UserWritten::Done);
    }
    assert_eq!(pool.create(&pool_user("a2", &[username("alice")]), Some("other")).await.taken(), "username");
    assert_eq!(pool.found(&username("alice")).await, Some(pair("a1", Some("hash"))));
}

trait Words {
    fn taken(&self) -> &'static str;
}

impl Words for UserWritten {
    fn taken(&self) -> &'static str {
        match self {
            Self::Taken(kind) => kind.as_str(),
            Self::Done => "done",
            Self::Changed => "changed",
        }
    }
}

#[tokio::test]
async fn an_identifier_that_was_given_up_is_free_after_the_quarantine_and_at_once_for_its_former_user() {
    let at = Fresh::tables().await;
    let pool = Pool::new(&at);
    let (old, new) = (email("old@example.com"), email("new@example.com"));
    let alice = pool_user("a1", std::slice::from_ref(&old));
    assert_eq!(pool.create(&alice, Some("hash")).await, UserWritten::Done);
    let moved = PoolUser { identifiers: vec![new.clone()], revision: 2, ..alice.clone() };
    assert_eq!(pool.write((Some(&alice), &moved), Some("hash"), NOW).await, UserWritten::Done);
    assert_eq!((pool.found(&old).await, pool.found(&new).await), (None, Some(pair("a1", Some("hash")))));

    let mallory = pool_user("m1", std::slice::from_ref(&old));
    assert_eq!(pool.write((None, &mallory), None, later(99)).await.taken(), "email");
    let back = PoolUser { identifiers: vec![old.clone()], revision: 3, ..alice.clone() };
    assert_eq!(pool.write((Some(&moved), &back), Some("hash"), later(99)).await, UserWritten::Done);
    assert_eq!(pool.found(&old).await, Some(pair("a1", Some("hash"))));

    assert_eq!(
        pool.write((None, &pool_user("b1", std::slice::from_ref(&new))), None, later(198)).await.taken(),
        "email"
    );
    assert_eq!(
        pool.write((None, &pool_user("b1", std::slice::from_ref(&new))), None, later(199)).await,
        UserWritten::Done
    );
    assert_eq!(pool.found(&new).await, Some(pair("b1", None)), "and the hash of the former user is gone");
}

#[tokio::test]
async fn a_deleted_user_leaves_a_subject_and_identifiers_in_quarantine() {
    let at = Fresh::tables().await;
    let pool = Pool::new(&at);
    let both = [email("alice@example.com"), username("alice")];
    let alice = pool_user("a1", &both);
    assert_eq!(pool.create(&alice, Some("hash")).await, UserWritten::Done);
    let deleted = alice.deleted(later(1));
    for _ in 0..2 {
        assert_eq!(pool.write((Some(&alice), &deleted), None, later(1)).await, UserWritten::Done, "also when repeated");
    }
    assert_eq!(pool.0.find(&workspace_id("demo"), &alice.subject).await.unwrap(), None);
    assert_eq!(status(&at, &alice.subject, LoginEpoch::default()).await, UserStatus::Gone);
    for identifier in &both {
        assert_eq!(pool.found(identifier).await, None);
        let next = pool_user("b1", std::slice::from_ref(identifier));
        assert_eq!(pool.write((None, &next), None, later(50)).await.taken(), identifier.kind().as_str());
    }
    let left: String = at.items(&at.names.users).await.iter().map(ToString::to_string).collect();
    assert!(!left.contains("alice") && !left.contains("hash"), "{left}");
}

#[tokio::test]
async fn sec_rt_12_the_standing_follows_each_change_at_once() {
    let at = Fresh::tables().await;
    let pool = Pool::new(&at);
    let (alice, first) = (pool_user("a1", &[username("alice")]), LoginEpoch::default());
    assert_eq!(status(&at, &alice.subject, first).await, UserStatus::Gone, "before it is created");
    assert_eq!(pool.create(&alice, None).await, UserWritten::Done);
    let mut before = alice.clone();
    for (change, of_first, of_next) in [
        (PoolStatus::Locked, UserStatus::Active, UserStatus::Gone),
        (PoolStatus::Active, UserStatus::Active, UserStatus::Gone),
        (PoolStatus::Disabled, UserStatus::Gone, UserStatus::Gone),
        (PoolStatus::Active, UserStatus::Gone, UserStatus::Active),
    ] {
        let after = before.with_status(change, later(1));
        assert_eq!(pool.write((Some(&before), &after), None, later(1)).await, UserWritten::Done);
        let logins = (status(&at, &alice.subject, first).await, status(&at, &alice.subject, first.next()).await);
        assert_eq!(logins, (of_first, of_next), "{change:?}");
        let sign_in = pool.1.find(&workspace_id("demo"), &username("alice")).await.unwrap().unwrap();
        assert_eq!(sign_in.user.standing, after.standing);
        before = after;
    }
}

#[tokio::test]
async fn of_two_changes_at_once_one_is_made() {
    let at = Fresh::tables().await;
    let pool = Pool::new(&at);
    let alice = pool_user("a1", &[username("alice")]);
    assert_eq!(pool.create(&alice, None).await, UserWritten::Done);
    let disabled = alice.with_status(PoolStatus::Disabled, later(1));
    assert_eq!(pool.write((Some(&alice), &disabled), None, later(1)).await, UserWritten::Done);
    let enabled = disabled.with_status(PoolStatus::Active, later(2));
    assert_eq!(pool.write((Some(&disabled), &enabled), None, later(2)).await, UserWritten::Done);
    let stale = alice.with_password(later(3));
    assert_eq!(pool.write((Some(&alice), &stale), Some("late"), later(3)).await, UserWritten::Changed);
    assert_eq!(pool.found(&username("alice")).await, Some(pair("a1", None)));
}

#[tokio::test]
async fn sec_pwd_01_a_hash_is_replaced_only_while_it_is_the_former_one() {
    let at = Fresh::tables().await;
    let (pool, rehashing) = (Pool::new(&at), PasswordRehashing::new(&at.connection));
    let both = [email("alice@example.com"), username("alice")];
    let alice = pool_user("a1", &both);
    assert_eq!(pool.create(&alice, Some("old")).await, UserWritten::Done);
    let user = pool.1.find(&workspace_id("demo"), &both[0]).await.unwrap().unwrap().user;
    let rehash = async |former: &str, new: &str| {
        let (former, new) = (Secret::new(former.to_owned()), Secret::new(new.to_owned()));
        rehashing.rehash(&workspace_id("demo"), &user, &former, &new).await.unwrap();
    };
    rehash("old", "new").await;
    for identifier in &both {
        assert_eq!(pool.found(identifier).await, Some(pair("a1", Some("new"))));
    }
    let changed = alice.with_password(later(1));
    assert_eq!(pool.write((Some(&alice), &changed), Some("set"), later(1)).await, UserWritten::Done);
    rehash("new", "late").await;
    for identifier in &both {
        assert_eq!(pool.found(identifier).await, Some(pair("a1", Some("set"))), "a password set in the meantime stays");
    }
    let deleted = changed.deleted(later(2));
    assert_eq!(pool.write((Some(&changed), &deleted), None, later(2)).await, UserWritten::Done);
    rehash("set", "late").await;
    assert_eq!(pool.found(&both[0]).await, None, "and a deleted user stays deleted");
}

#[tokio::test]
async fn users_are_listed_by_workspace_and_page() {
    let at = Fresh::tables().await;
    let pool = Pool::new(&at);
    for number in 0..7 {
        assert_eq!(
            pool.create(&pool_user(&format!("s{number}"), &[username(&format!("u{number}"))]), None).await,
            UserWritten::Done
        );
    }
    let provider = crate::users::identity("upstream-user", "Bob");
    store::AccountRecording::new(&at.connection).record(&workspace_id("demo"), &provider, None).await.unwrap();
    let (mut listed, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = pool.0.list(&workspace_id("demo"), 3, after.as_ref()).await.unwrap();
        assert!(page.users.len() <= 3);
        listed.extend(page.users.into_iter().map(|user| user.subject.as_str().to_owned()));
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    listed.sort();
    assert_eq!((listed, pages), ((0..7).map(|number| format!("s{number}")).collect(), 3));
    let none = pool.0.list(&workspace_id("partner"), 3, None).await.unwrap();
    assert!(none.users.is_empty() && none.next.is_none());
    let nameless = PoolUser { attributes: Map::new(), ..pool_user("s8", &[username("u8")]) };
    assert_eq!(nameless.display_name(), "u8");
}
