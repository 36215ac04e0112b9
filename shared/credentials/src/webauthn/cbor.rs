//! A bounded reader of CBOR (RFC 8949), as far as authenticators use it.
//!
//! Whatever bytes are read, the work is linear in their number: lengths are definite and checked against what is there, nesting is
//! bounded, and a key stands once in a map. Tags, floating-point numbers and indefinite lengths do not occur (CTAP 2.2 §8).

/// The maximum depth of nesting. Authenticators nest four levels.
const MAX_DEPTH: u8 = 8;

/// A CBOR value that borrows from the bytes it was read from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// An integer of either sign.
    Integer(i128),
    /// A byte string.
    Bytes(&'a [u8]),
    /// A text string.
    Text(&'a str),
    /// An array.
    Array(Vec<Value<'a>>),
    /// A map, in the order of its bytes.
    Map(Vec<(Value<'a>, Value<'a>)>),
    /// `true`, `false`, `null` or another simple value.
    Simple(u8),
}

/// Reads the value with which `bytes` begin, and returns it with what follows.
pub(super) fn read(bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let mut reader = Reader { rest: bytes };
    let value = reader.value(MAX_DEPTH)?;
    Some((value, reader.rest))
}

/// Reads `bytes`, which are one value and nothing else.
pub(super) fn read_all(bytes: &[u8]) -> Option<Value<'_>> {
    read(bytes).filter(|(_, rest)| rest.is_empty()).map(|(value, _)| value)
}

impl<'a> Value<'a> {
    /// The member `key` of a map.
    pub(super) fn member(&self, key: &str) -> Option<&Self> {
        let Self::Map(members) = self else { return None };
        members.iter().find(|(name, _)| matches!(name, Value::Text(name) if *name == key)).map(|(_, value)| value)
    }

    /// The member of a map that has the number `label`.
    pub(super) fn labelled(&self, label: i128) -> Option<&Self> {
        let Self::Map(members) = self else { return None };
        members.iter().find(|(name, _)| *name == Value::Integer(label)).map(|(_, value)| value)
    }

    /// How many members a map has; `None` if it is no map.
    pub(super) fn members(&self) -> Option<usize> {
        if let Self::Map(members) = self { Some(members.len()) } else { None }
    }

    /// The bytes of a byte string.
    pub(super) fn bytes(&self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// The text of a text string.
    pub(super) fn text(&self) -> Option<&'a str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The number.
    pub(super) fn integer(&self) -> Option<i128> {
        if let Self::Integer(integer) = self { Some(*integer) } else { None }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads a value that may have `depth` further levels.
    fn value(&mut self, depth: u8) -> Option<Value<'a>> {
        let depth = depth.checked_sub(1)?;
        let initial = self.take(1)?.first().copied()?;
        let argument = self.argument(initial & 0x1f)?;
        match initial >> 5 {
            0 => Some(Value::Integer(argument.into())),
            1 => Some(Value::Integer(-1 - i128::from(argument))),
            2 => self.string(argument).map(Value::Bytes),
            3 => self.string(argument).and_then(|text| str::from_utf8(text).ok()).map(Value::Text),
            4 => self.array(argument, depth),
            5 => self.map(argument, depth),
            // Simple values up to 23 stand in the initial byte; what follows 24 to 27 are further ones and numbers.
            7 if initial & 0x1f < 24 => u8::try_from(argument).ok().map(Value::Simple),
            _ => None,
        }
    }

    /// The argument of an initial byte with these `additional` five bits (RFC 8949 §3).
    fn argument(&mut self, additional: u8) -> Option<u64> {
        let length = match additional {
            0..24 => return Some(additional.into()),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            // 31 is an indefinite length.
            _ => return None,
        };
        Some(self.take(length)?.iter().fold(0, |argument, byte| argument << 8 | u64::from(*byte)))
    }

    fn string(&mut self, length: u64) -> Option<&'a [u8]> {
        self.take(usize::try_from(length).ok()?)
    }

    fn array(&mut self, length: u64, depth: u8) -> Option<Value<'a>> {
        let mut items = Vec::new();
        // Each item has at least a byte, so that a false length soon ends with the bytes.
        for _ in 0..length {
            items.push(self.value(depth)?);
        }
        Some(Value::Array(items))
    }

    fn map(&mut self, length: u64, depth: u8) -> Option<Value<'a>> {
        let mut members: Vec<(Value<'a>, Value<'a>)> = Vec::new();
        for _ in 0..length {
            let key = self.value(depth)?;
            let simple = matches!(key, Value::Integer(_) | Value::Text(_));
            if !simple || members.len() >= MAX_MEMBERS || members.iter().any(|(known, _)| *known == key) {
                return None;
            }
            members.push((key, self.value(depth)?));
        }
        Some(Value::Map(members))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }
}

