//! Tests of the decision on an authorization request.

use serde_json::{Value, json};

use crate::authorization::consent::{Consent, ConsentEpoch, Granted, Withheld};
use crate::authorization::decision::{
    ApprovedAuthorization, DecisionInput, NextStep, User, decide, decide_allowed, depends_on_consent,
};
use crate::authorization::error::RedirectError;
use crate::authorization::interaction::AccountChoice;
use crate::authorization::request::AuthorizationRequest;
use crate::clients::client::{Client, ConsentPolicy};
use crate::clients::resource_indicator::{RequestedApi, RequestedApis};
use crate::fixtures::{
    DEFAULT_AUDIENCE, NOW, REDIRECT_URI, ago, claim_names, client, confidential_client, just_before, later, logged_in,
    registered, request, scopes, session, subject,
};
use crate::types::id::Subject;
use crate::types::time::Timestamp;
use crate::users::attributes::Attributes;
use crate::users::factor::{Authentication, AuthenticationClass, Factor, Method};
use crate::users::session::Session;

/// The input of a decision, owned. By default Alice logged in a minute ago, the request was made ten seconds ago, and
/// consent was given before.
struct Case {
    client: Client,
    request: AuthorizationRequest,
    session: Option<Session>,
    client_subject: Subject,
    attributes: Attributes,
    consent: Option<Consent>,
    account: Option<AccountChoice>,
    began: Timestamp,
}

impl Case {
    fn asking(changes: &[(&str, &str)]) -> Self {
        Self::of(client(&json!({})), changes)
    }

    fn of(client: Client, changes: &[(&str, &str)]) -> Self {
        Self {
            request: request(&client, changes),
            client,
            session: Some(session()),
            client_subject: subject("alice"),
            attributes: Attributes::default(),
            consent: Some(allowed("openid read", &[])),
            account: None,
            began: ago(10),
        }
    }

    fn logged_in_at(mut self, at: Timestamp) -> Self {
        let session = self.session.as_mut().unwrap();
        (session.authentication, session.began) = (logged_in(at), at);
        self
    }

    /// A session that began at `began` with an upstream login, which the provider says took place at `at`.
    fn federated(mut self, began: Timestamp, at: Option<Timestamp>) -> Self {
        let session = self.session.as_mut().unwrap();
        (session.authentication, session.began) = (
            Authentication::by(Factor { method: Method::Federated, at, class: AuthenticationClass::SingleFactor }),
            began,
        );
        self
    }

    fn expecting(mut self, expected: &str) -> Self {
        self.request.terms.expected_subject = Some(subject(expected));
        self
    }

    fn choosing(mut self, account: AccountChoice) -> Self {
        self.account = Some(account);
        self
    }

    fn input<T>(&self, decided: impl FnOnce(&DecisionInput<'_>) -> T) -> T {
        let user = self.session.as_ref().map(|session| User {
            session,
            client_subject: &self.client_subject,
            attributes: &self.attributes,
        });
        decided(&DecisionInput {
            request: &self.request,
            client: &self.client,
            user,
            consent: self.consent.as_ref(),
            account: self.account.as_ref(),
            began: self.began,
            now: NOW,
        })
    }

    fn next(&self) -> &'static str {
        name(&self.input(decide))
    }

    fn allowed(&self, scopes: &[&str], claims: &[&str]) -> NextStep {
        self.input(|input| decide_allowed(input, Withheld { scopes, claims }))
    }

    fn approved(&self, scopes: &[&str], claims: &[&str]) -> ApprovedAuthorization {
        let allowed = self.allowed(scopes, claims);
        let NextStep::Approved(approved) = allowed else { panic!("{allowed:?}") };
        *approved
    }
}

/// Alice's earlier consent for the default API.
fn allowed(scope: &str, claims: &[&str]) -> Consent {
    let (scope, claims) = (scopes(scope), claim_names(claims));
    let granted = Granted { scope: &scope, claims: &claims };
    let default = RequestedApi { uri: DEFAULT_AUDIENCE, scope: scope.clone(), general: true };
    let apis = RequestedApis { named: vec![default], default: DEFAULT_AUDIENCE };
    Consent::after(None, &apis, granted, Withheld::default(), ago(1000))
}

