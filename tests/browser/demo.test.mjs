// The demo, as a first-time user sees it.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { allow, cookies, deny, isConsentPage, isLoginPage, passed, signIn, startBrowser, startServer, visitor } from './support.mjs';

const browser = await startBrowser();

async function open(t) {
  const server = await startServer(t);
  const guest = await visitor(t, browser);
  await guest.page.goto(server.demo);
  return { server, ...guest };
}

/** Waits until the demo is in `phase` and idle. */
async function settled(page, phase) {
  await page.locator(`html[data-phase="${phase}"]:not([data-busy])`).waitFor();
}

async function logIn(page, username = 'alice') {
  await page.locator('#login').click();
  await signIn(page, username);
  await allow(page);
  await settled(page, 'done');
}

async function failedChecks(page) {
  return page.locator('[data-check]:not([data-ok="true"])').allInnerTexts();
}

const textOf = (page, selector) => page.locator(selector).innerText();

test('a login takes ten steps, and every check of every token passes', async (t) => {
  const { server, page, context, requests } = await open(t);
  await logIn(page);

  const states = await page.locator('.steps [data-step]').evaluateAll((cards) =>
    cards.filter(({ dataset }) => /^\d+$/.test(dataset.step)).map(({ dataset }) => dataset.state),
  );
  assert.deepEqual(states, Array(10).fill('done'));
  assert.deepEqual(await failedChecks(page), []);
  assert.ok((await page.locator('[data-check]').count()) >= 12);
  assert.match(await textOf(page, '#greeting'), /Hello, Alice Example\./);
  assert.match(await textOf(page, '#step-10'), /A night train to Lisbon/);

  assert.equal(page.url(), server.demo, 'the code is not in the address bar');
  assert.equal(await page.evaluate(() => sessionStorage.length + localStorage.length), 0, 'nothing is left in the stores');
  assert.equal(await page.evaluate(() => document.cookie), '', 'no script can read a cookie');
  const origins = new Set(requests.map((request) => request.url()).filter((url) => !url.startsWith('data:')).map((url) => new URL(url).origin));
  assert.deepEqual([...origins], [server.url], 'nobody else was asked for anything');
  assert.equal(context.pages().length, 1);
});

test('a request can be pushed first, and the address bar gets a reference', async (t) => {
  const { server, page, sent } = await open(t);
  const answers = [];
  // The page is left right after the response, and with it the body goes.
  await page.route('**/par', async (route) => {
    const response = await route.fetch();
    answers.push(await response.json());
    await route.fulfill({ response });
  });
  await page.locator('#push').check();
  await logIn(page);
  const [push] = sent('POST', '/par');
  const pushed = Object.fromEntries(new URLSearchParams(push.postData()));
  const [{ request_uri }] = answers;
  const [authorization] = sent('GET', '/oauth2/authorize').map((request) => new URL(request.url()));
  assert.deepEqual(Object.fromEntries(authorization.searchParams), { client_id: 'demo-spa', request_uri });
  await page.locator('#step-3 summary').first().click();
  assert.deepEqual(await shownIn(page, '#step-3 details'), pushed);
  assert.deepEqual(await shownIn(page, '#step-3 [data-slot] > .rows'), { client_id: 'demo-spa', request_uri });
  assert.match(await textOf(page, '#greeting'), /Hello, Alice Example\./);
  assert.equal(page.url(), server.demo);
});

/** The names and values shown in the rows of a card, or of a part of it. */
const shownIn = (page, selector) =>
  page.locator(`${selector} [data-name]`).evaluateAll((rows) =>
    Object.fromEntries(rows.map((row) => [row.dataset.name, row.querySelector('.value').textContent])),
  );

/** Formats values like the demo does; tokens are abbreviated. */
const written = (values) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return [name, ['access_token', 'id_token'].includes(name) ? `${text.slice(0, 18)} … ${text.slice(-10)}` : text];
    }),
  );

const contentOf = (page, selector) => page.locator(selector).textContent();

