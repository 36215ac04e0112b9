// oidc-client-ts, a library for single-page applications, in a real browser, configured with nothing but the issuer.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { after, before, describe, test } from 'node:test';

import { chromium } from 'playwright-core';

import { CHROMIUM, FLAGS, TIMEOUT_MS, eventually, startServer } from './support.mjs';
import { selfSigned, startServerBehindTls } from './tls.mjs';

const LIBRARY = new URL('node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js', import.meta.url);

/** Serves an application whose pages only load the library, on a free port. */
async function serveApplication(identity) {
  const page = '<!doctype html><title>Application</title><script src="/oidc-client-ts.js"></script>';
  const returned = `${page}<script>new oidc.UserManager({}).signinCallback()</script>`;
  const files = {
    '/': page,
    '/callback': page,
    '/silent': returned,
    '/popup': returned,
    '/oidc-client-ts.js': await readFile(LIBRARY),
  };
  const answer = (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const type = pathname.endsWith('.js') ? 'text/javascript' : 'text/html';
    response.writeHead(pathname in files ? 200 : 404, { 'content-type': type }).end(files[pathname]);
  };
  const listener = identity ? https.createServer(identity, answer) : http.createServer(answer);
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: listener.address().port,
    stop() {
      listener.closeAllConnections();
      listener.close();
    },
  };
}

/** A workspace with pages at `https` origins, or at those of `corsOrigins`. */
const workspace = ({ page = 'https://page.example', corsOrigins = [] }) => `
tenant = "default"
workspace = "spa"
name = "Pages"
default_audience = "https://api.example"
cors_origins = ${JSON.stringify(corsOrigins)}
scopes = [
  { name = "openid", title = "Know that it is you" },
  { name = "profile", title = "See your name" },
  { name = "email", title = "See your e-mail address" },
  { name = "offline_access", title = "Stay signed in" },
]

[[sandbox.users]]
username = "alice"
password = "alice"
claims = { name = "Alice Example", email = "alice@example.com", email_verified = true }

[[sandbox.users]]
username = "bob"
password = "bob"
claims = { name = "Bob Example", email = "bob@example.com" }

# A page at an origin of its own.
[[clients]]
client_id = "web"
client_name = "Web page"
token_endpoint_auth_method = "none"
redirect_uris = ["${page}/callback", "${page}/silent"]
grant_types = ["authorization_code", "refresh_token"]
scope = "openid profile email offline_access"

# A page on a port that any program on the device could listen on.
[[clients]]
client_id = "asked"
client_name = "Page"
application_type = "native"
token_endpoint_auth_method = "none"
redirect_uris = ["http://localhost/callback", "http://localhost/silent"]
grant_types = ["authorization_code", "refresh_token"]
scope = "openid profile email offline_access"

[[clients]]
client_id = "trusted"
client_name = "Trusted page"
application_type = "native"
token_endpoint_auth_method = "none"
trusted = true
redirect_uris = [
  "http://localhost/callback", "http://localhost/silent", "http://localhost/popup",
  "http://127.0.0.1/callback", "http://127.0.0.1/silent",
]
grant_types = ["authorization_code", "refresh_token"]
scope = "openid profile email offline_access"
`;

/** The application in a browser, with a freshly loaded library. */
class Application {
  constructor(page, origin, settings) {
    Object.assign(this, { page, origin, settings });
  }

  async open() {
    await this.page.goto(`${this.origin}/`);
  }

  /** Calls a method of the library's user manager and returns a serializable result. */
  async call(method, ...args) {
    const outcome = await this.page.evaluate(async ([{ shared, ...settings }, method, args]) => {
      // State shared by tabs must be stored where all of them find it.
      const place = shared ? { userStore: new oidc.WebStorageStateStore({ store: localStorage }) } : {};
      window.manager ??= new oidc.UserManager({ ...settings, ...place });
      const object = method.startsWith('metadataService.') ? window.manager.metadataService : window.manager;
      try {
        return { value: JSON.parse(JSON.stringify(await object[method.split('.').at(-1)](...args) ?? null)) };
      } catch ({ name, message, error }) {
        return { thrown: { name, message, error } };
      }
    }, [this.settings, method, args]);
    if (outcome.thrown) throw Object.assign(new Error(outcome.thrown.message), outcome.thrown);
    return outcome.value;
  }