#[test]
fn sec_authz_26_consent_is_by_api() {
    let a = ("resource", "https://a.example");
    assert_eq!(Case::asking(&[]).next(), "approved");
    assert_eq!(Case::asking(&[("resource", DEFAULT_AUDIENCE)]).next(), "approved");
    assert_eq!(Case::asking(&[a]).next(), "ask consent");
    assert_eq!(Case::asking(&[a, ("prompt", "none")]).next(), "consent_required");
}

fn name(step: &NextStep) -> &'static str {
    match step {
        NextStep::LogIn => "log in",
        NextStep::SelectAccount => "select account",
        NextStep::AskConsent(_) => "ask consent",
        NextStep::Approved(_) => "approved",
        NextStep::Refused(error) => error.code(),
    }
}

/// The end of the permitted clock skew between functions, and the moment after it.
fn skewed() -> (Timestamp, Timestamp) {
    let last = later(5);
    (last, Timestamp::from_millis(last.millis() + 1))
}

#[test]
fn a_login_must_be_recent_enough() {
    let (ahead, too_late) = skewed();
    let max_age = |seconds| Case::asking(&[("max_age", seconds)]);
    let table = vec![
        ("a session", Case::asking(&[]), "approved"),
        ("a session from the future", Case::asking(&[]).logged_in_at(too_late), "approved"),
        ("no session", Case { session: None, ..Case::asking(&[]) }, "log in"),
        ("as old as max_age", max_age("60"), "approved"),
        ("older than max_age", max_age("59"), "log in"),
        ("max_age=0", max_age("0"), "log in"),
        ("max_age=0, this millisecond", max_age("0").logged_in_at(NOW), "approved"),
        ("max_age=0, since the request", max_age("0").logged_in_at(ago(10)), "approved"),
        ("max_age, since the request", max_age("1").logged_in_at(ago(10)), "approved"),
        ("max_age, a clock ahead", max_age("60").logged_in_at(ahead), "approved"),
        ("max_age, from the future", max_age("60").logged_in_at(too_late), "log in"),
    ];
    for (case, decided, expected) in table {
        assert_eq!(decided.next(), expected, "{case}");
    }
}

#[test]
fn prompt_decides_whether_the_login_page_is_shown() {
    let (ahead, too_late) = skewed();
    let prompt = |value| Case::asking(&[("prompt", value)]);
    let table = vec![
        ("none, a session", prompt("none"), "approved"),
        ("none, no session", Case { session: None, ..prompt("none") }, "login_required"),
        ("none, too old", Case::asking(&[("prompt", "none"), ("max_age", "59")]), "login_required"),
        ("login, no session", Case { session: None, ..prompt("login") }, "log in"),
        ("login, an old login", prompt("login"), "log in"),
        ("login and max_age", Case::asking(&[("prompt", "login"), ("max_age", "3600")]), "log in"),
        ("login, since the request", prompt("login").logged_in_at(ago(10)), "approved"),
        ("login, just before the request", prompt("login").logged_in_at(just_before(ago(10))), "log in"),
        ("login, a clock ahead", prompt("login").logged_in_at(ahead), "approved"),
        ("login, from the future", prompt("login").logged_in_at(too_late), "log in"),
        ("consent asks for no login", prompt("consent"), "ask consent"),
    ];
    for (case, decided, expected) in table {
        assert_eq!(decided.next(), expected, "{case}");
    }
}

