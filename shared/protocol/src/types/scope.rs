//! Scopes (RFC 6749 §3.3).

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The scope that makes a request an OpenID Connect one.
pub const OPENID: &str = "openid";

/// The scope that asks for refresh tokens (OpenID Connect Core §11).
pub const OFFLINE_ACCESS: &str = "offline_access";

/// The scope for introspecting any token of the workspace, not only one's own.
pub const INTROSPECT_TOKENS: &str = "introspect_tokens";

/// The scope for revoking any token of the workspace, not only one's own.
pub const REVOKE_TOKENS: &str = "revoke_tokens";

/// The scopes that concern a user, which a client's own tokens cannot have.
pub const OF_USERS: [&str; 6] = [OPENID, OFFLINE_ACCESS, "profile", "email", "phone", "address"];

/// The workspace-wide scopes. Only a client itself can have them; no user grants them (catalogue row SEC-ADM-13).
pub const OF_POWER: [&str; 2] = [INTROSPECT_TOKENS, REVOKE_TOKENS];

/// A set of scope tokens, in order of first occurrence. The order has no meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scopes(Vec<String>);

/// A scope parameter that violates the grammar or the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("scope must be at most 100 tokens and 2048 characters, separated by single spaces")]
pub struct MalformedScope;

/// The maximum number of scopes in a set.
const MAX_SCOPES: usize = 100;

/// The maximum length of a set, as it is written.
const MAX_SCOPE_BYTES: usize = 2048;

impl Scopes {
    /// Parses a space-separated list (RFC 6749 §3.3). Duplicates are merged.
    ///
    /// # Errors
    ///
    /// [`MalformedScope`] for an empty token, a character outside the grammar, or too many or too long tokens.
    pub fn parse(text: &str) -> Result<Self, MalformedScope> {
        if text.len() > MAX_SCOPE_BYTES {
            return Err(MalformedScope);
        }
        let mut scopes = Vec::new();
        for token in text.split(' ') {
            if !is_scope_token(token) || scopes.len() == MAX_SCOPES {
                return Err(MalformedScope);
            }
            if !scopes.iter().any(|known| known == token) {
                scopes.push(token.into());
            }
        }
        Ok(Self(scopes))
    }

    /// Whether `token` is one of these.
    #[must_use]
    pub fn contains(&self, token: &str) -> bool {
        self.0.iter().any(|known| known == token)
    }

    /// Whether every one of these is also in `other`.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        self.0.iter().all(|token| other.contains(token))
    }

    /// The first of these that is not in `other`.
    #[must_use]
    pub fn first_outside(&self, other: &Self) -> Option<&str> {
        self.iter().find(|token| !other.contains(token))
    }

    /// The union of these and `other`.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut all = self.clone();
        all.0.extend(other.0.iter().filter(|token| !self.contains(token)).cloned());
        all
    }

    /// The union of these and `other`, if it is within the limits of a set.
    ///
    /// # Errors
    ///
    /// [`MalformedScope`] if it is not.
    pub fn with(&self, other: &Self) -> Result<Self, MalformedScope> {
        let all = self.union(other);
        if all.is_within_limits() { Ok(all) } else { Err(MalformedScope) }
    }

    /// These scopes without the first ones, as many as it takes to be within the limits of a set.
    #[must_use]
    pub fn last_within_limits(mut self) -> Self {
        while !self.is_within_limits() {
            self.0.remove(0);
        }
        self
    }

    fn is_within_limits(&self) -> bool {
        let bytes: usize = self.0.iter().map(|token| token.len().saturating_add(1)).sum();
        self.0.len() <= MAX_SCOPES && bytes <= MAX_SCOPE_BYTES.saturating_add(1)
    }

    /// These scopes without the workspace-wide ones: what users may grant.
    #[must_use]
    pub fn of_users(&self) -> Self {
        self.filtered(|scope| !OF_POWER.contains(&scope))
    }

    /// The scopes that `keep` accepts.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|token| keep(token)).cloned().collect())
    }

    /// The tokens, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.iter().map(String::as_str)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tokens, separated by spaces, as in the `scope` parameter.
    #[must_use]
    pub fn joined(&self) -> String {
        self.0.join(" ")
    }
}

