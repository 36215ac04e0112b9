// Response modes and the account chooser.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  allow,
  codeOf,
  deny,
  isConsentPage,
  isLoginPage,
  isRefusal,
  passed,
  picture,
  redeem,
  signIn,
  stageFor,
  startBrowser,
  tokensOf,
} from './support.mjs';

const browser = await startBrowser();
const stage = stageFor(browser);

async function isAccountPage(page) {
  await page.getByRole('heading', { level: 1, name: 'Choose an account' }).waitFor();
}

test('form_post submits itself', async (t) => {
  const { server, app, page, ask, sent } = await stage(t);
  const state = '"><script>alert(1)</script>&\u{1F600}';
  const request = { ...ask('demo-native', { response_mode: 'form_post', state }), state };
  await page.goto(request.url);
  await signIn(page, 'alice');
  const answer = app.next();
  await allow(page);
  await tokensOf(server, request, await answer);
  await page.getByRole('heading', { name: 'Back in the app' }).waitFor();
  assert.equal(sent('POST', '/callback').length, 1, 'once');
  assert.equal(page.url(), app.redirectUri, 'no response parameter is in the URL');
});

test('errors are posted as well', async (t) => {
  const { server, app, page, ask } = await stage(t);
  const request = ask('demo-native', { response_mode: 'form_post' });
  await page.goto(request.url);
  await signIn(page, 'alice');
  const answer = app.next();
  await deny(page);
  isRefusal(server, request, await answer, 'access_denied');
});

test('without JavaScript, form_post needs a button press', async (t) => {
  const { server, app, page, ask } = await stage(t, { javaScriptEnabled: false });
  const request = ask('demo-native', { response_mode: 'form_post' });
  await page.goto(request.url);
  await signIn(page, 'alice');
  await allow(page);
  await page.getByRole('heading', { level: 1, name: 'Back to the application' }).waitFor();
  await picture(page, 'form-post');
  assert.equal(app.answers.length, 0);
  const answer = app.next();
  await page.getByRole('button', { name: 'Continue' }).click();
  await tokensOf(server, request, await answer);
});

test('a fragment response reaches the page but not its server', async (t) => {
  const { server, app, page, ask } = await stage(t);
  const request = ask('demo-native', { response_mode: 'fragment' });
  await page.goto(request.url);
  await signIn(page, 'alice');
  const arrived = app.next();
  await allow(page);
  assert.equal([...(await arrived).keys()].length, 0, 'the server of the application sees nothing');
  await page.getByRole('heading', { name: 'Back in the app' }).waitFor();
  const answer = new URLSearchParams(new URL(page.url()).hash.slice(1));
  const { status } = await redeem(server, request, codeOf(server, request, answer));
  assert.equal(status, 200);
});

for (const javaScriptEnabled of [true, false]) {
  test(`a user chooses an account ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async (t) => {
    const { server, app, page, ask } = await stage(t, { javaScriptEnabled });
    const first = ask('demo-trusted');
    await page.goto(first.url);
    let answer = app.next();
    await signIn(page, 'alice');
    const alice = await tokensOf(server, first, await answer);
    await passed(alice.claims.iat);

    const again = ask('demo-trusted', { prompt: 'select_account' });
    await page.goto(again.url);
    await isAccountPage(page);
    if (javaScriptEnabled) {
      await picture(page, 'account');
    }
    answer = app.next();
    await page.getByRole('button', { name: 'Continue as Alice Example' }).click();
    assert.equal((await tokensOf(server, again, await answer)).claims.sid, alice.claims.sid);

    const another = ask('demo-trusted', { prompt: 'select_account' });
    await page.goto(another.url);
    await isAccountPage(page);
    await page.getByRole('button', { name: 'Use another account' }).click();
    await isLoginPage(page);
    answer = app.next();
    await signIn(page, 'bob');
    assert.notEqual((await tokensOf(server, another, await answer)).claims.sub, alice.claims.sub);
  });
}

test('claims requested by name are shown to the user', async (t) => {
  const { server, app, page, ask } = await stage(t);
  const claims = JSON.stringify({ id_token: { email: null, phone_number: null, birthdate: null } });
  const request = ask('demo-native', { scope: 'openid', claims });
  await page.goto(request.url);
  await signIn(page, 'alice');
  await isConsentPage(page);
  await page.getByText('See your e-mail address', { exact: true }).waitFor();
  await picture(page, 'claims');
  await page.getByLabel('See your phone number', { exact: true }).uncheck();
  const answer = app.next();
  await allow(page);
  const { claims: told } = await tokensOf(server, request, await answer);
  assert.deepEqual([told.email, told.phone_number], ['alice@example.com', undefined]);
});

test('all switches have the same size, whatever the length of their labels', async (t) => {
  const { page, ask } = await stage(t, { viewport: { width: 360, height: 700 } });
  const claims = JSON.stringify({ userinfo: { phone_number_verified: null, updated_at: null, locale: null } });
  await page.goto(ask('demo-native', { scope: 'openid', claims }).url);
  await signIn(page, 'alice');
  await isConsentPage(page);
  const sizes = await page.getByRole('switch').evaluateAll((boxes) =>
    boxes.map((box) => [box.offsetWidth, box.offsetHeight]),
  );
  assert.deepEqual(sizes, [[44, 24], [44, 24], [44, 24]]);
});
