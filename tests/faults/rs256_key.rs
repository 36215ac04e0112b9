//! Failures of the RS256 keys beside those of a workspace: the next one takes over, or the request fails as a whole and can be
//! sent again. Nothing is signed with another algorithm instead.

use serde_json::Value;
use tests::browser::{body, json};
use tests::kms::arn;
use tests::{FakeKms, KmsTrouble, Laptop};
use web::Response;

use crate::given::Step;

/// The header `authorization` of the client `demo-service`, which gets tokens of its own.
const SERVICE: (&str, &str) = ("authorization", "Basic ZGVtby1zZXJ2aWNlOmRlbW8tc2VydmljZS1zZWNyZXQ=");

/// The demo workspace, which signs `own`, with a client `demo-trusted` that asks for RS256.
async fn asking(own: &str, change: fn(String) -> String) -> (Laptop, FakeKms) {
    let asked = "client_id = \"demo-trusted\"";
    Laptop::in_aws(|file| {
        let file = file.replace("signing_algorithm = \"RS256\"", &format!("signing_algorithm = \"{own}\""));
        change(file.replace(asked, &format!("{asked}\nid_token_signed_response_alg = \"RS256\"")))
    })
    .await
}

fn as_it_is(file: String) -> String {
    file
}

#[expect(clippy::needless_pass_by_value, reason = "it is a change of a file, like the other one")]
fn without_at_hash(file: String) -> String {
    file.replace("at_hash = \"included\"", "")
}

/// The algorithms of the access token and of the ID token in `answer`.
fn algorithms(answer: &Response) -> [String; 2] {
    assert_eq!(answer.status(), 200, "{}", body(answer));
    let tokens = json(answer);
    ["access_token", "id_token"].map(|name| {
        let header = tokens[name].as_str().unwrap().split('.').next().unwrap().to_owned();
        let header = protocol::syntax::encoding::base64url_decoded(&header).unwrap();
        serde_json::from_slice::<Value>(&header).unwrap()["alg"].as_str().unwrap().to_owned()
    })
}

/// What KMS was asked to sign with, or to decrypt.
fn asked(kms: &FakeKms) -> Vec<String> {
    let mut asked: Vec<_> = kms
        .calls()
        .into_iter()
        .map(|call| format!("{} {}", call.action, call.key.rsplit('/').next().unwrap()))
        .collect();
    asked.sort();
    asked
}

#[tokio::test(start_paused = true)]
async fn f_kms_02_the_next_rs256_key_takes_over_and_the_other_keys_are_not_concerned() {
    for change in [as_it_is, without_at_hash] {
        let (laptop, kms) = asking("ES256", change).await;
        let exchange = Step::Exchange.ready(&laptop).await;
        let _ = kms.calls();
        kms.plan(
            |call, _| {
                if call.key == arn("rsa-1") { KmsTrouble::Refused("DisabledException") } else { KmsTrouble::None }
            },
        );
        assert_eq!(algorithms(&exchange.send(&laptop).await), ["ES256", "RS256"]);
        assert_eq!(asked(&kms), ["Sign ec-1", "Sign rsa-1", "Sign rsa-2"]);
        let again = Step::Exchange.ready(&laptop).await;
        assert_eq!(algorithms(&again.send(&laptop).await), ["ES256", "RS256"]);
        assert_eq!(asked(&kms), ["Sign ec-1", "Sign rsa-2"], "the first key is in cooldown");
    }
}

#[tokio::test(start_paused = true)]
async fn f_kms_02_without_an_rs256_key_that_signs_the_request_fails_and_the_code_stays_good() {
    for trouble in [KmsTrouble::Refused("DisabledException"), KmsTrouble::Refused("ThrottlingException")] {
        let (laptop, kms) = asking("ES256", as_it_is).await;
        let exchange = Step::Exchange.ready(&laptop).await;
        kms.plan(move |call, _| if call.key.contains("rsa") { trouble } else { KmsTrouble::None });
        Step::Exchange.unavailable(&laptop, &exchange.send(&laptop).await, "no RS256 key");
        let own = laptop.form("/oauth2/token", &[("grant_type", "client_credentials")], &[SERVICE]).await;
        assert_eq!(own.status(), 200, "others do not need it: {}", body(&own));
        kms.calm();
        laptop.clock.advance(31);
        tokio::time::sleep(std::time::Duration::from_secs(4)).await;
        assert_eq!(algorithms(&exchange.send(&laptop).await), ["ES256", "RS256"], "the same code again");
    }
}

/// PS256 takes the RSA keys of the stack, so KMS generates the one beside, and encrypts it.
#[tokio::test(start_paused = true)]
async fn a_wrapped_rs256_key_costs_one_decryption_for_those_who_ask_and_nothing_for_others() {
    let (laptop, kms) = asking("PS256", as_it_is).await;
    let own = laptop.form("/oauth2/token", &[("grant_type", "client_credentials")], &[SERVICE]).await;
    assert_eq!(own.status(), 200, "{}", body(&own));
    let (first, second) = (Step::Exchange.ready(&laptop).await, Step::Exchange.ready(&laptop).await);
    let read = laptop.wire.calls();
    assert!(read.iter().all(|call| call.kind != "signing-key"), "nobody has asked for RS256 yet: {read:?}");

    kms.plan(
        |call, _| {
            if call.action == "Decrypt" { KmsTrouble::Refused("AccessDeniedException") } else { KmsTrouble::None }
        },
    );
    Step::Exchange.unavailable(&laptop, &first.send(&laptop).await, "the key cannot be opened");
    let own = laptop.form("/oauth2/token", &[("grant_type", "client_credentials")], &[SERVICE]).await;
    assert_eq!(own.status(), 200, "others do not need it: {}", body(&own));
    kms.calm();
    let _ = (asked(&kms), laptop.wire.calls());
    assert_eq!(algorithms(&first.send(&laptop).await), ["PS256", "RS256"], "the same code again");
    assert_eq!(asked(&kms), ["Decrypt sealing", "Sign rsa-1"]);
    let kinds = |laptop: &Laptop| laptop.wire.calls().into_iter().map(|call| call.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&laptop), ["grant", "signing-key", "grant"]);
    assert_eq!(algorithms(&second.send(&laptop).await), ["PS256", "RS256"]);
    assert_eq!((asked(&kms), kinds(&laptop)), (vec!["Sign rsa-1".to_owned()], vec!["grant".into(), "grant".into()]));
}
