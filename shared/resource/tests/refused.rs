//! Every token that must be refused, and the reason.

use futures::FutureExt as _;
use http::{HeaderMap, HeaderValue};
use postern_resource::{Algorithm, InvalidToken, JwksSource, Refusal, StaticJwks, StepUp, Validator};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::given::{
    AUDIENCE, ISSUER, KEYS, LEEWAY, NOW, accepted, base64url, claims, header, message, point_jwk, rsa_jwk, signed,
    signed_by, signed_by_rsa, validator, with,
};

async fn assert_refused(case: &str, token: &str, reason: InvalidToken) {
    assert_eq!(accepted(token).await, Err(Refusal::Invalid(reason)), "{case}: {token}");
}

#[tokio::test]
async fn a_valid_token_is_accepted_and_exposes_its_claims() {
    let good = signed(header(), with(claims(), json!({"acr": "urn:x", "auth_time": NOW, "amr": ["pwd"], "nbf": NOW})));
    let token = accepted(&good).await.unwrap();
    assert_eq!((token.issuer(), token.subject(), token.client_id(), token.id()), (ISSUER, "alice", "app", "t-1"));
    assert_eq!((token.issued_at(), token.expires_at(), token.algorithm()), (NOW, NOW + 300, Algorithm::ES256));
    assert_eq!(token.audience().collect::<Vec<_>>(), [AUDIENCE]);
    assert_eq!(token.scopes().collect::<Vec<_>>(), ["offers.read", "offers.write"]);
    assert_eq!(token.claim("acr"), Some(&"urn:x".into()));
    assert!(
        token.has_scope("offers.read") && !token.has_scope("offers") && !token.has_scope("offers.read offers.write")
    );
    let lacking = token.clone().require_scope("offers.delete");
    assert_eq!(lacking, Err(Refusal::InsufficientScope("offers.delete".into())));
    assert!(token.require_scope("offers.write").is_ok());
}

#[tokio::test]
async fn roles_and_groups_decide_and_are_lists() {
    let of = async |more: Value| accepted(&signed(header(), with(claims(), more))).await.unwrap();
    let token = of(json!({"roles": ["editor", 7], "groups": "staff", "omitted_claims": ["entitlements"]})).await;
    assert!(token.has_role("editor") && !token.has_role("edit") && !token.is_in_group("staff"));
    assert!(token.clone().require_role("editor").is_ok());
    assert_eq!(token.clone().require_role("admin"), Err(Refusal::MissingRole("admin".into())));
    assert_eq!(token.clone().require_group("staff"), Err(Refusal::MissingGroup("staff".into())));
    assert_eq!(token.names("roles").collect::<Vec<_>>(), ["editor"]);
    assert!(token.omits("entitlements") && !token.omits("roles"));
    let other = of(json!({"groups": ["staff"], "omitted_claims": ["*"]})).await;
    assert!(other.omits("roles") && !other.has_role("editor"));
    assert!(other.require_group("staff").is_ok());
}

#[tokio::test]
async fn each_variant_of_a_valid_token_is_accepted() {
    let rsa = || with(header(), json!({"alg": "RS256", "kid": "rsa"}));
    let good = [
        ("RS256", signed_by_rsa("RS256", rsa(), claims())),
        ("the long type", signed(with(header(), json!({"typ": "application/at+jwt"})), claims())),
        ("another case of the type", signed(with(header(), json!({"typ": "AT+JWT"})), claims())),
        ("several audiences", signed(header(), with(claims(), json!({"aud": ["https://x", AUDIENCE]})))),
        ("no scope", signed(header(), with(claims(), json!({"scope": null})))),
        ("an empty scope", signed(header(), with(claims(), json!({"scope": ""})))),
        ("claims that nobody knows", signed(header(), with(claims(), json!({"roles": [{"a": null}]})))),
    ];
    for (case, token) in good {
        assert!(accepted(&token).await.is_ok(), "{case}: {token}");
    }
    let jwks = json!({"keys": [rsa_jwk(&KEYS.rsa, "rsa", "PS256")]}).to_string();
    let validator =
        Validator::new(ISSUER, AUDIENCE, StaticJwks::new(jwks)).clock(|| std::time::Duration::from_secs(NOW));
    let token = signed_by_rsa("PS256", with(rsa(), json!({"alg": "PS256"})), claims());
    assert_eq!(validator.accept(&token).await.unwrap().algorithm(), Algorithm::PS256);
}

