//! Images within pages: small, inline, of two types, and nothing that loads or runs something else.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::syntax::encoding::{base64, base64_decoded};

/// What an image begins with, as a URL.
const PREFIXES: [&str; 2] = ["data:image/svg+xml;base64,", "data:image/png;base64,"];

/// The most bytes of a logo of a workspace.
pub const MAX_LOGO_BYTES: usize = 4096;

/// The most bytes of a logo of a client.
pub const MAX_CLIENT_LOGO_BYTES: usize = 3072;

/// The most bytes of an icon in the tab of a browser.
pub const MAX_FAVICON_BYTES: usize = 1024;

/// An image as a `data` URL. A browser that shows it in an `img` runs no script in it and loads nothing for it; the file that
/// it comes from was checked for both as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Image(String);

impl Image {
    /// Parses a `data` URL of a PNG or an SVG image in base64.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        let encoded = PREFIXES.into_iter().find_map(|prefix| url.strip_prefix(prefix))?;
        let fits = encoded.len() <= MAX_LOGO_BYTES.div_ceil(3) * 4;
        (fits && base64_decoded(encoded).is_some_and(|bytes| !bytes.is_empty())).then(|| Self(url.to_owned()))
    }

    /// An SVG image.
    #[must_use]
    pub fn svg(source: &str) -> Self {
        let [prefix, _] = PREFIXES;
        Self(format!("{prefix}{}", base64(source.as_bytes())))
    }

    /// The `data` URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is an SVG image.
    #[must_use]
    pub fn is_svg(&self) -> bool {
        let [svg, _] = PREFIXES;
        self.0.starts_with(svg)
    }

    /// The bytes of the image.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.0.split_once(',').and_then(|(_, encoded)| base64_decoded(encoded)).unwrap_or_default()
    }
}

impl fmt::Display for Image {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Image {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let url = String::deserialize(deserializer)?;
        Self::parse(&url)
            .ok_or_else(|| serde::de::Error::custom("an image is a data URL of a PNG or SVG image in base64"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_a_data_url_of_one_of_two_types() {
        let svg = Image::svg("<svg/>");
        assert_eq!((svg.is_svg(), svg.bytes().as_slice()), (true, &b"<svg/>"[..]));
        assert_eq!(Image::parse(svg.as_str()).as_ref(), Some(&svg));
        assert!(Image::parse("data:image/png;base64,iVBORw==").is_some_and(|image| !image.is_svg()));
        for bad in [
            "https://a.example/logo.png",
            "data:image/svg+xml,<svg/>",
            "data:image/svg+xml;base64,",
            "data:image/svg+xml;base64,PHN2Zy8+\" onerror=\"x",
            "data:text/html;base64,PHN2Zy8+",
            "data:image/gif;base64,R0lGODlh",
            "javascript:alert(1)",
            "",
        ] {
            assert!(Image::parse(bad).is_none(), "{bad}");
        }
        assert!(Image::parse(Image::svg(&"x".repeat(MAX_LOGO_BYTES + 3)).as_str()).is_none());
    }
}
