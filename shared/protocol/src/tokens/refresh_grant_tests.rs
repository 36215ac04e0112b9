//! Tests of the decision on the use of a refresh token.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::clients::client::Client;
use crate::clients::registered_scopes::{RegisteredScopes, ScopeRule};
use crate::clients::resource_indicator::Resources;
use crate::fixtures::{
    DEFAULT_AUDIENCE, NOW, ago, authenticated, client, code, context, grant, grant_id, issued, issuer, later, loaded,
    parameters, redeemed, refresh_state, refresh_token, region, scopes, secret_hash,
};
use crate::tokens::error::{RefreshFault, TokenError};
use crate::tokens::grant::{Grant, GrantState, LoadedGrant, RefreshState};
use crate::tokens::refresh_grant::{ApprovedRefresh, Narrowing, Rotation, approve, of_region};
use crate::types::id::RegionLabel;
use crate::types::scope::Scopes;
use crate::types::scope_template::ScopeSeparator;
use crate::types::time::{Lifetime, Timestamp};
use crate::users::status::UserStatus;

/// A refresh, by default with the current token.
struct Case {
    client: Client,
    loaded: Option<LoadedGrant>,
    generation: u32,
    genuine: bool,
    scope: Option<Scopes>,
    resource: &'static str,
}

fn good() -> Case {
    of(refresh_state())
}

fn of(state: RefreshState) -> Case {
    with(grant(redeemed(Some(state))))
}

fn with(grant: Grant) -> Case {
    Case {
        client: client(&json!({})),
        loaded: Some(loaded(grant)),
        generation: 3,
        genuine: true,
        scope: None,
        resource: "",
    }
}

/// The second token, which was replaced at `replaced`.
fn previous(replaced: Timestamp) -> Case {
    let state = RefreshState { previous: Some((refresh_token(2).hash, replaced)), ..refresh_state() };
    Case { generation: 2, ..of(state) }
}

impl Case {
    fn decided(self) -> Result<ApprovedRefresh, TokenError> {
        let client = authenticated(self.client);
        let narrowing =
            Narrowing { scope: self.scope, resource: Resources::parse(&parameters(self.resource)).unwrap() };
        approve(self.loaded, &refresh_token(self.generation), narrowing, || self.genuine, context(&client))
    }

    fn outcome(self) -> String {
        match self.decided() {
            Ok(approved) => format!("{:?}", approved.rotation()),
            Err(TokenError::Refresh(fault)) => format!("{fault:?}"),
            Err(error) => format!("{error:?}"),
        }
    }
}

fn reused() -> String {
    format!("{:?}", RefreshFault::Reused(grant_id()))
}

#[test]
fn a_token_of_another_region_names_its_region() {
    assert!(of_region(Some(refresh_token(1)), &region()).is_ok());
    let other = RegionLabel::parse("us").unwrap();
    assert!(
        matches!(of_region(Some(refresh_token(1)), &other), Err(TokenError::OtherRegion(named)) if named == region())
    );
    assert!(matches!(of_region(None, &region()), Err(TokenError::Refresh(RefreshFault::Unknown))));
}

#[test]
fn the_current_token_is_replaced_unless_the_client_does_not_rotate() {
    let rotating = |policy: &str| Case { client: client(&json!({"refresh_token_rotation": policy})), ..good() };
    assert_eq!(rotating("on").outcome(), "Next(4)");
    assert_eq!(rotating("off").outcome(), "Stays");
    let last = RefreshState { generation: u32::MAX, ..refresh_state() };
    assert_eq!(of(last).outcome(), format!("Next({})", u32::MAX));
}

