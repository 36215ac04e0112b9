//! What a registration must satisfy (WebAuthn Level 3 §7.1), one row of the catalogue after the other.

use protocol::syntax::encoding::base64url;
use protocol::types::secret::Secret;
use protocol::types::time::{Lifetime, Timestamp};
use serde_json::{Value, json};

use super::fixtures::{Authenticator, NOW, ORIGIN, client_data, es256, register, registration, relying_party, user};
use super::{
    Algorithm, CEREMONY_LIFETIME, Challenge, Credential, CredentialId, RegistrationCeremony, RegistrationResponse,
    RelyingParty, RelyingPartyFault, UserHandle, UserNames, UserVerification, WebauthnRefusal, decoy_credential_id,
};

fn refusal(change: impl FnOnce(&mut Authenticator)) -> Option<WebauthnRefusal> {
    let mut authenticator = Authenticator::registering();
    change(&mut authenticator);
    authenticator.register().err()
}

/// The refusal of client data in which `member` has this value, or is missing.
fn with(member: &str, value: Option<Value>) -> Option<WebauthnRefusal> {
    let mut data = client_data("webauthn.create", 1);
    match value {
        Some(value) => data[member] = value,
        None => drop(data.as_object_mut().unwrap().remove(member)),
    }
    refusal(|authenticator| authenticator.client_data = data.to_string().into())
}

fn at(ceremony: &RegistrationCeremony, relying_party: &RelyingParty, now: Timestamp) -> Option<WebauthnRefusal> {
    let response = Authenticator::registering().attested("none", &[0xa0]);
    let response = RegistrationResponse::parse(response.to_string().as_bytes()).unwrap();
    relying_party.register(ceremony, &response, now).err()
}

#[test]
fn a_registration_makes_a_credential_that_survives_the_store() {
    let credential = Authenticator::registering().register().unwrap();
    assert_eq!(credential.id, CredentialId::parse(&base64url(&[9; 32])).unwrap());
    assert!(credential.user.is(&user()) && credential.user_verified && credential.backup_eligible);
    assert!(!credential.backed_up);
    assert_eq!((credential.sign_count, credential.aaguid), (7, [3; 16]));
    assert_eq!(credential.transports, ["hybrid", "internal"], "known ones only");
    assert_eq!(credential.public_key.algorithm(), Algorithm::Es256);
    let stored = serde_json::to_string(&credential).unwrap();
    let read: Credential = serde_json::from_str(&stored).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), stored);
    assert_eq!(read.public_key, credential.public_key);
}

#[test]
fn sec_wa_01_a_challenge_is_good_for_five_minutes_and_one_relying_party() {
    let ceremony = registration();
    let last = NOW.plus(CEREMONY_LIFETIME).minus(Lifetime::seconds(1));
    assert_eq!(CEREMONY_LIFETIME, Lifetime::seconds(300));
    assert_eq!(at(&ceremony, &relying_party(), last), None);
    assert_eq!(at(&ceremony, &relying_party(), NOW.plus(CEREMONY_LIFETIME)), Some(WebauthnRefusal::Expired));
    let other = RelyingParty::new("login.example.org", &["https://login.example.org", ORIGIN]).unwrap();
    assert_eq!(at(&ceremony, &other, NOW), Some(WebauthnRefusal::OtherCeremony));
    let other = relying_party().begin_registration(Challenge::new([3; 32]), user(), UserVerification::Required, NOW);
    assert_eq!(at(&other, &relying_party(), NOW), Some(WebauthnRefusal::Challenge));
    let kept: RegistrationCeremony = serde_json::from_str(&serde_json::to_string(&ceremony).unwrap()).unwrap();
    assert_eq!(at(&kept, &relying_party(), NOW), None, "a ceremony survives being kept");
}

