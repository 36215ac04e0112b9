// The quickstarts in `examples`, each started as its README says, beside a server with its workspace.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { allow, deny, isLoginPage, picture, signIn, startBrowser, startServer, visitor } from './support.mjs';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));

/** How each is started at a port of its own; the port that its workspace file has. */
const QUICKSTARTS = {
  spa: { port: 5173, start: (port) => ['npm', 'start', '--', '--port', port] },
  'web-node': { port: 3000, start: () => ['npm', 'start'] },
  'web-python': { port: 8000, start: (port) => ['.venv/bin/flask', 'run', '--port', port] },
};

const browser = await startBrowser();

async function freePort() {
  const listener = createServer().listen(0, 'localhost');
  await new Promise((resolve) => listener.once('listening', resolve));
  const { port } = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  return String(port);
}

/** A server with the workspace of an example, the example beside it, and somebody with a browser. */
async function stage(t, name) {
  const { port: registered, start } = QUICKSTARTS[name];
  const folder = join(EXAMPLES, name);
  const port = await freePort();
  const elsewhere = mkdtempSync(join(tmpdir(), 'postern-quickstart-'));
  t.after(() => rmSync(elsewhere, { recursive: true }));
  const file = join(elsewhere, 'workspace.toml');
  writeFileSync(file, readFileSync(join(folder, 'workspace.toml'), 'utf8').replaceAll(`:${registered}`, `:${port}`));
  const server = await startServer(t, '--config', file);
  const issuer = server.issuer(name);
  const origin = `http://localhost:${port}`;
  await application(t, folder, start(port), { PORT: port, ISSUER: issuer, VITE_ISSUER: issuer }, origin);
  return { origin, server, ...(await visitor(t, browser)) };
}

/** Starts an application and waits until it answers. */
async function application(t, folder, [command, ...options], environment, origin) {
  // A process group of its own, because npm does not pass on that it should end.
  const child = spawn(command, options, {
    cwd: folder, env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'], detached: true,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  let failure = null;
  const ended = new Promise((resolve) => {
    child.once('exit', resolve);
    // A program that is not installed never exits.
    child.once('error', (error) => resolve((failure = error)));
  });
  const kill = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  };
  process.once('exit', kill);
  t.after(async () => {
    kill();
    await ended;
    process.off('exit', kill);
  });
  const deadline = Date.now() + 30_000;
  while (!(await fetch(origin).catch(() => undefined))?.ok) {
    assert.equal(failure, null, `${command} does not start`);
    assert.equal(child.exitCode, null, `it ended:\n${said}`);
    assert.ok(Date.now() < deadline, `it does not answer:\n${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('spa: logs in, stays logged in, renews, logs out', async (t) => {
  const { page, origin, sent } = await stage(t, 'spa');
  await page.goto(origin);
  await page.getByText('You are not logged in.').waitFor();
  await picture(page, 'quickstart-spa-out');
  await page.getByRole('button', { name: 'Log in' }).click();
  await isLoginPage(page);
  await picture(page, 'quickstart-spa-login');
  await signIn(page, 'alice');
  await picture(page, 'quickstart-spa-consent');
  await allow(page);
  await page.getByText('Hello, Alice Example.').waitFor();
  await page.getByText('alice@example.com').waitFor();
  await picture(page, 'quickstart-spa-in');
  assert.equal(page.url(), `${origin}/`, 'the code is gone from the address');

  await page.reload();
  await page.getByText('Hello, Alice Example.').waitFor();
  const renewal = page.waitForResponse((response) => response.url().endsWith('/oauth2/token'));
  await page.getByRole('button', { name: 'Renew the tokens' }).click();
  assert.equal((await renewal).status(), 200);
  assert.equal(sent('GET', '/oauth2/authorize').length, 1, 'a refresh token, and no frame');

  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByText('You are not logged in.').waitFor();
  assert.equal(page.url(), `${origin}/`);
  await page.getByRole('button', { name: 'Log in' }).click();
  await isLoginPage(page);
});

test('spa: a refusal is told in the words of the server', async (t) => {
  const { page, origin } = await stage(t, 'spa');
  await page.goto(origin);
  await page.getByRole('button', { name: 'Log in' }).click();
  await signIn(page, 'alice');
  await deny(page);
  await page.getByText('the user denied the request').waitFor();
  await page.getByRole('button', { name: 'Log in' }).waitFor();
});

test('spa: what is deployed can be built', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-quickstart-'));
  t.after(() => rmSync(folder, { recursive: true }));
  execFileSync('npm', ['run', 'build', '--', '--outDir', folder], { cwd: join(EXAMPLES, 'spa'), stdio: 'pipe' });
  assert.match(readFileSync(join(folder, 'index.html'), 'utf8'), /src="\/assets\//);
});

for (const name of ['web-node', 'web-python']) {
  test(`${name}: logs in, stays logged in, logs out`, async (t) => {
    const { page, origin } = await stage(t, name);
    await page.goto(origin);
    await page.getByText('You are not logged in.').waitFor();
    await picture(page, `quickstart-${name}-out`);
    await page.getByRole('link', { name: 'Log in' }).click();
    await isLoginPage(page);
    await signIn(page, 'alice');
    await allow(page);
    await page.getByText('Hello, Alice Example.').waitFor();
    await page.reload();
    await page.getByText('Hello, Alice Example.').waitFor();
    await picture(page, `quickstart-${name}-in`);
    if (name === 'web-node') {
      await page.getByRole('link', { name: 'Your notes' }).click();
      await page.getByText('Only alice@example.com sees this.').waitFor();
      await picture(page, `quickstart-${name}-notes`);
    } else {
      await page.getByText('Your address is alice@example.com.').waitFor();
    }

    await page.getByRole('link', { name: 'Log out' }).click();
    await page.getByText('You are not logged in.').waitFor();
    await page.getByRole('link', { name: 'Log in' }).click();
    await isLoginPage(page);
  });

  test(`${name}: a refusal is told in the words of the server`, async (t) => {
    const { page, origin } = await stage(t, name);
    await page.goto(`${origin}/login`);
    await signIn(page, 'alice');
    await deny(page);
    await page.getByRole('alert').getByText('the user denied the request').waitFor();
    await picture(page, `quickstart-${name}-refused`);
    await page.getByRole('link', { name: 'Start over' }).click();
    await page.getByText('You are not logged in.').waitFor();
  });
}
