//! Basic value types: identifiers, scopes, times, secrets.

pub mod calendar;
pub mod color;
pub mod commit;
pub mod domain;
pub mod email;
pub mod external_time;
pub mod id;
pub mod image;
pub mod language;
pub mod lifetimes;
pub mod localized;
pub mod network;
pub mod rate_limit;
pub mod retry_window;
pub mod scope;
pub mod scope_template;
pub mod secret;
pub mod time;
