// kubelogin, which gives Kubernetes an ID token: its recipe in docs/clients.md, with a user for a browser.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { freePort } from './applications.mjs';
import { recipe } from './recipes.mjs';
import { TIMEOUT_MS, UserAgent, startServer } from './support.mjs';

const KUBELOGIN = fileURLToPath(new URL('../../target/kubelogin', import.meta.url));

let server, folder, port;
before(async () => {
  port = await freePort();
  [server, folder] = [await startServer([recipe('kubelogin', port)]), await mkdtemp(join(tmpdir(), 'postern-kubelogin-'))];
});
after(async () => {
  await server?.stop();
  await rm(folder, { recursive: true });
});

/** Asks for a token, with a user who decides when there is a page. */
async function token(decision, ...more) {
  const child = spawn(KUBELOGIN, [
    'get-token', `--oidc-issuer-url=${server.issuer('notes')}`, '--oidc-client-id=kubelogin', '--oidc-extra-scope=profile',
    '--oidc-extra-scope=email', '--oidc-extra-scope=offline_access', `--oidc-redirect-url=http://localhost:${port}/`,
    `--listen-address=127.0.0.1:${port}`, '--skip-open-browser', `--token-cache-dir=${folder}`, ...more,
  ], { stdio: ['ignore', 'pipe', 'pipe'], timeout: TIMEOUT_MS, env: { ...process.env, HOME: folder } });
  const ended = once(child, 'close');
  let [output, messages, pages] = ['', '', 0];
  child.stdout.on('data', (text) => { output += text; });
  for await (const line of createInterface({ input: child.stderr })) {
    messages += `${line}\n`;
    const [, url] = /Please visit the following URL in your browser: (\S+)/.exec(line) ?? [];
    if (!url) continue;
    pages += 1;
    const sent = await fetch(url, { redirect: 'manual' });
    await fetch(await new UserAgent(server).authorize(sent.headers.get('location'), { decision }));
  }
  const [code] = await ended;
  return { code, output, messages, pages };
}

function claimsOf(output) {
  const { kind, status } = JSON.parse(output);
  assert.equal(kind, 'ExecCredential');
  return JSON.parse(Buffer.from(status.token.split('.')[1], 'base64url'));
}

test('a user who denies is told so, and one who allows gets an ID token with name and address', async () => {
  const denied = await token('deny');
  assert.equal(denied.code, 1);
  assert.match(denied.messages, /access_denied/);
  const allowed = await token('allow');
  assert.equal(allowed.code, 0, allowed.messages);
  const claims = claimsOf(allowed.output);
  assert.deepEqual([claims.aud, claims.name, claims.email], ['kubelogin', 'Alice Example', 'alice@example.com']);
});

test('an ID token is kept, and a new one comes by a refresh token without a browser', async () => {
  const [kept, renewed] = [await token('allow'), await token('allow', '--force-refresh')];
  for (const { code, pages, messages } of [kept, renewed]) assert.deepEqual([code, pages], [0, 0], messages);
  assert.equal(claimsOf(kept.output).sub, claimsOf(renewed.output).sub);
  assert.notEqual(kept.output, renewed.output);
});
