//! Client assertions are single-use.

use std::sync::Arc;

use futures::future::join_all;
use protocol::client_authentication::assertion::{Arrival, AssertionUse, ClientAssertion};
use protocol::client_authentication::credentials::{ClientProof, Credentials, authenticate};
use protocol::registration::client_metadata::ClientMetadata;
use protocol::syntax::encoding::base64url;
use protocol::syntax::parameters::Parameters;
use serde_json::json;
use store::{AssertionSpending, Spending, WriteAttempt};
use tests::asserted;
use tests::laptop::encoded;

use crate::engine::Fresh;
use crate::given::{NOW, workspace, workspace_id};

/// An assertion of `client` with this `jti`, accepted and not yet recorded as used.
fn accepted(client: &str, jti: &str) -> AssertionUse {
    let metadata: ClientMetadata = serde_json::from_value(json!({
        "client_id": client, "client_name": client, "redirect_uris": ["https://app.example/callback"],
        "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://app.example/jwks",
    }))
    .unwrap();
    let workspace = workspace("demo", json!({}));
    let registered = metadata.register(&workspace.settings, &workspace.issuer).unwrap();
    let claims = json!({
        "iss": client, "sub": client, "aud": workspace.issuer.as_str(), "jti": jti, "exp": NOW.seconds() + 60,
    });
    let claims = claims.to_string();
    let jwt = format!("e30.{}.AA", base64url(claims.as_bytes()));
    assert!(ClientAssertion::parse(&jwt).is_some());
    let body = Parameters::parse(encoded(&asserted(&jwt)).as_bytes()).unwrap();
    let credentials = Credentials::parse(&[], &body).unwrap();
    let ClientProof::Asserted(of_client) = authenticate(credentials, Some(Arc::new(registered)), NOW).unwrap() else {
        unreachable!("an assertion was sent");
    };
    let arrival = Arrival { issuer: &workspace.issuer, endpoint: "", now: NOW };
    of_client.accept(claims.as_bytes(), &arrival).unwrap().0
}

fn is_spent(spending: &Spending) -> bool {
    matches!(spending, Spending::Spent(_))
}

#[tokio::test]
async fn an_assertion_is_used_once_per_client_and_workspace() {
    let at = Fresh::tables().await;
    let spending = AssertionSpending::new(&at.connection);
    let spent = async |workspace: &str, client: &str, jti: &str, attempt: &str| {
        let outcome =
            spending.spend(&workspace_id(workspace), &accepted(client, jti), &WriteAttempt::new(attempt.into())).await;
        is_spent(&outcome.unwrap())
    };
    assert!(spent("demo", "c1", "j1", "first").await);
    assert!(!spent("demo", "c1", "j1", "second").await);
    assert!(spent("demo", "c1", "j1", "first").await, "an attempt recognizes its own write");
    assert!(spent("demo", "c1", "j2", "third").await, "another jti");
    assert!(spent("demo", "c2", "j1", "fourth").await, "another client");
    assert!(spent("partner", "c1", "j1", "fifth").await, "another workspace");
}

#[tokio::test]
async fn one_of_many_concurrent_uses_of_an_assertion_wins() {
    let at = Fresh::tables().await;
    let (spending, workspace, assertion) =
        (AssertionSpending::new(&at.connection), workspace_id("demo"), accepted("c1", "j"));
    let attempts: Vec<_> = (0..20).map(|number: u8| WriteAttempt::new(number.to_string())).collect();
    let outcomes = join_all(attempts.iter().map(|attempt| spending.spend(&workspace, &assertion, attempt))).await;
    let spent = outcomes.into_iter().filter(|outcome| outcome.as_ref().is_ok_and(is_spent)).count();
    assert_eq!(spent, 1);
}