  /** Starts a login and waits for the server's first page. */
  async leave(args = {}) {
    await this.page.evaluate(([settings, args]) => {
      void new oidc.UserManager(settings).signinRedirect(args);
    }, [this.settings, args]);
    await this.page.getByRole('heading', { level: 1 }).waitFor();
  }

  /** Signs a user in and returns to the application. */
  async signIn({ username = 'alice', decision } = {}) {
    await this.open();
    await this.leave();
    await logIn(this.page, username);
    if (decision) await this.page.getByRole('button', { name: decision, exact: true }).click();
    await this.page.waitForURL(`${this.origin}/callback?*`);
    return this.call('signinRedirectCallback');
  }

  /** What the page can read of the userinfo response. */
  async userinfo(accessToken) {
    const url = await this.call('metadataService.getUserInfoEndpoint');
    return this.page.evaluate(async ([url, token]) => {
      const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
      return [response.status, response.headers.get('www-authenticate'), await response.json()];
    }, [url, accessToken]);
  }
}

async function logIn(page, username) {
  await page.getByLabel('Name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(username);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

describe('oidc-client-ts', { timeout: 6 * TIMEOUT_MS }, () => {
  let [site, server, browser] = [];
  before(async () => {
    site = await serveApplication();
    server = await startServer([workspace({ corsOrigins: [`http://localhost:${site.port}`] })]);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  after(async () => {
    await browser?.close();
    site?.stop();
    await server?.stop();
  });

  /** Opens the application in a separate browser, which is closed at the end of the test. */
  async function opened(t, clientId, { origin = `http://localhost:${site.port}`, ...settings } = {}) {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    t.after(() => context.close());
    context.setDefaultTimeout(TIMEOUT_MS);
    return new Application(await context.newPage(), origin, {
      authority: server.issuer('spa'),
      client_id: clientId,
      redirect_uri: `${origin}/callback`,
      silent_redirect_uri: `${origin}/silent`,
      scope: 'openid profile email',
      ...settings,
    });
  }

  test('a page signs a user in and reads the profile', async (t) => {
    const application = await opened(t, 'asked');
    const user = await application.signIn({ decision: 'Allow' });
    assert.equal(user.token_type, 'Bearer');
    assert.equal(user.scope, 'openid profile email');
    const { sub, sid, aud, name } = user.profile;
    assert.ok(sub && sid);
    assert.equal(aud, 'asked');
    assert.equal(name, undefined, 'what is known of the user stands in userinfo');
    assert.deepEqual(await application.call('getUser'), user);
  });

  test('userinfo is read across origins and merged into the profile', async (t) => {
    const application = await opened(t, 'asked', { loadUserInfo: true });
    const { profile } = await application.signIn({ username: 'bob', decision: 'Allow' });
    assert.equal(profile.name, 'Bob Example');
    assert.equal(profile.email, 'bob@example.com');
  });

  test('a page may read the JWKS', async (t) => {
    const application = await opened(t, 'asked');
    await application.open();
    const keys = await application.call('metadataService.getSigningKeys');
    assert.deepEqual(keys.map(({ alg, use }) => [alg, use]), [['RS256', 'sig']]);
  });

  test('a hidden frame renews the tokens of a trusted client', async (t) => {
    const application = await opened(t, 'trusted');
    const user = await application.signIn();
    const renewed = await application.call('signinSilent');
    assert.notEqual(renewed.access_token, user.access_token);
    assert.equal(renewed.profile.sub, user.profile.sub);
    const authTime = ({ id_token }) => JSON.parse(Buffer.from(id_token.split('.')[1], 'base64url')).auth_time;
    assert.ok(authTime(user) > 0);
    assert.equal(authTime(renewed), authTime(user));
    assert.equal(renewed.profile.sid, user.profile.sid);
  });

  test('a hidden frame renews with the ID token as a hint', async (t) => {
    const application = await opened(t, 'trusted', { includeIdTokenInSilentRenew: true });
    const user = await application.signIn();
    assert.equal((await application.call('signinSilent')).profile.sub, user.profile.sub);
  });

  test('tokens are renewed automatically before they expire', async (t) => {
    // Ten minutes minus two seconds before expiry is two seconds from now.
    const application = await opened(t, 'trusted', { accessTokenExpiringNotificationTimeInSeconds: 598 });
    const user = await application.signIn();
    const renewed = await eventually('the tokens are renewed', async () => {
      const now = await application.call('getUser');
      return now.access_token !== user.access_token && now;
    });
    assert.equal(renewed.profile.sub, user.profile.sub);
  });

  test('a hidden frame gets consent_required for a client that other programs on the device could impersonate', async (t) => {
    const application = await opened(t, 'asked');
    await application.signIn({ decision: 'Allow' });
    await assert.rejects(application.call('signinSilent'), { name: 'ErrorResponse', error: 'consent_required' });
  });

  test('a hidden frame gets login_required without a session', async (t) => {
    for (const client of ['asked', 'trusted']) {
      const application = await opened(t, client);
      await application.open();
      await assert.rejects(application.call('signinSilent'), { name: 'ErrorResponse', error: 'login_required' });
    }
  });

  test('a hidden frame on another site gets login_required, because browsers withhold the session cookie', async (t) => {
    const application = await opened(t, 'trusted', { origin: `http://127.0.0.1:${site.port}` });
    await application.open();
    await application.leave();
    await logIn(application.page, 'alice');
    await application.page.waitForURL(`${application.origin}/callback?*`);
    await assert.rejects(application.call('signinSilent'), { name: 'ErrorResponse', error: 'login_required' });
  });

  test('over TLS a page on the origin of its redirect URI needs no cors_origins, and its consent is remembered', async (t) => {
    const identity = selfSigned();
    const secureSite = await serveApplication(identity);
    t.after(secureSite.stop);
    const origin = `https://localhost:${secureSite.port}`;
    const secureServer = await startServerBehindTls(identity, [workspace({ page: origin })]);
    t.after(secureServer.stop);
    const application = await opened(t, 'web', { origin, authority: secureServer.issuer('spa'), loadUserInfo: true });
    const user = await application.signIn({ decision: 'Allow' });
    assert.equal(user.profile.name, 'Alice Example');
    const renewed = await application.call('signinSilent');
    assert.equal(renewed.profile.sub, user.profile.sub);
    assert.notEqual(renewed.access_token, user.access_token);

    const offline = await opened(t, 'web', { origin, authority: secureServer.issuer('spa'), ...OFFLINE });
    const { refresh_token: token } = await offline.signIn({ decision: 'Allow' });
    assert.notEqual((await offline.call('signinSilent')).refresh_token, token);
    const cookies = await application.page.context().cookies(secureServer.publicUrl);
    assert.deepEqual(cookies.map(({ name, secure }) => [name, secure]), [['__Host-session.default.spa', true]]);
  });

  // With `offline_access` the library gets a refresh token and uses it instead of a frame.
  const OFFLINE = { scope: 'openid profile email offline_access' };

  test('a refresh token renews tokens even for a client that cannot use a hidden frame', async (t) => {
    const application = await opened(t, 'asked', OFFLINE);
    const frames = [];
    application.page.on('frameattached', (frame) => frames.push(frame));
    let user = await application.signIn({ decision: 'Allow' });
    for (let round = 0; round < 2; round += 1) {
      const renewed = await application.call('signinSilent');
      assert.notEqual(renewed.access_token, user.access_token);
      assert.notEqual(renewed.refresh_token, user.refresh_token);
      // The library itself compares subject and login time with the previous ID token.
      assert.equal(renewed.profile.sub, user.profile.sub);
      assert.equal((await application.userinfo(renewed.access_token))[0], 200);
      user = renewed;
    }
    assert.deepEqual(frames, []);
  });

  test('tokens are renewed automatically with the refresh token after the session has ended', async (t) => {
    const application = await opened(t, 'trusted', { ...OFFLINE, accessTokenExpiringNotificationTimeInSeconds: 3598 });
    const user = await application.signIn();
    await application.page.context().clearCookies();
    const renewed = await eventually('the tokens are renewed', async () => {
      const now = await application.call('getUser');
      return now.access_token !== user.access_token && now;
    });
    assert.equal(renewed.profile.sub, user.profile.sub);
    assert.notEqual(renewed.refresh_token, user.refresh_token);
  });

  test('two tabs that refresh concurrently end up with the same valid refresh token', async (t) => {
    const one = await opened(t, 'trusted', { ...OFFLINE, shared: true });
    const user = await one.signIn();
    const other = new Application(await one.page.context().newPage(), one.origin, one.settings);
    await other.open();
    assert.equal((await other.call('getUser')).refresh_token, user.refresh_token);

    const sent = [];
    one.page.context().on('request', (request) => {
      if (request.method() === 'POST') sent.push(new URLSearchParams(request.postData()).get('refresh_token'));
    });
    const [first, second] = await Promise.all([one.call('signinSilent'), other.call('signinSilent')]);
    assert.deepEqual(sent, [user.refresh_token, user.refresh_token]);
    assert.notEqual(first.refresh_token, user.refresh_token);
    assert.equal(first.refresh_token, second.refresh_token);
    for (const { access_token: token } of [first, second]) assert.equal((await one.userinfo(token))[0], 200);
    assert.notEqual((await other.call('signinSilent')).refresh_token, second.refresh_token);
  });

  test('a lost response does not end the login', async (t) => {
    const application = await opened(t, 'trusted', OFFLINE);
    const user = await application.signIn();
    let lost;
    await application.page.route('**/oauth2/token', async (route) => {
      lost = await (await route.fetch()).json();
      await route.abort();
    }, { times: 1 });
    await assert.rejects(application.call('signinSilent'), { message: 'Failed to fetch' });
    assert.notEqual(lost.refresh_token, user.refresh_token);
    assert.equal((await application.call('signinSilent')).refresh_token, lost.refresh_token);
  });

  test('after the page revokes its tokens, both refresh token and access token are refused', async (t) => {
    const application = await opened(t, 'trusted', OFFLINE);
    const user = await application.signIn();
    await application.call('signinSilent');
    await application.call('revokeTokens', ['refresh_token']);
    assert.equal((await application.userinfo(user.access_token))[0], 401);
    const { access_token: current } = await application.call('getUser');
    assert.equal((await application.userinfo(current))[0], 401);
    // The library has discarded the refresh token; presenting a stored copy must fail.
    await application.page.evaluate((user) => window.manager.storeUser(new oidc.User(user)), user);
    await assert.rejects(application.call('signinSilent'), { name: 'ErrorResponse', error: 'invalid_grant' });
  });

  test('a denial by the user is access_denied', async (t) => {
    const application = await opened(t, 'asked');
    await assert.rejects(application.signIn({ decision: 'Deny' }), { name: 'ErrorResponse', error: 'access_denied' });
    assert.equal(await application.call('getUser'), null);
  });

  test('revoked tokens are refused with an error that the page can read', async (t) => {
    const application = await opened(t, 'trusted');
    const user = await application.signIn();
    assert.equal((await application.userinfo(user.access_token))[0], 200);
    // The library accepts a JSON response or one without Content-Type, and throws on anything else.
    await application.call('revokeTokens');
    const [status, challenge, body] = await application.userinfo(user.access_token);
    assert.equal(status, 401);
    assert.match(challenge, /^Bearer .*error="invalid_token"/);
    assert.equal(body.error, 'invalid_token');
  });

  test('a wrong verifier is invalid_grant with a description that the page can read', async (t) => {
    const application = await opened(t, 'trusted');
    await application.open();
    await application.leave();
    await logIn(application.page, 'alice');
    await application.page.waitForURL(`${application.origin}/callback?*`);
    await application.page.evaluate(() => {
      for (const [key, value] of Object.entries(localStorage)) {
        const state = JSON.parse(value);
        if (state.code_verifier) localStorage.setItem(key, JSON.stringify({ ...state, code_verifier: 'x'.repeat(43) }));
      }
    });
    await assert.rejects(
      application.call('signinRedirectCallback'), { name: 'ErrorResponse', error: 'invalid_grant' });
  });

  test('in local development a native client may call from any port of its loopback address', async (t) => {
    const application = await opened(t, 'trusted', { origin: `http://127.0.0.1:${site.port}` });
    await application.signIn();
    assert.equal((await application.call('metadataService.getMetadata')).issuer, server.issuer('spa'));
  });

  test('a popup signs a user in although COOP severs it from its opener', async (t) => {
    // Cross-Origin-Opener-Policy severs window.opener, so the library communicates over a BroadcastChannel.
    const application = await opened(t, 'trusted');
    await application.open();
    application.settings.popup_redirect_uri = `${application.origin}/popup`;
    const popup = application.page.waitForEvent('popup');
    const signedIn = application.call('signinPopup');
    const [user] = await Promise.all([signedIn, popup.then((page) => logIn(page, 'alice'))]);
    assert.ok(user.profile.sub);
  });
});
