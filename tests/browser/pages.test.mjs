// The pages: accessible, responsive, and usable with and without scripts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import {
  allow,
  isConsentPage,
  isDeviceConsentPage,
  isLoginPage,
  picture,
  signIn,
  stageFor,
  startBrowser,
  startDevice,
  tokensOf,
} from './support.mjs';

const browser = await startBrowser();
const stage = stageFor(browser);

/** Visits every kind of page and calls `look` on each. */
async function tour({ server, page, ask }, look) {
  await page.goto(ask('demo-native', { scope: 'openid profile email phone offers.read' }).url);
  await isLoginPage(page);
  await look('login');
  await signIn(page, 'alice', 'wrong');
  await page.getByRole('alert').waitFor();
  await look('login-failed');
  await signIn(page, 'alice');
  await isConsentPage(page);
  await look('consent');
  await page.goto(ask('nobody').url);
  await page.getByRole('alert').waitFor();
  await look('error');
  await page.goto(server.demo);
  await look('demo');
  await page.locator('#login').click();
  await allow(page);
  await page.locator('html[data-phase="done"]:not([data-busy])').waitFor();
  await look('demo-done');
  await page.goto(`${server.issuer()}/oidc/logout?client_id=demo-spa`);
  await page.getByRole('heading', { name: 'Sign out?' }).waitFor();
  await look('logout');
  await page.getByRole('button', { name: 'Stay signed in' }).click();
  await page.getByRole('heading', { name: 'You are still signed in' }).waitFor();
  await look('still-signed-in');
  await page.goto(`${server.issuer()}/oidc/logout`);
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
  await look('signed-out');
  const device = await startDevice(server, 'openid profile offers.read');
  await page.goto(device.verification_uri_complete);
  await page.getByRole('heading', { name: 'Connect a device' }).waitFor();
  await look('device');
  await page.getByRole('button', { name: 'Continue' }).click();
  await signIn(page, 'alice');
  await isDeviceConsentPage(page);
  await look('device-consent');
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.getByRole('heading', { name: 'Your device is connected' }).waitFor();
  await look('device-connected');
}

test('login and consent work without JavaScript', async (t) => {
  const { server, app, page, ask } = await stage(t, { javaScriptEnabled: false });
  const request = ask('demo-native', { scope: 'openid email' });
  await page.goto(request.url);
  await signIn(page, 'alice', 'wrong');
  assert.match(await page.getByRole('alert').innerText(), /do not match/);
  await signIn(page, 'alice');
  await isConsentPage(page);
  await page.locator('input[value="email"]').uncheck();
  const answer = app.next();
  await allow(page);
  assert.equal((await tokensOf(server, request, await answer)).scope, 'openid');
});

test('login and consent work with the keyboard alone', async (t) => {
  const { server, app, page, ask } = await stage(t);
  const request = ask('demo-native', { scope: 'openid profile' });
  await page.goto(request.url);
  await isLoginPage(page);
  const focused = () => page.evaluate(() => {
    const { name, textContent, id } = document.activeElement;
    return name || textContent.trim() || id;
  });
  assert.equal(await focused(), 'username');
  await page.keyboard.type('alice');
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'password');
  await page.keyboard.type('alice');
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'show-password');
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'Sign in');
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'Continue with Partner');
  for (let back = 0; back < 3; back += 1) {
    await page.keyboard.press('Shift+Tab');
  }
  assert.equal(await focused(), 'password');
  await page.keyboard.press('Enter');
  await isConsentPage(page);
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'decision', 'Not you?');
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'Your account');
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'allow');
  await page.keyboard.press('Space');
  await page.keyboard.press('Space');
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'decision');
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'decision');
  const answer = app.next();
  await page.keyboard.press('Enter');
  const tokens = await tokensOf(server, request, await answer);
  assert.equal(tokens.scope, 'openid profile');
});

test('pressing Enter on a switch of the consent page does not submit it', async (t) => {
  const { app, page, ask } = await stage(t);
  await page.goto(ask('demo-native', { scope: 'openid profile' }).url);
  await signIn(page, 'alice');
  await isConsentPage(page);
  // A user about to withhold a scope must not grant it by pressing the wrong key.
  await page.getByRole('switch').focus();
  const left = page.waitForRequest((sent) => sent.method() === 'POST', { timeout: 1000 }).then(() => true, () => false);
  await page.keyboard.press('Enter');
  assert.equal(await left, false, 'the form was sent');
  assert.equal(app.answers.length, 0);
});

test('the focus is visible', async (t) => {
  const { page, ask } = await stage(t);
  await page.goto(ask('demo-native').url);
  await isLoginPage(page);
  for (let stop = 0; stop < 4; stop += 1) {
    const outline = await page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return { outlineStyle, outlineWidth };
    });
    assert.deepEqual(outline, { outlineStyle: 'solid', outlineWidth: '3px' });
    await page.keyboard.press('Tab');
  }
});

test('every page has a language, a title, one h1, and a label for every field', async (t) => {
  const guest = await stage(t);
  const { page } = guest;
  const titles = [];
  await tour(guest, async (name) => {
    const found = await page.evaluate(() => ({
      lang: document.documentElement.lang,
      headings: document.querySelectorAll('h1').length,
      mains: document.querySelectorAll('main').length,
      unlabelled: [...document.querySelectorAll('input:not([type="hidden"]), select, textarea')]
        .filter((field) => !field.labels?.length && !field.ariaLabel)
        .map((field) => field.outerHTML),
      nameless: [...document.querySelectorAll('button, a[href]')]
        .filter((control) => !control.textContent.trim() && !control.ariaLabel)
        .map((control) => control.outerHTML),
      repeated: [...document.querySelectorAll('[id]')]
        .map(({ id }) => id)
        .filter((id, at, all) => all.indexOf(id) !== at),
    }));
    assert.deepEqual(found, { lang: 'en', headings: 1, mains: 1, unlabelled: [], nameless: [], repeated: [] }, name);
    titles.push(await page.title());
  });
  assert.equal(titles.some((title) => title === ''), false);
});

