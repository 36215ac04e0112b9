//! Tests of redirect URIs: what registers, what matches, and what is appended.

use proptest::prelude::*;
use url::Url;

use crate::clients::redirect_uri::{ApplicationType, RedirectUris, UriRules};
use crate::clients::unusable_uri::{UnusableUri, UriFault};
use crate::clients::uri_form::RESPONSE_PARAMETERS;
use crate::syntax::encoding::encode_uri_component;
use crate::types::id::{Issuer, WorkspaceId};

fn issuer(public_url: &str) -> Issuer {
    Issuer::new(public_url, &WorkspaceId::parse("default", "demo").unwrap())
}

fn registered(uri: &str, kind: ApplicationType) -> Result<RedirectUris, UnusableUri> {
    RedirectUris::register(&[uri.into()], UriRules::new(kind, &issuer("https://auth.example")))
}

fn web(uri: &str) -> RedirectUris {
    registered(uri, ApplicationType::Web).unwrap()
}

#[test]
fn sec_redir_01_only_the_registered_bytes_match() {
    let uris = web("https://app.example/cb");
    assert!(uris.registered("https://app.example/cb").is_some());
    for other in [
        "https://app.example/cb/",
        "https://app.example/CB",
        "HTTPS://app.example/cb",
        "https://APP.example/cb",
        "https://app.example/cb?x=1",
        "https://app.example/cb?",
        "https://app.example/cb#",
        "https://app.example/cb#x",
        "https://app.example/./cb",
        "https://app.example/x/../cb",
        "https://app.example//cb",
        "https://app.example/c%62",
        "https://app.example/cb%20",
        "https://app.example/cb%00",
        "https://app.example:443/cb",
        "https://app.example:8443/cb",
        "http://app.example/cb",
        "https://app.example/cb ",
        " https://app.example/cb",
        "https://app.example/cb\t",
        "https://app.example/cb\n",
        "https://app.example/cb\0",
        "https:/app.example/cb",
        "https:app.example/cb",
        "//app.example/cb",
        "/cb",
        "",
    ] {
        assert!(uris.registered(other).is_none(), "{other:?}");
    }
}

/// Chromium and Firefox disagree on the meaning of such URIs, and libraries escape them before sending
/// them.
#[test]
fn sec_redir_06_an_invalid_uri_by_rfc_3986_does_not_register() {
    let table = [
        ("https://app.example/cb?x=%zz", UriFault::Escape),
        ("https://app.example/cb%", UriFault::Escape),
        ("https://app.example/cb%4", UriFault::Escape),
        ("https://app.example/%4g/cb", UriFault::Escape),
        ("https://app.example/cb?a=[1]", UriFault::Brackets),
        ("https://app.example/a]", UriFault::Brackets),
        ("https://[2001:db8::1]/cb?a=[1]", UriFault::Brackets),
        ("https://app[1].example/cb", UriFault::Brackets),
        ("com.example.app:/cb?a[]=1", UriFault::Brackets),
        ("com.example.app:/cb%2", UriFault::Escape),
    ];
    for (uri, fault) in table {
        let refused = registered(uri, ApplicationType::Native).err();
        assert!(
            matches!(&refused, Some(UnusableUri::Unusable { fault: found, .. }) if *found == fault),
            "{uri}: {refused:?}"
        );
    }
    for uri in ["https://app.example/cb?x=%20%5B1%5d", "https://[2001:db8::1]/cb", "http://[::1]:9/cb"] {
        assert!(registered(uri, ApplicationType::Native).is_ok(), "{uri}");
    }
}

#[test]
fn sec_redir_04_and_05_user_info_and_lookalikes_neither_register_nor_match() {
    let uris = web("https://app.example/cb");
    for bad in [
        "https://app.example@evil.example/cb",
        "https://app.example:pw@evil.example/cb",
        "https://app.example%40evil.example/cb",
        "https://evil.example#@app.example/cb",
        "https://app.example\\@evil.example/cb",
        "https:\\\\app.example\\cb",
        "https://app.example\\.evil.example/cb",
        "https://evil.example\t",
        "https://app.example/cb\r\nSet-Cookie:x",
        "https://app\u{3002}example/cb",
        "https://\u{430}pp.example/cb",
    ] {
        assert!(registered(bad, ApplicationType::Web).is_err(), "{bad:?} registers");
        assert!(uris.registered(bad).is_none(), "{bad:?} matches");
    }
}

