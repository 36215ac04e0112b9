// A page of another origin that behaves like cloudentity-auth-js, header by header.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { allow, deny, isLoginPage, signIn, startBrowser, startServer, visitor } from './support.mjs';

const browser = await startBrowser();
const SCRIPT = await readFile(new URL('pages/auth-js.js', import.meta.url), 'utf8');

const workspace = (origin) => `
tenant = "default"
workspace = "spa"
name = "Pages"
default_audience = "https://api.example"
cors_origins = ["${origin}"]
scopes = [
  { name = "openid", title = "Know that it is you" },
  { name = "profile", title = "See your name" },
  { name = "email", title = "See your e-mail address" },
]

[[sandbox.users]]
username = "alice"
password = "alice"
claims = { name = "Alice Exämple", email = "alice@example.com", email_verified = true }

[[clients]]
client_id = "page"
client_name = "Page"
application_type = "native"
token_endpoint_auth_method = "none"
trusted = true
redirect_uris = ["http://localhost/callback", "http://localhost/silent", "http://127.0.0.1/callback"]
scope = "openid profile email"

[[clients]]
client_id = "asked"
client_name = "Page that asks"
application_type = "native"
token_endpoint_auth_method = "none"
redirect_uris = ["http://localhost/callback", "http://localhost/silent"]
scope = "openid profile email"
`;

/** Serves the application, whose pages only load the script. */
async function site(t) {
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>App</title><link rel="icon" href="data:,"><body><script>${SCRIPT}</script>`;
  const returned = '<script>new AuthJs(JSON.parse(localStorage.getItem("options"))).getAuth({ silent: true }).catch(() => {})</script>';
  const pages = { '/': page, '/callback': page, '/silent': page + returned };
  const listener = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    response.writeHead(pathname in pages ? 200 : 404, { 'Content-Type': 'text/html; charset=utf-8' }).end(pages[pathname]);
  });
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    listener.closeAllConnections();
    listener.close();
  });
  return listener.address().port;
}

/** Starts a server, and an application of another origin in a browser. */
async function stage(t, { host = 'localhost', clientId = 'page', ...options } = {}) {
  const port = await site(t);
  const folder = await mkdtemp(join(tmpdir(), 'postern-browser-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'spa.toml');
  await writeFile(file, workspace(`http://localhost:${port}`));
  const server = await startServer(t, '--config', file);
  const guest = await visitor(t, browser, options);
  const origin = `http://${host}:${port}`;
  const settings = {
    baseUrl: server.url,
    tenantId: 'default',
    authorizationServerId: 'spa',
    clientId,
    redirectUri: `${origin}/callback`,
    silentAuthRedirectUri: `${origin}/silent`,
    scopes: ['openid', 'profile', 'email'],
    responseType: ['code'],
  };
  const { page } = guest;
  /** Calls a method of the library and returns its result, or what it throws, which is a plain object. */
  const call = (method, argument) => page.evaluate(async ([settings, method, argument]) => {
    try {
      return { value: await new AuthJs(settings)[method](argument) };
    } catch (thrown) {
      return { thrown: thrown instanceof Error ? String(thrown) : thrown };
    }
  }, [settings, method, argument]);
  /** Opens the application and starts a login; the server may respond without showing a page. */
  const leave = async (more) => {
    await page.goto(`${origin}/`);
    await page.evaluate((settings) => localStorage.setItem('options', JSON.stringify(settings)), settings);
    await page.evaluate(([settings, more]) => void new AuthJs(settings).authorize(more), [settings, more]);
    await page.waitForURL((url) => url.origin === server.url || url.pathname === '/callback');
  };
  const back = () => page.waitForURL(`${origin}/callback?*`);
  const logIn = async (more) => {
    await leave(more);
    await signIn(page, 'alice');
    await back();
    return call('getAuth');
  };
  const kept = () => page.evaluate(() => Object.keys(localStorage).sort());
  const sentTo = (method, path) => guest.sent(method, `/default/spa${path}`);
  return { ...guest, server, origin, settings, call, leave, back, logIn, kept, sentTo };
}

