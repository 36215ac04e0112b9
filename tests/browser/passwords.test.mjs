// Users of a pool: an operator creates them, and they log in with a password.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, stage as poolStage } from './pool.mjs';
import { cookies, startBrowser, tokensOf } from './support.mjs';

const browser = await startBrowser();

const stage = (t, options) => poolStage(t, browser, options);

async function submit(page, name, password) {
  await page.getByLabel('E-mail address').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

for (const javaScriptEnabled of [true, false]) {
  test(`a user of a pool logs in ${javaScriptEnabled ? 'with' : 'without'} JavaScript, and is out once disabled`, async (t) => {
    const { server, users, app, ask, page, context } = await stage(t, { javaScriptEnabled });
    const request = ask();
    await page.goto(request.url);
    await submit(page, 'alice@example.com', 'not the password');
    assert.match(await page.getByRole('alert').innerText(), /E-mail address and password do not match/);
    assert.equal(await page.getByLabel('E-mail address').inputValue(), 'alice@example.com');
    assert.equal(await page.getByLabel('Password', { exact: true }).inputValue(), '');
    await submit(page, 'ALICE@example.com', PASSWORD);
    const answer = app.next();
    await page.getByRole('button', { name: 'Allow' }).click();
    const tokens = await tokensOf(server, request, await answer);
    assert.equal(tokens.claims.amr[0], 'pwd');
    const known = (await cookies({ context }))['known.default.demo'];
    assert.ok(known.httpOnly && known.expires > Date.now() / 1000 + 100 * 86_400, 'the browser is known from now on');
    users('', 'disable', 'alice@example.com');
    await page.goto(ask().url);
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  });
}

test('the password can be shown, and is hidden again when it is sent', async (t) => {
  const { ask, page } = await stage(t);
  await page.goto(ask().url);
  const field = page.locator('#password');
  await field.fill(PASSWORD);
  await page.getByLabel('Show password').check();
  assert.equal(await field.getAttribute('type'), 'text');
  await page.getByLabel('Show password').uncheck();
  assert.equal(await field.getAttribute('type'), 'password');
  await page.getByLabel('Show password').check();
  await page.evaluate(() => {
    document.forms[0].addEventListener('submit', () => sessionStorage.setItem('sent', document.getElementById('password').type));
  });
  await submit(page, 'alice@example.com', PASSWORD);
  await page.getByRole('heading', { level: 1, name: /^Allow/ }).waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.getItem('sent')), 'password');
});

test('after ten wrong passwords the page says how long to wait', async (t) => {
  const { ask, page } = await stage(t);
  await page.goto(ask().url);
  for (let number = 0; number < 10; number += 1) {
    await submit(page, 'alice@example.com', `wrong password ${number}`);
    await page.getByRole('alert').getByText('do not match').waitFor();
  }
  const response = page.waitForResponse((response) => response.request().method() === 'POST');
  await submit(page, 'alice@example.com', PASSWORD);
  assert.equal((await response).status(), 429);
  assert.match(await page.getByRole('alert').innerText(), /Try again in (30|29|28) seconds/);
});
