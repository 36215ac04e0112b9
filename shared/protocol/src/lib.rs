//! OAuth 2.1 and OpenID Connect as plain functions over values.
//!
//! Nothing in here waits, reads a clock, draws a random number, looks at the environment, writes a log line or knows
//! AWS (design invariant 10). What time it is and what is random come in as arguments; what was decided goes out as a
//! value that the next step demands.

pub mod access_token;
pub mod answer;
pub mod asker;
pub mod authentication_metadata;
pub mod authorization;
pub mod bearer;
pub mod claims;
pub mod client;
pub mod client_assertion;
pub mod client_authentication;
pub mod client_credentials;
pub mod code;
pub mod consent;
pub mod cors;
pub mod decision;
pub mod discovery;
pub mod email;
pub mod encoding;
pub mod entitlement;
pub mod error;
pub mod exchange;
pub mod foreign_jwk;
pub mod grant;
pub mod id;
pub mod id_token;
pub mod identity;
pub mod interaction;
pub mod introspection;
pub mod json;
pub mod jwk;
pub mod key_ring;
pub mod lifetimes;
pub mod logout;
pub mod logout_token;
pub mod outbound;
pub mod pairwise;
pub mod parameters;
pub mod pkce;
pub mod redirect_uri;
pub mod refresh;
pub mod refresh_token;
pub mod registration;
pub mod release;
pub mod resource;
pub mod sandbox;
pub mod scope;
pub mod secret;
pub mod session;
pub mod time;
pub mod token_error;
pub mod token_parameter;
pub mod token_request;
pub mod upstream;
pub mod userinfo;
pub mod workspace;
