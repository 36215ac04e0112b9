//! Logging: structured lines of chosen fields, never requests, bodies, headers, cookies, codes or tokens.

use tracing::Level;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt as _;

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line, for log services.
    Json,
    /// For people, starting with the time in UTC.
    Text,
}

/// The crates of this workspace: they log from INFO on.
const OURS: [&str; 26] = [
    "account",
    "administration",
    "authorize",
    "backchannel",
    "bootstrap",
    "callback",
    "delivery",
    "enroll",
    "frontchannel",
    "http_client",
    "introspect",
    "keystore",
    "login",
    "logout",
    "metadata",
    "mail",
    "notify",
    "pages",
    "postern",
    "protocol",
    "revoke",
    "signing",
    "store",
    "token",
    "userinfo",
    "web",
];

/// Writes log lines to standard error: from INFO on for the workspace's own crates, and only warnings for others,
/// because their lower levels may contain secrets (catalogue row SEC-LOG-01). A second call has no effect.
pub fn init(format: Format) {
    let heard = Targets::new().with_default(Level::WARN).with_targets(OURS.map(|ours| (ours, Level::INFO)));
    let lines = layer().with_writer(std::io::stderr).with_ansi(false);
    let lines = match format {
        Format::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
        Format::Text => lines.boxed(),
    };
    // An error means that there already is a subscriber, which is fine.
    drop(tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines.with_filter(heard))));
}
