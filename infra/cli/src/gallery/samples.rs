//! The samples: each page in each of its states, with content as it comes.

use pages::{
    AccountNotice, AccountPage, ApiRow, ApplicationRow, Asks, ClientCard, ConsentPage, DeviceConsentPage, DevicePage,
    DeviceProblem, Frame, IdentifierLabel, LanguageChoice, LoginPage, LogoutPage, NewPasswordPage, NewPasswordProblem,
    Outcome, OutcomePage, OwnAccountPage, PermissionRow, PermissionText, Permissions, ProofForm, ProviderLink,
    RecoveryPage, SessionRow, SignInWay, StartPage, error_page, form_post_page, mark, page, stranded_page,
};
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::WayOut;
use protocol::authorization::response::AnswerForm;
use protocol::clients::client::ClientDisplay;
use protocol::clients::page_link::PageLink;
use protocol::clients::redirect_uri::{ApplicationType, RedirectUris, UriRules};
use protocol::syntax::parameters::ParameterError;
use protocol::syntax::quoted::Quoted;
use protocol::types::id::{Issuer, WorkspaceId};
use protocol::types::image::Image;
use protocol::workspace::upstream_preset::WellKnownProvider;
use web::{Request, Response};

use crate::gallery::brands::LOGO;
use crate::gallery::scene::Scene;

/// A page in one of its states.
pub(super) struct Sample {
    page: &'static str,
    state: &'static str,
    /// Shows it.
    pub(super) render: fn(&Scene) -> Response,
}

impl Sample {
    const fn new(page: &'static str, state: &'static str, render: fn(&Scene) -> Response) -> Self {
        Self { page, state, render }
    }

    /// Where the gallery has it.
    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.page, self.state)
    }
}

