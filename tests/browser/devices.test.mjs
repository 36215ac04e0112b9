// Connecting a device (RFC 8628): its user types a code, or opens a link, and decides.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isDeviceConsentPage, isLoginPage, signIn, stageFor, startBrowser, startDevice, userinfo } from './support.mjs';

const browser = await startBrowser();
const stage = stageFor(browser);

const problem = (page) => page.getByRole('alert').innerText();

async function enter(page, code) {
  await page.getByLabel('Code').fill(code);
  await page.getByRole('button', { name: 'Continue' }).click();
}

for (const javaScriptEnabled of [true, false]) {
  test(`a device is connected ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async (t) => {
    const { server, page } = await stage(t, { javaScriptEnabled });
    const device = await startDevice(server, 'openid profile email');
    await page.goto(device.verification_uri);
    await enter(page, device.user_code.toLowerCase().replace('-', ' '));
    await isLoginPage(page);
    await signIn(page, 'alice');
    await isDeviceConsentPage(page);
    assert.match(await page.locator('#warning').innerText(), new RegExp(device.user_code));
    assert.match(await page.locator('main').innerText(), /Demo \(device\)[\s\S]*seconds? ago/);
    assert.equal((await device.poll()).body.error, 'authorization_pending');
    await page.locator('input[value="email"]').uncheck();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: 'Your device is connected' }).waitFor();
    const { status, body } = await device.poll();
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body.scope, 'openid profile', 'the e-mail address was kept back');
    assert.equal((await userinfo(server, body)).body.name, 'Alice Example');
  });
}

test('a link fills in the code and does nothing else, and deny is what Enter presses', async (t) => {
  const { server, page } = await stage(t);
  const device = await startDevice(server);
  await page.goto(device.verification_uri_complete);
  assert.equal(await page.getByLabel('Code').inputValue(), device.user_code);
  await page.getByRole('button', { name: 'Continue' }).click();
  await signIn(page, 'alice');
  await isDeviceConsentPage(page);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'deny');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Denied' }).waitFor();
  assert.equal((await device.poll()).body.error, 'access_denied');
});

test('a code that leads nowhere is told after the login, and can be entered again', async (t) => {
  const { server, page } = await stage(t);
  const device = await startDevice(server);
  await page.goto(device.verification_uri);
  await enter(page, 'hello');
  assert.match(await problem(page), /no device waiting with this code/);
  await enter(page, 'BBBB-BBBB');
  await isLoginPage(page);
  await signIn(page, 'alice');
  assert.match(await problem(page), /no device waiting with this code/);
  await enter(page, device.user_code);
  await isDeviceConsentPage(page);
  await page.goBack();
  await page.goForward();
  await isDeviceConsentPage(page);
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.getByRole('heading', { name: 'Your device is connected' }).waitFor();
  await page.goBack();
  assert.equal((await device.poll()).status, 200);
});