#[tokio::test]
async fn sec_jwt_01_the_algorithm_comes_from_the_key_and_never_from_the_token() {
    for alg in ["none", "NONE", "noNe", "HS256", "HS384", "RS384", "ES384", "ES256K", "EdDSA", "es256", "", " ES256"] {
        let header = with(header(), json!({"alg": alg}));
        assert_refused(alg, &signed(&header, claims()), InvalidToken::Algorithm).await;
        let unsigned = format!("{}.", message(&header, claims()));
        assert_refused(alg, &unsigned, InvalidToken::Algorithm).await;
    }
    assert_refused("absent", &signed(with(header(), json!({"alg": null})), claims()), InvalidToken::Algorithm).await;
    for alg in [json!(256), json!(["ES256"]), json!({}), json!(true)] {
        assert_refused("no string", &signed(with(header(), json!({"alg": alg})), claims()), InvalidToken::Header).await;
    }
    let rsa = |alg: &str| with(header(), json!({"kid": "rsa", "alg": alg}));
    assert_refused("PS256 by an RS256 key", &signed_by_rsa("PS256", rsa("PS256"), claims()), InvalidToken::Algorithm)
        .await;
    assert_refused("the padding of PS256", &signed_by_rsa("PS256", rsa("RS256"), claims()), InvalidToken::Signature)
        .await;
    assert_refused("ES256 by an RSA key", &signed(rsa("ES256"), claims()), InvalidToken::Algorithm).await;
    let swapped = with(header(), json!({"alg": "RS256"}));
    assert_refused("RS256 by a point", &signed_by_rsa("RS256", swapped, claims()), InvalidToken::Algorithm).await;
}

#[tokio::test]
async fn sec_jwt_01_a_public_key_is_not_used_as_a_shared_secret() {
    let secrets = [
        KEYS.jwks().into_bytes(),
        point_jwk(&KEYS.point, "point").to_string().into_bytes(),
        aws_lc_rs::signature::KeyPair::public_key(&KEYS.point).as_ref().to_vec(),
        aws_lc_rs::signature::KeyPair::public_key(&KEYS.rsa).as_ref().to_vec(),
    ];
    for secret in secrets {
        let message = message(with(header(), json!({"alg": "HS256"})), claims());
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &secret);
        let tag = aws_lc_rs::hmac::sign(&key, message.as_bytes());
        assert_refused("HS256", &format!("{message}.{}", base64url(tag)), InvalidToken::Algorithm).await;
    }
}

#[tokio::test]
async fn an_api_can_accept_fewer_algorithms() {
    let token = signed(header(), claims());
    let strict = validator().algorithms(&[Algorithm::RS256, Algorithm::PS256]);
    assert_eq!(strict.accept(&token).await, Err(InvalidToken::Algorithm.into()));
    assert!(validator().algorithms(&[Algorithm::ES256]).accept(&token).await.is_ok());
}

#[tokio::test]
async fn sec_jwt_02_a_key_in_the_header_is_ignored() {
    let own = point_jwk(&KEYS.other_point, "point");
    for members in [
        json!({"jwk": own}),
        json!({"jku": "https://evil.example/jwks.json"}),
        json!({"x5u": "https://evil.example/cert.pem"}),
        json!({"x5c": ["MIIB"], "x5t": "AA", "x5t#S256": "AA"}),
    ] {
        let header = with(header(), members);
        let forged = signed_by(&KEYS.other_point, &header, claims());
        assert_refused("a key of the forger's", &forged, InvalidToken::Signature).await;
        assert!(accepted(&signed(&header, claims())).await.is_ok(), "the issuer may send it: {header}");
    }
}

#[tokio::test]
async fn sec_jwt_03_kid_is_only_compared() {
    let long = "k".repeat(256);
    for kid in ["../../etc/passwd", "' OR 1=1", "\r\n", "\u{e9}\u{1f511}", "", "POINT", "point ", "rsa\0", &long] {
        assert_refused(kid, &signed(with(header(), json!({"kid": kid})), claims()), InvalidToken::Key).await;
    }
    for kid in [json!({"$ne": 1}), json!(1), json!(["point"]), json!("k".repeat(257))] {
        assert_refused("kid", &signed(with(header(), json!({"kid": kid})), claims()), InvalidToken::Header).await;
    }
    let null = r#"{"typ":"at+jwt","alg":"ES256","kid":null}"#;
    assert_refused("null", &signed(null, claims()), InvalidToken::Header).await;
    assert_refused("absent", &signed(with(header(), json!({"kid": null})), claims()), InvalidToken::Header).await;
}