/// All of them.
pub(super) const SAMPLES: &[Sample] = &[
    Sample::new("login", "start", |scene| login(scene, |_| {})),
    Sample::new("login", "failed", |scene| {
        login(scene, |page| {
            page.failed = true;
            page.username = "alice";
        })
    }),
    Sample::new("login", "sandbox", |scene| login(scene, |page| page.hint = Some(("alice", "alice")))),
    Sample::new("login", "email", |scene| login(scene, |page| page.identifiers = IdentifierLabel::Email)),
    Sample::new("login", "email-failed", |scene| {
        login(scene, |page| {
            (page.identifiers, page.username, page.failed) = (IdentifierLabel::Email, "alice@example.com", true);
        })
    }),
    Sample::new("login", "too-many", |scene| {
        login(scene, |page| {
            (page.identifiers, page.username, page.wait) =
                (IdentifierLabel::EmailOrUsername, "alice@example.com", Some(240));
        })
    }),
    Sample::new("login", "passwords", |scene| login(scene, |page| page.providers = &[])),
    Sample::new("login", "providers", |scene| login(scene, |page| page.asks = Asks::Provider)),
    Sample::new("login", "icons", |scene| login_by_provider(scene, |_| {})),
    Sample::new("login", "used-last", |scene| {
        login_by_provider(scene, |page| page.providers = page.providers.get(..4).unwrap_or_default())
    }),
    Sample::new("login", "address", |scene| {
        login_by_provider(scene, |page| {
            page.asks = Asks::Address;
            page.providers = page.providers.get(1..3).unwrap_or_default();
        })
    }),
    Sample::new("login", "no-source", |scene| {
        login_by_provider(scene, |page| {
            page.asks = Asks::Address;
            page.failed = true;
            page.username = "alice@example.org";
            page.providers = &[];
        })
    }),
    Sample::new("login", "leading", |scene| {
        login_by_provider(scene, |page| {
            page.asks = Asks::Nothing;
            page.other = Some("/login?other=1");
            page.providers = page.providers.get(1..2).unwrap_or_default();
        })
    }),
    Sample::new("login", "device", |scene| {
        login(scene, |page| {
            page.client = None;
            page.back = None;
        })
    }),
    Sample::new("login", "recovery", |scene| {
        login(scene, |page| {
            page.recovery = Some("/login/recovery");
            page.providers = &[];
        })
    }),
    Sample::new("recovery", "ask", |scene| recovery(scene, None)),
    Sample::new("recovery", "too-many", |scene| recovery(scene, Some(600))),
    Sample::new("recovery", "code", |scene| new_password(scene, CODE, None)),
    Sample::new("recovery", "wrong-code", |scene| new_password(scene, CODE, Some(NewPasswordProblem::Proof))),
    Sample::new("recovery", "weak-password", |scene| new_password(scene, CODE, Some(NewPasswordProblem::Context))),
    Sample::new("recovery", "link", |scene| new_password(scene, ProofForm::Link("AQ"), None)),
    Sample::new("recovery", "ended-link", |scene| {
        new_password(scene, ProofForm::Link("AQ"), Some(NewPasswordProblem::Proof))
    }),
    Sample::new("recovery", "done", |scene| outcome(scene, Outcome::PasswordChanged)),
    Sample::new("account", "choose", account),
    Sample::new("own-account", "usual", |scene| own_account(scene, 3, None)),
    Sample::new("own-account", "withdrawn", |scene| own_account(scene, 2, Some(AccountNotice::Withdrawn))),
    Sample::new("own-account", "little", |scene| own_account(scene, 0, None)),
    Sample::new("own-account", "not-signed-in", |scene| outcome(scene, Outcome::NotSignedIn)),
    Sample::new("consent", "usual", |scene| consent(scene, 4, "usual")),
    Sample::new("consent", "twelve", |scene| consent(scene, 12, "usual")),
    Sample::new("consent", "more", |scene| consent(scene, 7, "more")),
    Sample::new("consent", "native", |scene| consent(scene, 3, "native")),
    Sample::new("consent", "instances", |scene| consent(scene, 0, "instances")),
    Sample::new("consent", "nothing", |scene| consent(scene, 0, "usual")),
    Sample::new("device", "enter", |scene| device(scene, "", None)),
    Sample::new("device", "link", |scene| device(scene, "WDJB-MJHT", None)),
    Sample::new("device", "unknown", |scene| device(scene, "", Some(DeviceProblem::UnknownCode))),
    Sample::new("device", "not-signed-in", |scene| device(scene, "", Some(DeviceProblem::NotSignedIn))),
    Sample::new("device", "too-many", |scene| device(scene, "", Some(DeviceProblem::TooMany(600)))),
    Sample::new("device-consent", "usual", |scene| device_consent(scene, "203.0.113.9", "acme-cli/2.1 (linux)")),
    Sample::new("device-consent", "unknown", |scene| device_consent(scene, "", "")),
    Sample::new("device-outcome", "allowed", |scene| outcome(scene, Outcome::DeviceAllowed)),
    Sample::new("device-outcome", "denied", |scene| outcome(scene, Outcome::DeviceDenied)),
    Sample::new("device-outcome", "not-allowed", |scene| outcome(scene, Outcome::DeviceNotAllowed)),
    Sample::new("device-outcome", "invalidated", |scene| outcome(scene, Outcome::DeviceInvalidated)),
    Sample::new("logout", "asked", |scene| logout(scene, |_| {})),
    Sample::new("logout", "by-user", |scene| logout(scene, |page| page.client = None)),
    Sample::new("logout", "invalid", |scene| {
        let problem = PageError::UnregisteredPostLogoutUri(Quoted::of("https://other.example/bye"));
        logout(scene, |page| page.problem = Some(problem))
    }),
    Sample::new("logout", "failed", |scene| logout(scene, |page| page.failed = true)),
    Sample::new("logout", "done", |scene| outcome(scene, Outcome::SignedOut)),
    Sample::new("logout", "stayed", |scene| outcome(scene, Outcome::StillSignedIn)),
    Sample::new("form-post", "usual", form_post),
    Sample::new("error", "unregistered", |scene| {
        error(scene, PageError::UnregisteredRedirectUri(Quoted::of("https://app.example/callbakc")))
    }),
    Sample::new("error", "repeated", |scene| {
        error(scene, PageError::Parameters(ParameterError::Repeated("redirect_uri")))
    }),
    Sample::new("error", "unavailable", |scene| error(scene, PageError::Unavailable)),
    Sample::new("error", "not-found", |scene| error(scene, PageError::NotFound)),
    Sample::new("error", "expired", expired),
    Sample::new("error", "provider", |scene| provider_failed(scene, PageError::UpstreamUnreachable)),
    Sample::new("error", "provider-denied", |scene| provider_failed(scene, PageError::UpstreamDenied)),
    Sample::new("start", "laptop", start),
];

const CLIENT: &str = "Acme Notes";
const USER: &str = "Alice Example";

const CLIENT_ID: &str = "acme-notes";

/// A sealed interaction has about this length.
const INTERACTION: &str = "v1.Zm9vYmFyYmF6cXV4";

/// The frame of a page that can be had in other languages.
fn frame_with_choice(scene: &Scene) -> Frame<'_> {
    frame(scene).offering(LanguageChoice { action: "/".into(), fields: vec![("interaction", INTERACTION.into())] })
}

