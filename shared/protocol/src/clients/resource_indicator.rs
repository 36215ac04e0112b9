//! Resource indicators (RFC 8707).

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use crate::syntax::parameters::Parameters;
use crate::syntax::quoted::Quoted;

/// The maximum number of resources in a request (catalogue row SEC-PARAM-17).
const MAX_RESOURCES: usize = 10;

/// The resources of a request; none means the workspace's default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Resources(Vec<String>);

/// Why tokens cannot be for a requested resource (RFC 8707 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidTarget {
    /// Not an absolute URI, or one with a fragment.
    #[error("the resource {0} must be an absolute URI without fragment")]
    Malformed(Quoted),
    /// More resources than a request may name.
    #[error("a request names at most {MAX_RESOURCES} resources")]
    TooMany,
    /// Not registered for the client, or unknown to the workspace.
    #[error("the resource {0} is not registered for this application")]
    Unknown(Quoted),
    /// Not among those that were granted.
    #[error("the resource {0} was not granted")]
    NotGranted(Quoted),
}

impl Resources {
    /// Parses the `resource` parameters of a request, which may be repeated (RFC 8707 §2).
    ///
    /// # Errors
    ///
    /// [`InvalidTarget`] for a URI that is not absolute or has a fragment, or for too many of them.
    pub fn parse(parameters: &Parameters) -> Result<Self, InvalidTarget> {
        let mut resources = Vec::new();
        for resource in parameters.all("resource").filter(|resource| !resource.is_empty()) {
            if !is_resource(resource) {
                return Err(InvalidTarget::Malformed(Quoted::of(resource)));
            }
            if resources.len() == MAX_RESOURCES {
                return Err(InvalidTarget::TooMany);
            }
            if !resources.iter().any(|known| known == resource) {
                resources.push(resource.to_owned());
            }
        }
        Ok(Self(resources))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The resources, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// Whether `text` is an absolute URI without fragment (RFC 8707 §2).
#[must_use]
pub fn is_resource(text: &str) -> bool {
    text.len() <= 2048
        && !text.contains('#')
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && Url::parse(text).is_ok()
}

/// The resources that a client may request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    default: String,
    others: Vec<String>,
}

impl Targets {
    /// `default`, which every client of the workspace may request, and `others`.
    #[must_use]
    pub const fn new(default: String, others: Vec<String>) -> Self {
        Self { default, others }
    }

    /// Checks that the client may request all of `resources`.
    ///
    /// # Errors
    ///
    /// [`InvalidTarget::Unknown`] names the first that it may not.
    pub fn allow(&self, resources: &Resources) -> Result<(), InvalidTarget> {
        let unknown = resources.iter().find(|resource| !self.has(resource));
        unknown.map_or(Ok(()), |resource| Err(InvalidTarget::Unknown(Quoted::of(resource))))
    }

    fn has(&self, resource: &str) -> bool {
        resource == self.default || self.others.iter().any(|other| other == resource)
    }

    /// The audience of a token for `granted`, narrowed to `asked` if that is not empty (RFC 8707 §2.2).
    ///
    /// # Errors
    ///
    /// [`InvalidTarget`] for a resource that was not granted, or that the client may no longer request.
    pub fn audience(&self, granted: &Resources, asked: &Resources) -> Result<Vec<String>, InvalidTarget> {
        let granted: Vec<&str> = if granted.is_empty() { vec![&self.default] } else { granted.iter().collect() };
        let audience: Vec<&str> = if asked.is_empty() { granted.clone() } else { asked.iter().collect() };
        if let Some(other) = audience.iter().find(|resource| !granted.contains(resource)) {
            return Err(InvalidTarget::NotGranted(Quoted::of(other)));
        }
        if let Some(unknown) = audience.iter().find(|resource| !self.has(resource)) {
            return Err(InvalidTarget::Unknown(Quoted::of(unknown)));
        }
        Ok(audience.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Result<Resources, InvalidTarget> {
        Resources::parse(&Parameters::parse(query.as_bytes()).unwrap())
    }

    #[test]
    fn sec_tok_03_a_resource_is_an_absolute_uri_without_fragment() {
        let two = asked("resource=https://a.example/x&resource=urn:b&resource=https://a.example/x&resource=").unwrap();
        assert_eq!(two.iter().collect::<Vec<_>>(), ["https://a.example/x", "urn:b"]);
        assert!(asked("").unwrap().is_empty());
        let long = format!("resource=https://a.example/{}", "x".repeat(2048));
        let many: Vec<String> = (0..=MAX_RESOURCES).map(|at| format!("resource=https://{at}.example")).collect();
        for bad in [
            "resource=/x",
            "resource=a.example",
            "resource=https://a.example/%23x",
            "resource=https://a.example/%20",
            &long,
            &many.join("&"),
        ] {
            assert!(asked(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sec_tok_04_a_token_is_for_what_was_granted_or_less() {
        let targets = Targets::new("urn:default".into(), vec!["urn:a".into(), "urn:b".into()]);
        let of = |list: &[&str]| Resources(list.iter().map(|one| (*one).into()).collect());
        let table = [
            (vec![], vec![], Some(vec!["urn:default"])),
            (vec![], vec!["urn:default"], Some(vec!["urn:default"])),
            (vec![], vec!["urn:a"], None),
            (vec!["urn:a", "urn:b"], vec![], Some(vec!["urn:a", "urn:b"])),
            (vec!["urn:a", "urn:b"], vec!["urn:b"], Some(vec!["urn:b"])),
            (vec!["urn:a"], vec!["urn:b"], None),
            (vec!["urn:a"], vec!["urn:default"], None),
            (vec!["urn:gone"], vec![], None),
        ];
        for (granted, asked, expected) in table {
            let audience = targets.audience(&of(&granted), &of(&asked)).ok();
            assert_eq!(
                audience.as_deref(),
                expected.as_ref().map(|list| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>()).as_deref(),
                "{granted:?} {asked:?}"
            );
        }
        for (resources, expected) in [(&["urn:default", "urn:a"][..], true), (&["urn:a", "urn:c"], false), (&[], true)]
        {
            assert_eq!(targets.allow(&of(resources)).is_ok(), expected, "{resources:?}");
        }
    }

    #[test]
    fn a_request_may_name_ten_resources_of_2048_characters() {
        let query = |count: usize| (0..count).map(|at| format!("resource=urn:{at}")).collect::<Vec<_>>().join("&");
        assert_eq!(asked(&query(10)).map(|resources| resources.iter().count()), Ok(10));
        assert_eq!(asked(&query(11)), Err(InvalidTarget::TooMany));
        let long = |length: usize| format!("urn:{}", "a".repeat(length - 4));
        assert!(is_resource(&long(2048)) && !is_resource(&long(2049)));
        assert!(!is_resource("urn:\u{e9}") && !is_resource("urn:a#") && !is_resource("a"));
    }
}
