// A new password by mail: with the code in the browser that asked for it, and with the link in another one.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, stage as poolStage } from './pool.mjs';
import { startBrowser, tokensOf, visitor } from './support.mjs';

const browser = await startBrowser();

const [FORMER, NEW] = [PASSWORD, 'seven grey otters paint'];

const MAIL = '[mail]\nfrom = "no-reply@notes.example"\n\n';

async function stage(t, options) {
  const { ask: requestOf, ...there } = await poolStage(t, browser, options, MAIL);
  return { ...there, request: requestOf() };
}

/** Asks for a code at the login page of the request. */
async function ask(page, request) {
  await page.goto(request.url);
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  await page.getByLabel('E-mail address').fill('Alice@example.com');
  await page.getByRole('button', { name: 'Send code' }).click();
  await page.getByLabel('Code from the message').waitFor();
}

/** The text of the latest message, as the mailbox shows it. */
async function latest(t, server) {
  const { page } = await visitor(t, browser);
  for (let tries = 0; ; tries += 1) {
    await page.goto(`${server.url}/dev/mail`);
    const first = page.locator('ol a').first();
    if ((await first.count()) > 0) {
      await first.click();
      return { page, text: await page.locator('#text').innerText() };
    }
    assert.ok(tries < 50, 'a message arrives');
    await page.waitForTimeout(100);
  }
}

for (const javaScriptEnabled of [true, false]) {
  test(`a code from the mail sets a new password, ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async (t) => {
    const { server, app, request, page } = await stage(t, { javaScriptEnabled });
    await ask(page, request);
    assert.match(await page.getByRole('status').innerText(), /If there is an account for Alice@example\.com/);
    const { text } = await latest(t, server);
    const [code] = text.match(/\d{4} \d{4}/);
    await page.getByLabel('Code from the message').fill(code);
    await page.getByLabel('New password').fill('short');
    await page.getByRole('button', { name: 'Save password' }).click();
    assert.match(await page.getByRole('alert').innerText(), /too short/);
    assert.equal(await page.getByLabel('New password').inputValue(), '');
    await page.getByLabel('New password').fill(NEW);
    await page.getByRole('button', { name: 'Save password' }).click();
    const answer = app.next();
    await page.getByRole('button', { name: 'Allow' }).click();
    const tokens = await tokensOf(server, request, await answer);
    assert.equal(tokens.claims.amr[0], 'pwd');
  });
}

test('a link from the mail works in another browser, once, and shows what to do then', async (t) => {
  const { server, request, page } = await stage(t);
  await ask(page, request);
  const { page: mail } = await latest(t, server);
  const url = await mail.locator('#link').getAttribute('href');
  const { page: other } = await visitor(t, browser);
  await other.goto(url);
  await other.getByLabel('New password').fill(NEW);
  await other.getByRole('button', { name: 'Save password' }).click();
  await other.getByRole('heading', { name: 'Your password is changed' }).waitFor();
  await other.goto(url);
  await other.getByLabel('New password').fill(NEW);
  await other.getByRole('button', { name: 'Save password' }).click();
  assert.match(await other.getByRole('alert').innerText(), /not valid/);
  // The browser that asked goes back and signs in.
  await page.getByRole('link', { name: 'Back to sign-in' }).click();
  await page.getByLabel('E-mail address').fill('alice@example.com');
  await page.getByLabel('Password', { exact: true }).fill(NEW);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Allow' }).waitFor();
});

test('the mailbox shows a message as HTML in a frame that runs nothing, and is for this machine only', async (t) => {
  const { server, request, page } = await stage(t);
  await ask(page, request);
  const { page: mail } = await latest(t, server);
  const frame = mail.frameLocator('iframe');
  await frame.getByRole('link', { name: 'Set a new password' }).waitFor();
  const framed = await fetch(`${mail.url()}/html`);
  assert.match(framed.headers.get('content-security-policy'), /^sandbox .*default-src 'none'/);
  const proxied = await fetch(`${server.url}/dev/mail`, { headers: { 'x-forwarded-for': '192.0.2.1' } });
  assert.equal(proxied.status, 403);
});
