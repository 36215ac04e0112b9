//! What travels with the browser or waits in a queue, and comes back after it was opened.

use std::sync::LazyLock;

use protocol::authorization::interaction::{Interaction, InteractionState};
use protocol::authorization::request::AuthorizationRequest;
use protocol::clients::request_channel::RequestChannel;
use protocol::syntax::parameters::Parameters;
use serde_json::json;

use crate::fixtures::{CLIENT, REDIRECT_URIS};

const QUERY: &[u8] = b"client_id=app&response_type=code&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&scope=openid\
    &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&state=s";

/// The interaction of a good request.
pub(crate) static INTERACTION: LazyLock<Interaction> = LazyLock::new(|| {
    let parameters = Parameters::parse(QUERY).expect("parameters");
    let request = AuthorizationRequest::parse(&parameters, &CLIENT, RequestChannel::Browser).expect("a request");
    let state: InteractionState = serde_json::from_value(json!({
        "i": "AAAAAAAAAAAAAAAAAAAAAA", "b": "browser", "t": 1_780_000_000_000_u64, "e": 1_780_000_600_000_u64,
    }))
    .expect("a state");
    Interaction::of(&request, state)
});

/// Even if a seal failed, nobody is sent anywhere but to the registered bytes.
pub fn interaction(data: &[u8]) {
    let Ok(interaction) = serde_json::from_slice::<Interaction>(data) else { return };
    let written = serde_json::to_value(&interaction).expect("JSON");
    let again: Interaction = serde_json::from_value(written.clone()).expect("what was written is read");
    assert_eq!(serde_json::to_value(&again).expect("JSON"), written);
    if let Ok(request) = interaction.request(&CLIENT) {
        assert!(REDIRECT_URIS.contains(&request.redirect_uri.as_str()));
        assert!(CLIENT.scope.allow_all(&request.terms.scope));
    }
}
