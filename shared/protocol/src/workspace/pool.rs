//! The identity pool of a workspace: users with records of their own.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::types::time::Lifetime;
use crate::users::attributes::Attributes;
use crate::users::claim_form::{CLAIMS, Form};
use crate::users::identifier::{Identifier, IdentifierKind};
use crate::users::pool_user::PoolUser;
use crate::users::user_claims::SourceClaims;

/// The name of the pool among the identity sources.
pub const POOL: &str = "pool";

/// The maximum length of a text attribute, in characters, unless its definition says less.
const MAX_LENGTH: u16 = 1024;

/// Claims that follow from identifiers, or from what the pool itself has verified or recorded.
const OF_THE_POOL: [&str; 5] = ["email", "email_verified", "preferred_username", "phone_number_verified", "updated_at"];

/// The settings of a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// What users log in with. A user may have one of each.
    pub identifiers: Vec<IdentifierKind>,
    /// The ways to sign in that are offered.
    #[serde(default = "default_sign_in")]
    pub sign_in: Vec<SignInMethod>,
    /// Who can make an account.
    #[serde(default)]
    pub sign_up: SignUp,
    /// How long an identifier that was given up cannot be taken by another user.
    #[serde(default = "default_quarantine")]
    pub identifier_quarantine: Lifetime,
    /// What is known about users beside their identifiers.
    #[serde(default)]
    pub attributes: Vec<AttributeDefinition>,
}

/// A way to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignInMethod {
    /// With a password.
    Password,
}

/// Who can make an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignUp {
    /// Operators only.
    #[default]
    Closed,
}

/// An attribute of users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeDefinition {
    /// Its name: a claim of OpenID Connect Core §5.1, or one of the workspace's own.
    pub name: String,
    /// Its type, for an attribute of the workspace's own; text if not given.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<AttributeType>,
    /// The maximum length of a text, in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u16>,
    /// Whether every user has it.
    #[serde(default)]
    pub required: bool,
    /// Who reads it: without this, clients read standard claims, and others as far as the workspace puts them into tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<AttributeReaders>,
}

/// The type of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttributeType {
    /// One line of text.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Boolean,
}

/// Who reads an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttributeReaders {
    /// Clients, as a claim, as far as scopes and consent allow.
    Clients,
    /// Operators only.
    Operators,
}

/// What is wrong with the settings of a pool, as a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PoolFault {
    /// Nobody could log in.
    #[error("it is empty: nobody could log in; write \"email\", \"username\" or both")]
    NoIdentifier,
    /// No way to sign in is offered.
    #[error("it is empty: nobody could log in; write \"password\"")]
    NoSignIn,
    /// The quarantine is too long to mean anything.
    #[error("it must be 0 to 315360000 seconds")]
    Quarantine,
    /// Two attributes have one name.
    #[error("\"{0}\" occurs twice: define each attribute once")]
    DoubledAttribute(String),
    /// The pool itself sets this.
    #[error("the pool itself sets \"{0}\": choose another name")]
    OwnAttribute(String),
    /// The name is malformed.
    #[error("\"{0}\" is 1 to 40 of a-z, 0-9 and _, beginning with a letter")]
    AttributeName(String),
    /// The type of a standard claim is fixed.
    #[error("\"{0}\" is a claim of OpenID Connect, whose type is fixed: remove this")]
    FixedType(String),
    /// Only texts have a length.
    #[error("\"{0}\" is no text: remove this")]
    NoLength(String),
    /// The length is out of bounds.
    #[error("it must be 1 to 1024 characters")]
    Length,
    /// Clients cannot ask for it.
    #[error(
        "\"{0}\" is no claim of OpenID Connect, so clients cannot ask for it: remove this, and write where it goes under [[claims]]"
    )]
    NoClaim(String),
}

/// What is wrong with the attributes of a user, as a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AttributeFault {
    /// The pool has no such attribute.
    #[error("{0} is not an attribute of the pool: define it in its file, under [[pool.attributes]]")]
    Unknown(String),
    /// The value has another type or form.
    #[error("{0} has another type, form or length than its definition in the workspace file")]
    Unfit(String),
    /// A required attribute is missing.
    #[error("{0} is missing: the workspace file requires it of every user")]
    Missing(String),
}

