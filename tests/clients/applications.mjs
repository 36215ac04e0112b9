// Web applications on servers, as processes on loopback, and a user of theirs without a browser.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { TIMEOUT_MS, UserAgent, formOf } from './support.mjs';

export async function freePort() {
  const listener = createServer().listen(0, 'localhost');
  await once(listener, 'listening');
  const { port } = listener.address();
  listener.close();
  await once(listener, 'close');
  return port;
}

/** Starts an application, and waits until it listens at `port`. */
export async function startApplication(t, [command, ...options], { port, cwd, ...environment }) {
  // A process group of its own, for what it starts itself.
  const child = spawn(command, options, {
    cwd, env: { ...process.env, PORT: String(port), ...environment }, stdio: ['ignore', 'pipe', 'pipe'], detached: true,
  });
  const application = { origin: `http://localhost:${port}`, log: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { application.log += text; });
  const ended = once(child, 'exit');
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
  const deadline = Date.now() + 2 * TIMEOUT_MS;
  while (!await fetch(application.origin, { redirect: 'manual' }).catch(() => undefined)) {
    assert.equal(child.exitCode, null, `the application ended:\n${application.log}`);
    assert.ok(Date.now() < deadline, `the application does not answer:\n${application.log}`);
    await pause(50);
  }
  return application;
}

/** A user of `application`, who goes to the server when it sends them there, and comes back. */
export class Visitor {
  #cookies = new Map();

  constructor(server, application) {
    Object.assign(this, { server, application, agent: new UserAgent(server) });
  }

  /** Opens a path and goes wherever that leads, until a page of the application has nothing to send. */
  async open(path, decision = 'allow') {
    let step = { url: new URL(path, this.application.origin) };
    for (let steps = 0; step.url; steps += 1) {
      assert.ok(steps < 20, `it goes round in circles, at ${step.url}\n${this.application.log}`);
      step = step.url.origin === this.application.origin
        ? await this.#ask(step)
        : { url: await this.agent.authorize(step.url, { decision }) };
    }
    return step.text;
  }

  async #ask({ url, form }) {
    const headers = {
      accept: 'text/html',
      cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
    };
    // Not `fetch`: it says that it is a script, and mod_auth_openidc sends scripts nowhere.
    const [response] = await once(request(url, { method: form ? 'POST' : 'GET', headers }).end(form?.toString()), 'response');
    for (const cookie of response.headers['set-cookie'] ?? []) this.#keep(cookie);
    const text = (await response.setEncoding('utf8').toArray()).join('');
    if (response.headers.location) return { url: new URL(response.headers.location, url) };
    // Auth.js has its user press a button first, and shows it again after a failure.
    if (!text.includes('name="csrfToken"') || url.searchParams.has('error')) return { text };
    const { action, hidden } = formOf(text);
    return { url: new URL(action, url), form: new URLSearchParams(hidden) };
  }

  #keep(cookie) {
    const [, name, value, attributes] = /^([^=]+)=([^;]*)(.*)$/.exec(cookie);
    if (value === '' || /; *max-age=0/i.test(attributes)) this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}
