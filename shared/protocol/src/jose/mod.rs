//! Keys: those that we publish and sign with, and those of clients and providers (RFC 7517, RFC 7518).

pub mod at_hash;
pub mod external_jwk;
pub mod jwk;
pub mod key_ring;
