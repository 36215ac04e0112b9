//! Passwords: what is accepted as one, how it is stored, and what a new one must satisfy.

mod argon2id;
mod fault;
mod hash;
mod known;
mod password;
mod patterns;
mod phc;
mod policy;
mod strength;
mod words;

pub use fault::{HashFault, HashingFault};
pub use hash::{PasswordHash, Verification};
pub use password::{Password, PasswordFault};
pub use policy::{PasswordPolicy, Refusal};
pub use strength::{Level, Strength, Weakness, strength};
pub use words::{ContextWord, KnownWord};
