//! Which identity source a user logs in with, as far as that is known before they choose.
//!
//! It depends on the settings, and on what the client or the user says of an address, and never on who has an account:
//! nobody learns that by asking.

use crate::authorization::request::RequestTerms;
use crate::types::email;
use crate::workspace::sandbox::SANDBOX;
use crate::workspace::settings::Settings;
use crate::workspace::upstream_provider::UpstreamProvider;

/// The longest address that is looked at, in bytes (RFC 5321 §4.5.3.1).
pub const MAX_ADDRESS_BYTES: usize = 320;

/// What the login page begins with.
#[derive(Clone, Copy, Debug)]
pub enum SourceChoice<'w> {
    /// Nothing: the user goes to this provider.
    Provider(&'w UpstreamProvider),
    /// The user's address, which may belong to a provider.
    Address,
    /// All that can be chosen.
    List,
}

/// Chooses for a request with these terms: by what the client says, then because there is only one source.
#[must_use]
pub fn choose<'w>(settings: &'w Settings, terms: &RequestTerms) -> SourceChoice<'w> {
    let hints = &terms.hints;
    if hints.idp_hint.as_deref() == Some(SANDBOX) && settings.sandbox.is_some() {
        return SourceChoice::List;
    }
    let by_id = hints.idp_hint.as_deref().and_then(|id| settings.upstream(id));
    let by_domain = || hints.domain_hint.as_deref().and_then(|domain| of_domain(settings, domain));
    let by_address = || terms.login_hint.as_deref().and_then(|address| of_address(settings, address));
    if let Some(provider) = by_id.or_else(by_domain).or_else(by_address).or_else(|| only(settings)) {
        return SourceChoice::Provider(provider);
    }
    let asks = settings.upstream.iter().any(|provider| !provider.email_domains.is_empty());
    // An address that the client named leads nowhere, so asking for it again would not help.
    if asks && terms.login_hint.is_none() { SourceChoice::Address } else { SourceChoice::List }
}

/// The `idp_hint` of a request, if it names no source of the workspace.
#[must_use]
pub fn unknown_hint<'t>(settings: &Settings, terms: &'t RequestTerms) -> Option<&'t str> {
    let hint = terms.hints.idp_hint.as_deref()?;
    (settings.upstream(hint).is_none() && hint != SANDBOX).then_some(hint)
}

/// The provider of an address, by its domain.
#[must_use]
pub fn of_address<'w>(settings: &'w Settings, address: &str) -> Option<&'w UpstreamProvider> {
    let address = Some(address.trim()).filter(|address| address.len() <= MAX_ADDRESS_BYTES)?;
    of_canonical_domain(settings, &email::domain(address)?)
}

/// The providers that the page lists, the one that was used last before the others.
#[must_use]
pub fn listed<'w>(settings: &'w Settings, last_used: Option<&str>) -> Vec<&'w UpstreamProvider> {
    let mut listed: Vec<&UpstreamProvider> = settings.upstream.iter().filter(|provider| !provider.hidden).collect();
    listed.sort_by_key(|provider| Some(provider.id.as_str()) != last_used);
    listed
}

fn of_domain<'w>(settings: &'w Settings, domain: &str) -> Option<&'w UpstreamProvider> {
    of_canonical_domain(settings, &domain.trim().to_ascii_lowercase())
}

/// A provider that names the domain goes before one that takes all of them.
fn of_canonical_domain<'w>(settings: &'w Settings, domain: &str) -> Option<&'w UpstreamProvider> {
    let mut named = settings.upstream.iter().filter(|provider| provider.email_domains.names(domain));
    let mut any = settings.upstream.iter().filter(|provider| provider.email_domains.have(domain));
    named.next().or_else(|| any.next())
}

/// Whether users can log in with more than one source.
#[must_use]
pub fn several(settings: &Settings) -> bool {
    reachable(settings).count() + usize::from(settings.sandbox.is_some()) > 1
}

/// The only source that there is, if nobody can come by another.
fn only(settings: &Settings) -> Option<&UpstreamProvider> {
    let only = reachable(settings).next().filter(|provider| !provider.hidden)?;
    (settings.sandbox.is_none() && !several(settings)).then_some(only)
}