#[test]
fn sec_wa_02_type_and_challenge_are_compared_exactly() {
    let challenge = base64url(&[1; 32]);
    let table = [
        ("type", Some(json!("webauthn.get")), WebauthnRefusal::Type),
        ("type", Some(json!("Webauthn.create")), WebauthnRefusal::Type),
        ("type", Some(json!("webauthn.create ")), WebauthnRefusal::Type),
        ("type", None, WebauthnRefusal::Malformed("client data")),
        ("challenge", Some(json!(base64url(&[2; 32]))), WebauthnRefusal::Challenge),
        ("challenge", Some(json!(base64url(&[1; 31]))), WebauthnRefusal::Challenge),
        ("challenge", Some(json!(format!("{challenge}="))), WebauthnRefusal::Challenge),
        // Bits behind the last byte.
        ("challenge", Some(json!(format!("{}F", &challenge[..42]))), WebauthnRefusal::Challenge),
        ("challenge", Some(json!("")), WebauthnRefusal::Challenge),
        ("challenge", Some(json!(1)), WebauthnRefusal::Malformed("client data")),
        ("challenge", None, WebauthnRefusal::Malformed("client data")),
    ];
    for (member, value, expected) in table {
        assert_eq!(with(member, value.clone()), Some(expected), "{member}: {value:?}");
    }
    // The other alphabet.
    let url_safe = Challenge::new([0xff; 32]);
    let ceremony = relying_party().begin_registration(url_safe, user(), UserVerification::Required, NOW);
    let mut authenticator = Authenticator::registering();
    for (spelling, expected) in
        [(base64url(&[0xff; 32]), None), (base64url(&[0xff; 32]).replace('_', "/"), Some(WebauthnRefusal::Challenge))]
    {
        let mut data = client_data("webauthn.create", 1);
        data["challenge"] = spelling.into();
        authenticator.client_data = data.to_string().into();
        let response = authenticator.attested("none", &[0xa0]).to_string();
        let response = RegistrationResponse::parse(response.as_bytes()).unwrap();
        assert_eq!(relying_party().register(&ceremony, &response, NOW).err(), expected);
    }
}

#[test]
fn sec_wa_03_the_origin_is_compared_byte_for_byte() {
    for origin in [
        "https://badlogin.example.com",
        "https://login.example.com.evil.example",
        "https://evil.login.example.com",
        "https://example.com",
        "http://login.example.com",
        "https://login.example.com:8443",
        "https://login.example.com:443",
        "https://login.example.com/",
        "https://LOGIN.example.com",
        "https://login.example.com.",
        "null",
        "",
    ] {
        assert_eq!(with("origin", Some(json!(origin))), Some(WebauthnRefusal::Origin), "{origin}");
    }
    assert_eq!(with("origin", None), Some(WebauthnRefusal::Malformed("client data")));
}

#[test]
fn sec_wa_04_a_frame_of_another_site_is_refused() {
    let framed = Some(WebauthnRefusal::CrossOrigin);
    assert_eq!(with("crossOrigin", Some(json!(true))), framed);
    assert_eq!(with("topOrigin", Some(json!("https://example.org"))), framed);
    assert_eq!(with("topOrigin", Some(json!(ORIGIN))), framed);
    assert_eq!(with("topOrigin", Some(json!(null))), framed);
    assert_eq!(with("crossOrigin", Some(json!("true"))), Some(WebauthnRefusal::Malformed("client data")));
    assert_eq!(with("crossOrigin", None), None, "browsers of Level 1 do not say");
    assert_eq!(with("other_keys_can_be_added_here", Some(json!("do not compare clientDataJSON"))), None);
}

#[test]
fn sec_wa_05_the_authenticator_names_the_relying_party() {
    for rp_id in ["example.com", "other.example.com", "LOGIN.example.com", ""] {
        let other = refusal(|authenticator| authenticator.rp_id = rp_id);
        assert_eq!(other, Some(WebauthnRefusal::RelyingParty), "{rp_id}");
    }
}

#[test]
fn sec_wa_06_the_user_is_present_and_verified_where_that_is_demanded() {
    assert_eq!(refusal(|new| new.flags &= !0x01), Some(WebauthnRefusal::UserNotPresent));
    assert_eq!(refusal(|new| new.flags &= !0x04), Some(WebauthnRefusal::UserNotVerified));
    let ceremony =
        relying_party().begin_registration(Challenge::new([1; 32]), user(), UserVerification::Preferred, NOW);
    let mut authenticator = Authenticator::registering();
    authenticator.flags &= !0x04;
    let response = authenticator.attested("none", &[0xa0]).to_string();
    let response = RegistrationResponse::parse(response.as_bytes()).unwrap();
    let credential = relying_party().register(&ceremony, &response, NOW).unwrap();
    assert!(!credential.user_verified, "it must not be told as verified");
}

