//! Networks that requests come from.

use core::net::IpAddr;

/// The network of `address`: of IPv6 its /64, since one customer has all of it; of IPv4 the address itself. A text that is
/// not an address, such as the empty one on a laptop, stands for itself.
#[must_use]
pub fn network(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.into(),
    }
}

/// Whether both addresses are known and in one network. Addresses behind one NAT are.
#[must_use]
pub fn is_same_network(left: &str, right: &str) -> bool {
    !left.is_empty() && network(left) == network(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_dev_04_two_addresses_are_compared_by_network() {
        assert!(is_same_network("192.0.2.1", "::ffff:192.0.2.1"));
        assert!(is_same_network("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
        for (left, right) in
            [("192.0.2.1", "192.0.2.2"), ("2001:db8:1:2::1", "2001:db8:1:3::1"), ("", ""), ("", "192.0.2.1")]
        {
            assert!(!is_same_network(left, right), "{left} {right}");
        }
    }
}
