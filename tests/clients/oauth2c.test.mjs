// How oauth2c pushes requests and logs devices in, on the wire. It is a Go program that is on no registry, so these tests send what
// it sends: HTTP Basic without form encoding, credentials beside `client_id` when it pushes, assertions for the token endpoint
// wherever they go, no credentials when a device asks, and polls that do not slow down.

import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { UserAgent, startServer } from './support.mjs';

const CALLBACK = 'http://localhost:9876/callback';
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
const SECRET = 'oauth2c-example-secret';
const KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const JWK = { ...KEY.publicKey.export({ format: 'jwk' }), kid: 'own', alg: 'ES256', use: 'sig' };

const WORKSPACE = (more = '') => `
tenant = "default"
workspace = "demo"
name = "oauth2c"
default_audience = "https://api.example"
device_authorization = true
${more}
scopes = [{ name = "openid", title = "Know that it is you" }]

[[sandbox.users]]
username = "alice"
password = "alice"

[[clients]]
client_id = "web"
client_name = "web"
client_secret = "${SECRET}"
redirect_uris = ["${CALLBACK}"]
grant_types = ["authorization_code", "${DEVICE_CODE}"]
scope = "openid"

[[clients]]
client_id = "pkjwt"
client_name = "pkjwt"
token_endpoint_auth_method = "private_key_jwt"
client_assertion_audience = "endpoint"
client_assertion_lifetime = 600
jwks = { keys = [{ ${Object.entries(JWK).map(([name, value]) => `${name} = "${value}"`).join(', ')} }] }
redirect_uris = ["${CALLBACK}"]
scope = "openid"

[[clients]]
client_id = "terminal"
client_name = "terminal"
application_type = "native"
token_endpoint_auth_method = "none"
grant_types = ["${DEVICE_CODE}"]
scope = "openid"
`;

const base64url = (value) => Buffer.from(value).toString('base64url');

/** An assertion for the token endpoint, which lives ten minutes. */
function assertion(issuer) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: 'pkjwt', sub: 'pkjwt', aud: `${issuer}/oauth2/token`, exp: now + 600, jti: randomUUID() };
  const signed = [{ alg: 'ES256', kid: JWK.kid }, claims].map((part) => base64url(JSON.stringify(part))).join('.');
  const signature = sign('sha256', signed, { key: KEY.privateKey, dsaEncoding: 'ieee-p1363' });
  return {
    client_assertion: `${signed}.${base64url(signature)}`,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  };
}

const basic = { authorization: `Basic ${Buffer.from(`web:${SECRET}`).toString('base64')}` };
/** How each client authenticates: headers, and fields of the form. */
const WAYS = {
  web: () => [basic, {}],
  pkjwt: (issuer) => [{}, assertion(issuer)],
  terminal: () => [{ origin: 'http://localhost:9876' }, { client_id: 'terminal' }],
};

async function post(issuer, path, headers, fields) {
  const response = await fetch(`${issuer}${path}`, { method: 'POST', headers, body: new URLSearchParams(fields) });
  return { status: response.status, ...(await response.json()) };
}

const verifier = 'a'.repeat(43);
const request = (client_id) => ({
  client_id,
  redirect_uri: CALLBACK,
  response_type: 'code',
  response_mode: 'query',
  scope: 'openid',
  state: 'aZ9state',
  nonce: 'aZ9nonce',
  code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  code_challenge_method: 'S256',
});

describe('as oauth2c does it', () => {
  let server;
  let user;
  let issuer;
  before(async () => {
    server = await startServer([WORKSPACE()]);
    issuer = server.issuer('demo');
    user = new UserAgent(server);
  });
  after(() => server?.stop());

  for (const name of ['web', 'pkjwt']) {
    test(`${name} pushes its request and gets tokens`, async () => {
      const [headers, fields] = WAYS[name](issuer);
      const pushed = await post(issuer, '/par', headers, { ...request(name), ...fields });
      assert.equal(pushed.status, 201, JSON.stringify(pushed));
      const query = new URLSearchParams({ client_id: name, request_uri: pushed.request_uri });
      const arrived = await user.authorize(`${issuer}/oauth2/authorize?${query}`);
      const code = arrived.searchParams.get('code');
      const [own, more] = WAYS[name](issuer);
      const form = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier, ...more };
      const tokens = await post(issuer, '/oauth2/token', own, form);
      assert.equal(tokens.status, 200, JSON.stringify(tokens));
      assert.ok(tokens.id_token);
    });
  }

  for (const name of ['web', 'terminal']) {
    test(`${name} asks without credentials, polls with them, and does not slow down`, async () => {
      const asked = await post(issuer, '/device/authorization', {}, { client_id: name, scope: 'openid' });
      assert.equal(asked.status, 200, JSON.stringify(asked));
      assert.ok(asked.interval > 0, 'its ticker panics otherwise');
      const [headers, fields] = WAYS[name](issuer);
      const poll = () =>
        post(issuer, '/oauth2/token', headers, { grant_type: DEVICE_CODE, device_code: asked.device_code, ...fields });
      const told = [];
      for (let number = 0; number < 3; number += 1) told.push((await poll()).error);
      assert.deepEqual(told, ['authorization_pending', 'slow_down', 'slow_down']);
      assert.equal(await user.connect(asked.verification_uri_complete), 'Your device is connected');
      user.pages.length = 0;
      const tokens = await poll();
      assert.equal(tokens.status, 200, JSON.stringify(tokens));
      assert.equal((await poll()).error, 'invalid_grant', 'once');
    });
  }
});

test('a plain request is refused where requests must be pushed', async (t) => {
  const server = await startServer([WORKSPACE('require_pushed_authorization_requests = true')]);
  t.after(() => server.stop());
  const query = new URLSearchParams(request('web'));
  const arrived = await new UserAgent(server).authorize(`${server.issuer('demo')}/oauth2/authorize?${query}`);
  assert.equal(arrived.searchParams.get('error'), 'invalid_request');
  assert.match(arrived.searchParams.get('error_description'), /push/);
});
