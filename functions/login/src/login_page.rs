//! The content of the login page.

use frontchannel::{BrowserContext, FrontChannel, PendingAuthorization};
use http::HeaderValue;
use http::header::{REFRESH, RETRY_AFTER};
use pages::{Asks, Frame, IdentifierLabel, LanguageChoice, LoginPage, ProviderLink, mark, page};
use protocol::authorization::refusal::Refusal;
use protocol::federation::source_choice;
use protocol::users::identifier::IdentifierKind;
use protocol::workspace::settings::Settings;
use protocol::workspace::upstream_provider::UpstreamProvider;
use web::Response;
use web::response::set;

/// The values in the form.
pub(crate) struct LoginForm<'a> {
    /// The name.
    pub(crate) username: &'a str,
    /// What became of the last attempt.
    pub(crate) attempt: Attempt,
    /// What the page has.
    pub(crate) view: LoginView<'a>,
}

/// What became of an attempt to log in, or to find a provider by an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// There was none yet.
    None,
    /// It failed.
    Failed,
    /// There were too many: the next can be made in this number of seconds.
    TooMany(u32),
}

/// What the login page has.
#[derive(Clone, Copy)]
pub(crate) enum LoginView<'a> {
    /// A field for the address, and the providers that are listed.
    Address,
    /// All ways to sign in that are listed.
    Everything,
    /// One provider.
    Only(&'a UpstreamProvider),
}

impl LoginView<'_> {
    /// All ways to sign in, or the field for the address if that is the only way.
    pub(crate) fn of_all(settings: &Settings) -> Self {
        let nothing = !settings.has_passwords() && source_choice::listed(settings, None).is_empty();
        if nothing { Self::Address } else { Self::Everything }
    }
}

/// The login page.
pub(crate) async fn login_page(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    pending: &PendingAuthorization,
    form: &LoginForm<'_>,
) -> Result<Response, Refusal> {
    let nonce = front.browser.nonce()?;
    let interaction = front.seal(pending, None).await?;
    let links = Links { pending, interaction: &interaction, last_used: front.last_source(context) };
    Ok(links.page(&nonce, form))
}

/// The login page with one provider, to which the browser goes on by itself.
///
/// It is no redirect: after a form, browsers hold every redirect against `form-action`, and where the provider leads is
/// not ours to know (CSP 3 §6.4.1).
pub(crate) async fn leading_page(
    front: &FrontChannel,
    pending: &PendingAuthorization,
    provider: &UpstreamProvider,
) -> Result<Response, Refusal> {
    let nonce = front.browser.nonce()?;
    let interaction = front.seal(pending, None).await?;
    let links = Links { pending, interaction: &interaction, last_used: None };
    let mut response =
        links.page(&nonce, &LoginForm { username: "", attempt: Attempt::None, view: LoginView::Only(provider) });
    set(response.headers_mut(), REFRESH, &format!("0;url={}", links.to(provider)));
    Ok(response)
}

/// Where the login page leads.
struct Links<'a> {
    pending: &'a PendingAuthorization,
    interaction: &'a str,
    last_used: Option<&'a str>,
}

impl Links<'_> {
    /// The link to a provider.
    fn to(&self, provider: &UpstreamProvider) -> String {
        let path = format!("/login/upstream/{}?interaction={}", provider.id, self.interaction);
        self.pending.workspace().issuer.url(&path)
    }

    /// The providers that the page shows.
    fn providers<'f>(&'f self, view: LoginView<'f>, frame: &Frame<'_>) -> Vec<ProviderLink<'f>> {
        let listed = match view {
            LoginView::Only(provider) => vec![provider],
            LoginView::Address | LoginView::Everything => {
                source_choice::listed(&self.pending.workspace().settings, self.last_used)
            }
        };
        let link = |provider: &'f UpstreamProvider| ProviderLink {
            id: provider.id.as_str(),
            title: frame.localized(&provider.title),
            link: self.to(provider),
            icon: provider.icon.map(mark),
            last_used: self.last_used == Some(provider.id.as_str()),
        };
        listed.into_iter().map(link).collect()
    }

    fn page(&self, nonce: &str, form: &LoginForm<'_>) -> Response {
        let (pending, workspace) = (self.pending, self.pending.workspace());
        let sandbox = workspace.settings.sandbox.as_ref().filter(|_| matches!(form.view, LoginView::Everything));
        let hinted = sandbox.filter(|sandbox| sandbox.hint).and_then(|sandbox| sandbox.users.first());
        let frame = self.framed(nonce, form.view);
        let providers = self.providers(form.view, &frame);
        let (back, other) = (pending.way_back(), self.other(form.view));
        let recovery = workspace.settings.has_recovery();
        let recovery =
            recovery.then(|| workspace.issuer.url(&format!("/login/recovery?interaction={}", self.interaction)));
        let template = LoginPage {
            frame: &frame,
            client: (!pending.is_of_device_page()).then_some(pending.client().name_in(pending.language())),
            action: &workspace.issuer.url("/login"),
            interaction: self.interaction,
            username: form.username,
            failed: form.attempt == Attempt::Failed,
            wait: match form.attempt {
                Attempt::TooMany(seconds) => Some(seconds),
                Attempt::None | Attempt::Failed => None,
            },
            identifiers: identifiers(&workspace.settings),
            asks: match form.view {
                LoginView::Address => Asks::Address,
                LoginView::Everything if workspace.settings.has_passwords() => Asks::Password,
                LoginView::Everything => Asks::Provider,
                LoginView::Only(_) => Asks::Nothing,
            },
            hint: hinted.map(|user| (user.username.as_str(), user.password.as_str())),
            providers: &providers,
            other: other.as_deref(),
            recovery: recovery.as_deref(),
            back: back.as_deref(),
        };
        let status = match form.attempt {
            Attempt::None => 200,
            Attempt::Failed => 403,
            Attempt::TooMany(_) => 429,
        };
        let mut response = page(status, &template, &frame, &pending.request.redirect_uri.form_targets());
        if let Attempt::TooMany(seconds) = form.attempt {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// The link from one provider to the other ways to sign in, if there are any.
    fn other(&self, view: LoginView<'_>) -> Option<String> {
        let issuer = &self.pending.workspace().issuer;
        let several = matches!(view, LoginView::Only(_)) && source_choice::several(&self.pending.workspace().settings);
        several.then(|| issuer.url(&format!("/login?interaction={}&other=1", self.interaction)))
    }

    /// The frame, whose languages lead to the same view.
    fn framed<'f>(&'f self, nonce: &'f str, view: LoginView<'_>) -> Frame<'f> {
        let workspace = self.pending.workspace();
        let mut fields = vec![("interaction", self.interaction.to_owned())];
        if matches!(view, LoginView::Everything) {
            fields.push(("other", "1".into()));
        }
        let choice = LanguageChoice { action: workspace.issuer.url("/login"), fields };
        Frame::new(nonce, &workspace.settings, self.pending.language()).offering(choice)
    }
}

/// What the page calls the thing that users log in with. Test users of the sandbox have names.
fn identifiers(settings: &Settings) -> IdentifierLabel {
    let kinds = settings.pool.as_ref().map(|pool| pool.identifiers.as_slice()).unwrap_or_default();
    let named = settings.sandbox.is_some() || kinds.contains(&IdentifierKind::Username);
    match (kinds.contains(&IdentifierKind::Email), named) {
        (true, true) => IdentifierLabel::EmailOrUsername,
        (true, false) => IdentifierLabel::Email,
        (false, _) => IdentifierLabel::Username,
    }
}
