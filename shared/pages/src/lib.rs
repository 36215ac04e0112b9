//! Pages: plain, fast, accessible, in light and dark, and working without JavaScript.
//!
//! Templates are compiled and escape everything that they are given (catalogue row SEC-XSS-01).

mod marks;

use askama::Template;
use http::header::{self, HeaderName, HeaderValue};
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::WayOut;
use protocol::authorization::response::AnswerForm;

use web::json::TRACE_ID;
use web::request::Request;
use web::response::{Caching, Response, response, set};

pub use marks::mark;

/// The login page.
#[derive(Template)]
#[template(path = "login.html")]
pub struct LoginPage<'a> {
    /// The CSP nonce of this page's own style and script.
    pub nonce: &'a str,
    /// The name of the workspace.
    pub workspace: &'a str,
    /// The name of the client.
    pub client: &'a str,
    /// Where the form goes.
    pub action: &'a str,
    /// The sealed interaction.
    pub interaction: &'a str,
    /// The user name typed before, or the client's `login_hint`.
    pub username: &'a str,
    /// Whether the last attempt failed.
    pub failed: bool,
    /// Whether names and passwords can be used here at all.
    pub passwords: bool,
    /// Credentials to show, for the sandbox.
    pub hint: Option<(&'a str, &'a str)>,
    /// Whether the user's address is asked for first, which may belong to a provider.
    pub address_first: bool,
    /// Other providers.
    pub providers: &'a [ProviderLink<'a>],
    /// The link that tells the client its user has turned back, if possible.
    pub back: Option<&'a str>,
}

/// A provider on the login page.
pub struct ProviderLink<'a> {
    /// Its id.
    pub id: &'a str,
    /// What users know it as.
    pub title: &'a str,
    /// Where its button leads.
    pub link: String,
    /// The path of its icon, if it has one ([`mark`]).
    pub icon: Option<&'static str>,
    /// Whether this browser logged in with it last.
    pub last_used: bool,
}

/// The page that asks which account to go on with.
#[derive(Template)]
#[template(path = "account.html")]
pub struct AccountPage<'a> {
    /// The CSP nonce of this page's own style and script.
    pub nonce: &'a str,
    /// The name of the workspace.
    pub workspace: &'a str,
    /// The name of the client.
    pub client: &'a str,
    /// How the user is addressed who is logged in.
    pub user: &'a str,
    /// Where the form goes.
    pub action: &'a str,
    /// The sealed interaction.
    pub interaction: &'a str,
}

/// The consent page.
#[derive(Template)]
#[template(path = "consent.html")]
pub struct ConsentPage<'a> {
    /// The CSP nonce of this page's own style and script.
    pub nonce: &'a str,
    /// The name of the workspace.
    pub workspace: &'a str,
    /// The name of the client.
    pub client: &'a str,
    /// The id of the client.
    pub client_id: &'a str,
    /// Where the user is sent afterwards.
    pub destination: &'a str,
    /// Whether another program could receive redirects to that destination.
    pub unassured: bool,
    /// How the user is addressed.
    pub user: &'a str,
    /// Where the form goes.
    pub action: &'a str,
    /// The sealed interaction.
    pub interaction: &'a str,
    /// The requested scopes.
    pub scopes: &'a [ScopeRow<'a>],
    /// The requested APIs.
    pub apis: &'a [ApiRow<'a>],
    /// Whether any of them can be withheld.
    pub divisible: bool,
    /// For how long, in words.
    pub lifetime: &'a str,
}

/// The page on which users enter the code of a device.
#[derive(Template)]
#[template(path = "device.html")]
pub struct DevicePage<'a> {
    /// The CSP nonce of this page's own style and script.
    pub nonce: &'a str,
    /// The name of the workspace.
    pub workspace: &'a str,
    /// Where the form goes.
    pub action: &'a str,
    /// The code that a link brought, to be confirmed by the user.
    pub user_code: &'a str,
    /// What is wrong with the code that was entered before.
    pub problem: Option<&'a str>,
}

/// The page that asks whether a device may have what it asks for.
#[derive(Template)]
#[template(path = "device_consent.html")]
pub struct DeviceConsentPage<'a> {
    /// The CSP nonce of this page's own style and script.
    pub nonce: &'a str,
    /// The name of the workspace.
    pub workspace: &'a str,
    /// The name of the client.
    pub client: &'a str,
    /// The id of the client.
    pub client_id: &'a str,
    /// The code.
    pub user_code: &'a str,
    /// How the user is addressed.
    pub user: &'a str,
    /// Where the form goes.
    pub action: &'a str,
    /// The sealed interaction.
    pub interaction: &'a str,
    /// The requested scopes.
    pub scopes: &'a [ScopeRow<'a>],
    /// The requested APIs.
    pub apis: &'a [ApiRow<'a>],
    /// Whether any of the scopes can be withheld.
    pub divisible: bool,
    /// How long ago the device asked, in words.
    pub asked: &'a str,
    /// The address that it asked from.
    pub address: &'a str,
    /// Whether the user's own address is in the same network.
    pub same_network: bool,
    /// What it calls itself.
    pub user_agent: &'a str,
    /// For how long access lasts, in words.
    pub lifetime: &'a str,
}