#[test]
fn sec_redir_06_international_hosts_are_registered_as_valid_a_labels() {
    assert!(registered("https://xn--bcher-kva.example/cb", ApplicationType::Web).is_ok());
    assert!(registered("https://xn--example-.org/cb", ApplicationType::Web).is_err());
    let hint = registered("https://b\u{fc}cher.example/cb", ApplicationType::Web).unwrap_err().to_string();
    assert!(hint.contains("xn--bcher-kva"), "{hint}");
}

#[test]
fn sec_redir_07_13_and_14_fragments_plain_http_and_dangerous_schemes_do_not_register() {
    for bad in [
        "https://app.example/cb#f",
        "http://app.example/cb",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "blob:https://app.example/x",
        "file:///etc/passwd",
        "about:blank",
        "view-source:https://app.example",
        "filesystem:https://app.example/x",
        "ftp://app.example/cb",
        "ws://app.example/cb",
        "wss://app.example/cb",
        "chrome://settings",
        "intent://x",
        "mailto:a@app.example",
        "myapp:/cb",
        "https:///cb",
        "app.example/cb",
    ] {
        for kind in [ApplicationType::Web, ApplicationType::Native] {
            assert!(registered(bad, kind).is_err(), "{bad:?} as {kind:?}");
        }
    }
}

#[test]
fn sec_redir_08_a_registered_query_is_kept_and_responses_are_appended() {
    let uri = web("https://app.example/cb?tenant=7").only().unwrap();
    assert_eq!(uri.location(&[("code", "c"), ("state", "a b")]), "https://app.example/cb?tenant=7&code=c&state=a%20b");
    let uri = web("https://app.example/cb").only().unwrap();
    assert_eq!(uri.location(&[("code", "c")]), "https://app.example/cb?code=c");
    for parameter in RESPONSE_PARAMETERS {
        let uri = format!("https://app.example/cb?{parameter}=x");
        assert!(registered(&uri, ApplicationType::Web).is_err(), "{parameter}");
    }
}

#[test]
fn sec_redir_09_there_are_no_wildcards() {
    assert!(registered("https://*.example/cb", ApplicationType::Web).is_err());
    assert!(web("https://app.example/*").registered("https://app.example/x").is_none());
    assert!(web("https://app.example/.x").registered("https://app.example/ax").is_none());
}

#[test]
fn sec_redir_11_a_native_loopback_address_takes_any_port_and_nothing_else() {
    let uris = registered("http://127.0.0.1/cb", ApplicationType::Native).unwrap();
    for port in ["", ":1", ":51004", ":65535"] {
        assert!(uris.registered(&format!("http://127.0.0.1{port}/cb")).is_some(), "{port}");
    }
    for other in [
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:080/cb",
        "http://127.0.0.1:-1/cb",
        "http://127.0.0.1:+1/cb",
        "http://127.0.0.1:8080@evil/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.1/cb",
        "http://2130706433/cb",
        "http://0x7f.1/cb",
        "http://0177.0.0.1/cb",
        "http://127.0.0.2/cb",
        "http://0.0.0.0/cb",
        "http://[::ffff:127.0.0.1]/cb",
        "http://[0:0:0:0:0:0:0:1]/cb",
        "http://[::1%25lo]/cb",
        "http://[::1]/cb",
        "http://localhost/cb",
        "https://127.0.0.1/cb",
        "http://127.0.0.1:80/other",
        "http://127.0.0.1:80/cb/",
    ] {
        assert!(uris.registered(other).is_none(), "{other}");
    }
    let six = registered("http://[::1]/cb", ApplicationType::Native).unwrap();
    assert!(six.registered("http://[::1]:51004/cb").is_some());
    assert!(!six.only().unwrap().assures_identity());
}

#[test]
fn sec_redir_12_the_port_rule_is_for_native_loopback_only() {
    assert!(registered("http://127.0.0.1/cb", ApplicationType::Web).is_err());
    assert!(web("https://app.example/cb").registered("https://app.example:9999/cb").is_none());
    let both = ["http://127.0.0.1/cb".into(), "https://app.example/cb".into()];
    let uris =
        RedirectUris::register(&both, UriRules::new(ApplicationType::Native, &issuer("https://auth.example"))).unwrap();
    assert!(uris.registered("https://app.example:1/cb").is_none());
    assert!(
        registered("https://127.0.0.1/cb", ApplicationType::Native)
            .unwrap()
            .registered("https://127.0.0.1:1/cb")
            .is_none()
    );
}

