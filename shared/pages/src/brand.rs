//! The look of a page: the colours, corners, font and images of a workspace, as far as they differ from the usual ones.

use protocol::types::color::Color;
use protocol::types::image::Image;
use protocol::workspace::brand::{Brand, Corners, DARK, Font, LIGHT, Theme};

use crate::messages::Markup;

/// The icon of pages without one of their own.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%23174f43' \
                    d='M3 16V7a5 5 0 0 1 10 0v9h-3V8a2 2 0 0 0-4 0v8z'/%3E%3C/svg%3E";

/// The brand of a workspace, if the page belongs to one.
#[derive(Clone, Copy)]
pub(crate) struct BrandView<'a>(pub(crate) Option<&'a Brand>);

impl<'a> BrandView<'a> {
    /// The custom properties of both themes. They are made of numbers and of names that are listed here.
    pub(crate) fn style(self) -> Markup {
        let (light, dark) = self.0.map_or((LIGHT, DARK), |brand| (brand.light(), brand.dark()));
        let (radius, font) = (self.radius(), self.font());
        let (light, dark) = (theme(light), theme(dark));
        Markup::trusted(format!(
            ":root{{color-scheme:light dark;--radius:{radius};--font:{font};{light};--line:#e1e7e3;--edge:#75827c;--bad:#b3261e;\
             --bad-ground:#fdf1ef}}@media (prefers-color-scheme:dark){{:root{{{dark};--line:#27312e;--edge:#6f7e78;\
             --bad:#ff9a8f;--bad-ground:#2a1715}}}}:root{{--note:color-mix(in srgb,var(--accent) 8%,var(--card))}}"
        ))
    }

    const fn radius(self) -> &'static str {
        match self.0 {
            Some(Brand { corners: Corners::Square, .. }) => "0px",
            None | Some(Brand { corners: Corners::Rounded, .. }) => ".5rem",
            Some(Brand { corners: Corners::Round, .. }) => "1.5rem",
        }
    }

    const fn font(self) -> &'static str {
        match self.0 {
            None | Some(Brand { font: Font::System, .. }) => {
                "Inter,system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif"
            }
            Some(Brand { font: Font::Humanist, .. }) => {
                "Seravek,\"Gill Sans Nova\",Ubuntu,Calibri,\"DejaVu Sans\",sans-serif"
            }
            Some(Brand { font: Font::Rounded, .. }) => {
                "ui-rounded,\"Hiragino Maru Gothic ProN\",Quicksand,\"Arial Rounded MT Bold\",Calibri,sans-serif"
            }
            Some(Brand { font: Font::Serif, .. }) => {
                "Charter,\"Bitstream Charter\",\"Sitka Text\",Cambria,Georgia,serif"
            }
        }
    }

    /// The URL of the icon in the browser's tab.
    pub(crate) fn icon(self) -> Markup {
        let own = self.0.and_then(|brand| brand.favicon.as_ref());
        // A `data` URL in base64 has no character that means something in HTML.
        Markup::trusted(own.map_or(ICON, Image::as_str).to_owned())
    }

    /// The logo.
    pub(crate) fn logo(self) -> Option<&'a Image> {
        self.0.and_then(|brand| brand.logo.as_ref())
    }

    /// The logo on dark ground, if it is another.
    pub(crate) fn logo_dark(self) -> Option<&'a Image> {
        self.0.and_then(|brand| brand.logo_dark.as_ref())
    }

    /// Whether the name stands next to the logo.
    pub(crate) fn shows_name(self) -> bool {
        !self.0.is_some_and(|brand| brand.logo_has_name && brand.logo.is_some())
    }
}

fn theme(theme: Theme) -> String {
    let Theme { ground, card, text, quiet, accent } = theme;
    let (label, hover): (Color, Color) = (accent.label(), accent.emphasized());
    format!(
        "--ground:{ground};--card:{card};--text:{text};--quiet:{quiet};--accent:{accent};--on-accent:{label};--hover:{hover}"
    )
}
