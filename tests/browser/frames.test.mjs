// What another site can show of our pages in a frame: nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { authorizationRequest, nativeApplication, signIn, startBrowser, startServer, visitor } from './support.mjs';

const browser = await startBrowser();

test('SEC-HDR-02 no page appears in a frame of another site', async (t) => {
  const server = await startServer(t);
  const request = (app) => authorizationRequest(server, { client_id: 'demo-native', redirect_uri: app.redirectUri }).url;
  const pages = {};
  const app = await nativeApplication(t, pages);
  const targets = [request(app), ...['/account', '/device', '/oidc/logout', '/login?interaction=x'].map((path) => server.issuer() + path)];
  const frame = (url, at) => `<iframe id="frame-${at}" src="${url.replaceAll('&', '&amp;')}"></iframe>`;
  pages['/evil'] = `<!doctype html><html lang="en"><title>evil</title>${targets.map(frame).join('')}`;
  // Each refusal to show a frame is an error on the console.
  const guest = await visitor(t, browser, { tolerated: /^(Failed to load resource|Refused to frame|Framing)/ });
  await guest.page.goto(`${server.issuer()}/account`);
  await signIn(guest.page, 'alice');
  await guest.page.locator('h1', { hasText: 'Your account' }).waitFor();

  await guest.page.goto(`${app.origin}/evil`);
  await guest.page.waitForLoadState('networkidle');
  const shown = guest.page.frames().filter((shown) => shown !== guest.page.mainFrame());
  assert.equal(shown.length, targets.length);
  for (const [at, target] of targets.entries()) {
    const text = await shown[at].evaluate(() => document.body.innerText).catch(() => '');
    assert.doesNotMatch(text, /Sign in|Your account|Connect|Sign out|Postern/, target);
    assert.equal(await shown[at].locator('form').count(), 0, target);
  }
});
