// Clients that need a particular setting, each with the library it was made for, or one with the same need.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import * as client from 'openid-client';
import OpenIDConnectStrategy from 'passport-openidconnect';

import { UserAgent, startServer } from './support.mjs';

const WEB = 'https://client.example/cb';
const VITE = 'http://localhost:5173/callback';

/** Builds a workspace with one user and `clients`. */
const workspace = (clients) => `
tenant = "default"
workspace = "demo"
name = "Settings"
default_audience = "https://api.example"
scopes = [{ name = "openid", title = "Know that it is you" }, { name = "email", title = "See your address" }]

[[sandbox.users]]
username = "alice"
password = "alice"
claims = { email = "alice@example.com", email_verified = true }
${clients}`;

const web = (id, more = '') => `
[[clients]]
client_id = "${id}"
client_name = "${id}"
client_secret = "s3cret+with%2Bodd:characters"
redirect_uris = ["${WEB}"]
scope = "openid email"
${more}
`;

const SECRET = 's3cret+with%2Bodd:characters';

const CLIENTS = [
  // By default it reads the user from the ID token.
  web('passport', 'require_pkce = false\nid_token_claims = "scopes"'),
  web('passport-strict'),
  web('reads-id-token', 'id_token_claims = "scopes"'),
  web('ignores', 'unknown_scopes = "ignored"'),
  `
[[clients]]
client_id = "vite"
client_name = "vite"
token_endpoint_auth_method = "none"
redirect_uris = ["${VITE}"]
scope = "openid email"
`,
].join('');

