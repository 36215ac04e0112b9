// The choice of an identity source: by address, by hint, remembered, and another after one that failed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import {
  allow,
  cookies,
  deny,
  isConsentPage,
  isLoginPage,
  isRefusal,
  signIn,
  stageFor,
  startBrowser,
  tokensOf,
} from './support.mjs';

const browser = await startBrowser();
const workspace = (name) => fileURLToPath(new URL(`workspaces/${name}.toml`, import.meta.url));
const server = ['--config', workspace('sources'), '--config', workspace('staff')];

/** The usual setup, with requests to the workspace that has several sources. */
async function stage(t, options = {}) {
  const guest = await stageFor(browser)(t, { server, ...options });
  const ask = (parameters) => guest.ask('sources', { workspace: 'sources', scope: 'openid', ...parameters });
  return { ...guest, ask };
}

const providers = (page) => page.locator('a.button').allInnerTexts();

/** Logs ada in at the provider, to which the browser has gone or is going, and allows both requests. */
async function logInAtStaff({ page, app }) {
  await page.waitForURL(/\/default\/staff\/login/);
  await signIn(page, 'ada');
  await isConsentPage(page);
  if (page.url().includes('/default/staff/')) {
    await allow(page);
    await page.waitForURL(/\/default\/sources\/login\/consent/);
  }
  const answer = app.next();
  await allow(page);
  return answer;
}

for (const javaScriptEnabled of [true, false]) {
  test(`an address leads to the provider of its domain, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async (t) => {
    const guest = await stage(t, { javaScriptEnabled });
    const { server, page, ask } = guest;
    const request = ask();
    await page.goto(request.url);
    await isLoginPage(page);
    assert.equal(await page.getByLabel('Password').count(), 0, 'the address comes first');
    assert.deepEqual(await providers(page), ['Continue with Google', 'Continue with Staff']);
    await page.getByLabel('Email address or name').fill('ada@staff.example');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL(/\/default\/staff\/login/);
    assert.equal(await page.getByLabel('Name').inputValue(), 'ada@staff.example', 'the provider knows the address');
    await tokensOf(server, request, await logInAtStaff(guest));
  });
}

test('an address without a provider leads to the list, and nothing tells who has an account', async (t) => {
  const { page, ask } = await stage(t);
  const seen = [];
  for (const address of ['ada@other.example', 'nobody@other.example']) {
    await page.goto(ask().url);
    await page.getByLabel('Email address or name').fill(address);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL((url) => url.pathname.endsWith('/login') && url.search === '');
    await isLoginPage(page);
    seen.push(await page.locator('main').innerText());
    assert.deepEqual(await providers(page), ['Continue with Google', 'Continue with Staff']);
    assert.equal(await page.getByLabel('Email address or name').count(), 0);
  }
  assert.equal(seen[0], seen[1]);
});

test('the source that was used last is listed first in this browser', async (t) => {
  const guest = await stage(t);
  const { server, page, context, ask } = guest;
  const request = ask();
  await page.goto(request.url);
  await page.getByRole('link', { name: 'Continue with Staff' }).click();
  await tokensOf(server, request, await logInAtStaff(guest));
  const { 'source.default.sources': source } = await cookies(guest);
  assert.deepEqual([source.value, source.httpOnly, source.sameSite], ['staff', true, 'Lax']);
  await context.clearCookies({ name: 'session.default.sources' });
  await page.goto(ask().url);
  assert.deepEqual(await providers(page), ['Continue with Staff\nUsed last', 'Continue with Google']);
  await page.goto(ask({ ui_locales: 'de' }).url);
  assert.deepEqual(await providers(page), ['Weiter mit Personal\nZuletzt benutzt', 'Weiter mit Google']);
});

test('idp_hint leads to a provider, even one that is not listed', async (t) => {
  const guest = await stage(t);
  const { server, page, ask } = guest;
  const request = ask({ idp_hint: 'lab' });
  await page.goto(request.url);
  await tokensOf(server, request, await logInAtStaff(guest));
});

test('SEC-UP-06 a user who turns back at a provider can choose another, or go back to the application', async (t) => {
  const guest = await stage(t);
  const { server, page, app, ask } = guest;
  const request = ask({ idp_hint: 'staff' });
  await page.goto(request.url);
  await page.waitForURL(/\/default\/staff\/login/);
  await signIn(page, 'ada');
  await deny(page);
  await page.getByRole('alert').waitFor();
  assert.match(await page.getByRole('alert').innerText(), /did not sign in with the other provider/);
  assert.equal(app.answers.length, 0, 'the login goes on');
  const callback = page.url();
  await page.getByRole('link', { name: 'Choose another way to sign in' }).click();
  await isLoginPage(page);
  assert.deepEqual(await providers(page), ['Continue with Google', 'Continue with Staff']);
  const answer = app.next();
  await page.getByRole('link', { name: 'Back to Sources' }).click();
  isRefusal(server, request, await answer, 'access_denied');
  assert.match(callback, /\/callback\/staff/);
});
