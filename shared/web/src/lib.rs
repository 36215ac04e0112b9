//! The edge: what comes in as bytes and what goes out as bytes.
//!
//! A function receives a [`Request`] and answers with a [`Response`], on a laptop and in Lambda alike. What the two
//! differ in ends in [`lambda`] and in the local server.

pub mod clock;
pub mod config;
pub mod cookie;
pub mod cors;
pub mod edge;
pub mod fault;
pub mod json;
pub mod lambda;
pub mod log;
pub mod login_cookies;
pub mod media_type;
pub mod origin;
pub mod queue;
pub mod request;
pub mod response;
pub mod route;

pub use clock::{Clock, SystemClock};
pub use config::{Config, ConfigError};
pub use fault::{Unavailable, unavailable};
pub use request::{Deadline, Request};
pub use response::Response;
