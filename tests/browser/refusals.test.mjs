// Error pages and error responses.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import {
  allow,
  assertErrorPage,
  cookies,
  isConsentPage,
  isErrorPage,
  isLoginPage,
  isRefusal,
  nativeApplication,
  passed,
  signIn,
  stageFor,
  startBrowser,
  visitor,
} from './support.mjs';

const browser = await startBrowser();
const stage = stageFor(browser);

test('SEC-REDIR-02 an unknown client or an unregistered redirect URI gets an error page', async (t) => {
  const { server, app, page, ask } = await stage(t);
  const table = [
    ['unknown client', ask('nobody"><b>x'), /No application is registered/],
    ['no client', ask(undefined), /The request has no client_id/],
    ['unregistered address', ask('demo-native', { redirect_uri: 'https://evil.example/cb' }), /not registered/],
    ['other path', ask('demo-native', { redirect_uri: `${app.origin}/callback/` }), /not registered/],
    ['port for a web client', ask('demo-web', { redirect_uri: 'https://client.example:8443/cb' }), /not registered/],
    ['no address', ask('demo-native', { redirect_uri: undefined }), /The request has no redirect_uri/],
    ['script', ask('demo-native', { redirect_uri: "javascript:alert('x')" }), /not registered/],
  ];
  for (const [what, request, explanation] of table) {
    const response = await page.goto(request.url);
    await isErrorPage(page, response, 400, explanation);
    // An unregistered URI is quoted as text in one sentence, and appears nowhere else.
    const content = (await page.content()).replace(/redirect_uri <bdi>'[^<>']*'<\/bdi> is not registered/, '');
    for (const value of ['nobody', 'evil.example', '8443', app.origin, 'alert(', request.state]) {
      assert.ok(!content.includes(value), `${what}: the page repeats ${value}`);
    }
    assert.equal(page.url(), request.url, 'nobody was sent anywhere');
  }
  assert.equal(app.answers.length, 0);
  assert.equal(await page.evaluate(() => document.title), 'This did not work – Postern demo');
  assert.ok(server.url);
});

test('an unknown workspace gets a not-found page', async (t) => {
  const { server, page, ask } = await stage(t);
  for (const path of ['/login', '/login/consent']) {
    await isErrorPage(page, await page.goto(server.issuer('nowhere') + path), 404, /There is no such page/);
  }
  await isErrorPage(page, await page.goto(ask('demo-native', { workspace: 'nowhere' }).url), 404, /There is no such page/);
});

test('SEC-AUTHZ-21 a login page started in one browser does not open in another', async (t) => {
  const guest = await stage(t);
  const { page, ask, app } = guest;
  await page.goto(ask('demo-native').url);
  await isLoginPage(page);
  const login = page.url();

  const victim = await visitor(t, browser);
  await isErrorPage(victim.page, await victim.page.goto(login), 400, /begun in another browser/);
  // Nor if that browser has started a login of its own.
  await victim.page.goto(ask('demo-native').url);
  await isLoginPage(victim.page);
  await isErrorPage(victim.page, await victim.page.goto(login), 400, /begun in another browser/);

  await signIn(page, 'alice');
  await isConsentPage(page);
  await isErrorPage(victim.page, await victim.page.goto(page.url()), 400, /begun in another browser/);
  assert.equal('session.default.demo' in (await cookies(victim)), false);
  assert.equal(app.answers.length, 0);
});

test('SEC-SESS-06 a modified, made-up or foreign interaction is rejected', async (t) => {
  const { server, page, ask } = await stage(t);
  await page.goto(ask('demo-native').url);
  const sealed = new URL(page.url()).searchParams.get('interaction');
  const middle = Math.floor(sealed.length / 2);
  const flipped = sealed.slice(0, middle) + (sealed[middle] === 'A' ? 'B' : 'A') + sealed.slice(middle + 1);
  for (const interaction of [flipped, sealed.slice(0, -1), `${sealed}A`, 'garbage', '', 'x'.repeat(5000)]) {
    for (const path of ['/login', '/login/consent', '/login/upstream/partner']) {
      const response = await page.goto(`${server.issuer()}${path}?interaction=${interaction}`);
      await isErrorPage(page, response, 400, /expired or was not begun here/);
    }
  }
  const elsewhere = await page.goto(`${server.issuer('partner')}/login?interaction=${sealed}`);
  await isErrorPage(page, elsewhere, 400, /expired or was not begun here/);
  const without = await page.goto(`${server.issuer()}/login`);
  await isErrorPage(page, without, 400, /expired or was not begun here/);
});

