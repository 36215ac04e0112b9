//! Tests of the decision on the exchange of a code.

use serde_json::json;

use crate::authorization::code::AuthorizationCode;
use crate::authorization::pkce::PkceError;
use crate::clients::client::Client;
use crate::clients::resource_indicator::Resources;
use crate::fixtures::{
    DEFAULT_AUDIENCE, NOW, REDIRECT_URI, VERIFIER, authenticated, client, code, confidential_client, context, grant,
    grant_id, grant_terms, issued, issuer, later, loaded, parameters, redeemed, refresh_state, region, registered,
    scopes, secret_hash,
};
use crate::tokens::code_grant::{ApprovedExchange, CodeUse, RefreshLifetime, approve, of_region};
use crate::tokens::error::{CodeFault, TokenError};
use crate::tokens::grant::{Grant, GrantState, LoadedGrant};
use crate::tokens::request::Presented;
use crate::types::id::RegionLabel;
use crate::types::secret::Secret;
use crate::types::time::{Lifetime, Timestamp};
use crate::users::status::UserStatus;

/// An exchange, by default one that succeeds.
struct Case {
    client: Client,
    loaded: Option<LoadedGrant>,
    code: String,
    redirect_uri: Option<&'static str>,
    verifier: Option<&'static str>,
    resource: &'static str,
    sender: &'static str,
    retry_window: u32,
}

fn good() -> Case {
    of(grant(issued()))
}

fn of(grant: Grant) -> Case {
    Case {
        client: client(&json!({})),
        loaded: Some(loaded(grant)),
        code: code(),
        redirect_uri: Some(REDIRECT_URI),
        verifier: Some(VERIFIER),
        resource: "",
        sender: "the client",
        retry_window: 500,
    }
}

impl Case {
    fn decided(self) -> Result<ApprovedExchange, TokenError> {
        let presented = Presented {
            redirect_uri: self.redirect_uri.map(Into::into),
            code_verifier: self.verifier.map(|verifier| Secret::new(verifier.into())),
            resource: Resources::parse(&parameters(self.resource)).unwrap(),
        };
        let client = authenticated(self.client);
        let (code, sender) = (secret_hash(&self.code), secret_hash(self.sender));
        let usage = CodeUse { code, sender, retry_window: self.retry_window.try_into().unwrap() };
        approve(self.loaded, &usage, presented, context(&client))
    }

    fn refused(self) -> String {
        match self.decided() {
            Ok(_) => "approved".into(),
            Err(TokenError::Code(fault)) => format!("{fault:?}"),
            Err(error) => format!("{error:?}"),
        }
    }
}

fn without_challenge(mut grant: Grant) -> Grant {
    grant.terms.code_challenge = None;
    grant
}

/// A confidential client that need not use PKCE.
fn pkce_optional() -> Client {
    let secret = json!({
        "token_endpoint_auth_method": "client_secret_basic", "client_secret_sha256": [secret_hash("s").encoded()],
    });
    registered(&secret, &json!({"pkce": "public"})).unwrap()
}

#[test]
fn a_code_of_another_region_names_its_region() {
    let parsed = || AuthorizationCode::parse(&code());
    assert!(of_region(parsed(), &region()).is_ok());
    let other = RegionLabel::parse("us").unwrap();
    assert!(matches!(of_region(parsed(), &other), Err(TokenError::OtherRegion(named)) if named == region()));
    assert!(matches!(of_region(None, &region()), Err(TokenError::Code(CodeFault::Unknown))));
}

#[test]
fn each_part_of_an_exchange_is_checked() {
    let inactive_user = || Some(LoadedGrant { user: UserStatus::Gone, ..loaded(grant(issued())) });
    let table = [
        ("everything right", good(), "approved"),
        ("no such grant", Case { loaded: None, ..good() }, "Unknown"),
        ("another code of the grant", Case { code: "other".into(), ..good() }, "Unknown"),
        ("another client", Case { client: client(&json!({"client_id": "other"})), ..good() }, "OtherClient"),
        ("another redirect URI", Case { redirect_uri: Some("https://app.example/cb/"), ..good() }, "RedirectUri"),
        (
            "another verifier",
            Case { verifier: Some("a-verifier-of-somebody-else-that-is-long-enough"), ..good() },
            "Verifier(Mismatch)",
        ),
        ("a malformed verifier", Case { verifier: Some("short"), ..good() }, "Verifier(MalformedVerifier)"),
        ("no verifier", Case { verifier: None, ..good() }, "MissingVerifier"),
        ("a user who is gone", Case { loaded: inactive_user(), ..good() }, "UserGone"),
        (
            "a resource that was not granted",
            Case { resource: "resource=https://a.example", ..good() },
            "InvalidTarget(NotGranted('https://a.example'))",
        ),
    ];
    for (case, exchange, expected) in table {
        assert_eq!(exchange.refused(), expected, "{case}");
    }
}

