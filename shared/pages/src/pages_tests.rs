//! Tests of all pages together.

use askama::Template as _;
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::WayOut;
use protocol::clients::client::ClientDisplay;
use protocol::syntax::parameters::ParameterError;
use protocol::syntax::quoted::Quoted;
use protocol::types::language::Language;
use protocol::workspace::settings::Settings;

use crate::error::{ErrorPage, advice, explained, explanation, title};
use crate::form_post::FormPostPage;
use crate::*;

/// What drives a browser finds them by their ids: tests of applications, and of conformance.
#[test]
fn every_button_and_every_field_has_an_id() {
    for (name, template) in [
        ("login", include_str!("../templates/login.html")),
        ("account", include_str!("../templates/account.html")),
        ("consent", include_str!("../templates/consent.html")),
        ("components", include_str!("../templates/components.html")),
        ("device", include_str!("../templates/device.html")),
        ("device_consent", include_str!("../templates/device_consent.html")),
        ("logout", include_str!("../templates/logout.html")),
        ("outcome", include_str!("../templates/outcome.html")),
        ("recovery", include_str!("../templates/recovery.html")),
        ("new_password", include_str!("../templates/new_password.html")),
    ] {
        for begin in ["<button", "<input", "<a class=\"button\""] {
            for element in template.split(begin).skip(1) {
                assert!(element.split('>').next().unwrap().contains(" id=\""), "{name}: {begin}{element}");
            }
        }
    }
}

const EVIL: &str = "\"><script>alert(1)</script>'{{7*7}}";

fn settings(name: &str) -> Settings {
    serde_json::from_value(serde_json::json!({ "name": name, "default_audience": "https://api.example" })).unwrap()
}

/// Every page, in which every value is `EVIL`.
fn evil_pages() -> Vec<String> {
    let settings = settings(EVIL);
    let frame = Frame::new("n", &settings, Language::English);
    let frame = frame.offering(LanguageChoice { action: EVIL.into(), fields: vec![("interaction", EVIL.into())] });
    let mut pages = Vec::new();
    pages.extend(sign_in_pages(&frame));
    pages.extend(recovery_pages(&frame));
    pages.extend(consent_pages(&frame));
    pages.extend(final_pages(&frame));
    pages
}

fn recovery_pages(frame: &Frame<'_>) -> [String; 3] {
    let (identifiers, wait) = (IdentifierLabel::Email, Some(60));
    let asked = RecoveryPage { frame, action: EVIL, interaction: EVIL, identifiers, account: EVIL, wait, back: EVIL };
    let page = |proof| {
        let problem = Some(NewPasswordProblem::Known);
        NewPasswordPage { frame, action: EVIL, proof, account: EVIL, minimum: 15, problem }.render().unwrap()
    };
    let code = ProofForm::Code { interaction: EVIL, code: EVIL, back: EVIL };
    [asked.render().unwrap(), page(code), page(ProofForm::Link(EVIL))]
}

fn sign_in_pages(frame: &Frame<'_>) -> [String; 5] {
    let providers = [ProviderLink { id: EVIL, title: EVIL, link: EVIL.to_owned(), icon: None, last_used: true }];
    let login = |asks| LoginPage {
        frame,
        client: Some(EVIL),
        action: EVIL,
        interaction: EVIL,
        username: EVIL,
        failed: true,
        wait: None,
        identifiers: IdentifierLabel::EmailOrUsername,
        asks,
        hint: Some((EVIL, EVIL)),
        providers: &providers,
        other: Some(EVIL),
        recovery: Some(EVIL),
        back: Some(EVIL),
    };
    let account = AccountPage { frame, client: EVIL, user: EVIL, action: EVIL, interaction: EVIL };
    let sessions =
        [SessionRow { reference: EVIL.into(), browser: None, system: None, began: 1, used: 1, is_this: false }];
    let (id, name, allowed) = (EVIL.into(), EVIL.into(), vec![EVIL.into()]);
    let own = OwnAccountPage {
        frame,
        user: EVIL,
        action: EVIL,
        token: EVIL,
        notice: Some(AccountNotice::Ended),
        profile: &[("name", EVIL.into())],
        ways: &[SignInWay::Provider(EVIL.into())],
        sessions: &sessions,
        applications: &[ApplicationRow { id, name, allowed, claims: vec!["email"], given: 1 }],
        sign_out: EVIL,
    };
    let problem = Some(DeviceProblem::TooMany(60));
    let device = DevicePage { frame, action: EVIL, user_code: EVIL, problem };
    [
        login(Asks::Password).render().unwrap(),
        login(Asks::Address).render().unwrap(),
        account.render().unwrap(),
        own.render().unwrap(),
        device.render().unwrap(),
    ]
}

fn permissions() -> Permissions<'static> {
    let text = PermissionText::Described(EVIL, EVIL);
    let other = PermissionRow {
        field: "allow_claim",
        name: EVIL,
        text: PermissionText::StandardClaim,
        parameters: Vec::new(),
        optional: true,
        sensitive: false,
        group: None,
    };
    let row = PermissionRow {
        field: "allow",
        name: EVIL,
        text,
        parameters: vec![EVIL],
        optional: true,
        sensitive: true,
        group: Some(EVIL),
    };
    Permissions::new(vec![row, other], |row| row.group.is_none())
}

