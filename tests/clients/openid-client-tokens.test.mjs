// openid-client again: refresh, introspection, revocation, and client credentials.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import * as client from 'openid-client';

import { UserAgent, startServer } from './support.mjs';

const LOOPBACK = 'http://127.0.0.1:51004/callback';
const WEB = 'https://client.example/cb';
const ORDERS = 'https://orders.example/api';
const SCOPE = 'openid profile email offers.read offline_access';

const claimsOf = ({ access_token }) => JSON.parse(Buffer.from(access_token.split('.')[1], 'base64url'));
const audienceOf = (token) => [claimsOf(token).aud].flat();

describe('openid-client and the token lifecycle', () => {
  let server;
  before(async () => { server = await startServer(); });
  after(() => server?.stop());

  /** Discovers the server for a client that verifies signatures even on direct responses. */
  async function discovered(clientId, authentication, metadata) {
    const execute = [client.allowInsecureRequests, client.enableNonRepudiationChecks];
    return client.discovery(new URL(server.issuer('demo')), clientId, metadata, authentication, { execute });
  }
  const native = () => discovered('demo-native', client.None());
  const web = (metadata) => discovered('demo-web', client.ClientSecretBasic('demo-web-secret'), metadata);
  const service = (metadata) => discovered('demo-service', client.ClientSecretBasic('demo-service-secret'), metadata);

  /** Signs alice in at a client with offline access and returns the tokens. */
  async function signedIn(config, extra = {}) {
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const checks = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
    const parameters = new URLSearchParams({
      redirect_uri: config.clientMetadata().client_id === 'demo-web' ? WEB : LOOPBACK,
      scope: SCOPE,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
    });
    for (const resource of extra.resources ?? []) parameters.append('resource', resource);
    const callback = await new UserAgent(server).authorize(client.buildAuthorizationUrl(config, parameters));
    return client.authorizationCodeGrant(config, callback, checks, extra.exchange);
  }

  const userinfo = (config, tokens) => client.fetchUserInfo(config, tokens.access_token, client.skipSubjectCheck);
  const refusedGrant = { code: 'OAUTH_RESPONSE_BODY_ERROR', status: 400, error: 'invalid_grant' };
  const refusedToken = { code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE', status: 401 };
  const refused = (error) => ({ code: 'OAUTH_RESPONSE_BODY_ERROR', status: 400, error });

  test('refresh tokens of a public client are rotated', async () => {
    const config = await native();
    const first = await signedIn(config);
    const second = await client.refreshTokenGrant(config, first.refresh_token);
    const third = await client.refreshTokenGrant(config, second.refresh_token);
    assert.equal(new Set([first, second, third].map((tokens) => tokens.refresh_token)).size, 3);
    assert.equal(new Set([first, second, third].map((tokens) => tokens.access_token)).size, 3);
    assert.equal(third.scope, SCOPE);
    const [before, now] = [first.claims(), third.claims()];
    assert.deepEqual([now.sub, now.aud, now.auth_time, now.nonce], [before.sub, before.aud, before.auth_time, undefined]);
    assert.equal((await userinfo(config, third)).sub, before.sub);
  });

  test('a repeated or concurrent refresh has one successor', async () => {
    const config = await native();
    const { refresh_token: token } = await signedIn(config);
    const answers = await Promise.all(Array.from({ length: 10 }, () => client.refreshTokenGrant(config, token)));
    answers.push(await client.refreshTokenGrant(config, token));
    const [successor, ...others] = new Set(answers.map((tokens) => tokens.refresh_token));
    assert.deepEqual(others, []);
    assert.notEqual(successor, token);
    assert.ok((await client.refreshTokenGrant(config, successor)).refresh_token);
    for (const tokens of answers) assert.equal((await userinfo(config, tokens)).name, 'Alice Example');
  });

  test('the refresh token of a confidential client is not rotated', async () => {
    const config = await web();
    const { refresh_token: token } = await signedIn(config);
    for (let round = 0; round < 3; round += 1) {
      const renewed = await client.refreshTokenGrant(config, token);
      assert.equal(renewed.refresh_token, undefined);
      assert.equal((await userinfo(config, renewed)).name, 'Alice Example');
    }
  });

  test('a refresh can narrow the scope but not widen it', async () => {
    const config = await native();
    const first = await signedIn(config);
    const less = await client.refreshTokenGrant(config, first.refresh_token, { scope: 'openid email' });
    assert.equal(less.scope, 'openid email');
    const { name, email } = await userinfo(config, less);
    assert.deepEqual([name, email], [undefined, 'alice@example.com']);
    const more = client.refreshTokenGrant(config, less.refresh_token, { scope: 'openid phone' });
    await assert.rejects(more, refused('invalid_scope'));
    assert.equal((await client.refreshTokenGrant(config, less.refresh_token)).scope, SCOPE);
  });

  test('a refresh token is invalid for another client', async () => {
    const { refresh_token: token } = await signedIn(await native());
    await assert.rejects(client.refreshTokenGrant(await web(), token), refusedGrant);
    assert.ok(await client.refreshTokenGrant(await native(), token));
  });

  test('revoking a refresh token revokes all tokens of the same login', async () => {
    for (const config of [await native(), await web()]) {
      const first = await signedIn(config);
      const second = await client.refreshTokenGrant(config, first.refresh_token);
      const current = second.refresh_token ?? first.refresh_token;
      await client.tokenRevocation(config, current, { token_type_hint: 'refresh_token' });
      for (const token of [first.refresh_token, current]) {
        await assert.rejects(client.refreshTokenGrant(config, token), refusedGrant);
      }
      for (const tokens of [first, second]) {
        await assert.rejects(userinfo(config, tokens), refusedToken);
        assert.deepEqual(await client.tokenIntrospection(await service(), tokens.access_token), { active: false });
      }
    }
  });

  test('a client can introspect its own tokens, and the service all tokens', async () => {
    const config = await web();
    const tokens = await signedIn(config);
    for (const asks of [config, await service()]) {
      const access = await client.tokenIntrospection(asks, tokens.access_token, { token_type_hint: 'access_token' });
      const { active, iss, client_id, sub, scope, token_type } = access;
      assert.deepEqual(
        [active, iss, client_id, sub, scope, token_type],
        [true, server.issuer('demo'), 'demo-web', tokens.claims().sub, SCOPE, 'Bearer']);
      assert.equal(access.exp, claimsOf(tokens).exp);
      const refresh = await client.tokenIntrospection(asks, tokens.refresh_token);
      assert.equal(refresh.active, true);
      assert.equal(refresh.token_type, undefined);
    }
    const ofSomebodyElse = await signedIn(await native());
    for (const token of [ofSomebodyElse.access_token, ofSomebodyElse.refresh_token, 'no token at all']) {
      assert.deepEqual(await client.tokenIntrospection(config, token), { active: false });
    }
    const asks = client.tokenIntrospection(await native(), tokens.access_token);
    await assert.rejects(asks, refusedToken);
  });

  test('introspection returns a signed JWT to clients registered for it', async () => {
    const config = await service({ introspection_signed_response_alg: 'RS256' });
    const tokens = await signedIn(await native());
    const types = [];
    config[client.customFetch] = async (url, options) => {
      const response = await fetch(url, options);
      types.push(response.headers.get('content-type'));
      return response;
    };
    assert.equal((await client.tokenIntrospection(config, tokens.access_token)).sub, tokens.claims().sub);
    assert.deepEqual(await client.tokenIntrospection(config, 'no token at all'), { active: false });
    assert.deepEqual(types.filter((type) => type.includes('introspection')),
      Array(2).fill('application/token-introspection+jwt'));
  });

  test('client credentials yield a token for the requested resource', async () => {
    const config = await service();
    const tokens = await client.clientCredentialsGrant(config, { scope: 'offers.read', resource: ORDERS });
    assert.deepEqual([tokens.token_type, tokens.scope, tokens.expires_in], ['bearer', 'offers.read', 600]);
    assert.deepEqual([tokens.refresh_token, tokens.id_token], [undefined, undefined]);
    assert.deepEqual(audienceOf(tokens), [ORDERS]);
    assert.equal(claimsOf(tokens).sub, 'demo-service');
    const everything = await client.clientCredentialsGrant(config);
    assert.equal(everything.scope, 'offers.read introspect_tokens revoke_tokens');

    assert.equal((await client.tokenIntrospection(config, tokens.access_token)).sub, 'demo-service');
    await client.tokenRevocation(config, tokens.access_token);
    assert.deepEqual(await client.tokenIntrospection(config, tokens.access_token), { active: false });
    assert.equal((await client.tokenIntrospection(config, everything.access_token)).active, true, 'it ends alone');
  });

  test('client credentials yield only registered scopes and resources', async () => {
    const config = await service();
    const asks = (parameters, by = config) => client.clientCredentialsGrant(by, parameters);
    await assert.rejects(asks({ scope: 'openid' }), refused('invalid_scope'));
    await assert.rejects(asks({ resource: 'https://other.example/api' }), refused('invalid_target'));
    await assert.rejects(asks({}, await web()), refused('unauthorized_client'));
  });

  test('tokens are valid for the resources in the authorization request, or for one of them', async () => {
    const config = await web();
    const demo = `${server.publicUrl}/demo/api`;
    const tokens = await signedIn(config, { resources: [demo, ORDERS] });
    assert.deepEqual(audienceOf(tokens).sort(), [demo, ORDERS].sort());
    const one = await client.refreshTokenGrant(config, tokens.refresh_token, { resource: ORDERS });
    assert.deepEqual(audienceOf(one), [ORDERS]);

    const orders = await signedIn(config, { resources: [ORDERS], exchange: { resource: ORDERS } });
    const widened = client.refreshTokenGrant(config, orders.refresh_token, { resource: demo });
    await assert.rejects(widened, refused('invalid_target'));
    await assert.rejects(signedIn(config, { resources: ['https://other.example/api'] }), {
      code: 'OAUTH_AUTHORIZATION_RESPONSE_ERROR', error: 'invalid_target',
    });
  });
});