#[tokio::test]
async fn sec_jwt_04_extensions_and_other_serializations_are_refused() {
    for demand in [
        json!({"crit": ["exp"]}),
        json!({"crit": []}),
        json!({"b64": false}),
        json!({"b64": true}),
        json!({"zip": "DEF"}),
    ] {
        assert_refused("demand", &signed(with(header(), demand), claims()), InvalidToken::Header).await;
    }
    let token = signed(header(), claims());
    let (first, rest) = token.split_once('.').unwrap();
    let (second, third) = rest.split_once('.').unwrap();
    let other_forms = [
        String::new(),
        ".".into(),
        "..".into(),
        "...".into(),
        first.into(),
        format!("{first}.{second}"),
        format!("{first}.{second}.{third}."),
        format!("{first}.{second}.{third}.{third}"),
        format!(".{first}.{second}.{third}"),
        format!("{first}.{second}.{third}.{second}.{third}"),
        json!({"payload": second, "signatures": [{"protected": first, "signature": third}]}).to_string(),
        format!("{{{token}"),
        format!("Bearer {token}"),
    ];
    for form in other_forms {
        let refusal = accepted(&form).await;
        assert!(
            matches!(refusal, Err(Refusal::Invalid(InvalidToken::Form | InvalidToken::Header))),
            "{form}: {refusal:?}"
        );
    }
    let nested = format!("{first}.{}.{third}", base64url(&token));
    assert_refused("a token in a token", &nested, InvalidToken::Claims).await;
    let jwe = signed(json!({"typ": "at+jwt", "alg": "RSA-OAEP", "enc": "A256GCM", "kid": "rsa"}), claims());
    assert_refused("an encrypted token", &jwe, InvalidToken::Algorithm).await;
}

#[tokio::test]
async fn sec_jwt_05_a_signature_must_be_of_the_named_key_over_these_bytes() {
    let message = message(header(), claims());
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&order[at * 2..at * 2 + 2], 16).unwrap()).collect();
    let good = signed(header(), claims());
    let good =
        base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, good.rsplit_once('.').unwrap().1);
    let good = good.unwrap();
    let (r, s) = good.split_at(32);
    let bad: Vec<(&str, Vec<u8>)> = vec![
        ("empty", vec![]),
        ("all zero", vec![0; 64]),
        ("r is zero", [&[0; 32], s].concat()),
        ("s is zero", [r, &[0; 32]].concat()),
        ("r is the order", [&order, s].concat()),
        ("s is the order", [r, &order].concat()),
        ("swapped", [s, r].concat()),
        ("short", good[..63].to_vec()),
        ("long", [&good[..], &[0]].concat()),
        ("padded", [&[0], r, &[0], s].concat()),
        ("DER", [&[0x30, 0x44, 0x02, 0x20], r, &[0x02, 0x20], s].concat()),
    ];
    for (case, signature) in bad {
        assert_refused(case, &format!("{message}.{}", base64url(signature)), InvalidToken::Signature).await;
    }
    assert_refused("another key", &signed_by(&KEYS.other_point, header(), claims()), InvalidToken::Signature).await;
    let (_, signature) =
        signed(header(), claims()).rsplit_once('.').map(|(m, s)| (m.to_owned(), s.to_owned())).unwrap();
    let other = crate::given::message(header(), with(claims(), json!({"sub": "mallory"})));
    assert_refused("other claims", &format!("{other}.{signature}"), InvalidToken::Signature).await;
}

#[tokio::test]
async fn sec_jwt_06_no_other_kind_of_token_is_an_access_token() {
    let kinds = ["JWT", "logout+jwt", "dpop+jwt", "oauth-authz-req+jwt", "secevent+jwt", "token-introspection+jwt"];
    for typ in kinds.into_iter().chain(["", "at", "at+jwt ", "at+jwt;x=1", "application/application/at+jwt", "at+jwts"])
    {
        assert_refused(typ, &signed(with(header(), json!({"typ": typ})), claims()), InvalidToken::Type).await;
    }
    assert_refused("absent", &signed(with(header(), json!({"typ": null})), claims()), InvalidToken::Type).await;
    assert_refused("a list", &signed(with(header(), json!({"typ": ["at+jwt"]})), claims()), InvalidToken::Header).await;
    // An ID token with the right type is still for the client, and not for this API.
    let id_token = json!({"iss": ISSUER, "sub": "alice", "aud": "app", "iat": NOW, "exp": NOW + 300, "nonce": "n"});
    assert_refused("an ID token", &signed(header(), id_token), InvalidToken::Claims).await;
}