#[test]
fn a_token_is_valid_for_its_grant_client_and_user_only() {
    let gone = || Some(LoadedGrant { user: UserStatus::Gone, ..loaded(grant(redeemed(Some(refresh_state())))) });
    let stranger = || client(&json!({"client_id": "other"}));
    let no_grant = || client(&json!({"grant_types": ["authorization_code"], "scope": "openid read"}));
    let table = [
        ("no such grant", Case { loaded: None, ..good() }, "Unknown"),
        ("another client", Case { client: stranger(), ..good() }, "OtherClient"),
        ("a grant that was revoked", with(grant(GrantState::Revoked { code: secret_hash(&code()) })), "Revoked"),
        ("a code that was not redeemed", with(grant(issued())), "Unknown"),
        ("a grant without refresh tokens", with(grant(redeemed(None))), "Unknown"),
        ("a later generation", Case { generation: 4, ..good() }, "Unknown"),
        (
            "another token of the generation",
            of(RefreshState { current: refresh_token(9).hash, ..refresh_state() }),
            "Unknown",
        ),
        ("a client that may no longer refresh", Case { client: no_grant(), ..good() }, "UnauthorizedClient"),
        ("a user who is gone", Case { loaded: gone(), ..good() }, "UserGone"),
    ];
    for (case, refresh, expected) in table {
        assert_eq!(refresh.outcome(), expected, "{case}");
    }
}

#[test]
fn refresh_tokens_expire_and_idle_out() {
    let next = Timestamp::from_millis(NOW.millis() + 1);
    let ending = |until, idle_until, generation| Case {
        generation,
        ..of(RefreshState { until, idle_until, ..refresh_state() })
    };
    let table = [
        (ending(NOW, later(9), 3), "Expired"),
        (ending(next, later(9), 3), "Next(4)"),
        (ending(later(9), NOW, 3), "Idle"),
        (ending(later(9), next, 3), "Next(4)"),
        (ending(NOW, NOW, 3), "Expired"),
        (ending(NOW, later(9), 2), "Expired"),
        (ending(later(9), NOW, 2), "Idle"),
    ];
    for (refresh, expected) in table {
        assert_eq!(refresh.outcome(), expected);
    }
}

#[test]
fn a_rotated_token_yields_its_successor_during_the_grace_period_and_counts_as_reuse_afterwards() {
    let graced =
        |grace: u32, case: Case| Case { client: client(&json!({"lifetimes": {"refresh_token_grace": grace}})), ..case };
    let skewed = later(5);
    let table = [
        ("just replaced", graced(60, previous(NOW)), "Again(3, 2)".to_owned()),
        ("within the grace", graced(60, previous(Timestamp::from_millis(ago(60).millis() + 1))), "Again(3, 2)".into()),
        ("at its end", graced(60, previous(ago(60))), reused()),
        ("without grace", graced(0, previous(NOW)), reused()),
        ("replaced by a clock ahead", graced(60, previous(skewed)), "Again(3, 2)".into()),
        ("from the future", graced(60, previous(Timestamp::from_millis(skewed.millis() + 1))), "LostRace".into()),
    ];
    for (case, refresh, expected) in table {
        assert_eq!(refresh.outcome(), expected, "{case}");
    }
}

#[test]
fn an_older_token_counts_as_reuse_only_if_it_was_really_issued() {
    let past = |genuine| Case { generation: 1, genuine, ..good() };
    assert_eq!(past(true).outcome(), reused());
    assert_eq!(past(false).outcome(), "Unknown");
    let only_current = RefreshState { previous: None, ..refresh_state() };
    assert_eq!(Case { generation: 2, ..of(only_current) }.outcome(), reused());
    assert_eq!(Case { generation: 4, genuine: true, ..good() }.outcome(), "Unknown");
    let forged = RefreshState { current: refresh_token(9).hash, ..refresh_state() };
    assert_eq!(Case { genuine: true, ..of(forged) }.outcome(), "Unknown", "of the current generation");
}