/// The page that asks whether to log out, or that has to ask again because it did not work.
#[derive(Template)]
#[template(path = "logout.html")]
pub struct LogoutPage<'a> {
    /// The CSP nonce of this page's own style and script.
    pub nonce: &'a str,
    /// The name of the workspace.
    pub workspace: &'a str,
    /// The name of the client that asks, if that is known.
    pub client: Option<&'a str>,
    /// How the user is addressed.
    pub user: &'a str,
    /// Where the form goes.
    pub action: &'a str,
    /// The sealed confirmation.
    pub confirmation: &'a str,
    /// Whether a confirmed logout has failed.
    pub failed: bool,
    /// What was wrong with the request, if that is why there is no link back to the client.
    pub problem: Option<&'a str>,
}

/// The page shown after a logout.
#[derive(Template)]
#[template(path = "signed_out.html")]
pub struct SignedOutPage<'a> {
    /// The CSP nonce of this page's own style.
    pub nonce: &'a str,
    /// The name of the workspace.
    pub workspace: &'a str,
    /// The outcome.
    pub title: &'a str,
    /// One sentence more.
    pub explanation: &'a str,
    /// The client to go back to: its name, and a link.
    pub back: Option<(&'a str, &'a str)>,
}

/// A scope on the consent page, or a claim requested by name.
pub struct ScopeRow<'a> {
    /// The field of the form that keeps it back.
    pub field: &'static str,
    /// The token.
    pub name: &'a str,
    /// In words.
    pub title: String,
    /// The same words within a sentence.
    pub title_inside: String,
    /// One sentence more.
    pub description: &'a str,
    /// Whether it can be withheld.
    pub optional: bool,
}

/// An API on the consent page.
pub struct ApiRow<'a> {
    /// Its title, if it has one.
    pub title: Option<&'a str>,
    /// Its URI.
    pub uri: &'a str,
}

/// The front page of a laptop that serves other workspaces than the demo.
#[derive(Template)]
#[template(path = "start.html")]
pub struct StartPage<'a> {
    /// The CSP nonce of this page's own style.
    pub nonce: &'a str,
    /// The issuers that are served.
    pub issuers: &'a [String],
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    nonce: &'a str,
    title: &'a str,
    explanation: &'a str,
    advice: &'a str,
    /// Links: their text and target.
    ways: &'a [(String, &'a str)],
    trace_id: &'a str,
}

/// The page that posts a response to the client.
#[derive(Template)]
#[template(path = "form_post.html")]
struct FormPostPage<'a> {
    nonce: &'a str,
    destination: &'a str,
    action: &'a str,
    fields: &'a [(&'static str, String)],
}

/// Headers of every page (catalogue rows SEC-HDR-02 and 07).
const ALWAYS: [(&str, &str); 4] = [
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

/// Renders a page as a response. `targets` are the external destinations that its form may redirect to: browsers apply
/// the page's `form-action` to redirects as well.
#[must_use]
pub fn page(status: u16, template: &impl Template, nonce: &str, targets: &[String]) -> Response {
    let form_action = targets.iter().fold("'self'".to_owned(), |all, target| format!("{all} {target}"));
    leading_to(&form_action, status, template, nonce)
}

/// Renders the page that posts a response to the client, by script or, without scripts, by its button (OAuth 2.0 Form
/// Post Response Mode §2). Its form targets the client, not the server.
#[must_use]
pub fn form_post_page(form: &AnswerForm, nonce: &str) -> Response {
    let destination = form.redirect_uri.destination();
    let action = form.redirect_uri.as_str();
    let template = FormPostPage { nonce, destination: &destination, action, fields: &form.fields };
    leading_to(&form.redirect_uri.form_targets().join(" "), 200, &template, nonce)
}

fn leading_to(form_action: &str, status: u16, template: &impl Template, nonce: &str) -> Response {
    // Writing into a string fails only if a value's own `Display` does, and all values here are strings.
    let body = template.render().unwrap_or_default();
    let mut page = response(status, "text/html; charset=utf-8", body, Caching::Never);
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src 'self' data:; \
         connect-src 'self'; form-action {form_action}; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    );
    let headers = page.headers_mut();
    set(headers, header::CONTENT_SECURITY_POLICY, &policy);
    for (name, value) in ALWAYS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    page
}

/// The error page.
#[must_use]
pub fn error_page(request: &Request, error: PageError, nonce: &str) -> Response {
    stranded_page(request, error, nonce, &[])
}

/// The error page with ways on.
#[must_use]
pub fn stranded_page(request: &Request, error: PageError, nonce: &str, ways: &[WayOut]) -> Response {
    let ways: Vec<(String, &str)> = ways.iter().map(way_in_words).collect();
    let explanation = sentence(&error.to_string());
    let title = match error.status() {
        404 => "Not found",
        503 => "Not available",
        _ => "This did not work",
    };
    let template = ErrorPage {
        nonce,
        title,
        explanation: &explanation,
        advice: advice(error, &ways),
        ways: &ways,
        trace_id: &request.trace_id,
    };
    let mut response = page(error.status(), &template, nonce, &[]);
    set(response.headers_mut(), TRACE_ID, &request.trace_id);
    response
}