/** The headers of `request` that a server may depend on, in particular cookies. */
async function headersOf(request) {
  const { origin, accept, authorization, cookie, 'content-type': type } = await request.allHeaders();
  return { origin, accept, authorization, cookie, type };
}

test('a login, header by header', async (t) => {
  const { server, origin, settings, logIn, kept, sentTo } = await stage(t);
  const { value: tokens, thrown } = await logIn();
  assert.equal(thrown, undefined, JSON.stringify(thrown));

  const hex = '[0-9a-f]{56}';
  const redirectUri = encodeURIComponent(settings.redirectUri);
  const [authorize] = sentTo('GET', '/oauth2/authorize');
  assert.match(authorize.url().slice(server.url.length), new RegExp(
    `^/default/spa/oauth2/authorize\\?response_type=code&client_id=page&state=${hex}&nonce=${hex}`
      + `&scope=openid%20profile%20email&redirect_uri=${redirectUri}&code_challenge=[\\w-]{43}&code_challenge_method=S256$`));

  const [exchange, ...more] = sentTo('POST', '/oauth2/token');
  assert.deepEqual(more, []);
  assert.match(exchange.postData(), new RegExp(
    `^grant_type=authorization_code&code=[\\w.~-]+&client_id=page&redirect_uri=${redirectUri}&code_verifier=${hex}$`));
  assert.deepEqual(await headersOf(exchange), {
    origin, accept: '*/*', authorization: undefined, cookie: undefined, type: 'application/x-www-form-urlencoded;charset=UTF-8',
  });
  assert.equal(tokens.token_type, 'Bearer');
  assert.equal(tokens.access_token.split('.').length, 3, 'its age can be read');
  assert.deepEqual(await kept(), ['default_spa_access_token', 'default_spa_id_token', 'options']);
});

test('userinfo and revocation, header by header, leaving nothing behind', async (t) => {
  const { origin, logIn, call, page, kept, sentTo } = await stage(t);
  const { value: { access_token: token } } = await logIn();
  const { value: user } = await call('userInfo');
  assert.deepEqual([user.name, user.email], ['Alice Exämple', 'alice@example.com']);
  const authorization = `Bearer ${token}`;
  const [userinfo] = sentTo('GET', '/userinfo');
  assert.deepEqual(await headersOf(userinfo), {
    origin, accept: 'application/json', authorization, cookie: undefined, type: undefined,
  });

  assert.deepEqual(await call('revokeAuth'), { value: undefined });
  const [revocation] = sentTo('POST', '/oauth2/revoke');
  assert.equal(revocation.postData(), `token=${token}`);
  assert.deepEqual(await headersOf(revocation), {
    origin, accept: 'application/json', authorization, cookie: undefined, type: 'application/x-www-form-urlencoded',
  });
  assert.equal((await revocation.response()).status(), 200);
  assert.deepEqual(await kept(), ['options']);

  await page.evaluate((token) => localStorage.setItem('default_spa_access_token', token), token);
  assert.deepEqual(await call('userInfo'), { thrown: { error: 'Unauthorized' } });
  assert.equal((await sentTo('GET', '/userinfo').at(-1).response()).status(), 401);
});

test('tokens are renewed in a hidden frame after three quarters of their lifetime', async (t) => {
  const { server, logIn, call, page, settings, sentTo } = await stage(t);
  await page.clock.install();
  const { value: { access_token: token } } = await logIn();
  await page.evaluate((settings) => new AuthJs(settings).silentAuthentication(), settings);
  await page.clock.fastForward('06:00');
  assert.equal(await page.locator('iframe').count(), 0, 'not yet');

  const renewal = page.waitForResponse((response) => response.url() === `${server.issuer('spa')}/oauth2/token`);
  await page.clock.fastForward('02:00');
  assert.equal((await renewal).status(), 200);
  await page.locator('iframe').waitFor({ state: 'detached' });
  const silent = sentTo('GET', '/oauth2/authorize').at(-1).url();
  assert.match(silent, /&redirect_uri=http%3A%2F%2Flocalhost%3A\d+%2Fsilent&.*&code_challenge_method=S256&prompt=none&method_hint=$/);
  const renewed = await page.evaluate(() => localStorage.getItem('default_spa_access_token'));
  assert.notEqual(renewed, token);
  assert.equal((await call('userInfo')).value.name, 'Alice Exämple');

  await call('revokeAuth');
  await page.evaluate((token) => localStorage.setItem('default_spa_access_token', token), renewed);
  assert.deepEqual(await call('userInfo'), { thrown: { error: 'Unauthorized' } });
});

