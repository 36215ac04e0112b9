//! The brand of a workspace.

use super::forms::{COLOR, FAVICON, LINK, LOGO, TEXT};
use super::{Key, Kind};

pub(super) const BRAND: &[Key] = &[
    Key::optional("name", Kind::Text(&TEXT), "The name next to the logo; that of the workspace by default."),
    Key::optional(
        "logo",
        Kind::Text(&LOGO),
        "The logo: an SVG image, or a data URL of an SVG or PNG image, at most 4096 bytes.",
    ),
    Key::optional("logo_dark", Kind::Text(&LOGO), "The logo on dark ground, if it is another."),
    Key::with_default("logo_has_name", Kind::Flag, "false", "Whether the logo says the name already."),
    Key::optional("favicon", Kind::Text(&FAVICON), "The icon in the browser's tab, at most 1024 bytes."),
    Key::optional("accent", Kind::Text(&COLOR), "The colour of buttons and links, readable on white."),
    Key::optional("accent_dark", Kind::Text(&COLOR), "The same on dark ground; accent, lightened, by default."),
    Key::optional("background", Kind::Text(&COLOR), "The colour around the page."),
    Key::optional("background_dark", Kind::Text(&COLOR), "The colour around the page in the dark."),
    Key::with_default("corners", Kind::OneOf(&["square", "rounded", "round"]), "\"rounded\"", "How round corners are."),
    Key::with_default(
        "font",
        Kind::OneOf(&["system", "humanist", "rounded", "serif"]),
        "\"system\"",
        "The kind of font; the user's system has it.",
    ),
    Key::optional("terms_uri", Kind::TextOrTable(&LINK, LINKS), "The terms of service."),
    Key::optional("privacy_uri", Kind::TextOrTable(&LINK, LINKS), "The privacy policy."),
    Key::optional("help_uri", Kind::TextOrTable(&LINK, LINKS), "Where users find help."),
];

const fn link(name: &'static str) -> Key {
    Key::optional(name, Kind::Text(&LINK), "The link in this language.")
}

const LINKS: &[Key] = &[link("en"), link("de"), link("fr"), link("es"), link("ja"), link("ar")];