test('each of the ten steps shows the actual requests and responses', async (t) => {
  const { server, page, sent } = await open(t);
  const answerTo = (path) => page.waitForResponse((response) => new URL(response.url()).pathname.endsWith(path));
  const [exchanged, served, described] = ['/oauth2/token', '/demo/api/offers', '/userinfo'].map(answerTo);
  await logIn(page);
  const [tokens, offers, profile] = await Promise.all([exchanged, served, described].map(async (answer) => (await answer).json()));
  const [authorization] = sent('GET', '/oauth2/authorize').map((request) => new URL(request.url()));
  const asked = Object.fromEntries(authorization.searchParams);
  const [callback] = sent('GET', '/demo/callback').map((request) => Object.fromEntries(new URL(request.url()).searchParams));
  const [exchange] = sent('POST', '/oauth2/token');
  const form = Object.fromEntries(new URLSearchParams(exchange.postData()));
  const metadata = await (await fetch(`${server.issuer()}/.well-known/openid-configuration`)).json();
  const decoded = (token) => token.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));

  // 1: the application and its server.
  const { client_id, issuer, ...endpoints } = await shownIn(page, '#step-1');
  assert.deepEqual({ client_id, issuer }, { client_id: 'demo-spa', issuer: server.issuer() });
  assert.equal(Object.keys(endpoints).length, 6);
  assert.deepEqual(endpoints, written(Object.fromEntries(Object.keys(endpoints).map((name) => [name, metadata[name]]))));

  // 2: from the verifier to the challenge.
  const rung = (kind) => contentOf(page, `#step-2 [data-rung="${kind}"] .value`);
  assert.equal(await rung('verifier'), form.code_verifier);
  const digest = createHash('sha256').update(form.code_verifier).digest();
  assert.equal((await rung('digest')).trim().replaceAll(' ', ''), digest.toString('hex'));
  assert.equal(await rung('challenge'), digest.toString('base64url'));

  // 3: the authorization request.
  assert.equal(asked.code_challenge, digest.toString('base64url'));
  assert.deepEqual(await shownIn(page, '#step-3'), asked);
  assert.equal(await contentOf(page, '#step-3 .line code'), metadata.authorization_endpoint);
  assert.equal(await contentOf(page, '#step-3 .raw'), authorization.href);

  // 4 and 5: the login page, and the login.
  const login = await sent('GET', '/oauth2/authorize')[0].response();
  assert.equal(await contentOf(page, '#step-4 .line b'), String(login.status()));
  assert.ok(sent('GET', '/login').length > 0);
  const [idHeader, idClaims] = decoded(tokens.id_token);
  const loggedIn = new Date(idClaims.auth_time * 1000);
  const spoken = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
  assert.ok((await contentOf(page, '#step-5 .note b')).startsWith(spoken.format(loggedIn)));
  assert.equal(await contentOf(page, '#step-5 .note code'), [idClaims.amr].flat().join(', '));

  // 6: the answer, 7: the token request, 8: the comparison.
  assert.deepEqual(await shownIn(page, '#step-6'), callback);
  assert.deepEqual([callback.state, callback.iss], [asked.state, server.issuer()]);
  assert.deepEqual(await shownIn(page, '#step-7'), form);
  assert.equal(form.code, callback.code);
  assert.equal(await contentOf(page, '#step-7 .line code'), exchange.url());
  const compared = await page.locator('#step-8 .comparison .value').allTextContents();
  assert.deepEqual(compared, [asked.code_challenge, asked.code_challenge]);

  // 9: the tokens.
  const [accessHeader, accessClaims] = decoded(tokens.access_token);
  const answer = await page.locator('#step-9 [data-slot] > .rows').evaluate((rows) =>
    Object.fromEntries([...rows.children].map((row) => [row.dataset.name, row.querySelector('.value').textContent])),
  );
  assert.deepEqual(answer, written(tokens));
  for (const [name, token, header, claims] of [
    ['id', tokens.id_token, idHeader, idClaims],
    ['access', tokens.access_token, accessHeader, accessClaims],
  ]) {
    assert.deepEqual(await shownIn(page, `[data-token="${name}"]`), written({ ...header, ...claims }), name);
    assert.equal(await contentOf(page, `[data-token="${name}"] .raw`), token);
  }
  assert.equal(idClaims.nonce, asked.nonce);

  // 10: the API, and userinfo.
  assert.equal(await page.locator('#step-10 .line code').first().textContent(), `${server.url}/demo/api/offers`);
  assert.equal(await contentOf(page, '#step-10 .note [data-value="token"]'), `${tokens.access_token.slice(0, 18)} …`);
  assert.deepEqual(await shownIn(page, '#step-10'), written({ ...offers.validated, ...profile }));
  assert.deepEqual(
    await page.locator('#step-10 .offers li').allTextContents(),
    offers.offers.map(({ id, title }) => `${title} ${id}`),
  );
  for (const card of await page.locator('.steps').allTextContents()) {
    assert.doesNotMatch(card, /\[object|undefined|NaN|Invalid Date/);
  }
});

test('a wrong password is reported, the user name is kept, and the next attempt works', async (t) => {
  const { page } = await open(t);
  await page.locator('#login').click();
  await signIn(page, 'alice', 'wrong');

  const alert = page.getByRole('alert');
  assert.match(await alert.innerText(), /do not match/);
  assert.equal(await page.getByLabel('Name').inputValue(), 'alice');
  assert.equal(await page.getByLabel('Password').inputValue(), '');
  const focused = await page.evaluate(() => document.activeElement.id);
  assert.equal(focused, 'password');
  for (const label of ['Name', 'Password']) {
    assert.equal(await page.getByLabel(label).getAttribute('aria-describedby'), await alert.getAttribute('id'));
  }
  assert.ok(!(await page.content()).includes('wrong'), 'the password does not come back');

  await page.getByLabel('Password').fill('alice');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await allow(page);
  await settled(page, 'done');
});