test('a silent renewal without a session returns an error instead of a page that cannot be framed', async (t) => {
  const { server, context, logIn, page, origin, settings } = await stage(t);
  await page.clock.install();
  await logIn();
  await context.clearCookies();
  await page.evaluate((settings) => new AuthJs(settings).silentAuthentication(), settings);
  const answered = page.waitForRequest((request) => request.url().startsWith(`${origin}/silent?`));
  await page.clock.fastForward('50:00');
  const { searchParams } = new URL((await answered).url());
  assert.equal(searchParams.get('error'), 'login_required');
  assert.equal(searchParams.get('iss'), server.issuer('spa'));
  // The library ignores errors in the frame; it gives up after its own timeout of 45 seconds.
  assert.equal(await page.locator('iframe').count(), 1);
  await page.clock.fastForward('00:46');
  await page.locator('iframe').waitFor({ state: 'detached' });
});

test('an error and its description are readable', async (t) => {
  const { leave, back, page, call } = await stage(t, { clientId: 'asked' });
  await leave();
  await signIn(page, 'alice');
  await deny(page);
  await back();
  const { thrown } = await call('getAuth');
  assert.deepEqual([thrown.error, thrown.error_key], ['Error', 'Access denied']);
  // The library decodes only `+`.
  assert.equal(thrown.error_description, 'the user denied the request');

  await leave({ scopes: ['openid', 'unknown'] });
  await back();
  const refusal = (await call('getAuth')).thrown;
  assert.equal(refusal.error_key, 'Invalid scope');
  // Chromium itself escapes an apostrophe in the query of a URL.
  const words = refusal.error_description.replaceAll('%27', "'");
  assert.match(words, /^the scope 'unknown' is not registered for this application: [ -$&-~]+$/);
});

test('a custom state is returned as encoded by encodeURIComponent', async (t) => {
  const { logIn, leave, back, call } = await stage(t);
  // No apostrophe: browsers always escape it in the query of a URL.
  assert.ok((await logIn({ state: 'my state/ü+%2F~!()*' })).value?.access_token);
  for (const state of ['a=b&c', '%', '🚪 "<>\\']) {
    await leave({ state });
    await back();
    assert.ok((await call('getAuth')).value?.access_token, state);
  }
});

test('hints are accepted as the library encodes them, and prompt=login forces a login', async (t) => {
  const { logIn, leave, back, page, call } = await stage(t);
  await logIn();
  await leave({ prompt: 'login', idpHint: 'somewhere', loginHintIdentifier: 'alice@example.com' });
  await isLoginPage(page);
  assert.equal(await page.getByLabel('Name').inputValue(), 'alice@example.com');
  await signIn(page, 'alice');
  await back();
  assert.ok((await call('getAuth')).value.access_token);
});

test('the page can read an error of the token endpoint', async (t) => {
  const { leave, back, page, call } = await stage(t, { clientId: 'asked' });
  await leave();
  await signIn(page, 'alice');
  await allow(page);
  await back();
  await page.evaluate(() => localStorage.setItem('default_spa_pkce_code_verifier', '0'.repeat(56)));
  const { thrown } = await call('getAuth');
  assert.equal(thrown.error, 'Error');
  assert.match(thrown.message, /code_verifier/);
});

test('in local development a native client may call from any port of its loopback address', async (t) => {
  const { logIn } = await stage(t, { host: '127.0.0.1' });
  assert.equal((await logIn()).thrown, undefined);
});