#[test]
fn the_redirect_uri_may_be_left_out_where_the_verifier_binds_the_code() {
    let none = |grant| Case { redirect_uri: None, ..of(grant) };
    assert_eq!(none(grant(issued())).refused(), "approved");
    let unbound = |sent| {
        let mut grant = without_challenge(grant(issued()));
        grant.terms.redirect_uri_sent = sent;
        Case { client: pkce_optional(), verifier: None, ..none(grant) }
    };
    assert_eq!(unbound(true).refused(), "RedirectUri");
    assert_eq!(unbound(false).refused(), "approved");
}

#[test]
fn a_verifier_needs_a_challenge_and_every_public_client_needs_both() {
    let unbound = |client, verifier| Case { client, verifier, ..of(without_challenge(grant(issued()))) };
    assert_eq!(unbound(pkce_optional(), None).refused(), "approved");
    assert_eq!(unbound(pkce_optional(), Some(VERIFIER)).refused(), "UnexpectedVerifier");
    assert_eq!(unbound(client(&json!({})), Some(VERIFIER)).refused(), "UnexpectedVerifier");
    assert_eq!(unbound(client(&json!({})), None).refused(), "MissingVerifier");
    assert_eq!(Case { client: pkce_optional(), verifier: None, ..good() }.refused(), "MissingVerifier");
}

#[test]
fn a_code_is_valid_once_and_until_it_expires() {
    let expiring = |code_expires| of(grant(GrantState::Issued { code: secret_hash(&code()), code_expires }));
    assert_eq!(expiring(NOW).refused(), "Expired");
    assert_eq!(expiring(Timestamp::from_millis(NOW.millis() + 1)).refused(), "approved");
    let revoked = || of(grant(GrantState::Revoked { code: secret_hash(&code()) }));
    assert_eq!(revoked().refused(), "Revoked");
    assert_eq!(Case { code: "other".into(), ..revoked() }.refused(), "Unknown");
}

#[test]
fn a_second_use_is_a_retry_of_the_same_sender_within_the_window_and_else_a_replay() {
    let second = |sender, retry_window, after: u64, first: Option<&str>| {
        let at = Timestamp::from_millis(NOW.millis() - after);
        let (code, first) = (secret_hash(&code()), first.map(secret_hash));
        let used = of(grant(GrantState::Redeemed { code, at, sender: first, refresh: None }));
        Case { sender, retry_window, ..used }.refused()
    };
    let replayed = format!("Replayed({:?})", grant_id());
    let client = Some("the client");
    let table = [
        ("at once", second("the client", 500, 0, client), "LostRace"),
        ("at the end of the window", second("the client", 500, 499, client), "LostRace"),
        ("after it", second("the client", 500, 500, client), &replayed),
        ("another sender, at once", second("a thief", 500, 0, client), &replayed),
        ("another sender, later", second("a thief", 500, 500, client), &replayed),
        ("a longer window", second("the client", 999, 998, client), "LostRace"),
        ("no window", second("the client", 0, 0, client), &replayed),
        ("first by an earlier release", second("the client", 500, 499, None), "LostRace"),
        ("and later", second("the client", 500, 500, None), &replayed),
    ];
    for (case, found, expected) in table {
        assert_eq!(found, expected, "{case}");
    }
    assert_eq!(of(grant(redeemed(Some(refresh_state())))).refused(), replayed);
}

#[test]
fn losing_a_race_to_another_sender_or_without_a_window_is_a_replay() {
    let lost = |retry_window: u32, first: Option<&str>| {
        let (code, sender) = (secret_hash(&code()), secret_hash("the client"));
        let usage = CodeUse { code, sender, retry_window: retry_window.try_into().unwrap() };
        usage.lost_to(first.map(secret_hash).as_ref(), &grant_id())
    };
    let replayed = || CodeFault::Replayed(grant_id());
    assert_eq!(lost(500, Some("the client")), CodeFault::LostRace);
    assert_eq!(lost(500, None), CodeFault::LostRace, "of an earlier release");
    assert_eq!(lost(500, Some("a thief")), replayed());
    assert_eq!((lost(0, Some("the client")), lost(0, None)), (replayed(), replayed()));
}

