//! What the pages of a workspace look like.

use serde::{Deserialize, Serialize};

use crate::clients::page_link::PageLink;
use crate::types::color::Color;
use crate::types::image::Image;
use crate::types::localized::Localized;

/// The brand of a workspace. It chooses among what the pages have: there is no CSS and no HTML in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brand {
    /// The name next to the logo, if it is not that of the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The logo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<Image>,
    /// The logo on dark ground, if it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_dark: Option<Image>,
    /// Whether the logo already says the name, so that the name does not stand next to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub logo_has_name: bool,
    /// The icon in the browser's tab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub favicon: Option<Image>,
    /// The colour of buttons and links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<Color>,
    /// The same on dark ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent_dark: Option<Color>,
    /// The colour around the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<Color>,
    /// The same in the dark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background_dark: Option<Color>,
    /// The corners of boxes, fields and buttons.
    #[serde(default, skip_serializing_if = "is_default")]
    pub corners: Corners,
    /// The font.
    #[serde(default, skip_serializing_if = "is_default")]
    pub font: Font,
    /// The terms of service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms_uri: Option<Localized<PageLink>>,
    /// The privacy policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy_uri: Option<Localized<PageLink>>,
    /// Where users find help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help_uri: Option<Localized<PageLink>>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The corners of boxes, fields and buttons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Corners {
    /// Sharp.
    Square,
    /// A little round.
    #[default]
    Rounded,
    /// As round as they can be.
    Round,
}

/// A font that the user's system has. None is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Font {
    /// That of the system.
    #[default]
    System,
    /// A sans serif with the shapes of handwriting.
    Humanist,
    /// A sans serif with round ends.
    Rounded,
    /// A serif.
    Serif,
}

/// The colours that a theme brings. What a brand chooses has to be readable together with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Around the page.
    pub ground: Color,
    /// The page.
    pub card: Color,
    /// Text.
    pub text: Color,
    /// Text that matters less.
    pub quiet: Color,
    /// Buttons and links.
    pub accent: Color,
}

/// The light theme.
pub const LIGHT: Theme = Theme {
    ground: Color::new(0xf3, 0xf6, 0xf4),
    card: Color::new(0xff, 0xff, 0xff),
    text: Color::new(0x14, 0x20, 0x1c),
    quiet: Color::new(0x55, 0x63, 0x5d),
    accent: Color::new(0x17, 0x4f, 0x43),
};

/// The dark theme.
pub const DARK: Theme = Theme {
    ground: Color::new(0x0c, 0x11, 0x10),
    card: Color::new(0x15, 0x1c, 0x1a),
    text: Color::new(0xe6, 0xed, 0xea),
    quiet: Color::new(0x9c, 0xaa, 0xa4),
    accent: Color::new(0x86, 0xd3, 0xb9),
};

impl Brand {
    /// The light theme in these colours.
    #[must_use]
    pub fn light(&self) -> Theme {
        Theme { ground: self.background.unwrap_or(LIGHT.ground), accent: self.accent.unwrap_or(LIGHT.accent), ..LIGHT }
    }

    /// The dark theme in these colours. Without `accent_dark`, the accent is made as light as it has to be.
    #[must_use]
    pub fn dark(&self) -> Theme {
        let lightened = self.accent.map(|accent| accent.readable_on(DARK.card));
        let accent = self.accent_dark.or(lightened).unwrap_or(DARK.accent);
        Theme { ground: self.background_dark.unwrap_or(DARK.ground), accent, ..DARK }
    }

    /// The pairs of colours that have to be readable: the setting, the colour, and on or below what it stands.
    #[must_use]
    pub fn readable_pairs(&self) -> Vec<(&'static str, Color, Color)> {
        let (light, dark) = (self.light(), self.dark());
        let chosen = [
            ("accent", self.accent, light.card),
            ("accent_dark", self.accent_dark, dark.card),
            ("background", self.background, light.quiet),
            ("background_dark", self.background_dark, dark.quiet),
        ];
        chosen.into_iter().filter_map(|(setting, color, other)| Some((setting, color?, other))).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::types::color::LEAST_CONTRAST;

    #[test]
    fn the_themes_are_readable_themselves() {
        for theme in [LIGHT, DARK] {
            for (one, other) in [
                (theme.text, theme.card),
                (theme.quiet, theme.card),
                (theme.accent, theme.card),
                (theme.quiet, theme.ground),
            ] {
                assert!(one.contrast(other) >= LEAST_CONTRAST, "{one} {other}");
            }
        }
    }

    #[test]
    fn a_dark_accent_is_made_of_the_light_one() {
        let brand: Brand = serde_json::from_value(json!({"accent": "#1a237e"})).unwrap();
        assert_eq!(brand.light().accent.to_string(), "#1a237e");
        assert!(brand.dark().accent.contrast(DARK.card) >= LEAST_CONTRAST);
        assert_eq!(Brand::default().dark(), DARK);
    }

    #[test]
    fn a_brand_has_no_room_for_style_or_markup() {
        let brand = |value| serde_json::from_value::<Brand>(value).is_ok();
        assert!(brand(json!({"corners": "round", "font": "serif", "accent": "#003366"})));
        for bad in [
            json!({"css": "body{}"}),
            json!({"font": "Comic Sans"}),
            json!({"accent": "red;}body{display:none"}),
            json!({"logo": "https://a.example/logo.svg"}),
        ] {
            assert!(!brand(bad.clone()), "{bad}");
        }
        let stored = serde_json::to_value(Brand::default()).unwrap();
        assert_eq!(stored, json!({}));
    }
}
