//! The cookie that says who logged in with a password in this browser before.

use bootstrap::{BootstrapError, Runtime};
use keystore::DataKeys;
use protocol::types::id::Subject;
use protocol::users::known_browser::{KNOWN_FOR, KnownUsers};
use protocol::users::login_epoch::LoginEpoch;
use signing::{Purpose, Sealer};
use web::cookie::Cookie;

use crate::browser_channel::BrowserChannel;
use crate::browser_context::BrowserContext;

/// The purpose of the cookie.
const KNOWN_COOKIE: &str = "known";

/// Reads and writes the cookie. Whatever is wrong with it or its key, the browser counts as unknown, which only means that
/// its attempts are counted with those of strangers.
pub struct KnownBrowsers(DataKeys<Sealer>);

impl KnownBrowsers {
    /// Takes the key.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if it is not configured.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self(runtime.sealer(Purpose::KnownBrowser)?))
    }

    /// The users that the browser is known for.
    pub async fn read(&self, channel: &BrowserChannel, context: &BrowserContext<'_>) -> KnownUsers {
        let Some(sealed) = cookie(channel, context).read(context.request) else { return KnownUsers::default() };
        let keys = match self.0.keys(context.now).await {
            Ok(keys) => keys,
            Err(fault) => {
                tracing::warn!(fault = %fault, "the key for known browsers could not be opened");
                return KnownUsers::default();
            }
        };
        let plain = keys.open(context.id(), sealed);
        plain.and_then(|plain| serde_json::from_slice(plain.expose()).ok()).unwrap_or_default()
    }

    /// The `Set-Cookie` by which the browser is known for `subject` as well.
    pub async fn remember(
        &self,
        channel: &BrowserChannel,
        context: &BrowserContext<'_>,
        known: KnownUsers,
        (subject, epoch): (&Subject, LoginEpoch),
    ) -> Option<String> {
        let known = known.with(subject, epoch, channel.random_text::<16>().ok()?, context.now);
        let plain = serde_json::to_vec(&known).ok()?;
        let sealed = match self.0.keys(context.now).await {
            Ok(keys) => keys.seal(context.id(), plain, &*channel.entropy).ok()?,
            Err(fault) => {
                tracing::warn!(fault = %fault, "the key for known browsers could not be opened");
                return None;
            }
        };
        Some(cookie(channel, context).set_for(&sealed, KNOWN_FOR))
    }
}

fn cookie(channel: &BrowserChannel, context: &BrowserContext<'_>) -> Cookie {
    Cookie::new(KNOWN_COOKIE, context.id(), &channel.public_url)
}