#[test]
fn sec_wa_07_a_credential_that_is_backed_up_can_be() {
    assert_eq!(refusal(|new| new.flags = (new.flags & !0x08) | 0x10), Some(WebauthnRefusal::Backup));
    assert_eq!(refusal(|new| new.flags |= 0x10), None);
    assert_eq!(refusal(|new| new.flags &= !0x08), None);
}

#[test]
fn sec_wa_08_the_key_is_a_valid_one_of_an_algorithm_that_was_offered() {
    let good = Authenticator::registering().public_key;
    let changed = |at: usize, byte: u8| {
        let mut key = good.clone();
        key[at] = byte;
        key
    };
    let with_more = [&[0xa6], &good[1..], &[0x02, 0x40]].concat();
    let without_y = [&[0xa4], &good[1..42]].concat();
    let rsa = |modulus: &[u8], exponent: &[u8]| {
        let length = u16::try_from(modulus.len()).unwrap().to_be_bytes();
        let exponent_length = 0x40 + u8::try_from(exponent.len()).unwrap();
        [&[0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x59], &length[..], modulus, &[0x21, exponent_length], exponent].concat()
    };
    let (modulus, f4) = (|bytes: usize| vec![0xff; bytes], &[1, 0, 1][..]);
    let even = [modulus(255), vec![0xfe]].concat();
    let padded = [vec![0], modulus(256)].concat();
    let table = [
        ("ES384 in name", changed(4, 0x38), WebauthnRefusal::Malformed("authenticator data")),
        ("no algorithm", [&[0xa4], &good[1..3], &good[5..]].concat(), WebauthnRefusal::Malformed("public key")),
        ("ES256K", [&good[..4], &[0x38, 46], &good[5..]].concat(), WebauthnRefusal::Algorithm),
        ("EdDSA in name", changed(4, 0x27), WebauthnRefusal::PublicKey),
        ("no such algorithm", changed(4, 0x00), WebauthnRefusal::Algorithm),
        ("another type", changed(2, 1), WebauthnRefusal::PublicKey),
        ("another curve", changed(6, 2), WebauthnRefusal::PublicKey),
        ("a point that is not on the curve", es256(&[1; 32], &[1; 32]), WebauthnRefusal::PublicKey),
        ("the point at zero", es256(&[0; 32], &[0; 32]), WebauthnRefusal::PublicKey),
        ("no y", without_y, WebauthnRefusal::PublicKey),
        ("a further parameter", with_more, WebauthnRefusal::PublicKey),
        ("an RSA key of 2040 bits", rsa(&modulus(255), f4), WebauthnRefusal::PublicKey),
        ("an RSA key of 8192 bits", rsa(&modulus(1024), f4), WebauthnRefusal::PublicKey),
        ("an RSA key with a zero before it", rsa(&padded, f4), WebauthnRefusal::PublicKey),
        ("an even RSA key", rsa(&even, f4), WebauthnRefusal::PublicKey),
        ("an RSA key with exponent 1", rsa(&modulus(256), &[1]), WebauthnRefusal::PublicKey),
        ("an RSA key with exponent 3", rsa(&modulus(256), &[3]), WebauthnRefusal::PublicKey),
    ];
    for (what, key, expected) in table {
        assert_eq!(refusal(|new| new.public_key = key), Some(expected), "{what}");
    }
    assert_eq!(refusal(|new| new.public_key = rsa(&modulus(256), f4)), None);
    let offers_rsa_only = relying_party().offering(&[Algorithm::Rs256]);
    assert_eq!(at(&registration(), &offers_rsa_only, NOW), Some(WebauthnRefusal::Algorithm));
}

