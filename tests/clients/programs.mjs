// Clients that are separate programs, in other languages.
//
// A program gets the issuer in ISSUER and runs one scenario. For each login it prints `open URL`, or `deny URL` if the
// user should deny the request, and reads the final redirect URL from standard input. It reports problems on standard
// error and fails.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { TIMEOUT_MS, UserAgent } from './support.mjs';

/** Runs `command` and acts as its user. */
export async function run(server, [command, ...options], scenario) {
  const program = spawn(command, [...options, scenario], {
    env: { ...process.env, ISSUER: server.issuer('demo') },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  });
  const ended = once(program, 'close');
  let complaint = '';
  program.stderr.on('data', (text) => { complaint += text; });
  let logins = 0;
  try {
    for await (const line of createInterface({ input: program.stdout })) {
      const [, wish, url] = /^(open|deny) (\S+)$/.exec(line) ?? assert.fail(`not a wish: ${line}\n${complaint}`);
      const decision = wish === 'open' ? 'allow' : 'deny';
      const callback = await new UserAgent(server).authorize(url, { decision });
      program.stdin.write(`${callback}\n`);
      logins += 1;
    }
  } catch (error) {
    // Otherwise it would wait forever for its user.
    program.kill();
    throw error;
  }
  const [code, signal] = await ended;
  assert.equal(code, 0, `${signal ?? code}: ${complaint}`);
  assert.ok(logins > 0, 'it never logged in');
}
