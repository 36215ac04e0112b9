//! The crate `openidconnect`: endpoints come from discovery, and the ID token is verified.

use std::error::Error;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGrantType, CoreIdTokenClaims, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType, CoreRevocableToken, CoreSubjectIdentifierType,
    CoreTokenResponse, CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AdditionalProviderMetadata, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IntrospectionUrl, IssuerUrl, Nonce, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, ProviderMetadata, RedirectUrl, RequestTokenError, RevocationUrl, Scope,
    TokenIntrospectionResponse as _, TokenResponse as _,
};
use serde::{Deserialize, Serialize};

use crate::{CONFIDENTIAL, Callback, ORDERS, Outcome, PUBLIC, Registered, SERVICE, ensure, status, transport};

/// Metadata that the crate does not parse itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct More {
    revocation_endpoint: String,
    introspection_endpoint: String,
}

impl AdditionalProviderMetadata for More {}

type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointSet, EndpointSet, EndpointMaybeSet, EndpointMaybeSet>;

fn client(issuer: &str, registered: Registered) -> Result<Client, Box<dyn Error>> {
    let metadata = Metadata::discover(&IssuerUrl::new(issuer.into())?, &transport())?;
    let revocation = metadata.additional_metadata().revocation_endpoint.replacen("http://", "https://", 1);
    let introspection = metadata.additional_metadata().introspection_endpoint.clone();
    let secret = registered.secret.map(|secret| ClientSecret::new(secret.into()));
    Ok(CoreClient::from_provider_metadata(metadata, ClientId::new(registered.id.into()), secret)
        .set_introspection_url(IntrospectionUrl::new(introspection)?)
        .set_redirect_uri(RedirectUrl::new(registered.redirect_uri.into())?)
        .set_revocation_url(RevocationUrl::new(revocation)?))
}

/// What the callback needs later.
struct Login {
    state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

fn left(client: &Client) -> (url::Url, Login) {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("email".into()))
        .add_scope(Scope::new("offline_access".into()))
        .set_pkce_challenge(challenge)
        .url();
    (url, Login { state, nonce, verifier })
}

/// Logs in and returns the tokens.
fn tokens(client: &Client) -> Result<(CoreTokenResponse, Nonce), Box<dyn Error>> {
    let (url, login) = left(client);
    let code = Callback::of("open", &url)?.code(&login.state)?;
    let tokens = client.exchange_code(code)?.set_pkce_verifier(login.verifier).request(&transport())?;
    Ok((tokens, login.nonce))
}

pub(crate) fn logs_in(issuer: &str, registered: Registered) -> Outcome {
    let client = client(issuer, registered)?;
    let (tokens, nonce) = tokens(&client)?;
    let id_token = tokens.id_token().ok_or("no ID token")?;
    let verifier = client.id_token_verifier();
    let claims: &CoreIdTokenClaims = id_token.claims(&verifier, &nonce)?;
    ensure(claims.issuer().as_str() == issuer, "another issuer")?;

    let hash = claims.access_token_hash().ok_or("no at_hash")?;
    let (algorithm, key) = (id_token.signing_alg()?, id_token.signing_key(&verifier)?);
    ensure(AccessTokenHash::from_token(tokens.access_token(), algorithm, key)? == *hash, "another at_hash")?;

    let wrong = id_token.claims(&verifier, &Nonce::new("another".into()));
    ensure(matches!(wrong, Err(ClaimsVerificationError::InvalidNonce(_))), "a wrong nonce is accepted")?;

    // The crate compares the subject with that of the ID token.
    let subject = Some(claims.subject().clone());
    let userinfo: CoreUserInfoClaims =
        client.user_info(tokens.access_token().clone(), subject)?.request(&transport())?;
    ensure(userinfo.email().is_some_and(|email| email.as_str() == "alice@example.com"), "another e-mail address")
}