#[test]
fn sec_up_21_the_age_of_an_upstream_login_comes_from_the_provider() {
    let asking = |name, value| Case::asking(&[(name, value)]);
    let (before, since) = (ago(60), ago(5));
    let just_too_old = |limit: Timestamp| Timestamp::from_millis(limit.millis() - 10_001);
    let prompts = [
        ("nothing demanded, no time", Case::asking(&[]).federated(before, None), "approved"),
        ("login, no time", asking("prompt", "login").federated(since, None), "login_required"),
        ("login, long ago", asking("prompt", "login").federated(since, Some(ago(3600))), "login_required"),
        ("login, since the request", asking("prompt", "login").federated(since, Some(ago(5))), "approved"),
        ("login, a clock behind", asking("prompt", "login").federated(since, Some(ago(20))), "approved"),
        (
            "login, too far behind",
            asking("prompt", "login").federated(since, Some(just_too_old(ago(10)))),
            "login_required",
        ),
        (
            "login, before the request",
            asking("prompt", "login").federated(just_before(ago(10)), Some(ago(9))),
            "log in",
        ),
    ];
    let others = [
        ("max_age=0, no time", asking("max_age", "0").federated(since, None), "login_required"),
        ("max_age, no time, before", asking("max_age", "60").federated(before, None), "log in"),
        ("max_age, no time, since", asking("max_age", "60").federated(since, None), "login_required"),
        ("max_age, older, before", asking("max_age", "60").federated(before, Some(ago(71))), "log in"),
        ("max_age, older, since", asking("max_age", "60").federated(since, Some(ago(71))), "login_required"),
        ("max_age, a clock behind", asking("max_age", "60").federated(before, Some(ago(70))), "approved"),
        ("an account, no time", asking("prompt", "select_account").federated(since, None), "approved"),
        (
            "silently, no time",
            Case::asking(&[("prompt", "none"), ("max_age", "9")]).federated(before, None),
            "login_required",
        ),
    ];
    for (case, decided, expected) in prompts.into_iter().chain(others) {
        assert_eq!(decided.next(), expected, "{case}");
    }
    let mut expired = asking("prompt", "login").federated(since, None);
    expired.session.as_mut().unwrap().expires = NOW;
    assert_eq!(expired.next(), "log in", "a session that has ended was not in vain");
}

#[test]
fn an_expired_session_does_not_count() {
    let ending = |expires| Case { session: Some(Session { expires, ..session() }), ..Case::asking(&[]) };
    assert_eq!(ending(NOW).next(), "log in");
    assert_eq!(ending(Timestamp::from_millis(NOW.millis() + 1)).next(), "approved");
}

#[test]
fn the_expected_user_is_compared_as_the_client_knows_them() {
    let since = |case: Case| case.logged_in_at(ago(5));
    let pairwise = |case: Case| Case { client_subject: subject("pseudonym"), ..case };
    let table = [
        ("the expected user", Case::asking(&[]).expecting("alice"), "approved"),
        ("another, from before", Case::asking(&[]).expecting("bob"), "log in"),
        ("another, silently", Case::asking(&[("prompt", "none")]).expecting("bob"), "login_required"),
        ("another, who has just logged in", since(Case::asking(&[])).expecting("bob"), "login_required"),
        ("the expected one, just logged in", since(Case::asking(&[])).expecting("alice"), "approved"),
        ("by the name that another client has", pairwise(Case::asking(&[])).expecting("alice"), "log in"),
        ("by the name that this client has", pairwise(Case::asking(&[])).expecting("pseudonym"), "approved"),
    ];
    for (case, decided, expected) in table {
        assert_eq!(decided.next(), expected, "{case}");
    }
}

#[test]
fn a_login_of_another_class_than_the_required_one_is_refused() {
    let demanding = |class: &str, session| {
        let mut case = Case { session, ..Case::asking(&[]) };
        case.request.terms.claims = serde_json::from_value(json!({"a": [class]})).unwrap();
        case.next()
    };
    assert_eq!(demanding("urn:postern:acr:single-factor", Some(session())), "approved");
    let for_the_request = Session { began: ago(5), ..session() };
    assert_eq!(demanding("urn:other", Some(for_the_request)), "unmet_authentication_requirements");
    assert_eq!(demanding("urn:other", Some(session())), "log in", "another login may be of that class");
    assert_eq!(demanding("urn:other", None), "log in");
    let mut silent = Case { session: Some(session()), ..Case::asking(&[("prompt", "none")]) };
    silent.request.terms.claims = serde_json::from_value(json!({"a": ["urn:other"]})).unwrap();
    assert_eq!(silent.next(), "unmet_authentication_requirements");
}

