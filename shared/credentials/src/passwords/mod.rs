//! Passwords: what is accepted as one, how it is stored, and what a new one must satisfy.

pub(crate) mod argon2id;
mod bcrypt;
mod fault;
mod hash;
mod keycloak;
mod known;
mod password;
mod patterns;
mod pbkdf2;
pub(crate) mod phc;
mod policy;
mod scrypt;
mod strength;
mod weakness;
mod words;

pub use fault::{HashFault, HashingFault};
pub use hash::{PasswordHash, Verification};
pub use password::{Password, PasswordFault};
pub use policy::{PasswordPolicy, Refusal};
pub use scrypt::FirebaseParameters;
pub use strength::{Level, Strength, strength};
pub use weakness::Weakness;
pub use words::{ContextWord, KnownWord};
