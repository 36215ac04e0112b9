//! The e-mail domains for which a provider is trusted (OpenID Connect Core §5.7).

use std::collections::BTreeSet;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// The value that stands for every domain.
const ANY: &str = "*";

/// The domains whose addresses a provider may mark as verified: its own, or those that it is known to verify.
///
/// Anyone can run a provider that asserts arbitrary addresses, and applications look up accounts by verified addresses.
/// So no provider is trusted by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct EmailDomains(BTreeSet<String>);

impl EmailDomains {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the address is in one of these domains. An ambiguous address is in none.
    #[must_use]
    pub fn cover(&self, address: &str) -> bool {
        domain(address).is_some_and(|domain| self.have(&domain))
    }

    /// Whether `domain`, in its canonical spelling, is one of these by name.
    #[must_use]
    pub fn names(&self, domain: &str) -> bool {
        is_domain(domain) && self.0.contains(domain)
    }

    /// The domains that are named, `*` not among them.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str).filter(|domain| *domain != ANY)
    }

    /// Whether `domain`, in its canonical spelling, is one of these.
    #[must_use]
    pub fn have(&self, domain: &str) -> bool {
        is_domain(domain) && (self.0.contains(ANY) || self.0.contains(domain))
    }
}

impl<'de> Deserialize<'de> for EmailDomains {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let domains = BTreeSet::<String>::deserialize(deserializer)?;
        match domains.iter().find(|domain| *domain != ANY && !is_domain(domain)) {
            None => Ok(Self(domains)),
            Some(bad) => Err(D::Error::custom(format_args!(
                "{bad:?} is not a domain: write it in lower-case ASCII, such as \"example.com\", without @, or \"*\" for all"
            ))),
        }
    }
}

/// The domain of an address in its canonical spelling, if the address has a single interpretation.
#[must_use]
pub fn domain(address: &str) -> Option<String> {
    let (local, domain) = address.split_once('@')?;
    let domain = domain.to_ascii_lowercase();
    (!local.is_empty() && is_domain(&domain)).then_some(domain)
}

/// Whether this is a domain in its canonical spelling. Internationalised names are in A-label form (RFC 5891 §4.4).
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    domain.len() <= 253 && domain.contains('.') && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains(list: &str) -> Result<EmailDomains, serde_json::Error> {
        serde_json::from_str(list)
    }

    #[test]
    fn sec_oidc_04_an_address_is_in_a_domain_only_if_it_has_a_single_interpretation() {
        let ours = domains(r#"["corp.example", "xn--bcher-kva.example"]"#).unwrap();
        for address in ["a@corp.example", "A+b@Corp.Example", "\u{e9}@corp.example", "x@xn--bcher-kva.example"] {
            assert!(ours.cover(address), "{address}");
        }
        for address in [
            "a@other.example",
            "a@sub.corp.example",
            "a@corp.example.evil.example",
            "a@evil-corp.example",
            "a@corp.example@evil.example",
            "a@evil.example@corp.example",
            "\"a@evil.example\"@corp.example",
            "a@corp.example ",
            "a@corp.example\n",
            "a@corp.example.",
            "a@c\u{43e}rp.example",
            "a@b\u{fc}cher.example",
            "@corp.example",
            "corp.example",
            "a@",
            "",
        ] {
            assert!(!ours.cover(address), "{address:?}");
        }
        assert!(domains(r#"["*"]"#).unwrap().cover("a@any.example"));
        assert!(ours.names("corp.example") && !ours.names("any.example") && !domains(r#"["*"]"#).unwrap().names("*"));
        assert_eq!(domains(r#"["*", "corp.example"]"#).unwrap().named().collect::<Vec<_>>(), ["corp.example"]);
        assert!(!domains(r#"["*"]"#).unwrap().cover("a@b@any.example"));
        assert!(!EmailDomains::default().cover("a@corp.example"));
    }

    #[test]
    fn a_domain_is_written_in_one_way() {
        for bad in ["Corp.example", "@corp.example", "corp", "", "*.corp.example", "b\u{fc}cher.example", "a..b"] {
            let error = domains(&serde_json::json!([bad]).to_string()).unwrap_err().to_string();
            assert!(error.contains("is not a domain: write it"), "{bad}: {error}");
        }
        let long = |length: usize| format!("{}.example", "a".repeat(length - ".example".len()));
        assert!(domains(&serde_json::json!([long(253)]).to_string()).is_ok());
        assert!(domains(&serde_json::json!([long(254)]).to_string()).is_err());
        assert!(EmailDomains::default().is_empty() && !domains(r#"["*"]"#).unwrap().is_empty());
    }
}