test('SEC-SESS-06 a form with a modified interaction logs nobody in', async (t) => {
  const guest = await stage(t);
  const { page, ask } = guest;
  await page.goto(ask('demo-native').url);
  await isLoginPage(page);
  await page.locator('#interaction').evaluate((input) => {
    input.value = `${input.value.slice(0, -4)}AAAA`;
  });
  const response = page.waitForResponse((answer) => answer.request().method() === 'POST');
  await signIn(page, 'alice');
  await isErrorPage(page, await response, 400, /expired or was not begun here/);
  assert.equal('session.default.demo' in (await cookies(guest)), false);
});

test('SEC-SESS-06 the consent page cannot be reached without logging in', async (t) => {
  const { server, page, ask, app } = await stage(t);
  await page.goto(ask('demo-native').url);
  const { search } = new URL(page.url());
  await page.goto(`${server.issuer()}/login/consent${search}`);
  await isLoginPage(page);
  assert.equal(app.answers.length, 0);
});

test('a sign-in that took too long is reported as expired', async (t) => {
  const workspace = fileURLToPath(new URL('workspaces/hurried.toml', import.meta.url));
  const { page, ask, app } = await stage(t, { server: ['--config', workspace] });
  const began = Math.floor(Date.now() / 1000);
  await page.goto(ask('hurried', { workspace: 'hurried', scope: 'openid' }).url);
  await isLoginPage(page);
  await passed(began + 2);
  const response = page.waitForResponse((answer) => answer.request().method() === 'POST');
  await signIn(page, 'alice');
  await isErrorPage(page, await response, 400, /has expired/, ['Start over']);
  await isErrorPage(page, await page.reload(), 400, /has expired/, ['Start over']);
  assert.equal(app.answers.length, 0);

  const former = new URL(page.url()).searchParams.get('interaction');
  await page.getByRole('link', { name: 'Start over' }).click();
  await isLoginPage(page);
  assert.notEqual(new URL(page.url()).searchParams.get('interaction'), former);
});

test('the login page has a link back to the application', async (t) => {
  const { server, page, ask, app } = await stage(t);
  const request = ask('demo-native');
  await page.goto(request.url);
  const answer = app.next();
  await page.getByRole('link', { name: 'Back to Demo (native application)' }).click();
  isRefusal(server, request, await answer, 'access_denied');
});

test('when a provider is unavailable, the page offers another way to sign in and a link back to the application', async (t) => {
  const workspace = fileURLToPath(new URL('workspaces/hostile.toml', import.meta.url));
  const { server, page, ask, app } = await stage(t, { server: ['--config', workspace] });
  const request = ask('hostile', { workspace: 'hostile', scope: 'openid' });
  const back = "Back to <script>alert('client')</script>{{7*7}}";
  await page.goto(request.url);
  const response = page.waitForResponse((answer) => answer.url().includes('/login/upstream/evil'));
  await page.getByRole('link', { name: /^Continue with/ }).click();
  const ways = ['Choose another way to sign in', back];
  await isErrorPage(page, await response, 502, /did not confirm who you are/, ways);
  await page.getByRole('link', { name: ways[0] }).click();
  await isLoginPage(page);
  await page.goBack();
  const answer = app.next();
  await page.getByRole('link', { name: back }).click();
  isRefusal(server, request, await answer, 'access_denied');
});

test('the error page names a web application that no longer waits', async (t) => {
  const { server, page, ask } = await stage(t);
  await page.goto(ask('demo-spa', { redirect_uri: `${server.demo}/callback` }).url);
  await isLoginPage(page);
  const guest = await visitor(t, browser);
  const response = await guest.page.goto(page.url());
  await isErrorPage(guest.page, response, 400, /begun in another browser/, ['Back to Demo (single-page application)']);
  await guest.page.getByRole('link', { name: /^Back to/ }).click();
  await guest.page.waitForURL(server.demo);
});

test('an unknown URL gets a page with a link to the start', async (t) => {
  const { server, page } = await stage(t);
  await isErrorPage(page, await page.goto(`${server.url}/nothing`), 404, /There is no such page/, ['To the start']);
  await page.getByRole('link', { name: 'To the start' }).click();
  await page.waitForURL(server.demo);
});

