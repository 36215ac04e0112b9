// Client types, granted scopes, and redirects back to the client.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  allow,
  authorizationRequest,
  codeOf,
  deny,
  intercept,
  isConsentPage,
  isRefusal,
  nativeApplication,
  redeem,
  signIn,
  startBrowser,
  startServer,
  tokensOf,
  userinfo,
  visitor,
} from './support.mjs';

const browser = await startBrowser();

/** The directive `name` of the Content-Security-Policy of `response`. */
function directive(response, name) {
  const policy = response.headers()['content-security-policy'];
  return policy.split(';').map((part) => part.trim()).find((part) => part.startsWith(`${name} `));
}

test('SEC-HDR-01 the policy of the consent page permits the redirect to a native application', async (t) => {
  const server = await startServer(t);
  const app = await nativeApplication(t);
  const { page } = await visitor(t, browser);
  const request = authorizationRequest(server, { client_id: 'demo-native', redirect_uri: app.redirectUri });
  const login = await page.goto(request.url);
  // The client may redirect further, to any address, and browsers apply this policy to those redirects as well.
  assert.equal(directive(login, 'form-action'), "form-action 'self' http: https:");
  const arrival = page.waitForResponse((response) => response.url().includes('/login/consent') && response.status() === 200);
  await signIn(page, 'alice');
  const consent = await arrival;
  assert.equal(directive(consent, 'form-action'), "form-action 'self' http: https:");
  assert.equal(directive(consent, 'frame-ancestors'), "frame-ancestors 'none'");
  assert.match(directive(consent, 'script-src'), /^script-src 'nonce-[\w-]{22}'$/);
  assert.notEqual(directive(consent, 'script-src'), directive(login, 'script-src'), 'a nonce is used once');

  const answer = app.next();
  await allow(page);
  const tokens = await tokensOf(server, request, await answer);
  assert.equal((await userinfo(server, tokens)).body.name, 'Alice Example');
  await page.getByText('Back in the app').waitFor();
});

test('SEC-AUTHZ-05 a denial reaches a native application with state and issuer', async (t) => {
  const server = await startServer(t);
  const app = await nativeApplication(t);
  const { page } = await visitor(t, browser);
  const request = authorizationRequest(server, { client_id: 'demo-native', redirect_uri: app.redirectUri });
  const answer = app.next();
  await page.goto(request.url);
  await signIn(page, 'alice');
  await deny(page);
  isRefusal(server, request, await answer, 'access_denied');
});

test('a web application receives the code at its redirect URI and redeems it with its secret', async (t) => {
  const server = await startServer(t);
  const { page } = await visitor(t, browser);
  const redirectUri = 'https://client.example/cb';
  const { arrived } = await intercept(page, 'https://client.example/*', 'Back at the client');
  const request = authorizationRequest(server, { client_id: 'demo-web', redirect_uri: redirectUri });
  await page.goto(request.url);
  await signIn(page, 'alice');
  await isConsentPage(page);
  assert.match(await page.locator('dl').innerText(), /https:\/\/client\.example/);
  await allow(page);
  await page.getByText('Back at the client').waitFor();
  const { origin, pathname, searchParams } = await arrived;
  assert.equal(origin + pathname, redirectUri);

  const code = codeOf(server, request, searchParams);
  for (const secret of [undefined, 'wrong']) {
    const { status, body } = await redeem(server, request, code, { secret });
    assert.deepEqual([status, body.error], [401, 'invalid_client']);
  }
  await tokensOf(server, request, searchParams, { secret: 'demo-web-secret' });
});

test('scopes withheld on the consent page are not granted, and are requested again', async (t) => {
  const server = await startServer(t);
  const { page } = await visitor(t, browser);
  const scope = 'openid profile email phone';
  const request = () =>
    authorizationRequest(server, { client_id: 'demo-spa', redirect_uri: `${server.demo}/callback`, scope });
  // The demo redeems only codes that it requested, so the responses are inspected here without redeeming them.
  const comes = () =>
    page.waitForRequest((sent) => sent.url().startsWith(`${server.demo}/callback?`)).then((sent) => new URL(sent.url()).searchParams);

  const first = request();
  await page.goto(first.url);
  await signIn(page, 'alice');
  await isConsentPage(page);
  const offered = await page.locator('input[name="allow"]').evaluateAll((boxes) => boxes.map(({ value }) => value));
  assert.deepEqual(offered, ['profile', 'email', 'phone'], 'openid cannot be kept back');
  await page.locator('input[value="email"]').uncheck();
  await page.locator('input[value="phone"]').uncheck();
  let answer = comes();
  await allow(page);
  let tokens = await tokensOf(server, first, await answer);
  assert.equal(tokens.scope, 'openid profile');
  const { body } = await userinfo(server, tokens);
  assert.equal(body.name, 'Alice Example');
  assert.deepEqual(Object.keys(body).filter((claim) => /email|phone/.test(claim)), []);

  const second = request();
  await page.goto(second.url);
  await isConsentPage(page);
  await page.locator('input[value="phone"]').uncheck();
  answer = comes();
  await allow(page);
  tokens = await tokensOf(server, second, await answer);
  assert.equal(tokens.scope, 'openid profile email');
  assert.equal((await userinfo(server, tokens)).body.email, 'alice@example.com');

  const smaller = authorizationRequest(server, { client_id: 'demo-spa', redirect_uri: `${server.demo}/callback`, scope: 'openid email' });
  answer = comes();
  await page.goto(smaller.url);
  assert.equal((await tokensOf(server, smaller, await answer)).scope, 'openid email', 'allowed before, not asked again');
});

