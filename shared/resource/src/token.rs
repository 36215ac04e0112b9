//! The claims of an access token (RFC 9068 §2.2).

use std::time::Duration;

use serde_json::Value;

use crate::algorithm::Algorithm;
use crate::json::{Object, WrongType};
use crate::refusal::{InvalidToken, Refusal};

/// A valid access token: signed by the issuer, issued for this API, and currently valid.
///
/// Only a [`Validator`](crate::Validator) creates one, so a function that takes one cannot be called without a valid
/// token:
///
/// ```compile_fail,E0451
/// let forged = postern_resource::AccessToken { subject: "alice".to_owned(), ..todo!() };
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct AccessToken {
    algorithm: Algorithm,
    issuer: String,
    subject: String,
    client_id: String,
    id: String,
    audience: Vec<String>,
    scope: Vec<String>,
    issued_at: u64,
    not_before: Option<u64>,
    expires_at: u64,
    claims: Object,
}

/// The required values of a token.
pub(crate) struct Expected<'v> {
    pub(crate) issuer: &'v str,
    pub(crate) audience: &'v str,
    pub(crate) now: Duration,
    pub(crate) leeway: Duration,
}

impl AccessToken {
    /// Parses claims. They are not trusted before [`Expected::met_by`] and the signature check succeed.
    pub(crate) fn parse(claims: Object, algorithm: Algorithm) -> Result<Self, InvalidToken> {
        Self::typed(claims, algorithm).ok().flatten().ok_or(InvalidToken::Claims)
    }

    /// `None` if a claim is missing, [`WrongType`] if a claim has the wrong type, whether it is used here or not.
    fn typed(claims: Object, algorithm: Algorithm) -> Result<Option<Self>, WrongType> {
        let text = |name| claims.text(name).map(|found| found.map(str::to_owned));
        let required = (text("iss")?, text("sub")?, text("client_id")?, text("jti")?);
        let (Some(issuer), Some(subject), Some(client_id), Some(id)) = required else { return Ok(None) };
        let times = (claims.text_or_texts("aud")?, claims.seconds("iat")?, claims.seconds("exp")?);
        let (Some(audience), Some(issued_at), Some(expires_at)) = times else { return Ok(None) };
        let scope = text("scope")?.map_or_else(|| Ok(Vec::new()), |scope| scopes(&scope))?;
        let not_before = claims.seconds("nbf")?;
        let _ = (claims.seconds("auth_time")?, claims.text("acr")?, claims.texts("amr")?);
        Ok(Some(Self {
            algorithm,
            issuer,
            subject,
            client_id,
            id,
            audience,
            scope,
            issued_at,
            not_before,
            expires_at,
            claims,
        }))
    }

    /// Returns the token if it has `scope` (RFC 6749 §3.3).
    ///
    /// # Errors
    ///
    /// [`Refusal::InsufficientScope`].
    pub fn require_scope(self, scope: &str) -> Result<Self, Refusal> {
        if self.has_scope(scope) { Ok(self) } else { Err(Refusal::InsufficientScope(scope.to_owned())) }
    }

    /// Whether the token has `scope`.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scope.iter().any(|known| known == scope)
    }

    /// The scopes.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.iter().map(String::as_str)
    }

    /// Returns the token if its subject has `role`, by the claim `roles` (RFC 9068 §2.2.3.1).
    ///
    /// # Errors
    ///
    /// [`Refusal::MissingRole`].
    pub fn require_role(self, role: &str) -> Result<Self, Refusal> {
        if self.has_role(role) { Ok(self) } else { Err(Refusal::MissingRole(role.to_owned())) }
    }

    /// Returns the token if its subject is in `group`, by the claim `groups` (RFC 9068 §2.2.3.1).
    ///
    /// # Errors
    ///
    /// [`Refusal::MissingGroup`].
    pub fn require_group(self, group: &str) -> Result<Self, Refusal> {
        if self.is_in_group(group) { Ok(self) } else { Err(Refusal::MissingGroup(group.to_owned())) }
    }

    /// Whether the subject has `role`. A token without the claim `roles` has none.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.names("roles").any(|known| known == role)
    }

    /// Whether the subject is in `group`. A token without the claim `groups` is in none.
    #[must_use]
    pub fn is_in_group(&self, group: &str) -> bool {
        self.names("groups").any(|known| known == group)
    }

    /// The names in the claim `claim`, such as `roles`, `groups` or `entitlements`; none if it is missing or is no list.
    pub fn names(&self, claim: &str) -> impl Iterator<Item = &str> {
        let list = self.claims.get(claim).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str)
    }

    /// Whether the issuer left `claim` out because it did not fit into the token. Introspection has it.
    #[must_use]
    pub fn omits(&self, claim: &str) -> bool {
        self.names("omitted_claims").any(|omitted| omitted == claim || omitted == "*")
    }

    /// The issuer of the token.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The subject of the token: the user, or the client itself if there is no user (RFC 9068 §2.2). It is unique
    /// within the issuer.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The client that the token was issued to.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The unique identifier of the token.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// All audiences, one of which is this API.
    pub fn audience(&self) -> impl Iterator<Item = &str> {
        self.audience.iter().map(String::as_str)
    }

    /// When the token was issued, in seconds since the epoch.
    #[must_use]
    pub const fn issued_at(&self) -> u64 {
        self.issued_at
    }

    /// When the token expires, in seconds since the epoch.
    #[must_use]
    pub const fn expires_at(&self) -> u64 {
        self.expires_at
    }

    /// The algorithm of the signature.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Any other claim, such as `acr` or `roles` (RFC 9068 §2.2.1, §2.2.3).
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }
}

impl Expected<'_> {
    /// Checks the claims of `token` (RFC 9068 §4). This is the only place where leeway is granted.
    pub(crate) fn met_by(&self, token: &AccessToken) -> Result<(), InvalidToken> {
        let (early, late) = (self.now.saturating_add(self.leeway), self.now.saturating_sub(self.leeway));
        let at = Duration::from_secs;
        if token.issuer != self.issuer {
            return Err(InvalidToken::Issuer);
        }
        if !token.audience.iter().any(|audience| audience == self.audience) {
            return Err(InvalidToken::Audience);
        }
        if late >= at(token.expires_at) {
            return Err(InvalidToken::Expired);
        }
        if at(token.issued_at) > early || token.not_before.is_some_and(|start| at(start) > early) {
            return Err(InvalidToken::NotYetValid);
        }
        if token.claims.get("cnf").is_some() { Err(InvalidToken::Bound) } else { Ok(()) }
    }
}

/// The tokens of a `scope`: separated by single spaces, with the characters of RFC 6749 §3.3; none for the empty
/// string.
fn scopes(scope: &str) -> Result<Vec<String>, WrongType> {
    let is_scope =
        |token: &str| !token.is_empty() && token.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
    if scope.is_empty() {
        return Ok(Vec::new());
    }
    scope.split(' ').map(|token| if is_scope(token) { Ok(token.to_owned()) } else { Err(WrongType) }).collect()
}
