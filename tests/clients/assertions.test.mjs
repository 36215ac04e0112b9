// openid-client and oauth4webapi with signed client authentication: private_key_jwt with every algorithm, and
// client_secret_jwt.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';

import { UserAgent, startServer } from './support.mjs';

const { subtle } = globalThis.crypto;
const REDIRECT_URI = 'https://client.example/cb';
const SCOPE = 'openid offline_access';
const SECRET = 'a secret of more than thirty-two characters';
const RSA = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' };

/** The key parameters of each algorithm. */
const ALGORITHMS = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', ...RSA },
  PS256: { name: 'RSA-PSS', ...RSA },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  EdDSA: { name: 'Ed25519' },
};

/** Generates a key pair, with the public key as a client registers it. */
async function keyPair(algorithm) {
  const { publicKey, privateKey } = await subtle.generateKey(ALGORITHMS[algorithm], false, ['sign', 'verify']);
  const { key_ops, ext, alg, ...jwk } = await subtle.exportKey('jwk', publicKey);
  return { privateKey, jwk: { ...jwk, kid: `key of ${algorithm}`, use: 'sig' } };
}

/** Formats a value as TOML. */
function toml(value) {
  if (Array.isArray(value)) return `[${value.map(toml).join(', ')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  return `{ ${Object.entries(value).map(([name, member]) => `${name} = ${toml(member)}`).join(', ')} }`;
}

const registered = (id, authentication) => `
[[clients]]
client_id = "${id}"
client_name = "${id}"
${authentication}
trusted = true
redirect_uris = ["${REDIRECT_URI}"]
grant_types = ["authorization_code", "refresh_token", "client_credentials"]
scope = "${SCOPE}"
client_credentials_scope = "read"
`;

const workspace = (keys) => `
tenant = "default"
workspace = "keys"
name = "Keys"
client_secret_jwt = true
default_audience = "https://api.example"
scopes = [
  { name = "openid", title = "Know that it is you" },
  { name = "offline_access", title = "Stay signed in" },
  { name = "read", title = "Read" },
]

[[sandbox.users]]
username = "alice"
password = "alice"
claims = { name = "Alice Example" }
${Object.entries(keys).map(([algorithm, { jwk }]) => registered(algorithm,
  `token_endpoint_auth_method = "private_key_jwt"
token_endpoint_auth_signing_alg = "${algorithm}"
jwks = ${toml({ keys: [jwk] })}`)).join('')}
${registered('secret', `token_endpoint_auth_method = "client_secret_jwt"\nclient_secret = "${SECRET}"`)}
`;

describe('clients that authenticate with assertions', () => {
  let server;
  let keys;
  before(async () => {
    const pairs = Object.keys(ALGORITHMS).map(async (algorithm) => [algorithm, await keyPair(algorithm)]);
    keys = Object.fromEntries(await Promise.all(pairs));
    server = await startServer([workspace(keys)]);
  });
  after(() => server?.stop());

  const withKey = (algorithm, kid) => client.PrivateKeyJwt({ key: keys[algorithm].privateKey, kid });
  const discovered = (clientId, authentication) => {
    const execute = [client.allowInsecureRequests, client.enableNonRepudiationChecks];
    return client.discovery(new URL(server.issuer('keys')), clientId, undefined, authentication, { execute });
  };

  async function authorized(config) {
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const checks = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
    const callback = await new UserAgent(server).authorize(client.buildAuthorizationUrl(config, {
      redirect_uri: REDIRECT_URI,
      scope: SCOPE,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
    }));
    return { callback, checks };
  }

  const wholeLife = async (config, clientId) => {
    const { callback, checks } = await authorized(config);
    const tokens = await client.authorizationCodeGrant(config, callback, checks);
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
    assert.deepEqual([tokens.claims().aud, userinfo.sub], [clientId, tokens.claims().sub]);
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
    assert.notEqual(refreshed.access_token, tokens.access_token);
    assert.equal((await client.clientCredentialsGrant(config, { scope: 'read' })).scope, 'read');
    const active = async () => (await client.tokenIntrospection(config, refreshed.access_token)).active;
    assert.equal(await active(), true);
    await client.tokenRevocation(config, refreshed.access_token);
    assert.equal(await active(), false);
  };

  for (const algorithm of Object.keys(ALGORITHMS)) {
    test(`private_key_jwt with ${algorithm}, for every request of a token's life`, async () => {
      await wholeLife(await discovered(algorithm, withKey(algorithm)), algorithm);
      await wholeLife(await discovered(algorithm, withKey(algorithm, `key of ${algorithm}`)), algorithm);
    });
  }

  test("client_secret_jwt, for every request of a token's life", async () => {
    await wholeLife(await discovered('secret', client.ClientSecretJwt(SECRET)), 'secret');
  });

  test('a wrong key or secret is refused, and the code stays valid for its client', async () => {
    const config = await discovered('ES256', withKey('ES256'));
    const { callback, checks } = await authorized(config);
    const stranger = (await keyPair('ES256')).privateKey;
    const foreign = [
      ['ES256', client.PrivateKeyJwt(stranger)],
      ['ES256', client.PrivateKeyJwt(keys.RS256.privateKey)],
      ['ES256', client.ClientSecretJwt(SECRET)],
      ['ES256', client.ClientSecretPost(SECRET)],
      ['ES256', client.None()],
      ['secret', client.ClientSecretJwt(`${SECRET}!`)],
      ['secret', client.ClientSecretBasic(SECRET)],
    ];
    for (const [id, authentication] of foreign) {
      const asks = client.authorizationCodeGrant(await discovered(id, authentication), callback, checks);
      await assert.rejects(asks, ({ code, status, error }) =>
        [400, 401].includes(status) && (error === 'invalid_client' || code === 'OAUTH_WWW_AUTHENTICATE_CHALLENGE'));
    }
    assert.ok((await client.authorizationCodeGrant(config, callback, checks)).access_token);
  });

  test('an assertion works once, within its lifetime', async () => {
    const as = (await discovered('PS256', withKey('PS256'))).serverMetadata();
    const asks = async (authentication) => {
      const insecure = { [oauth.allowInsecureRequests]: true };
      const parameters = new URLSearchParams({ scope: 'read' });
      const identity = { client_id: 'PS256' };
      const response =
        await oauth.clientCredentialsGrantRequest(as, identity, authentication, parameters, insecure);
      return [response.status, (await response.json()).error];
    };
    const assertion = (change) =>
      oauth.PrivateKeyJwt(keys.PS256.privateKey, { [oauth.modifyAssertion]: (_header, payload) => change(payload) });
    const same = assertion((payload) => { payload.jti = 'the same each time'; });
    const late = assertion((payload) => { payload.exp -= 600; });
    const elsewhere = assertion((payload) => { payload.aud = 'https://other.example'; });
    assert.deepEqual(await asks(same), [200, undefined]);
    for (const refused of [same, late, elsewhere]) assert.deepEqual(await asks(refused), [401, 'invalid_client']);
    assert.deepEqual(await asks(oauth.PrivateKeyJwt(keys.PS256.privateKey)), [200, undefined]);
  });
});
