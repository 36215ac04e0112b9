//! The claims of the workspace's own, with their values for a token or an answer.
//!
//! What says something about the user was noted when the code was issued; groups, roles and attributes of a pool are
//! renewed when the grant is loaded ([`crate::tokens::grant::LoadedGrant::of`]). Everything else is as configured now.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::clients::client::Client;
use crate::tokens::grant::GrantTerms;
use crate::types::scope::Scopes;
use crate::users::attributes::Attributes;
use crate::users::user_claims::size;
use crate::workspace::claim_fault::OMITTED;
use crate::workspace::claim_rule::{ClaimPlace, ClaimRule, ClaimSource, ClientField, GrantField, SourceField};
use crate::workspace::settings::{Settings, Workspace};

/// The size to which claims of the workspace's own may fill the claims of a token, in bytes of JSON. With the header and
/// the longest signature, that of a key with 4096 bits, the token then has at most [`MAX_FILLED_TOKEN_BYTES`].
const MAX_FILLED_CLAIMS_BYTES: usize = 5440;

/// The size to which claims of the workspace's own may fill a token: what servers and libraries take in a header.
pub const MAX_FILLED_TOKEN_BYTES: usize = 8192;

/// The longest list of the claims that were left out, in bytes of JSON.
const MAX_OMITTED_BYTES: usize = 512;

/// What a member takes beside its name and value: quotation marks, a colon and a comma.
const MEMBER_BYTES: usize = 4;

/// How many bytes are left for claims of the workspace's own in a token that has `claims`.
pub(super) fn left_beside(claims: &impl Serialize) -> usize {
    let taken = serde_json::to_vec(claims).map_or(usize::MAX, |json| json.len());
    MAX_FILLED_CLAIMS_BYTES.saturating_sub(taken)
}

/// What the values come from.
pub struct ClaimValues<'a> {
    settings: &'a Settings,
    client: &'a Client,
    terms: Option<&'a GrantTerms>,
    scope: &'a Scopes,
    attributes: Attributes,
}

impl<'a> ClaimValues<'a> {
    /// The values for a token with `scope` of `client`, and of the user who granted `terms`; a client's own token has none.
    #[must_use]
    pub fn of(workspace: &'a Workspace, client: &'a Client, terms: Option<&'a GrantTerms>, scope: &'a Scopes) -> Self {
        let attributes = terms.map(|terms| {
            let source = workspace.identity_source(&terms.source);
            terms.attributes.judged(terms.email_domain.clone(), source.map(|source| source.trust()))
        });
        Self { settings: &workspace.settings, client, terms, scope, attributes: attributes.unwrap_or_default() }
    }

    /// The same, with what is known of the user at the moment.
    #[must_use]
    pub fn knowing(self, attributes: Attributes) -> Self {
        Self { attributes, ..self }
    }

    /// The claims for `place`, in at most `limit` bytes.
    ///
    /// A claim that does not fit is left out as a whole and named in `omitted_claims`: half of someone's roles would say
    /// something that is not so, and their silent absence as well. Of too many names, the list is `*`.
    #[must_use]
    pub fn for_place(&self, place: ClaimPlace, limit: usize) -> Map<String, Value> {
        let reserved = MAX_OMITTED_BYTES + OMITTED.len() + MEMBER_BYTES;
        let (mut claims, mut omitted, mut left) = (Map::new(), Vec::new(), limit.saturating_sub(reserved));
        let applying = |rule: &&ClaimRule| rule.applies(place, self.scope, self.settings.scope_separator);
        for rule in self.settings.claims.iter().filter(applying) {
            let Some(value) = self.value(rule) else { continue };
            match left.checked_sub(size(&rule.name, &value) + MEMBER_BYTES) {
                Some(rest) => {
                    left = rest;
                    claims.insert(rule.name.clone(), value);
                }
                None => omitted.push(Value::from(rule.name.clone())),
            }
        }
        if !omitted.is_empty() {
            let names = Value::from(omitted);
            let fits = names.to_string().len() <= MAX_OMITTED_BYTES;
            claims.insert(OMITTED.into(), if fits { names } else { serde_json::json!(["*"]) });
        }
        claims
    }

