//! Device codes, with which devices poll (RFC 8628 §3.4). A device code identifies the stored request, so a poll costs one
//! read.

use crate::clients::resource_indicator::Resources;
use crate::syntax::encoding;
use crate::types::id::{DeviceRequestId, RegionLabel};
use crate::types::secret::{Secret, SecretHash};

/// A device code as a client presents it: `region . request id . secret`.
pub struct DeviceCode {
    /// The region that issued it.
    pub region: RegionLabel,
    /// The request to which it belongs.
    pub request: DeviceRequestId,
    /// The digest of the whole code.
    pub hash: SecretHash,
    code: Secret<String>,
}

/// A token request with a device code.
pub struct DevicePoll {
    /// The code; `None` if it is malformed, which is treated like an unknown code.
    pub code: Option<DeviceCode>,
    /// The requested resources, if not all that were granted.
    pub resource: Resources,
}

impl DeviceCode {
    /// Issues the code of `request` from 256 random bits.
    #[must_use]
    pub fn issue(region: &RegionLabel, request: &DeviceRequestId, secret: &[u8; 32]) -> Self {
        let code = Secret::new(format!("{region}.{request}.{}", encoding::base64url(secret)));
        Self { region: region.clone(), request: request.clone(), hash: SecretHash::of(&code), code }
    }

    /// Parses a presented code; `None` if it cannot have been issued here.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 128 {
            return None;
        }
        let (region, rest) = text.split_once('.')?;
        let (request, secret) = rest.split_once('.')?;
        let secret = encoding::base64url_array::<32>(secret)?;
        Some(Self::issue(&RegionLabel::parse(region).ok()?, &DeviceRequestId::parse(request).ok()?, &secret))
    }

    /// The code to be sent to the client.
    #[must_use]
    pub const fn text(&self) -> &Secret<String> {
        &self.code
    }

    /// A digest of the sender of the code, to recognize a retry by the same sender. It includes the code, so the address
    /// cannot be guessed from the stored value.
    #[must_use]
    pub fn sender(&self, address: &str, user_agent: &str) -> SecretHash {
        SecretHash::of(&Secret::new(format!("{}\n{address}\n{user_agent}", self.code.expose())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::region;

    #[test]
    fn sec_dev_01_a_device_code_carries_256_bits_and_has_one_spelling() {
        let code = DeviceCode::issue(&region(), &DeviceRequestId::from_bytes([3; 16]), &[9; 32]);
        let text = code.text().expose().clone();
        assert!(text.split('.').next_back().is_some_and(|secret| secret.len() == 43), "{text}");
        assert!(DeviceCode::parse(&text).is_some_and(|parsed| parsed.hash.matches(&code.hash)));
        for bad in ["", "eu", "eu.x", &format!("{text}A"), &text.replace("eu.", "EU."), &text.replace('.', " ")] {
            assert!(DeviceCode::parse(bad).is_none(), "{bad}");
        }
    }
}
