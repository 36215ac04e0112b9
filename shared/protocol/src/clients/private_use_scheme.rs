//! Private-use schemes of native applications (RFC 8252 §7.1), and the exceptions to their form.
//!
//! Such a scheme is a reverse domain name, so that no two applications claim the same one. Some widely used schemes are
//! not, for example `cursor` and `vscode`; a client can have named exceptions.

use thiserror::Error;

/// Schemes with a meaning for browsers and operating systems. Either an application never receives their URIs, or the
/// content of the URI is executed or read (catalogue row SEC-REDIR-14).
const RESERVED: [&str; 62] = [
    "about",
    "android-app",
    "blob",
    "chrome",
    "chrome-extension",
    "cid",
    "content",
    "data",
    "dav",
    "dns",
    "edge",
    "facetime",
    "feed",
    "file",
    "filesystem",
    "ftp",
    "ftps",
    "git",
    "gopher",
    "help",
    "http",
    "https",
    "intent",
    "irc",
    "itms",
    "itms-apps",
    "itms-services",
    "jar",
    "javascript",
    "ldap",
    "ldaps",
    "livescript",
    "magnet",
    "mailto",
    "market",
    "mhtml",
    "mid",
    "mk",
    "mms",
    "mocha",
    "moz-extension",
    "nfs",
    "openid",
    "openid4vp",
    "rdp",
    "res",
    "resource",
    "search-ms",
    "sftp",
    "shell",
    "sms",
    "smb",
    "ssh",
    "tel",
    "telnet",
    "urn",
    "vbscript",
    "view-source",
    "vnc",
    "webcal",
    "ws",
    "wss",
];

/// Why a scheme cannot be an exception, as a sentence that says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SchemeFault {
    /// Not a scheme, or not in lower case.
    #[error("write the scheme alone and in lower case, without the colon")]
    Malformed,
    /// A reverse domain name.
    #[error("a scheme with a dot needs no exception: remove it")]
    ReverseDomain,
    /// A scheme with another meaning.
    #[error("browsers or operating systems use this scheme themselves: remove it")]
    Reserved,
}

/// Checks that `scheme` can be an exception: a private-use scheme without a dot.
///
/// # Errors
///
/// [`SchemeFault`] says what is wrong.
pub fn check_exception(scheme: &str) -> Result<(), SchemeFault> {
    if !is_scheme(scheme) {
        Err(SchemeFault::Malformed)
    } else if scheme.contains('.') {
        Err(SchemeFault::ReverseDomain)
    } else if is_reserved(scheme) {
        Err(SchemeFault::Reserved)
    } else {
        Ok(())
    }
}

/// Whether `text` is a scheme in lower case (RFC 3986 §3.1).
pub(super) fn is_scheme(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_lowercase()) && text.bytes().all(fits)
}

/// Whether browsers or operating systems use `scheme` themselves; schemes that begin with `ms-` open parts of Windows.
pub(super) fn is_reserved(scheme: &str) -> bool {
    RESERVED.contains(&scheme) || scheme.starts_with("ms-") || scheme.starts_with("web+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_redir_14_and_15_an_exception_is_for_a_private_use_scheme() {
        for good in ["cursor", "vscode", "vscode-insiders", "msal11111111-2222-3333-4444-555555555555", "a+b"] {
            assert_eq!(check_exception(good), Ok(()), "{good}");
        }
        let table = [
            ("", SchemeFault::Malformed),
            ("cursor:", SchemeFault::Malformed),
            ("cursor://", SchemeFault::Malformed),
            ("Cursor", SchemeFault::Malformed),
            ("1cursor", SchemeFault::Malformed),
            ("*", SchemeFault::Malformed),
            ("java\tscript", SchemeFault::Malformed),
            ("com.example.app", SchemeFault::ReverseDomain),
        ];
        for (bad, fault) in table {
            assert_eq!(check_exception(bad), Err(fault), "{bad:?}");
        }
        let reserved = RESERVED.into_iter().chain(["ms-msdt", "ms-word", "ms-settings", "web+app"]);
        for scheme in reserved {
            assert_eq!(check_exception(scheme), Err(SchemeFault::Reserved), "{scheme}");
        }
    }
}