    fn value(&self, rule: &ClaimRule) -> Option<Value> {
        match rule.from.as_ref() {
            None => rule.value.clone(),
            Some(ClaimSource::User(name, None)) => self.attributes.get(name).cloned(),
            Some(ClaimSource::User(name, Some(member))) => self.attributes.get(name)?.get(member).cloned(),
            Some(ClaimSource::Source(field)) => self.of_source(*field),
            Some(ClaimSource::Client(ClientField::Name)) => Some(self.client.name.clone().into()),
            Some(ClaimSource::Client(ClientField::OrganizationName)) => {
                self.client.display.publisher.clone().map(Value::from)
            }
            Some(ClaimSource::ClientMetadata(key)) => self.client.metadata.get(key).cloned(),
            Some(ClaimSource::Grant(GrantField::Scope)) => Some(self.scope.iter().map(Value::from).collect()),
            Some(ClaimSource::Grant(GrantField::Issued)) => Some(self.terms?.issued.seconds().into()),
        }
    }

    fn of_source(&self, field: SourceField) -> Option<Value> {
        let terms = self.terms?;
        match field {
            SourceField::Id => Some(terms.source.as_str().into()),
            SourceField::Issuer => terms.issuer.clone().map(Value::from),
        }
    }
}

/// The attributes of the user that a grant of `scope` to `client` has to note, because claims and rules about users need them
/// where the account is not read.
#[must_use]
pub fn noted_attributes(settings: &Settings, client: &Client, scope: &Scopes) -> BTreeSet<String> {
    let elsewhere = |rule: &&ClaimRule| rule.places.iter().any(|place| *place != ClaimPlace::Userinfo);
    let of_claims = settings.claims_released_by(scope).filter(elsewhere).filter_map(ClaimRule::attribute);
    of_claims.map(str::to_owned).chain(client.attributes_of_rules().unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{
        NOW, changed, client, client_id, grant_id, grant_terms, issuer, scopes, settings, subject, workspace_id,
    };
    use crate::jose::at_hash::AtHash;
    use crate::token_status::introspection::Introspection;
    use crate::tokens::access_token::{AccessTokenClaims, OwnToken};
    use crate::tokens::entitlement::{Entitlement, Holder, IdTokens};
    use crate::tokens::id_token::IdTokenClaims;
    use crate::types::time::Lifetime;
    use crate::workspace::claim_fault::RESERVED;

    fn workspace(claims: &Value) -> Workspace {
        Workspace { id: workspace_id(), issuer: issuer(), settings: settings(&json!({ "claims": claims })) }
    }

    fn granted(attributes: Value) -> GrantTerms {
        GrantTerms { attributes: serde_json::from_value(attributes).unwrap(), ..grant_terms() }
    }

    fn entitlement(holder: Holder, scope: &str, audience: Vec<String>) -> Entitlement {
        let (lifetime, at_hash) = (Lifetime::seconds(200), AtHash::Included);
        Entitlement {
            grant: grant_id(),
            holder,
            scope: scopes(scope),
            audience,
            now: NOW,
            access_token: Lifetime::seconds(100),
            id_token: IdTokens { lifetime, at_hash, algorithm: None, nonce: Some("n".into()) },
        }
    }

    #[test]
    fn each_source_yields_what_it_names() {
        let of_app = client(&json!({"organization_name": "Acme", "metadata": {"tier": "gold", "seats": 7}}));
        let terms = GrantTerms {
            issuer: Some("https://idp.example".into()),
            ..granted(json!({"roles": ["a"], "department": "it", "address": {"country": "PT"}}))
        };
        let table = [
            (json!({"from": "user.roles"}), Some(json!(["a"])), None),
            (json!({"from": "user.department"}), Some(json!("it")), None),
            (json!({"from": "user.address.country"}), Some(json!("PT")), None),
            (json!({"from": "user.address.region"}), None, None),
            (json!({"from": "user.groups"}), None, None),
            (json!({"from": "source.id"}), Some(json!("sandbox")), None),
            (json!({"from": "source.issuer"}), Some(json!("https://idp.example")), None),
            (json!({"from": "client.client_name"}), Some(json!("The App")), Some(json!("The App"))),
            (json!({"from": "client.organization_name"}), Some(json!("Acme")), Some(json!("Acme"))),
            (json!({"from": "client.metadata.tier"}), Some(json!("gold")), Some(json!("gold"))),
            (json!({"from": "client.metadata.seats"}), Some(json!(7)), Some(json!(7))),
            (json!({"from": "client.metadata.none"}), None, None),
            (json!({"from": "grant.scope"}), Some(json!(["openid", "read"])), Some(json!(["openid", "read"]))),
            (json!({"from": "grant.issued"}), Some(json!(terms.issued.seconds())), None),
            (json!({"value": "eu"}), Some(json!("eu")), Some(json!("eu"))),
        ];
        for (rule, of_user, of_client) in table {
            let workspace = workspace(&json!([changed(rule.clone(), &json!({"name": "x", "in": ["access_token"]}))]));
            let scope = scopes("openid read");
            let found = |terms| {
                let values = ClaimValues::of(&workspace, &of_app, terms, &scope);
                values.for_place(ClaimPlace::AccessToken, 4096).get("x").cloned()
            };
            assert_eq!((found(Some(&terms)), found(None)), (of_user, of_client), "{rule}");
        }
    }

    #[test]
    fn sec_oidc_04_and_sec_up_19_a_mapped_flag_is_verified_as_far_as_its_source_is_trusted() {
        let claims = json!([{"name": "email_verified", "from": "user.email_verified", "in": ["access_token"]}]);
        let corp = |domains: Value| {
            json!({"id": "corp", "title": "C", "issuer": "https://c.example", "client_id": "us",
            "verified_email_domains": domains})
        };
        for (domains, expected) in
            [(json!(["corp.example"]), true), (json!(["other.example"]), false), (json!([]), false)]
        {
            let settings = settings(&json!({"claims": claims, "upstream": [corp(domains)]}));
            let workspace = Workspace { id: workspace_id(), issuer: issuer(), settings };
            let terms = GrantTerms {
                source: crate::fixtures::source_id("corp"),
                email_domain: Some("corp.example".into()),
                ..granted(json!({"email_verified": true}))
            };
            let (client, scope) = (client(&json!({})), scopes("openid"));
            let found =
                ClaimValues::of(&workspace, &client, Some(&terms), &scope).for_place(ClaimPlace::AccessToken, 4096);
            assert_eq!(found["email_verified"], expected);
        }
    }

    #[test]
    fn a_claim_that_does_not_fit_is_left_out_and_named() {
        let rule = |name: &str, length: usize| json!({"name": name, "value": "x".repeat(length), "in": ["id_token"]});
        let workspace = workspace(&json!([rule("a", 100), rule("b", 400), rule("c", 100)]));
        let (client, scope) = (client(&json!({})), scopes("openid"));
        let said = |limit: usize| {
            let claims = ClaimValues::of(&workspace, &client, None, &scope).for_place(ClaimPlace::IdToken, limit);
            let names: Vec<&str> = claims.keys().map(String::as_str).filter(|name| *name != OMITTED).collect();
            (names.join(" "), claims.get(OMITTED).cloned())
        };
        assert_eq!(said(2000), ("a b c".into(), None));
        assert_eq!(said(1000), ("a c".into(), Some(json!(["b"]))));
        assert_eq!(said(0), (String::new(), Some(json!(["a", "b", "c"]))));
        let long: Vec<Value> = (0..50).map(|at| rule(&format!("{at}{}", "n".repeat(100)), 1)).collect();
        let many = Workspace { settings: settings(&json!({ "claims": long })), ..workspace };
        let claims = ClaimValues::of(&many, &client, None, &scope).for_place(ClaimPlace::IdToken, 0);
        assert_eq!(Value::Object(claims), json!({OMITTED: ["*"]}));
    }

    #[test]
    fn a_grant_notes_what_its_claims_need_and_nothing_else() {
        let claims = json!([
            {"name": "a", "from": "user.roles", "in": ["access_token"]},
            {"name": "b", "from": "user.name", "in": ["userinfo"]},
            {"name": "c", "from": "user.birthdate", "in": ["introspection"], "scopes": ["write"]},
            {"name": "d", "from": "source.id", "in": ["id_token"]},
        ]);
        let noted = |granted: &str| {
            let names =
                noted_attributes(&settings(&json!({ "claims": claims })), &client(&json!({})), &scopes(granted));
            names.into_iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!((noted("openid"), noted("openid write")), ("roles".into(), "birthdate roles".into()));
    }

    /// Every claim that our tokens and answers have, with a value for each that is optional. A new one does not compile here
    /// until it is added.
    #[test]
    fn sec_tok_07_the_claims_of_all_tokens_and_answers_are_reserved() {
        let texts = || vec!["x".to_owned()];
        let access = AccessTokenClaims {
            iss: "i".into(),
            sub: subject("s"),
            aud: texts(),
            client_id: client_id("c"),
            iat: 1,
            exp: 2,
            jti: "j".into(),
            scope: scopes("openid"),
            auth_time: Some(1),
            acr: Some("a".into()),
            amr: Some(texts()),
            gty: Some(OwnToken::ClientCredentials),
            mapped: Map::new(),
        };
        let id = IdTokenClaims {
            iss: "i".into(),
            sub: "s".into(),
            aud: "c".into(),
            exp: 2,
            iat: 1,
            auth_time: Some(1),
            nonce: Some("n".into()),
            acr: "a".into(),
            amr: texts(),
            at_hash: Some("h".into()),
            sid: "s".into(),
            user: Map::new(),
        };
        let participant =
            crate::users::session::Participant { client_id: client_id("c"), sub: subject("s"), sid: "s".into() };
        let notice = crate::logout::logout_token::LogoutNotice { workspace: workspace_id(), participant };
        let logout = crate::logout::logout_token::LogoutTokenClaims::of(&notice, &issuer(), NOW);
        let all = [json!(access), json!(id), json!(logout), json!(Introspection::access_token(access, Map::new()))];
        for name in all.iter().flat_map(|claims| claims.as_object().unwrap().keys()) {
            assert!(RESERVED.contains(&name.as_str()), "{name} is not reserved");
        }
    }

    /// The length of the token with these claims, a `kid` and the signature of an RSA key with 4096 bits.
    fn token_bytes(claims: &impl Serialize) -> usize {
        let base64url = |bytes: usize| (bytes * 4).div_ceil(3);
        let header = json!({"typ": "at+jwt", "alg": "RS256", "kid": "k".repeat(43)}).to_string().len();
        base64url(header) + 1 + base64url(serde_json::to_vec(claims).unwrap().len()) + 1 + base64url(512)
    }

    #[test]
    fn sec_dos_01_claims_fill_a_token_to_eight_kibibytes_at_most() {
        let constants: Vec<Value> = (0..50)
            .map(|at| json!({"name": format!("c{at}"), "value": "\u{e9}".repeat(40 + at * 9), "in": ["access_token", "id_token"]}))
            .collect();
        let (workspace, client) = (workspace(&json!(constants)), client(&json!({})));
        for length in [20, 200, 1000, 2000] {
            let scope = format!("openid {}", "s".repeat(length));
            let due = entitlement(Holder::User(Box::new(grant_terms())), &scope, vec!["https://api.example/v1".into()]);
            let values = ClaimValues::of(&workspace, &client, due.terms(), due.scope());
            let access = AccessTokenClaims::of(&due, &issuer(), &[5; 16]).unwrap().with(&values);
            let id = IdTokenClaims::of(&due, &workspace).unwrap().with(&values).with_hash_of("token");
            assert!(access.mapped.contains_key(OMITTED) && id.user.contains_key(OMITTED));
            for bytes in [token_bytes(&access), token_bytes(&id)] {
                assert!(bytes <= MAX_FILLED_TOKEN_BYTES, "{bytes}");
            }
            let filled = token_bytes(&access);
            assert!(filled > MAX_FILLED_TOKEN_BYTES - 1600, "{filled}: much room is left unused");
        }
    }

    /// The largest token: one for ten APIs that a request can name, each with a URI of 2048 characters. Nothing of the
    /// workspace's own is in it. docs/configuration.md has the figure.
    #[test]
    fn the_largest_token_that_the_limits_allow_has_33_kilobytes() {
        let audience = (0..10).map(|at| format!("https://{at}.example/{}", "a".repeat(2029))).collect();
        let scope: Vec<String> = (0..100).map(|at| format!("{at:02}{}", "s".repeat(17))).collect();
        let scope = scope.join(" ");
        assert!(scope.len() <= 2048);
        let mut terms = grant_terms();
        terms.client_id = client_id(&"c".repeat(512));
        terms.subject = subject(&"s".repeat(255));
        let due = entitlement(Holder::User(Box::new(terms)), &scope, audience);
        let workspace = workspace(&json!([{"name": "x", "value": "y", "in": ["access_token"]}]));
        let (client, host) = (client(&json!({})), format!("https://{}", "h".repeat(253)));
        let issuer = crate::types::id::Issuer::new(
            &host,
            &crate::types::id::WorkspaceId::parse(&"t".repeat(40), &"w".repeat(40)).unwrap(),
        );
        let values = ClaimValues::of(&workspace, &client, due.terms(), due.scope());
        let access = AccessTokenClaims::of(&due, &issuer, &[5; 16]).unwrap().with(&values);
        assert_eq!(Value::Object(access.mapped.clone()), json!({OMITTED: ["x"]}));
        let bytes = token_bytes(&access);
        assert!((32_000..=33_500).contains(&bytes), "{bytes}");
    }
}