#[test]
fn prompt_select_account_asks_until_an_account_is_chosen() {
    let select = || Case::asking(&[("prompt", "select_account")]);
    let current = |sid: &str| AccountChoice::Current(sid.into());
    let table = [
        ("not asked yet", select(), "select account"),
        ("this session", select().choosing(current("sid-1")), "approved"),
        ("a session that is gone", select().choosing(current("sid-0")), "select account"),
        ("another account", select().choosing(AccountChoice::Another), "log in"),
        ("another account, logged in", select().choosing(AccountChoice::Another).logged_in_at(ago(5)), "approved"),
        ("a login answers the question", select().logged_in_at(ago(5)), "approved"),
        ("not asked for", Case::asking(&[]).choosing(AccountChoice::Another), "approved"),
        ("asked for with consent", Case::asking(&[("prompt", "select_account consent")]), "select account"),
        ("no session", Case { session: None, ..select() }, "log in"),
    ];
    for (case, decided, expected) in table {
        assert_eq!(decided.next(), expected, "{case}");
    }
}

/// A native client on a loopback address.
fn native() -> Client {
    client(&json!({"application_type": "native", "redirect_uris": ["http://127.0.0.1/cb"]}))
}

#[test]
fn consent_is_asked_unless_it_covers_the_request_and_the_client_is_identified() {
    let loopback = ("redirect_uri", "http://127.0.0.1:51004/cb");
    let confidential = confidential_client(&json!({
        "application_type": "native", "redirect_uris": ["http://127.0.0.1/cb"],
    }));
    let trusted = || client(&json!({"trusted": true}));
    let by_name = r#"{"userinfo":{"email":null}}"#;
    let consented = |scope: &str, claims: &[&str], case: Case| {
        let consent = allowed(scope, claims);
        Case { consent: Some(consent), ..case }
    };
    let asking_email = || Case::asking(&[("claims", by_name)]);
    let table = vec![
        ("never", Case { consent: None, ..Case::asking(&[]) }, "ask consent"),
        ("never, silently", Case { consent: None, ..Case::asking(&[("prompt", "none")]) }, "consent_required"),
        ("for less", consented("openid", &[], Case::asking(&[])), "ask consent"),
        ("for more", consented("openid read write", &[], Case::asking(&[])), "approved"),
        ("a claim by name", asking_email(), "ask consent"),
        ("a claim that was allowed by name", consented("openid read", &["email"], asking_email()), "approved"),
        ("a claim that was allowed by a scope", consented("openid read email", &[], asking_email()), "approved"),
        ("prompt=consent", Case::asking(&[("prompt", "consent")]), "ask consent"),
        ("a trusted client", Case { consent: None, ..Case::of(trusted(), &[]) }, "approved"),
        ("a trusted client, prompt=consent", Case::of(trusted(), &[("prompt", "consent")]), "approved"),
        ("a public client on loopback", Case::of(native(), &[loopback]), "ask consent"),
        ("a confidential client on loopback", Case::of(confidential, &[loopback]), "approved"),
    ];
    for (case, decided, expected) in table {
        assert_eq!(decided.next(), expected, "{case}");
    }
}

/// A client of a workspace with scopes of every kind.
fn with_kinds(native: bool) -> Client {
    let scope = |name: &str, flag: &str| {
        let mut scope = json!({"name": name, "title": name});
        scope[flag] = true.into();
        scope
    };
    let workspace = json!({"scopes": [
        {"name": "openid", "title": "O"}, {"name": "read", "title": "R"}, {"name": "accounts.*", "title": "A"},
        scope("free", "implicit_grant"), scope("free.*", "implicit_grant"), scope("once.*", "transient"),
    ]});
    let mut change =
        json!({"scope": "openid read accounts.* free free.* once.*", "grant_types": ["authorization_code"]});
    if native {
        change["application_type"] = "native".into();
        change["redirect_uris"] = json!([REDIRECT_URI, "http://127.0.0.1/cb"]);
    }
    registered(&change, &workspace).unwrap()
}