#[test]
fn a_request_may_narrow_and_the_registration_may_have_narrowed() {
    let scoped = |asked: Option<&str>, client| Case { scope: asked.map(scopes), client, ..good() };
    let scope = |case: Case| case.decided().map(|approved| approved.entitlement.scope().joined());
    let all = || client(&json!({}));
    let less = || client(&json!({"scope": "openid offline_access"}));
    assert_eq!(scope(scoped(None, all())).ok().as_deref(), Some("openid read offline_access"));
    assert_eq!(scope(scoped(Some("read"), all())).ok().as_deref(), Some("read"));
    assert_eq!(scope(scoped(None, less())).ok().as_deref(), Some("openid offline_access"));
    let power = Client {
        scope: RegisteredScopes::new(scopes("openid revoke_tokens"), ScopeSeparator::default(), |_| {
            ScopeRule::default()
        }),
        ..all()
    };
    let mut granted = grant(redeemed(Some(refresh_state())));
    granted.terms.scope = scopes("openid revoke_tokens");
    assert_eq!(scope(Case { client: power, ..with(granted) }).ok().as_deref(), Some("openid"), "sec_adm_13: of before");
    assert_eq!(scoped(Some("read"), less()).outcome(), "ScopeNotGranted('read')");
    assert_eq!(scoped(Some("openid write"), all()).outcome(), "ScopeNotGranted('write')");
}

#[test]
fn resources_are_narrowed_within_what_was_granted() {
    let mut granted = grant(redeemed(Some(refresh_state())));
    granted.terms.resource =
        Resources::parse(&parameters("resource=https://a.example&resource=https://api.example")).unwrap();
    let audience =
        |resource, grant| Case { resource, ..with(grant) }.decided().map(|approved| approved.entitlement.audience);
    assert_eq!(
        audience("", grant(redeemed(Some(refresh_state())))).ok(),
        Some(vec![DEFAULT_AUDIENCE.to_owned(), issuer().as_str().to_owned()])
    );
    assert_eq!(audience("resource=https://a.example", granted).ok(), Some(vec!["https://a.example".to_owned()]));
    let elsewhere = Case { resource: "resource=https://a.example", ..good() };
    assert_eq!(elsewhere.outcome(), "InvalidTarget(NotGranted('https://a.example'))");
}

#[test]
fn an_approval_states_what_the_commit_expects_and_writes() {
    let lifetimes = |lifetimes: Value| client(&json!({ "lifetimes": lifetimes }));
    let state = refresh_state();
    let approved = |client, case: Case| Case { client, ..case }.decided().ok().unwrap();

    let current = approved(lifetimes(json!({"refresh_token_idle": 100, "refresh_token_grace": 7})), good());
    assert!(current.presented().matches(&state.current) && current.current().matches(&state.current));
    assert_eq!(current.idle_until(), later(100));
    assert_eq!(current.grace(), Lifetime::seconds(7));
    assert_eq!(current.entitlement.grant(), &grant_id());
    assert!(current.entitlement.id_token.nonce.is_none(), "a nonce is for the first ID token only");

    let again = approved(lifetimes(json!({"refresh_token_idle": 90_000})), previous(NOW));
    assert!(again.presented().matches(&refresh_token(2).hash) && again.current().matches(&state.current));
    assert_eq!(again.idle_until(), state.until, "no later than the last of them ends");

    assert_eq!(approved(lifetimes(json!({"access_token": 10, "id_token": 20})), good()).expires(), later(60));
    assert_eq!(approved(lifetimes(json!({"access_token": 10, "id_token": 200})), good()).expires(), later(200));
}

proptest! {
    /// Whatever is presented, a successor is issued only for the current token or its predecessor.
    #[test]
    fn only_the_last_two_generations_yield_tokens(generation in 1_u32..8, genuine: bool, replaced in 0_u32..200) {
        let state = RefreshState { previous: Some((refresh_token(2).hash, ago(replaced))), ..refresh_state() };
        let outcome = Case { generation, genuine, ..of(state) }.decided();
        let expected = match generation {
            3 => Some(Rotation::Next(4)),
            2 if replaced < 60 => Some(Rotation::Again(3, 2)),
            _ => None,
        };
        prop_assert_eq!(outcome.ok().map(|approved| approved.rotation()), expected);
    }
}