test('SEC-SESS-04 a cross-site form logs nobody in and grants nothing', async (t) => {
  const pages = {};
  const guest = await stage(t);
  const { server, page, ask, app } = guest;
  await page.goto(ask('demo-native').url);
  const { searchParams } = new URL(page.url());
  const attacker = await nativeApplication(t, pages);
  const form = (path, fields) =>
    `<!doctype html><title>Win</title><link rel="icon" href="data:,"><form method="post" action="${server.issuer()}${path}">${Object.entries(fields)
      .map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`)
      .join('')}<button>Win</button></form>`;
  const interaction = searchParams.get('interaction');
  pages['/login'] = form('/login', { interaction, username: 'bob', password: 'bob' });
  pages['/consent'] = form('/login/consent', { interaction, decision: 'allow' });
  for (const path of Object.keys(pages)) {
    await page.goto(attacker.origin + path);
    const response = page.waitForResponse((answer) => answer.request().method() === 'POST');
    await page.getByRole('button', { name: 'Win' }).click();
    await isErrorPage(page, await response, 403, /not sent from a page of this server/);
  }
  assert.equal('session.default.demo' in (await cookies(guest)), false);
  assert.equal(app.answers.length, 0);
});

test('SEC-HDR-02 no page can be framed by another site', async (t) => {
  const pages = {};
  const { server, page, ask, context, app } = await stage(t, { tolerated: /^Failed to load resource|frame-ancestors|X-Frame-Options/i });
  const attacker = await nativeApplication(t, pages);
  const request = ask('demo-native');
  await page.goto(request.url);
  const login = page.url();
  await signIn(page, 'alice');
  await isConsentPage(page);
  const consent = page.url();
  const broken = `${server.issuer()}/login`;
  // 127.0.0.1 and localhost are different sites.
  for (const [what, url] of Object.entries({ login, consent, broken, request: request.url })) {
    pages[`/${what}`] = `<!doctype html><title>Frame</title><link rel="icon" href="data:,"><iframe src="${url.replaceAll('&', '&amp;')}"></iframe>`;
    const thief = await context.newPage();
    await thief.goto(`${attacker.origin}/${what}`);
    const [, frame] = thief.frames();
    await frame.waitForURL(/^chrome-error:/);
    assert.equal(await frame.getByRole('button', { name: /Sign in|Allow/ }).count(), 0, what);
    await thief.close();
  }
  assert.equal(app.answers.length, 0);
});

test('SEC-XSS-01 request values are shown as text or not at all', async (t) => {
  const { server, page, ask, app } = await stage(t);
  const payload = `"><img src=x onerror="alert('hint')"><script>alert('hint')</script>`;
  const request = ask('demo-native', { login_hint: payload, state: payload });
  const answer = app.next();
  await page.goto(request.url);
  assert.equal(await page.getByLabel('Name').inputValue(), payload);
  await signIn(page, payload, 'wrong');
  await page.getByRole('alert').waitFor();
  assert.equal(await page.getByLabel('Name').inputValue(), payload);
  assert.equal(await page.locator('img').count(), 0);
  await signIn(page, 'alice');
  await allow(page);
  assert.equal((await answer).get('state'), payload);

  await page.goto(`${server.issuer()}/login?interaction=${encodeURIComponent(payload)}`);
  await assertErrorPage(page, /expired or was not begun here/);
  await page.goto(`${server.demo}/callback?error=${encodeURIComponent(payload)}&error_description=${encodeURIComponent(payload)}`);
  await page.locator('html[data-phase="error"]').waitFor();
  assert.equal(await page.locator('img').count(), 0);
});

test('SEC-XSS-01 names that contain markup are shown as text', async (t) => {
  const workspace = fileURLToPath(new URL('workspaces/hostile.toml', import.meta.url));
  const { page, ask, app } = await stage(t, { server: ['--config', workspace] });
  const answer = app.next();
  await page.goto(ask('hostile', { workspace: 'hostile', scope: 'openid' }).url);
  const login = page.locator('main');
  for (const text of ["alert('client')</script>{{7*7}}", "alert('workspace')", "alert('username')", "alert('password')", "alert('provider')"]) {
    assert.ok((await login.innerText()).includes(text), text);
  }
  await signIn(page, `"><script>alert('username')</script>`, `'-alert('password')-'`);
  await isConsentPage(page);
  for (const text of ["<img src=x onerror=alert('scope')>", `"><svg onload=alert('description')>`, "<script>alert('name')</script>"]) {
    assert.ok((await page.locator('main').innerText()).includes(text), text);
  }
  assert.equal(await page.locator('main').locator('img, svg:not([aria-hidden]), script').count(), 0);
  assert.equal(await page.locator('script').count(), 1, 'the one of the page');
  await allow(page);
  assert.ok((await answer).get('code'));
});