#[tokio::test]
async fn sec_jwt_07_exp_is_required_and_the_leeway_is_granted_once() {
    let table = [
        (json!({"exp": NOW - LEEWAY + 1}), None),
        (json!({"exp": NOW - LEEWAY}), Some(InvalidToken::Expired)),
        (json!({"exp": 0}), Some(InvalidToken::Expired)),
        (json!({"exp": u64::MAX}), None),
        (json!({"nbf": NOW + LEEWAY}), None),
        (json!({"nbf": NOW + LEEWAY + 1}), Some(InvalidToken::NotYetValid)),
        (json!({"nbf": u64::MAX}), Some(InvalidToken::NotYetValid)),
        (json!({"iat": NOW + LEEWAY}), None),
        (json!({"iat": NOW + LEEWAY + 1}), Some(InvalidToken::NotYetValid)),
        (json!({"exp": null}), Some(InvalidToken::Claims)),
        (json!({"iat": null}), Some(InvalidToken::Claims)),
    ];
    for (change, reason) in table {
        let token = signed(header(), with(claims(), change.clone()));
        assert_eq!(accepted(&token).await.err(), reason.map(Refusal::Invalid), "{change}");
    }
    let ended = |seconds: u64| signed(header(), with(claims(), json!({"exp": NOW - seconds})));
    let generous = validator().leeway(std::time::Duration::from_hours(1));
    assert!(generous.accept(&ended(59)).await.is_ok());
    assert_eq!(generous.accept(&ended(60)).await, Err(InvalidToken::Expired.into()), "a minute is the most");
    let exact = validator().leeway(std::time::Duration::ZERO);
    assert_eq!(exact.accept(&ended(0)).await, Err(InvalidToken::Expired.into()), "at its expiry it has expired");
}

#[tokio::test]
async fn sec_jwt_08_issuer_and_audience_are_compared_exactly() {
    for iss in ["https://auth.example/default/shop/", "https://AUTH.example/default/shop", "https://auth.example", ""] {
        assert_refused(iss, &signed(header(), with(claims(), json!({"iss": iss}))), InvalidToken::Issuer).await;
        // The issuer is checked before the key.
        let unknown = with(header(), json!({"kid": "unknown"}));
        assert_refused(iss, &signed(unknown, with(claims(), json!({"iss": iss}))), InvalidToken::Issuer).await;
    }
    let foreign = ["HTTPS://API.EXAMPLE", "https://api.example/", "https://api.example,x", "x https://api.example", ""];
    for aud in foreign {
        assert_refused(aud, &signed(header(), with(claims(), json!({"aud": aud}))), InvalidToken::Audience).await;
    }
    assert_refused("none", &signed(header(), with(claims(), json!({"aud": []}))), InvalidToken::Audience).await;
    for aud in [json!([[AUDIENCE]]), json!({AUDIENCE: 1}), json!([AUDIENCE, 1]), json!([AUDIENCE, null]), json!(1)] {
        assert_refused("type", &signed(header(), with(claims(), json!({"aud": aud}))), InvalidToken::Claims).await;
    }
}

#[tokio::test]
async fn sec_jwt_09_an_overlong_token_is_refused_unparsed() {
    let of_length = |length: usize| {
        let short = signed(header(), with(claims(), json!({"fill": ""}))).len();
        let fill = (length - short) / 4 * 3;
        (fill.saturating_sub(8)..fill + 8)
            .map(|fill| signed(header(), with(claims(), json!({"fill": "f".repeat(fill)}))))
            .find(|token| token.len() == length)
    };
    let longest = (8185..=8192).rev().find_map(of_length).unwrap();
    assert!(accepted(&longest).await.is_ok());
    assert_refused("8 KiB and more", &(8193..8200).find_map(of_length).unwrap(), InvalidToken::TooLong).await;
    assert_refused("1 MB", &"a".repeat(1 << 20), InvalidToken::TooLong).await;
    let header = with(header(), json!({"fill": "f".repeat(2000)}));
    assert_refused("a long header", &signed(header, claims()), InvalidToken::TooLong).await;
}

