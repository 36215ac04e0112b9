//! The identity source that a browser logged in with last: the name of one in a cookie of the workspace. It decides on the
//! order of a list and on nothing else.

use protocol::federation::source_choice::listed;
use protocol::types::id::IdentitySourceId;
use protocol::types::time::Lifetime;
use web::cookie::Cookie;

use crate::browser_context::BrowserContext;
use crate::front_channel::FrontChannel;

/// The purpose of the cookie.
const SOURCE: &str = "source";

/// How long a browser remembers it: ninety days.
const REMEMBERED: Lifetime = Lifetime::seconds(90 * 24 * 3600);

impl FrontChannel {
    /// The name in the cookie, which may be that of no source.
    #[must_use]
    pub fn last_source<'r>(&self, context: &BrowserContext<'r>) -> Option<&'r str> {
        self.source_cookie(context).read(context.request)
    }

    /// The `Set-Cookie` that remembers `source`, where there is a choice.
    #[must_use]
    pub fn remembered_source(&self, context: &BrowserContext<'_>, source: &IdentitySourceId) -> Option<String> {
        let settings = &context.workspace().settings;
        let sources = listed(settings, None).len() + usize::from(settings.sandbox.is_some());
        let is_known = self.last_source(context) == Some(source.as_str());
        (sources > 1 && !is_known).then(|| self.source_cookie(context).set_for(source.as_str(), REMEMBERED))
    }

    fn source_cookie(&self, context: &BrowserContext<'_>) -> Cookie {
        Cookie::new(SOURCE, context.id(), &self.browser.public_url)
    }
}
