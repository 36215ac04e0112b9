// Shared by the client tests: a server per test file, and a user without a browser.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const BINARY = process.env.POSTERN ?? fileURLToPath(new URL('../../target/debug/postern', import.meta.url));

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** No GPU, no sandbox, and no background traffic. */
export const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

/** The timeout after which anything counts as failed. */
export const TIMEOUT_MS = 20_000;

/**
 * Starts an in-memory server on a free loopback port.
 *
 * @param {string[]} workspaces the texts of workspace files to apply instead of the demo
 * @param {string[]} place options for the port and the public URL
 */
export async function startServer(workspaces = [], place = ['--port', '0']) {
  const folder = await mkdtemp(join(tmpdir(), 'postern-clients-'));
  const files = workspaces.map((_, index) => join(folder, `${index}.toml`));
  await Promise.all(files.map((file, index) => writeFile(file, workspaces[index])));
  const options = files.flatMap((file) => ['--config', file]);
  const server = spawn(BINARY, ['dev', ...place, '--memory', '--json', ...options], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(server, 'exit');
  // No server must survive, whatever happens to the tests.
  const kill = () => server.kill('SIGKILL');
  process.once('exit', kill);
  let log = '';
  server.stderr.on('data', (text) => { log += text; });

  const ready = await Promise.race([
    once(createInterface({ input: server.stdout }), 'line').then(([line]) => JSON.parse(line)),
    ended.then(([code]) => { throw new Error(`the server ended with ${code} before it was ready:\n${log}`); }),
    within(TIMEOUT_MS, () => `the server is not ready:\n${log}`),
  ]);
  return {
    publicUrl: ready.public_url,
    issuer: (workspace) => `${ready.public_url}/default/${workspace}`,
    async stop() {
      server.kill('SIGINT');
      const [code, signal] = await Promise.race([ended, within(TIMEOUT_MS, () => `the server does not stop:\n${log}`)]);
      process.off('exit', kill);
      await rm(folder, { recursive: true });
      if (code !== 0) throw new Error(`the server ended with ${code ?? signal}:\n${log}`);
    },
  };
}

async function within(time, message) {
  await pause(time, undefined, { ref: false });
  throw new Error(message());
}

/** Repeats `attempt` until it returns a value, and returns that. */
export async function eventually(what, attempt) {
  const end = Date.now() + TIMEOUT_MS;
  for (;;) {
    const result = await attempt();
    if (result) return result;
    if (Date.now() > end) throw new Error(`it never came about that ${what}`);
    await pause(50);
  }
}

/**
 * A user without a browser: stores cookies, follows redirects within the server, fills in its forms, and stops at a
 * redirect to another site.
 */
export class UserAgent {
  #origin;
  #cookies = new Map();
  /** The titles of the pages shown, in order. */
  pages = [];

  constructor(server) {
    this.#origin = new URL(server.publicUrl).origin;
  }

  /**
   * Opens the URL of an authorization request and completes its pages.
   *
   * @returns {Promise<URL>} the final redirect
   */
  async authorize(url, { username = 'alice', password = username, decision = 'allow', withhold = [] } = {}) {
    let step = await this.#open(url);
    while (step.html !== undefined) {
      if (this.pages.length > 10) throw new Error(`the pages have no end: ${this.pages}`);
      const form = formOf(step.html);
      const kept = form.hidden.filter(([name, value]) => name !== 'allow' || !withhold.includes(value));
      const answers = form.asks('username') ? [['username', username], ['password', password]] : [];
      if (form.asks('decision')) answers.push(['decision', decision]);
      if (answers.length === 0) throw new Error(`this page leads nowhere:\n${step.html}`);
      step = await this.#open(form.action, new URLSearchParams([...kept, ...answers]));
    }
    return step.elsewhere;
  }

  /**
   * Opens the complete link of a device, confirms its code, and completes the pages.
   *
   * @returns {Promise<string>} the title of the last page
   */
  async connect(url, { username = 'alice', password = username, decision = 'allow' } = {}) {
    const code = new URL(url).searchParams.get('user_code');
    for (let step = await this.#open(url); ;) {
      if (this.pages.length > 10) throw new Error(`the pages have no end: ${this.pages}`);
      if (!step.html.includes('<form ')) return this.pages.at(-1);
      const form = formOf(step.html);
      const answers = { user_code: code, username, password, decision };
      const asked = Object.entries(answers).filter(([name]) => form.asks(name));
      step = await this.#open(form.action, new URLSearchParams([...form.hidden, ...asked]));
    }
  }

  async #open(url, body) {
    let [next, form] = [new URL(url), body];
    while (next.origin === this.#origin) {
      const response = await fetch(next, {
        method: form ? 'POST' : 'GET',
        body: form,
        headers: { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
        redirect: 'manual',
      });
      this.#keep(response.headers.getSetCookie());
      const html = await response.text();
      if (response.status === 200) {
        this.pages.push(/<title>(.*?) – /.exec(html)?.[1] ?? html);
        return { html };
      }
      if (response.status !== 303) throw new Error(`${response.status} at ${next}:\n${html}`);
      [next, form] = [new URL(response.headers.get('location'), next), undefined];
    }
    return { elsewhere: next };
  }

  #keep(cookies) {
    for (const cookie of cookies) {
      const [pair, ...attributes] = cookie.split('; ');
      const at = pair.indexOf('=');
      const name = pair.slice(0, at);
      if (attributes.includes('Max-Age=0')) this.#cookies.delete(name);
      else this.#cookies.set(name, pair.slice(at + 1));
    }
  }
}

/** The first form of a page. `hidden` is what it sends if its user changes nothing: hidden fields, and switches that are on. */
export function formOf(html) {
  const attributes = (tag) =>
    Object.fromEntries([...tag.matchAll(/([a-z-]+)="([^"]*)"/g)].map(([, name, value]) => [name, unescaped(value)]));
  const action = /<form [^>]*>/.exec(html);
  if (!action) throw new Error(`this page has no form:\n${html}`);
  const [inside] = html.slice(action.index).split('</form>');
  const controls = [...inside.matchAll(/<(?:input|button) [^>]*>/g)].map(([tag]) => ({
    ...attributes(tag),
    on: tag.endsWith(' checked>'),
  }));
  return {
    action: attributes(action[0]).action,
    hidden: controls.filter(({ type, on }) => type === 'hidden' || on).map(({ name, value }) => [name, value]),
    asks: (name) => controls.some((control) => control.name === name),
  };
}

function unescaped(text) {
  const named = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replace(/&(?:#(\d+)|([a-z]+));/g, (_, code, name) => (code ? String.fromCodePoint(code) : named[name]));
}
