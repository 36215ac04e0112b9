// The account page: without JavaScript, in two browsers.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  allow,
  authorizationRequest,
  isConsentPage,
  isLoginPage,
  nativeApplication,
  picture,
  signIn,
  startBrowser,
  startServer,
  tokensOf,
  userinfo,
  visitor,
} from './support.mjs';

const browser = await startBrowser();
const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/604.1';

/** Opens the account page and logs in on the way. */
async function account(page, server) {
  await page.goto(`${server.issuer()}/account`);
  await isLoginPage(page);
  await signIn(page, 'alice');
  await page.locator('h1', { hasText: 'Your account' }).waitFor();
}

test('SEC-SESS-11 SEC-AUTHZ-17 a user ends another session and withdraws an application, without JavaScript', async (t) => {
  const server = await startServer(t);
  const app = await nativeApplication(t);
  const here = await visitor(t, browser, { javaScriptEnabled: false });
  const phone = await visitor(t, browser, { javaScriptEnabled: false, userAgent: PHONE });
  await account(phone.page, server);

  const request = authorizationRequest(server, { client_id: 'demo-native', redirect_uri: app.redirectUri });
  const answer = app.next();
  await here.page.goto(request.url);
  await signIn(here.page, 'alice');
  await isConsentPage(here.page);
  const [popup] = await Promise.all([here.context.waitForEvent('page'), here.page.click('#account')]);
  await popup.locator('h1', { hasText: 'Your account' }).waitFor();
  await popup.close();
  await allow(here.page);
  const tokens = await tokensOf(server, request, await answer);

  await here.page.goto(`${server.issuer()}/account`);
  await picture(here.page, 'account');
  const sessions = here.page.locator('#sessions > li');
  assert.equal(await sessions.count(), 2);
  assert.match(await sessions.nth(1).innerText(), /Safari on iOS/);
  await sessions.nth(1).locator('button').click();
  await here.page.locator('#done', { hasText: 'You are signed out there.' }).waitFor();
  assert.equal(await sessions.count(), 1);
  await phone.page.goto(`${server.issuer()}/account`);
  await isLoginPage(phone.page);

  assert.equal((await userinfo(server, tokens)).status, 200);
  await here.page.locator('#applications button').click();
  await here.page.locator('#done', { hasText: 'no longer has access' }).waitFor();
  assert.equal(await here.page.locator('#applications').count(), 0);
  assert.equal((await userinfo(server, tokens)).status, 401);
});
