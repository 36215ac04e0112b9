//! Users of a pool: every store call of a login with a password fails in every way, and so do the operator's commands.

use administration::{NewUser, PoolAdministration, StatusStep, UserError};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use credentials::passwords::Password;
use postern::dev::engine::local_settings;
use protocol::users::identifier::IdentifierKind;
use protocol::users::login_attempts::FREE;
use protocol::users::pool_user::PoolStatus;
use store::Connection;
use tests::browser::{answered, body, form, request};
use tests::operator::operator_over;
use tests::{Browser, Laptop, Operation, Pkce, Trouble, expect};
use web::Response;

use crate::given::{NATIVE, cold};

const POOL: &str = "\n[pool]\nidentifiers = [\"username\"]\n";
const PASSWORD: &str = "violet kettle orbits";

const TROUBLES: [Trouble; 4] = [Trouble::Before, Trouble::After, Trouble::Throttled, Trouble::Denied];

/// The demo workspace with a pool and the user `alice`.
async fn laptop() -> Laptop {
    let laptop = Laptop::with(|text| if text.contains("workspace = \"demo\"") { text + POOL } else { text }).await;
    operator(&laptop, async |users| users.create(named("alice")).await.unwrap()).await;
    laptop
}

fn named(name: &str) -> NewUser {
    NewUser {
        identifiers: vec![(IdentifierKind::Username, name.into())],
        password: Some(Password::parse(PASSWORD).unwrap()),
        ..NewUser::default()
    }
}