#[test]
fn sec_wa_09_no_attestation_and_one_of_the_credential_itself_are_accepted_and_no_other() {
    let authenticator = Authenticator::registering();
    let packed = |algorithm: u8, signature: &[u8], more: &[u8]| {
        let members = 0xa2 + u8::from(!more.is_empty());
        let length = u8::try_from(signature.len()).unwrap();
        [&[members, 0x63], b"alg".as_slice(), &[algorithm, 0x63], b"sig", &[0x58, length], signature, more].concat()
    };
    let data = authenticator.data();
    let signature = authenticator.signature(&data);
    let other_signature = Authenticator::registering().signature(&data);
    let chain = [&[0x63], b"x5c".as_slice(), &[0x81, 0x41, 0x30]].concat();
    let refused = Some(WebauthnRefusal::Attestation);
    let table = [
        ("none", vec![0xa0], None),
        ("none", vec![0xa1, 0x61, b'x', 0], refused),
        ("none", vec![0x80], refused),
        ("packed", packed(0x26, &signature, &[]), None),
        ("packed", packed(0x26, &other_signature, &[]), refused),
        ("packed", packed(0x27, &signature, &[]), refused),
        ("packed", packed(0x26, &signature, &chain), refused),
        ("packed", vec![0xa0], refused),
        ("apple", vec![0xa0], refused),
        ("foo", vec![0xa0], refused),
        ("", vec![0xa0], refused),
        ("NONE", vec![0xa0], refused),
    ];
    for (format, statement, expected) in table {
        assert_eq!(register(&authenticator.attested(format, &statement)).err(), expected, "{format} {statement:02x?}");
    }
}

#[test]
fn sec_wa_10_the_id_of_a_credential_has_1023_bytes_at_most_and_is_the_one_that_was_signed() {
    assert_eq!(refusal(|new| new.id = vec![9; 1023]), None);
    // An id that is too long does not get as far as the authenticator data.
    assert_eq!(refusal(|new| new.id = vec![9; 1024]), Some(WebauthnRefusal::Malformed("response")));
    let authenticator = Authenticator::registering();
    let mut response = authenticator.attested("none", &[0xa0]);
    response["rawId"] = base64url(&[8; 32]).into();
    assert_eq!(register(&response).err(), Some(WebauthnRefusal::Credential));
    let long = Authenticator { id: vec![9; 1024], ..authenticator };
    let mut response = long.attested("none", &[0xa0]);
    response["rawId"] = base64url(&[9; 32]).into();
    assert_eq!(register(&response).err(), Some(WebauthnRefusal::Malformed("authenticator data")));
}

