// The gallery of pages: every page in every state, looked at by axe, in every theme and down to small screens with large text.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';

import { POSTERN, startBrowser } from './support.mjs';

/** The folder for screenshots, for people to look at. Without it, none are kept. */
const PICTURES = process.env.PICTURES;

/** The most that a page may weigh. */
const MAX_BYTES = 30_000;

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const gallery = await startGallery();
const browser = await startBrowser();
const list = await (await fetch(`${gallery}/samples.json`)).json();

async function startGallery() {
  const child = spawn(POSTERN, ['pages', '--port', '0', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
  after(() => child.kill('SIGINT'));
  const line = await new Promise((resolve) => createInterface({ input: child.stdout }).once('line', resolve));
  return JSON.parse(line).url;
}

/** Opens every sample in turn with `query`, in a window of its own with `options`, and calls `look` with each. */
async function walk({ query = '', ...options }, look) {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  const requests = [];
  page.on('request', (request) => requests.push(request));
  // One page posts itself to the application, which does not exist here.
  await page.addInitScript(() => {
    HTMLFormElement.prototype.requestSubmit = () => {};
  });
  try {
    for (const sample of list.samples) {
      requests.length = 0;
      const response = await page.goto(`${gallery}/${sample}?${query}`, { waitUntil: 'load' });
      await look({ page, sample, response, requests });
    }
  } finally {
    await context.close();
  }
}

/** What axe finds on a page. */
async function findings(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ['violations'] }));
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`));
}

async function picture(page, sample, name) {
  if (PICTURES) {
    mkdirSync(PICTURES, { recursive: true });
    await page.screenshot({ path: `${PICTURES}/${sample.replace('/', '-')}-${name}.png`, fullPage: true });
  }
}

for (const colorScheme of list.themes) {
  for (const brand of list.brands) {
    test(`axe finds nothing on any page of the brand ${brand} in the ${colorScheme} theme`, async () => {
      const found = {};
      await walk({ query: `brand=${brand}`, colorScheme, viewport: { width: 1280, height: 800 } }, async ({ page, sample }) => {
        const violations = await findings(page);
        if (violations.length > 0) {
          found[sample] = violations;
        }
        await picture(page, sample, `${brand}-${colorScheme}-1280`);
      });
      assert.deepEqual(found, {});
    });
  }
}

for (const language of list.languages) {
  test(`axe finds nothing on any page in ${language}, and nothing sticks out on a phone`, async () => {
    const found = {};
    await walk({ query: `language=${language}`, viewport: { width: 320, height: 700 } }, async ({ page, sample }) => {
      assert.equal(await page.evaluate(() => document.documentElement.lang), language);
      for (const details of await page.locator('details').all()) {
        await details.evaluate((element) => element.setAttribute('open', ''));
      }
      const violations = [...(await findings(page)), ...(await overflowing(page)), ...(await squeezed(page))];
      if (violations.length > 0) {
        found[sample] = violations;
      }
      await picture(page, sample, `${language}-320`);
    });
    assert.deepEqual(found, {});
  });
}

test('a page is one small response that loads nothing else', async () => {
  await walk({ query: 'brand=acme', javaScriptEnabled: false }, async ({ sample, response, requests }) => {
    const { length } = await response.body();
    assert.ok(length < MAX_BYTES, `${sample} has ${length} bytes`);
    const others = requests.map((request) => request.url()).filter((url) => !url.startsWith('data:')).slice(1);
    assert.deepEqual(others, [], sample);
  });
});

/** Elements that are cut off or stick out of the screen. */
async function overflowing(page) {
  return page.evaluate(() => {
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    const out = [...document.querySelectorAll('body *')].filter((element) => {
      const { left, right, width } = element.getBoundingClientRect();
      return width > 1 && (left < -1 || right > innerWidth + 1);
    });
    return wide > 0 ? [`${wide} pixels too wide`, ...out.map((element) => element.outerHTML.slice(0, 80))] : [];
  });
}

/** Text that is squeezed to a column of single letters. */
async function squeezed(page) {
  return page.evaluate(() => {
    const size = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const texts = [...document.querySelectorAll('p, li, dd, dt, label, span, button, a')];
    return texts
      .filter((element) => element.checkVisibility() && element.textContent.trim().length > 8 && element.clientWidth > 0)
      .filter((element) => getComputedStyle(element).display !== 'inline' && element.clientWidth < 5 * size)
      .map((element) => element.outerHTML.slice(0, 80));
  });
}

for (const [name, width, scale] of [['390', 390, 1], ['320-large', 320, 2], ['768', 768, 1]]) {
  test(`every page can be read at ${name}`, async () => {
    await walk({ viewport: { width, height: 700 } }, async ({ page, sample }) => {
      await page.evaluate((scale) => document.documentElement.style.setProperty('font-size', `${scale * 100}%`), scale);
      assert.deepEqual(await overflowing(page), [], sample);
      assert.deepEqual(await squeezed(page), [], sample);
      await picture(page, sample, name);
    });
  });
}

test('Allow and Deny are in view on a phone however many permissions there are', async () => {
  for (const [width, height, scale] of [[390, 844, 1], [320, 568, 1], [320, 640, 2]]) {
    const context = await browser.newContext({ viewport: { width, height } });
    const page = await context.newPage();
    await page.goto(`${gallery}/consent/twelve?brand=acme`);
    await page.evaluate((scale) => document.documentElement.style.setProperty('font-size', `${scale * 100}%`), scale);
    for (const id of ['#allow', '#deny']) {
      const { y, height: tall } = await page.locator(id).boundingBox();
      assert.ok(y >= 0 && y + tall <= height, `${id} is at ${y} of ${height} pixels`);
    }
    const bar = await page.locator('.bar').boundingBox();
    assert.ok(bar.height < height / 2, `the buttons take ${bar.height} of ${height} pixels`);
    await context.close();
  }
});
