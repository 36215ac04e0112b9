//! `postern pages`: every page in every state, for people who look at them and for the tests that take pictures.

mod brands;
mod index;
mod samples;
mod scene;

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_SECURITY_POLICY, X_FRAME_OPTIONS};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use serde_json::json;
use signing::SystemEntropy;
use signing::entropy::random_text;
use thiserror::Error;
use web::response::{Caching, Response, response, set};

use crate::arguments::PagesOptions;
use crate::dev::host::HostNames;
use crate::dev::server::{ListenError, Listeners, serve_with};
use crate::dev::stop_signal::stop_signal;
use crate::output::print;
use scene::Scene;

/// Why the pages cannot be shown.
#[derive(Debug, Error)]
pub enum GalleryError {
    /// The port cannot be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The async runtime could not start.
    #[error("the server could not start: {0}")]
    Runtime(std::io::Error),
}

/// Serves the pages until it is told to stop.
///
/// # Errors
///
/// [`GalleryError`] says what to do.
pub fn pages(options: &PagesOptions) -> Result<(), GalleryError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(GalleryError::Runtime)?;
    let outcome = tokio::task::LocalSet::new().block_on(&runtime, serve(options));
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

async fn serve(options: &PagesOptions) -> Result<(), GalleryError> {
    let listeners = Listeners::bind(options.port).await?;
    let url = format!("http://localhost:{}", listeners.port());
    print(&if options.json {
        json!({ "url": url }).to_string()
    } else {
        format!("The pages are at {url}\n\nPress Ctrl-C to stop.")
    });
    serve_with(listeners, service_fn(answer), stop_signal()).await;
    Ok(())
}

async fn answer(request: http::Request<Incoming>) -> Result<http::Response<Full<Bytes>>, hyper::Error> {
    let (parts, _body) = request.into_parts();
    let found = if HostNames::LOOPBACK.include(&parts) {
        find(parts.uri.path(), parts.uri.query().unwrap_or_default())
    } else {
        response(421, "text/plain; charset=utf-8", "call this server localhost", Caching::Never)
    };
    Ok(found.map(Full::new))
}

/// The gallery itself, its list for programs, or one page.
fn find(path: &str, query: &str) -> Response {
    let nonce = random_text::<16>(&SystemEntropy).unwrap_or_default();
    let scene = Scene::parse(query, nonce);
    match path.trim_start_matches('/') {
        "" => index::page(&scene),
        "samples.json" => index::list(),
        path => match samples::SAMPLES.iter().find(|sample| sample.path() == path) {
            Some(sample) => framed((sample.render)(&scene), &scene),
            None => response(404, "text/plain; charset=utf-8", "there is no such sample: see /", Caching::Never),
        },
    }
}

/// A page that the gallery may show in a frame, if it asks so. What the server sends can never be framed.
fn framed(mut page: Response, scene: &Scene) -> Response {
    if scene.framed {
        let headers = page.headers_mut();
        headers.remove(X_FRAME_OPTIONS);
        let policy = headers.get(CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok()).unwrap_or_default();
        let policy = policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'");
        set(headers, CONTENT_SECURITY_POLICY, &policy);
    }
    page
}

#[cfg(test)]
mod tests {
    use protocol::types::color::LEAST_CONTRAST;

    use super::*;

    #[test]
    fn every_sample_is_a_page_that_is_small_enough() {
        for sample in samples::SAMPLES {
            for brand in brands::BRANDS {
                let page = find(&format!("/{}", sample.path()), &format!("brand={brand}"));
                let html = std::str::from_utf8(page.body()).unwrap();
                assert!(
                    html.starts_with("<!doctype html>") && html.len() < 30_000,
                    "{}: {}",
                    sample.path(),
                    html.len()
                );
                assert_eq!(page.headers()["x-frame-options"], "DENY");
            }
        }
        assert_eq!(find("/login/nothing", "").status(), 404);
        assert!(!find("/login/start", "framed=1").headers().contains_key("x-frame-options"));
    }

    #[test]
    fn the_brands_are_valid_and_readable() {
        for brand in brands::BRANDS {
            let scene = Scene::parse(&format!("brand={brand}"), String::new());
            let brand = scene.settings.unwrap().brand;
            for (setting, color, other) in brand.readable_pairs() {
                assert!(color.contrast(other) >= LEAST_CONTRAST, "{setting}");
            }
        }
    }

    #[test]
    fn the_gallery_lists_every_sample() {
        let (index, list) = (find("/", ""), find("/samples.json", ""));
        for sample in samples::SAMPLES {
            let path = sample.path();
            for body in [index.body(), list.body()] {
                assert!(std::str::from_utf8(body).unwrap().contains(&path), "{path}");
            }
        }
    }
}
