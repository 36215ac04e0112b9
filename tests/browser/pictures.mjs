// Takes the screenshots of the README: `node tests/browser/pictures.mjs`, after a build. Review them before committing.

import { spawn } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

import { allow, isLoginPage, signIn } from './support.mjs';

const FOLDER = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const POSTERN = process.env.POSTERN ?? fileURLToPath(new URL('../../target/debug/postern', import.meta.url));

/** Both have the same aspect ratio, so that they fit side by side; the demo needs the larger size for its figure. */
const LOGIN = { width: 1080, height: 810 };
const DEMO = { width: 1280, height: 960 };

/** A limit that keeps the README fast to load. */
const MAX_BYTES = 150_000;

async function take(page, name) {
  const path = `${FOLDER}${name}.png`;
  await page.screenshot({ path });
  const { size } = statSync(path);
  if (size > MAX_BYTES) {
    throw new Error(`${path} has ${size} bytes, and ${MAX_BYTES} is the most`);
  }
  console.log(`${path}: ${size} bytes`);
}

const server = spawn(POSTERN, ['dev', '--port', '0', '--memory', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  const [line] = await new Promise((resolve) => createInterface({ input: server.stdout }).once('line', (...all) => resolve(all)));
  const { demo } = JSON.parse(line);
  mkdirSync(FOLDER, { recursive: true });
  const page = await browser.newPage({ viewport: LOGIN, colorScheme: 'light', reducedMotion: 'reduce' });
  await page.goto(demo);
  await page.locator('#login').click();
  await isLoginPage(page);
  await take(page, 'login');
  await signIn(page, 'alice');
  await allow(page);
  await page.locator('html[data-phase="done"]:not([data-busy])').waitFor();
  await page.setViewportSize(DEMO);
  await page.evaluate(() => scrollTo(0, 0));
  await take(page, 'demo');
} finally {
  await browser.close();
  server.kill('SIGINT');
}
