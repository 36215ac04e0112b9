//! Verification of what users prove: passwords, one-time codes and passkeys.
//!
//! Like `protocol`, this crate does no I/O and reads neither clock nor environment; time and randomness are arguments.
//! It is a crate of its own because only the functions that verify users should link what it needs.

pub mod one_time;
pub mod passwords;
pub mod webauthn;
