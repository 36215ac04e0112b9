//! The edge: HTTP requests and responses, independent of how they arrive.
//!
//! A function receives a [`Request`] and returns a [`Response`], in local development and in Lambda alike. The
//! differences are confined to [`lambda`] and the local server.

pub mod blocking;
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