#[test]
fn only_a_fully_valid_request_learns_that_a_code_was_used() {
    let used = || of(grant(redeemed(None)));
    assert_eq!(Case { code: "other".into(), ..used() }.refused(), "Unknown");
    assert_eq!(Case { client: client(&json!({"client_id": "other"})), ..used() }.refused(), "OtherClient");
    assert_eq!(Case { redirect_uri: Some("https://evil.example"), ..used() }.refused(), "RedirectUri");
    assert_eq!(Case { verifier: None, ..used() }.refused(), "MissingVerifier");
    let wrong = Case { verifier: Some("a-verifier-of-somebody-else-that-is-long-enough"), ..used() };
    assert!(matches!(wrong.decided(), Err(TokenError::Verifier(PkceError::Mismatch))));
}

#[test]
fn the_entitlement_is_what_was_granted() {
    let mut granted = grant(issued());
    granted.terms.resource = Resources::parse(&parameters("resource=https://a.example")).unwrap();
    let approved = of(granted).decided().ok().unwrap();
    let due = &approved.entitlement;
    assert_eq!(due.grant(), &grant_id());
    assert_eq!(due.terms().map(|terms| &terms.subject), Some(&grant_terms().subject));
    assert_eq!(due.scope(), &scopes("openid read offline_access"));
    assert_eq!(due.audience, ["https://a.example"]);
    assert_eq!(due.id_token.nonce.as_deref(), Some("n-1"));
    assert_eq!(due.now(), NOW);
    assert!(approved.code().matches(&secret_hash(&code())));
    let default = good().decided().ok().unwrap();
    assert_eq!(default.entitlement.audience, [DEFAULT_AUDIENCE, issuer().as_str()]);
}

#[test]
fn sec_adm_13_a_code_issued_earlier_yields_no_workspace_wide_scope() {
    let mut granted = grant(issued());
    granted.terms.scope = scopes("openid introspect_tokens revoke_tokens");
    assert_eq!(of(granted).decided().ok().unwrap().entitlement.scope(), &scopes("openid"));
}

#[test]
fn lifetimes_are_those_of_the_client() {
    let lifetimes = json!({"lifetimes": {"access_token": 100, "id_token": 200}});
    let due = Case { client: client(&lifetimes), ..good() }.decided().ok().unwrap().entitlement;
    assert_eq!(due.access_token_lifetime().as_seconds(), 100);
    assert_eq!(due.id_token_lifetime(), Some(Lifetime::seconds(200)));
}

#[test]
fn a_refresh_token_is_due_for_offline_access_of_a_client_that_may_refresh() {
    let lifetimes = |refresh_token: u32, idle: u32| json!({"lifetimes": {"refresh_token": refresh_token, "refresh_token_idle": idle}});
    let refresh = |client, scope: &str| {
        let mut granted = grant(issued());
        granted.terms.scope = scopes(scope);
        Case { client, ..of(granted) }.decided().ok().unwrap().refresh()
    };
    let offline = "openid offline_access";
    let table = [
        (lifetimes(1000, 100), offline, Some((1000, 100))),
        (lifetimes(100, 1000), offline, Some((100, 100))),
        (lifetimes(1000, 100), "openid", None),
        (json!({"grant_types": ["authorization_code"], "scope": "openid"}), offline, None),
    ];
    for (change, scope, expected) in table {
        let expected = expected.map(|(until, idle)| RefreshLifetime { until: later(until), idle_until: later(idle) });
        assert_eq!(refresh(client(&change), scope), expected, "{change} {scope}");
    }
}

#[test]
fn the_grant_stays_as_long_as_its_last_token_and_its_interaction() {
    let expires = |lifetimes, scope: &str, stays| {
        let mut granted = Grant { expires: stays, ..grant(issued()) };
        granted.terms.scope = scopes(scope);
        let client = client(&json!({"lifetimes": lifetimes}));
        Case { client, ..of(granted) }.decided().ok().unwrap().expires()
    };
    let lifetimes = json!({"access_token": 100, "id_token": 200, "refresh_token": 1000});
    assert_eq!(expires(lifetimes.clone(), "openid offline_access", later(60)), later(1000));
    assert_eq!(expires(lifetimes.clone(), "openid", later(60)), later(200));
    assert_eq!(expires(lifetimes.clone(), "read", later(60)), later(100));
    assert_eq!(expires(lifetimes, "read", later(1800)), later(1800));
    assert_eq!(expires(json!({"refresh_token": 50, "access_token": 10}), "offline_access", later(60)), later(60));
}

#[test]
fn a_confidential_client_exchanges_its_code_in_the_same_way() {
    assert_eq!(Case { client: confidential_client(&json!({})), ..good() }.refused(), "approved");
}
