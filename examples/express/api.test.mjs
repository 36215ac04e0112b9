// Tests the API with real tokens issued by Postern, and with invalid ones.

import assert from 'node:assert/strict';
import { createHash, createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as send } from 'node:http';
import { after, before, describe, test } from 'node:test';

import { SignJWT, decodeJwt, decodeProtectedHeader } from 'jose';

import { UserAgent, startServer } from '../../tests/clients/support.mjs';
import { api } from './api.mjs';

const REDIRECT_URI = 'http://127.0.0.1:51004/callback';

describe('an Express API', () => {
  let postern, issuer, audience, tokens, offers;
  const listeners = [];

  /** Starts an API with the default settings and `changes`, and returns the URL of its offers. */
  async function started(changes = {}) {
    const listener = api({ issuer, audience, ...changes }).listen(0, '127.0.0.1');
    listeners.push(listener);
    await once(listener, 'listening');
    return `http://127.0.0.1:${listener.address().port}/offers`;
  }

  before(async () => {
    postern = await startServer();
    [issuer, audience] = [postern.issuer('demo'), `${postern.publicUrl}/demo/api`];
    tokens = await login('openid offers.read');
    offers = await started();
  });

  after(async () => {
    for (const listener of listeners) listener.close();
    await postern?.stop();
  });

  /** Logs alice in and returns the token response. */
  async function login(scope) {
    const verifier = randomBytes(32).toString('base64url');
    const url = new URL(`${issuer}/oauth2/authorize`);
    url.search = new URLSearchParams({
      response_type: 'code', client_id: 'demo-native', redirect_uri: REDIRECT_URI, scope,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
    });
    const callback = await new UserAgent(postern).authorize(url);
    const response = await fetch(`${issuer}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code', client_id: 'demo-native', redirect_uri: REDIRECT_URI,
        code: callback.searchParams.get('code'), code_verifier: verifier,
      }),
    });
    assert.equal(response.status, 200);
    return response.json();
  }

  const ask = (token, url = offers) => fetch(url, { headers: token ? { authorization: `Bearer ${token}` } : {} });

  async function refused(response, status, code, what) {
    assert.equal(response.status, status, what);
    assert.equal((await response.json()).error, code, what);
    const challenge = response.headers.get('www-authenticate');
    assert.match(challenge, new RegExp(`^Bearer realm="${audience}", error="${code}"`), what);
    return challenge;
  }

  test('a token of Postern for this API with the scope is accepted', async () => {
    const response = await ask(tokens.access_token);
    assert.equal(response.status, 200);
    assert.equal((await response.json()).for, decodeJwt(tokens.access_token).sub);
  });

  test('without a token there is a challenge and no error', async () => {
    for (const headers of [{}, { authorization: 'Basic YTpi' }]) {
      const response = await fetch(offers, { headers });
      assert.equal(response.status, 401);
      assert.equal(response.headers.get('www-authenticate'), `Bearer realm="${audience}"`);
    }
  });

  test('a token is accepted in a single header and not in the URL', async () => {
    await refused(await ask(tokens.access_token, `${offers}?access_token=x`), 400, 'invalid_request');
    await refused(await fetch(offers, { headers: { authorization: 'Bearer a b' } }), 400, 'invalid_request');
    // fetch would join them into one header.
    const bearer = `Bearer ${tokens.access_token}`;
    const [twice] = await once(send(offers, { headers: { authorization: [bearer, bearer] } }).end(), 'response');
    assert.equal(twice.resume().statusCode, 400);
  });

  test('a token without the scope is refused with 403', async () => {
    const { access_token: token } = await login('openid profile');
    assert.match(await refused(await ask(token), 403, 'insufficient_scope'), /scope="offers.read"$/);
  });

  test('an ID token is not an access token', async () => {
    await refused(await ask(tokens.id_token), 401, 'invalid_token');
    // Even if a client and an API have the same name, the type tells the tokens apart.
    const namesake = await started({ audience: 'demo-native' });
    assert.equal((await ask(tokens.id_token, namesake)).status, 401);
  });

  test('a token for another API or from another issuer is refused', async () => {
    const elsewhere = await started({ audience: 'https://api.example' });
    assert.equal((await ask(tokens.access_token, elsewhere)).status, 401);
    const neighbour = await started({ issuer: postern.issuer('partner') });
    assert.equal((await ask(tokens.access_token, neighbour)).status, 401);
  });

  test('a token expires, with five seconds of leeway', async () => {
    const { exp, iat } = decodeJwt(tokens.access_token);
    const at = async (seconds) => ask(tokens.access_token, await started({ now: () => new Date(seconds * 1000) }));
    assert.equal((await at(exp + 4)).status, 200);
    await refused(await at(exp + 5), 401, 'invalid_token');
    assert.equal((await at(iat - 5)).status, 200);
  });

  test('a modified, truncated or forged token is refused', async () => {
    const [header, payload, signature] = tokens.access_token.split('.');
    const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const [first, claims] = [decodeProtectedHeader(tokens.access_token), decodeJwt(tokens.access_token)];
    const jwks = await (await fetch(`${issuer}/.well-known/jwks.json`)).text();
    const shared = `${encoded({ ...first, alg: 'HS256' })}.${payload}`;
    const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const signedWithOwnKey = (header) =>
      new SignJWT(claims).setProtectedHeader({ ...first, ...header }).sign(own.privateKey);
    const bad = {
      'other claims': `${header}.${encoded({ ...claims, sub: 'mallory' })}.${signature}`,
      'no algorithm': `${encoded({ ...first, alg: 'none' })}.${payload}.`,
      'a public key as a secret': `${shared}.${createHmac('sha256', jwks).update(shared).digest('base64url')}`,
      'another padding': `${encoded({ ...first, alg: 'PS256' })}.${payload}.${signature}`,
      'a critical extension': `${encoded({ ...first, crit: ['exp'] })}.${payload}.${signature}`,
      'no signature': `${header}.${payload}.`,
      'two parts': `${header}.${payload}`,
      'nothing of the kind': 'nonsense',
      'too long': 'a'.repeat(8193),
      'another key of the same name': await signedWithOwnKey({}),
      'a key in the header': await signedWithOwnKey({ jwk: own.publicKey.export({ format: 'jwk' }) }),
      'an unknown key': await signedWithOwnKey({ kid: 'unknown' }),
    };
    for (const [what, token] of Object.entries(bad)) await refused(await ask(token), 401, 'invalid_token', what);
  });

  test('unreachable keys are a 503, not an invalid token', async () => {
    const closed = new URL(await started());
    listeners.pop().close();
    const orphan = await started({ issuer: `${closed.origin}/default/demo` });
    const response = await ask(tokens.access_token, orphan);
    assert.equal(response.status, 503);
    assert.equal(response.headers.get('www-authenticate'), null);
    assert.equal(response.headers.get('retry-after'), '5');
  });
});