#[tokio::test]
async fn sec_param_12_a_token_has_a_single_spelling() {
    let token = signed(header(), claims());
    let parts: Vec<&str> = token.split('.').collect();
    for at in 0..3 {
        let respelled = |part: String| {
            let mut parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
            parts[at] = part;
            parts.join(".")
        };
        for odd in [
            format!("{}=", parts[at]),
            format!("{}==", parts[at]),
            format!("{}\n", parts[at]),
            format!(" {}", parts[at]),
            format!("{}+/", parts[at]),
            format!("{}A", parts[at]).chars().chain("AAA".chars().take(4 - (parts[at].len() + 1) % 4)).collect(),
        ] {
            assert!(accepted(&respelled(odd.clone())).await.is_err(), "part {at}: {odd}");
        }
    }
    // 64 bytes leave four bits of the last character unused: of sixteen spellings, one is accepted.
    let (message, signature) = token.rsplit_once('.').unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut accepted_spellings = Vec::new();
    for last in alphabet.chars() {
        let spelling = format!("{message}.{}{last}", &signature[..signature.len() - 1]);
        if accepted(&spelling).await.is_ok() {
            accepted_spellings.push(spelling);
        }
    }
    assert_eq!(accepted_spellings, [token]);
}

#[tokio::test]
async fn sec_param_13_a_duplicate_member_is_refused() {
    let good = claims().to_string();
    for member in
        [r#""sub":"mallory""#, r#""exp":1"#, r#""\u0073ub":"mallory""#, r#""x":1,"x":1"#, r#""x":{"y":1,"y":2}"#]
    {
        for text in [good.replacen('{', &format!("{{{member},"), 1), good.replace('}', &format!(",{member}}}"))] {
            assert_refused(member, &signed(header(), text), InvalidToken::Claims).await;
        }
    }
    for text in [
        r#"{"alg":"none","typ":"at+jwt","alg":"ES256","kid":"point"}"#,
        r#"{"typ":"at+jwt","alg":"ES256","kid":"other","kid":"point"}"#,
        r#"{"typ":"JWT","alg":"ES256","kid":"point","typ":"at+jwt"}"#,
    ] {
        assert_refused(text, &signed(text, claims()), InvalidToken::Header).await;
    }
    for odd in [format!("{good} x"), format!("\u{feff}{good}"), format!("[{good}]"), "null".into(), String::new()] {
        assert_refused("no object", &signed(header(), odd), InvalidToken::Claims).await;
    }
}

#[tokio::test]
async fn sec_param_14_a_claim_of_the_wrong_type_is_an_error_and_not_an_absent_claim() {
    let good = with(claims(), json!({"nbf": NOW, "auth_time": NOW, "acr": "a", "amr": ["pwd"]}));
    assert!(accepted(&signed(header(), &good)).await.is_ok());
    let wrong = ["null", "true", "1.5", "-1", "1e400", "{}", "[]", "[1]", "[[\"a\"]]", "\"1\"", "1"];
    for claim in good.as_object().unwrap().keys() {
        for value in wrong {
            let right = match claim.as_str() {
                "iat" | "exp" | "nbf" | "auth_time" => value == "1",
                "aud" => value == "[]" || value == "\"1\"",
                "amr" => value == "[]",
                _ => value == "\"1\"",
            };
            let marker = good[claim].to_string();
            let text = good.to_string().replace(&format!("\"{claim}\":{marker}"), &format!("\"{claim}\":{value}"));
            assert_ne!(text, good.to_string());
            let refusal = accepted(&signed(header(), &text)).await;
            let of_its_type = refusal != Err(InvalidToken::Claims.into());
            assert_eq!(of_its_type, right, "{claim} {value}: {refusal:?}");
        }
    }
    for missing in ["iss", "sub", "aud", "client_id", "iat", "exp", "jti"] {
        assert_refused(missing, &signed(header(), with(claims(), json!({missing: null}))), InvalidToken::Claims).await;
    }
}

#[tokio::test]
async fn sec_param_18_a_scope_follows_the_grammar() {
    for scope in ["a  b", " a", "a ", "a\tb", "a\"b", "a\\b", "\u{e9}", " "] {
        assert_refused(scope, &signed(header(), with(claims(), json!({"scope": scope}))), InvalidToken::Claims).await;
    }
    let listed = with(claims(), json!({"scope": ["offers.read"]}));
    assert_refused("a list", &signed(header(), listed), InvalidToken::Claims).await;
}

#[tokio::test]
async fn a_sender_constrained_token_is_refused_as_bearer() {
    for cnf in [json!({"jkt": "AA"}), json!({"x5t#S256": "AA"}), json!({}), json!("x")] {
        assert_refused("cnf", &signed(header(), with(claims(), json!({"cnf": cnf}))), InvalidToken::Bound).await;
    }
}

#[tokio::test]
async fn sec_res_01_and_03_responses_follow_rfc_6750() {
    let good = format!("Bearer {}", signed(header(), claims()));
    let table = [
        (vec![good.clone()], "a=b", None),
        (vec![], "", Some(401)),
        (vec![good.clone(), good.clone()], "", Some(400)),
        (vec![good], "access_token=x", Some(400)),
        (vec!["Bearer forged".into()], "", Some(401)),
    ];
    for (values, query, status) in table {
        let mut headers = HeaderMap::new();
        for value in &values {
            headers.append("authorization", HeaderValue::from_str(value).unwrap());
        }
        let refusal = validator().authenticate(&headers, Some(query)).await.err();
        assert_eq!(refusal.map(|refusal| refusal.response("api").status().as_u16()), status, "{values:?} {query}");
    }
}

/// Proves at compile time that a validator can be shared between threads.
fn is_shared<S: JwksSource + 'static>(validator: Validator<S>) -> impl Send + Sync + 'static {
    validator
}

#[test]
fn a_validator_is_shared_between_threads() {
    let _ = is_shared(validator());
}

fn now(token: &str) -> Result<postern_resource::AccessToken, Refusal> {
    accepted(token).now_or_never().unwrap()
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}") {
        prop_assert!(now(&text).is_err());
    }

    #[test]
    fn arbitrary_header_and_claims_never_panic(header in "\\PC{0,80}", claims in "\\PC{0,80}") {
        prop_assert!(now(&signed(header, claims)).is_err());
    }

    #[test]
    fn no_modified_byte_is_accepted(at in 0_usize..1000, byte in any::<u8>()) {
        let token = signed(header(), claims());
        let mut bytes = token.clone().into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        let changed = String::from_utf8_lossy(&bytes).into_owned();
        prop_assume!(changed != token);
        prop_assert!(now(&changed).is_err());
    }

    #[test]
    fn no_truncated_token_is_accepted(length in 0_usize..1000) {
        let token = signed(header(), claims());
        prop_assert!(now(&token[..length % token.len()]).is_err());
    }

    #[test]
    fn members_of_any_type_never_panic(name in "[a-z_]{1,10}", value in json_value()) {
        let _ = now(&signed(with(header(), json!({name.clone(): value.clone()})), claims()));
        let _ = now(&signed(header(), with(claims(), json!({name: value}))));
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 20, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{1,3}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A valid token is not always enough: the API says what its user has to do (RFC 9470).
#[tokio::test]
async fn sec_res_03_a_weak_or_old_authentication_is_challenged() {
    let token = async |changes| accepted(&signed(header(), with(claims(), changes))).await.unwrap();
    let gold = StepUp::default().acr("gold").max_age(std::time::Duration::from_mins(5));
    let table = [
        (json!({"acr": "gold", "auth_time": NOW - 300}), true),
        (json!({"acr": "gold", "auth_time": NOW - 300 - LEEWAY - 1}), false),
        (json!({"acr": "silver", "auth_time": NOW}), false),
        (json!({"auth_time": NOW}), false),
        (json!({"acr": "gold"}), false),
        (json!({}), false),
    ];
    for (said, enough) in table {
        let token = token(said.clone()).await;
        let found = validator().require_authentication(token.clone(), &gold);
        let expected = if enough { Ok(token) } else { Err(Refusal::InsufficientAuthentication(gold.clone())) };
        assert_eq!(found, expected, "{said}");
    }
    let plain = token(json!({})).await;
    assert_eq!(validator().require_authentication(plain.clone(), &StepUp::default()), Ok(plain));
}