test('switches of the consent page have distinct accessible names', async (t) => {
  const { page, ask } = await stage(t);
  await page.goto(ask('demo-native', { scope: 'openid profile email' }).url);
  await signIn(page, 'alice');
  await isConsentPage(page);
  const boxes = await page.getByRole('switch').all();
  const names = await Promise.all(boxes.map((box) => box.ariaSnapshot()));
  assert.equal(new Set(names).size, 2, `both are called ${names[0]}`);
});

/** Texts (WCAG 2.2, 1.4.3) and borders (1.4.11) whose contrast with the background is too low. */
async function faint(page) {
  return page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (color) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = ([r, g, b]) => {
      const [R, G, B] = [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
      return 0.2126 * R + 0.7152 * G + 0.0722 * B;
    };
    const contrast = (one, other) => {
      const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
      return (light + 0.05) / (dark + 0.05);
    };
    const behind = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const color = rgba(getComputedStyle(at).backgroundColor);
        if (color[3] === 255) {
          return color;
        }
      }
      return [255, 255, 255, 255];
    };
    const found = [];
    for (const element of document.querySelectorAll('body *')) {
      const style = getComputedStyle(element);
      const written = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      const field = element.matches('input[type="text"], input[type="password"]');
      if (!element.checkVisibility() || element.matches('script, .unseen, [disabled]')) {
        continue;
      }
      if (written || field) {
        const ratio = contrast(rgba(style.color), behind(element));
        if (ratio < 4.5) {
          found.push(`${element.tagName}.${element.className} “${element.textContent.trim().slice(0, 20)}” ${ratio.toFixed(2)}`);
        }
      }
      if (field) {
        const ratio = contrast(rgba(style.borderTopColor), behind(element.parentElement));
        if (ratio < 3) {
          found.push(`edge of ${element.tagName} ${ratio.toFixed(2)}`);
        }
      }
    }
    return found;
  });
}

for (const colorScheme of ['light', 'dark']) {
  test(`every text is readable in the ${colorScheme} color scheme`, async (t) => {
    const guest = await stage(t, { colorScheme });
    const { page } = guest;
    const grounds = new Set();
    await tour(guest, async (name) => {
      assert.deepEqual(await faint(page), [], name);
      grounds.add(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      await picture(page, name, [colorScheme]);
    });
    for (const ground of grounds) {
      const [red] = ground.match(/\d+/g).map(Number);
      assert.equal(red > 128, colorScheme === 'light', `${ground} is the ground of ${colorScheme}`);
    }
  });
}

for (const width of [360, 320]) {
  test(`nothing overflows a screen ${width} pixels wide`, async (t) => {
    const guest = await stage(t, { viewport: { width, height: 700 } });
    const { page } = guest;
    await tour(guest, async (name) => {
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${name} is ${wide} pixels too wide`);
    });
  });
}

test('a long name wraps instead of overflowing its box', async (t) => {
  const workspace = fileURLToPath(new URL('workspaces/verbose.toml', import.meta.url));
  const { page, ask } = await stage(t, { server: ['--config', workspace], viewport: { width: 360, height: 700 } });
  const tooWide = () =>
    page.evaluate(() =>
      [...document.querySelectorAll('main *')]
        .filter((element) => element.getClientRects().length && element.getBoundingClientRect().right > innerWidth)
        .map((element) => `${element.tagName}.${element.className}`),
    );
  const client = 'grundstuecksverkehrsgenehmigungszustaendigkeitsuebertragungsverordnung';
  await page.goto(ask(client, { workspace: 'verbose', scope: 'openid' }).url);
  await isLoginPage(page);
  const found = { login: await tooWide() };
  await signIn(page, 'donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamter');
  await isConsentPage(page);
  found.consent = await tooWide();
  assert.deepEqual(found, { login: [], consent: [] });
});

test('"Not you?" leads to another login', async (t) => {
  const { server, app, page, ask } = await stage(t);
  const request = ask('demo-native', { scope: 'openid profile' });
  await page.goto(request.url);
  await signIn(page, 'alice');
  await isConsentPage(page);
  await page.getByRole('button', { name: 'Not you?' }).click();
  await isLoginPage(page);
  await signIn(page, 'bob');
  await isConsentPage(page);
  await page.getByText('You are signed in as Bob').waitFor();
  const answer = app.next();
  await allow(page);
  assert.equal((await tokensOf(server, request, await answer)).scope, 'openid profile');
});

test('the language is chosen on the page without JavaScript, and lasts', async (t) => {
  const { page, ask } = await stage(t, { javaScriptEnabled: false, locale: 'fr-CA' });
  await page.goto(ask('demo-native').url);
  await page.getByRole('heading', { level: 1, name: 'Se connecter' }).waitFor();
  await page.locator('summary').click();
  await page.getByRole('button', { name: 'Deutsch' }).click();
  await page.getByRole('heading', { level: 1, name: 'Anmelden' }).waitFor();
  await page.getByLabel('Name').fill('alice');
  await page.getByLabel('Passwort', { exact: true }).fill('alice');
  await page.getByRole('button', { name: 'Anmelden' }).click();
  await page.getByRole('button', { name: 'Erlauben' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'de');
});