#[test]
fn sec_redir_15_private_use_schemes_are_reverse_domains_of_native_clients() {
    let uris = registered("com.example.demo:/callback", ApplicationType::Native).unwrap();
    assert!(uris.registered("com.example.demo:/callback").is_some());
    assert!(uris.registered("com.example.demo://callback").is_none());
    assert!(!uris.only().unwrap().assures_identity());
    assert!(registered("com.example.demo://callback", ApplicationType::Native).is_ok());
    assert!(registered("com.example.demo:/callback", ApplicationType::Web).is_err());
    assert!(registered("com.example.demo:callback", ApplicationType::Native).is_err());
    assert_eq!(uris.only().unwrap().form_targets(), ["com.example.demo:"]);
}

#[test]
fn sec_redir_16_without_the_parameter_there_must_be_exactly_one() {
    assert!(web("https://app.example/cb").only().is_some());
    let two = ["https://a.example/".into(), "https://b.example/".into()];
    let uris =
        RedirectUris::register(&two, UriRules::new(ApplicationType::Web, &issuer("https://auth.example"))).unwrap();
    assert!(uris.only().is_none());
    assert!(RedirectUris::register(&[], UriRules::new(ApplicationType::Web, &issuer("https://auth.example"))).is_err());
}

#[test]
fn sec_redir_22_number_and_length_are_bounded() {
    let many: Vec<String> = (0..51).map(|n| format!("https://app.example/{n}")).collect();
    let issuer = issuer("https://auth.example");
    assert!(RedirectUris::register(&many[..50], UriRules::new(ApplicationType::Web, &issuer)).is_ok());
    assert!(RedirectUris::register(&many, UriRules::new(ApplicationType::Web, &issuer)).is_err());
    let long = |length: usize| format!("https://app.example/{}", "a".repeat(length - 20));
    assert!(registered(&long(2048), ApplicationType::Web).is_ok());
    assert!(registered(&long(2049), ApplicationType::Web).is_err());
}

#[test]
fn plain_http_is_only_for_pages_of_this_server() {
    let uri = ["http://localhost:9000/demo/callback".into()];
    let here = issuer("http://localhost:9000");
    let uris = RedirectUris::register(&uri, UriRules::new(ApplicationType::Web, &here)).unwrap();
    assert!(uris.registered("http://localhost:9001/demo/callback").is_none());
    assert_eq!(uris.origins().collect::<Vec<_>>(), ["http://localhost:9000"]);
    for elsewhere in ["https://localhost:9000", "https://auth.example", "http://auth.example:9000"] {
        assert!(
            RedirectUris::register(&uri, UriRules::new(ApplicationType::Web, &issuer(elsewhere))).is_err(),
            "{elsewhere}"
        );
    }
}

#[test]
fn sec_redir_12_and_13_web_applications_may_use_loopback_only_if_the_server_does_and_with_their_port() {
    let of = |uri: &str, public_url: &str| {
        RedirectUris::register(&[uri.into()], UriRules::new(ApplicationType::Web, &issuer(public_url)))
    };
    let good = ["http://localhost:5173/cb", "http://127.0.0.1:3000/cb?x=1", "http://[::1]:3000", "http://localhost/cb"];
    for laptop in ["http://localhost:9000", "http://127.0.0.1:9000", "http://[::1]:9000", "http://localhost"] {
        for uri in good {
            let uris = of(uri, laptop).unwrap();
            let only = uris.only().unwrap();
            assert!(only.assures_identity() && !only.is_loopback() && !uris.have_loopback(), "{uri}");
        }
        let uris = of("http://localhost:5173/cb", laptop).unwrap();
        assert_eq!(uris.origins().collect::<Vec<_>>(), ["http://localhost:5173"]);
        for other in
            ["http://localhost:5174/cb", "http://localhost/cb", "http://127.0.0.1:5173/cb", "http://[::1]:5173/cb"]
        {
            assert!(uris.registered(other).is_none(), "{other}");
        }
        for bad in
            ["http://app.example/cb", "http://localhost.evil.example/cb", "http://127.0.0.2/cb", "http://0.0.0.0/cb"]
        {
            assert!(of(bad, laptop).is_err(), "{bad}");
        }
    }
    for deployed in
        ["https://auth.example", "https://localhost:9000", "https://127.0.0.1", "http://localhost.example:9000"]
    {
        for uri in good {
            let fault = UriFault::HttpOfWeb;
            let refused = UnusableUri::Unusable { position: 0, uri: uri.into(), fault };
            assert_eq!(of(uri, deployed), Err(refused), "{uri} at {deployed}");
        }
    }
}