/// Runs `work` on the users of the demo workspace, as an operator whose calls can fail.
async fn operator<T>(laptop: &Laptop, work: impl AsyncFnOnce(&PoolAdministration<'_>) -> T) -> T {
    let connection = Connection::through(SharedHttpClient::new(laptop.wire.clone()), local_settings());
    operator_over(&connection, laptop, work).await
}

/// Submits the login form of `demo-trusted`, which needs no consent; all functions have just started.
async fn log_in(
    laptop: &mut Laptop,
    password: &str,
    trouble: impl Fn(usize) -> Trouble + Send + Sync + 'static,
) -> Response {
    // Attempts of before no longer count.
    laptop.clock.advance(86_400);
    let (cookies, action, fields) = {
        let mut browser = Browser::new(laptop);
        let page = browser.authorize(&request("demo-trusted", NATIVE, &Pkce::new("faults"))).await;
        let form = form(&page);
        (browser.cookies, form.action, form.hidden)
    };
    cold(laptop);
    let mut browser = Browser::new(laptop);
    browser.cookies = cookies;
    let mut fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend([("username", "alice"), ("password", password)]);
    laptop.wire.plan(move |_, number| trouble(number));
    browser.post(&action, &fields).await
}

fn is_in(response: &Response) -> bool {
    answered(response, "code").is_some()
}

/// Asserts that the response is a fault of ours, on a page or at the client.
fn unavailable(laptop: &Laptop, response: &Response, case: &str) {
    if answered(response, "error").is_some() {
        expect::redirected(laptop, response, NATIVE, "temporarily_unavailable", case);
    } else {
        expect::page(response, 503, case);
    }
}

/// Whether the login goes on without what `call` does: forgetting attempts, and knowing the browser again.
fn is_dispensable(call: &Operation, before: &[Operation]) -> bool {
    let repeated =
        |kind: &str| call.kind == kind && before.iter().any(|earlier| earlier.kind == kind && earlier.is_write());
    call.is_write() && (repeated("login-attempts") || repeated("counter"))
}

#[tokio::test]
async fn f_ddb_01_to_03_and_13_a_login_with_a_password_goes_through_or_is_a_503_and_never_a_wrong_password() {
    let mut laptop = laptop().await;
    let response = log_in(&mut laptop, PASSWORD, |_| Trouble::None).await;
    assert!(is_in(&response), "{}", body(&response));
    let calls = laptop.wire.calls();
    let kinds: Vec<&str> = calls.iter().map(|call| call.kind.as_str()).collect();
    for kind in ["sign-in", "login-attempts", "counter", "session", "grant"] {
        assert!(kinds.contains(&kind), "{kind} is not among {kinds:?}");
    }
    for (from, call) in calls.iter().enumerate() {
        for trouble in TROUBLES {
            for lasting in [false, true] {
                let case = format!("{call:?} {trouble:?} lasting={lasting}");
                let fails = move |number| number == from || (lasting && number > from);
                let plan = move |number| if fails(number) { trouble } else { Trouble::None };
                let response = log_in(&mut laptop, PASSWORD, plan).await;
                laptop.wire.calm();
                let recovers = !lasting && trouble != Trouble::Denied;
                if recovers {
                    assert!(is_in(&response), "{case}: {} {}", response.status(), body(&response));
                } else if !is_in(&response) {
                    unavailable(&laptop, &response, &case);
                } else {
                    assert!(is_dispensable(call, &calls[..from]) || call.kind == "sealing-key", "{case}: {kinds:?}");
                }
            }
        }
    }
    assert!(is_in(&log_in(&mut laptop, PASSWORD, |_| Trouble::None).await), "nothing of it locked the user out");
}

/// An attempt that cannot be counted is not made, or a broken table would be a way to guess.
#[tokio::test]
async fn sec_pwd_06_no_password_is_looked_at_while_attempts_cannot_be_counted() {
    let laptop = laptop().await;
    let mut browser = Browser::new(&laptop);
    let page = browser.authorize(&request("demo-trusted", NATIVE, &Pkce::new("faults"))).await;
    for trouble in [Trouble::Before, Trouble::Throttled, Trouble::Denied] {
        laptop.wire.plan(move |call, _| if call.kind == "login-attempts" { trouble } else { Trouble::None });
        for password in [PASSWORD, "a wrong password, sorry"] {
            for _ in 0..FREE {
                let response = browser.sign_in(&page, "alice", password).await;
                expect::page(&response, 503, password);
            }
        }
        laptop.wire.calm();
        laptop.clock.advance(60);
    }
    assert!(is_in(&browser.sign_in(&page, "alice", PASSWORD).await), "none of them was counted against alice");
}

#[tokio::test]
async fn f_ddb_03_a_user_is_created_once_whatever_answer_is_lost() {
    let laptop = laptop().await;
    let calls = {
        laptop.wire.calm();
        let _ = laptop.wire.calls();
        operator(&laptop, async |users| users.create(named("bob")).await.unwrap()).await;
        laptop.wire.calls().len()
    };
    assert!(calls > 0);
    for from in 0..calls {
        let name = format!("bob{from}");
        laptop.wire.plan(move |_, number| if number == from { Trouble::After } else { Trouble::None });
        let created = operator(&laptop, async |users| users.create(named(&name)).await).await;
        laptop.wire.calm();
        assert!(created.is_ok(), "{from}: {:?}", created.err());
        let again = operator(&laptop, async |users| users.create(named(&name)).await).await;
        assert!(matches!(again, Err(UserError::Taken(_))), "{from}: {again:?}");
    }
}

#[tokio::test]
async fn f_ddb_01_to_03_a_step_on_a_user_happens_as_a_whole_or_not_at_all() {
    let laptop = laptop().await;
    for trouble in TROUBLES {
        laptop.wire.plan(move |call, _| if call.is_write() { trouble } else { Trouble::None });
        let disabled = operator(&laptop, async |users| users.step("alice", StatusStep::Disable).await).await;
        laptop.wire.calm();
        assert!(disabled.is_err(), "{trouble:?}");
        let status = operator(&laptop, async |users| users.find("alice").await.unwrap().standing.status).await;
        let expected = if trouble == Trouble::After { PoolStatus::Disabled } else { PoolStatus::Active };
        assert_eq!(status, expected, "{trouble:?}");
        let response = Browser::new(&laptop).log_in(&request("demo-trusted", NATIVE, &Pkce::new("faults"))).await;
        assert!(is_in(&response), "the sandbox does not care: {}", body(&response));
        if status == PoolStatus::Disabled {
            operator(&laptop, async |users| users.step("alice", StatusStep::Enable).await.unwrap()).await;
        }
    }
}
