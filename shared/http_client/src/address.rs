//! Which addresses are on the public internet (catalogue row SEC-SSRF-01).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Networks that are not public, with prefix length (RFC 6890 and the IANA special-purpose address registries).
const NOT_PUBLIC_V4: [([u8; 4], u32); 16] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
    ([168, 63, 129, 16], 32),
];

/// The same for IPv6 addresses within `2000::/3`: outside of it, nothing is public.
const NOT_PUBLIC_V6: [([u16; 2], u32); 4] =
    [([0x2001, 0], 23), ([0x2001, 0x0db8], 32), ([0x2002, 0], 16), ([0x3fff, 0], 20)];

/// The prefix through which an IPv6-only network reaches IPv4 addresses (RFC 6052 §2.1).
const NAT64_PREFIX: [u8; 12] = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];

/// Whether `address` is public. An address that embeds another one is judged by the embedded address.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_of_32_bits(address),
        IpAddr::V6(address) => is_public_of_128_bits(address),
    }
}

fn is_public_of_32_bits(address: Ipv4Addr) -> bool {
    let bits = u32::from(address);
    !NOT_PUBLIC_V4
        .iter()
        .any(|(network, prefix)| (bits ^ u32::from(Ipv4Addr::from(*network))).leading_zeros() >= *prefix)
}

fn is_public_of_128_bits(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_of_32_bits(inner);
    }
    if let Some((network, inner)) = address.octets().split_last_chunk::<4>()
        && network == NAT64_PREFIX
    {
        return is_public_of_32_bits(Ipv4Addr::from(*inner));
    }
    let bits = u128::from(address);
    let within = |(start, prefix): &([u16; 2], u32)| {
        let [first, second] = *start;
        let network = u128::from(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0));
        (bits ^ network).leading_zeros() >= *prefix
    };
    bits >> 125 == 0b001 && !NOT_PUBLIC_V6.iter().any(within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_ssrf_01_and_sec_iam_03_no_address_of_an_internal_network_is_public() {
        let inner = "0.0.0.0 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 169.254.169.254 \
             169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 \
             198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255 168.63.129.16 :: \
             ::1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe \
             64:ff9b:1::1 100::1 2001::1 2001:10::1 2001:20::1 2001:1ff::1 2001:db8::1 2002:7f00:1:: \
             2002:808:808:: 3fff::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1 4000::1";
        for address in inner.split(' ') {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        let public = "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 198.17.0.1 198.20.0.1 \
             223.255.255.254 2001:200::1 2606:4700:4700::1111 2a00:1450:4001::1 ::ffff:8.8.8.8 \
             64:ff9b::808:808";
        for address in public.split(' ') {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
