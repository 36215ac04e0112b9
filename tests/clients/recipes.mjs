// The recipes of docs/clients.md, which the tests run as they stand there.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

export const DOCUMENT = readFileSync(new URL('../../docs/clients.md', import.meta.url), 'utf8');

const blocksOf = (text) => [...text.matchAll(/^```toml\n([\s\S]*?)^```$/gm)].map(([, block]) => block);

/** The workspace that the recipes share, to which each adds its client. */
const [SHARED] = blocksOf(DOCUMENT);

/** What each recipe adds, by its heading. */
export const RECIPES = Object.fromEntries(
  DOCUMENT.split(/^### /m).slice(1).map((section) => [section.slice(0, section.indexOf('\n')), blocksOf(section)]),
);

/** The workspace of a recipe, for an application that listens at `port`. */
export function recipe(name, port) {
  assert.ok(RECIPES[name]?.length, `docs/clients.md has no recipe for ${name}`);
  const text = [SHARED, ...RECIPES[name]].join('\n');
  return port ? text.replaceAll(/(http:\/\/(?:localhost|127\.0\.0\.1)):\d+/g, `$1:${port}`) : text;
}
