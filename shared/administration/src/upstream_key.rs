//! The private key of this server at a provider, as given in a workspace file.

use protocol::jose::jwk::Algorithm;
use protocol::syntax::encoding::base64_decoded;
use signing::local::LocalKey;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// The PKCS#8 content of a PEM key (RFC 7468 §10), if the key can sign.
///
/// # Errors
///
/// What is wrong, and what to do.
pub(crate) fn pkcs8(pem: &str) -> Result<Vec<u8>, String> {
    let inner = pem.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END));
    let inner: Option<String> = inner.map(|(inner, _)| inner.split_whitespace().collect());
    let Some(der) = inner.and_then(|inner| base64_decoded(&inner)) else {
        return Err("private_key is not PKCS#8 in PEM: convert it with openssl pkcs8 -topk8 -nocrypt".into());
    };
    let signs = |algorithm| LocalKey::from_pkcs8(algorithm, &der).is_ok();
    if signs(Algorithm::ES256) || signs(Algorithm::RS256) {
        return Ok(der);
    }
    Err("private_key is neither a P-256 key nor an RSA key of at least 2048 bits".into())
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
