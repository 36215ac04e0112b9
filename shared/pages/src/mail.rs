//! Mail: what a message says, as text and as HTML, in the language and with the colours of its workspace.
//!
//! A message loads nothing and shows no picture: nobody learns when it is read.

use askama::Template;
use protocol::types::color::Color;
use protocol::types::language::Language;
use protocol::types::secret::Secret;
use protocol::workspace::brand::Theme;
use protocol::workspace::settings::Settings;

use crate::messages::{Markup, Messages, Value};

/// A message about one account.
pub struct MailPage<'a> {
    /// The settings of the workspace.
    pub settings: &'a Settings,
    /// The language.
    pub language: Language,
    /// The address that the message goes to.
    pub address: &'a str,
    /// What it is about.
    pub topic: MailTopic,
    /// The code, if it has one.
    pub code: Option<&'a Secret<String>>,
    /// The URL of its link, if it has one.
    pub link: Option<&'a Secret<String>>,
}

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTopic {
    /// Somebody wants to set a new password.
    Recovery,
    /// The password was changed.
    PasswordChanged,
}

/// The keys of what a message says.
struct Keys {
    subject: &'static str,
    opening: &'static str,
    way: &'static str,
    button: &'static str,
    closing: &'static str,
}

impl MailTopic {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Recovery, Self::PasswordChanged];

    const fn keys(self) -> Keys {
        match self {
            Self::Recovery => Keys {
                subject: "mail-recovery-subject",
                opening: "mail-recovery",
                way: "mail-recovery-way",
                button: "mail-recovery-button",
                closing: "mail-recovery-closing",
            },
            Self::PasswordChanged => Keys {
                subject: "mail-password-changed",
                opening: "mail-password-changed-opening",
                way: "",
                button: "",
                closing: "mail-password-changed-closing",
            },
        }
    }
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    mail: &'a MailPage<'a>,
}

#[derive(Template)]
#[template(path = "mail.txt")]
struct Text<'a> {
    mail: &'a MailPage<'a>,
}

impl MailPage<'_> {
    /// The sender's name: that of the workspace.
    #[must_use]
    pub fn service(&self) -> &str {
        self.settings.brand.name.as_deref().unwrap_or(&self.settings.name)
    }

    /// The subject: one line, without control characters.
    #[must_use]
    pub fn subject(&self) -> String {
        let subject = self.say(self.topic.keys().subject);
        subject.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
    }

    /// The message as text.
    #[must_use]
    pub fn text(&self) -> String {
        // Writing into a string fails only if a value's own `Display` does, and all values here are strings.
        Text { mail: self }.render().unwrap_or_default()
    }

    /// The message as HTML.
    #[must_use]
    pub fn html(&self) -> String {
        Html { mail: self }.render().unwrap_or_default()
    }

    fn say(&self, key: &str) -> String {
        let values = [("service", Value::Text(self.service())), ("address", Value::Text(self.address))];
        Messages::of(self.language).text(key, &values)
    }

    fn mark(&self, key: &str) -> Markup {
        let values = [("service", Value::Text(self.service())), ("address", Value::Text(self.address))];
        Messages::of(self.language).markup(key, &values)
    }

    /// The code in two groups, as people read it.
    fn code(&self) -> Option<String> {
        let code = self.code?.expose();
        let half = code.len() / 2;
        Some(match (code.get(..half), code.get(half..)) {
            (Some(first), Some(second)) => format!("{first} {second}"),
            _ => code.clone(),
        })
    }

    fn link(&self) -> Option<&str> {
        self.link.map(|link| link.expose().as_str())
    }

    fn theme(&self) -> Theme {
        self.settings.brand.light()
    }

    /// The colour of a text on the button.
    fn label(&self) -> Color {
        self.theme().accent.label()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVIL: &str = "\"><script>alert(1)</script>\r\nBcc: eve@evil.example";

    fn settings(name: &str) -> Settings {
        serde_json::from_value(serde_json::json!({ "name": name, "default_audience": "https://api.example" })).unwrap()
    }

    #[test]
    fn a_message_has_code_and_link_in_both_forms_in_every_language() {
        let (settings, code) = (settings("Acme"), Secret::new("12345678".into()));
        let link = Secret::new("https://auth.example/default/demo/login/recovery?link=a&b".into());
        for (language, topic) in
            Language::ALL.into_iter().flat_map(|language| MailTopic::ALL.map(|topic| (language, topic)))
        {
            let has_proof = topic != MailTopic::PasswordChanged;
            let (code, link) = (has_proof.then_some(&code), has_proof.then_some(&link));
            let mail = MailPage { settings: &settings, language, address: "alice@example.com", topic, code, link };
            let (text, html) = (mail.text(), mail.html());
            assert!(!mail.subject().contains("12345678"), "a subject is shown on locked screens");
            for form in [&text, &html] {
                assert!(form.contains("Acme") && form.contains("alice@example.com"), "{language:?} {topic:?}: {form}");
                assert_eq!(form.contains("1234 5678"), has_proof, "{language:?} {topic:?}");
                assert!(!form.contains("mail-"), "a message is missing: {form}");
            }
            assert_eq!(text.contains("/login/recovery?link=a&b"), has_proof);
            assert_eq!(html.contains("/login/recovery?link=a&#38;b\""), has_proof, "{html}");
            assert!(html.contains(&format!("lang=\"{}\" dir=\"{}\"", language.tag(), language.direction())));
            assert!(text.lines().all(|line| line.len() < 998), "RFC 5322 §2.1.1");
            for loaded in ["src=", "<img", "<script", "url(", "http-equiv"] {
                assert!(!html.contains(loaded), "{loaded}");
            }
        }
    }

    #[test]
    fn sec_xss_03_a_name_is_no_markup_and_no_header() {
        let settings = settings(EVIL);
        for topic in MailTopic::ALL {
            let (settings, language, address) = (&settings, Language::English, EVIL);
            let mail = MailPage { settings, language, address, topic, code: None, link: None };
            assert!(!mail.html().contains("<script>"), "{}", mail.html());
            assert!(!mail.subject().contains(char::is_control), "{}", mail.subject());
        }
    }
}
