//! Keys: those of this server, and those of clients and upstream providers (RFC 7517, RFC 7518).

pub mod at_hash;
pub mod certificate;
pub mod external_algorithm;
pub mod external_jwk;
pub mod jwk;
pub mod jwt_fault;
pub mod key_ring;
#[cfg(test)]
mod key_ring_tests;
pub mod ring_key;
