//! What an authentication must satisfy (WebAuthn Level 3 §7.2), one row of the catalogue after the other.

use protocol::syntax::encoding::base64url;
use serde_json::json;

use super::fixtures::{
    Authenticator, NOW, authenticate, authentication, client_data, registration, relying_party, user,
};
use super::{
    Authenticated, AuthenticationCeremony, AuthenticationResponse, CEREMONY_LIFETIME, Challenge, Credential,
    CredentialId, RegistrationResponse, RelyingParty, SignCount, UserHandle, UserVerification, WebauthnRefusal,
};

/// A credential, and its authenticator in use.
fn used() -> (Credential, Authenticator) {
    let authenticator = Authenticator::registering();
    (authenticator.register().unwrap(), authenticator.used())
}

fn refusal(change: impl FnOnce(&mut Authenticator)) -> Option<WebauthnRefusal> {
    let (credential, mut authenticator) = used();
    change(&mut authenticator);
    authenticator.authenticate(&credential).err()
}

fn begun(
    ceremony: &AuthenticationCeremony,
    authenticator: &Authenticator,
    credential: &Credential,
) -> Result<Authenticated, WebauthnRefusal> {
    let response = AuthenticationResponse::parse(authenticator.asserted().to_string().as_bytes())?;
    relying_party().authenticate(ceremony, &response, credential, NOW)
}

#[test]
fn an_authentication_says_what_was_proved() {
    let (credential, authenticator) = used();
    let expected = Authenticated { user_verified: true, backed_up: false, sign_count: SignCount::Advanced(8) };
    assert_eq!(authenticator.authenticate(&credential), Ok(expected));
    let backed_up = Authenticator { flags: authenticator.flags | 0x10, ..authenticator };
    assert!(backed_up.authenticate(&credential).unwrap().backed_up);
}

#[test]
fn sec_wa_01_a_challenge_answers_one_ceremony_of_one_kind() {
    let (credential, authenticator) = used();
    let response = AuthenticationResponse::parse(authenticator.asserted().to_string().as_bytes()).unwrap();
    let expired = NOW.plus(CEREMONY_LIFETIME);
    let late = relying_party().authenticate(&authentication(), &response, &credential, expired);
    assert_eq!(late, Err(WebauthnRefusal::Expired));
    let other = RelyingParty::new("login.example.org", &["https://login.example.org"]).unwrap();
    let elsewhere = other.authenticate(&authentication(), &response, &credential, NOW);
    assert_eq!(elsewhere, Err(WebauthnRefusal::OtherCeremony));
    let ceremony = relying_party().begin_authentication(Challenge::new([3; 32]), UserVerification::Required, NOW);
    assert_eq!(begun(&ceremony, &authenticator, &credential), Err(WebauthnRefusal::Challenge));
    // An answer to a registration, with the challenge of this authentication, and the reverse.
    let created = client_data("webauthn.create", 2).to_string();
    assert_eq!(refusal(|used| used.client_data = created.into()), Some(WebauthnRefusal::Type));
    let mut authenticator = Authenticator::registering();
    authenticator.client_data = client_data("webauthn.get", 1).to_string().into();
    let response = authenticator.attested("none", &[0xa0]).to_string();
    let response = RegistrationResponse::parse(response.as_bytes()).unwrap();
    let swapped = relying_party().register(&registration(), &response, NOW);
    assert_eq!(swapped.err(), Some(WebauthnRefusal::Type));
    let kept: AuthenticationCeremony =
        serde_json::from_str(&serde_json::to_string(&authentication()).unwrap()).unwrap();
    let (credential, authenticator) = used();
    assert!(begun(&kept, &authenticator, &credential).is_ok(), "a ceremony survives being kept");
}

#[test]
fn sec_wa_03_04_05_an_assertion_of_another_site_or_frame_is_refused() {
    let with = |member: &str, value| {
        let mut data = client_data("webauthn.get", 2);
        data[member] = value;
        refusal(|used| used.client_data = data.to_string().into())
    };
    assert_eq!(with("origin", json!("https://badlogin.example.com")), Some(WebauthnRefusal::Origin));
    assert_eq!(with("crossOrigin", json!(true)), Some(WebauthnRefusal::CrossOrigin));
    assert_eq!(with("topOrigin", json!("https://example.org")), Some(WebauthnRefusal::CrossOrigin));
    assert_eq!(refusal(|used| used.rp_id = "example.com"), Some(WebauthnRefusal::RelyingParty));
}