/// The providers that users find without the help of a client.
fn reachable(settings: &Settings) -> impl Iterator<Item = &UpstreamProvider> {
    settings.upstream.iter().filter(|provider| !provider.hidden || !provider.email_domains.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fixtures::{changed, client, request, settings};

    fn provider(id: &str, change: &Value) -> Value {
        changed(json!({"id": id, "title": id, "issuer": "https://p.example", "client_id": "us"}), change)
    }

    fn workspace(providers: &[(&str, Value)], sandbox: bool) -> Settings {
        let providers: Vec<Value> = providers.iter().map(|(id, change)| provider(id, change)).collect();
        settings(&json!({"upstream": providers, "sandbox": sandbox.then(|| json!({"users": []}))}))
    }

    /// What the page begins with.
    fn chosen(settings: &Settings, parameters: &[(&str, &str)]) -> String {
        match choose(settings, &request(&client(&json!({})), parameters).terms) {
            SourceChoice::Provider(provider) => provider.id.to_string(),
            SourceChoice::Address => "address".into(),
            SourceChoice::List => "list".into(),
        }
    }

    #[test]
    fn the_only_source_is_chosen_and_several_are_listed() {
        let (plain, hidden) = (json!({}), json!({"hidden": true}));
        let of_corp = json!({"email_domains": ["corp.example"], "hidden": true});
        let table = [
            (vec![], false, "list"),
            (vec![("a", plain.clone())], false, "a"),
            (vec![("a", plain.clone())], true, "list"),
            (vec![("a", plain.clone()), ("b", plain.clone())], false, "list"),
            (vec![("a", plain.clone()), ("b", hidden.clone())], false, "a"),
            (vec![("a", hidden)], false, "list"),
            (vec![("a", plain.clone()), ("b", of_corp.clone())], false, "address"),
            (vec![("b", of_corp)], false, "address"),
            (vec![("a", json!({"email_domains": ["corp.example"]}))], false, "a"),
            (vec![("a", json!({"email_domains": ["corp.example"]}))], true, "address"),
        ];
        for (providers, sandbox, expected) in table {
            assert_eq!(chosen(&workspace(&providers, sandbox), &[]), expected, "{providers:?} {sandbox}");
        }
    }

    #[test]
    fn what_the_client_says_chooses_the_source() {
        let providers = [
            ("google", json!({})),
            ("corp", json!({"email_domains": ["corp.example"], "hidden": true})),
            ("all", json!({"email_domains": ["*"]})),
        ];
        let settings = workspace(&providers, true);
        let table: [(&[(&str, &str)], &str); 14] = [
            (&[], "address"),
            (&[("idp_hint", "google")], "google"),
            (&[("idp_hint", "corp")], "corp"),
            (&[("idp_hint", "sandbox")], "list"),
            (&[("idp_hint", "nobody")], "address"),
            (&[("idp_hint", "google"), ("domain_hint", "corp.example")], "google"),
            (&[("domain_hint", "Corp.Example")], "corp"),
            (&[("domain_hint", "other.example")], "all"),
            (&[("domain_hint", "consumers")], "address"),
            (&[("login_hint", "ada@corp.example")], "corp"),
            (&[("login_hint", "ada@other.example")], "all"),
            (&[("login_hint", "ada@corp.example@other.example")], "list"),
            (&[("login_hint", "ada")], "list"),
            (&[("idp_hint", ""), ("login_hint", "ADA@CORP.EXAMPLE")], "corp"),
        ];
        for (parameters, expected) in table {
            assert_eq!(chosen(&settings, parameters), expected, "{parameters:?}");
        }
        let unknown = |hint: &str| {
            let terms = request(&client(&json!({})), &[("idp_hint", hint)]).terms;
            unknown_hint(&settings, &terms).map(str::to_owned)
        };
        assert_eq!((unknown("nobody"), unknown("google"), unknown("sandbox")), (Some("nobody".into()), None, None));
    }

    #[test]
    fn an_address_of_any_length_and_form_is_safe_to_ask_for() {
        let settings = workspace(&[("corp", json!({"email_domains": ["corp.example"]}))], true);
        let of = |address: &str| of_address(&settings, address).is_some();
        assert!(of("ada@corp.example") && of(" Ada@Corp.Example "));
        let long = format!("{}@corp.example", "a".repeat(308));
        for bad in ["", "@", "ada", "@corp.example", "ada@corp.example.", "ada@evil.example@corp.example", &long] {
            assert!(!of(bad), "{bad}");
        }
    }

    #[test]
    fn the_source_used_last_is_listed_first_and_hidden_ones_not_at_all() {
        let providers = [("a", json!({})), ("b", json!({})), ("c", json!({"hidden": true})), ("d", json!({}))];
        let settings = workspace(&providers, false);
        let ids =
            |last| listed(&settings, last).iter().map(|provider| provider.id.as_str()).collect::<Vec<_>>().join(" ");
        for (last, expected) in [(None, "a b d"), (Some("d"), "d a b"), (Some("c"), "a b d"), (Some("evil"), "a b d")] {
            assert_eq!(ids(last), expected, "{last:?}");
        }
    }
}