fn frame(scene: &Scene) -> Frame<'_> {
    let anonymous = || Frame::anonymous(&scene.nonce, scene.language);
    scene.settings.as_ref().map_or_else(anonymous, |settings| Frame::new(&scene.nonce, settings, scene.language))
}

fn login(scene: &Scene, change: impl FnOnce(&mut LoginPage<'_>)) -> Response {
    let provider =
        |id, title| ProviderLink { id, title, link: format!("/login/upstream/{id}"), icon: None, last_used: false };
    let providers =
        [provider("google", "Google"), provider("microsoft", "Microsoft"), provider("partner", "Partner Company")];
    login_of(scene, &providers, change)
}

fn login_of(scene: &Scene, providers: &[ProviderLink<'_>], change: impl FnOnce(&mut LoginPage<'_>)) -> Response {
    let frame = frame_with_choice(scene);
    let mut template = LoginPage {
        frame: &frame,
        client: Some(CLIENT),
        action: "/login",
        interaction: INTERACTION,
        username: "",
        failed: false,
        wait: None,
        identifiers: IdentifierLabel::Username,
        asks: Asks::Password,
        hint: None,
        providers,
        other: None,
        recovery: None,
        back: Some("https://notes.acme.example/callback?error=access_denied"),
    };
    change(&mut template);
    page(200, &template, &frame, &[])
}

/// Providers: id, title, icon.
const PROVIDERS: [(&str, &str, Option<WellKnownProvider>); 13] = [
    ("google", "Google", Some(WellKnownProvider::Google)),
    ("microsoft", "Microsoft", Some(WellKnownProvider::Microsoft)),
    ("partner", "Partner Company", None),
    ("apple", "Apple", Some(WellKnownProvider::Apple)),
    ("github", "GitHub", Some(WellKnownProvider::Github)),
    ("okta", "Okta", Some(WellKnownProvider::Okta)),
    ("auth0", "Auth0", Some(WellKnownProvider::Auth0)),
    ("cognito", "Amazon Cognito", Some(WellKnownProvider::Cognito)),
    ("keycloak", "Keycloak", Some(WellKnownProvider::Keycloak)),
    ("gitlab", "GitLab", Some(WellKnownProvider::Gitlab)),
    ("facebook", "Facebook", Some(WellKnownProvider::Facebook)),
    ("linkedin", "LinkedIn", Some(WellKnownProvider::Linkedin)),
    ("amazon", "Amazon", Some(WellKnownProvider::Amazon)),
];

/// Every provider that has an icon, the first of them used last, and one without.
fn login_by_provider(scene: &Scene, change: impl FnOnce(&mut LoginPage<'_>)) -> Response {
    let provider = |(id, title, icon): (&'static str, &'static str, Option<WellKnownProvider>)| ProviderLink {
        id,
        title,
        link: format!("/login/upstream/{id}"),
        icon: icon.map(mark),
        last_used: id == "google",
    };
    let providers: Vec<ProviderLink<'_>> = PROVIDERS.into_iter().map(provider).collect();
    login_of(scene, &providers, |page| {
        page.asks = Asks::Provider;
        change(page);
    })
}

fn account(scene: &Scene) -> Response {
    let frame = frame_with_choice(scene);
    let template =
        AccountPage { frame: &frame, client: CLIENT, user: USER, action: "/login", interaction: INTERACTION };
    page(200, &template, &frame, &[])
}

/// The account page: with nothing but this browser, or with sessions and applications.
fn own_account(scene: &Scene, count: usize, notice: Option<AccountNotice>) -> Response {
    let frame = frame(scene).offering(LanguageChoice { action: "/account".into(), fields: Vec::new() });
    let session = |reference: &str, browser, system, began, used| SessionRow {
        reference: reference.into(),
        browser,
        system,
        began,
        used,
        is_this: reference.is_empty(),
    };
    let sessions = [
        session("", Some("Firefox"), Some("Linux"), 7_300, 40),
        session("s1", Some("Samsung Internet"), Some("Android"), 40_000, 900),
        session("s2", None, None, 39_000, 39_000),
    ];
    let application = |id: &str, name: &str, allowed: &[&str], given| ApplicationRow {
        id: id.into(),
        name: name.into(),
        allowed: allowed.iter().map(|allowed| (*allowed).to_owned()).collect(),
        claims: if count == 3 { vec!["phone_number"] } else { Vec::new() },
        given,
    };
    let applications = [
        application(
            CLIENT_ID,
            CLIENT,
            &["Know who you are", "Read your notes", "Have access while you are away"],
            90_000,
        ),
        application("acme-cli", "Acme for the terminal", &["Know who you are"], 2_600_000),
    ];
    let profile = [("name", USER.to_owned()), ("email", "alice.example@a-long-domain.example".into())];
    let ways = [SignInWay::Password { set: Some(8_000_000) }, SignInWay::Provider("Partner Company".into())];
    let template = OwnAccountPage {
        frame: &frame,
        user: USER,
        action: "/account",
        token: "token",
        notice,
        profile: if count == 0 { &[] } else { &profile },
        ways: ways.get(..count.min(2)).unwrap_or_default(),
        sessions: sessions.get(..count.max(1)).unwrap_or_default(),
        applications: if count == 0 { &[] } else { &applications },
        sign_out: "/oidc/logout",
    };
    page(200, &template, &frame, &[])
}

/// Scopes as a workspace describes them: name, title, description.
const SCOPES: [(&str, &str, &str); 10] = [
    ("openid", "Know who you are", ""),
    ("profile", "See your profile", "Your name, language and picture."),
    ("offline_access", "Have access while you are away", "Until you withdraw it."),
    ("notes.read", "Read your notes", "All notebooks, those shared with you included."),
    ("notes.write", "Write and delete notes", "In notebooks of your own."),
    ("calendar.read", "See your calendar", ""),
    ("calendar.write", "Change your calendar", "Invitations are sent in your name."),
    ("contacts.read", "See your contacts", ""),
    ("files.read", "Read your files", "Those in the folder Notes only."),
    ("payments.write", "Pay in your name", "Up to the limit that you have set."),
];

fn rows(count: usize) -> Vec<PermissionRow<'static>> {
    let scopes = SCOPES.into_iter().map(|(name, title, description)| {
        let text = PermissionText::Described(title, description);
        let group = name.split_once('.').map(|(group, _)| match group {
            "notes" => "Notes",
            "payments" => "Payments",
            _ => "Other things of yours",
        });
        let (optional, sensitive) = (!matches!(name, "openid" | "notes.read"), name == "payments.write");
        PermissionRow { field: "allow", name, text, parameters: Vec::new(), optional, sensitive, group }
    });
    let claims = ["phone_number", "address"].into_iter().map(|name| {
        let text = PermissionText::StandardClaim;
        let parameters = Vec::new();
        PermissionRow { field: "allow_claim", name, text, parameters, optional: true, sensitive: false, group: None }
    });
    scopes.chain(claims).take(count).collect()
}

/// Instances of templates, and a scope without one.
fn instances() -> Vec<PermissionRow<'static>> {
    let row = |name, title, parameters| PermissionRow {
        field: "allow",
        name,
        text: PermissionText::Described(title, ""),
        parameters,
        optional: true,
        sensitive: false,
        group: None,
    };
    vec![
        row("profile", "See your profile", Vec::new()),
        row("accounts.4711", "See the turnover of the account", vec!["4711"]),
        row("accounts.DE89370400440532013000", "See the turnover of the account", vec!["DE89370400440532013000"]),
        row("pay.4711.EUR", "Pay from the account in the currency", vec!["4711", "EUR"]),
    ]
}