test('SEC-AUTHZ-06 the state is returned unchanged', async (t) => {
  const server = await startServer(t);
  const app = await nativeApplication(t);
  const { page } = await visitor(t, browser);
  let first = true;
  for (const state of ['a&b=c+d%20e#f', 'über 🚪 "<>\'', '\\/;:,.?!~*()', 'x'.repeat(1000)]) {
    const request = authorizationRequest(server, { client_id: 'demo-trusted', redirect_uri: app.redirectUri, state });
    const answer = app.next();
    await page.goto(request.url);
    if (first) {
      await signIn(page, 'alice');
      first = false;
    }
    await tokensOf(server, request, await answer);
  }
});

test('SEC-REDIR-20 a page in between drops a fragment, and without one the browser keeps it', async (t) => {
  const server = await startServer(t);
  const app = await nativeApplication(t);
  const { page } = await visitor(t, browser);
  const request = () => authorizationRequest(server, { client_id: 'demo-trusted', redirect_uri: app.redirectUri });
  let answer = app.next();
  await page.goto(`${request().url}#leak`);
  await signIn(page, 'alice');
  await answer;
  await page.getByText('Back in the app').waitFor();
  assert.equal(new URL(page.url()).hash, '');

  // This is browser behavior: a redirect without a fragment inherits the fragment of the request. It contains only what
  // the author of the link put there, so no `#_` is appended to suppress it.
  answer = app.next();
  await page.goto(`${request().url}#leak`);
  await answer;
  await page.getByText('Back in the app').waitFor();
  assert.equal(new URL(page.url()).hash, '#leak');
  assert.ok(new URL(page.url()).searchParams.get('code'));
});

test('SEC-HDR-03 the URLs of the pages are never sent as a referrer', async (t) => {
  const server = await startServer(t);
  const app = await nativeApplication(t, { '/start': '<!doctype html><title>Start</title><link rel="icon" href="data:,"><a href="#">Sign in</a>' });
  const { page, requests } = await visitor(t, browser);
  const request = authorizationRequest(server, { client_id: 'demo-native', redirect_uri: app.redirectUri });
  const answer = app.next();
  await page.goto(request.url);
  await signIn(page, 'alice');
  await allow(page);
  await tokensOf(server, request, await answer);
  assert.equal(app.headers[0].referer, undefined);
  const headers = await Promise.all(requests.filter((sent) => sent.url().startsWith('http')).map((sent) => sent.allHeaders()));
  assert.deepEqual(headers.map(({ referer }) => referer).filter(Boolean), []);
});

/** Starts an application whose page `/start` posts an authorization request. */
async function formOf(t, server, parameters) {
  const pages = {};
  const app = await nativeApplication(t, pages);
  const request = authorizationRequest(server, { client_id: 'demo-trusted', redirect_uri: app.redirectUri, ...parameters });
  const fields = [...new URL(request.url).searchParams]
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`)
    .join('');
  const action = `${server.issuer()}/oauth2/authorize`;
  pages['/start'] =
    `<!doctype html><title>Start</title><link rel="icon" href="data:,"><form method="post" action="${action}">${fields}<button>Go</button></form>`;
  const send = async (page) => {
    await page.goto(`${app.origin}/start`);
    await page.getByRole('button', { name: 'Go' }).click();
  };
  return { app, request, send };
}

test('a cross-site form with an authorization request finds the session, although the browser withholds its cookies', async (t) => {
  const server = await startServer(t);
  const { page } = await visitor(t, browser);
  const first = await formOf(t, server);
  let answer = first.app.next();
  await first.send(page);
  await signIn(page, 'alice');
  await tokensOf(server, first.request, await answer);

  const second = await formOf(t, server);
  answer = second.app.next();
  await second.send(page);
  await tokensOf(server, second.request, await answer);
});

test('SEC-AUTHZ-08 a cross-site form with prompt=none finds the session as well', async (t) => {
  const server = await startServer(t);
  const { page } = await visitor(t, browser);
  const first = await formOf(t, server);
  let answer = first.app.next();
  await first.send(page);
  await signIn(page, 'alice');
  await answer;

  const silent = await formOf(t, server, { prompt: 'none' });
  answer = silent.app.next();
  await silent.send(page);
  await tokensOf(server, silent.request, await answer);
});
