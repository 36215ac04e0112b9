//! A message as it leaves.

use protocol::syntax::encoding::base64;
use protocol::users::mail::MailAddress;

/// The longest part of a name in one encoded word, in bytes: 60 characters of base64 and 12 around them are below the 75
/// that RFC 2047 §2 allows.
const MAX_WORD_BYTES: usize = 45;

/// A message as it leaves.
pub struct Letter {
    /// The sender's address.
    pub from: MailAddress,
    /// The sender's name.
    pub from_name: String,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<MailAddress>,
    /// The recipient.
    pub to: MailAddress,
    /// The subject.
    pub subject: String,
    /// The message as text.
    pub text: String,
    /// The message as HTML.
    pub html: String,
}

impl Letter {
    /// The sender with the name, for a header. The name is encoded as RFC 2047 says, whatever it contains, so that no
    /// character of it means anything there (catalogue row SEC-XSS-03).
    #[must_use]
    pub(crate) fn sender(&self) -> String {
        let words: Vec<String> =
            words(&self.from_name).into_iter().map(|word| format!("=?UTF-8?B?{}?=", base64(word.as_bytes()))).collect();
        if words.is_empty() { self.from.to_string() } else { format!("{} <{}>", words.join(" "), self.from) }
    }
}

/// `name` in parts that fit into an encoded word each. A character is never split (RFC 2047 §5).
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for character in name.chars() {
        match words.last_mut() {
            Some(word) if word.len() + character.len_utf8() <= MAX_WORD_BYTES => word.push(character),
            _ => words.push(character.into()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(name: &str) -> String {
        let address = |text| MailAddress::parse(text).unwrap();
        let (from, to) = (address("no-reply@acme.example"), address("alice@example.com"));
        let text = String::new;
        Letter { from, from_name: name.into(), reply_to: None, to, subject: text(), text: text(), html: text() }
            .sender()
    }

    #[test]
    fn sec_xss_03_no_character_of_a_name_means_anything_in_a_header() {
        assert_eq!(sender("Acme"), "=?UTF-8?B?QWNtZQ==?= <no-reply@acme.example>");
        assert_eq!(sender(""), "no-reply@acme.example");
        for name in [
            "a\r\nBcc: eve@evil.example",
            "\" <eve@evil.example>",
            "a?= <eve@evil.example>, b",
            "名前".repeat(40).as_str(),
        ] {
            let sender = sender(name);
            let (words, address) = sender.rsplit_once(" <").unwrap();
            assert_eq!(address, "no-reply@acme.example>");
            for word in words.split(' ') {
                let inner = word.strip_prefix("=?UTF-8?B?").unwrap().strip_suffix("?=").unwrap();
                assert!(inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)), "{word}");
                assert!(word.len() <= 75, "{word}");
            }
        }
    }
}
