//! What a client says about the login that it would like: which source it is for, and what an upstream provider may make
//! something of.

use serde::{Deserialize, Serialize};

use crate::syntax::parameters::{ParameterError, Parameters};

/// The longest hint that is looked at. Hints are wishes, so a longer one is left out and not refused.
const MAX_HINT_BYTES: usize = 128;

/// Voluntary parameters of an authorization request (OpenID Connect Core §3.1.2.1); `domain_hint`, which Microsoft Entra
/// takes; and `idp_hint`, the source that the user shall log in with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginHints {
    /// `ui_locales`.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub ui_locales: Option<String>,
    /// `acr_values`.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub acr_values: Option<String>,
    /// `domain_hint`.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub domain_hint: Option<String>,
    /// `idp_hint`.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub idp_hint: Option<String>,
}

impl LoginHints {
    /// Reads the hints of a request.
    ///
    /// # Errors
    ///
    /// [`ParameterError`] for one that is repeated.
    pub fn parse(parameters: &Parameters) -> Result<Self, ParameterError> {
        let hint = |name| parameters.one(name).map(|value| value.filter(|value| value.len() <= MAX_HINT_BYTES));
        Ok(Self {
            ui_locales: hint("ui_locales")?.map(Into::into),
            acr_values: hint("acr_values")?.map(Into::into),
            domain_hint: hint("domain_hint")?.map(Into::into),
            idp_hint: hint("idp_hint")?.map(Into::into),
        })
    }

    /// Whether there are none, so that nothing has to be stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_kept_unless_it_is_long() {
        let (fits, long) = ("x".repeat(128), "x".repeat(129));
        let query = format!("ui_locales=de+en&acr_values={fits}&domain_hint={long}");
        let hints = LoginHints::parse(&Parameters::parse(query.as_bytes()).unwrap()).unwrap();
        assert_eq!(
            (hints.ui_locales.as_deref(), hints.acr_values, hints.domain_hint),
            (Some("de en"), Some(fits), None)
        );
        assert!(LoginHints::parse(&Parameters::parse(b"state=x").unwrap()).unwrap().is_empty());
        assert!(LoginHints::parse(&Parameters::parse(b"ui_locales=de&ui_locales=en").unwrap()).is_err());
    }
}
