//! What every page has in common: its nonce, its name, and its words.

use std::borrow::Borrow;

use protocol::authorization::error::PageError;
use protocol::authorization::refusal::WayOut;

use crate::device::DeviceProblem;
use crate::duration::Duration;
use crate::error;
use crate::messages::{Markup, Messages, Value};

/// The name on pages that belong to no workspace.
const PRODUCT: &str = "Postern";

/// What a page looks like, whatever it shows.
pub struct Frame<'a> {
    /// The CSP nonce of the page's own style and script.
    pub(crate) nonce: &'a str,
    /// The name of the workspace.
    pub(crate) workspace: &'a str,
    messages: Messages,
}

impl<'a> Frame<'a> {
    /// The frame of a page of `workspace`.
    #[must_use]
    pub fn new(nonce: &'a str, workspace: &'a str) -> Self {
        Self { nonce, workspace, messages: Messages::english() }
    }

    /// The frame of a page that belongs to no workspace.
    #[must_use]
    pub fn anonymous(nonce: &'a str) -> Self {
        Self::new(nonce, PRODUCT)
    }

    /// The message `key`.
    pub(crate) fn say(&self, key: &str) -> String {
        self.messages.text(key, &[])
    }

    /// The message `key` with a value.
    pub(crate) fn with(&self, key: &str, name: &str, value: impl AsRef<str>) -> Markup {
        self.messages.markup(key, &[(name, Value::Text(value.as_ref()))])
    }

    /// What the sandbox says about its first user.
    pub(crate) fn sandbox_hint(&self, username: impl AsRef<str>, password: impl AsRef<str>) -> Markup {
        let values = [("username", Value::Text(username.as_ref())), ("password", Value::Text(password.as_ref()))];
        self.messages.markup("sandbox-hint", &values)
    }

    /// How the demo is started.
    pub(crate) fn demo_command(&self, command: &str, option: &str) -> Markup {
        self.messages.markup("start-demo", &[("command", Value::Text(command)), ("option", Value::Text(option))])
    }

    /// The title of the browser's tab.
    pub(crate) fn titled(&self, key: &str) -> String {
        format!("{} – {}", self.say(key), self.workspace)
    }

    /// The title of the browser's tab, with a value.
    pub(crate) fn titled_with(&self, key: &str, name: &str, value: impl AsRef<str>) -> String {
        format!("{} – {}", self.messages.text(key, &[(name, Value::Text(value.as_ref()))]), self.workspace)
    }

    /// So many seconds, in words.
    pub(crate) fn duration(&self, seconds: impl Borrow<u32>) -> Markup {
        self.measured("duration", *seconds.borrow())
    }

    /// So many seconds ago, in words.
    pub(crate) fn ago(&self, seconds: impl Borrow<u32>) -> Markup {
        self.measured("device-asked-ago", *seconds.borrow())
    }

    /// What is wrong with a code of a device.
    pub(crate) fn device_problem(&self, problem: DeviceProblem) -> Markup {
        match problem {
            DeviceProblem::UnknownCode => self.messages.markup("device-unknown-code", &[]),
            DeviceProblem::NotSignedIn => self.messages.markup("device-not-signed-in", &[]),
            DeviceProblem::TooMany(seconds) => self.measured("device-too-many", seconds),
        }
    }

    /// What happened, in one sentence.
    pub(crate) fn explained(&self, error: &PageError) -> Markup {
        let (key, value) = error::explanation(*error);
        match &value {
            None => self.messages.markup(key, &[]),
            Some((name, value)) => self.messages.markup(key, &[(name, Value::Text(value))]),
        }
    }

    /// The text of a link that does not lead to the client.
    pub(crate) fn way(&self, way: &WayOut) -> String {
        self.say(match way {
            WayOut::Start(_) => "way-start",
            WayOut::StartOver(_) => "way-start-over",
            WayOut::OtherSignIn(_) => "way-other-sign-in",
            WayOut::Application { .. } => "back-to",
        })
    }

    fn measured(&self, key: &str, seconds: u32) -> Markup {
        let Duration { unit, count } = Duration::of(seconds);
        self.messages.markup(key, &[("unit", Value::Word(unit)), ("count", Value::Count(count))])
    }
}
