//! The subset of DER (X.690) that KMS uses: ECDSA signatures and public keys.
//!
//! Parsing is strict: one encoding for each value, and no trailing data.

use protocol::jose::jwk::{Algorithm, Curve, KeyMaterial, PublicJwk};
use protocol::syntax::encoding::base64url;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// `rsaEncryption` with its `NULL` (RFC 3279 §2.3.1), as the content of an `AlgorithmIdentifier`.
const RSA_ENCRYPTION: [u8; 13] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
/// `id-ecPublicKey` on `secp256r1` (RFC 5480 §2.1.1), as the content of an `AlgorithmIdentifier`.
const EC_P256: [u8; 19] =
    [0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// The first byte of an uncompressed point.
const UNCOMPRESSED: u8 = 4;

/// The length of a coordinate on P-256, in bytes.
const COORDINATE: usize = 32;

/// The rest of the input.
struct Reader<'d>(&'d [u8]);

impl<'d> Reader<'d> {
    /// The content of the next value, which must be of type `tag`.
    fn value(&mut self, tag: u8) -> Option<&'d [u8]> {
        let (&found, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81 => {
                let (&length, rest) = rest.split_first()?;
                (usize::from(length), rest)
            }
            0x82 => {
                let (length, rest) = rest.split_first_chunk::<2>()?;
                (usize::from(u16::from_be_bytes(*length)), rest)
            }
            _ => return None,
        };
        // Only the shortest form is allowed.
        let shortest = match first {
            0x81 => length > 0x7f,
            0x82 => length > 0xff,
            _ => true,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (found == tag && shortest).then_some(content)
    }

