// Single sign-on, remembered consent, prompt, max_age, and several tabs.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  aSecondBegins,
  allow,
  authorizationRequest,
  codeOf,
  cookies,
  isConsentPage,
  isLoginPage,
  isRefusal,
  nativeApplication,
  passed,
  signIn,
  stageFor,
  startBrowser,
  startServer,
  tokensOf,
  userinfo,
  visitor,
} from './support.mjs';

const browser = await startBrowser();
const stage = stageFor(browser);

/** Logs in at the client that needs no consent, and returns the tokens. */
async function logIn({ server, app, ask, page }, username = 'alice') {
  const request = ask('demo-trusted');
  const answer = app.next();
  await page.goto(request.url);
  await signIn(page, username);
  return tokensOf(server, request, await answer);
}

/** Sends an authorization request and expects to return to the application without seeing a page. */
async function withoutAPage({ app, page, requests }, request) {
  const before = requests.length;
  const answer = app.next();
  await page.goto(request.url);
  const taken = await answer;
  const pages = requests.slice(before).filter((sent) => new URL(sent.url()).pathname.includes('/login'));
  assert.equal(pages.length, 0, 'a page was shown');
  return taken;
}

test('SEC-SESS-01 cookies are inaccessible to scripts and other sites', async (t) => {
  const guest = await stage(t);
  await logIn(guest);
  const all = await cookies(guest);
  assert.deepEqual(Object.keys(all), ['session.default.demo'], 'an interaction takes its cookie with it');
  for (const cookie of Object.values(all)) {
    const { httpOnly, sameSite, secure, path, domain, expires } = cookie;
    // Over plain HTTP, which is for local development only, there is no `Secure` and no `__Host-`.
    assert.deepEqual(
      { httpOnly, sameSite, secure, path, domain, expires },
      { httpOnly: true, sameSite: 'Lax', secure: false, path: '/', domain: 'localhost', expires: -1 },
    );
  }
});

test('SEC-SESS-03 each login creates a new session and ends the previous one', async (t) => {
  const guest = await stage(t);
  const { context, page, ask, app, server } = guest;
  await context.addCookies([{ name: 'session.default.demo', value: 'planted', url: server.url }]);
  await logIn(guest);
  const first = (await cookies(guest))['session.default.demo'];
  assert.notEqual(first.value, 'planted');

  const answer = app.next();
  await page.goto(ask('demo-trusted', { prompt: 'login' }).url);
  await isLoginPage(page);
  await passed((Date.now() / 1000) | 0);
  await signIn(page, 'alice');
  await answer;
  assert.notEqual((await cookies(guest))['session.default.demo'].value, first.value);

  await context.clearCookies();
  await context.addCookies([first]);
  const silent = ask('demo-trusted', { prompt: 'none' });
  isRefusal(server, silent, await withoutAPage(guest, silent), 'login_required');
});

test('SEC-AUTHZ-10 a login as another user ends the previous session', async (t) => {
  const guest = await stage(t);
  const { page, ask, app, server } = guest;
  const alice = await logIn(guest);
  await passed(alice.claims.auth_time);
  const request = ask('demo-trusted', { prompt: 'login', scope: 'openid profile' });
  const answer = app.next();
  await page.goto(request.url);
  await signIn(page, 'bob');
  const bob = await tokensOf(server, request, await answer);
  assert.notEqual(bob.claims.sub, alice.claims.sub);
  assert.equal((await userinfo(server, bob)).body.name, 'Bob Example');
});

test('SEC-AUTHZ-12 a native client needs consent every time, a trusted one never', async (t) => {
  const guest = await stage(t);
  const { page, ask, app, server } = guest;
  for (const round of ['first', 'second']) {
    const request = ask('demo-native');
    const answer = app.next();
    await page.goto(request.url);
    if (round === 'first') {
      await signIn(page, 'alice');
    }
    await isConsentPage(page);
    assert.match(await page.locator('main').innerText(), /Demo \(native application\)/);
    await allow(page);
    await tokensOf(server, request, await answer);
  }
  const trusted = ask('demo-trusted');
  await tokensOf(server, trusted, await withoutAPage(guest, trusted));
});

test('SEC-AUTHZ-08 prompt=none shows no page: login_required without a session, consent_required without consent', async (t) => {
  const guest = await stage(t);
  const { ask, server } = guest;
  const stranger = ask('demo-trusted', { prompt: 'none' });
  isRefusal(server, stranger, await withoutAPage(guest, stranger), 'login_required');
  await logIn(guest);
  const unasked = ask('demo-native', { prompt: 'none' });
  isRefusal(server, unasked, await withoutAPage(guest, unasked), 'consent_required');
  const known = ask('demo-trusted', { prompt: 'none' });
  await tokensOf(server, known, await withoutAPage(guest, known));
  const torn = ask('demo-trusted', { prompt: 'none login' });
  isRefusal(server, torn, await withoutAPage(guest, torn), 'invalid_request');
});

