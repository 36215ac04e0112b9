// `postern init`: what it writes is in order, and an application that does as it says logs in.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import * as client from 'openid-client';

import { BINARY, UserAgent, startServer } from './support.mjs';

/** Has a workspace written, checked and served; returns what the application is told. */
async function application(t, kind) {
  const folder = mkdtempSync(join(tmpdir(), 'postern-init-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const postern = (...options) => execFileSync(BINARY, options, { cwd: folder, encoding: 'utf8' });
  const told = JSON.parse(postern('init', kind, '--json'));
  assert.match(postern('check', told.file), /is in order\./);
  const server = await startServer([readFileSync(join(folder, told.file), 'utf8')]);
  t.after(server.stop);
  const issuer = new URL(new URL(told.issuer).pathname, server.publicUrl);
  const authentication = told.client_secret ? client.ClientSecretBasic(told.client_secret) : client.None();
  const execute = [client.allowInsecureRequests, client.enableNonRepudiationChecks];
  return { server, told, config: await client.discovery(issuer, told.client_id, undefined, authentication, { execute }) };
}

/** Where the application takes the answer: a native one at a port that it found free. */
const REDIRECT_URIS = { native: (uri) => uri.replace('127.0.0.1', '127.0.0.1:52100') };

for (const [kind, scope] of Object.entries({
  spa: 'openid profile email offline_access',
  web: 'openid profile email',
  native: 'openid profile email offline_access',
})) {
  test(`postern init ${kind}: a user logs in`, async (t) => {
    const { server, told, config } = await application(t, kind);
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const checks = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: (REDIRECT_URIS[kind] ?? String)(told.redirect_uri),
      scope,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
    });
    const tokens = await client.authorizationCodeGrant(config, await new UserAgent(server).authorize(url), checks);
    assert.equal(tokens.scope, scope);
    const user = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
    assert.equal(user.name, 'Alice Example');
    if (!tokens.refresh_token) return;
    assert.ok((await client.refreshTokenGrant(config, tokens.refresh_token)).access_token);
  });
}

test('postern init machine: a program gets a token', async (t) => {
  const { config } = await application(t, 'machine');
  const tokens = await client.clientCredentialsGrant(config);
  assert.equal(tokens.scope, 'notes.read notes.write');
});
