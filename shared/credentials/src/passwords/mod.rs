//! Passwords: what is accepted as one, how it is stored, and what a new one must satisfy.

mod argon2id;
mod fault;
mod hash;
mod password;
mod phc;

pub use fault::{HashFault, HashingFault};
pub use hash::{PasswordHash, Verification};
pub use password::{Password, PasswordFault};