fn default_sign_in() -> Vec<SignInMethod> {
    vec![SignInMethod::Password]
}

const fn default_quarantine() -> Lifetime {
    Lifetime::seconds(90 * 86_400)
}

impl Pool {
    /// What `typed` is as an identifier here: an address if it has an `@`, otherwise a user name.
    #[must_use]
    pub fn identifier(&self, typed: &str) -> Option<Identifier> {
        let kind = if typed.contains('@') { IdentifierKind::Email } else { IdentifierKind::Username };
        self.identifiers.contains(&kind).then(|| Identifier::parse(kind, typed).ok())?
    }

    /// Whether users can sign in with a password.
    #[must_use]
    pub fn has_passwords(&self) -> bool {
        self.sign_in.contains(&SignInMethod::Password)
    }

    /// The definition of the attribute `name`.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&AttributeDefinition> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// Reads the attributes of a user as text, such as from a command line.
    ///
    /// # Errors
    ///
    /// [`AttributeFault`] names the first attribute that is unknown, unfit or missing.
    pub fn read_attributes(&self, given: &[(String, String)]) -> Result<Map<String, Value>, AttributeFault> {
        let mut attributes = Map::new();
        for (name, text) in given {
            let definition = self.attribute(name).ok_or_else(|| AttributeFault::Unknown(name.clone()))?;
            let value = definition.parse(text).ok_or_else(|| AttributeFault::Unfit(name.clone()))?;
            attributes.insert(name.clone(), value);
        }
        let missing = self.attributes.iter().find(|of| of.required && !attributes.contains_key(&of.name));
        missing.map_or(Ok(attributes), |of| Err(AttributeFault::Missing(of.name.clone())))
    }

    /// Those of the attributes of `user` that decide, by the current settings.
    #[must_use]
    pub fn deciding(&self, user: &PoolUser) -> Attributes {
        self.defined(&Attributes::deciding(&user.attributes))
    }

    /// Those of `attributes` that the settings still define.
    #[must_use]
    pub fn defined(&self, attributes: &Attributes) -> Attributes {
        attributes.selected(&self.attributes.iter().map(|attribute| attribute.name.clone()).collect())
    }

