// Shared by all browser tests: a server per test, a browser, and the client's side of the protocol.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

export const POSTERN = process.env.POSTERN ?? fileURLToPath(new URL('../../target/debug/postern', import.meta.url));
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** No GPU, no sandbox, and no background network traffic. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The timeout for anything on a page; reached only on failure. */
const TIMEOUT_MS = 10_000;

// --- The server ---

/** Starts a server for one test, without any sessions. `options` are added to its command line. */
export async function startServer(t, ...options) {
  const child = spawn(POSTERN, ['dev', '--port', '0', '--memory', '--json', ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = [];
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  const leave = () => child.kill('SIGKILL');
  process.once('exit', leave);
  t.after(async () => {
    child.kill('SIGINT');
    assert.equal(await ended, 0, 'the server stops when it is asked to');
    process.off('exit', leave);
  });
  const spoken = new Promise((resolve) => createInterface({ input: child.stdout }).once('line', resolve));
  const first = await Promise.race([spoken, ended]);
  assert.equal(typeof first === 'string' && first.startsWith('{'), true, `no server: ${first}\n${log.join('\n')}`);
  const { public_url: url, demo } = JSON.parse(first);
  return { url, demo, log, issuer: (workspace = 'demo') => `${url}/default/${workspace}` };
}

// --- The browser ---

/** Starts a browser that lives as long as the test file. */
export async function startBrowser(options = {}) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS, ...options });
  after(() => browser.close());
  return browser;
}

/** Chromium logs this for every error response, expected or not. */
const EXPECTED = /^Failed to load resource/;

/**
 * Opens a separate browser profile. At the end of the test, it must not have seen any console errors other than
 * `tolerated`, nor exceptions, dialogs or policy violations.
 */