/// `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
fn is_scope_token(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| (0x21..=0x7e).contains(&byte) && byte != b'"' && byte != b'\\')
}

impl TryFrom<String> for Scopes {
    type Error = MalformedScope;

    fn try_from(text: String) -> Result<Self, MalformedScope> {
        if text.is_empty() { Ok(Self::default()) } else { Self::parse(&text) }
    }
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.joined()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_param_18_the_grammar_is_kept_and_duplicates_fold() {
        assert_eq!(Scopes::parse("openid email openid").unwrap().joined(), "openid email");
        let many = (0..101).map(|n| format!("s{n}")).collect::<Vec<_>>().join(" ");
        for bad in ["openid\tprofile", "openid  profile", " openid", "openid ", "openid\"x", "a\\b", "\u{e9}", &many] {
            assert_eq!(Scopes::parse(bad), Err(MalformedScope), "{bad:?}");
        }
        assert_eq!(Scopes::parse(&"a".repeat(2049)), Err(MalformedScope));
        assert!(Scopes::parse(&"a".repeat(2048)).is_ok());
    }

    #[test]
    fn sec_param_15_scopes_are_compared_code_point_by_code_point() {
        let scopes = Scopes::parse("Read").unwrap();
        assert!(scopes.contains("Read") && !scopes.contains("read"));
    }

    #[test]
    fn the_grammar_is_that_of_rfc_6749() {
        let hundred = (0..100).map(|n| format!("s{n}")).collect::<Vec<_>>().join(" ");
        assert_eq!(Scopes::parse(&hundred).unwrap().iter().count(), 100);
        assert!(Scopes::parse(&format!("{hundred} s0")).is_err(), "the limit applies to the scopes as sent");
        assert!(Scopes::parse("!#[]~").is_ok());
        assert_eq!(Scopes::parse(""), Err(MalformedScope), "an empty parameter is an absent one and never gets here");
        assert_eq!(
            Scopes::try_from(String::new()),
            Ok(Scopes::default()),
            "the store writes an empty set in this form"
        );
        assert_eq!(Scopes::try_from("a  b".to_owned()), Err(MalformedScope));
        assert_eq!(String::from(Scopes::parse("a b").unwrap()), "a b");
    }

    #[test]
    fn a_set_that_grows_stays_readable() {
        let of = |text: &str| Scopes::parse(text).unwrap();
        let many = |letter: &str| of(&(0..60).map(|n| format!("{letter}{n}")).collect::<Vec<_>>().join(" "));
        let (all, hundred) = (many("a").union(&many("b")), many("a").union(&many("b")).last_within_limits());
        assert_eq!((all.iter().count(), hundred.iter().count()), (120, 100));
        assert!(hundred.contains("b59") && hundred.contains("a20") && !hundred.contains("a19"));
        assert_eq!(many("a").with(&many("b")), Err(MalformedScope));
        let (long, most) = ("a".repeat(1024), "b".repeat(1023));
        assert_eq!(of(&long).with(&of(&most)).map(|both| both.joined().len()), Ok(2048));
        assert_eq!(of(&long).with(&of(&"b".repeat(1024))), Err(MalformedScope));
        assert_eq!(of(&long).union(&of(&"b".repeat(1024))).last_within_limits().joined(), "b".repeat(1024));
        assert!(Scopes::parse(&hundred.joined()).is_ok());
        assert_eq!(many("a").last_within_limits(), many("a"));
    }

    #[test]
    fn scopes_are_sets() {
        let of = |text: &str| Scopes::try_from(text.to_owned()).unwrap();
        assert_eq!((of("a d e").first_outside(&of("c a")), of("a").first_outside(&of("a"))), (Some("d"), None));
        assert!(of("a b").within(&of("b c a")) && of("").within(&of("")) && !of("a d").within(&of("a b c")));
        assert_eq!(of("a b").union(&of("b c")), of("a b c"));
        assert_eq!(of("a b").with(&of("b c")), Ok(of("a b c")));
        assert_eq!(of("a b c").filtered(|scope| scope != "b"), of("a c"));
        assert_eq!(of("openid introspect_tokens a revoke_tokens").of_users(), of("openid a"));
        assert_eq!(of("a b").iter().collect::<Vec<_>>(), ["a", "b"]);
        assert!(of("").is_empty() && !of("a").is_empty());
    }
}