/// The maximum number of members of a map, so that looking for a key twice is cheap.
const MAX_MEMBERS: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_rfc_8949_are_read() {
        let table: [(&[u8], Value<'_>); 12] = [
            (&[0x00], Value::Integer(0)),
            (&[0x18, 0x64], Value::Integer(100)),
            (&[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Value::Integer(u64::MAX.into())),
            (&[0x20], Value::Integer(-1)),
            (&[0x39, 0x03, 0xe7], Value::Integer(-1000)),
            (&[0x44, 1, 2, 3, 4], Value::Bytes(&[1, 2, 3, 4])),
            (&[0x62, 0xc3, 0xbc], Value::Text("ü")),
            (&[0x80], Value::Array(vec![])),
            (&[0x82, 0x01, 0x81, 0x02], Value::Array(vec![Value::Integer(1), Value::Array(vec![Value::Integer(2)])])),
            (&[0xa0], Value::Map(vec![])),
            (&[0xa1, 0x61, 0x61, 0x01], Value::Map(vec![(Value::Text("a"), Value::Integer(1))])),
            (&[0xf5], Value::Simple(21)),
        ];
        for (bytes, value) in table {
            assert_eq!(read_all(bytes), Some(value.clone()), "{bytes:02x?}");
            let followed = [bytes, &[0]].concat();
            assert_eq!(read(&followed), Some((value, &[0][..])));
            assert_eq!(read_all(&followed), None, "{bytes:02x?} and a byte");
            for end in 0..bytes.len() {
                assert_eq!(read_all(&bytes[..end]), None, "{bytes:02x?} cut");
            }
        }
    }

    #[test]
    fn sec_wa_14_what_has_no_bound_is_refused() {
        let deep = |levels: usize| [vec![0x81; levels], vec![0]].concat();
        assert!(read_all(&deep(usize::from(MAX_DEPTH) - 1)).is_some());
        let map_of = |members: u8| {
            let members = (0..members).flat_map(|key| [0x18, key, 0]);
            [0xb8, 0].into_iter().chain(members).collect::<Vec<u8>>()
        };
        let mut many = map_of(65);
        many[1] = 65;
        let refused: [(&str, Vec<u8>); 16] = [
            ("too deep", deep(usize::from(MAX_DEPTH))),
            ("far too deep", deep(10_000)),
            ("a byte string of 2^63", vec![0x5b, 0x80, 0, 0, 0, 0, 0, 0, 0]),
            ("an array of 2^63", vec![0x9b, 0x80, 0, 0, 0, 0, 0, 0, 0]),
            ("a map of 2^63", vec![0xbb, 0x80, 0, 0, 0, 0, 0, 0, 0]),
            ("an indefinite byte string", vec![0x5f, 0x41, 0, 0xff]),
            ("an indefinite text", vec![0x7f, 0x61, 0x61, 0xff]),
            ("an indefinite array", vec![0x9f, 0xff]),
            ("an indefinite map", vec![0xbf, 0xff]),
            ("a repeated key", vec![0xa2, 1, 1, 1, 2]),
            ("a key spelled twice", vec![0xa2, 1, 1, 0x18, 1, 2]),
            ("an array as a key", vec![0xa1, 0x80, 0]),
            ("too many members", many),
            ("a tag", vec![0xc0, 0]),
            ("a half-precision number", vec![0xf9, 0, 0]),
            ("no UTF-8", vec![0x61, 0xff]),
        ];
        for (what, bytes) in refused {
            assert_eq!(read(&bytes), None, "{what}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic_and_no_further_than_they_go(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some((_, rest)) = read(&bytes) {
                prop_assert!(bytes.ends_with(rest) && rest.len() < bytes.len());
            }
        }
    }
}
