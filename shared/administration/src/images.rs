//! Images of a workspace file: checked for their type and size, and for anything that an SVG image could load or run.

use protocol::types::image::Image;
use roxmltree::{Attribute, Document, Node};

/// The namespace of SVG.
const SVG: &str = "http://www.w3.org/2000/svg";

/// The elements that an image may have: shapes, text, and what paints them.
const ELEMENTS: [&str; 22] = [
    "circle",
    "clipPath",
    "defs",
    "desc",
    "ellipse",
    "g",
    "line",
    "linearGradient",
    "mask",
    "path",
    "pattern",
    "polygon",
    "polyline",
    "radialGradient",
    "rect",
    "stop",
    "svg",
    "symbol",
    "text",
    "title",
    "tspan",
    "use",
];

/// The widest and highest that a PNG image may be, in pixels.
const MAX_PIXELS: u32 = 1024;

/// The image in `text`: an SVG image itself, or a `data` URL.
///
/// # Errors
///
/// What is wrong with it, and what to do.
pub(crate) fn image(text: &str, most: usize) -> Result<Image, String> {
    let text = text.trim();
    let image = if text.starts_with('<') {
        checked_size(text.len(), most)?;
        Image::svg(text)
    } else {
        let expected =
            "write the SVG image itself, or a data URL: data:image/svg+xml;base64,… or data:image/png;base64,…";
        Image::parse(text).ok_or_else(|| too_large(text, most).unwrap_or_else(|| expected.into()))?
    };
    let bytes = image.bytes();
    checked_size(bytes.len(), most)?;
    let checked = if image.is_svg() { check_svg(&bytes) } else { check_png(&bytes) };
    checked.map(|()| image)
}

fn checked_size(bytes: usize, most: usize) -> Result<(), String> {
    if bytes > most {
        Err(format!("the image has {bytes} bytes, and {most} is the most: every page carries it"))
    } else {
        Ok(())
    }
}

/// What to say of a `data` URL that is longer than any that is taken.
fn too_large(url: &str, most: usize) -> Option<String> {
    let (_, encoded) = url.strip_prefix("data:image/")?.split_once(";base64,")?;
    checked_size(encoded.len() / 4 * 3, most).err()
}

fn check_svg(bytes: &[u8]) -> Result<(), String> {
    let source = std::str::from_utf8(bytes).map_err(|_| "the SVG image is not UTF-8".to_owned())?;
    // Document types, and with them entities, are refused by the parser.
    let document = Document::parse(source).map_err(|error| format!("the SVG image is not well-formed XML: {error}"))?;
    let root = document.root_element();
    if !root.has_tag_name((SVG, "svg")) {
        return Err(format!("the root of the image is not an svg element of the namespace {SVG}"));
    }
    if root.attribute("viewBox").is_none() {
        return Err("the SVG image has no viewBox, without which it has no size".into());
    }
    document.descendants().try_for_each(check_node)
}

fn check_node(node: Node<'_, '_>) -> Result<(), String> {
    if node.is_pi() {
        return Err("the SVG image has a processing instruction: leave it out".into());
    }
    if !node.is_element() {
        return Ok(());
    }
    let name = node.tag_name();
    if name.namespace() != Some(SVG) || !ELEMENTS.contains(&name.name()) {
        let all = ELEMENTS.join(", ");
        return Err(format!("the SVG image has an element {}, and may have {all} only", name.name()));
    }
    node.attributes().try_for_each(|attribute| check_attribute(&attribute))
}

/// An attribute may neither run anything nor refer to anything outside of the image.
fn check_attribute(attribute: &Attribute<'_, '_>) -> Result<(), String> {
    let (name, value) = (attribute.name(), attribute.value());
    let refused = |why: &str| Err(format!("the SVG image has an attribute {name} that {why}"));
    if name.to_ascii_lowercase().starts_with("on") {
        return refused("would run a script");
    }
    if name.eq_ignore_ascii_case("href") && !value.starts_with('#') {
        return refused("refers to something outside of the image");
    }
    let value = value.to_ascii_lowercase();
    if value.contains(['\\', '@']) || value.contains("javascript:") || value.contains("expression(") {
        return refused("is not plain");
    }
    let inside = |reference: &str| reference.trim_start().trim_start_matches(['"', '\'']).starts_with('#');
    if value.split("url(").skip(1).all(inside) { Ok(()) } else { refused("refers to something outside of the image") }
}