    /// A non-negative integer, without the leading zero byte that keeps it positive.
    fn unsigned(&mut self) -> Option<&'d [u8]> {
        let content = self.value(INTEGER)?;
        match content {
            [] => None,
            [0, second, ..] if *second < 0x80 => None,
            [0, rest @ ..] => Some(rest),
            [first, ..] => (*first < 0x80).then_some(content),
        }
    }

    /// Checks that the input ends here.
    fn ends(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// Converts an ECDSA signature on P-256 (`ECDSA-Sig-Value`, RFC 3279 §2.2.3) into the form of JWS: `r` and `s`, 32
/// bytes each (RFC 7518 §3.4). `None` if it is malformed.
#[must_use]
pub fn fixed_signature(der: &[u8]) -> Option<[u8; 2 * COORDINATE]> {
    let mut outer = Reader(der);
    let mut numbers = Reader(outer.value(SEQUENCE)?);
    outer.ends()?;
    let (r, s) = (numbers.unsigned()?, numbers.unsigned()?);
    numbers.ends()?;
    let mut fixed = [0; 2 * COORDINATE];
    let (left, right) = fixed.split_at_mut(COORDINATE);
    for (half, number) in [(left, r), (right, s)] {
        half.get_mut(COORDINATE.checked_sub(number.len())?..)?.copy_from_slice(number);
    }
    Some(fixed)
}

/// Parses a public key (`SubjectPublicKeyInfo`, RFC 5280 §4.1) for `alg`; `None` if it is not a key for that algorithm.
#[must_use]
pub fn public_key(der: &[u8], alg: Algorithm) -> Option<PublicJwk> {
    let mut outer = Reader(der);
    let mut info = Reader(outer.value(SEQUENCE)?);
    outer.ends()?;
    let (identifier, bits) = (info.value(SEQUENCE)?, info.value(BIT_STRING)?);
    info.ends()?;
    let (&unused, key) = bits.split_first()?;
    if unused != 0 {
        return None;
    }
    let material = match alg {
        Algorithm::RS256 | Algorithm::PS256 => (identifier == RSA_ENCRYPTION).then(|| rsa(key))?,
        Algorithm::ES256 => (identifier == EC_P256).then(|| p256(key))?,
    }?;
    Some(PublicJwk { material, alg })
}

fn rsa(key: &[u8]) -> Option<KeyMaterial> {
    let mut outer = Reader(key);
    let mut numbers = Reader(outer.value(SEQUENCE)?);
    outer.ends()?;
    let (n, e) = (numbers.unsigned()?, numbers.unsigned()?);
    numbers.ends()?;
    // RSA keys have at least 2048 bits (RFC 7518 §3.3).
    (n.len() >= 256).then(|| KeyMaterial::Rsa { n: base64url(n), e: base64url(e) })
}

fn p256(key: &[u8]) -> Option<KeyMaterial> {
    let (&form, point) = key.split_first()?;
    let (x, y) = point.split_at_checked(COORDINATE)?;
    (form == UNCOMPRESSED && y.len() == COORDINATE).then(|| KeyMaterial::Ec {
        crv: Curve::P256,
        x: base64url(x),
        y: base64url(y),
    })
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED, EcdsaKeyPair, KeyPair, RsaKeyPair, UnparsedPublicKey,
    };
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures;

    #[test]
    fn a_signature_keeps_its_value_whatever_its_length_in_der() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());
        let mut lengths = std::collections::BTreeSet::new();
        for at in 0_u32..600 {
            let message = at.to_be_bytes();
            let der = pair.sign(&SystemRandom::new(), &message).unwrap();
            lengths.insert(der.as_ref().len());
            public.verify(&message, &fixed_signature(der.as_ref()).unwrap()).unwrap();
        }
        assert!(lengths.len() >= 3, "both padded and short numbers were met: {lengths:?}");
    }

    #[test]
    fn small_numbers_are_padded_and_noncanonical_forms_refused() {
        let mut expected = [0; 64];
        (expected[31], expected[63]) = (1, 0x80);
        assert_eq!(fixed_signature(&[0x30, 7, 2, 1, 1, 2, 2, 0, 0x80]), Some(expected));
        let long = [&[0x30, 38, 2, 33, 1][..], &[0; 32], &[2, 1, 1]].concat();
        for der in [
            &[][..],
            &[0x30],
            &[0x30, 0],
            &[0x31, 6, 2, 1, 1, 2, 1, 1],
            &[0x30, 6, 2, 1, 1, 2, 1, 1, 0],
            &[0x30, 7, 2, 1, 1, 2, 1, 1, 0],
            &[0x30, 6, 2, 1, 0x80, 2, 1, 1],
            &[0x30, 7, 2, 2, 0, 1, 2, 1, 1],
            &[0x30, 5, 2, 0, 2, 1, 1],
            &[0x30, 0x81, 6, 2, 1, 1, 2, 1, 1],
            &[0x30, 6, 2, 2, 1, 2, 1, 1],
            &[0x30, 0x80, 2, 1, 1, 2, 1, 1],
            &[0x30, 0x83, 0, 0, 6, 2, 1, 1, 2, 1, 1],
            &[0x30, 9, 2, 1, 1, 2, 1, 1, 2, 1, 1],
            &[0x30, 6, 3, 1, 1, 2, 1, 1],
            &long,
        ] {
            assert_eq!(fixed_signature(der), None, "{der:?}");
        }
    }

    /// A value of type 2 whose length has this form, and that many zero bytes.
    fn value(length: &[u8], content: usize) -> Vec<u8> {
        [&[2], length, &vec![1; content]].concat()
    }

    #[test]
    fn a_length_has_its_shortest_form() {
        let read = |der: &[u8]| Reader(der).value(INTEGER).map(<[u8]>::len);
        let good: [(&[u8], usize); 6] = [
            (&[0], 0),
            (&[0x7f], 0x7f),
            (&[0x81, 0x80], 0x80),
            (&[0x81, 0xff], 0xff),
            (&[0x82, 1, 0], 0x100),
            (&[0x82, 2, 1], 0x201),
        ];
        for (length, content) in good {
            assert_eq!(read(&value(length, content)), Some(content), "{length:?}");
            assert_eq!(content.checked_sub(1).and_then(|short| read(&value(length, short))), None, "{length:?}");
        }
        let bad: [(&[u8], usize); 6] = [
            (&[0x81, 0x7f], 0x7f),
            (&[0x82, 0, 0xff], 0xff),
            (&[0x80], 0),
            (&[0x83, 0, 1, 0], 0x100),
            (&[0x81], 0),
            (&[0x82, 1], 1),
        ];
        for (length, content) in bad {
            assert_eq!(read(&value(length, content)), None, "{length:?}");
        }
    }

    #[test]
    fn a_number_is_not_negative_and_has_no_redundant_zero() {
        let read = |content: &[u8]| {
            let der = [&[2, u8::try_from(content.len()).unwrap()], content].concat();
            Reader(&der).unsigned().map(<[u8]>::to_vec)
        };
        let table: [(&[u8], Option<&[u8]>); 8] = [
            (&[], None),
            (&[0], Some(&[])),
            (&[1], Some(&[1])),
            (&[0x7f, 0], Some(&[0x7f, 0])),
            (&[0x80], None),
            (&[0, 0x7f], None),
            (&[0, 0x80], Some(&[0x80])),
            (&[0, 0x80, 1], Some(&[0x80, 1])),
        ];
        for (content, expected) in table {
            assert_eq!(read(content).as_deref(), expected, "{content:?}");
        }
    }

    /// A `SubjectPublicKeyInfo` with this algorithm and these bits.
    fn spki(identifier: &[u8], bits: &[u8]) -> Vec<u8> {
        let value = |tag: u8, content: &[u8]| {
            let length = u16::try_from(content.len()).unwrap().to_be_bytes();
            let length = match content.len() {
                0..=0x7f => vec![length[1]],
                0x80..=0xff => vec![0x81, length[1]],
                _ => vec![0x82, length[0], length[1]],
            };
            [&[tag], &length[..], content].concat()
        };
        value(SEQUENCE, &[value(SEQUENCE, identifier), value(BIT_STRING, bits)].concat())
    }

    #[test]
    fn a_point_is_uncompressed_and_whole() {
        let point = |form: u8, length: usize| [&[0, form][..], &vec![7; length]].concat();
        let read = |bits: &[u8]| public_key(&spki(&EC_P256, bits), Algorithm::ES256).is_some();
        assert!(read(&point(4, 64)));
        for bits in [point(2, 64), point(4, 63), point(4, 65), point(4, 32), vec![0], vec![]] {
            assert!(!read(&bits), "{bits:?}");
        }
        assert!(!read(&[&[1][..], &point(4, 64)[1..]].concat()), "unused bits");
    }

    #[test]
    fn a_short_rsa_key_is_refused() {
        let rsa = |length: u16| {
            let n = [&[2, 0x82][..], &(length + 1).to_be_bytes(), &[0], &vec![0x80; usize::from(length)]].concat();
            let content = [&n[..], &[2, 1, 3]].concat();
            let length = u16::try_from(content.len()).unwrap().to_be_bytes();
            let key = [&[0, 0x30, 0x82][..], &length, &content].concat();
            public_key(&spki(&RSA_ENCRYPTION, &key), Algorithm::RS256).is_some()
        };
        assert!(rsa(256) && rsa(512) && !rsa(255));
    }

    #[test]
    fn public_keys_are_read_as_their_own_algorithm_only() {
        let (pkcs8, key) = (fixtures::pkcs8(Algorithm::ES256, 0), fixtures::key(Algorithm::ES256, 0));
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8).unwrap();
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        assert_eq!(public_key(der.as_ref(), Algorithm::ES256).as_ref(), Some(key.jwk()));
        assert_eq!(public_key(der.as_ref(), Algorithm::RS256), None);

        let (pkcs8, key) = (fixtures::pkcs8(Algorithm::PS256, 0), fixtures::key(Algorithm::PS256, 0));
        let pair = RsaKeyPair::from_pkcs8(pkcs8).unwrap();
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        assert_eq!(public_key(der.as_ref(), Algorithm::PS256).as_ref(), Some(key.jwk()));
        assert_eq!(public_key(der.as_ref(), Algorithm::ES256), None);
        for cut in 0..der.as_ref().len() {
            assert_eq!(public_key(&der.as_ref()[..cut], Algorithm::PS256), None, "cut at {cut}");
        }
        let longer = [der.as_ref(), &[0]].concat();
        assert_eq!(public_key(&longer, Algorithm::PS256), None);
    }

    proptest! {
        #[test]
        fn parsing_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = (fixed_signature(&bytes), public_key(&bytes, Algorithm::RS256), public_key(&bytes, Algorithm::ES256));
        }
    }
}
