//! Texts that users read, in one or several languages.

use super::forms::TEXT;
use super::{Key, Kind};

/// A text, or one for each of several languages.
pub(super) const TRANSLATABLE: Kind = Kind::TextOrTable(&TEXT, TRANSLATIONS);

const fn translation(name: &'static str) -> Key {
    Key::optional(name, Kind::Text(&TEXT), "The text in this language.")
}

/// A text for each language.
pub(super) const TRANSLATIONS: &[Key] =
    &[translation("en"), translation("de"), translation("fr"), translation("es"), translation("ja"), translation("ar")];