export async function visitor(t, browser, { tolerated = EXPECTED, ...options } = {}) {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(TIMEOUT_MS);
  const trouble = [];
  const requests = [];
  await context.exposeBinding('reportViolation', (_source, violation) => trouble.push(`policy: ${violation}`));
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      window.reportViolation(`${violatedDirective} ${blockedURI}`),
    );
  });
  context.on('console', (message) => message.type() === 'error' && trouble.push(`console: ${message.text()}`));
  context.on('weberror', (error) => trouble.push(`exception: ${error.error()}`));
  context.on('dialog', (dialog) => {
    trouble.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  context.on('request', (request) => requests.push(request));
  t.after(async () => {
    await context.close();
    const unexpected = trouble.filter((text) => !tolerated.test(text.replace(/^console: /, '')));
    assert.deepEqual(unexpected, [], 'trouble in the browser');
  });
  const sent = (method, path) =>
    requests.filter((request) => request.method() === method && new URL(request.url()).pathname.endsWith(path));
  return { context, page: await context.newPage(), requests, sent, trouble };
}

/** The cookies of the profile, by name. */
export async function cookies({ context }) {
  return Object.fromEntries((await context.cookies()).map((cookie) => [cookie.name, cookie]));
}

// --- The pages ---

/** Fills in and submits the login form. */
export async function signIn(page, username, password = username) {
  await page.getByLabel('Name').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

export async function isLoginPage(page) {
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
}

export async function isConsentPage(page) {
  await page.getByRole('heading', { level: 1, name: /^Allow .*\?$/ }).waitFor();
}

export async function isDeviceConsentPage(page) {
  await page.getByRole('heading', { level: 1, name: /^Connect .*\?$/ }).waitFor();
}

export async function allow(page) {
  await isConsentPage(page);
  await page.getByRole('button', { name: 'Allow' }).click();
}

export async function deny(page) {
  await isConsentPage(page);
  await page.getByRole('button', { name: 'Deny' }).click();
}

/** Asserts an error page: its status, its text, a trace id, and exactly the links `ways`. */
export async function isErrorPage(page, response, status, explanation, ways = []) {
  assert.equal(response.status(), status);
  assert.equal(response.headers().location, undefined);
  assert.match(response.headers()['content-type'], /^text\/html/);
  await assertErrorPage(page, explanation, ways);
}

export async function assertErrorPage(page, explanation, ways = []) {
  const alert = page.getByRole('alert');
  await alert.waitFor();
  assert.match(await alert.innerText(), explanation);
  assert.match(await page.locator('dd code').innerText(), /^[\w-]{16,}$/, 'a trace id');
  assert.deepEqual(await page.locator('a').allInnerTexts(), ways, 'the ways on');
  assert.equal(await page.locator('form, meta[http-equiv]').count(), 0, 'no other way on');
}

// --- The client ---

export const randomString = () => randomBytes(32).toString('base64url');

/** Builds an authorization request with fresh random values. `parameters` are added; `undefined` removes one. */
export function authorizationRequest(server, { workspace = 'demo', ...parameters }) {
  const [state, nonce, verifier] = [randomString(), randomString(), randomString()];
  const all = {
    response_type: 'code',
    scope: 'openid profile',
    state,
    nonce,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...parameters,
  };
  const url = new URL(`${server.issuer(workspace)}/oauth2/authorize`);
  for (const [name, value] of Object.entries(all)) {
    if (value !== undefined) {
      url.searchParams.set(name, value);
    }
  }
  return { ...all, verifier, workspace, url: url.href };
}

/** A device of the demo that waits for its user: its codes (RFC 8628 §3.2), and `poll` for the response of the token endpoint. */
export async function startDevice(server, scope = 'openid profile') {
  const client_id = 'demo-device';
  const post = (path, form) => fetch(`${server.issuer()}${path}`, { method: 'POST', body: new URLSearchParams({ client_id, ...form }) });
  const asked = await post('/device/authorization', { scope });
  assert.equal(asked.status, 200);
  const codes = await asked.json();
  const poll = async () => {
    const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
    const response = await post('/oauth2/token', { grant_type, device_code: codes.device_code });
    return { status: response.status, body: await response.json() };
  };
  return { ...codes, poll };
}

/** Redeems a code with the verifier of `request`. */
export async function redeem(server, request, code, { secret } = {}) {
  const { client_id, redirect_uri, verifier } = request;
  const form = { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier };
  const headers = {};
  if (secret) {
    headers.Authorization = `Basic ${Buffer.from(`${client_id}:${secret}`).toString('base64')}`;
  } else {
    form.client_id = client_id;
  }
  const response = await fetch(`${server.issuer(request.workspace)}/oauth2/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(form),
  });
  return { status: response.status, body: await response.json() };
}

/** Verifies `answer` and returns its code. */
export function codeOf(server, request, answer) {
  assert.equal(answer.get('error'), null, `error: ${answer}`);
  assert.equal(answer.get('state'), request.state);
  assert.equal(answer.get('iss'), server.issuer(request.workspace));
  assert.ok(answer.get('code'));
  return answer.get('code');
}

/** Asserts that `answer` is the error `error` for `request`, without a code. */
export function isRefusal(server, request, answer, error) {
  assert.equal(answer.get('error'), error);
  assert.equal(answer.get('state'), request.state);
  assert.equal(answer.get('iss'), server.issuer(request.workspace));
  assert.equal(answer.get('code'), null);
}

/** Redeems the code of `answer` and returns the tokens, with the claims of the ID token. */
export async function tokensOf(server, request, answer, options) {
  const { status, body } = await redeem(server, request, codeOf(server, request, answer), options);
  assert.equal(status, 200, JSON.stringify(body));
  const claims = JSON.parse(Buffer.from(body.id_token.split('.')[1], 'base64url'));
  assert.equal(claims.nonce, request.nonce);
  assert.equal([claims.aud].flat()[0], request.client_id);
  return { ...body, claims };
}

export async function userinfo(server, { access_token }) {
  const response = await fetch(`${server.issuer()}/userinfo`, { headers: { Authorization: `Bearer ${access_token}` } });
  return { status: response.status, body: await response.json() };
}

/**
 * A native application on this machine: listens on its own port and receives the responses at `/callback`. `pages` are
 * served in addition.
 */
export async function nativeApplication(t, pages = {}) {
  const answers = [];
  const waiting = [];
  const headers = [];
  const listener = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://127.0.0.1');
    const posted = (await request.setEncoding('utf8').toArray()).join('');
    headers.push(request.headers);
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    if (url.pathname === '/callback') {
      const take = waiting.shift();
      const answer = request.method === 'POST' ? new URLSearchParams(posted) : url.searchParams;
      answers.push(answer);
      take?.(answer);
      response.end('<!doctype html><html lang="en"><title>App</title><link rel="icon" href="data:,"><h1>Back in the app</h1>');
    } else if (Object.hasOwn(pages, url.pathname)) {
      response.end(pages[url.pathname]);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    listener.closeAllConnections();
    listener.close();
  });
  const origin = `http://127.0.0.1:${listener.address().port}`;
  /** Returns a promise of the next response; call it before navigating. */
  const next = () =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no answer came to the application')), TIMEOUT_MS);
      waiting.push((answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  return { origin, redirectUri: `${origin}/callback`, answers, headers, next };
}

/**
 * Intercepts the next request of `page` for `urlPattern`, including one caused by a redirect, which `page.route` does
 * not see. The page gets `words` as its response; the URL is returned.
 */
export async function intercept(page, urlPattern, words) {
  const protocol = await page.context().newCDPSession(page);
  await protocol.send('Fetch.enable', { patterns: [{ urlPattern }] });
  const html = `<!doctype html><title>${words}</title><link rel="icon" href="data:,"><h1>${words}</h1>`;
  const arrived = new Promise((resolve) => {
    protocol.once('Fetch.requestPaused', async ({ requestId, request }) => {
      await protocol.send('Fetch.fulfillRequest', {
        requestId,
        responseCode: 200,
        responseHeaders: [{ name: 'Content-Type', value: 'text/html' }],
        body: Buffer.from(html).toString('base64'),
      });
      await protocol.detach();
      resolve(new URL(request.url));
    });
  });
  return { arrived };
}

/** The result of a click: `address` once the browser requests it, or the policy that blocks it. */
export async function leadsTo(page, address, click) {
  const arrival = page.waitForRequest((sent) => sent.url().startsWith(address)).then((sent) => new URL(sent.url()));
  const blocked = page.waitForEvent('console', (message) => /Content Security Policy/.test(message.text()));
  arrival.catch(() => {});
  blocked.catch(() => {});
  await click();
  const outcome = await Promise.race([arrival, blocked]);
  assert.ok(outcome instanceof URL, `held back: ${outcome instanceof URL ? '' : outcome.text()}`);
  return outcome.searchParams;
}

/** Waits until the system clock, which the server shares, has passed the second `time`. */
export async function passed(time) {
  while (Math.floor(Date.now() / 1000) <= time) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits for the beginning of a second, so that immediate actions fall into the same second. */
export async function aSecondBegins() {
  while (Date.now() % 1000 > 150) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

// --- All of it together ---

/**
 * The usual setup of a test: a server with the options `server`, an application, and a visitor with `browser` and all
 * other options. `ask` builds an authorization request of a client whose responses the application receives.
 */
export const stageFor = (browser) => async (t, { server: serverOptions = [], ...options } = {}) => {
  const server = await startServer(t, ...serverOptions);
  const app = await nativeApplication(t);
  const guest = await visitor(t, browser, options);
  const ask = (client_id, parameters) =>
    authorizationRequest(server, { client_id, redirect_uri: app.redirectUri, ...parameters });
  return { server, app, ask, ...guest };
};

/** The folder for screenshots of the pages, for manual review. Without it, none are taken. */
const PICTURES = process.env.PICTURES;

/** Takes wide and narrow screenshots of a page. */
export async function picture(page, name, colorSchemes = ['light', 'dark']) {
  if (!PICTURES) {
    return;
  }
  mkdirSync(PICTURES, { recursive: true });
  for (const colorScheme of colorSchemes) {
    await page.emulateMedia({ colorScheme });
    for (const [width, height] of [[1280, 800], [390, 844]]) {
      await page.setViewportSize({ width, height });
      await page.screenshot({ path: `${PICTURES}/${name}-${colorScheme}-${width}.png`, fullPage: !name.startsWith('demo') });
    }
  }
  await page.setViewportSize({ width: 1280, height: 720 });
}