#[test]
fn sec_wa_06_a_user_who_is_not_verified_has_one_factor_at_most() {
    assert_eq!(refusal(|used| used.flags &= !0x01), Some(WebauthnRefusal::UserNotPresent));
    assert_eq!(refusal(|used| used.flags &= !0x04), Some(WebauthnRefusal::UserNotVerified));
    let ceremony = relying_party().begin_authentication(Challenge::new([2; 32]), UserVerification::Preferred, NOW);
    let (credential, mut authenticator) = used();
    assert!(begun(&ceremony, &authenticator, &credential).unwrap().user_verified);
    authenticator.flags &= !0x04;
    assert!(!begun(&ceremony, &authenticator, &credential).unwrap().user_verified);
    // That the user was verified at the registration, or was not, does not matter.
    let unverified = Credential { user_verified: false, ..credential };
    assert_eq!(begun(&authentication(), &authenticator, &unverified), Err(WebauthnRefusal::UserNotVerified));
    authenticator.flags |= 0x04;
    assert!(begun(&authentication(), &authenticator, &unverified).unwrap().user_verified);
}

#[test]
fn sec_wa_07_the_backup_flags_fit_each_other_and_the_registration() {
    let (eligible, mut authenticator) = used();
    let single = Credential { backup_eligible: false, ..eligible.clone() };
    for (flags, credential, expected) in [
        (0x08, &eligible, None),
        (0x18, &eligible, None),
        (0x00, &single, None),
        (0x00, &eligible, Some(WebauthnRefusal::Backup)),
        (0x08, &single, Some(WebauthnRefusal::Backup)),
        (0x10, &single, Some(WebauthnRefusal::Backup)),
        (0x10, &eligible, Some(WebauthnRefusal::Backup)),
    ] {
        authenticator.flags = 0x05 | flags;
        assert_eq!(authenticator.authenticate(credential).err(), expected, "{flags:02x}");
    }
}

#[test]
fn sec_wa_11_the_credential_is_that_of_the_user_and_was_asked_for() {
    let (credential, authenticator) = used();
    let (anna, berta) = (user(), UserHandle::new([6; 64]));
    let id = credential.id.clone();
    let other_id = CredentialId::parse(&base64url(&[8; 32])).unwrap();
    let discoverable = authentication();
    let of = |user: &UserHandle, allowed: &[&CredentialId]| {
        authentication().of_user(user.clone(), allowed.iter().map(|id| (*id).clone()).collect())
    };
    let user_refused = Some(WebauthnRefusal::User);
    let credential_refused = Some(WebauthnRefusal::Credential);
    let table = [
        ("discoverable", &discoverable, Some(&anna), None),
        ("discoverable without a user", &discoverable, None, user_refused),
        ("discoverable of another", &discoverable, Some(&berta), user_refused),
        ("hers", &of(&anna, &[&id]), Some(&anna), None),
        ("hers, without a user", &of(&anna, &[&id]), None, None),
        ("hers, of another", &of(&anna, &[&id]), Some(&berta), user_refused),
        ("in another's login", &of(&berta, &[&id]), None, user_refused),
        ("in another's login, naming her", &of(&berta, &[]), Some(&anna), user_refused),
        ("in another's login, naming the other", &of(&berta, &[]), Some(&berta), user_refused),
        ("not asked for", &of(&anna, &[&other_id]), Some(&anna), credential_refused),
        ("one of two", &of(&anna, &[&other_id, &id]), Some(&anna), None),
    ];
    let mut authenticator = authenticator;
    for (what, ceremony, named, expected) in table {
        authenticator.user_handle = named.cloned();
        assert_eq!(begun(ceremony, &authenticator, &credential).err(), expected, "{what}");
    }
    let other = Credential { id: other_id, ..credential };
    authenticator.user_handle = Some(anna);
    assert_eq!(begun(&discoverable, &authenticator, &other).err(), credential_refused, "looked up wrongly");
}

