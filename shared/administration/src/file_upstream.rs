//! The upstream providers in a workspace file: the credentials of this server there, which are sealed before they are stored,
//! and contradictions between their settings.

use protocol::clients::external_url::{OutboundUrl, Reach};
use protocol::jose::certificate::Certificate;
use protocol::jose::jwk::Algorithm;
use protocol::syntax::encoding::base64_decoded;
use protocol::types::id::WorkspaceId;
use protocol::workspace::settings::Settings;
use protocol::workspace::upstream_preset::{self, PresetFault};
use protocol::workspace::upstream_provider::{UpstreamProvider, UpstreamResponseMode, UserParameter};
use serde_json::Map;
use signing::local::LocalKey;
use signing::{Entropy, Sealer};
use toml::{Table, Value};

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// The title and issuer of a provider that lacks them. What is missing is reported once.
const STAND_IN: &str = "missing";

/// What is wrong with a setting of a provider.
pub(crate) struct UpstreamFault {
    pub(crate) path: String,
    pub(crate) message: String,
}

/// Replaces the preset of each provider with plain settings.
pub(crate) fn expand_presets(settings: &mut Table) -> Vec<UpstreamFault> {
    let mut found = Vec::new();
    let providers = settings.get_mut("upstream").and_then(Value::as_array_mut);
    for (at, provider) in providers.into_iter().flatten().enumerate() {
        let Some(written) = provider.as_table_mut() else { continue };
        let label = written.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        match expanded(written) {
            Ok(plain) => *written = plain,
            Err(faults) => {
                found.extend(faults.into_iter().map(|PresetFault { key, message }| UpstreamFault {
                    path: format!("upstream[{at}].{key}"),
                    message: format!("upstream {label}: {message}"),
                }));
                stand_in(written);
            }
        }
    }
    found
}

fn expanded(written: &Table) -> Result<Table, Vec<PresetFault>> {
    let given: Map<String, serde_json::Value> =
        written.iter().filter_map(|(key, value)| Some((key.clone(), serde_json::to_value(value).ok()?))).collect();
    Ok(Table::try_from(upstream_preset::expand(&given)?).unwrap_or_default())
}

/// Replaces what could not be expanded, so that the rest of the file can be checked.
fn stand_in(written: &mut Table) {
    for key in upstream_preset::PARAMETERS {
        written.remove(key);
    }
    written.remove("oauth");
    for key in ["title", "issuer"] {
        written.entry(key).or_insert_with(|| STAND_IN.into());
    }
}

/// Seals the plaintext credentials of a file.
pub(crate) struct UpstreamSealing<'a> {
    pub(crate) secrets: &'a Sealer,
    pub(crate) entropy: &'a dyn Entropy,
    pub(crate) workspace: &'a WorkspaceId,
}

impl UpstreamSealing<'_> {
    /// Replaces each `client_secret` and `private_key` of a provider with its sealed form. A digest would not suffice, because the
    /// server has to present the secret, or sign with the key.
    pub(crate) fn seal(&self, settings: &mut Table) -> Vec<UpstreamFault> {
        let mut faults = Vec::new();
        let providers = settings.get_mut("upstream").and_then(Value::as_array_mut);
        for (at, provider) in providers.into_iter().flatten().enumerate() {
            let Some(provider) = provider.as_table_mut() else { continue };
            let mut report =
                |name: &str, message| faults.push(UpstreamFault { path: format!("upstream[{at}].{name}"), message });
            if let Err(reason) = check_certificate(provider) {
                report("private_key_certificate", reason);
            }
            for name in ["client_secret", "private_key"] {
                let Some(Value::String(text)) = provider.remove(name) else { continue };
                let sealed = self.sealed(name, text).unwrap_or_else(|reason| {
                    report(name, reason);
                    // It is there, if unreadable: nothing else is missing because of it.
                    String::new()
                });
                provider.insert(format!("sealed_{name}"), sealed.into());
            }
        }
        faults
    }

    fn sealed(&self, name: &str, text: String) -> Result<String, String> {
        let plain = if name == "private_key" { pkcs8(&text)? } else { text.into_bytes() };
        self.secrets.seal(self.workspace, plain, self.entropy).map_err(|fault| fault.to_string())
    }
}

/// Contradictions between the settings of each provider.
pub(crate) fn faults(settings: &Settings, reach: Reach) -> Vec<UpstreamFault> {
    let of = |(at, provider): (usize, &UpstreamProvider)| {
        let found = provider_faults(provider, reach).into_iter();
        let id = provider.id.clone();
        found.map(move |(name, reason)| UpstreamFault {
            path: format!("upstream[{at}].{name}"),
            message: format!("upstream {id}: {reason}"),
        })
    };
    settings.upstream.iter().enumerate().flat_map(of).collect()
}

