//! Requests that we make ourselves: to upstream providers, and for the keys of clients.
//!
//! Whoever names a URL for us must not reach into our own network with it. So only `https` to public names on public
//! addresses, which are checked where the connection is made; no redirects; bounds on everything; and what was wrong with
//! an answer goes to the log and not to whoever caused the request (catalogue rows SEC-SSRF-01 to 04). On a laptop, where
//! we ourselves are reached over plain `http`, loopback hosts may be asked as well.

mod address;
mod answer;
mod failures;
mod fault;
mod fetcher;
mod key_sets;
mod network;

pub use answer::{Accepted, Claims};
pub use failures::Failures;
pub use fault::{FetchFault, Refused};
pub use fetcher::{Fetcher, Outgoing};
pub use key_sets::{KeySetFault, KeySets};
pub use network::{Network, SystemNetwork, Waiting};