test('SEC-AUTHZ-09 prompt=login forces a login despite a session, with a newer auth_time', async (t) => {
  const guest = await stage(t);
  const { page, ask, app, server } = guest;
  const before = await logIn(guest);
  await passed(before.claims.auth_time);
  const request = ask('demo-trusted', { prompt: 'login' });
  const answer = app.next();
  await page.goto(request.url);
  await isLoginPage(page);
  assert.equal(app.answers.length, 1);
  await signIn(page, 'alice');
  const again = await tokensOf(server, request, await answer);
  assert.ok(again.claims.auth_time > before.claims.auth_time);
  assert.equal(again.claims.sub, before.claims.sub);
});

test('SEC-AUTHZ-09 prompt=login forces a login even within the same second as the previous one', async (t) => {
  const guest = await stage(t);
  const { page, ask, app } = guest;
  const first = ask('demo-trusted');
  await page.goto(first.url);
  await isLoginPage(page);
  const answer = app.next();
  await aSecondBegins();
  const second = (Date.now() / 1000) | 0;
  await signIn(page, 'alice');
  await answer;
  await page.goto(ask('demo-trusted', { prompt: 'login' }).url);
  if (((Date.now() / 1000) | 0) > second) {
    t.skip('this machine is too slow to do both in one second');
    return;
  }
  await isLoginPage(page);
  assert.equal(app.answers.length, 1);
});

test('SEC-AUTHZ-09 max_age forces a login only if the last one is older', async (t) => {
  const guest = await stage(t);
  const { page, ask, app, server } = guest;
  const before = await logIn(guest);
  const patient = ask('demo-trusted', { max_age: '3600' });
  const spared = await tokensOf(server, patient, await withoutAPage(guest, patient));
  assert.equal(spared.claims.auth_time, before.claims.auth_time);

  await passed(before.claims.auth_time + 1);
  const strict = ask('demo-trusted', { max_age: '1' });
  const answer = app.next();
  await page.goto(strict.url);
  await signIn(page, 'alice');
  const again = await tokensOf(server, strict, await answer);
  assert.ok(again.claims.auth_time > before.claims.auth_time);

  await page.goto(ask('demo-trusted', { max_age: '0' }).url);
  await isLoginPage(page);
});

test('SEC-SESS-07 two tabs with two clients do not interfere', async (t) => {
  const guest = await stage(t);
  const { context, page: tab, ask, app, server } = guest;
  const otherApp = await nativeApplication(t);
  const otherTab = await context.newPage();
  const request = ask('demo-native', { scope: 'openid profile email' });
  const otherRequest = ask('demo-trusted', { redirect_uri: otherApp.redirectUri, scope: 'openid' });

  await tab.goto(request.url);
  await isLoginPage(tab);
  await otherTab.goto(otherRequest.url);
  await isLoginPage(otherTab);
  assert.match(await tab.locator('main').innerText(), /native application/);
  assert.match(await otherTab.locator('main').innerText(), /trusted/);

  await signIn(tab, 'alice');
  await isConsentPage(tab);
  const otherAnswer = otherApp.next();
  await signIn(otherTab, 'alice');
  const other = await tokensOf(server, otherRequest, await otherAnswer);
  const answer = app.next();
  await allow(tab);
  const own = await tokensOf(server, request, await answer);

  assert.equal(own.scope, 'openid profile email');
  assert.equal(other.scope, 'openid');
  assert.deepEqual([app.answers.length, otherApp.answers.length], [1, 1]);
});

test('SEC-SESS-07 two tabs opened at once in a new browser can both finish', async (t) => {
  const guest = await stage(t);
  const { context, page: tab, ask, app, server } = guest;
  const otherTab = await context.newPage();
  const [request, otherRequest] = [ask('demo-trusted'), ask('demo-trusted')];
  // Both requests are sent before either response sets its cookie.
  const [login, otherLogin] = await Promise.all([request, otherRequest].map(({ url }) => fetch(url, { redirect: 'manual' })));
  for (const response of [login, otherLogin]) {
    const [name, value] = response.headers.getSetCookie()[0].split(';')[0].split('=');
    await context.addCookies([{ name, value, url: server.url, httpOnly: true, sameSite: 'Lax' }]);
  }
  for (const [at, { headers }] of [[tab, login], [otherTab, otherLogin]]) {
    const page = await at.goto(headers.get('location'));
    assert.equal(page.status(), 200, 'the login page, and not “begun in another browser”');
  }
  for (const [at, asked] of [[tab, request], [otherTab, otherRequest]]) {
    const answer = app.next();
    await signIn(at, 'alice');
    await tokensOf(server, asked, await answer);
  }
});