pub(crate) fn is_refused(issuer: &str) -> Outcome {
    let elsewhere = Metadata::discover(&IssuerUrl::new(format!("{issuer}/"))?, &transport());
    ensure(elsewhere.is_err(), "an issuer with a trailing slash is accepted")?;

    let client = client(issuer, PUBLIC)?;
    let (url, login) = left(&client);
    let denied = Callback::of("deny", &url)?;
    ensure(denied.parameter("error").as_deref() == Some("access_denied"), "not denied")?;
    ensure(denied.parameter("state").as_deref() == Some(login.state.secret()), "another state")?;

    let (url, login) = left(&client);
    let code = Callback::of("open", &url)?.code(&login.state)?;
    let (_, of_another_login) = PkceCodeChallenge::new_random_sha256();
    let failure = client.exchange_code(code)?.set_pkce_verifier(of_another_login).request(&transport()).err();
    let is_invalid_grant = matches!(
        failure,
        Some(RequestTokenError::ServerResponse(answer)) if *answer.error() == CoreErrorResponseType::InvalidGrant
    );
    ensure(is_invalid_grant, "a wrong verifier is not invalid_grant")
}

pub(crate) fn revokes(issuer: &str) -> Outcome {
    for registered in [PUBLIC, CONFIDENTIAL] {
        let client = client(issuer, registered)?;
        let (tokens, _) = tokens(&client)?;
        let token: CoreRevocableToken = tokens.access_token().into();
        client.revoke_token(token)?.request(&transport())?;
        ensure(status(&format!("{issuer}/userinfo"), tokens.access_token())? == 401, "a revoked token is accepted")?;
    }
    Ok(())
}

pub(crate) fn refreshes(issuer: &str) -> Outcome {
    for (registered, rotates) in [(PUBLIC, true), (CONFIDENTIAL, false)] {
        let client = client(issuer, registered)?;
        let (first, nonce) = tokens(&client)?;
        let kept = first.refresh_token().ok_or("no refresh token")?;
        let second = client.exchange_refresh_token(kept)?.request(&transport())?;
        ensure(second.refresh_token().is_some() == rotates, "unexpected rotation behavior")?;

        // A refreshed ID token describes the same login and has no nonce (OpenID Connect Core §12.2).
        let verifier = client.id_token_verifier();
        let before = first.id_token().ok_or("no ID token")?.claims(&verifier, &nonce)?;
        let without_nonce = |nonce: Option<&Nonce>| nonce.map_or(Ok(()), |_| Err("a nonce".to_owned()));
        let now = second.id_token().ok_or("no ID token after the refresh")?.claims(&verifier, without_nonce)?;
        ensure(now.subject() == before.subject() && now.auth_time() == before.auth_time(), "another login")?;

        let last = second.refresh_token().unwrap_or(kept);
        client.revoke_token(CoreRevocableToken::from(last))?.request(&transport())?;
        ensure(client.exchange_refresh_token(last)?.request(&transport()).is_err(), "a revoked refresh token is accepted")?;
        let userinfo = format!("{issuer}/userinfo");
        ensure(status(&userinfo, first.access_token())? == 401, "an access token outlived its grant")?;
    }
    Ok(())
}

pub(crate) fn serves(issuer: &str) -> Outcome {
    let (users, _) = tokens(&client(issuer, PUBLIC)?)?;
    let service = client(issuer, SERVICE)?;
    let request = service.exchange_client_credentials()?.add_scope(Scope::new("offers.read".into()));
    let own = request.add_extra_param("resource", ORDERS).request(&transport())?;
    ensure(own.id_token().is_none() && own.refresh_token().is_none(), "user tokens without a user")?;
    for (token, client_id) in [(own.access_token(), SERVICE.id), (users.access_token(), PUBLIC.id)] {
        let said = service.introspect(token).request(&transport())?;
        ensure(said.active() && said.client_id().is_some_and(|id| id.as_str() == client_id), "another client")?;
    }
    Ok(())
}
