//! What every page has in common: its nonce, its name, and its words.

use std::borrow::Borrow;

use protocol::authorization::refusal::WayOut;
use protocol::types::language::Language;
use protocol::types::localized::LocalizedText;
use protocol::workspace::brand::Brand;
use protocol::workspace::settings::Settings;

use crate::brand::BrandView;
use crate::duration::Duration;
use crate::messages::{Markup, Messages, Value};

/// The name on pages that belong to no workspace.
const PRODUCT: &str = "Postern";

/// What a page looks like, whatever it shows.
pub struct Frame<'a> {
    /// The CSP nonce of the page's own style and script.
    pub(crate) nonce: &'a str,
    /// The name of the workspace.
    pub(crate) workspace: &'a str,
    /// The language.
    pub(crate) language: Language,
    settings: Option<&'a Settings>,
    messages: Messages,
    choice: Option<LanguageChoice>,
}

/// How the user can have the page in another language: the request that shows it, without the language.
pub struct LanguageChoice {
    /// The URL of the page.
    pub action: String,
    /// The parameters with which it shows the same again.
    pub fields: Vec<(&'static str, String)>,
}

impl<'a> Frame<'a> {
    /// The frame of a page of the workspace with these settings.
    #[must_use]
    pub fn new(nonce: &'a str, settings: &'a Settings, language: Language) -> Self {
        let workspace = settings.brand.name.as_deref().unwrap_or(&settings.name);
        Self { workspace, settings: Some(settings), ..Self::anonymous(nonce, language) }
    }

    /// The frame of a page that belongs to no workspace.
    #[must_use]
    pub fn anonymous(nonce: &'a str, language: Language) -> Self {
        Self { nonce, workspace: PRODUCT, language, settings: None, messages: Messages::of(language), choice: None }
    }

    /// The same, with a choice of the language.
    #[must_use]
    pub fn offering(self, choice: LanguageChoice) -> Self {
        Self { choice: Some(choice), ..self }
    }

    /// The settings of the workspace, if the page belongs to one.
    #[must_use]
    pub const fn settings(&self) -> Option<&'a Settings> {
        self.settings
    }

    /// A text of the workspace file in the language of the page, or in that of the workspace.
    #[must_use]
    pub fn localized<'t>(&self, text: &'t LocalizedText) -> &'t str {
        text.within(self.language, self.settings.map(|settings| settings.language).unwrap_or_default())
    }

    /// The brand of the workspace.
    pub(crate) fn brand(&self) -> BrandView<'a> {
        BrandView(self.settings.map(|settings| &settings.brand))
    }

    /// The links at the foot of the page: the key of the text, and the target.
    pub(crate) fn links(&self) -> Vec<(&'static str, &'a str)> {
        let Some(settings) = self.settings else { return Vec::new() };
        let Brand { terms_uri, privacy_uri, help_uri, .. } = &settings.brand;
        let links = [("footer-terms", terms_uri), ("footer-privacy", privacy_uri), ("footer-help", help_uri)];
        let found = links.into_iter().filter_map(|(key, link)| {
            let link = link.as_ref()?.find(self.language, settings.language)?;
            Some((key, link.as_str()))
        });
        found.collect()
    }

    /// Whether there is anything at the foot of the page.
    pub(crate) fn has_footer(&self) -> bool {
        self.choice.is_some() || !self.links().is_empty()
    }

    /// The choice of the language, if the page has one.
    pub(crate) const fn choice(&self) -> Option<&LanguageChoice> {
        self.choice.as_ref()
    }

    /// Every language to choose from, and whether the page is in it.
    pub(crate) fn languages(&self) -> impl Iterator<Item = (Language, bool)> {
        Language::ALL.into_iter().map(|language| (language, language == self.language))
    }

    /// The message `key`.
    pub(crate) fn say(&self, key: &str) -> String {
        self.messages.text(key, &[])
    }

    /// The message `key` with a value.
    pub(crate) fn with(&self, key: &str, name: &str, value: impl AsRef<str>) -> Markup {
        self.messages.markup(key, &[(name, Value::Text(value.as_ref()))])
    }

    /// What the account page is called.
    #[must_use]
    pub fn account_name(&self) -> String {
        self.say("account-title")
    }

    /// What it means to allow the claim of this name.
    pub(crate) fn claim(&self, name: &str) -> String {
        self.say(&format!("claim-{name}"))
    }

    /// What the sandbox says about its first user.
    pub(crate) fn sandbox_hint(&self, username: impl AsRef<str>, password: impl AsRef<str>) -> Markup {
        let values = [("username", Value::Text(username.as_ref())), ("password", Value::Text(password.as_ref()))];
        self.messages.markup("sandbox-hint", &values)
    }

    /// How the demo is started.
    pub(crate) fn demo_command(&self, command: &str, option: &str) -> Markup {
        self.messages.markup("start-demo", &[("command", Value::Text(command)), ("option", Value::Text(option))])
    }

    /// The title of the browser's tab.
    pub(crate) fn titled(&self, key: &str) -> String {
        format!("{} – {}", self.say(key), self.workspace)
    }

    /// The title of the browser's tab, with a value.
    pub(crate) fn titled_with(&self, key: &str, name: &str, value: impl AsRef<str>) -> String {
        format!("{} – {}", self.messages.text(key, &[(name, Value::Text(value.as_ref()))]), self.workspace)
    }

    /// So many seconds, in words.
    pub(crate) fn duration(&self, seconds: impl Borrow<u32>) -> Markup {
        self.measured("duration", *seconds.borrow())
    }

    /// So many seconds ago, in words.
    pub(crate) fn ago(&self, seconds: impl Borrow<u32>) -> Markup {
        self.measured("device-asked-ago", *seconds.borrow())
    }

    /// The message `key` with any values.
    pub(crate) fn markup(&self, key: &str, values: &[(&str, Value<'_>)]) -> Markup {
        self.messages.markup(key, values)
    }

    /// The text of a link that does not lead to the client.
    pub(crate) fn way(&self, way: &WayOut) -> String {
        self.say(match way {
            WayOut::Start(_) => "way-start",
            WayOut::StartOver(_) => "way-start-over",
            WayOut::OtherSignIn(_) => "way-other-sign-in",
            WayOut::Application { .. } => "back-to",
        })
    }

    /// The message `key` about so many seconds.
    pub(crate) fn measured(&self, key: &str, seconds: u32) -> Markup {
        let Duration { unit, count } = Duration::of(seconds);
        self.messages.markup(key, &[("unit", Value::Word(unit)), ("count", Value::Count(count))])
    }
}
