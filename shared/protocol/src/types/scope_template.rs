//! Dynamic scopes: a template such as `accounts.*` stands for all scopes that have something in place of its `*`.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The segment of a template that a request replaces.
const PARAMETER: &str = "*";

/// The character between the segments of a scope: `.` unless the workspace chooses another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScopeSeparator(char);

/// A text that separates no segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("scope_separator must be one of {}", ScopeSeparator::ALL.join(" "))]
pub struct InvalidSeparator;

impl ScopeSeparator {
    /// Those that a workspace can choose.
    pub const ALL: [&str; 5] = [".", ":", "/", "-", "_"];

    /// The position of the definition of `scope` among `names`: of that name, else of the template of which it is an
    /// instance.
    #[must_use]
    pub fn definition<'n>(self, mut names: impl Iterator<Item = &'n str> + Clone, scope: &str) -> Option<usize> {
        let is_instance = |name: &str| self.is_instance(name, scope);
        names.clone().position(|name| name == scope).or_else(|| names.position(is_instance))
    }

    fn is_instance(self, name: &str, scope: &str) -> bool {
        ScopeTemplate::of(name, self).is_some_and(|template| template.parameters(scope).is_some())
    }

    /// The segments of `scope`.
    fn segments(self, scope: &str) -> impl Iterator<Item = &str> {
        scope.split(self.0)
    }
}

impl Default for ScopeSeparator {
    fn default() -> Self {
        Self('.')
    }
}

impl TryFrom<String> for ScopeSeparator {
    type Error = InvalidSeparator;

    fn try_from(text: String) -> Result<Self, InvalidSeparator> {
        let known = Self::ALL.contains(&text.as_str());
        text.chars().next().filter(|_| known).map(Self).ok_or(InvalidSeparator)
    }
}

impl From<ScopeSeparator> for String {
    fn from(separator: ScopeSeparator) -> Self {
        separator.0.into()
    }
}

/// A template of scopes: a name with at least one segment `*`.
///
/// Each `*` stands for exactly one segment, which is not empty and contains no `*` itself. So a template never reaches
/// into a deeper level than it shows, and no instance is a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeTemplate<'a> {
    name: &'a str,
    separator: ScopeSeparator,
}

impl<'a> ScopeTemplate<'a> {
    /// The template `name`, or `None` for the name of a fixed scope.
    #[must_use]
    pub fn of(name: &'a str, separator: ScopeSeparator) -> Option<Self> {
        separator.segments(name).any(|segment| segment == PARAMETER).then_some(Self { name, separator })
    }