fn consent_pages(frame: &Frame<'_>) -> [String; 2] {
    let permissions = permissions();
    let display = ClientDisplay { publisher: Some(EVIL.into()), ..ClientDisplay::default() };
    let client = ClientCard { name: EVIL, id: EVIL, display: &display };
    let apis = [ApiRow { title: Some(EVIL), uri: EVIL }];
    let consent = ConsentPage {
        frame,
        client,
        destination: EVIL,
        unassured: true,
        user: EVIL,
        account: EVIL,
        action: EVIL,
        interaction: EVIL,
        permissions: &permissions,
        apis: &apis,
        lifetime: 60,
    };
    let device = DeviceConsentPage {
        frame,
        client,
        user_code: EVIL,
        user: EVIL,
        action: EVIL,
        interaction: EVIL,
        permissions: &permissions,
        apis: &apis,
        asked: 60,
        address: EVIL,
        same_network: false,
        user_agent: EVIL,
        lifetime: 60,
    };
    [consent.render().unwrap(), device.render().unwrap()]
}

fn final_pages(frame: &Frame<'_>) -> [String; 6] {
    let fields = [("state", EVIL.to_owned())];
    let form_post = FormPostPage { frame, destination: EVIL, action: EVIL, fields: &fields };
    let ways = [WayOut::Application { name: EVIL.into(), link: EVIL.into() }];
    let error = PageError::UnregisteredRedirectUri(Quoted::of(EVIL));
    let error =
        ErrorPage { frame, error, title: title(error), advice: advice(error, &ways), ways: &ways, trace_id: EVIL };
    let logout = |failed| {
        let problem = Some(PageError::UnregisteredPostLogoutUri(Quoted::of(EVIL)));
        let page =
            LogoutPage { frame, client: Some(EVIL), user: EVIL, action: EVIL, confirmation: EVIL, failed, problem };
        page.render().unwrap()
    };
    let outcome = OutcomePage { frame, outcome: Outcome::SignedOut, back: Some((EVIL, EVIL)) };
    let start = StartPage { frame, issuers: &[EVIL.to_owned()] };
    [
        form_post.render().unwrap(),
        error.render().unwrap(),
        logout(false),
        logout(true),
        outcome.render().unwrap(),
        start.render().unwrap(),
    ]
}

#[test]
fn sec_xss_01_every_displayed_value_is_escaped() {
    for html in evil_pages() {
        assert!(html.contains("{{7*7}}"), "{html}");
        assert!(!html.contains("<script>alert"), "{html}");
        assert!(!html.contains("\"><script") && !html.contains("{{7*7}}'"), "{html}");
        assert!(!html.contains(" onclick"), "{html}");
    }
}

#[test]
fn a_page_is_small() {
    for html in evil_pages() {
        assert!(html.len() < 15_000, "{} bytes: {html}", html.len());
    }
}

#[test]
fn sec_hdr_01_and_02_a_page_carries_the_full_policy() {
    let settings = settings("w");
    let frame = Frame::new("abc", &settings, Language::Arabic);
    let template = OutcomePage { frame: &frame, outcome: Outcome::SignedOut, back: None };
    let page = page(400, &template, &frame, &["https://app.example".into(), "com.example:".into()]);
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    for directive in [
        "default-src 'none'",
        "script-src 'nonce-abc'",
        "style-src 'nonce-abc'",
        "form-action 'self' https://app.example com.example:",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
    ] {
        assert!(policy.contains(directive), "{directive}: {policy}");
    }
    assert!(!policy.contains("unsafe"));
    assert_eq!(page.headers()["x-frame-options"], "DENY");
    assert_eq!(page.headers()["cross-origin-opener-policy"], "same-origin");
    assert_eq!(page.headers()["content-language"], "ar");
    assert_eq!(page.headers()["vary"], "accept-language");
    let html = std::str::from_utf8(page.body()).unwrap();
    assert!(html.contains("<html lang=\"ar\" dir=\"rtl\">"), "{html}");
}

#[test]
fn each_error_says_what_to_do() {
    let (setup, again) = ("advice-operator", "advice-sign-in-again");
    let table = [
        (PageError::Parameters(ParameterError::Encoding), 400, setup),
        (PageError::MissingClientId, 400, setup),
        (PageError::UnknownClient, 400, setup),
        (PageError::MissingRedirectUri, 400, setup),
        (PageError::UnregisteredRedirectUri(Quoted::of("x")), 400, setup),
        (PageError::UnregisteredPostLogoutUri(Quoted::of("x")), 400, setup),
        (PageError::ForeignHint, 400, setup),
        (PageError::NotAForm, 400, setup),
        (PageError::StaleLogout, 400, "advice-sign-out-again"),
        (PageError::RequestTooLarge, 400, "advice-smaller"),
        (PageError::StaleInteraction, 400, again),
        (PageError::OtherBrowser, 400, again),
        (PageError::FinishedInteraction, 400, again),
        (PageError::UnknownRequestUri, 400, again),
        (PageError::ForeignUpstreamAnswer, 400, again),
        (PageError::IncompleteForm, 400, "advice-reload"),
        (PageError::UnknownIdentitySource, 400, "advice-another-way"),
        (PageError::CrossSite, 403, "advice-reload"),
        (PageError::NotFound, 404, "advice-address"),
        (PageError::MethodNotAllowed, 405, "advice-from-application"),
        (PageError::UpstreamRefused, 502, "advice-another-way"),
        (PageError::UpstreamUnreachable, 502, "advice-wait-or-another-way"),
        (PageError::Unavailable, 503, "advice-retry"),
    ];
    for (error, status, expected) in table {
        assert_eq!((error.status(), advice(error, &[])), (status, expected), "{error:?}");
        // The page says in English what the log says.
        let (key, _) = explanation(error);
        let said = explained(&Frame::anonymous("n", Language::English), error)
            .to_string()
            .replace("<bdi>", "")
            .replace("</bdi>", "");
        let logged = error.to_string().replace('\'', "&#39;");
        assert_eq!(said.to_lowercase(), format!("{logged}.").to_lowercase(), "{key}");
    }
}
