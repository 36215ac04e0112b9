//! The compact serialization of a JWS (RFC 7515 §3.1), not verified yet.

use crate::algorithm::Algorithm;
use crate::json::{Object, base64url};
use crate::refusal::InvalidToken;

/// The maximum token length in bytes.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The maximum header length, in base64url.
const MAX_HEADER_BYTES: usize = 2 * 1024;

/// The maximum `kid` length.
const MAX_KID_BYTES: usize = 256;

/// Header members that change the meaning of the token. Tokens that use them are refused (RFC 7515 §4.1.11).
///
/// `jwk`, `jku`, `x5u`, `x5c` and `x5t` are ignored: the key comes from the issuer and never from the token.
const EXTENSIONS: [&str; 3] = ["crit", "b64", "zip"];

/// The decoded parts of a token.
pub(crate) struct Compact<'t> {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: String,
    pub(crate) claims: Object,
    pub(crate) message: &'t [u8],
    pub(crate) signature: Vec<u8>,
}

impl<'t> Compact<'t> {
    /// Parses `token`. Each token has a single spelling, so its text can identify it.
    pub(crate) fn parse(token: &'t str) -> Result<Self, InvalidToken> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(InvalidToken::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(InvalidToken::Form)?;
        let (header, claims) = message.split_once('.').ok_or(InvalidToken::Form)?;
        if header.len() > MAX_HEADER_BYTES {
            return Err(InvalidToken::TooLong);
        }
        // A fourth part would be included in the claims, and a dot is not base64url.
        let decoded = |part| base64url(part).ok_or(InvalidToken::Form);
        let (header, claims, signature) = (decoded(header)?, decoded(claims)?, decoded(signature)?);
        let (algorithm, kid) = named_by(&header)?;
        let claims = Object::parse(&claims).ok_or(InvalidToken::Claims)?;
        Ok(Self { algorithm, kid, claims, message: message.as_bytes(), signature })
    }
}

/// The algorithm and the `kid` in the header of an access token.
fn named_by(header: &[u8]) -> Result<(Algorithm, String), InvalidToken> {
    let header = Object::parse(header).ok_or(InvalidToken::Header)?;
    let text = |name| header.text(name).map_err(|_| InvalidToken::Header);
    if EXTENSIONS.iter().any(|name| header.get(name).is_some()) {
        return Err(InvalidToken::Header);
    }
    if !text("typ")?.is_some_and(is_access_token) {
        return Err(InvalidToken::Type);
    }
    let algorithm = text("alg")?.and_then(Algorithm::named).ok_or(InvalidToken::Algorithm)?;
    let kid = text("kid")?.filter(|kid| kid.len() <= MAX_KID_BYTES).ok_or(InvalidToken::Header)?;
    Ok((algorithm, kid.into()))
}

/// Media types are compared case-insensitively, and may omit `application/` (RFC 7515 §4.1.9).
fn is_access_token(typ: &str) -> bool {
    ["at+jwt", "application/at+jwt"].iter().any(|known| known.eq_ignore_ascii_case(typ))
}
