//! The crate `oauth2`: endpoints are configured by hand.

use std::error::Error;

use oauth2::basic::{BasicClient, BasicErrorResponseType, BasicTokenType};
use oauth2::{
    AuthUrl, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, RevocationUrl, Scope, StandardRevocableToken, TokenResponse as _, TokenUrl,
};
use url::Url;

use crate::{CONFIDENTIAL, Callback, Outcome, PUBLIC, Registered, ensure, status, transport};

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointSet, EndpointSet>;

fn client(issuer: &str, registered: Registered) -> Result<Client, Box<dyn Error>> {
    let of_issuer = |path: &str| format!("{issuer}{path}");
    let mut client = oauth2::basic::BasicClient::new(ClientId::new(registered.id.into()));
    if let Some(secret) = registered.secret {
        client = client.set_client_secret(ClientSecret::new(secret.into()));
    }
    Ok(client
        .set_auth_uri(AuthUrl::new(of_issuer("/oauth2/authorize"))?)
        .set_token_uri(TokenUrl::new(of_issuer("/oauth2/token"))?)
        .set_redirect_uri(RedirectUrl::new(registered.redirect_uri.into())?)
        .set_revocation_url(RevocationUrl::new(of_issuer("/oauth2/revoke").replacen("http://", "https://", 1))?))
}

/// Where a login begins, and what it needs later.
fn left(client: &Client) -> (Url, CsrfToken, PkceCodeVerifier) {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state) = client
        .authorize_url(CsrfToken::new_random)
        .add_scope(Scope::new("openid".into()))
        .add_scope(Scope::new("offers.read".into()))
        .set_pkce_challenge(challenge)
        .url();
    (url, state, verifier)
}

fn token(client: &Client) -> Result<oauth2::basic::BasicTokenResponse, Box<dyn Error>> {
    let (url, state, verifier) = left(client);
    let code = Callback::of("open", &url)?.code(&state)?;
    Ok(client.exchange_code(code).set_pkce_verifier(verifier).request(&transport())?)
}

pub(crate) fn logs_in(issuer: &str, registered: Registered) -> Outcome {
    let token = token(&client(issuer, registered)?)?;
    ensure(*token.token_type() == BasicTokenType::Bearer, "another type")?;
    ensure(token.expires_in().is_some_and(|lifetime| lifetime.as_secs() == 3600), "another lifetime")?;
    let scopes = token.scopes().ok_or("no scope")?;
    ensure(scopes.iter().map(|scope| scope.as_str()).eq(["openid", "offers.read"]), "other scopes")?;
    let api = issuer.replacen("/default/demo", "/demo/api/offers", 1);
    ensure(status(&api, token.access_token())? == 200, "the API refuses the token")
}

pub(crate) fn is_refused(issuer: &str) -> Outcome {
    let client = client(issuer, PUBLIC)?;
    let (url, state, _) = left(&client);
    let denied = Callback::of("deny", &url)?;
    ensure(denied.parameter("error").as_deref() == Some("access_denied"), "not denied")?;
    ensure(denied.parameter("state").as_deref() == Some(state.secret()), "another state")?;

    let (url, state, _) = left(&client);
    let code = Callback::of("open", &url)?.code(&state)?;
    let (_, of_another_login) = PkceCodeChallenge::new_random_sha256();
    let error = client.exchange_code(code).set_pkce_verifier(of_another_login).request(&transport()).err();
    ensure(is(error, &BasicErrorResponseType::InvalidGrant), "a wrong verifier is not invalid_grant")?;

    let impostor = self::client(issuer, Registered { secret: Some("wrong"), ..CONFIDENTIAL })?;
    let (url, state, verifier) = left(&impostor);
    let code = Callback::of("open", &url)?.code(&state)?;
    let error = impostor.exchange_code(code).set_pkce_verifier(verifier).request(&transport()).err();
    ensure(is(error, &BasicErrorResponseType::InvalidClient), "a wrong secret is not invalid_client")
}

pub(crate) fn revokes(issuer: &str) -> Outcome {
    for registered in [PUBLIC, CONFIDENTIAL] {
        let client = client(issuer, registered)?;
        let token = token(&client)?;
        let userinfo = format!("{issuer}/userinfo");
        ensure(status(&userinfo, token.access_token())? == 200, "the token is not good")?;
        client.revoke_token(StandardRevocableToken::from(token.access_token()))?.request(&transport())?;
        ensure(status(&userinfo, token.access_token())? == 401, "a revoked token is good")?;
    }
    Ok(())
}

type Failure = oauth2::basic::BasicRequestTokenError<ureq::Error>;

fn is(error: Option<Failure>, expected: &BasicErrorResponseType) -> bool {
    matches!(error, Some(RequestTokenError::ServerResponse(answer)) if answer.error() == expected)
}