#[test]
fn a_user_handle_of_another_form_is_refused_and_an_empty_one_is_none() {
    let (credential, authenticator) = used();
    let with = |handle: serde_json::Value| {
        let mut response = authenticator.asserted();
        response["response"]["userHandle"] = handle;
        authenticate(&response, &credential).err()
    };
    assert_eq!(with(json!(user().encoded())), None);
    assert_eq!(with(json!(base64url(&[5; 63]))), Some(WebauthnRefusal::User));
    assert_eq!(with(json!("")), Some(WebauthnRefusal::User));
    assert_eq!(with(json!(null)), Some(WebauthnRefusal::User));
}

#[test]
fn sec_wa_12_every_byte_that_was_signed_counts() {
    let (credential, authenticator) = used();
    let data = authenticator.data();
    let signature = authenticator.signature(&data);
    assert!(authenticate(&authenticator.asserted_with(&data, &signature), &credential).is_ok());
    for at in 0..data.len() {
        let mut other = data.clone();
        other[at] ^= 0x02;
        let refused = authenticate(&authenticator.asserted_with(&other, &signature), &credential);
        assert!(refused.is_err(), "byte {at} of the authenticator data");
    }
    for at in 0..signature.len() {
        let mut other = signature.clone();
        other[at] ^= 0x01;
        let refused = authenticate(&authenticator.asserted_with(&data, &other), &credential);
        assert_eq!(refused, Err(WebauthnRefusal::Signature), "byte {at} of the signature");
    }
    // The same client data in other bytes.
    let spaced = String::from_utf8(authenticator.client_data.clone()).unwrap().replacen('{', "{ ", 1);
    let other = Authenticator { client_data: spaced.into(), ..authenticator };
    let refused = authenticate(&other.asserted_with(&data, &signature), &credential);
    assert_eq!(refused, Err(WebauthnRefusal::Signature));
    // The key of somebody else.
    let stranger = Authenticator::registering().used();
    assert_eq!(stranger.authenticate(&credential), Err(WebauthnRefusal::Signature));
}

#[test]
fn sec_wa_13_a_counter_that_went_back_is_told_and_locks_nobody_out() {
    let (credential, mut authenticator) = used();
    for (stored, received, expected) in [
        (0, 0, SignCount::Absent),
        (0, 1, SignCount::Advanced(1)),
        (7, 8, SignCount::Advanced(8)),
        (7, u32::MAX, SignCount::Advanced(u32::MAX)),
        (10, 9, SignCount::Regressed { stored: 10, received: 9 }),
        (10, 10, SignCount::Regressed { stored: 10, received: 10 }),
        (10, 0, SignCount::Regressed { stored: 10, received: 0 }),
    ] {
        let credential = Credential { sign_count: stored, ..credential.clone() };
        authenticator.sign_count = received;
        let sign_count = authenticator.authenticate(&credential).map(|done| done.sign_count);
        assert_eq!(sign_count, Ok(expected), "{stored}, then {received}");
    }
}

#[test]
fn sec_wa_14_a_malformed_answer_is_refused_before_anything_is_verified() {
    let (credential, authenticator) = used();
    let malformed = Err(WebauthnRefusal::Malformed("authenticator data"));
    let data = authenticator.data();
    for end in 0..data.len() {
        assert_eq!(authenticate(&authenticator.asserted_with(&data[..end], &[]), &credential), malformed, "{end}");
    }
    assert_eq!(authenticate(&authenticator.asserted_with(&[&data[..], &[0]].concat(), &[]), &credential), malformed);
    let good = authenticator.asserted();
    for (member, value) in [
        ("type", json!("password")),
        ("rawId", json!("")),
        ("rawId", json!(base64url(&[9; 1024]))),
        ("rawId", json!("CQ==")),
        ("response", json!({})),
    ] {
        let mut response = good.clone();
        response[member] = value.clone();
        let refused = AuthenticationResponse::parse(response.to_string().as_bytes()).err();
        assert_eq!(refused, Some(WebauthnRefusal::Malformed("response")), "{member}: {value}");
    }
    let large = format!("{good}{}", " ".repeat(64 * 1024));
    assert_eq!(AuthenticationResponse::parse(large.as_bytes()).err(), Some(WebauthnRefusal::Malformed("response")));
}
