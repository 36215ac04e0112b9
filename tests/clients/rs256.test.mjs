// openid-client as a client that can verify nothing but RS256, at workspaces that sign with another algorithm.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import * as client from 'openid-client';

import { UserAgent, startServer } from './support.mjs';

const REDIRECT_URI = 'https://client.example/cb';
const SECRET = 'a-secret';
const ALGORITHMS = ['ES256', 'PS256'];
const ASKING = { id_token_signed_response_alg: 'RS256', userinfo_signed_response_alg: 'RS256' };

const registration = (id, more) => `
[[clients]]
client_id = "${id}"
client_name = "${id}"
client_secret = "${SECRET}"
redirect_uris = ["${REDIRECT_URI}"]
grant_types = ["authorization_code", "refresh_token"]
scope = "openid email offline_access"
${Object.entries(more).map(([name, value]) => `${name} = "${value}"`).join('\n')}
`;

const workspace = (algorithm) => `
tenant = "default"
workspace = "${algorithm.toLowerCase()}"
name = "${algorithm}"
signing_algorithm = "${algorithm}"
at_hash = "included"
default_audience = "https://api.example"
scopes = [
  { name = "openid", title = "Know that it is you" },
  { name = "email", title = "See your address" },
  { name = "offline_access", title = "Stay signed in" },
]

[[sandbox.users]]
username = "alice"
password = "alice"
claims = { email = "alice@example.com", email_verified = true }
${registration('asking', ASKING)}
${registration('plain', {})}`;

const algorithmOf = (token) => JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).alg;

describe('openid-client that takes RS256 only', () => {
  let server;
  before(async () => { server = await startServer(ALGORITHMS.map(workspace)); });
  after(() => server?.stop());

  /** A client that verifies signatures with the published keys even on direct responses. */
  async function discovered(algorithm, clientId, metadata) {
    const issuer = new URL(server.issuer(algorithm.toLowerCase()));
    const execute = [client.allowInsecureRequests, client.enableNonRepudiationChecks];
    return client.discovery(issuer, clientId, metadata, client.ClientSecretPost(SECRET), { execute });
  }

  async function signedIn(config) {
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const checks = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: REDIRECT_URI,
      scope: 'openid email offline_access',
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
    });
    return client.authorizationCodeGrant(config, await new UserAgent(server).authorize(url), checks);
  }

  for (const algorithm of ALGORITHMS) {
    test(`logs in, refreshes and reads the user where others get ${algorithm}`, async () => {
      const config = await discovered(algorithm, 'asking', ASKING);
      assert.deepEqual(config.serverMetadata().id_token_signing_alg_values_supported, [algorithm, 'RS256']);
      const tokens = await signedIn(config);
      assert.equal(algorithmOf(tokens.id_token), 'RS256');
      assert.equal(algorithmOf(tokens.access_token), algorithm);
      const user = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
      assert.equal(user.email, 'alice@example.com');
      const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
      assert.equal(algorithmOf(refreshed.id_token), 'RS256');

      const others = await signedIn(await discovered(algorithm, 'plain', { id_token_signed_response_alg: algorithm }));
      assert.equal(algorithmOf(others.id_token), algorithm);
    });

    test(`is refused what is signed ${algorithm}, which it would be without its registration`, async () => {
      const config = await discovered(algorithm, 'plain', { id_token_signed_response_alg: 'RS256' });
      await assert.rejects(signedIn(config), { code: 'OAUTH_INVALID_RESPONSE' });
    });
  }
});