test('SEC-AUTHZ-14 a consent page shown to one user gives no consent for another', async (t) => {
  const guest = await stage(t);
  const { context, page: tab, ask, app, server } = guest;
  const request = ask('demo-native');
  await tab.goto(request.url);
  await signIn(tab, 'alice');
  await isConsentPage(tab);
  assert.match(await tab.locator('main').innerText(), /signed in as Alice Example/);

  // Meanwhile, another user logs in in a second tab.
  const otherTab = await context.newPage();
  const otherAnswer = app.next();
  await passed((Date.now() / 1000) | 0);
  await otherTab.goto(ask('demo-trusted', { prompt: 'login' }).url);
  await signIn(otherTab, 'bob');
  await otherAnswer;

  const leave = tab.waitForEvent('framenavigated');
  await allow(tab);
  await leave;
  await tab.waitForLoadState();
  const last = app.answers.at(1);
  if (last) {
    const tokens = await tokensOf(server, request, last);
    const { body } = await userinfo(server, tokens);
    assert.notEqual(body.name, 'Bob Example', 'Bob was never asked');
  }
});

test('SEC-AUTHZ-15 a denied request cannot be allowed by going back', async (t) => {
  const { page, ask, app, server } = await stage(t);
  const request = ask('demo-native');
  const answer = app.next();
  await page.goto(request.url);
  await signIn(page, 'alice');
  await isConsentPage(page);
  await page.getByRole('button', { name: 'Deny' }).click();
  isRefusal(server, request, await answer, 'access_denied');
  await page.getByText('Back in the app').waitFor();
  const response = await page.goBack();
  assert.equal(response.status(), 400);
  assert.match(await page.getByRole('alert').innerText(), /already been completed/);
  assert.equal(app.answers.length, 1);
});

test('going back after the end shows that the sign-in is completed', async (t) => {
  const { page, ask, app, server } = await stage(t);
  const request = ask('demo-native');
  const answer = app.next();
  await page.goto(request.url);
  await signIn(page, 'alice');
  await allow(page);
  const code = codeOf(server, request, await answer);
  await page.getByText('Back in the app').waitFor();
  for (const step of ['the consent page', 'the login page']) {
    const response = await page.goBack();
    assert.equal(response.status(), 400, step);
    assert.match(await page.getByRole('alert').innerText(), /already been completed/, step);
  }
  assert.equal(app.answers.length, 1);
  assert.ok(code);
});

test('a page restored from the back/forward cache cannot be submitted a second time', async (t) => {
  const keeping = await startBrowser({ ignoreDefaultArgs: ['--disable-back-forward-cache'] });
  const server = await startServer(t);
  const app = await nativeApplication(t);
  const { page } = await visitor(t, keeping);
  const request = authorizationRequest(server, { client_id: 'demo-native', redirect_uri: app.redirectUri });
  const answer = app.next();
  await page.goto(request.url);
  await signIn(page, 'alice');
  await allow(page);
  await tokensOf(server, request, await answer);
  await page.getByText('Back in the app').waitFor();
  await page.goBack({ waitUntil: 'commit' });
  const completed = page.getByText('already been completed');
  const kept = page.getByRole('button', { name: 'Allow' });
  await completed.or(kept).waitFor();
  if (await kept.isVisible()) {
    await kept.click();
  }
  await completed.waitFor();
  assert.equal(app.answers.length, 1);
});

test('double clicks on “Sign in” and “Allow” yield one redirect with one working code', async (t) => {
  const { page, ask, app, server, sent } = await stage(t);
  const request = ask('demo-native');
  const answer = app.next();
  await page.goto(request.url);
  await page.getByLabel('Name').fill('alice');
  await page.getByLabel('Password', { exact: true }).fill('alice');
  await page.getByRole('button', { name: 'Sign in' }).dblclick();
  await isConsentPage(page);
  await page.getByRole('button', { name: 'Allow' }).dblclick();
  await tokensOf(server, request, await answer);
  await page.getByText('Back in the app').waitFor();
  assert.equal(app.answers.length, 1);
  assert.equal(sent('POST', '/login').length, 1);
  assert.equal(sent('POST', '/login/consent').length, 1);
});

test('login and consent pages can be reloaded, even after a wrong password', async (t) => {
  const { page, ask, app, server } = await stage(t);
  const request = ask('demo-native');
  await page.goto(request.url);
  await page.reload();
  await isLoginPage(page);
  await signIn(page, 'alice', 'wrong');
  await page.getByRole('alert').waitFor();
  await page.reload();
  await page.getByRole('alert').waitFor();
  await isLoginPage(page);
  await signIn(page, 'alice');
  await isConsentPage(page);
  await page.reload();
  const answer = app.next();
  await allow(page);
  await tokensOf(server, request, await answer);
});

test('going back from the consent page shows the login page, which still works', async (t) => {
  const { page, ask, app, server } = await stage(t);
  const request = ask('demo-native');
  await page.goto(request.url);
  await signIn(page, 'alice');
  await isConsentPage(page);
  await page.goBack();
  await isLoginPage(page);
  await signIn(page, 'bob');
  await isConsentPage(page);
  assert.match(await page.locator('main').innerText(), /signed in as Bob Example/);
  const answer = app.next();
  await allow(page);
  const tokens = await tokensOf(server, request, await answer);
  assert.equal((await userinfo(server, tokens)).body.name, 'Bob Example');
});