#[test]
fn sec_authz_18_consent_is_asked_for_each_instance_as_its_template_says() {
    let asking = |scope: &str| Case::of(with_kinds(false), &[("scope", scope)]);
    let consented = |consent: &str, scope: &str| Case { consent: Some(allowed(consent, &[])), ..asking(scope) };
    let claims = ("claims", r#"{"userinfo": {"email": null}}"#);
    let table = vec![
        ("an instance", consented("openid read", "openid accounts.1"), "ask consent"),
        ("that instance", consented("openid accounts.1", "openid accounts.1"), "approved"),
        ("another instance", consented("openid accounts.1", "openid accounts.2"), "ask consent"),
        ("the template allows none", consented("openid accounts.*", "openid accounts.1"), "ask consent"),
        ("implied", Case { consent: None, ..asking("free free.7") }, "approved"),
        ("implied and another", Case { consent: None, ..asking("free openid") }, "ask consent"),
        ("implied and another that was allowed", consented("openid", "openid free"), "approved"),
        (
            "implied, with a claim",
            Case { consent: None, ..Case::of(with_kinds(false), &[("scope", "openid free"), claims]) },
            "ask consent",
        ),
        (
            "implied, with a claim that was not allowed",
            Case {
                consent: Some(allowed("read", &[])),
                ..Case::of(with_kinds(false), &[("scope", "openid free"), claims])
            },
            "ask consent",
        ),
        ("prompt=consent", Case::of(with_kinds(false), &[("scope", "free"), ("prompt", "consent")]), "ask consent"),
        ("transient", consented("openid once.1", "openid once.1"), "ask consent"),
        (
            "transient, silently",
            Case {
                consent: Some(allowed("once.1", &[])),
                ..Case::of(with_kinds(false), &[("scope", "once.1"), ("prompt", "none")])
            },
            "consent_required",
        ),
        (
            "implied, for a program that others can pose as",
            Case::of(with_kinds(true), &[("scope", "free"), ("redirect_uri", "http://127.0.0.1:1/cb")]),
            "ask consent",
        ),
    ];
    for (case, input, expected) in table {
        assert_eq!(input.next(), expected, "{case}");
    }
    let before = consented("openid once.1 accounts.1", "openid once.1 accounts.1 accounts.2").input(decide);
    let NextStep::AskConsent(Some(before)) = before else { panic!("{before:?}") };
    assert_eq!(before.scope, scopes("openid accounts.1"), "what is asked each time was never allowed before");
}

#[test]
fn an_approval_carries_the_request_and_the_user() {
    let case = Case { client_subject: subject("pseudonym"), ..Case::asking(&[("nonce", "n")]) };
    let NextStep::Approved(approved) = case.input(decide) else { panic!("not approved") };
    assert_eq!(approved.redirect_uri().as_str(), REDIRECT_URI);
    assert_eq!(approved.terms().nonce.as_deref(), Some("n"));
    assert_eq!(approved.session(), &session());
    assert_eq!(approved.client_subject(), &subject("pseudonym"));
    assert_eq!(approved.scope(), &scopes("openid read"));
    assert!(approved.claims().is_empty());
}

#[test]
fn a_user_can_only_narrow_the_request() {
    let claims = r#"{"userinfo":{"email":null,"name":null},"id_token":{"locale":null}}"#;
    let case = Case { consent: None, ..Case::asking(&[("scope", "openid read write"), ("claims", claims)]) };
    let table = [
        (&[][..], &[][..], "openid read write", &["email", "locale", "name"][..]),
        (&["write"], &[], "openid read", &["email", "locale", "name"]),
        (&["openid", "read"], &[], "openid write", &["email", "locale", "name"]),
        (&["never_asked"], &["phone_number"], "openid read write", &["email", "locale", "name"]),
        (&[], &["email"], "openid read write", &["locale", "name"]),
        (&["profile"], &[], "openid read write", &["email"]),
    ];
    for (kept_scopes, kept_claims, scope, names) in table {
        let approved = case.approved(kept_scopes, kept_claims);
        assert_eq!(approved.scope(), &scopes(scope), "{kept_scopes:?} {kept_claims:?}");
        assert_eq!(approved.claims().names(), claim_names(names), "{kept_scopes:?} {kept_claims:?}");
    }
}

#[test]
fn withholding_every_scope_denies_the_request() {
    let plain = Case::asking(&[("scope", "read write")]);
    assert_eq!(name(&plain.allowed(&["read"], &[])), "approved");
    assert_eq!(name(&plain.allowed(&["read", "write"], &[])), RedirectError::AccessDenied.code());
    let mut nothing = Case::asking(&[]);
    nothing.request.terms.scope = scopes("");
    assert_eq!(name(&nothing.allowed(&[], &[])), "approved", "nothing was asked for, so nothing is withheld");
}

#[test]
fn pressing_allow_only_answers_the_consent_prompt() {
    assert_eq!(name(&Case::asking(&[("prompt", "consent")]).allowed(&[], &[])), "approved");
    assert_eq!(name(&Case { session: None, ..Case::asking(&[]) }.allowed(&[], &[])), "log in");
    assert_eq!(name(&Case::asking(&[("prompt", "select_account")]).allowed(&[], &[])), "select account");
    assert_eq!(name(&Case::asking(&[]).expecting("bob").allowed(&[], &[])), "log in");
}

#[test]
fn consent_is_read_only_where_it_can_make_a_difference() {
    let loopback = ("redirect_uri", "http://127.0.0.1:51004/cb");
    let table = [
        ("a public web client", client(&json!({})), vec![], true),
        ("prompt=consent", client(&json!({})), vec![("prompt", "consent")], false),
        ("prompt=login", client(&json!({})), vec![("prompt", "login")], true),
        ("a trusted client", client(&json!({"trusted": true})), vec![], false),
        ("a public client on loopback", native(), vec![loopback], false),
    ];
    for (case, client, changes, expected) in table {
        assert_eq!(depends_on_consent(&request(&client, &changes), &client), expected, "{case}");
    }
}

/// A client for users in the group `staff`, with a scope for editors and a service for users of the department `hr`.
fn for_some(attributes: &Value, changes: &[(&str, &str)]) -> Case {
    let editors = json!({"name": "write", "title": "W", "allowed_users": {"roles": ["editor"]}});
    let names = ["openid", "read", "profile", "email", "offline_access"];
    let scopes = names
        .into_iter()
        .map(|name| json!({"name": name, "title": name}))
        .chain([editors, json!({"name": "pay", "title": "P", "resource": "https://a.example"})]);
    let pool = json!({"identifiers": ["email"], "attributes": [{"name": "department"}]});
    let of_workspace = json!({
        "pool": pool, "scopes": scopes.collect::<Vec<_>>(),
        "resources": [{"uri": "https://a.example", "title": "A", "allowed_users": {"attributes": {"department": ["hr"]}}}],
    });
    let of_client = json!({"allowed_users": {"groups": ["staff"]}, "scope": "openid read write pay", "trusted": true});
    let client = registered(&of_client, &of_workspace).unwrap();
    Case { attributes: serde_json::from_value(attributes.clone()).unwrap(), ..Case::of(client, changes) }
}

#[test]
fn sec_authz_19_a_user_who_may_not_use_the_client_is_refused_once_logged_in() {
    let table = [
        (json!({"groups": ["staff"]}), vec![], "approved"),
        (json!({"groups": ["guests"]}), vec![], "access_denied"),
        (json!({}), vec![], "access_denied"),
        (json!({}), vec![("prompt", "none")], "access_denied"),
        (json!({}), vec![("prompt", "select_account")], "select account"),
        (json!({"groups": ["staff"]}), vec![("scope", "write")], "access_denied"),
        (json!({"groups": ["staff"]}), vec![("scope", "pay")], "access_denied"),
        (json!({"groups": ["staff"], "department": "hr"}), vec![("scope", "pay")], "approved"),
        (json!({"groups": ["staff"]}), vec![("resource", "https://a.example")], "access_denied"),
        (json!({"groups": ["staff"], "department": "hr"}), vec![("resource", "https://a.example")], "approved"),
    ];
    for (attributes, changes, expected) in table {
        let case = for_some(&attributes, &changes);
        assert_eq!(case.next(), expected, "{attributes} {changes:?}");
        let stranger = Case { session: None, ..for_some(&attributes, &[]) };
        assert_eq!(stranger.next(), "log in", "nobody learns anything before a login");
    }
}

#[test]
fn sec_authz_19_a_scope_that_the_user_may_not_have_is_left_out_and_not_asked_for() {
    let all = [("scope", "openid read write pay")];
    let table = [
        (json!({"groups": ["staff"]}), "openid read"),
        (json!({"groups": ["staff"], "roles": ["editor"]}), "openid read write"),
        (json!({"groups": ["staff"], "roles": ["editor"], "department": "hr"}), "openid read write pay"),
    ];
    for (attributes, expected) in table {
        assert_eq!(for_some(&attributes, &all).approved(&[], &[]).scope().joined(), expected, "{attributes}");
    }
    let mut asking = for_some(&json!({"groups": ["staff"]}), &all);
    asking.client.consent = ConsentPolicy::Ask;
    assert_eq!(asking.next(), "approved", "what was remembered covers all that is offered");
}

#[test]
fn sec_authz_25_acr_values_with_a_class_of_ours_are_a_demand_and_others_a_wish() {
    let (single, multi) = ("urn:postern:acr:single-factor", "urn:postern:acr:multi-factor");
    let both = format!("{multi} {single}");
    let of_class = |class, began, asked: &[(&str, &str)]| {
        let mut case = Case::asking(asked);
        let factor = Factor { method: Method::Federated, at: Some(NOW), class };
        let session = case.session.as_mut().unwrap();
        (session.authentication, session.began) = (Authentication::by(factor), began);
        case.next()
    };
    let (low, high) = (AuthenticationClass::SingleFactor, AuthenticationClass::MultiFactor);
    let unmet = "unmet_authentication_requirements";
    let table: [(_, _, &[(&str, &str)], _); 8] = [
        (low, ago(60), &[("acr_values", single)], "approved"),
        (low, ago(60), &[("acr_values", &both)], "approved"),
        (low, ago(60), &[("acr_values", "silver 9")], "approved"),
        (low, ago(60), &[("acr_values", multi)], "log in"),
        (low, NOW, &[("acr_values", multi)], unmet),
        (low, ago(60), &[("acr_values", multi), ("prompt", "none")], unmet),
        (high, ago(60), &[("acr_values", multi)], "approved"),
        (high, ago(60), &[("acr_values", single)], "approved"),
    ];
    for (class, began, asked, expected) in table {
        assert_eq!(of_class(class, began, asked), expected, "{class:?} {began:?} {asked:?}");
    }
}

#[test]
fn sec_authz_17_an_approval_carries_the_epoch_of_the_consent_that_it_rests_on() {
    let epoch = ConsentEpoch::new(3);
    let approved = |case: Case| case.approved(&[], &[]).consent();
    let consented = |consent| Case { consent, ..Case::asking(&[]) };
    assert_eq!(approved(consented(Some(allowed("openid read", &[]).in_epoch(epoch)))), Some(epoch));
    assert_eq!(approved(consented(None)), Some(ConsentEpoch::default()));
    assert_eq!(approved(Case::of(client(&json!({"trusted": true})), &[])), None, "a client that needs none");
}
