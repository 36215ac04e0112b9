//! The consent page, and what it shares with the one for devices.

use askama::Template;
use protocol::clients::client::ClientDisplay;

use crate::frame::Frame;

/// The consent page.
#[derive(Template)]
#[template(path = "consent.html")]
pub struct ConsentPage<'a> {
    /// What it has in common with other pages.
    pub frame: &'a Frame<'a>,
    /// The client.
    pub client: ClientCard<'a>,
    /// Where the user is sent afterwards.
    pub destination: &'a str,
    /// Whether another program could receive redirects to that destination.
    pub unassured: bool,
    /// How the user is addressed.
    pub user: &'a str,
    /// The account page of the user.
    pub account: &'a str,
    /// Where the form goes.
    pub action: &'a str,
    /// The sealed interaction.
    pub interaction: &'a str,
    /// The requested permissions.
    pub permissions: &'a Permissions<'a>,
    /// The requested APIs.
    pub apis: &'a [ApiRow<'a>],
    /// For how many seconds.
    pub lifetime: u32,
}

/// A requested scope, or a claim requested by name.
pub struct PermissionRow<'a> {
    /// The field of the form that allows it.
    pub field: &'static str,
    /// The token.
    pub name: &'a str,
    /// In words.
    pub text: PermissionText<'a>,
    /// What the request has in place of the asterisks of a template (`42` of `accounts.42`).
    pub parameters: Vec<&'a str>,
    /// Whether it can be withheld.
    pub optional: bool,
    /// Whether it is one to think about.
    pub sensitive: bool,
    /// The heading under which it stands.
    pub group: Option<&'a str>,
}

/// What users are shown of a client.
#[derive(Clone, Copy)]
pub struct ClientCard<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its id.
    pub id: &'a str,
    /// Its logo, publisher, privacy policy and terms.
    pub display: &'a ClientDisplay,
}

impl ClientCard<'_> {
    /// What stands for a logo.
    pub(crate) fn initial(&self) -> String {
        self.name.chars().next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default()
    }

    /// Its policies: the key of the text, and the target.
    pub(crate) fn links(&self) -> Vec<(&'static str, &str)> {
        let links = [("client-policy", &self.display.policy), ("client-terms", &self.display.terms)];
        links.into_iter().filter_map(|(key, link)| Some((key, link.as_ref()?.as_str()))).collect()
    }
}

/// The requested permissions, in the order in which users read them.
pub struct Permissions<'a> {
    pub(crate) groups: Vec<(Option<&'a str>, Vec<PermissionRow<'a>>)>,
    pub(crate) allowed_before: Vec<PermissionRow<'a>>,
}

impl<'a> Permissions<'a> {
    /// Sorts `rows`, of which the user allowed some before. Those without a heading come first.
    #[must_use]
    pub fn new(rows: Vec<PermissionRow<'a>>, allowed_before: impl Fn(&PermissionRow<'a>) -> bool) -> Self {
        let (known, new): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| allowed_before(row));
        let mut groups: Vec<(Option<&'a str>, Vec<PermissionRow<'a>>)> = vec![(None, Vec::new())];
        for row in new {
            match groups.iter_mut().find(|(group, _)| *group == row.group) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((row.group, vec![row])),
            }
        }
        groups.retain(|(_, rows)| !rows.is_empty());
        Self { groups, allowed_before: known }
    }

    /// Whether there are none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.allowed_before.is_empty()
    }
}

/// What a permission is called.
pub enum PermissionText<'a> {
    /// As the workspace says: a title, and one sentence more or none.
    Described(&'a str, &'a str),
    /// It is the standard claim of that name.
    StandardClaim,
}

impl PermissionRow<'_> {
    /// The title.
    pub(crate) fn title(&self, frame: &Frame<'_>) -> String {
        match self.text {
            PermissionText::Described(title, _) => title.to_owned(),
            PermissionText::StandardClaim => frame.claim(self.name),
        }
    }

    /// One sentence more, or nothing.
    pub(crate) const fn description(&self) -> &str {
        match self.text {
            PermissionText::Described(_, description) => description,
            PermissionText::StandardClaim => "",
        }
    }
}

/// An API on the consent page.
pub struct ApiRow<'a> {
    /// Its title, if it has one.
    pub title: Option<&'a str>,
    /// Its URI.
    pub uri: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_stand_in_groups_and_what_was_allowed_before_stands_apart() {
        let row = |name, group| PermissionRow {
            field: "allow",
            name,
            text: PermissionText::Described(name, ""),
            parameters: Vec::new(),
            optional: true,
            sensitive: false,
            group,
        };
        let rows =
            vec![row("a", Some("X")), row("b", None), row("c", Some("Y")), row("d", Some("X")), row("e", Some("Y"))];
        let permissions = Permissions::new(rows, |row| row.name == "e");
        let names = |rows: &[PermissionRow<'_>]| rows.iter().map(|row| row.name).collect::<String>();
        let groups: Vec<_> = permissions.groups.iter().map(|(group, rows)| (*group, names(rows))).collect();
        assert_eq!(groups, [(None, "b".to_owned()), (Some("X"), "ad".to_owned()), (Some("Y"), "c".to_owned())]);
        assert_eq!(names(&permissions.allowed_before), "e");
        assert!(!permissions.is_empty() && Permissions::new(Vec::new(), |_| true).is_empty());
    }
}
