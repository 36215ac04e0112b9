//! Logging in at somebody else: what is sent to an upstream provider, and what is believed of its answer.

pub mod openid;