/// The text and target of a link.
fn way_in_words(way: &WayOut) -> (String, &str) {
    match way {
        WayOut::Start(link) => ("To the start".into(), link),
        WayOut::StartOver(link) => ("Start over".into(), link),
        WayOut::OtherSignIn(link) => ("Choose another way to sign in".into(), link),
        WayOut::Application { name, link } => (format!("Back to {name}"), link),
    }
}

/// What the user can do next; with links on the page, to follow one.
fn advice<'a>(error: PageError, ways: &[(String, &str)]) -> &'a str {
    match (error, ways) {
        (_, []) | (PageError::FinishedInteraction | PageError::OtherBrowser, _) => error.advice(),
        (PageError::NotFound, _) => "Check the address, or go to the start.",
        (PageError::StaleInteraction, _) => "Start over to sign in again, or go back to the application.",
        _ => "You can sign in another way, or go back.",
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What drives a browser finds them by their ids: tests of applications, and of conformance.
    #[test]
    fn every_button_and_every_field_has_an_id() {
        for (name, template) in [
            ("login", include_str!("../templates/login.html")),
            ("account", include_str!("../templates/account.html")),
            ("consent", include_str!("../templates/consent.html")),
            ("logout", include_str!("../templates/logout.html")),
            ("signed_out", include_str!("../templates/signed_out.html")),
        ] {
            for begin in ["<button", "<input", "<a class=\"button\""] {
                for element in template.split(begin).skip(1) {
                    assert!(element.split('>').next().unwrap().contains(" id=\""), "{name}: {begin}{element}");
                }
            }
        }
    }

    #[test]
    fn sec_xss_01_every_displayed_value_is_escaped() {
        let evil = "\"><script>alert(1)</script>'{{7*7}}";
        let rows = [ScopeRow {
            field: "withhold",
            name: evil,
            title: evil.into(),
            title_inside: evil.into(),
            description: evil,
            optional: true,
        }];
        let consent = ConsentPage {
            nonce: "n",
            workspace: evil,
            client: evil,
            client_id: evil,
            destination: evil,
            unassured: true,
            user: evil,
            action: evil,
            interaction: evil,
            scopes: &rows,
            apis: &[ApiRow { title: Some(evil), uri: evil }],
            divisible: true,
            lifetime: evil,
        };
        let providers = [ProviderLink { id: evil, title: evil, link: evil.to_owned(), icon: None, last_used: true }];
        let login = LoginPage {
            nonce: "n",
            workspace: evil,
            client: evil,
            action: evil,
            interaction: evil,
            username: evil,
            failed: true,
            address_first: true,
            passwords: true,
            hint: Some((evil, evil)),
            providers: &providers,
            back: Some(evil),
        };
        let pages = [consent.render(), login.render()].into_iter();
        for html in pages.chain(other_pages(evil)).chain(at_logout(evil)).map(Result::unwrap) {
            assert!(!html.contains("<script>alert"), "{html}");
            assert!(!html.contains("\"><script") && !html.contains("{{7*7}}'"), "{html}");
            assert!(!html.contains(" onclick"), "{html}");
        }
    }

    /// The pages without rows that show `evil`.
    fn other_pages(evil: &str) -> [Result<String, askama::Error>; 3] {
        let fields = [("state", evil.to_owned())];
        let form_post = FormPostPage { nonce: "n", destination: evil, action: evil, fields: &fields };
        let account =
            AccountPage { nonce: "n", workspace: evil, client: evil, user: evil, action: evil, interaction: evil };
        let ways = [(evil.to_owned(), evil)];
        let error = ErrorPage { nonce: "n", title: evil, explanation: evil, advice: evil, ways: &ways, trace_id: evil };
        [form_post.render(), account.render(), error.render()]
    }

    /// The pages of a logout that show `evil`.
    fn at_logout(evil: &str) -> [Result<String, askama::Error>; 3] {
        let asking = |failed| LogoutPage {
            nonce: "n",
            workspace: evil,
            client: Some(evil),
            user: evil,
            action: evil,
            confirmation: evil,
            failed,
            problem: Some(evil),
        };
        let back = Some((evil, evil));
        let signed_out = SignedOutPage { nonce: "n", workspace: evil, title: evil, explanation: evil, back };
        [asking(false).render(), asking(true).render(), signed_out.render()]
    }

    #[test]
    fn sec_hdr_01_and_02_a_page_carries_the_full_policy() {
        let template = ErrorPage { nonce: "abc", title: "t", explanation: "e", advice: "a", ways: &[], trace_id: "r" };
        let page = page(400, &template, "abc", &["https://app.example".into(), "com.example:".into()]);
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
    }
}
