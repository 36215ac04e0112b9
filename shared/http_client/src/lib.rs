//! Outgoing requests of this server: to upstream providers, and for the keys of clients.
//!
//! A URL supplied by another party must not reach into the internal network. So the client allows only `https` to
//! public names on public addresses, checked at connection time; follows no redirects; bounds everything; and logs what
//! was wrong with a response instead of telling the party that caused the request (catalogue rows SEC-SSRF-01 to 04).
//! In local development, where the server itself is reached over plain `http`, loopback hosts are allowed as well.

mod address;
mod answer;
mod failures;
mod fault;
mod fetcher;
#[cfg(test)]
mod fetcher_tests;
mod key_sets;
mod network;

pub use answer::{Accepted, Claims};
pub use failures::Failures;
pub use fault::{FetchFault, Refused};
pub use fetcher::{Fetcher, Outgoing};
pub use key_sets::{KeySetFault, KeySets};
pub use network::{Network, SystemNetwork, Waiting};
