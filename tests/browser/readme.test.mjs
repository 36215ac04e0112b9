// Follows the README as a newcomer would: its commands, unchanged and in order.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { allow, isConsentPage, isLoginPage, passed, signIn, startBrowser, visitor } from './support.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const POSTERN = process.env.POSTERN ?? join(ROOT, 'target/debug/postern');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

const browser = await startBrowser();

/** The command blocks of the README, without list indentation. */
function blocks() {
  const found = README.matchAll(/^( *)```(?:sh|console)\n([\s\S]*?)^\1```$/gm);
  return [...found].map(([, indentation, text]) => text.replaceAll(new RegExp(`^${indentation}`, 'gm'), ''));
}

async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  const { port } = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

/**
 * Opens a terminal in a fresh folder. `cargo run` is replaced by the program built already, and the two ports of the
 * README by free ones.
 */
async function terminal(t) {
  const folder = mkdtempSync(join(tmpdir(), 'postern-readme-'));
  const [port, storePort] = [await freePort(), await freePort()];
  symlinkSync(join(ROOT, 'infra'), join(folder, 'infra'));
  const shim = `#!/bin/sh
test "$1" = run || exit 64
shift; test "$1" = -- && shift
case "$1" in dev|"") test "$1" = dev && shift; exec "${POSTERN}" dev --port ${port} "$@" ;; *) exec "${POSTERN}" "$@" ;; esac
`;
  writeFileSync(join(folder, 'cargo'), shim, { mode: 0o755 });
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  const bash = spawn('bash', { cwd: folder, env, stdio: ['pipe', 'pipe', 'pipe'] });
  t.after(() => {
    bash.kill();
    rmSync(folder, { recursive: true });
  });
  const here = (text) => text.replaceAll('9000', port).replaceAll('8000', storePort);
  let wrong = '';
  bash.stderr.on('data', (data) => (wrong += data));
  const lines = createInterface({ input: bash.stdout });
  /** Runs commands in the same shell and returns their output. */
  const run = (commands) =>
    new Promise((resolve, reject) => {
      const said = [];
      const listen = (line) => {
        const end = /^\u0004(\d+)$/.exec(line);
        if (!end) {
          said.push(line);
          return;
        }
        lines.off('line', listen);
        if (end[1] === '0') {
          resolve(said.join('\n'));
        } else {
          reject(new Error(`${commands}\n${said.join('\n')}\n${wrong}`));
        }
      };
      lines.on('line', listen);
      bash.stdin.write(`${here(commands)}\nprintf '\\n\\004%s\\n' $?\n`);
    });
  /** Starts a server and waits until it reports that it is running. `stop` is Ctrl-C. */
  const start = async (command) => {
    const server = spawn('bash', ['-c', `exec ${here(command)}`], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise((resolve) => server.once('exit', (code, signal) => resolve(code ?? signal)));
    const said = [];
    server.stderr.on('data', (data) => said.push(String(data)));
    const running = new Promise((resolve) =>
      createInterface({ input: server.stdout }).on('line', (line) => {
        said.push(line);
        if (line.startsWith('Press Ctrl-C')) {
          resolve('running');
        }
      }),
    );
    t.after(() => server.kill('SIGKILL'));
    assert.equal(await Promise.race([running, ended]), 'running', `${command}\n${said.join('\n')}`);
    const stop = async () => {
      server.kill('SIGINT');
      assert.equal(await ended, 0, command);
    };
    return { said: said.join('\n'), stop };
  };
  return { url: `http://localhost:${port}`, here, run, start };
}

/** Waits for `phase` of the demo. */
const settled = (page, phase) => page.locator(`html[data-phase="${phase}"]:not([data-busy])`).waitFor();

test('the commands of the README work as described, in order', async (t) => {
  const { url, here, run, start } = await terminal(t);
  const commands = blocks();
  const next = (expected) => {
    const block = commands.shift();
    assert.match(block, expected);
    return block;
  };

  // Two commands. The second one runs the test suite, which `.ci/run` does separately.
  const [command, ...announced] = next(/^\$ cargo run\n/).split('\n');
  let server = await start(command.replace('$ ', ''));
  assert.equal(server.said, here(announced.join('\n')).trim());
  assert.equal(next(/cargo test/), '$ cargo test\n');

  // 1 and 2: a login, and one at an upstream provider.
  const { page } = await visitor(t, browser);
  await page.goto(url);
  await page.getByRole('button', { name: 'Log in with PKCE' }).click();
  await signIn(page, 'alice');
  await allow(page);
  await settled(page, 'done');
  await page.getByRole('link', { name: 'Sign out' }).click();
  await page.getByText('You are signed out, here and at the server.').waitFor();
  await page.getByRole('button', { name: 'Log in with PKCE' }).click();
  await isLoginPage(page);
  await page.getByRole('link', { name: 'Continue with Partner' }).click();
  await signIn(page, 'carol');
  await allow(page);
  await page.getByText('You are signed in as Carol Partner.').waitFor();
  await allow(page);
  await settled(page, 'done');
  assert.match(await page.locator('#greeting').innerText(), /Hello, Carol Partner\./);

  // 3: the discovery document.
  const described = await run(next(/openid-configuration/));
  assert.match(described, new RegExp(`"issuer":"${url}/default/demo"`));
  assert.match(described, /"keys":\[/);

  // 4: a login by hand.
  const address = (await run(next(/code_challenge=\$challenge/))).trim();
  const { page: other } = await visitor(t, browser, { tolerated: /./ });
  const answer = other.waitForRequest(/^http:\/\/127\.0\.0\.1:8123\/callback/);
  await other.goto(address);
  await signIn(other, 'alice');
  await isConsentPage(other);
  await other.getByRole('button', { name: 'Allow' }).click();
  const landed = (await answer).url();
  assert.match(landed, /^http:\/\/127\.0\.0\.1:8123\/callback\?code=[^&]+&state=xyz&iss=/);
  const code = /code=(.*?)&state/.exec(landed)[1];
  const exchange = next(/code=PASTE-IT-HERE/).replace('PASTE-IT-HERE', code);
  assert.match(await run(exchange), /"access_token":/);
  await passed(Math.floor(Date.now() / 1000) + 1);
  assert.match(await run(exchange), /"error":"invalid_grant"/);

  // 5: the store. The first server must be stopped before, as the error message of the second one says.
  const withStore = next(/--store-port/).trim();
  await assert.rejects(start(withStore), /is in use/);
  await server.stop();
  server = await start(withStore);
  const scanned = await run(next(/DynamoDB_20120810\.Scan/));
  assert.match(scanned, /"Items":\[\{/);
  assert.equal(scanned.includes(code), false, 'no code in clear');
  await server.stop();

  // 6: a custom workspace.
  const [copy, check, serve] = next(/cp infra\/cli\/demo/).trim().split('\n');
  await run(copy);
  assert.match(await run(check), /my-workspace\.toml: workspace default\/demo with \d+ clients is in order\./);
  server = await start(serve);
  assert.match(server.said, new RegExp(`Issuer +${url}/default/demo`));
  await server.stop();
  assert.match(await run('cargo run -- schema'), /"additionalProperties": false/);

  // 7 and 8: another public URL, and in-memory storage.
  server = await start(next(/--public-url/).trim());
  assert.match(server.said, /Issuer +https:\/\/something\.example\/default\/demo/);
  await server.stop();
  server = await start(next(/--memory/).trim());
  assert.match(server.said, /State +in memory/);
  await server.stop();
  assert.deepEqual(commands, [], 'every command of the README was run');
});
