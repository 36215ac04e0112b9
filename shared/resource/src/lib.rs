//! Validates OAuth 2.0 access tokens (RFC 9068) in an API written in Rust.
//!
//! An API that is called with `Authorization: Bearer …` has to know that the token was signed by the issuer it trusts,
//! for this API and not for another, and is of this moment. A [`Validator`] says so, with the keys that the issuer
//! publishes and without asking it about the token.
//!
//! ```
//! use http::{Request, Response};
//! use postern_resource::{JwksSource, Validator};
//!
//! /// Answers a request; what it needs is a token with the scope `offers.read`.
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
//! # What is checked
//!
//! - **Form**: three parts of canonical base64url, at most 8 KiB; strict JSON without duplicates; every claim of its
//!   type.
//! - **Header**: `typ` is `at+jwt`, so ID tokens and logout tokens are none; `alg` is one of RS256, PS256 and ES256;
//!   `kid` names a key of the issuer, which verifies its own algorithm only. Keys in the header are passed over; `crit`,
//!   `b64` and `zip` are refused.
//! - **Claims**: `iss`, `sub`, `aud`, `client_id`, `iat`, `exp` and `jti` are there; `iss` and one `aud` are what the
//!   API expects, byte for byte; `exp`, `nbf` and `iat` fit the clock. A token that is bound to a key (`cnf`) is refused,
//!   because a Bearer request does not prove that key.
//! - **Signature**, with AWS-LC.
//!
//! # What is kept
//!
//! The issuer is asked for its keys when they are older than five minutes or a token names one that is not among them,
//! by one request at a time and at most once a minute (once in five seconds while there are none). If it does not
//! answer, the last keys serve for two hours; then, and whenever nobody can say whether a key is the issuer's, the
//! answer is [`Refusal::Unavailable`]: 503, and not `invalid_token`.
//!
//! # What is not checked
//!
//! Whether the token was revoked: it is good until it ends. An API that cannot wait asks the issuer by introspection
//! (RFC 7662).
//!
//! # Features
//!
//! `https` (default) brings [`HttpsJwks`] and [`Validator::discovering`]. Without it, implement [`JwksSource`].

mod algorithm;
mod bearer;
mod cache;
mod clock;
mod compact;
#[cfg(feature = "https")]
mod https;
mod json;
mod jwks;
mod refusal;
mod source;
mod token;
mod validator;

pub use algorithm::Algorithm;
pub use clock::{Clock, SystemClock};
#[cfg(feature = "https")]
pub use https::HttpsJwks;
pub use refusal::{InvalidToken, Refusal};
pub use source::{JwksFault, JwksSource, StaticJwks};
pub use token::AccessToken;
pub use validator::Validator;
