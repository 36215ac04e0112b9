//! Validates OAuth 2.0 access tokens (RFC 9068) in an API written in Rust.
//!
//! An API that receives `Authorization: Bearer …` must know that the token was signed by the issuer it trusts, was
//! issued for this API, and is currently valid. A [`Validator`] verifies that with the issuer's published keys, without
//! contacting the issuer for each token.
//!
//! ```
//! use http::{Request, Response};
//! use postern_resource::{JwksSource, Validator};
//!
//! /// Handles a request, which requires a token with the scope `offers.read`.
//! async fn offers<S: JwksSource, B>(validator: &Validator<S>, request: &Request<B>) -> Response<String> {
//!     let token = validator.authenticate(request.headers(), request.uri().query()).await;
//!     match token.and_then(|token| token.require_scope("offers.read")) {
//!         Ok(token) => Response::new(format!("offers for {}", token.subject())),
//!         Err(refusal) => refusal.response("offers"),
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // Over HTTPS with discovery: Validator::discovering("https://auth.example/default/shop", "https://api.example")
//! let keys = postern_resource::StaticJwks::new(r#"{"keys":[]}"#);
//! let validator = Validator::new("https://auth.example/default/shop", "https://api.example", keys);
//!
//! let answer = offers(&validator, &Request::new(())).await;
//! assert_eq!(answer.status(), 401);
//! assert_eq!(answer.headers()["www-authenticate"], "Bearer realm=\"offers\"");
//! # }
//! ```
//!
//! # Checks
//!
//! - **Form**: three parts of canonical base64url, at most 8 KiB; strict JSON without duplicates; every claim of the
//!   right type.
//! - **Header**: `typ` is `at+jwt`, which excludes ID tokens and logout tokens; `alg` is one of RS256, PS256 and ES256;
//!   `kid` names a key of the issuer, which verifies its own algorithm only. Keys in the header are ignored; `crit`,
//!   `b64` and `zip` are refused.
//! - **Claims**: `iss`, `sub`, `aud`, `client_id`, `iat`, `exp` and `jti` are present; `iss` and one `aud` match the
//!   expected values exactly; `exp`, `nbf` and `iat` are consistent with the clock. A sender-constrained token (`cnf`) is
//!   refused, because a Bearer request does not prove possession of its key.
//! - **Signature**, with AWS-LC.
//!
//! # Step-up authentication
//!
//! A request that takes more than any login, such as a payment, demands a class or a recent time of authentication with
//! [`Validator::require_authentication`]. A token that does not meet it is answered by the challenge of RFC 9470, with which the
//! client sends its user to the issuer again.
//!
//! # Key caching
//!
//! The keys are fetched when they are older than five minutes or a token names an unknown key, by one request at a time
//! and at most once a minute (once in five seconds while there are none). If the issuer does not respond, the last keys
//! remain valid for two hours. After that, and whenever it cannot be determined whether a key is the issuer's, the
//! result is [`Refusal::Unavailable`]: a 503, not `invalid_token`.
//!
//! # Not checked
//!
//! Revocation: a revoked token is accepted until it expires. An API that needs to know earlier asks the issuer by
//! introspection (RFC 7662).
//!
//! # Features
//!
//! `https` (default) provides [`HttpsJwks`] and [`Validator::discovering`]. Without it, implement [`JwksSource`].

mod algorithm;
mod bearer;
mod cache;
mod clock;
mod compact;
#[cfg(feature = "https")]
mod https;
mod json;
mod jwks;
mod quoted;
mod refusal;
mod source;
mod step_up;
mod token;
mod validator;

pub use algorithm::Algorithm;
pub use clock::{Clock, SystemClock};
#[cfg(feature = "https")]
pub use https::HttpsJwks;
pub use refusal::{InvalidToken, Refusal};
pub use source::{JwksFault, JwksSource, StaticJwks};
pub use step_up::StepUp;
pub use token::AccessToken;
pub use validator::Validator;
