//! The upstream providers of a workspace file: presets, secrets, and what cannot work.

use protocol::clients::external_url::OutboundUrl;
use protocol::types::id::WorkspaceId;
use protocol::workspace::settings::Settings;
use protocol::workspace::upstream_preset::{self, PresetFault};
use serde_json::Map;
use toml::{Table, Value};

use crate::file_reading::Reading;
use crate::upstream_key;

/// The title and issuer of a provider that lacks them. What is missing is reported once.
const STAND_IN: &str = "missing";

impl Reading<'_> {
    /// Spells out the presets of upstream providers in plain settings.
    pub(crate) fn expand_presets(&mut self, settings: &mut Table) {
        let providers = settings.get_mut("upstream").and_then(Value::as_array_mut);
        for (at, provider) in providers.into_iter().flatten().enumerate() {
            let Some(written) = provider.as_table_mut() else { continue };
            let label = written.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            match expanded(written) {
                Ok(plain) => *written = plain,
                Err(faults) => {
                    for PresetFault { key, message } in faults {
                        let path = format!("upstream[{at}].{key}");
                        if !self.is_faulty(&path) && !self.is_faulty(&format!("upstream[{at}].preset")) {
                            self.report(&path, format!("upstream {label}: {message}"));
                        }
                    }
                    stand_in(written);
                }
            }
        }
    }

    /// Replaces each `client_secret` of an upstream provider with its sealed form. A digest would not do, because we have
    /// to present the secret.
    pub(crate) fn seal_upstream_secrets(&mut self, settings: &mut Table, id: &WorkspaceId) {
        let providers = settings.get_mut("upstream").and_then(Value::as_array_mut);
        for (at, provider) in providers.into_iter().flatten().enumerate() {
            let Some(provider) = provider.as_table_mut() else { continue };
            for name in ["client_secret", "private_key"] {
                let Some(Value::String(text)) = provider.remove(name) else { continue };
                match self.sealed_upstream_secret(name, text, id) {
                    Ok(sealed) => drop(provider.insert(format!("sealed_{name}"), sealed.into())),
                    Err(reason) => self.report(&format!("upstream[{at}].{name}"), reason),
                }
            }
        }
    }

    fn sealed_upstream_secret(&self, name: &str, text: String, id: &WorkspaceId) -> Result<String, String> {
        let plain = if name == "private_key" { upstream_key::pkcs8(&text)? } else { text.into_bytes() };
        let sealed = self.loader.upstream_secrets.seal(id, plain, self.loader.entropy);
        sealed.map_err(|fault| fault.to_string())
    }

    /// Checks that every issuer is a URL that the server may call (catalogue row SEC-UP-14).
    pub(crate) fn check_issuers(&mut self, settings: &Settings) {
        for (at, provider) in settings.upstream.iter().enumerate() {
            if let Some(missing) = provider.missing_credential() {
                let reason = format!("upstream {}: it needs {missing} for how it authenticates", provider.id);
                self.report(&format!("upstream[{at}].id"), reason);
            }
            let reach = self.loader.public_url.reach();
            for (name, reason) in provider.oauth.iter().flat_map(|api| api.faults(reach)) {
                let message = format!("upstream {}: oauth.{name}: {reason}", provider.id);
                self.report(&format!("upstream[{at}].oauth.{name}"), message);
            }
            for (claim, reason) in provider.map.faults() {
                let (claim, id) = (claim.as_str(), &provider.id);
                self.report(&format!("upstream[{at}].map.{claim}"), format!("upstream {id}: map.{claim}: {reason}"));
            }
            if provider.contradicts_tenants() {
                let reason = "tenants belong to an issuer with {tenantid}, and an issuer with {tenantid} needs tenants";
                self.report(&format!("upstream[{at}].issuer"), format!("upstream {}: {reason}", provider.id));
            }
            let path = format!("upstream[{at}].issuer");
            let (id, issuer) = (&provider.id, &provider.issuer);
            let checked = OutboundUrl::parse(&provider.discovery_issuer(), reach);
            if let (Err(reason), false) = (checked, issuer == STAND_IN) {
                self.report(&path, format!("upstream {id}: issuer: {issuer}: {reason}"));
            }
        }
    }
}

fn expanded(written: &Table) -> Result<Table, Vec<PresetFault>> {
    let given: Map<String, serde_json::Value> =
        written.iter().filter_map(|(key, value)| Some((key.clone(), serde_json::to_value(value).ok()?))).collect();
    Ok(Table::try_from(upstream_preset::expand(&given)?).unwrap_or_default())
}

/// Replaces what could not be spelled out, so that the rest of the file can be checked.
fn stand_in(written: &mut Table) {
    for key in upstream_preset::PARAMETERS {
        written.remove(key);
    }
    written.remove("oauth");
    for key in ["title", "issuer"] {
        written.entry(key).or_insert_with(|| STAND_IN.into());
    }
}