#[test]
fn sec_redir_14_and_15_a_scheme_without_a_dot_is_a_named_exception_of_a_native_client() {
    let here = issuer("https://auth.example");
    let schemes = ["cursor".to_owned(), "vscode".to_owned(), "javascript".to_owned()];
    let of = |uri: &str, kind| {
        let rules = UriRules { private_use_schemes: &schemes, ..UriRules::new(kind, &here) };
        RedirectUris::register(&[uri.into()], rules)
    };
    let uris = of("cursor://anysphere.cursor-mcp/oauth/callback", ApplicationType::Native).unwrap();
    assert!(!uris.only().unwrap().assures_identity(), "any program can claim it");
    for other in
        ["cursor://anysphere.cursor-mcp/oauth/callback/", "Cursor://anysphere.cursor-mcp/oauth/callback", "vscode://x"]
    {
        assert!(uris.registered(other).is_none(), "{other}");
    }
    assert!(of("vscode:/cb", ApplicationType::Native).is_ok());
    let table = [
        ("cursor:/cb", ApplicationType::Web, UriFault::PrivateUseOfWeb),
        ("windsurf:/cb", ApplicationType::Native, UriFault::NotReverseDomain),
        ("cursor2:/cb", ApplicationType::Native, UriFault::NotReverseDomain),
        ("javascript:/cb", ApplicationType::Native, UriFault::NotReverseDomain),
        ("cursor:cb", ApplicationType::Native, UriFault::PrivateUsePath),
        ("cursor:/cb?code=x", ApplicationType::Native, UriFault::ResponseParameter),
    ];
    for (uri, kind, fault) in table {
        assert_eq!(of(uri, kind), Err(UnusableUri::Unusable { position: 0, uri: uri.into(), fault }), "{uri}");
    }
}

#[test]
fn each_uri_that_does_not_register_says_why() {
    use ApplicationType::{Native, Web};
    let table = [
        (Web, "app.example", UriFault::Relative),
        (Web, "https:app.example/cb", UriFault::NoAuthority),
        (Web, "https://u@app.example/cb", UriFault::UserInfo),
        (Web, "https://*.example/cb", UriFault::Host),
        (Web, "https://app.example:99999/cb", UriFault::NotAUrl),
        (Web, "https://APP.example/cb", UriFault::NotCanonical),
        (Web, "https://app.example?x=1", UriFault::NotCanonical),
        (Web, "https://app.example:443/cb", UriFault::NotCanonical),
        (Web, "https://app.example/cb?code=x", UriFault::ResponseParameter),
        (Web, "https://app.example/cb#x", UriFault::Fragment),
        (Web, "https://app.example/c b", UriFault::Characters),
        (Web, "https://app.example/cb\u{7f}", UriFault::Characters),
        (Web, "https://b\u{fc}cher.example/cb", UriFault::NotAscii),
        (Web, "http://127.0.0.1/cb", UriFault::HttpOfWeb),
        (Native, "http://app.example/cb", UriFault::HttpElsewhere),
        (Native, "http://u@127.0.0.1/cb", UriFault::UserInfo),
        (Web, "Com.example:/cb", UriFault::Scheme),
        (Web, "1com.example:/cb", UriFault::Scheme),
        (Web, "com_x.example:/cb", UriFault::Scheme),
        (Web, ":/cb", UriFault::Scheme),
        (Web, "myapp:/cb", UriFault::NotReverseDomain),
        (Web, "com.example:/cb", UriFault::PrivateUseOfWeb),
        (Native, "com.example:cb", UriFault::PrivateUsePath),
        (Native, "com.example://u@cb", UriFault::PrivateUsePath),
        (Native, "com.example:/cb?state=x", UriFault::ResponseParameter),
    ];
    for (kind, uri, fault) in table {
        let expected = UnusableUri::Unusable { position: 0, uri: uri.into(), fault };
        assert_eq!(registered(uri, kind), Err(expected), "{uri}");
    }
    let list = ["https://app.example/cb".into(), "https://app.example/c b".into()];
    let error = RedirectUris::register(&list, UriRules::new(Web, &issuer("https://auth.example"))).unwrap_err();
    assert!(matches!(error, UnusableUri::Unusable { position: 1, .. }), "{error}");
}

