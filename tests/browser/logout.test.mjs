// Signing out in a browser: initiated by the client or by the user, and its effect on other tabs.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  allow,
  codeOf,
  cookies,
  isConsentPage,
  isLoginPage,
  isRefusal,
  nativeApplication,
  signIn,
  stageFor,
  startBrowser,
  tokensOf,
} from './support.mjs';

const browser = await startBrowser();

async function stage(t, options) {
  const guest = await stageFor(browser)(t, options);
  const logout = (parameters = {}) => `${guest.server.issuer()}/oidc/logout?${new URLSearchParams(parameters)}`;
  return { ...guest, logout };
}

/** Logs in at the client that needs no consent, and returns the tokens. */
async function logIn({ server, app, ask, page }, username = 'alice') {
  const request = ask('demo-trusted');
  const answer = app.next();
  await page.goto(request.url);
  await signIn(page, username);
  return tokensOf(server, request, await answer);
}

/** Returns the response to a silent renewal in `page`. */
async function silently({ app, ask }, page) {
  const request = ask('demo-trusted', { prompt: 'none' });
  const answer = app.next();
  await page.goto(request.url);
  return { request, answer: await answer };
}

const isLoggedIn = async (guest, page) => {
  const { request, answer } = await silently(guest, page);
  codeOf(guest.server, request, answer);
};

const isLoggedOut = async (guest, page) => {
  const { request, answer } = await silently(guest, page);
  isRefusal(guest.server, request, answer, 'login_required');
};

/** The demo after a login. */
async function demo({ server, page }) {
  await page.goto(server.demo);
  await page.locator('#login').click();
  await signIn(page, 'alice');
  await allow(page);
  await page.locator('html[data-phase="done"]:not([data-busy])').waitFor();
}

test('the demo signs its user out at the server, and every other tab notices', async (t) => {
  const guest = await stage(t);
  const { page, context, ask, server } = guest;
  await demo(guest);
  const [second, third] = [await context.newPage(), await context.newPage()];
  await second.goto(ask('demo-native').url);
  await isConsentPage(second);
  await third.goto(server.demo);
  await third.locator('#login').click();
  await third.locator('html[data-phase="done"]:not([data-busy])').waitFor();

  await page.getByRole('link', { name: 'Sign out' }).click();
  await page.getByText('You are signed out, here and at the server.').waitFor();
  assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, '/demo');
  assert.equal((await cookies(guest))['session.default.demo'], undefined);
  assert.equal(await page.locator('#login').isVisible(), true);

  await second.getByRole('button', { name: 'Allow' }).click();
  await isLoginPage(second);
  await third.locator('#renew').click();
  await third.getByText('You are no longer logged in at the server').first().waitFor();
});

for (const javaScriptEnabled of [true, false]) {
  test(`SEC-LOGOUT-01 a link alone signs nobody out, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async (t) => {
    const guest = await stage(t, { javaScriptEnabled });
    const { page, logout } = guest;
    await logIn(guest);
    await page.goto(logout({ client_id: 'demo-trusted' }));
    await page.getByText('You are signed in as Alice Example.').waitFor();
    await page.getByRole('button', { name: 'Stay signed in' }).click();
    await page.getByRole('heading', { name: 'You are still signed in' }).waitFor();
    await isLoggedIn(guest, page);

    await page.goto(logout());
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    await isLoggedOut(guest, page);
  });
}

test('SEC-LOGOUT-01 no technique of another site signs a user out', async (t) => {
  const guest = await stage(t, { tolerated: /.*/ });
  const { page, context, server, logout } = guest;
  const tokens = await logIn(guest);
  const form = `<form method="post" action="${server.issuer()}/oidc/logout"><input name="decision" value="sign-out"></form>`;
  const evil = await nativeApplication(t, {
    '/evil': `<!doctype html><title>evil</title><img src="${logout()}"><iframe src="${logout()}"></iframe>${form}`,
  });
  const other = await context.newPage();
  await other.goto(new URL('/evil', evil.redirectUri).href);
  await other.evaluate((url) => fetch(url, { mode: 'no-cors', credentials: 'include' }).catch(() => {}), logout());
  await other.evaluate(() => document.forms[0].submit());
  await other.getByRole('heading', { name: 'Sign out?' }).waitFor();
  await isLoggedIn(guest, page);
  assert.ok(tokens);
});

test('a hint for this session skips confirmation, even in a cross-site form', async (t) => {
  const guest = await stage(t);
  const { page, server } = guest;
  const tokens = await logIn(guest);
  const form =
    `<form method="post" action="${server.issuer()}/oidc/logout">` +
    `<input name="id_token_hint" value="${tokens.id_token}"></form>`;
  const app = await nativeApplication(t, { '/app': `<!doctype html><title>app</title>${form}` });
  await page.goto(new URL('/app', app.redirectUri).href);
  await page.evaluate(() => document.forms[0].submit());
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
  await isLoggedOut(guest, page);
});
