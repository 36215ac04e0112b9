//! The fields of a PHC string: `$algorithm$parameter=value,…$salt$output`.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::fault::HashFault;

/// Base64 as PHC strings have it, without padding. Some systems add padding; it is read and never written.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The parameters of a PHC string, `name=value` separated by commas.
pub(super) struct Parameters<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Parameters<'a> {
    /// Splits `text`. Each name may be there once.
    pub(super) fn parse(text: &'a str) -> Result<Self, HashFault> {
        let mut parameters: Vec<(&str, &str)> = Vec::new();
        for parameter in text.split(',') {
            let (name, value) = parameter.split_once('=').ok_or(HashFault::Malformed("parameters"))?;
            if parameters.iter().any(|(known, _)| *known == name) {
                return Err(HashFault::Malformed("parameters"));
            }
            parameters.push((name, value));
        }
        Ok(Self(parameters))
    }

    /// Takes out the parameter `name`.
    pub(super) fn take(&mut self, name: &str) -> Option<&'a str> {
        let index = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.swap_remove(index).1)
    }

    /// Takes out the parameter `name`, which must be a number in canonical form.
    pub(super) fn number(&mut self, name: &'static str) -> Result<u32, HashFault> {
        self.take(name).and_then(decimal).ok_or(HashFault::Malformed(name))
    }

    /// Refuses parameters that nobody took: they would change the hash.
    pub(super) fn finish(self) -> Result<(), HashFault> {
        if self.0.is_empty() { Ok(()) } else { Err(HashFault::Malformed("parameters")) }
    }
}

/// A number without sign or leading zeros.
pub(super) fn decimal(text: &str) -> Option<u32> {
    let number: u32 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// The fields of `text` after its first `$`, if there are exactly `N`.
pub(super) fn fields<const N: usize>(text: &str) -> Option<[&str; N]> {
    let fields: Vec<&str> = text.strip_prefix('$')?.split('$').collect();
    fields.try_into().ok()
}

/// Decodes `text`, which must have between `shortest` and `longest` bytes.
pub(super) fn bytes(
    text: &str,
    what: &'static str,
    lengths: std::ops::RangeInclusive<usize>,
) -> Result<Vec<u8>, HashFault> {
    let bytes = BASE64.decode(text).map_err(|_| HashFault::Malformed(what))?;
    if lengths.contains(&bytes.len()) { Ok(bytes) } else { Err(HashFault::Malformed(what)) }
}
