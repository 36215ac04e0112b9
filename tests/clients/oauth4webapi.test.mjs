// oauth4webapi: the layer below openid-client, which validates each response separately; here with every signing
// algorithm.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import * as oauth from 'oauth4webapi';

import { UserAgent, startServer } from './support.mjs';

const REDIRECT_URI = 'http://[::1]:51004/callback';
const ALGORITHMS = ['RS256', 'PS256', 'ES256'];
const CLIENT = { client_id: 'native' };
const SERVICE = { client_id: 'service' };
const SECRET = oauth.ClientSecretBasic('service-secret');
const INSECURE = { [oauth.allowInsecureRequests]: true };

const workspace = (algorithm) => `
tenant = "default"
workspace = "${algorithm.toLowerCase()}"
name = "${algorithm}"
device_authorization = true
signing_algorithm = "${algorithm}"
default_audience = "https://api.example"

[[scopes]]
name = "openid"
title = "Know that it is you"

[[scopes]]
name = "offline_access"
title = "Stay signed in"

[[scopes]]
name = "introspect_tokens"
title = "Look at every token"

[[sandbox.users]]
username = "alice"
password = "alice"
claims = { name = "Alice Example" }

[[clients]]
client_id = "${CLIENT.client_id}"
client_name = "Native application"
application_type = "native"
token_endpoint_auth_method = "none"
redirect_uris = ["http://[::1]/callback"]
grant_types = ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]
scope = "openid offline_access"

[[clients]]
client_id = "${SERVICE.client_id}"
client_name = "Service"
token_endpoint_auth_method = "client_secret_basic"
client_secret = "service-secret"
grant_types = ["client_credentials"]
client_credentials_scope = "introspect_tokens"
`;