/// What users see of the client, which is complete only in a brand.
fn display(scene: &Scene) -> ClientDisplay {
    if scene.brand == "plain" {
        return ClientDisplay::default();
    }
    let link = |uri| PageLink::parse(uri).ok();
    ClientDisplay {
        logo: Some(Image::svg(&LOGO.replace("#1d3a8a", "#0b7a53"))),
        publisher: Some("Acme Notes GmbH, Lübeck".into()),
        policy: link("https://notes.acme.example/privacy"),
        terms: link("https://notes.acme.example/terms"),
    }
}

const APIS: &[ApiRow<'_>] = &[ApiRow { title: Some("Notes"), uri: "https://api.acme.example/notes" }];

fn consent(scene: &Scene, count: usize, case: &str) -> Response {
    let (native, before) = (case == "native", case == "more");
    let rows = if case == "instances" { instances() } else { rows(count) };
    let frame = frame_with_choice(scene);
    let template = ConsentPage {
        frame: &frame,
        client: ClientCard { name: CLIENT, id: CLIENT_ID, display: &display(scene) },
        destination: if native { "127.0.0.1:8400" } else { "notes.acme.example" },
        unassured: native,
        user: USER,
        account: "/account",
        action: "/login/consent",
        interaction: INTERACTION,
        permissions: &Permissions::new(rows, |row| before && row.group == Some("Notes")),
        apis: APIS,
        lifetime: 3600,
    };
    page(200, &template, &frame, &[])
}

/// The form for a code, as the page begins.
const CODE: ProofForm<'static> = ProofForm::Code { interaction: INTERACTION, code: "", back: "/login" };

fn recovery(scene: &Scene, wait: Option<u32>) -> Response {
    let frame = frame_with_choice(scene);
    let (identifiers, account) = (IdentifierLabel::EmailOrUsername, "alice@example.com");
    let template = RecoveryPage {
        frame: &frame,
        action: "/",
        interaction: INTERACTION,
        identifiers,
        account,
        wait,
        back: "/login",
    };
    page(200, &template, &frame, &[])
}

fn new_password(scene: &Scene, proof: ProofForm<'_>, problem: Option<NewPasswordProblem>) -> Response {
    let frame = frame(scene);
    let account = "alice@example.com";
    let template = NewPasswordPage { frame: &frame, action: "/", proof, account, minimum: 15, problem };
    page(200, &template, &frame, &[])
}

fn device(scene: &Scene, user_code: &str, problem: Option<DeviceProblem>) -> Response {
    let frame = frame_with_choice(scene);
    page(200, &DevicePage { frame: &frame, action: "/device", user_code, problem }, &frame, &[])
}

fn device_consent(scene: &Scene, address: &str, user_agent: &str) -> Response {
    let frame = frame_with_choice(scene);
    let template = DeviceConsentPage {
        frame: &frame,
        client: ClientCard { name: "Acme for the terminal", id: "acme-cli", display: &ClientDisplay::default() },
        user_code: "WDJB-MJHT",
        user: USER,
        action: "/device",
        interaction: INTERACTION,
        permissions: &Permissions::new(rows(4), |_| false),
        apis: APIS,
        asked: 40,
        address,
        same_network: address.is_empty(),
        user_agent,
        lifetime: 3600,
    };
    page(200, &template, &frame, &[])
}

fn outcome(scene: &Scene, outcome: Outcome) -> Response {
    let frame = frame(scene);
    let back = (outcome == Outcome::StillSignedIn).then_some((CLIENT, "https://notes.acme.example/"));
    page(200, &OutcomePage { frame: &frame, outcome, back }, &frame, &[])
}

fn logout(scene: &Scene, change: impl FnOnce(&mut LogoutPage<'_>)) -> Response {
    let frame = frame_with_choice(scene);
    let mut template = LogoutPage {
        frame: &frame,
        client: Some(CLIENT),
        user: USER,
        action: "/oidc/logout",
        confirmation: INTERACTION,
        failed: false,
        problem: None,
    };
    change(&mut template);
    page(200, &template, &frame, &[])
}

/// The form posts itself, so in the gallery it leads to the page itself, as a fragment.
fn form_post(scene: &Scene) -> Response {
    let Ok(workspace) = WorkspaceId::parse("default", "acme") else { return error(scene, PageError::NotFound) };
    let issuer = Issuer::new("https://auth.example", &workspace);
    let uris = RedirectUris::register(
        &["https://notes.acme.example/callback".into()],
        UriRules::new(ApplicationType::Web, &issuer),
    );
    match uris.ok().and_then(|uris| uris.only()) {
        Some(redirect_uri) => {
            form_post_page(&frame(scene), &AnswerForm { redirect_uri, fields: vec![("code", "x".into())] })
        }
        None => error(scene, PageError::NotFound),
    }
}

fn error(scene: &Scene, error: PageError) -> Response {
    error_page(&Request::nameless("q7dZ3kR1vT9mXw2c"), &frame(scene), error)
}

fn expired(scene: &Scene) -> Response {
    let application = WayOut::Application { name: CLIENT.into(), link: "https://notes.acme.example/".into() };
    let ways = [WayOut::StartOver("/login?again=1".into()), application];
    stranded_page(&Request::nameless("q7dZ3kR1vT9mXw2c"), &frame(scene), PageError::StaleInteraction, &ways)
}

fn provider_failed(scene: &Scene, error: PageError) -> Response {
    let application = WayOut::Application { name: CLIENT.into(), link: "https://notes.acme.example/".into() };
    let ways = [WayOut::OtherSignIn("/login".into()), application];
    stranded_page(&Request::nameless("q7dZ3kR1vT9mXw2c"), &frame(scene), error, &ways)
}

fn start(scene: &Scene) -> Response {
    let issuers = ["http://localhost:9000/default/acme".to_owned(), "http://localhost:9000/default/partner".to_owned()];
    let frame = Frame::anonymous(&scene.nonce, scene.language);
    page(200, &StartPage { frame: &frame, issuers: &issuers }, &frame, &[])
}
