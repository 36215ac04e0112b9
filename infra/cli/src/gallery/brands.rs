//! The brands that samples wear.

use protocol::types::image::Image;
use serde_json::{Value, json};

/// The brands of workspaces: none, one of a company, and one that changes all that can be changed.
pub(super) const BRANDS: [&str; 3] = ["plain", "acme", "loud"];

/// The settings of a workspace with this brand.
pub(super) fn settings(brand: &str) -> Value {
    let svg = |source: &str| Image::svg(source).to_string();
    let brand = match brand {
        "acme" => json!({
            "logo": svg(LOGO), "logo_dark": svg(&LOGO.replace("#1d3a8a", "#a9bcff")), "favicon": svg(LOGO), "accent": "#1d3a8a",
            "terms_uri": "https://acme.example/terms", "privacy_uri": "https://acme.example/privacy",
            "help_uri": "mailto:help@acme.example",
        }),
        "loud" => json!({
            "name": "Fête & Söhne", "accent": "#b4005a", "accent_dark": "#ff8ac4", "background": "#ffe9c7",
            "background_dark": "#1c0f24", "corners": "round", "font": "rounded", "help_uri": "https://fete.example/help",
        }),
        _ => json!({}),
    };
    json!({ "name": "Acme", "default_audience": "https://api.acme.example", "brand": brand })
}

/// The logo of a company that does not exist.
pub(super) const LOGO: &str = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><path fill='#1d3a8a' d='M16 2 31 30H21.5l-5.5-10.8L10.500 30H1z'/></svg>";
