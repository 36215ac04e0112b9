//! Passwords that are known to attackers, as a set of fingerprints. lists/build.py makes it and describes its form.

use sha2::{Digest, Sha256};

static KNOWN: &[u8] = include_bytes!("../../lists/known_passwords.bin");

/// The 256 groups of buckets, one for each first byte of a digest, begin with how many fingerprints come before them.
const GROUPS: usize = 256;
const BUCKETS: usize = 256 * GROUPS;

/// Whether `password`, normalised and in lower case, is among the known ones. One of 9,050 others is wrongly taken for one.
pub(super) fn is_known(password: &str) -> bool {
    let [group, bucket, high, low, ..] = <[u8; 32]>::from(Sha256::digest(password.as_bytes()));
    let fingerprints = fingerprints(group.into(), bucket.into()).unwrap_or_default();
    fingerprints.binary_search_by_key(&[high, low], |[low, high]| [*high, *low]).is_ok()
}

/// The fingerprints in a `bucket` of a `group`, ascending, each with its lower byte first.
fn fingerprints(group: usize, bucket: usize) -> Option<&'static [[u8; 2]]> {
    let (before, rest) = KNOWN.split_at_checked(4 * GROUPS)?;
    let (sizes, fingerprints) = rest.split_at_checked(BUCKETS)?;
    let before = u32::from_le_bytes(*before.as_chunks::<4>().0.get(group)?);
    let (earlier, size) = sizes.get(group * 256..)?.split_at_checked(bucket)?;
    let start = usize::try_from(before).ok()? + earlier.iter().map(|size| usize::from(*size)).sum::<usize>();
    fingerprints.as_chunks::<2>().0.get(start..)?.get(..usize::from(*size.first()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_pwd_03_passwords_from_breaches_are_known() {
        for known in [
            "password",
            "12345678",
            "baseball",
            "iloveyou",
            "trustno1",
            "football1",
            "1qaz2wsx3edc",
            "qwertyuiop",
            "1q2w3e4r5t6y7u8i",
        ] {
            assert!(is_known(known), "{known}");
        }
    }

    #[test]
    fn the_set_has_the_form_that_it_is_read_in() {
        let mut next = KNOWN[4 * GROUPS + BUCKETS..].as_ptr();
        let mut count = 0;
        for (group, bucket) in (0..GROUPS).flat_map(|group| (0..256).map(move |bucket| (group, bucket))) {
            let fingerprints = fingerprints(group, bucket).unwrap();
            assert!(fingerprints.is_sorted_by_key(|[low, high]| u16::from_le_bytes([*low, *high])), "{group} {bucket}");
            assert_eq!(fingerprints.as_ptr().cast(), next, "{group} {bucket}");
            next = fingerprints.as_ptr_range().end.cast();
            count += fingerprints.len();
        }
        assert_eq!(count, 474_717);
        assert_eq!(next, KNOWN.as_ptr_range().end);
    }

    #[test]
    fn one_of_nine_thousand_other_passwords_is_taken_for_a_known_one() {
        let others = 300_000;
        let taken = (0..others).filter(|number| is_known(&format!("no such password {number}"))).count();
        // 474,717 fingerprints of 2^32: 33 expected, with a standard deviation of 6.
        assert!((10..60).contains(&taken), "{taken} of {others}");
    }
}