/// Checks that the bytes are one PNG image of a reasonable size, and nothing after it (PNG §5).
fn check_png(bytes: &[u8]) -> Result<(), String> {
    let malformed = || "the image is not a PNG image".to_owned();
    let mut rest = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n").ok_or_else(malformed)?;
    let mut is_first = true;
    loop {
        let (length, after) = rest.split_first_chunk::<4>().ok_or_else(malformed)?;
        let (kind, after) = after.split_first_chunk::<4>().ok_or_else(malformed)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| malformed())?;
        let (data, after) = after.split_at_checked(length).ok_or_else(malformed)?;
        let (_checksum, after) = after.split_first_chunk::<4>().ok_or_else(malformed)?;
        if is_first {
            check_dimensions(*kind, data).ok_or_else(|| format!("the PNG image is larger than {MAX_PIXELS} pixels"))?;
        }
        is_first = false;
        rest = after;
        if kind == b"IEND" {
            return if rest.is_empty() { Ok(()) } else { Err("something follows the PNG image".into()) };
        }
    }
}

fn check_dimensions(kind: [u8; 4], data: &[u8]) -> Option<()> {
    let (width, rest) = data.split_first_chunk::<4>()?;
    let (height, _) = rest.split_first_chunk::<4>()?;
    let fits = |side: &[u8; 4]| (1..=MAX_PIXELS).contains(&u32::from_be_bytes(*side));
    (&kind == b"IHDR" && fits(width) && fits(height)).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    fn svg(inside: &str) -> String {
        format!("<svg xmlns=\"{SVG}\" viewBox=\"0 0 8 8\">{inside}</svg>")
    }

    #[test]
    fn plain_shapes_and_small_bitmaps_are_taken() {
        for good in [
            svg("<path fill=\"#123\" d=\"M0 0h8v8z\"/>"),
            svg(
                "<defs><linearGradient id=\"a\"><stop stop-color=\"red\"/></linearGradient></defs><g fill=\"url(#a)\"><use href=\"#b\"/></g>",
            ),
            format!("<!-- A logo. --> {}", svg("<title>Acme</title>"))
                .trim_start_matches("<!-- A logo. --> ")
                .to_owned(),
            PNG.to_owned(),
            Image::svg(&svg("<rect width=\"8\" height=\"8\"/>")).to_string(),
        ] {
            assert_eq!(image(&good, 4096).err(), None, "{good}");
        }
    }

    #[test]
    fn sec_xss_04_an_image_that_loads_or_runs_something_is_refused() {
        for (bad, expected) in [
            (svg("<script>alert(1)</script>"), "element script"),
            (svg("<path onclick=\"alert(1)\"/>"), "attribute onclick that would run"),
            (svg("<image href=\"https://a.example/x.png\"/>"), "element image"),
            (svg("<use href=\"https://a.example/x.svg#a\"/>"), "attribute href that refers"),
            (
                svg("<use xmlns:xlink=\"http://www.w3.org/1999/xlink\" xlink:href=\"data:x\"/>"),
                "attribute href that refers",
            ),
            (svg("<a href=\"javascript:alert(1)\"/>"), "element a"),
            (svg("<foreignObject/>"), "element foreignObject"),
            (svg("<style>@import url(https://a.example)</style>"), "element style"),
            (svg("<path style=\"fill:url(https://a.example/#x)\"/>"), "attribute style that refers"),
            (svg("<path style=\"fill:u\\72l(x)\"/>"), "attribute style that is not plain"),
            (svg("<animate attributeName=\"href\"/>"), "element animate"),
            (svg("<html:p xmlns:html=\"http://www.w3.org/1999/xhtml\"/>"), "element p"),
            ("<svg viewBox=\"0 0 1 1\"/>".into(), "namespace"),
            (format!("<svg xmlns=\"{SVG}\"/>"), "no viewBox"),
            (format!("<!DOCTYPE svg [<!ENTITY x \"y\">]>{}", svg("&x;")), "not well-formed"),
            (format!("<?xml-stylesheet href=\"x\"?>{}", svg("")), "processing instruction"),
            ("<svg".into(), "not well-formed"),
            ("https://a.example/logo.svg".into(), "write the SVG image itself"),
            (Image::svg(&svg("<script/>")).to_string(), "element script"),
            ("data:image/png;base64,PHN2Zy8+".into(), "not a PNG image"),
            (
                PNG.replace("iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB", "iVBORw0KGgoAAAANSUhEUgAAEAAAABAA"),
                "larger than 1024 pixels",
            ),
        ] {
            let error = image(&bad, 4096).err().unwrap_or_default();
            assert!(error.contains(expected), "{bad}: {error}");
        }
    }

    #[test]
    fn an_image_is_small() {
        let large = svg(&format!("<desc>{}</desc>", "x".repeat(4096)));
        let expected = format!("the image has {} bytes, and 4096 is the most", large.len());
        assert!(image(&large, 4096).is_err_and(|error| error.starts_with(&expected)));
        assert!(image(Image::svg(&large).as_str(), 4096).is_err_and(|error| error.contains("and 4096 is the most")));
        assert!(image(&svg(""), 40).is_err_and(|error| error.contains("and 40 is the most")));
    }
}
