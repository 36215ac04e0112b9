//! The gallery itself: every sample in a frame, and links to change what it is looked at in.

use std::fmt::Write as _;

use http::header::CONTENT_SECURITY_POLICY;
use protocol::types::language::Language;
use serde_json::json;
use web::response::{Caching, Response, response, set};

use crate::gallery::brands::BRANDS;
use crate::gallery::samples::{SAMPLES, Sample};
use crate::gallery::scene::{Scene, THEMES, WIDTHS};

const STYLE: &str = "body{margin:0;font:15px/1.5 system-ui,sans-serif;background:#e9ecea;color:#14201c}\
header{position:sticky;top:0;display:flex;flex-wrap:wrap;gap:.25rem 2rem;padding:.75rem 1rem;background:#fff;border-bottom:1px solid #cfd6d2}\
nav a{margin-inline-start:.5rem;color:inherit}nav a[aria-current]{font-weight:700;text-decoration:none}\
main{display:flex;flex-wrap:wrap;gap:1.5rem;padding:1rem}figure{margin:0}figcaption{margin-bottom:.25rem}\
figcaption a{color:inherit}iframe{display:block;height:760px;border:1px solid #cfd6d2;background:#fff}";

/// The gallery.
pub(super) fn page(scene: &Scene) -> Response {
    let choices = [
        choice(scene, "language", scene.language.tag(), &Language::TAGS),
        choice(scene, "brand", scene.brand, &BRANDS),
        choice(scene, "theme", scene.theme, &THEMES),
        choice(scene, "width", scene.width, &WIDTHS),
    ]
    .concat();
    let mut frames = String::new();
    for sample in SAMPLES {
        let (path, query) = (sample.path(), scene.query("", ""));
        let (width, theme) = (scene.width, scene.theme);
        // A frame's preferred color scheme is that of the element that embeds it.
        let _ = write!(
            frames,
            "<figure><figcaption><a href=\"/{path}?{query}\">{path}</a></figcaption><iframe loading=\"lazy\" title=\"{path}\" \
             width=\"{width}\" style=\"color-scheme:{theme}\" src=\"/{path}?{query}&amp;framed=1\"></iframe></figure>"
        );
    }
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Pages</title><link rel=\"icon\" href=\"data:,\"><style>{STYLE}</style><header><strong>Pages</strong>{choices}\
         </header><main>{frames}</main>"
    );
    let mut page = response(200, "text/html; charset=utf-8", html, Caching::Never);
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; img-src data:; base-uri 'none'";
    set(page.headers_mut(), CONTENT_SECURITY_POLICY, policy);
    page
}

fn choice(scene: &Scene, name: &str, now: &str, values: &[&str]) -> String {
    let link = |value: &&str| {
        let current = if *value == now { " aria-current=\"true\"" } else { "" };
        format!("<a href=\"/?{}\"{current}>{value}</a>", scene.query(name, value))
    };
    format!("<nav aria-label=\"{name}\">{name}{}</nav>", values.iter().map(link).collect::<String>())
}

/// The samples and what they can be looked at in, for programs.
pub(super) fn list() -> Response {
    let samples: Vec<String> = SAMPLES.iter().map(Sample::path).collect();
    let list = json!({ "samples": samples, "languages": Language::TAGS, "brands": BRANDS, "themes": THEMES, "widths": WIDTHS });
    response(200, "application/json", list.to_string(), Caching::Never)
}