    /// The parameters of `scope`, in order, if it is an instance of this.
    #[must_use]
    pub fn parameters<'s>(&self, scope: &'s str) -> Option<Vec<&'s str>> {
        let mut pattern = self.separator.segments(self.name);
        let mut parameters = Vec::new();
        for segment in self.separator.segments(scope) {
            match pattern.next()? {
                PARAMETER if segment.is_empty() || segment.contains(PARAMETER) => return None,
                PARAMETER => parameters.push(segment),
                literal if literal == segment => {}
                _ => return None,
            }
        }
        pattern.next().is_none().then_some(parameters)
    }

    /// Whether the template begins with a fixed segment. Without one it would take other scopes for its instances.
    #[must_use]
    pub fn has_root(&self) -> bool {
        self.separator.segments(self.name).next().is_some_and(|first| !first.is_empty() && first != PARAMETER)
    }

    /// Whether some scope is an instance of both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let (mut ours, mut theirs) = (self.separator.segments(self.name), other.separator.segments(other.name));
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return true,
                (Some(one), Some(another)) if one == another || one == PARAMETER || another == PARAMETER => {}
                (Some(_) | None, Some(_)) | (Some(_), None) => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn separator(text: &str) -> ScopeSeparator {
        ScopeSeparator::try_from(text.to_owned()).unwrap()
    }

    fn template(name: &str) -> ScopeTemplate<'_> {
        ScopeTemplate::of(name, ScopeSeparator::default()).unwrap()
    }

    #[test]
    fn a_template_has_a_segment_that_is_an_asterisk() {
        for (name, separator_text, is_template) in [
            ("accounts.*", ".", true),
            ("accounts.*.read", ".", true),
            ("*", ".", true),
            ("accounts:*", ":", true),
            ("accounts:*", ".", false),
            ("accounts.*", ":", false),
            ("accounts.a*", ".", false),
            ("accounts.**", ".", false),
            ("accounts", ".", false),
        ] {
            assert_eq!(ScopeTemplate::of(name, separator(separator_text)).is_some(), is_template, "{name}");
        }
        for invalid in ["", "..", "a", "*", " ", "\u{e9}"] {
            assert_eq!(ScopeSeparator::try_from(invalid.to_owned()), Err(InvalidSeparator), "{invalid}");
        }
    }

    #[test]
    fn an_instance_has_one_segment_for_each_asterisk() {
        let table: [(&str, &str, Option<&[&str]>); 14] = [
            ("accounts.*", "accounts.42", Some(&["42"])),
            ("accounts.*", "accounts.a-b_c:d", Some(&["a-b_c:d"])),
            ("accounts.*", "accounts.", None),
            ("accounts.*", "accounts", None),
            ("accounts.*", "accounts.*", None),
            ("accounts.*", "accounts.4*", None),
            ("accounts.*", "accounts.42.read", None),
            ("accounts.*", "account.42", None),
            ("accounts.*", "Accounts.42", None),
            ("accounts.*", "xaccounts.42", None),
            ("accounts.*.read", "accounts.42.read", Some(&["42"])),
            ("accounts.*.read", "accounts.42.write", None),
            ("a.*.b.*", "a.1.b.2", Some(&["1", "2"])),
            ("a.*.b.*", "a.1.b", None),
        ];
        for (name, scope, expected) in table {
            assert_eq!(template(name).parameters(scope).as_deref(), expected, "{name} {scope}");
        }
    }

    #[test]
    fn a_scope_is_defined_by_its_name_or_else_by_its_template() {
        let names = ["read", "accounts.*", "accounts.42"];
        let table = [
            ("read", Some(0)),
            ("accounts.42", Some(2)),
            ("accounts.7", Some(1)),
            ("accounts.*", Some(1)),
            ("x", None),
        ];
        for (scope, expected) in table {
            assert_eq!(ScopeSeparator::default().definition(names.into_iter(), scope), expected, "{scope}");
        }
    }

    #[test]
    fn templates_that_share_an_instance_overlap() {
        for (one, other, expected) in [
            ("a.*", "a.*", true),
            ("a.*.c", "a.b.*", true),
            ("a.*.c", "a.*.d", false),
            ("a.*", "b.*", false),
            ("a.*", "a.*.c", false),
        ] {
            assert_eq!(template(one).overlaps(&template(other)), expected, "{one} {other}");
            assert_eq!(template(other).overlaps(&template(one)), expected, "{other} {one}");
        }
        assert!(template("a.*").has_root() && !template("*.a").has_root() && !template(".*").has_root());
    }

    proptest! {
        #[test]
        fn replacing_the_asterisks_yields_an_instance_with_these_parameters(
            segments in proptest::collection::vec(proptest::option::of("[a-c]{1,3}"), 1..5),
            values in proptest::collection::vec("[a-z0-9:_]{1,5}", 5),
        ) {
            let name: Vec<&str> = segments.iter().map(|segment| segment.as_deref().unwrap_or("*")).collect();
            let mut parameters = values.iter().map(String::as_str);
            let mut replaced = Vec::new();
            let instance: Vec<&str> = segments
                .iter()
                .map(|segment| segment.as_deref().unwrap_or_else(|| {
                    let value = parameters.next().unwrap();
                    replaced.push(value);
                    value
                }))
                .collect();
            let (name, instance) = (name.join("."), instance.join("."));
            if let Some(template) = ScopeTemplate::of(&name, ScopeSeparator::default()) {
                prop_assert_eq!(template.parameters(&instance), Some(replaced));
                prop_assert!(ScopeTemplate::of(&instance, ScopeSeparator::default()).is_none());
            } else {
                prop_assert!(replaced.is_empty());
            }
        }
    }
}
