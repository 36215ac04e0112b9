// Logging in at an upstream provider.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  allow,
  assertErrorPage,
  cookies,
  deny,
  intercept,
  isConsentPage,
  isErrorPage,
  isLoginPage,
  isRefusal,
  leadsTo,
  signIn,
  stageFor,
  startBrowser,
  tokensOf,
  userinfo,
  visitor,
} from './support.mjs';

const browser = await startBrowser();
const stage = stageFor(browser);

/** Opens the login page for `request` and follows its link to the partner. */
async function toPartner(page, request) {
  await page.goto(request.url);
  await page.getByRole('link', { name: 'Continue with Partner' }).click();
  await page.waitForURL(/\/default\/partner\/login/);
  await isLoginPage(page);
}

/** The callback URL with the partner's response. */
const callbackOf = ({ sent }) => sent('GET', '/default/demo/callback/partner').at(-1).url();

test('a login at the partner leads to the consent page, and userinfo has the name', async (t) => {
  const guest = await stage(t);
  const { server, app, page, ask } = guest;
  const request = ask('demo-native', { scope: 'openid profile email' });
  await toPartner(page, request);
  assert.match(await page.locator('main').innerText(), /to continue to Postern demo/);
  await signIn(page, 'carol');
  await isConsentPage(page);
  assert.match(page.url(), /\/default\/partner\/login\/consent/);
  await allow(page);
  await page.waitForURL(/\/default\/demo\/login\/consent/);
  assert.match(await page.locator('main').innerText(), /signed in as Carol Partner/);
  const answer = app.next();
  await allow(page);
  const tokens = await tokensOf(server, request, await answer);
  assert.deepEqual(tokens.claims.amr, ['fed']);
  const { body } = await userinfo(server, tokens);
  assert.deepEqual([body.name, body.email], ['Carol Partner', 'carol@partner.example']);
  const jar = Object.keys(await cookies(guest));
  assert.ok(jar.includes('session.default.demo'));
  assert.deepEqual(jar.filter((name) => name.startsWith('upstream')), [], 'the transaction is over');

  const again = ask('demo-trusted', { prompt: 'none' });
  const silent = app.next();
  await page.goto(again.url);
  assert.equal((await tokensOf(server, again, await silent)).claims.sub, tokens.claims.sub);
});

test('SEC-HDR-01 a login at the partner can redirect on to a trusted client', async (t) => {
  const { server, app, page, ask } = await stage(t);
  const request = ask('demo-trusted');
  await toPartner(page, request);
  await signIn(page, 'carol');
  await isConsentPage(page);
  // The partner's policy covers its own redirect URI. It cannot know where its client redirects to next.
  const answer = await leadsTo(page, app.redirectUri, () => allow(page));
  assert.equal((await userinfo(server, await tokensOf(server, request, answer))).body.name, 'Carol Partner');
});

test('SEC-UP-01 a response of the partner is accepted once, and a replay logs nobody in', async (t) => {
  const guest = await stage(t);
  const { server, page, context, app, ask } = guest;
  const request = ask('demo-native');
  await toPartner(page, request);
  await signIn(page, 'carol');
  await allow(page);
  await page.waitForURL(/\/default\/demo\/login\/consent/);
  const answer = app.next();
  await allow(page);
  await tokensOf(server, request, await answer);
  const callback = callbackOf(guest);
  await context.clearCookies({ name: 'session.default.demo' });
  const response = await page.goto(callback);
  await isErrorPage(page, response, 400, /does not belong to a sign-in/);
  assert.equal('session.default.demo' in (await cookies(guest)), false);
  assert.equal(app.answers.length, 1);
});

test('SEC-UP-01 a response of the partner is rejected in another browser', async (t) => {
  const guest = await stage(t);
  const { page, app, ask } = guest;
  await toPartner(page, ask('demo-native'));
  await signIn(page, 'carol');
  await isConsentPage(page);
  const { arrived } = await intercept(page, '*/default/demo/callback/partner*', 'Caught');
  await allow(page);
  const callback = (await arrived).href;
  await page.getByText('Caught').waitFor();

  const other = await visitor(t, browser);
  const response = await other.page.goto(callback);
  await isErrorPage(other.page, response, 400, /does not belong to a sign-in/);
  assert.deepEqual(Object.keys(await cookies(other)), []);
  // The original browser can still finish.
  await page.goto(callback);
  await page.waitForURL(/\/default\/demo\/login\/consent/);
  assert.equal(app.answers.length, 0);
});

test('SEC-UP-06 a denial at the partner leaves the other source, and a way back with access_denied', async (t) => {
  const guest = await stage(t);
  const { server, page, app, ask } = guest;
  const request = ask('demo-native');
  await toPartner(page, request);
  await signIn(page, 'carol');
  await isConsentPage(page);
  await deny(page);
  await assertErrorPage(page, /did not sign in with the other provider/, [
    'Choose another way to sign in',
    'Back to Demo (native application)',
  ]);
  const back = page.getByRole('link', { name: /^Back to/ });
  isRefusal(server, request, await leadsTo(page, app.redirectUri, () => back.click()), 'access_denied');
  const jar = Object.keys(await cookies(guest));
  assert.deepEqual(jar.filter((name) => /^(upstream|session\.default\.demo)/.test(name)), []);
});

test('SEC-XSS-02 forged error texts in the name of the partner are not shown', async (t) => {
  const { server, page } = await stage(t);
  const response = await page.goto(
    `${server.issuer()}/callback/partner?state=x&error=x&error_description=${encodeURIComponent('<b>call +1 555 0199</b>')}`,
  );
  await isErrorPage(page, response, 400, /does not belong to a sign-in/);
  assert.doesNotMatch(await page.content(), /555/);
});

test('SEC-UP-07 the same user name at two providers means two users', async (t) => {
  const { server, page, context, app, ask } = await stage(t);
  const subjects = [];
  for (const way of ['here', 'partner']) {
    await context.clearCookies();
    const request = ask('demo-native', { scope: 'openid profile' });
    if (way === 'partner') {
      await toPartner(page, request);
      await signIn(page, 'alice');
      await allow(page);
      await page.waitForURL(/\/default\/demo\/login\/consent/);
    } else {
      await page.goto(request.url);
      await signIn(page, 'alice');
    }
    const answer = app.next();
    await allow(page);
    subjects.push((await tokensOf(server, request, await answer)).claims.sub);
  }
  assert.notEqual(subjects[0], subjects[1]);
});
