//! The front channel: shared by the functions that serve browsers.
//!
//! A browser passes through up to three functions on its way to a code. They do not know each other; they share one
//! entry point, an interaction that travels sealed with the browser, the session behind a cookie, one decision
//! function, and the single write that creates a grant.

mod account_page;
mod assemble;
mod browser_channel;
mod browser_context;
mod decide;
mod device;
mod front_channel;
mod interaction;
mod issue;
mod known_browsers;
mod last_source;
mod mail_sending;
mod pending;
mod pushed;
mod repeat;
mod session;
mod session_list;
mod subject;
mod user_codes;
mod way_out;

pub use browser_channel::{BrowserChannel, SESSION_COOKIE};
pub use browser_context::{BrowserContext, UI_LOCALES};
pub use device::DeviceGrant;
pub use front_channel::FrontChannel;
pub use known_browsers::KnownBrowsers;
pub use mail_sending::MailSending;
pub use pending::PendingAuthorization;
pub use pushed::{BroughtRequest, CheckedPush};
pub use repeat::FinishedAuthorization;
pub use session::{Login, NewSession, UserAuthentication};
pub use user_codes::{Entered, Revisited, UserCodes, WaitingDevice};
