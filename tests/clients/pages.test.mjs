// Libraries for single-page applications in a real browser, each in a small page of `pages`, with its recipe.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';
import { chromium } from 'playwright-core';

import { recipe } from './recipes.mjs';
import { CHROMIUM, FLAGS, TIMEOUT_MS, startServer } from './support.mjs';

/** What is particular to each; the rest is the same for all. */
const LIBRARIES = {
  'keycloak-js': {},
  'react-oidc-context': { source: 'react-oidc-context.jsx' },
  'angular-oauth2-oidc': {},
  '@axa-fr/oidc-client': { source: 'axa-oidc-client.js' },
  // For it, who was refused is not logged in.
  'oidc-spa': { refusal: 'Nobody is logged in.' },
  // It knows neither refresh tokens nor the logout endpoint.
  'cloudentity-auth-js': { renews: false, keepsSession: true },
};

/** Serves a page at every path, on a free port; its script comes when the issuer is known. */
async function serveSite() {
  const site = { script: '' };
  const html = '<!doctype html><meta charset="utf-8"><title>Notes</title><link rel="icon" href="data:,"><body>'
    + '<script type="module" src="/application.js"></script>';
  const listener = createServer((request, response) => {
    const [type, body] = request.url === '/application.js' ? ['text/javascript', site.script] : ['text/html', html];
    response.writeHead(200, { 'content-type': type }).end(body);
  });
  listener.listen(0, 'localhost');
  await once(listener, 'listening');
  site.port = listener.address().port;
  site.stop = () => {
    listener.closeAllConnections();
    listener.close();
  };
  return site;
}

/** The page with its library, as one script. */
async function bundle(source, issuer) {
  const { outputFiles: [{ text }] } = await build({
    entryPoints: [fileURLToPath(new URL(`pages/${source}`, import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    jsx: 'automatic',
    define: { ISSUER: JSON.stringify(issuer), 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  });
  return text;
}

describe('libraries for single-page applications', { timeout: 6 * TIMEOUT_MS }, () => {
  let browser;
  before(async () => { browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS }); });
  after(() => browser?.close());

  /** A page with the library, and a server that has its recipe. */
  async function opened(t, name) {
    const site = await serveSite();
    t.after(site.stop);
    const server = await startServer([recipe(name, site.port)]);
    t.after(server.stop);
    site.script = await bundle(LIBRARIES[name].source ?? `${name}.js`, server.issuer('notes'));
    const context = await browser.newContext();
    t.after(() => context.close());
    context.setDefaultTimeout(TIMEOUT_MS);
    const page = await context.newPage();
    await page.goto(`http://localhost:${site.port}/`);
    return { page, server, origin: `http://localhost:${site.port}` };
  }

  const press = (page, label) => page.getByRole('button', { name: label, exact: true }).click();

  async function shows(page, text) {
    const seen = () => page.locator('body').innerText();
    await page.getByText(text).waitFor().catch(async () => assert.fail(`${page.url()} shows ${await seen()}`));
  }

  for (const [name, { renews = true, keepsSession = false, refusal = /denied/ }] of Object.entries(LIBRARIES)) {
    test(`${name} is refused, logs in, renews and logs out`, async (t) => {
      const { page, server, origin } = await opened(t, name);
      await press(page, 'Log in');
      await page.getByLabel('Name').fill('alice');
      await page.getByLabel('Password', { exact: true }).fill('alice');
      await press(page, 'Sign in');
      await press(page, 'Deny');
      await shows(page, refusal);
      await page.goto(origin);
      await press(page, 'Log in');
      await press(page, 'Allow');
      await shows(page, 'Hello, Alice Example.');
      if (renews) {
        const renewal = page.waitForResponse((response) => response.url() === `${server.issuer('notes')}/oauth2/token`);
        await press(page, 'Renew');
        assert.equal((await renewal).status(), 200);
        await shows(page, 'Hello, Alice Example.');
      }
      const revocation = keepsSession && page.waitForResponse((response) => response.url().endsWith('/oauth2/revoke'));
      await press(page, 'Log out');
      await shows(page, 'Nobody is logged in.');
      assert.equal(new URL(page.url()).origin, origin);
      if (keepsSession) {
        assert.equal((await revocation).status(), 200);
        return;
      }
      await press(page, 'Log in');
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    });
  }
});
