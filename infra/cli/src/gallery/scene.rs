//! What a page is looked at in.

use protocol::syntax::parameters::Parameters;
use protocol::types::language::Language;
use protocol::workspace::settings::Settings;

use crate::gallery::brands::{self, BRANDS};

/// The themes of browsers.
pub(super) const THEMES: [&str; 2] = ["light", "dark"];

/// Widths of screens in CSS pixels: small and usual phones, a tablet, a laptop.
pub(super) const WIDTHS: [&str; 4] = ["320", "390", "768", "1280"];

/// What a page is looked at in.
pub(super) struct Scene {
    /// The CSP nonce of the page.
    pub(super) nonce: String,
    /// The language.
    pub(super) language: Language,
    /// The settings of its workspace.
    pub(super) settings: Option<Settings>,
    /// The brand.
    pub(super) brand: &'static str,
    /// The theme that frames have.
    pub(super) theme: &'static str,
    /// The width that frames have.
    pub(super) width: &'static str,
    /// Whether the gallery shows the page in a frame.
    pub(super) framed: bool,
}

impl Scene {
    /// Reads the scene from a query. What is unknown is as usual.
    pub(super) fn parse(query: &str, nonce: String) -> Self {
        let query = Parameters::parse(query.as_bytes()).unwrap_or_default();
        let named = |name: &'static str| query.one(name).ok().flatten().unwrap_or_default().to_owned();
        let brand = one_of(&BRANDS, &named("brand"));
        Self {
            nonce,
            language: Language::of_tag(&named("language")).unwrap_or_default(),
            settings: Self::settings(brand),
            brand,
            theme: one_of(&THEMES, &named("theme")),
            width: one_of(&WIDTHS, &named("width")),
            framed: !named("framed").is_empty(),
        }
    }

    /// The settings of a workspace with this brand.
    fn settings(brand: &str) -> Option<Settings> {
        serde_json::from_value(brands::settings(brand)).ok()
    }

    /// The query of this scene with `name` changed to `value`.
    pub(super) fn query(&self, name: &str, value: &str) -> String {
        let all =
            [("language", self.language.tag()), ("brand", self.brand), ("theme", self.theme), ("width", self.width)];
        let all = all.map(|(known, now)| format!("{known}={}", if known == name { value } else { now }));
        all.join("&amp;")
    }
}

fn one_of(known: &[&'static str], named: &str) -> &'static str {
    let found = known.iter().find(|known| **known == named);
    found.or_else(|| known.first()).copied().unwrap_or_default()
}