    /// The claims of `user` for clients, by the current settings. What is said to be verified was verified here.
    #[must_use]
    pub fn claims(&self, user: &PoolUser) -> SourceClaims {
        let readable = |name: &&String| self.attribute(name).is_some_and(AttributeDefinition::is_claim);
        let mut claims: Map<String, Value> = user
            .attributes
            .iter()
            .filter(|(name, _)| readable(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if let Some(email) = user.identifier(IdentifierKind::Email) {
            claims.insert("email".into(), email.as_str().into());
            claims.insert("email_verified".into(), user.email_verified.into());
        }
        if let Some(username) = user.identifier(IdentifierKind::Username) {
            claims.insert("preferred_username".into(), username.as_str().into());
        }
        if claims.contains_key("phone_number") {
            claims.insert("phone_number_verified".into(), false.into());
        }
        claims.insert("updated_at".into(), user.details_changed.seconds().into());
        SourceClaims::read(&claims).claims
    }

    /// All settings that cannot work, each with its name, and for an attribute also with its position.
    pub fn faults(&self) -> impl Iterator<Item = (Option<usize>, &'static str, PoolFault)> {
        let no_identifier = self.identifiers.is_empty().then_some((None, "identifiers", PoolFault::NoIdentifier));
        let no_sign_in = self.sign_in.is_empty().then_some((None, "sign_in", PoolFault::NoSignIn));
        let long = self.identifier_quarantine.as_seconds() > 10 * 365 * 86_400;
        let quarantine = long.then_some((None, "identifier_quarantine", PoolFault::Quarantine));
        let attributes = self.attributes.iter().enumerate().filter_map(|(position, attribute)| {
            let (name, fault) = attribute.fault(self.attributes.get(..position).unwrap_or_default())?;
            Some((Some(position), name, fault))
        });
        [no_identifier, no_sign_in, quarantine].into_iter().flatten().chain(attributes)
    }
}

impl AttributeDefinition {
    /// The form of the standard claim that it is, if it is one.
    fn form(&self) -> Option<Form> {
        CLAIMS.into_iter().find(|(name, _)| *name == self.name).map(|(_, form)| form)
    }

    /// Whether clients read it, as a claim.
    fn is_claim(&self) -> bool {
        self.form().is_some() && self.read != Some(AttributeReaders::Operators)
    }

    fn is_text(&self) -> bool {
        match self.form() {
            Some(form) => !matches!(form, Form::Boolean | Form::Time | Form::Address | Form::Names),
            None => matches!(self.kind, None | Some(AttributeType::Text)),
        }
    }

    /// Reads a value that is written as text: an address as JSON, and the names of a list with commas between them.
    fn parse(&self, text: &str) -> Option<Value> {
        let short = text.chars().count() <= usize::from(self.max_length.unwrap_or(MAX_LENGTH));
        match (self.form(), self.kind) {
            (Some(Form::Address), _) => Form::Address.fitted(&serde_json::from_str(text).ok()?),
            (Some(Form::Names), _) => Form::Names.fitted(&text.split(',').map(str::trim).collect()),
            (Some(form), _) => form.fitted(&text.into()).filter(|_| short),
            (None, Some(AttributeType::Number)) => text.parse::<i64>().ok().map(Value::from),
            (None, Some(AttributeType::Boolean)) => text.parse::<bool>().ok().map(Value::from),
            (None, None | Some(AttributeType::Text)) => Form::Text.fitted(&text.into()).filter(|_| short),
        }
    }

    fn fault(&self, earlier: &[Self]) -> Option<(&'static str, PoolFault)> {
        let name = || self.name.clone();
        let standard = self.form().is_some();
        let well_formed = self.name.len() <= 40
            && self.name.starts_with(|first: char| first.is_ascii_lowercase())
            && self.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        Some(if !well_formed {
            ("name", PoolFault::AttributeName(name()))
        } else if OF_THE_POOL.contains(&self.name.as_str()) {
            ("name", PoolFault::OwnAttribute(name()))
        } else if earlier.iter().any(|earlier| earlier.name == self.name) {
            ("name", PoolFault::DoubledAttribute(name()))
        } else if standard && self.kind.is_some() {
            ("type", PoolFault::FixedType(name()))
        } else if self.max_length.is_some() && !self.is_text() {
            ("max_length", PoolFault::NoLength(name()))
        } else if self.max_length.is_some_and(|length| !(1..=MAX_LENGTH).contains(&length)) {
            ("max_length", PoolFault::Length)
        } else if !standard && self.read == Some(AttributeReaders::Clients) {
            ("read", PoolFault::NoClaim(name()))
        } else {
            return None;
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::pool_user;

    fn pool(change: &Value) -> Pool {
        let base = json!({"identifiers": ["email", "username"], "attributes": [
            {"name": "name", "required": true, "max_length": 20},
            {"name": "phone_number"},
            {"name": "birthdate", "read": "operators"},
            {"name": "address"},
            {"name": "department"},
            {"name": "badge", "type": "number"},
            {"name": "staff", "type": "boolean"},
            {"name": "groups"},
        ]});
        serde_json::from_value(crate::fixtures::changed(base, change)).unwrap()
    }

    #[test]
    fn a_pool_is_closed_and_gives_identifiers_back_after_ninety_days_unless_told_otherwise() {
        let pool: Pool = serde_json::from_value(json!({"identifiers": ["email"]})).unwrap();
        assert_eq!((pool.sign_up, pool.has_passwords()), (SignUp::Closed, true));
        assert_eq!(pool.identifier_quarantine, Lifetime::seconds(7_776_000));
        assert_eq!(pool.faults().count(), 0);
        assert!(serde_json::from_value::<Pool>(json!({"identifiers": ["email"], "sign_up": "open"})).is_err());
    }

    #[test]
    fn what_is_typed_is_an_identifier_of_a_kind_that_the_pool_has() {
        let both = pool(&json!({}));
        let of = |pool: &Pool, typed: &str| pool.identifier(typed).map(|found| (found.kind(), found.to_string()));
        let (email, username) = (IdentifierKind::Email, IdentifierKind::Username);
        assert_eq!(of(&both, " Alice@Example.com"), Some((email, "alice@example.com".into())));
        assert_eq!(of(&both, "Alice"), Some((username, "alice".into())));
        assert_eq!(of(&both, "not an identifier"), None);
        let addressed = pool(&json!({"identifiers": ["email"]}));
        assert_eq!(of(&addressed, "alice"), None);
        let named = pool(&json!({"identifiers": ["username"]}));
        assert_eq!(of(&named, "alice@example.com"), None);
    }

    #[test]
    fn attributes_are_read_by_their_definitions() {
        let pool = pool(&json!({}));
        let read = |given: &[(&str, &str)]| {
            let given: Vec<_> = given.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
            pool.read_attributes(&given).map(Value::Object).map_err(|fault| fault.to_string())
        };
        let all = [
            ("name", "Alice"),
            ("birthdate", "1980-02-29"),
            ("address", "{\"country\": \"PT\"}"),
            ("department", "Sales"),
            ("badge", "-7"),
            ("staff", "true"),
            ("groups", "sales, admins,sales"),
        ];
        let expected = json!({
            "name": "Alice", "birthdate": "1980-02-29", "address": {"country": "PT"}, "department": "Sales", "badge": -7,
            "staff": true, "groups": ["sales", "admins"],
        });
        assert_eq!(read(&all), Ok(expected));
        for (name, text) in [
            ("name", ""),
            ("name", "longer than twenty letters"),
            ("name", "two\nlines"),
            ("birthdate", "29.02.1980"),
            ("address", "Lisbon"),
            ("badge", "seven"),
            ("staff", "yes"),
        ] {
            let said = read(&[("name", "Alice"), (name, text)]);
            assert!(
                said.clone().err().unwrap_or_default().starts_with(&format!("{name} has another type")),
                "{said:?}"
            );
        }
        assert!(read(&[("emial", "x")]).err().unwrap().starts_with("emial is not an attribute"));
        assert!(read(&[]).err().unwrap().starts_with("name is missing"));
    }

    #[test]
    fn clients_read_standard_claims_that_the_settings_leave_them() {
        let pool = pool(&json!({}));
        let attributes = json!({
            "name": "Alice", "phone_number": "+351 1", "birthdate": "1980", "department": "Sales", "nickname": "al",
        });
        let user = PoolUser { attributes: attributes.as_object().unwrap().clone(), ..pool_user() };
        let claims = serde_json::to_value(pool.claims(&user)).unwrap();
        let updated_at = user.details_changed.seconds();
        assert_eq!(
            claims,
            json!({
                "name": "Alice", "phone_number": "+351 1", "phone_number_verified": false, "preferred_username": "alice",
                "email": "alice@example.com", "email_verified": true, "updated_at": updated_at,
            }),
            "nickname is no longer in the schema"
        );
        let unverified = PoolUser { email_verified: false, ..pool_user() };
        assert_eq!(pool.claims(&unverified).claim("email_verified"), Some(&json!(false)));
    }

    #[test]
    fn settings_that_cannot_work_are_named() {
        let attribute = |change: Value| json!({"attributes": [change]});
        let table = [
            (json!({"identifiers": []}), "identifiers: it is empty"),
            (json!({"sign_in": []}), "sign_in: it is empty"),
            (json!({"identifier_quarantine": 315_360_001}), "identifier_quarantine: it must be 0 to 315360000"),
            (attribute(json!({"name": "Name"})), "name: \"Name\" is 1 to 40 of"),
            (attribute(json!({"name": "email"})), "name: the pool itself sets \"email\""),
            (json!({"attributes": [{"name": "a"}, {"name": "a"}]}), "name: \"a\" occurs twice"),
            (attribute(json!({"name": "name", "type": "text"})), "type: \"name\" is a claim of OpenID Connect"),
            (attribute(json!({"name": "a", "type": "number", "max_length": 2})), "max_length: \"a\" is no text"),
            (attribute(json!({"name": "a", "max_length": 0})), "max_length: it must be 1 to 1024"),
            (attribute(json!({"name": "a", "max_length": 1025})), "max_length: it must be 1 to 1024"),
            (attribute(json!({"name": "a", "read": "clients"})), "read: \"a\" is no claim"),
        ];
        for (change, expected) in table {
            let faults: Vec<_> = pool(&change).faults().map(|(_, name, fault)| format!("{name}: {fault}")).collect();
            assert!(faults.len() == 1 && faults[0].starts_with(expected), "{expected}: {faults:?}");
        }
    }
}