/// What is wrong, with the setting where it stands. Every issuer is a URL that the server may call (catalogue row
/// SEC-UP-14).
fn provider_faults(provider: &UpstreamProvider, reach: Reach) -> Vec<(String, String)> {
    let mut faults = own_faults(provider);
    for (name, reason) in provider.oauth.iter().flat_map(|api| api.faults(reach)) {
        faults.push((format!("oauth.{name}"), format!("oauth.{name}: {reason}")));
    }
    for (claim, reason) in provider.map.faults() {
        let name = format!("map.{}", claim.as_str());
        faults.push((name.clone(), format!("{name}: {reason}")));
    }
    if provider.issuer != STAND_IN {
        faults.extend(issuer_faults(provider, reach).into_iter().map(|reason| ("issuer".to_owned(), reason)));
    }
    faults
}

fn own_faults(provider: &UpstreamProvider) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    if let Some(missing) = provider.missing_credential() {
        faults.push(("id".into(), format!("it needs {missing} for how it authenticates")));
    }
    if (provider.user_parameter, provider.response_mode) == (UserParameter::Name, UpstreamResponseMode::Query) {
        let reason = "user_parameter: a name comes with an answer by form only: set response_mode = \"form_post\"";
        faults.push(("user_parameter".into(), reason.into()));
    }
    faults
}

fn issuer_faults(provider: &UpstreamProvider, reach: Reach) -> Vec<String> {
    let mut faults = Vec::new();
    if provider.contradicts_tenants() {
        let reason = "tenants belong to an issuer with {tenantid}, and an issuer with {tenantid} needs tenants";
        faults.push(reason.into());
    }
    if provider.asserts_to_a_template() {
        let reason = "an issuer with {tenantid} cannot be the audience of an assertion: set client_assertion_audience = \
                      \"endpoint\"";
        faults.push(reason.into());
    }
    if let Err(reason) = OutboundUrl::parse(&provider.discovery_issuer(), reach) {
        faults.push(format!("issuer: {}: {reason}", provider.issuer));
    }
    faults
}

/// Checks that the certificate of a provider is of the key beside it, where both can be read.
fn check_certificate(provider: &Table) -> Result<(), String> {
    let text = |name: &str| provider.get(name).and_then(Value::as_str);
    let (Some(key), Some(certificate)) = (text("private_key"), text("private_key_certificate")) else { return Ok(()) };
    let (Ok(key), Ok(certificate)) = (pkcs8(key), Certificate::parse(certificate)) else { return Ok(()) };
    let mut keys = [Algorithm::ES256, Algorithm::RS256].into_iter().map(|alg| LocalKey::from_pkcs8(alg, &key));
    if keys.any(|key| key.is_ok_and(|key| certificate.is_of(key.jwk()))) {
        return Ok(());
    }
    Err("private_key_certificate is of another key than private_key: they have to belong together".into())
}

/// The PKCS#8 of a key in PEM (RFC 7468 §10), if it is one that can sign.
///
/// # Errors
///
/// What is wrong, and what to do.
fn pkcs8(pem: &str) -> Result<Vec<u8>, String> {
    let inner = pem.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END));
    let inner: Option<String> = inner.map(|(inner, _)| inner.split_whitespace().collect());
    let Some(der) = inner.and_then(|inner| base64_decoded(&inner)) else {
        return Err("private_key is not PKCS#8 in PEM: convert it with openssl pkcs8 -topk8 -nocrypt".into());
    };
    let signs = |algorithm| LocalKey::from_pkcs8(algorithm, &der).is_ok();
    if signs(Algorithm::ES256) || signs(Algorithm::RS256) {
        return Ok(der);
    }
    Err("private_key is no key on P-256 and no RSA key from 2048 bits on".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_P256: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgED3LjXuH9o+XA5wBytj04JFXPO8rxKDMQgp/XbR/9AuhRANCAAQepF70M1Pr8GRt3WRNOZ5T0WuEZtQMDoyyoknkOR48Yr3plE0xTHICidI32CUkEDyOllHjvdHtiPZ63ajrSCuk";

    #[test]
    fn a_private_key_is_pkcs8_in_pem_and_can_sign() {
        let (head, tail) = OF_P256.split_at(64);
        assert!(pkcs8(&format!("{BEGIN}\n{head}\n{tail}\n{END}\n")).is_ok());
        for bad in ["", "secret", OF_P256, "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----"] {
            assert!(pkcs8(bad).unwrap_err().contains("openssl pkcs8"), "{bad}");
        }
        assert!(pkcs8(&format!("{BEGIN}AAAA{END}")).unwrap_err().contains("P-256"));
    }
}
