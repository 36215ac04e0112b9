//! A request of a browser, with the context that every step needs.

use std::sync::{Arc, OnceLock};

use http::Method;
use protocol::authorization::interaction::InteractionState;
use protocol::syntax::parameters::Parameters;
use protocol::types::id::WorkspaceId;
use protocol::types::language::Language;
use protocol::types::time::Timestamp;
use protocol::workspace::settings::Workspace;
use store::configuration::LoadedWorkspace;
use web::Request;
use web::route::Endpoint;

/// The parameter that names the languages of a page.
pub const UI_LOCALES: &str = "ui_locales";

/// A request of a browser, its route, its workspace, and the time at which it arrived.
pub struct BrowserContext<'a> {
    /// The request.
    pub request: &'a Request,
    /// The endpoint that its path names.
    pub endpoint: Endpoint,
    /// The workspace that its path names.
    pub loaded: Arc<LoadedWorkspace>,
    /// The identity source in its path, if there is one.
    pub identity_source: Option<&'a str>,
    /// When it arrived.
    pub now: Timestamp,
    /// The language of its page, once that is known.
    pub(crate) language: OnceLock<Language>,
}

impl BrowserContext<'_> {
    /// The workspace.
    #[must_use]
    pub fn workspace(&self) -> &Workspace {
        &self.loaded.workspace
    }

    /// The id of the workspace.
    #[must_use]
    pub fn id(&self) -> &WorkspaceId {
        &self.loaded.workspace.id
    }

    /// The language of its page: what the user chose, the client or the browser prefers, or the workspace says.
    #[must_use]
    pub fn language(&self) -> Language {
        *self.language.get_or_init(|| self.chosen_language().unwrap_or_else(|| self.preferred_language()))
    }

    /// The language that the request names: of the client, or of the choice on a page (OpenID Connect Core §3.1.2.1,
    /// `ui_locales`).
    pub(crate) fn chosen_language(&self) -> Option<Language> {
        let encoded = if self.is_post() { &self.request.body } else { self.request.query.as_bytes() };
        let parameters = Parameters::parse(encoded).ok()?;
        let named = parameters.all(UI_LOCALES).next()?;
        Language::lookup(named.split(' '))
    }

    /// The language that the browser prefers, or that of the workspace.
    pub(crate) fn preferred_language(&self) -> Language {
        Language::lookup(self.request.preferred_languages()).unwrap_or(self.workspace().settings.language)
    }

    /// Shows pages in the language of `interaction` from now on. What the user has just chosen counts more.
    pub(crate) fn show_in_language_of(&self, interaction: &InteractionState) {
        if let Some(language) = self.chosen_language().or(interaction.language) {
            self.show_in(language);
        }
    }

    /// Shows pages in `language` from now on.
    pub(crate) fn show_in(&self, language: Language) {
        // A page that was rendered before decided already.
        let _ = self.language.set(language);
    }

    /// Whether a form was sent.
    #[must_use]
    pub fn is_post(&self) -> bool {
        self.request.method == Method::POST
    }
}
