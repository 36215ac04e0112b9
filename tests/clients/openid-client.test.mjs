// openid-client, a certified relying party for Node, configured with nothing but the issuer.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import * as client from 'openid-client';

import { UserAgent, eventually, startServer } from './support.mjs';

// Nothing listens on this port: the tests read the redirect URL.
const LOOPBACK = 'http://127.0.0.1:51004/callback';
const WEB = 'https://client.example/cb';
const SCOPE = 'openid profile email phone offers.read';

describe('openid-client', () => {
  let server;
  before(async () => { server = await startServer(); });
  after(() => server?.stop());

  /** Discovers the server for a client that verifies signatures even on direct responses. */
  async function discovered(clientId, authentication = client.None(), options = {}) {
    const execute = [client.allowInsecureRequests, client.enableNonRepudiationChecks];
    const issuer = new URL(server.issuer('demo'));
    return client.discovery(issuer, clientId, undefined, authentication, { execute, ...options });
  }

  const native = () => discovered('demo-native');
  const confidential = (secret = 'demo-web-secret') => discovered('demo-web', client.ClientSecretBasic(secret));

  /** Builds a fully protected authorization request, and the values to check its response against. */
  async function begin(config, redirectUri, extra = {}) {
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const checks = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: SCOPE,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      ...extra,
    });
    return { url, checks: extra.max_age === undefined ? checks : { ...checks, maxAge: Number(extra.max_age) } };
  }

  /** Signs a user in at the native client and returns the tokens. */
  async function signedIn({ config, userAgent = new UserAgent(server), extra, answers } = {}) {
    config ??= await native();
    const { url, checks } = await begin(config, LOOPBACK, extra);
    const callback = await userAgent.authorize(url, answers);
    const tokens = await client.authorizationCodeGrant(config, callback, checks);
    return { config, callback, checks, tokens };
  }

  const userinfo = (config, tokens, subject = tokens.claims().sub) =>
    client.fetchUserInfo(config, tokens.access_token, subject);

  const refusedToken = (error) => {
    assert.equal(error.code, 'OAUTH_WWW_AUTHENTICATE_CHALLENGE', error);
    assert.equal(error.status, 401);
    const [challenge] = error.cause;
    assert.equal(challenge.scheme, 'bearer');
    assert.equal(challenge.parameters.error, 'invalid_token');
    return true;
  };

  const refusedBy = (code, status, error) => (actual) => {
    assert.equal(actual.code, code, actual);
    assert.equal(actual.status, status);
    assert.equal(actual.error, error);
    return true;
  };
  const refusedGrant = refusedBy('OAUTH_RESPONSE_BODY_ERROR', 400, 'invalid_grant');
  /** The error of an authorization response, which the library has already checked for `state` and `iss`. */
  const refusedAuthorization = (error) => refusedBy('OAUTH_AUTHORIZATION_RESPONSE_ERROR', undefined, error);

  test('both well-known paths serve the same metadata', async () => {
    const [oidc, oauth2] = await Promise.all([native(), discovered('demo-native', client.None(), {
      algorithm: 'oauth2', execute: [client.allowInsecureRequests],
    })]);
    assert.deepEqual(oauth2.serverMetadata(), oidc.serverMetadata());
    assert.equal(oidc.serverMetadata().issuer, server.issuer('demo'));
    assert.ok(oidc.serverMetadata().supportsPKCE('S256'));
    assert.ok(!oidc.serverMetadata().supportsPKCE('plain'));
  });

  test('a public client signs a user in with PKCE, state, nonce, iss and max_age', async () => {
    const { config, callback, checks, tokens } = await signedIn({ extra: { max_age: '300' } });
    assert.equal(callback.searchParams.get('iss'), server.issuer('demo'));
    assert.equal(callback.searchParams.get('state'), checks.expectedState);
    assert.equal(tokens.token_type, 'bearer');
    assert.equal(tokens.expires_in, 600);
    assert.equal(tokens.scope, SCOPE);
    assert.equal(tokens.refresh_token, undefined);

    const claims = tokens.claims();
    assert.equal(claims.iss, server.issuer('demo'));
    assert.equal(claims.aud, 'demo-native');
    assert.equal(claims.nonce, checks.expectedNonce);
    assert.ok(claims.auth_time <= claims.iat);
    // The library checks at_hash in the hybrid flow only.
    const digest = createHash('sha256').update(tokens.access_token).digest();
    assert.equal(claims.at_hash, digest.subarray(0, 16).toString('base64url'));
    assert.equal(client.getJwksCache(config).jwks.keys[0].alg, 'RS256');
  });

  test('userinfo returns the claims of the granted scopes for the signed-in user', async () => {
    const { config, tokens } = await signedIn();
    assert.deepEqual(await userinfo(config, tokens), {
      sub: tokens.claims().sub,
      name: 'Alice Example',
      given_name: 'Alice',
      family_name: 'Example',
      preferred_username: 'alice',
      locale: 'en',
      email: 'alice@example.com',
      email_verified: true,
      phone_number: '+1 555 0100',
    });
    await assert.rejects(userinfo(config, tokens, 'somebody else'), { code: 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED' });
  });

  test('each user has a stable subject', async () => {
    const subject = async (username) => (await signedIn({ answers: { username } })).tokens.claims().sub;
    const [alice, again, bob] = [await subject('alice'), await subject('alice'), await subject('bob')];
    assert.equal(alice, again);
    assert.notEqual(alice, bob);
  });

  test('a scope that the user withholds is not granted', async () => {
    const { config, tokens } = await signedIn({ answers: { withhold: ['email', 'phone'] } });
    assert.equal(tokens.scope, 'openid profile offers.read');
    const claims = await userinfo(config, tokens);
    assert.equal(claims.name, 'Alice Example');
    assert.equal(claims.email, undefined);
    assert.equal(claims.phone_number, undefined);
  });

  test('a revoked access token is refused at userinfo', async () => {
    const { config, tokens } = await signedIn();
    await client.tokenRevocation(config, tokens.access_token, { token_type_hint: 'access_token' });
    await assert.rejects(userinfo(config, tokens), refusedToken);
  });

  test('RP-initiated logout returns the user to the client', async () => {
    const userAgent = new UserAgent(server);
    const { config, tokens } = await signedIn({ userAgent });
    const goodbye = { post_logout_redirect_uri: 'http://127.0.0.1:51004/goodbye', state: client.randomState() };
    const back = await userAgent.authorize(client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, ...goodbye }));
    assert.equal(back.href, `${goodbye.post_logout_redirect_uri}?state=${goodbye.state}`);
    const { url, checks } = await begin(config, LOOPBACK, { prompt: 'none' });
    const silent = await userAgent.authorize(url);
    await assert.rejects(client.authorizationCodeGrant(config, silent, checks), refusedAuthorization('login_required'));
  });

  test('revoking an unknown token succeeds silently', async () => {
    const { config, tokens } = await signedIn();
    await client.tokenRevocation(config, 'no token at all');
    await client.tokenRevocation(await confidential(), tokens.access_token);
    assert.equal((await userinfo(config, tokens)).name, 'Alice Example');
  });

  test('a response without iss or with a wrong iss is detected', async () => {
    const config = await native();
    const { url, checks } = await begin(config, LOOPBACK);
    const callback = await new UserAgent(server).authorize(url);
    const changed = (change) => {
      const other = new URL(callback);
      change(other.searchParams);
      return client.authorizationCodeGrant(config, other, checks);
    };
    await assert.rejects(changed((answer) => answer.delete('iss')), { code: 'OAUTH_INVALID_RESPONSE' });
    const partner = server.issuer('partner');
    await assert.rejects(changed((answer) => answer.set('iss', partner)), { code: 'OAUTH_INVALID_RESPONSE' });
    assert.ok((await client.authorizationCodeGrant(config, callback, checks)).id_token);
  });

  test('a confidential client authenticates by HTTP Basic', async () => {
    const config = await confidential();
    const { url, checks } = await begin(config, WEB);
    const callback = await new UserAgent(server).authorize(url);
    assert.equal(callback.origin + callback.pathname, WEB);
    const tokens = await client.authorizationCodeGrant(config, callback, checks);
    assert.equal(tokens.claims().aud, 'demo-web');
    assert.equal((await userinfo(config, tokens)).email, 'alice@example.com');
    await client.tokenRevocation(config, tokens.access_token);
    await assert.rejects(userinfo(config, tokens), refusedToken);
  });

  test('consent is remembered for a client that cannot be impersonated', async () => {
    const userAgent = new UserAgent(server);
    const config = await confidential();
    const visit = async () => {
      const { url, checks } = await begin(config, WEB);
      return client.authorizationCodeGrant(config, await userAgent.authorize(url, { username: 'bob' }), checks);
    };
    await visit();
    const shown = [...userAgent.pages];
    await visit();
    assert.deepEqual(shown, ['Sign in', 'Allow Demo (web server)?']);
    assert.deepEqual(userAgent.pages, shown);
  });

  test('a wrong secret is invalid_client with a WWW-Authenticate challenge', async () => {
    const config = await confidential();
    const { url, checks } = await begin(config, WEB);
    const callback = await new UserAgent(server).authorize(url);
    const refusedClient = async (exchange) => {
      const error = await exchange.then(() => assert.fail('it was let in'), (refusal) => refusal);
      assert.equal(error.code, 'OAUTH_WWW_AUTHENTICATE_CHALLENGE', error);
      assert.equal(error.status, 401);
      assert.equal(error.cause[0].scheme, 'basic');
      assert.equal(error.cause[0].parameters.realm, server.issuer('demo'));
      assert.equal((await error.response.json()).error, 'invalid_client');
    };
    await refusedClient(client.authorizationCodeGrant(await confidential('wrong'), callback, checks));
    // Registered for HTTP Basic, the client may also send its secret in the body, which is the library's default.
    const post = await discovered('demo-web', client.ClientSecretPost('wrong'));
    await refusedClient(client.authorizationCodeGrant(post, callback, checks));
    await refusedClient(client.authorizationCodeGrant(await discovered('demo-web'), callback, checks));
    // None of these failures consumed the code.
    assert.ok((await client.authorizationCodeGrant(config, callback, checks)).id_token);
  });

  test('a wrong verifier is invalid_grant and does not consume the code', async () => {
    const config = await native();
    const { url, checks } = await begin(config, LOOPBACK);
    const callback = await new UserAgent(server).authorize(url);
    for (const pkceCodeVerifier of [client.randomPKCECodeVerifier(), undefined]) {
      const wrong = { ...checks, pkceCodeVerifier };
      await assert.rejects(client.authorizationCodeGrant(config, callback, wrong), refusedGrant);
    }
    assert.ok((await client.authorizationCodeGrant(config, callback, checks)).id_token);
  });

  test('a code of one client is invalid_grant for another', async () => {
    const { url, checks } = await begin(await native(), LOOPBACK);
    const callback = await new UserAgent(server).authorize(url);
    await assert.rejects(client.authorizationCodeGrant(await confidential(), callback, checks), refusedGrant);
  });

  test('a replayed code is invalid_grant and revokes the first access token', async () => {
    const { config, callback, checks, tokens } = await signedIn();
    assert.equal((await userinfo(config, tokens)).name, 'Alice Example');
    // At first, a second use counts as a retry, which must not harm the user.
    const error = await eventually('a replay ends the grant', async () => {
      await assert.rejects(client.authorizationCodeGrant(config, callback, checks), refusedGrant);
      return userinfo(config, tokens).then(() => undefined, (refusal) => refusal);
    });
    refusedToken(error);
  });

  test('a replay with a wrong verifier revokes nothing', async () => {
    const { config, callback, checks, tokens } = await signedIn();
    const wrong = { ...checks, pkceCodeVerifier: client.randomPKCECodeVerifier() };
    const end = Date.now() + 1000;
    // Longer than the retry window.
    await eventually('a second is over', async () => {
      await assert.rejects(client.authorizationCodeGrant(config, callback, wrong), refusedGrant);
      return Date.now() > end;
    });
    assert.equal((await userinfo(config, tokens)).name, 'Alice Example');
  });

  test('prompt=none without a session is login_required', async () => {
    const userAgent = new UserAgent(server);
    await assert.rejects(
      signedIn({ userAgent, extra: { prompt: 'none' } }), refusedAuthorization('login_required'));
    assert.deepEqual(userAgent.pages, []);
  });

  test('prompt=none is consent_required for a client that other programs on the device could impersonate', async () => {
    const userAgent = new UserAgent(server);
    await signedIn({ userAgent });
    await assert.rejects(
      signedIn({ userAgent, extra: { prompt: 'none' } }), refusedAuthorization('consent_required'));
  });

  test('prompt=none with a session signs the same user in to a trusted client', async () => {
    const userAgent = new UserAgent(server);
    const { tokens: before } = await signedIn({ userAgent });
    const shown = [...userAgent.pages];
    const config = await discovered('demo-trusted');
    const { tokens } = await signedIn({ config, userAgent, extra: { prompt: 'none' } });
    assert.equal(tokens.claims().sub, before.claims().sub);
    assert.equal(tokens.claims().auth_time, before.claims().auth_time);
    assert.deepEqual(userAgent.pages, shown);
  });

  test('prompt=none with an ID token of the signed-in user succeeds', async () => {
    const userAgent = new UserAgent(server);
    const config = await discovered('demo-trusted');
    const { tokens } = await signedIn({ config, userAgent });
    const extra = { prompt: 'none', id_token_hint: tokens.id_token };
    assert.equal((await signedIn({ config, userAgent, extra })).tokens.claims().sub, tokens.claims().sub);
  });

  test('sec_authz_11 prompt=none with the ID token of another user is login_required', async () => {
    const config = await discovered('demo-trusted');
    const { tokens: bob } = await signedIn({ config, answers: { username: 'bob' } });
    const userAgent = new UserAgent(server);
    await signedIn({ config, userAgent });
    await assert.rejects(
      signedIn({ config, userAgent, extra: { prompt: 'none', id_token_hint: bob.id_token } }),
      refusedAuthorization('login_required'));
  });

  test('prompt=login and max_age=0 make a signed-in user sign in again', async () => {
    const userAgent = new UserAgent(server);
    const config = await discovered('demo-trusted');
    await signedIn({ config, userAgent });
    for (const extra of [{ prompt: 'login' }, { max_age: '0' }]) {
      const shown = userAgent.pages.length;
      const { tokens } = await signedIn({ config, userAgent, extra });
      assert.deepEqual(userAgent.pages.slice(shown), ['Sign in'], JSON.stringify(extra));
      assert.ok(tokens.claims().auth_time);
    }
  });

  test('a denial by the user is access_denied', async () => {
    await assert.rejects(signedIn({ answers: { decision: 'deny' } }), refusedAuthorization('access_denied'));
  });

  test('unsupported features return errors that the library understands', async () => {
    const table = [
      [{ scope: 'openid admin' }, 'invalid_scope'],
      [{ response_type: 'token' }, 'unsupported_response_type'],
      [{ response_mode: 'web_message' }, 'invalid_request'],
      [{ code_challenge_method: 'plain' }, 'invalid_request'],
      [{ prompt: 'none login' }, 'invalid_request'],
      [{ request: 'x' }, 'request_not_supported'],
    ];
    for (const [extra, error] of table) {
      await assert.rejects(signedIn({ extra }), refusedAuthorization(error), JSON.stringify(extra));
    }
  });

  test('state is returned byte for byte, whatever its characters', async () => {
    for (const state of ['a b+c&d=e%20f#g', '"<>\\\u00e9\u{1f600}', 'x'.repeat(1024)]) {
      const config = await native();
      const { url, checks } = await begin(config, LOOPBACK, { state });
      const callback = await new UserAgent(server).authorize(url);
      await client.authorizationCodeGrant(config, callback, { ...checks, expectedState: state });
    }
  });
});
