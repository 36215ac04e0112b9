//! The host names that a local server accepts.
//!
//! A foreign web site can make its own name resolve to this machine, and its requests are then same-origin (DNS
//! rebinding, catalogue row SEC-DOS-12). They still carry that name in `Host`.

use http::header;
use http::request::Parts;
use http::uri::Authority;
use protocol::types::id::LOOPBACK_HOSTS;

/// The host names that a server accepts: those of this machine, and that of its public URL if there is one.
#[derive(Clone, Debug, Default)]
pub struct HostNames {
    public: Option<String>,
}

impl HostNames {
    /// The names of this machine only.
    pub const LOOPBACK: Self = Self { public: None };

    /// The names of this machine, and the host of `public_url`, which a proxy may pass on.
    #[must_use]
    pub fn with(public_url: &str) -> Self {
        let url: Option<http::Uri> = public_url.parse().ok();
        Self { public: url.and_then(|url| url.host().map(Into::into)) }
    }

    /// Whether the request was sent to one of these names, on any port.
    #[must_use]
    pub fn include(&self, request: &Parts) -> bool {
        authority(request).is_some_and(|host| self.contains(host.host()))
            && request.uri.host().is_none_or(|host| self.contains(host))
    }

    fn contains(&self, host: &str) -> bool {
        LOOPBACK_HOSTS.into_iter().chain(self.public.as_deref()).any(|name| name.eq_ignore_ascii_case(host))
    }
}

/// The one host that the request was sent to, by its header `Host`. A URL in the request line overrides the header (RFC 9112
/// §3.2.2), so it has to name the same.
#[must_use]
pub fn sole_authority(request: &Parts) -> Option<Authority> {
    authority(request).filter(|host| request.uri.authority().is_none_or(|authority| authority == host))
}

fn authority(request: &Parts) -> Option<Authority> {
    let mut headers = request.headers.get_all(header::HOST).iter();
    let (Some(host), None) = (headers.next(), headers.next()) else { return None };
    host.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn included(names: &HostNames, url: &str, hosts: &[&str]) -> bool {
        let request = hosts.iter().fold(Request::builder().uri(url), |request, host| request.header("host", *host));
        names.include(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn sec_dos_12_only_the_names_of_this_machine_and_the_public_url_are_accepted() {
        let (own, public) = (HostNames::LOOPBACK, HostNames::with("https://auth.example:8443/key"));
        for host in ["localhost", "localhost:9000", "LOCALHOST:1", "127.0.0.1:9000", "[::1]", "[::1]:9000"] {
            assert!(included(&own, "/x", &[host]) && included(&public, "/x", &[host]), "{host}");
        }
        for host in [
            "attacker.example",
            "attacker.example:9000",
            "localhost.attacker.example",
            "localhost@attacker.example",
            "127.0.0.1.nip.io",
            "localhost.",
            "0.0.0.0",
            "",
            "caf\u{e9}",
        ] {
            assert!(!included(&own, "/x", &[host]) && !included(&public, "/x", &[host]), "{host}");
        }
        assert!(included(&public, "/x", &["auth.example"]) && included(&public, "/x", &["auth.example:8443"]));
        assert!(!included(&own, "/x", &["auth.example"]));
        assert!(!included(&own, "/x", &[]) && !included(&own, "/x", &["localhost", "localhost"]));
        assert!(!included(&own, "http://attacker.example/x", &["localhost"]));
        assert!(included(&own, "http://localhost:9000/x", &["localhost:9000"]));
    }
}