test('after a denial the user learns that nothing happened', async (t) => {
  const { server, page } = await open(t);
  await page.locator('#login').click();
  await signIn(page, 'bob');
  await deny(page);
  await settled(page, 'error');

  assert.equal(await page.locator('#error-panel').getAttribute('data-kind'), 'denied');
  assert.match(await textOf(page, '#error-panel'), /access_denied/);
  assert.equal(await page.locator('#step-5').getAttribute('data-state'), 'error');
  assert.equal(page.url(), server.demo);
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
});

test('the second login is single sign-on without a page', async (t) => {
  const { page, sent } = await open(t);
  await logIn(page);
  await page.locator('#start-over').click();
  await settled(page, 'start');
  const pages = sent('GET', '/login').length + sent('GET', '/login/consent').length;
  await page.locator('#login').click();
  await settled(page, 'done');
  assert.equal(sent('GET', '/login').length + sent('GET', '/login/consent').length, pages);
  assert.deepEqual(await failedChecks(page), []);
});

test('tokens are renewed without a page, and the API is called again', async (t) => {
  const { page } = await open(t);
  await logIn(page);
  await page.locator('#renew').click();
  await settled(page, 'done');
  assert.equal(await page.locator('#renewal').getAttribute('data-state'), 'done');
  const [jti, , authTime] = await page.locator('#renewal tbody tr').evaluateAll((rows) =>
    rows.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.innerText)),
  );
  assert.notEqual(jti[0], jti[1], 'another token');
  assert.equal(authTime[0], authTime[1], 'the same login');
  await page.locator('#call-api').click();
  await settled(page, 'done');
  assert.match(await textOf(page, '#status'), /The API answered/);
  assert.deepEqual(await failedChecks(page), []);
});

test('without a session silent renewal returns login_required', async (t) => {
  const { page, context } = await open(t);
  await logIn(page);
  await context.clearCookies();
  await page.locator('#renew').click();
  await settled(page, 'error');
  assert.match(await textOf(page, '#error-panel'), /login_required/);
});

test('a replayed code is refused and revokes the tokens of its first use', async (t) => {
  const { page } = await open(t);
  await logIn(page);
  // For half a second, a second use counts as the client's own retry (SEC-CODE-13).
  await passed(Math.floor((Date.now() + 500) / 1000));
  await page.locator('#replay').click();
  await settled(page, 'done');
  assert.equal(await page.locator('#replay-result').getAttribute('data-outcome'), 'refused');
  assert.match(await textOf(page, '#replay-result'), /invalid_grant/);
  assert.equal(await page.locator('#replay-result [data-status]').getAttribute('data-status'), '401');
});

test('a stolen code is useless without its verifier, and its owner can still redeem it', async (t) => {
  const { page } = await open(t);
  await logIn(page);
  await page.locator('#wrong-verifier').click();
  await settled(page, 'done');
  assert.equal(await page.locator('#wrong-verifier-result').getAttribute('data-outcome'), 'refused');
  assert.match(await textOf(page, '#wrong-verifier-result'), /invalid_grant/);
  assert.equal(await page.locator('#wrong-verifier-result [data-check="right_verifier"]').getAttribute('data-ok'), 'true');
});

test('a request without a challenge is refused', async (t) => {
  const { page } = await open(t);
  await logIn(page);
  await page.locator('#no-challenge').click();
  await settled(page, 'done');
  assert.equal(await page.locator('#no-challenge-result').getAttribute('data-outcome'), 'refused');
  assert.match(await textOf(page, '#no-challenge-result'), /invalid_request/);
});

test('a revoked token is refused by the server at once', async (t) => {
  const { page } = await open(t);
  await logIn(page);
  await page.locator('#revoke').click();
  await settled(page, 'done');
  const statuses = await page.locator('#revocation [data-status]').evaluateAll((cells) => cells.map(({ dataset }) => dataset.status));
  assert.deepEqual(statuses, ['200', '401', '200', '200'], 'userinfo before and after, API before and after');
  await page.locator('#renew').click();
  await settled(page, 'done');
  assert.match(await textOf(page, '#status'), /Renewed/);
});

test('a scope that the user withholds affects the API only', async (t) => {
  const { page } = await open(t);
  await page.locator('#login').click();
  await signIn(page, 'bob');
  await isConsentPage(page);
  await page.locator('input[value="offers.read"]').uncheck();
  await allow(page);
  await settled(page, 'error');
  assert.match(await textOf(page, '#error-panel'), /insufficient_scope/);
  assert.equal(await page.locator('#step-9').getAttribute('data-state'), 'done');
});

test('a response that this tab did not request is ignored', async (t) => {
  const { server, page, sent } = await open(t);
  await page.goto(`${server.demo}/callback?code=stolen&state=x&iss=${server.issuer()}`);
  await settled(page, 'error');
  assert.equal(await page.locator('#error-panel').getAttribute('data-kind'), 'stray');
  assert.equal(sent('POST', '/token').length, 0);
  assert.equal(page.url(), server.demo);
});

test('going back from the login page leaves the demo unchanged', async (t) => {
  const { page } = await open(t);
  await page.locator('#login').click();
  await isLoginPage(page);
  await page.goBack();
  await settled(page, 'start');
  await logIn(page);
  assert.ok('session.default.demo' in (await cookies({ context: page.context() })));
});
