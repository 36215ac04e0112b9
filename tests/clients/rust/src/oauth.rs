//! The crate `oauth2`, with endpoints configured by hand.

use std::error::Error;

use oauth2::basic::{BasicClient, BasicErrorResponseType, BasicTokenType};
use oauth2::{
    AuthUrl, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet, IntrospectionUrl, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, RevocationUrl, Scope, StandardRevocableToken,
    TokenIntrospectionResponse as _, TokenResponse as _, TokenUrl,
};
use url::Url;

use crate::{CONFIDENTIAL, Callback, ORDERS, Outcome, PUBLIC, Registered, SERVICE, ensure, status, transport};

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointSet, EndpointSet, EndpointSet>;

fn client(issuer: &str, registered: Registered) -> Result<Client, Box<dyn Error>> {
    let of_issuer = |path: &str| format!("{issuer}{path}");
    let mut client = oauth2::basic::BasicClient::new(ClientId::new(registered.id.into()));
    if let Some(secret) = registered.secret {
        client = client.set_client_secret(ClientSecret::new(secret.into()));
    }
    Ok(client
        .set_auth_uri(AuthUrl::new(of_issuer("/oauth2/authorize"))?)
        .set_token_uri(TokenUrl::new(of_issuer("/oauth2/token"))?)
        .set_introspection_url(IntrospectionUrl::new(of_issuer("/oauth2/introspect"))?)
        .set_redirect_uri(RedirectUrl::new(registered.redirect_uri.into())?)
        .set_revocation_url(RevocationUrl::new(of_issuer("/oauth2/revoke").replacen("http://", "https://", 1))?))
}

/// The authorization URL, and what the callback needs later.
fn left(client: &Client) -> (Url, CsrfToken, PkceCodeVerifier) {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state) = client
        .authorize_url(CsrfToken::new_random)
        .add_scope(Scope::new("openid".into()))
        .add_scope(Scope::new("offers.read".into()))
        .add_scope(Scope::new("offline_access".into()))
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
    ensure(token.expires_in().is_some_and(|lifetime| lifetime.as_secs() == 600), "another lifetime")?;
    let scopes = token.scopes().ok_or("no scope")?;
    ensure(scopes.iter().map(|scope| scope.as_str()).eq(["openid", "offers.read", "offline_access"]), "other scopes")?;
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
        ensure(status(&userinfo, token.access_token())? == 200, "the token is not accepted")?;
        client.revoke_token(StandardRevocableToken::from(token.access_token()))?.request(&transport())?;
        ensure(status(&userinfo, token.access_token())? == 401, "a revoked token is accepted")?;
    }
    Ok(())
}

pub(crate) fn refreshes(issuer: &str) -> Outcome {
    for (registered, rotates) in [(PUBLIC, true), (CONFIDENTIAL, false)] {
        let client = client(issuer, registered)?;
        let first = token(&client)?;
        let kept = first.refresh_token().ok_or("no refresh token")?;
        let second = client.exchange_refresh_token(kept).request(&transport())?;
        ensure(second.refresh_token().is_some() == rotates, "unexpected rotation behavior")?;
        let again = client.exchange_refresh_token(kept).request(&transport())?;
        let secret = |token: Option<&oauth2::RefreshToken>| token.map(|token| token.secret().clone());
        ensure(secret(again.refresh_token()) == secret(second.refresh_token()), "another successor")?;

        let current = second.refresh_token().unwrap_or(kept);
        let narrow = client.exchange_refresh_token(current).add_scope(Scope::new("openid".into()));
        let narrow = narrow.request(&transport())?;
        ensure(narrow.scopes().is_some_and(|scopes| scopes.len() == 1), "not narrower")?;

        let last = narrow.refresh_token().unwrap_or(current);
        client.revoke_token(StandardRevocableToken::from(last))?.request(&transport())?;
        let error = client.exchange_refresh_token(last).request(&transport()).err();
        ensure(is(error, &BasicErrorResponseType::InvalidGrant), "a revoked refresh token is not invalid_grant")?;
        let userinfo = format!("{issuer}/userinfo");
        ensure(status(&userinfo, first.access_token())? == 401, "an access token outlived its grant")?;
    }
    Ok(())
}

pub(crate) fn serves(issuer: &str) -> Outcome {
    let users = token(&client(issuer, PUBLIC)?)?;
    let service = client(issuer, SERVICE)?;
    let request = service.exchange_client_credentials().add_scope(Scope::new("offers.read".into()));
    let own = request.add_extra_param("resource", ORDERS).request(&transport())?;
    ensure(own.refresh_token().is_none(), "a refresh token without a user")?;

    let said = service.introspect(own.access_token()).request(&transport())?;
    ensure(said.active() && said.sub() == Some(SERVICE.id), "the service cannot introspect its own token")?;
    ensure(said.aud().is_some_and(|audience| *audience == [ORDERS]), "another audience")?;

    let said = service.introspect(users.access_token()).request(&transport())?;
    ensure(said.active() && said.client_id().is_some_and(|id| id.as_str() == PUBLIC.id), "not the user's token")?;
    ensure(said.scopes().cloned() == users.scopes().cloned(), "other scopes")?;
    // With `revoke_tokens`, a service can revoke tokens of other clients.
    service.revoke_token(StandardRevocableToken::from(users.access_token()))?.request(&transport())?;
    ensure(!service.introspect(users.access_token()).request(&transport())?.active(), "a revoked token is active")
}

type Failure = oauth2::basic::BasicRequestTokenError<ureq::Error>;

fn is(error: Option<Failure>, expected: &BasicErrorResponseType) -> bool {
    matches!(error, Some(RequestTokenError::ServerResponse(answer)) if answer.error() == expected)
}