#[test]
fn schemes_and_loopback_hosts_that_register() {
    for good in ["com.example-2.a+b:/cb", "http://localhost:8080/cb", "http://[::1]:8080/?x=1", "http://127.0.0.1"] {
        let uris = registered(good, ApplicationType::Native).unwrap();
        assert_eq!(uris.only().unwrap().as_str(), good);
    }
    assert!(registered("https://[2001:db8::1]/cb", ApplicationType::Web).is_ok());
    assert!(registered("https://app.example", ApplicationType::Web).is_ok());
    assert!(RedirectUris::none().only().is_none() && RedirectUris::none().registered("").is_none());
}

#[test]
fn a_page_of_this_server_may_be_its_root() {
    let here = issuer("http://localhost:9000");
    for uri in ["http://localhost:9000", "http://localhost:9000/", "http://localhost:9000/?x=1"] {
        let uris = RedirectUris::register(&[uri.into()], UriRules::new(ApplicationType::Web, &here)).unwrap();
        assert!(uris.only().unwrap().assures_identity(), "{uri}");
    }
    assert!(web("https://app.example/cb").only().unwrap().assures_identity());
}

#[test]
fn a_uri_describes_its_destination() {
    let table = [
        ("https://app.example:8443/cb?x=1", "https://app.example:8443", &["https:"][..], true),
        ("http://127.0.0.1:8080/?x=1", "http://127.0.0.1:8080", &["http:", "https:"], true),
        ("com.example.app:/cb", "com.example.app:", &["com.example.app:"], false),
        ("com.example.app://cb", "com.example.app:", &["com.example.app:"], false),
    ];
    for (uri, destination, targets, forms) in table {
        let uri = registered(uri, ApplicationType::Native).unwrap().only().unwrap();
        assert_eq!((uri.destination().as_str(), uri.takes_forms()), (destination, forms), "{uri:?}");
        assert_eq!(uri.form_targets(), targets, "{uri:?}");
    }
}

#[test]
fn a_fragment_carries_the_parameters_encoded() {
    let uri = web("https://app.example/cb?x=1").only().unwrap();
    let location = uri.fragment_location(&[("code", "c"), ("state", "a b")]);
    assert_eq!(location, "https://app.example/cb?x=1#code=c&state=a%20b");
}

#[test]
fn origins_are_those_of_web_pages() {
    let uris = ["https://app.example/cb", "http://127.0.0.1/cb", "com.example.app:/cb", "https://b.example:8443"];
    let uris = uris.map(Into::into);
    let uris =
        RedirectUris::register(&uris, UriRules::new(ApplicationType::Native, &issuer("https://auth.example"))).unwrap();
    assert_eq!(uris.origins().collect::<Vec<_>>(), ["https://app.example", "https://b.example:8443"]);
}

proptest! {
    /// A WHATWG parser and a plain split at the RFC 3986 delimiters agree on every URI that registers.
    #[test]
    fn sec_redir_06_a_registered_uri_has_a_single_interpretation(
        host in "[a-zA-Z0-9.*:@%\\\\-]{1,20}",
        path in "(/[a-z0-9.%/\\\\@-]{0,15})?",
    ) {
        let uri = format!("https://{host}{path}");
        if registered(&uri, ApplicationType::Web).is_ok() {
            let parsed = Url::parse(&uri).unwrap();
            let authority = uri["https://".len()..].split('/').next().unwrap().to_owned();
            let port = parsed.port().map_or_else(String::new, |port| format!(":{port}"));
            prop_assert_eq!(format!("{}{port}", parsed.host_str().unwrap()), authority);
            let written = &uri["https://".len() + parsed.host_str().unwrap().len() + port.len()..];
            prop_assert!(parsed.path() == written || (written.is_empty() && parsed.path() == "/"));
        }
    }

    #[test]
    fn sec_authz_06_any_state_is_returned_as_encoded_by_encode_uri_component(state in "[^\\x00]{1,200}") {
        let location = web("https://app.example/cb").only().unwrap().location(&[("state", &state)]);
        let raw = location.strip_prefix("https://app.example/cb?state=").unwrap();
        prop_assert_eq!(raw, encode_uri_component(&state));
        prop_assert!(!location.contains(['\r', '\n', ' ']));
    }
}
