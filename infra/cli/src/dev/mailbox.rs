//! The mailbox of a laptop at `/dev/mail`: what would have been sent in AWS. It has codes and links in it, so it is for this
//! machine only, whatever else the server is reached as.

use http::Method;
use http::header::{self, HeaderName, HeaderValue};
use mailing::{KEPT, Mailbox, Received};
use web::response::{Caching, Response, response, set};
use web::{Request, json};

/// The address of the mailbox.
pub(crate) const PATH: &str = "/dev/mail";

const HTML: &str = "text/html; charset=utf-8";

/// The pages of the mailbox load nothing but their own style, and frame messages.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// A message runs and loads nothing, whatever is in it. Its link opens a window of its own.
const MESSAGE_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; \
                              style-src 'unsafe-inline'; base-uri 'self'; form-action 'none'; frame-ancestors 'self'";

const STYLE: &str = ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:46rem;margin:2rem auto;\
                     padding:0 1rem}pre{white-space:pre-wrap;overflow-wrap:anywhere}iframe{width:100%;height:34rem;border:1px \
                     solid #8888;background:#fff}li{margin:.5rem 0}dl{display:grid;grid-template-columns:auto 1fr;gap:0 1rem}dd{margin:0}";

/// Responds below `/dev/mail`; `None` for any other path.
pub(crate) fn handle(request: &Request, mailbox: &Mailbox) -> Option<Response> {
    let rest = request.path.strip_prefix(PATH)?;
    if !(rest.is_empty() || rest.starts_with('/')) {
        return None;
    }
    if !is_from_this_machine(request) {
        return Some(json::error(request, 403, "access_denied", "the mailbox is read as http://localhost only"));
    }
    if request.method != Method::GET && request.method != Method::HEAD {
        return Some(json::method_not_allowed(request, &["GET"]));
    }
    let found = |number: &str| number.parse().ok().and_then(|number| mailbox.find(number));
    let shown = match rest.strip_prefix('/').map(|rest| rest.split_once('/').unwrap_or((rest, ""))) {
        None => Some(list(&mailbox.all())),
        Some((number, "")) => found(number).map(|received| message(&received)),
        Some((number, "html")) => found(number).map(|received| framed(&received)),
        Some(_) => None,
    };
    Some(shown.unwrap_or_else(|| json::not_found(request)))
}

/// Whether the request names this machine, and no proxy says that it comes from elsewhere.
fn is_from_this_machine(request: &Request) -> bool {
    let host = request.header(header::HOST).first().copied().unwrap_or("localhost");
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or(host, |(name, _)| name);
    let proxied = ["x-forwarded-for", "forwarded"].into_iter().any(|name| request.headers.contains_key(name));
    matches!(name, "localhost" | "127.0.0.1" | "[::1]") && !proxied
}

fn list(all: &[Received]) -> Response {
    let item = |received: &Received| {
        let (number, letter) = (received.number, &received.letter);
        let (subject, to) = (escaped(&letter.subject), escaped(letter.to.as_str()));
        format!("<li><a href=\"{PATH}/{number}\" id=\"message-{number}\">{subject}</a><br>to {to}</li>\n")
    };
    let items: String = all.iter().map(item).collect();
    let what = if all.is_empty() { "<p>No mail yet.</p>".into() } else { format!("<ol reversed>\n{items}</ol>") };
    shell(
        "Mail",
        &format!(
            "<h1>Mail</h1>\n<p>What would have been sent in AWS; the last {KEPT} messages of this run.</p>\n{what}"
        ),
    )
}

fn message(received: &Received) -> Response {
    let (number, letter) = (received.number, &received.letter);
    let (subject, from) = (escaped(&letter.subject), escaped(&format!("{} <{}>", letter.from_name, letter.from)));
    let (to, text) = (escaped(letter.to.as_str()), linked(&letter.text));
    let body = format!(
        "<p><a href=\"{PATH}\">All mail</a></p>\n<h1>{subject}</h1>\n<dl><dt>From</dt><dd>{from}</dd><dt>To</dt><dd>{to}</dd></dl>\n\
         <h2>Text</h2>\n<pre id=\"text\">{text}</pre>\n<h2>HTML</h2>\n\
         <iframe src=\"{PATH}/{number}/html\" title=\"The message as HTML\" sandbox=\"allow-popups allow-popups-to-escape-sandbox\"></iframe>"
    );
    shell(&subject, &body)
}

/// The HTML of a message, which opens its links outside of the frame.
fn framed(received: &Received) -> Response {
    let html = received.letter.html.replacen("<head>", "<head><base target=\"_blank\">", 1);
    with_policy(MESSAGE_POLICY, html)
}

fn shell(title: &str, body: &str) -> Response {
    with_policy(
        POLICY,
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title} – Postern</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
        ),
    )
}

fn with_policy(policy: &str, html: String) -> Response {
    let mut response = response(200, HTML, html, Caching::Never);
    set(response.headers_mut(), header::CONTENT_SECURITY_POLICY, policy);
    let name = HeaderName::from_static("cross-origin-resource-policy");
    response.headers_mut().insert(name, HeaderValue::from_static("same-origin"));
    response
}

/// The text, in which each line that is a URL is a link.
fn linked(text: &str) -> String {
    let line = |line: &str| {
        let safe = escaped(line);
        let is_url = line.starts_with("http://") || line.starts_with("https://");
        if is_url { format!("<a href=\"{safe}\" id=\"link\">{safe}</a>\n") } else { format!("{safe}\n") }
    };
    text.lines().map(line).collect()
}

fn escaped(text: &str) -> String {
    let entity = |character: char| match character {
        '&' => "&#38;".into(),
        '<' => "&#60;".into(),
        '>' => "&#62;".into(),
        '"' => "&#34;".into(),
        '\'' => "&#39;".into(),
        other => other.to_string(),
    };
    text.chars().map(entity).collect()
}
