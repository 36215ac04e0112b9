//! QR codes, as what a page needs for an SVG picture.

use std::fmt::Write;

use protocol::types::secret::Secret;
use qrcodegen::{QrCode as Modules, QrCodeEcc};

/// Light modules around the code (ISO/IEC 18004 §9.1).
const QUIET_ZONE: i32 = 4;

/// A QR code, to be drawn as `<svg viewBox="0 0 side side"><path d="path"/></svg>`, dark on a light background whatever the theme.
pub struct QrCode {
    side: i32,
    path: Secret<String>,
}

impl QrCode {
    /// The QR code of `text`; `None` if it is longer than a QR code can be.
    #[must_use]
    pub fn of(text: &Secret<String>) -> Option<Self> {
        let modules = Modules::encode_text(text.expose(), QrCodeEcc::Medium).ok()?;
        Some(Self { side: modules.size() + 2 * QUIET_ZONE, path: Secret::new(path(&modules)) })
    }

    /// The length of a side in modules, with the quiet zone.
    #[must_use]
    pub const fn side(&self) -> i32 {
        self.side
    }

    /// The dark modules as the path of an SVG picture. It has only `M`, `h`, `v`, `z`, digits and signs.
    #[must_use]
    pub const fn path(&self) -> &Secret<String> {
        &self.path
    }
}

/// A rectangle of one row for each run of dark modules.
fn path(modules: &Modules) -> String {
    let mut path = String::new();
    for y in 0..modules.size() {
        let mut x = 0;
        while x < modules.size() {
            let run = (x..modules.size()).take_while(|x| modules.get_module(*x, y)).count();
            let run = i32::try_from(run).unwrap_or(i32::MAX);
            if run > 0 {
                // Writing to a string cannot fail.
                let _ = write!(path, "M{},{}h{run}v1h-{run}z", x + QUIET_ZONE, y + QUIET_ZONE);
            }
            x = x.saturating_add(run.max(1));
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Draws the path as a picture of eight pixels a module and reads that.
    fn read(code: &QrCode) -> String {
        let (side, mut dark) = (code.side(), HashSet::new());
        for rectangle in code.path().expose().split('M').skip(1) {
            let (x, rest) = rectangle.split_once(',').unwrap();
            let (y, rest) = rest.split_once('h').unwrap();
            let (run, rest) = rest.split_once("v1h-").unwrap();
            assert_eq!(rest, format!("{run}z"));
            let (x, y, run): (i32, i32, i32) = (x.parse().unwrap(), y.parse().unwrap(), run.parse().unwrap());
            dark.extend((x..x + run).map(|x| (x, y)));
        }
        let pixels = usize::try_from(side * 8).unwrap();
        let is_dark =
            |x: usize, y: usize| dark.contains(&(i32::try_from(x / 8).unwrap(), i32::try_from(y / 8).unwrap()));
        let mut picture =
            rqrr::PreparedImage::prepare_from_greyscale(pixels, pixels, |x, y| if is_dark(x, y) { 0 } else { 255 });
        picture.detect_grids().first().unwrap().decode().unwrap().1
    }

    #[test]
    fn a_reader_reads_what_the_code_was_made_of() {
        let uri = "otpauth://totp/Acme:anna%40example.com?secret=A4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYH&issuer=Acme&algorithm=SHA1&digits=6&period=30";
        for text in ["A", uri] {
            assert_eq!(read(&QrCode::of(&Secret::new(text.into())).unwrap()), text);
        }
    }

    #[test]
    fn a_text_that_is_too_long_has_no_code() {
        assert!(QrCode::of(&Secret::new("x".repeat(3000))).is_none());
    }
}
