// docs/clients.md: each recipe is a workspace that the program takes, and what it calls tested is tested, in that version.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { DOCUMENT, RECIPES, recipe } from './recipes.mjs';
import { BINARY } from './support.mjs';

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');

/** The rows of the table: name, version, how it was run, and the path of the test. */
const ROWS = [...DOCUMENT.matchAll(/^\| \[([^\]]+)\]\(#[^)]+\)[^|]* \| ([^|]*?) ?\| (tested|by hand|settings only) \| (?:\[[^\]]+\]\(([^)]+)\))? ?\|$/gm)]
  .map(([, name, version, how, path]) => ({ name, version, how, path }));

/** What pins the versions of libraries. Debian pins that of mod_auth_openidc. */
const PINS = [
  'package.json', 'package-lock.json', 'python/requirements.txt', 'go/go.mod', 'kubelogin/go.mod', 'spring/pom.xml', 'rust/Cargo.lock',
  '../../examples/spa/package.json', '../../examples/web-node/package.json', '../../examples/web-python/requirements.txt',
].map(read).join('\n');

test('each recipe has a row, and each row a recipe', () => {
  assert.deepEqual(ROWS.map(({ name }) => name).sort(), Object.keys(RECIPES).sort());
  assert.ok(ROWS.filter(({ how }) => how === 'tested').length >= 12);
});

test('the workspace of each recipe passes the checker', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-recipes-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [index, name] of Object.keys(RECIPES).entries()) {
    const file = join(folder, `${index}.toml`);
    writeFileSync(file, recipe(name));
    const outcome = execFileSync(BINARY, ['check', file], { encoding: 'utf8' });
    assert.match(outcome, /with 1 client is in order\./, name);
  }
});

for (const { name, version, how, path } of ROWS) {
  test(`${name} is as its row says: ${how}`, () => {
    if (how !== 'tested') {
      assert.equal(path, undefined);
      return;
    }
    assert.ok(version, 'a version');
    if (name !== 'mod_auth_openidc') assert.ok(PINS.includes(version), `nothing pins ${version}`);
    const source = read(`../../docs/${path}`);
    const here = { Flask: 'web-python', 'express-openid-connect': 'web-node', 'A terminal application': 'a terminal application' }[name] ?? name;
    assert.ok(source.includes(here), `${path} does not speak of ${here}`);
  });
}
