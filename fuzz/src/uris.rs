//! Redirect URIs, URLs that the server asks, and the scopes and claims of requests.

use protocol::authorization::claims_parameter::ClaimsRequest;
use protocol::clients::external_url::{OutboundUrl, Reach};
use protocol::clients::redirect_uri::{ApplicationType, RedirectUris, UriRules};
use protocol::types::scope::Scopes;
use url::Url;

use crate::fixtures::ISSUER;

/// What registers is read alike by browsers and by this server, matches itself only, and answers cannot leave it.
pub fn redirect_uri(data: &[u8]) {
    let Ok(uri) = std::str::from_utf8(data) else { return };
    for kind in [ApplicationType::Web, ApplicationType::Native] {
        let Ok(registered) = RedirectUris::register(&[uri.to_owned()], UriRules::new(kind, &ISSUER)) else { continue };
        let found = registered.registered(uri).expect("it matches itself");
        assert_eq!(found.as_str(), uri);
        let parsed = Url::parse(uri).expect("a URL");
        assert!(parsed.fragment().is_none() && parsed.username().is_empty() && parsed.password().is_none());
        assert!(!matches!(parsed.scheme(), "javascript" | "data" | "file" | "blob" | "about" | "view-source"));
        if kind == ApplicationType::Web {
            assert_eq!(parsed.scheme(), "https");
        }
        let sent = found.location(&[("code", "a b&c=d#e"), ("state", "\u{e9}%00\r\n")]);
        let sent = Url::parse(&sent).expect("a URL");
        assert_eq!((sent.scheme(), sent.host_str(), sent.port()), (parsed.scheme(), parsed.host_str(), parsed.port()));
        assert_eq!(sent.path(), parsed.path());
        assert!(sent.query_pairs().any(|(name, value)| name == "code" && value == "a b&c=d#e"));
        // One byte more or less is another URI.
        assert!(registered.registered(&format!("{uri}x")).is_none());
        assert!(registered.registered(&format!("{uri}/")).is_none());
    }
}

/// What is asked over the internet is `https`, a public name and an allowed port, whoever parses it.
pub fn outbound_url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(url) = OutboundUrl::parse(text, Reach::Internet) else { return };
    let parsed = Url::parse(url.as_str()).expect("a URL");
    assert_eq!(parsed.scheme(), "https");
    assert!(parsed.username().is_empty() && parsed.password().is_none() && parsed.fragment().is_none());
    assert!(matches!(parsed.port(), None | Some(443 | 8443)));
    assert!(parsed.domain().is_some_and(|name| name.contains('.') && !name.ends_with(".localhost")));
}

/// Scopes are read back as they are written; the `claims` parameter is read or refused.
pub fn scopes_and_claims(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(scopes) = Scopes::parse(text) {
        let again = Scopes::parse(&scopes.joined()).expect("what was accepted is accepted again");
        assert_eq!(again.joined(), scopes.joined());
    }
    let _ = ClaimsRequest::parse(text);
}
