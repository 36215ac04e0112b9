// Runs the application against a real server, with a user who allows or denies.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { TIMEOUT_MS, UserAgent, eventually, startServer } from '../../tests/clients/support.mjs';

describe('a terminal application', () => {
  let server;
  before(async () => { server = await startServer(); });
  after(() => server?.stop());

  /** Runs the application for a user who makes this decision, and returns its output and status. */
  async function run(decision) {
    const program = spawn(process.execPath, [fileURLToPath(new URL('device.mjs', import.meta.url))], {
      env: { ...process.env, ISSUER: server.issuer('demo') },
      timeout: TIMEOUT_MS,
    });
    const ended = once(program, 'close');
    let [output, complaint] = ['', ''];
    program.stdout.on('data', (text) => { output += text; });
    program.stderr.on('data', (text) => { complaint += text; });
    const [, page, code] = await eventually('it shows a code', () => /open (\S+) and enter the code (\S+)\./.exec(output));
    await new UserAgent(server).connect(`${page}?user_code=${code}`, { decision });
    const [status] = await ended;
    return { output, complaint, status };
  }

  test('shows a QR code and signs its user in', async () => {
    const { output, complaint, status } = await run('allow');
    assert.deepEqual([status, complaint], [0, '']);
    assert.match(output, /█/);
    assert.match(output, /Signed in as Alice Example\./);
    assert.match(output, /lasts 600 seconds/);
  });

  test('says that its user denied', async () => {
    const { output, complaint, status } = await run('deny');
    assert.deepEqual([status, complaint.trim()], [1, 'You denied the sign-in.']);
    assert.doesNotMatch(output, /Signed in/);
  });
});