#[test]
fn sec_wa_12_client_data_with_a_second_reading_are_refused() {
    let data = client_data("webauthn.create", 1).to_string();
    let twice = data.replacen('{', &format!(r#"{{"origin":"{ORIGIN}","#), 1);
    for (what, data) in [
        ("a byte order mark", format!("\u{feff}{data}")),
        ("a member twice", twice),
        ("something behind", format!("{data}x")),
        ("a list", "[]".into()),
        ("nothing", String::new()),
    ] {
        let refused = refusal(|new| new.client_data = data.into());
        assert_eq!(refused, Some(WebauthnRefusal::Malformed("client data")), "{what}");
    }
}

#[test]
fn sec_wa_14_nothing_follows_and_nothing_is_missing() {
    let malformed = Some(WebauthnRefusal::Malformed("authenticator data"));
    assert_eq!(refusal(|new| new.extensions = vec![0]), malformed);
    assert_eq!(refusal(|new| new.flags |= 0x80), malformed, "extensions that are announced and missing");
    let with = |extensions: &[u8]| {
        refusal(|new| {
            new.flags |= 0x80;
            new.extensions = extensions.into();
        })
    };
    assert_eq!(with(&[0xa1, 0x61, b'x', 0xf5]), None);
    assert_eq!(with(&[0xa1, 0x61, b'x', 0xf5, 0]), malformed);
    assert_eq!(with(&[0xa1, 0x61, b'x', 0xf5, 0x61]), malformed);
    assert_eq!(with(&[0x80]), malformed, "extensions are a map");
    assert_eq!(refusal(|new| new.flags &= !0x40), malformed, "no credential");
    let authenticator = Authenticator::registering();
    for (what, object) in [("nothing", vec![]), ("deep", vec![0x81; 10_000]), ("an empty map", vec![0xa0])] {
        let refused = register(&authenticator.registered(&object)).err();
        assert_eq!(refused, Some(WebauthnRefusal::Malformed("attestation object")), "{what}");
    }
    let large = format!("{{\"rawId\":\"{}\"}}", "A".repeat(64 * 1024));
    assert_eq!(RegistrationResponse::parse(large.as_bytes()).err(), Some(WebauthnRefusal::Malformed("response")));
}

#[test]
fn sec_wa_16_a_name_without_a_credential_has_the_same_decoy_each_time() {
    let key = Secret::new([4; 32]);
    let decoy = |workspace, name| decoy_credential_id(&key, workspace, name);
    let id = decoy("default/demo", "nobody");
    assert_eq!(id, decoy("default/demo", "nobody"));
    assert_eq!(base64url(&[0; 32]).len(), id.encoded().len(), "as long as a common one");
    for other in [
        decoy("default/demo", "somebody"),
        decoy("default/other", "nobody"),
        decoy("default/demon", "obody"),
        decoy_credential_id(&Secret::new([5; 32]), "default/demo", "nobody"),
    ] {
        assert_ne!(other, id);
    }
}

#[test]
fn sec_wa_17_a_user_handle_is_64_random_bytes() {
    let handle = UserHandle::new([6; 64]);
    assert_eq!(handle.encoded(), base64url(&[6; 64]));
    assert!(UserHandle::parse(&handle.encoded()).unwrap().is(&handle));
    assert!(!UserHandle::new([7; 64]).is(&handle));
    for other in ["", &base64url(&[6; 63]), &base64url(&[6; 65]), "anna@example.com"] {
        assert!(UserHandle::parse(other).is_none(), "{other}");
    }
}

#[test]
fn sec_wa_18_the_relying_party_is_exactly_the_host_of_the_login_pages() {
    let new = |id: &str, origins: &[&str]| RelyingParty::new(id, origins).map(|party| party.id().to_owned());
    assert_eq!(new("login.example.com", &[ORIGIN]), Ok("login.example.com".into()));
    assert_eq!(new("localhost", &["http://localhost:9000"]), Ok("localhost".into()));
    assert_eq!(new("login.example.com", &[ORIGIN, "https://login.example.org"]), Ok("login.example.com".into()));
    for id in ["example.com", "com", "other.example.com", "LOGIN.example.com", "login.example.com:443", ""] {
        assert_eq!(new(id, &[ORIGIN]), Err(RelyingPartyFault::Id(id.into())), "{id}");
    }
    assert_eq!(new("login.example.com", &[]), Err(RelyingPartyFault::Id("login.example.com".into())));
    for origin in [
        "http://login.example.com",
        "https://login.example.com/",
        "https://login.example.com:443",
        "https://Login.example.com",
        "https://192.0.2.1",
        "https://[2001:db8::1]",
        "login.example.com",
        "",
    ] {
        assert_eq!(new("login.example.com", &[ORIGIN, origin]), Err(RelyingPartyFault::Origin(origin.into())));
    }
    let party = RelyingParty::new("login.example.com", &[ORIGIN, "https://login.example.org"]).unwrap();
    assert_eq!(party.related_origins(), json!({ "origins": [ORIGIN, "https://login.example.org"] }));
}

#[test]
fn the_options_are_those_that_a_browser_takes() {
    let credential = Authenticator::registering().register().unwrap();
    let names = UserNames { name: "anna", display_name: "Anna Schmidt" };
    let existing = [credential];
    assert_eq!(
        relying_party().creation_options(&registration(), names, &existing),
        json!({
            "rp": { "id": "login.example.com", "name": "login.example.com" },
            "user": { "id": base64url(&[5; 64]), "name": "anna", "displayName": "Anna Schmidt" },
            "challenge": base64url(&[1; 32]),
            "pubKeyCredParams": [
                { "type": "public-key", "alg": -8 },
                { "type": "public-key", "alg": -7 },
                { "type": "public-key", "alg": -257 },
            ],
            "timeout": 300_000,
            "excludeCredentials":
                [{ "type": "public-key", "id": base64url(&[9; 32]), "transports": ["hybrid", "internal"] }],
            "authenticatorSelection":
                { "residentKey": "required", "requireResidentKey": true, "userVerification": "required" },
            "attestation": "none",
        })
    );
    let ceremony = super::fixtures::authentication().of_user(user(), vec![existing[0].id.clone()]);
    assert_eq!(
        relying_party().request_options(&ceremony),
        json!({
            "rpId": "login.example.com",
            "challenge": base64url(&[2; 32]),
            "timeout": 300_000,
            "allowCredentials": [{ "type": "public-key", "id": base64url(&[9; 32]) }],
            "userVerification": "required",
        })
    );
}