describe('oauth4webapi', () => {
  let server;
  before(async () => { server = await startServer(ALGORITHMS.map(workspace)); });
  after(() => server?.stop());

  async function discovered(algorithm) {
    const issuer = new URL(server.issuer(algorithm.toLowerCase()));
    return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, INSECURE));
  }

  /** Signs a user in and returns the validated response parameters and what else the exchange needs. */
  async function authorized(as, scope = 'openid') {
    const verifier = oauth.generateRandomCodeVerifier();
    const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
    const url = new URL(as.authorization_endpoint);
    url.search = new URLSearchParams({
      client_id: CLIENT.client_id,
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      scope,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      max_age: '300',
    });
    const callback = await new UserAgent(server).authorize(url);
    return { parameters: oauth.validateAuthResponse(as, CLIENT, callback, state), verifier, nonce };
  }

  const exchanged = (as, { parameters, verifier }, redirectUri = REDIRECT_URI) =>
    oauth.authorizationCodeGrantRequest(as, CLIENT, oauth.None(), parameters, redirectUri, verifier, INSECURE);

  /** Refreshes tokens and validates the response, including the signature of the ID token. */
  async function refreshed(as, token) {
    const response = await oauth.refreshTokenGrantRequest(as, CLIENT, oauth.None(), token, INSECURE);
    const tokens = await oauth.processRefreshTokenResponse(as, CLIENT, response);
    await oauth.validateApplicationLevelSignature(as, response, INSECURE);
    return tokens;
  }

  /** Introspects `token` as the service. */
  async function introspected(as, token, requestJwtResponse = false) {
    const options = { requestJwtResponse, ...INSECURE };
    const response = await oauth.introspectionRequest(as, SERVICE, SECRET, token, options);
    const type = requestJwtResponse ? 'application/token-introspection+jwt' : 'application/json';
    assert.equal(response.headers.get('content-type').split(';')[0], type);
    const service = { ...SERVICE, introspection_signed_response_alg: as.id_token_signing_alg_values_supported[0] };
    const said = await oauth.processIntrospectionResponse(as, service, response);
    if (requestJwtResponse) await oauth.validateApplicationLevelSignature(as, response, INSECURE);
    return said;
  }

  test('a request is pushed, and its reference expires in a minute', async () => {
    const as = await discovered('ES256');
    const verifier = oauth.generateRandomCodeVerifier();
    const parameters = new URLSearchParams({
      client_id: CLIENT.client_id,
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      scope: 'openid',
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state: 'state-1',
    });
    const response = await oauth.pushedAuthorizationRequest(as, CLIENT, oauth.None(), parameters, INSECURE);
    const pushed = await oauth.processPushedAuthorizationResponse(as, CLIENT, response);
    assert.equal(pushed.expires_in, 60);
    const url = new URL(as.authorization_endpoint);
    url.search = new URLSearchParams({ client_id: CLIENT.client_id, request_uri: pushed.request_uri });
    const callback = await new UserAgent(server).authorize(url);
    const authorization = { parameters: oauth.validateAuthResponse(as, CLIENT, callback, 'state-1'), verifier };
    const tokens = await oauth.processAuthorizationCodeResponse(as, CLIENT, await exchanged(as, authorization));
    assert.ok(tokens.access_token);
  });

  test('a device waits for its user, and gets verified tokens', async () => {
    const as = await discovered('ES256');
    const asked = async () => {
      const parameters = new URLSearchParams({ scope: 'openid' });
      const response = await oauth.deviceAuthorizationRequest(as, CLIENT, oauth.None(), parameters, INSECURE);
      return oauth.processDeviceAuthorizationResponse(as, CLIENT, response);
    };
    const device = await asked();
    assert.match(device.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    assert.deepEqual([device.expires_in, device.interval], [600, 5]);
    const poll = ({ device_code: code }) =>
      oauth.deviceCodeGrantRequest(as, CLIENT, oauth.None(), code, INSECURE);
    const told = (device, error) => assert.rejects(
      async () => oauth.processDeviceCodeResponse(as, CLIENT, await poll(device)), { error, status: 400 });
    await told(device, 'authorization_pending');
    await told(device, 'slow_down');
    assert.equal(await new UserAgent(server).connect(device.verification_uri_complete), 'Your device is connected');
    const response = await poll(device);
    const tokens = await oauth.processDeviceCodeResponse(as, CLIENT, response);
    await oauth.validateApplicationLevelSignature(as, response, INSECURE);
    assert.equal(oauth.getValidatedIdTokenClaims(tokens).aud, CLIENT.client_id);
    await told(device, 'invalid_grant');
    const denied = await asked();
    await new UserAgent(server).connect(denied.verification_uri_complete, { decision: 'deny' });
    await told(denied, 'access_denied');
  });

  for (const algorithm of ALGORITHMS) {
    test(`the code is exchanged and the ID token verified with ${algorithm}`, async () => {
      const as = await discovered(algorithm);
      assert.deepEqual(as.id_token_signing_alg_values_supported, [...new Set([algorithm, 'RS256'])]);
      const authorization = await authorized(as);
      const response = await exchanged(as, authorization);
      const exact = { ...CLIENT, id_token_signed_response_alg: algorithm };
      const tokens = await oauth.processAuthorizationCodeResponse(as, exact, response, {
        expectedNonce: authorization.nonce, maxAge: 300, requireIdToken: true,
      });
      await oauth.validateApplicationLevelSignature(as, response, INSECURE);

      const { sub } = oauth.getValidatedIdTokenClaims(tokens);
      const userinfo = () => oauth.userInfoRequest(as, CLIENT, tokens.access_token, INSECURE);
      assert.deepEqual(await oauth.processUserInfoResponse(as, CLIENT, sub, await userinfo()), { sub });

      await oauth.processRevocationResponse(
        await oauth.revocationRequest(as, CLIENT, oauth.None(), tokens.access_token, INSECURE));
      await assert.rejects(
        async () => oauth.processUserInfoResponse(as, CLIENT, sub, await userinfo()),
        { name: 'WWWAuthenticateChallengeError', status: 401 });
    });
  }

  for (const algorithm of ALGORITHMS) {
    test(`tokens are refreshed, introspected, and all revoked by the last refresh token, with ${algorithm}`, async () => {
      const as = await discovered(algorithm);
      const authorization = await authorized(as, 'openid offline_access');
      const first = await oauth.processAuthorizationCodeResponse(
        as, CLIENT, await exchanged(as, authorization), { expectedNonce: authorization.nonce, maxAge: 300 });
      const second = await refreshed(as, first.refresh_token);
      assert.notEqual(second.refresh_token, first.refresh_token);
      assert.equal((await refreshed(as, first.refresh_token)).refresh_token, second.refresh_token, 'tried again');

      const { sub } = oauth.getValidatedIdTokenClaims(second);
      for (const token of [first.access_token, second.access_token, second.refresh_token]) {
        const plain = await introspected(as, token);
        assert.deepEqual([plain.active, plain.client_id, plain.sub], [true, CLIENT.client_id, sub]);
        assert.deepEqual(await introspected(as, token, true), plain);
      }
      await oauth.processRevocationResponse(
        await oauth.revocationRequest(as, CLIENT, oauth.None(), second.refresh_token, INSECURE));
      for (const token of [first.access_token, second.access_token, first.refresh_token, second.refresh_token]) {
        for (const signed of [false, true]) assert.deepEqual(await introspected(as, token, signed), { active: false });
      }
      await assert.rejects(refreshed(as, second.refresh_token), { error: 'invalid_grant', status: 400 });
    });

    test(`a client credentials token is validated by an API, with ${algorithm}`, async () => {
      const as = await discovered(algorithm);
      const parameters = new URLSearchParams({ resource: 'https://api.example' });
      const asked = (authentication) =>
        oauth.clientCredentialsGrantRequest(as, SERVICE, authentication, parameters, INSECURE);
      const tokens = await oauth.processClientCredentialsResponse(as, SERVICE, await asked(SECRET));
      assert.deepEqual([tokens.token_type, tokens.scope], ['bearer', 'introspect_tokens']);
      const headers = { authorization: `Bearer ${tokens.access_token}` };
      const request = new Request('https://api.example/', { headers });
      const claims = await oauth.validateJwtAccessToken(as, request, 'https://api.example', INSECURE);
      assert.deepEqual([claims.sub, claims.client_id], [SERVICE.client_id, SERVICE.client_id]);
      await assert.rejects(
        async () => oauth.processClientCredentialsResponse(as, SERVICE, await asked(oauth.ClientSecretBasic('wrong'))),
        { name: 'WWWAuthenticateChallengeError', status: 401 });
    });
  }

  test('an API validates the access token as an RFC 9068 JWT', async () => {
    for (const algorithm of ALGORITHMS) {
      const as = await discovered(algorithm);
      const tokens = await (await exchanged(as, await authorized(as))).json();
      const headers = { authorization: `Bearer ${tokens.access_token}` };
      const request = new Request('https://api.example/', { headers });
      const claims = await oauth.validateJwtAccessToken(as, request, 'https://api.example', INSECURE);
      assert.equal(claims.client_id, CLIENT.client_id);
      assert.equal(claims.scope, 'openid');
      await assert.rejects(
        oauth.validateJwtAccessToken(as, request, 'https://other.example', INSECURE),
        { code: oauth.JWT_CLAIM_COMPARISON });
    }
  });

  test('a redirect URI that differs from the authorization request is invalid_grant', async () => {
    const as = await discovered('ES256');
    const authorization = await authorized(as);
    const response = await exchanged(as, authorization, 'http://[::1]:51005/callback');
    await assert.rejects(
      oauth.processAuthorizationCodeResponse(as, CLIENT, response), { error: 'invalid_grant', status: 400 });
    const tokens = await exchanged(as, authorization);
    assert.equal(tokens.status, 200);
  });

  test('a code of one workspace is invalid in another', async () => {
    const [one, other] = [await discovered('RS256'), await discovered('PS256')];
    const response = await exchanged(other, await authorized(one));
    await assert.rejects(
      oauth.processAuthorizationCodeResponse(other, CLIENT, response), { error: 'invalid_grant', status: 400 });
  });

  test('an access token of one workspace is refused in another', async () => {
    const [one, other] = [await discovered('RS256'), await discovered('PS256')];
    const tokens = await (await exchanged(one, await authorized(one))).json();
    const response = await oauth.userInfoRequest(other, CLIENT, tokens.access_token, INSECURE);
    assert.equal(response.status, 401);
  });
});
