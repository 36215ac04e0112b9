//! Colours of pages, and whether text in one can be read on another (WCAG 2.2 §1.4.3).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A colour in sRGB, written `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color([u8; 3]);

/// Black.
const BLACK: Color = Color([0; 3]);

/// White.
const WHITE: Color = Color([255; 3]);

/// The least contrast of text, in hundredths (WCAG 2.2 §1.4.3, level AA).
pub const LEAST_CONTRAST: u32 = 450;

impl Color {
    /// The colour of these channels.
    #[must_use]
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self([red, green, blue])
    }

    /// Parses `#rrggbb`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
        Some(Self([red, green, blue]))
    }

    /// The contrast of this colour and `other`, in hundredths, rounded down: 100 is none, 2100 is that of black and white.
    #[must_use]
    pub fn contrast(self, other: Self) -> u32 {
        let (one, other) = (self.luminance(), other.luminance());
        let ratio = (one.max(other) + 0.05) / (one.min(other) + 0.05);
        hundredths(ratio)
    }

    /// Black or white, whichever can be read better on this colour. One of them always can.
    #[must_use]
    pub fn label(self) -> Self {
        if self.contrast(WHITE) >= self.contrast(BLACK) { WHITE } else { BLACK }
    }

    /// This colour moved away from its label, for a control under the pointer: the label can be read even better on it.
    #[must_use]
    pub fn emphasized(self) -> Self {
        let away = if self.label() == WHITE { BLACK } else { WHITE };
        self.mixed(away, 18)
    }

    /// This colour, made lighter until it can be read on `ground`, which is dark.
    #[must_use]
    pub fn readable_on(self, ground: Self) -> Self {
        let steps = (0..=100).map(|percent| self.mixed(WHITE, percent));
        steps.into_iter().find(|color| color.contrast(ground) >= LEAST_CONTRAST).unwrap_or(WHITE)
    }

    /// This colour with `percent` of `other`.
    fn mixed(self, other: Self, percent: u16) -> Self {
        let (Self([r, g, b]), Self([red, green, blue])) = (self, other);
        let mix = |one: u8, other: u8| {
            let sum = u16::from(one) * (100 - percent) + u16::from(other) * percent;
            u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX)
        };
        Self([mix(r, red), mix(g, green), mix(b, blue)])
    }

    /// The relative luminance (WCAG 2.2, "relative luminance").
    fn luminance(self) -> f64 {
        let Self(channels) = self;
        let [red, green, blue] = channels.map(|channel| {
            let channel = f64::from(channel) / 255.0;
            if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a ratio is between 1 and 21")]
fn hundredths(ratio: f64) -> u32 {
    (ratio * 100.0).floor() as u32
}

impl fmt::Display for Color {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([red, green, blue]) = self;
        write!(formatter, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl Serialize for Color {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Color {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("a color is # and six hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_contrast_is_that_of_wcag() {
        let table = [
            ("#000000", "#ffffff", 2100),
            ("#ffffff", "#ffffff", 100),
            ("#767676", "#ffffff", 454),
            ("#777777", "#ffffff", 447),
            ("#0000ff", "#ffffff", 859),
            ("#ff0000", "#ffffff", 399),
        ];
        for (one, other, expected) in table {
            let (one, other) = (Color::parse(one).unwrap(), Color::parse(other).unwrap());
            assert_eq!((one.contrast(other), other.contrast(one)), (expected, expected), "{one} {other}");
        }
    }

    #[test]
    fn a_color_is_written_in_one_way() {
        assert_eq!(Color::parse("#1F6feb").map(|color| color.to_string()).as_deref(), Some("#1f6feb"));
        for bad in ["", "#", "1f6feb", "#1f6fe", "#1f6feb0", "#fff", "red", "#+12345", "#1f6fe\u{660}", "url(x)"] {
            assert!(Color::parse(bad).is_none(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_label_can_be_read_on_every_color(red: u8, green: u8, blue: u8) {
            let color = Color::new(red, green, blue);
            prop_assert!(color.contrast(color.label()) >= LEAST_CONTRAST);
            prop_assert!(color.emphasized().contrast(color.label()) >= color.contrast(color.label()));
        }

        #[test]
        fn every_color_becomes_readable_on_a_dark_ground(red: u8, green: u8, blue: u8) {
            let ground = Color::new(21, 28, 26);
            prop_assert!(Color::new(red, green, blue).readable_on(ground).contrast(ground) >= LEAST_CONTRAST);
        }
    }
}