describe('clients with individual settings', () => {
  let server;
  before(async () => { server = await startServer([workspace(CLIENTS)]); });
  after(() => server?.stop());

  /** The outcome of a passport strategy for a request: redirect, success or failure. */
  function authenticate(strategy, request) {
    return new Promise((resolve, reject) => {
      const bound = Object.assign(Object.create(strategy), {
        redirect: (url) => resolve({ redirect: new URL(url) }),
        success: (user) => resolve({ user }),
        fail: (challenge, status) => reject(new Error(`${status}: ${challenge?.message ?? challenge}`)),
        error: reject,
      });
      bound.authenticate(request, {});
    });
  }

  function passport(clientID, options = {}) {
    const issuer = server.issuer('demo');
    const endpoints = {
      issuer,
      authorizationURL: `${issuer}/oauth2/authorize`,
      tokenURL: `${issuer}/oauth2/token`,
      userInfoURL: `${issuer}/userinfo`,
    };
    const credentials = { clientID, clientSecret: SECRET, callbackURL: WEB, scope: 'email' };
    return new OpenIDConnectStrategy({ ...endpoints, ...credentials, ...options }, (_issuer, profile, done) => done(null, profile));
  }

  test('passport-openidconnect, which does not support PKCE, logs in with a nonce', async () => {
    const strategy = passport('passport', { nonce: true });
    const session = {};
    const { redirect } = await authenticate(strategy, { query: {}, session });
    assert.equal(redirect.searchParams.has('code_challenge'), false);
    assert.equal(redirect.searchParams.has('nonce'), true);
    const callback = await new UserAgent(server).authorize(redirect);
    const { user } = await authenticate(strategy, { query: Object.fromEntries(callback.searchParams), session });
    assert.equal(user.emails[0].value, 'alice@example.com');
  });

  test('without a nonce or the setting, the error says what is missing', async () => {
    for (const [strategy, expected] of [
      [passport('passport'), /nonce is missing: .*require_nonce/],
      [passport('passport-strict', { nonce: true }), /code_challenge is missing/],
    ]) {
      const session = {};
      const { redirect } = await authenticate(strategy, { query: {}, session });
      const callback = await new UserAgent(server).authorize(redirect);
      assert.match(callback.searchParams.get('error_description'), expected);
      await assert.rejects(authenticate(strategy, { query: Object.fromEntries(callback.searchParams), session }), expected);
    }
  });

  async function discovered(clientId, authentication) {
    const execute = [client.allowInsecureRequests, client.enableNonRepudiationChecks];
    return client.discovery(new URL(server.issuer('demo')), clientId, undefined, authentication, { execute });
  }

  /** Runs a fully protected login and returns the tokens. */
  async function signedIn(config, { userAgent = new UserAgent(server), redirectUri = WEB, scope = 'openid email', extra = {} } = {}) {
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const checks = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      ...extra,
    });
    return client.authorizationCodeGrant(config, await userAgent.authorize(url), checks);
  }

  test('a secret is accepted by Basic, in the form, and by Basic without encoding', async () => {
    // As oauth2c and others send it.
    const raw = (_server, metadata, _body, headers) => {
      headers.set('authorization', `Basic ${btoa(`${metadata.client_id}:${SECRET}`)}`);
    };
    for (const authentication of [client.ClientSecretBasic(SECRET), client.ClientSecretPost(SECRET), raw]) {
      const tokens = await signedIn(await discovered('reads-id-token', authentication));
      assert.ok(tokens.access_token);
    }
    const wrong = client.ClientSecretPost(SECRET.replace('%2B', '+'));
    await assert.rejects(discovered('reads-id-token', wrong).then(signedIn), { status: 401 });
  });

  test('scope claims are in the ID token of a client registered for that', async () => {
    const tokens = await signedIn(await discovered('reads-id-token', client.ClientSecretBasic(SECRET)));
    assert.equal(tokens.claims().email, 'alice@example.com');
    const others = await signedIn(await discovered('ignores', client.ClientSecretBasic(SECRET)));
    assert.equal(others.claims().email, undefined);
  });

  test('unknown scopes are ignored if configured, and otherwise named in the error', async () => {
    const scope = 'openid email groups';
    const tokens = await signedIn(await discovered('ignores', client.ClientSecretBasic(SECRET)), { scope });
    assert.equal(tokens.scope, 'openid email');
    const strict = discovered('reads-id-token', client.ClientSecretBasic(SECRET));
    const error = await strict.then((config) => signedIn(config, { scope })).catch((refused) => refused);
    assert.match(error.error_description, /^the scope 'groups' is not registered/);
  });

  test('an application on a development server logs in, calls from its page, and renews silently', async () => {
    const config = await discovered('vite', client.None());
    const userAgent = new UserAgent(server);
    const tokens = await signedIn(config, { userAgent, redirectUri: VITE });
    const again = await signedIn(config, { userAgent, redirectUri: VITE, extra: { prompt: 'none' } });
    assert.equal(again.claims().sub, tokens.claims().sub);
    const allowed = async (origin) => {
      const headers = { origin, authorization: `Bearer ${tokens.access_token}` };
      const response = await fetch(`${server.issuer('demo')}/userinfo`, { headers });
      assert.equal(response.status, 200);
      return response.headers.get('access-control-allow-origin');
    };
    assert.equal(await allowed('http://localhost:5173'), 'http://localhost:5173');
    assert.equal(await allowed('http://localhost:5174'), null);
  });
});

describe('clients whose assertions name an endpoint as audience', () => {
  let server;
  before(async () => { server = await startServer(); });
  after(() => server?.stop());

  test('learn which setting accepts them', async () => {
    const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const issuer = new URL(server.issuer('demo'));
    const toEndpoint = (key) => client.PrivateKeyJwt(key, {
      [client.modifyAssertion]: (_header, payload) => { payload.aud = `${issuer}/oauth2/token`; },
    });
    const secret = client.ClientSecretJwt('demo-secret-jwt-secret-of-32-characters-and-more', {
      [client.modifyAssertion]: (_header, payload) => { payload.aud = `${issuer}/oauth2/token`; },
    });
    const refused = async (clientId, authentication) => {
      const execute = [client.allowInsecureRequests];
      const config = await client.discovery(issuer, clientId, undefined, authentication, { execute });
      const error = await client.refreshTokenGrant(config, 'x').catch((error) => error);
      return error.cause?.[0]?.parameters?.error_description ?? (await error.response?.clone().json())?.error_description ?? String(error);
    };
    assert.match(await refused('demo-secret-jwt', secret), /aud is an endpoint: .*client_assertion_audience = endpoint/);
    const stranger = await refused('demo-private-key-jwt', toEndpoint({ key: privateKey, kid: 'demo-1' }));
    assert.doesNotMatch(stranger, /aud/);
  });
});
