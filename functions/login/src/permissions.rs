//! The permissions in a form: what the user left switched on.
//!
//! A form names what may be granted, and only something that was asked for and can be withheld is looked for in it. So it can
//! narrow a grant and never widen it, and a switch that is lost on the way is a permission less.

use protocol::authorization::consent::Withheld;
use protocol::syntax::parameters::Parameters;
use protocol::types::scope::Scopes;
use protocol::users::user_claims::ClaimNames;
use protocol::workspace::settings::Settings;

/// The field of a scope that is allowed.
pub(crate) const ALLOW: &str = "allow";

/// The field of a claim that is allowed.
pub(crate) const ALLOW_CLAIM: &str = "allow_claim";

/// The field of a scope that is withheld, in forms of earlier versions.
const WITHHOLD: &str = "withhold";

/// The field of a claim that is withheld, in forms of earlier versions.
const WITHHOLD_CLAIM: &str = "withhold_claim";

/// The fields that may occur more than once.
pub(crate) const REPEATABLE: [&str; 4] = [ALLOW, ALLOW_CLAIM, WITHHOLD, WITHHOLD_CLAIM];

/// The field that says that the form has switches.
const LISTED: &str = "permissions";

/// What the user withholds of a request.
pub(crate) struct Permissions<'a> {
    scopes: Vec<&'a str>,
    claims: Vec<&'a str>,
}

impl<'a> Permissions<'a> {
    /// Reads what `form` withholds of the requested `scope` and `claims`.
    pub(crate) fn read(form: &'a Parameters, settings: &Settings, scope: &'a Scopes, claims: &ClaimNames) -> Self {
        let has = |field, name: &str| form.all(field).any(|value| value == name);
        // Pages of earlier versions name what is withheld, and may be open while a new version is deployed (fault F-LAM-6).
        let listed = form.all(LISTED).next().is_some();
        let is_off = |allow, withhold, name: &str| if listed { !has(allow, name) } else { has(withhold, name) };
        let scopes = scope.iter().filter(|name| settings.is_optional(name) && is_off(ALLOW, WITHHOLD, name));
        let claims = claims.iter().map(|claim| claim.as_str());
        Self {
            scopes: scopes.collect(),
            claims: claims.filter(|name| is_off(ALLOW_CLAIM, WITHHOLD_CLAIM, name)).collect(),
        }
    }

    /// What is withheld.
    pub(crate) fn withheld(&self) -> Withheld<'_> {
        Withheld { scopes: &self.scopes, claims: &self.claims }
    }
}

#[cfg(test)]
mod tests {
    use protocol::users::user_claims::ClaimName;

    use super::*;

    #[test]
    fn sec_authz_14_what_a_form_does_not_switch_on_is_withheld_and_nothing_else_matters() {
        let scope = Scopes::parse("openid email read audit").unwrap();
        let settings: Settings = serde_json::from_value(serde_json::json!({
            "name": "W", "default_audience": "urn:api", "scopes": [{"name": "audit", "title": "Audit", "required": true}],
        }))
        .unwrap();
        let claims: ClaimNames = ["name", "locale"].into_iter().filter_map(ClaimName::parse).collect();
        let all = ["email read", "locale name"];
        let table = [
            ("permissions=listed", all),
            ("permissions=listed&allow=email&allow=read&allow_claim=name&allow_claim=locale", ["", ""]),
            ("permissions=listed&allow=read&allow_claim=locale", ["email", "name"]),
            ("permissions=listed&allow=admin&allow=openid&allow=email+read", all),
            ("permissions=listed&withhold=read&allow=Email&allow_claim=email", all),
            ("decision=allow", ["", ""]),
            ("withhold=email&withhold_claim=name", ["email", "name"]),
            ("withhold=email&allow=email", ["email", ""]),
            ("withhold=write&withhold=email&withhold_claim=phone_number&withhold_claim=name", ["email", "name"]),
            ("withhold=audit&withhold=openid", ["", ""]),
        ];
        for (form, expected) in table {
            let form = Parameters::parse(form.as_bytes()).unwrap();
            let permissions = Permissions::read(&form, &settings, &scope, &claims);
            let withheld = permissions.withheld();
            assert_eq!([withheld.scopes.join(" "), withheld.claims.join(" ")], expected);
        }
    }
}
