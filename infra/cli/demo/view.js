// Renders what happened. External values are inserted as text, never as markup.

import { advice, CHECKS, CLAIMS, HEADER, TIMES, wordsFor } from './words.js';

/** Creates an element. Children may be nested; strings become text; `null` and `false` are omitted. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== false));
  return element;
}

export const byId = (id) => document.getElementById(id);

// --- The page as a whole ---

export function phase(name) {
  document.documentElement.dataset.phase = name;
}

export function status(text) {
  byId('status').textContent = text;
}

/** Sets a card and its arrow in the figure to `todo`, `active`, `done` or `error`. */
export function mark(step, state) {
  card(step).dataset.state = state;
  const lane = document.querySelector(`[data-lane="${step}"]`);
  if (lane) {
    lane.dataset.state = state;
  }
}

export function fill(step, ...nodes) {
  card(step).querySelector('[data-slot]').replaceChildren(...nodes);
}

export function card(step) {
  return document.querySelector(`[data-step="${step}"]`);
}

/** Highlights the arrow of the card being read, and only that one. */
export function light(step) {
  for (const lane of document.querySelectorAll('[data-lane]')) {
    const lit = lane.dataset.lane === String(step);
    lane.toggleAttribute('data-lit', lit);
    const link = lane.querySelector('a');
    if (lit) {
      link.setAttribute('aria-current', 'step');
    } else {
      link.removeAttribute('aria-current');
    }
  }
}

/** Greets the user, and shows why the server trusted this page. */
export function greet(claims, proof) {
  const name = claims.name ?? claims.given_name ?? claims.email ?? claims.sub;
  const greeting = byId('greeting');
  greeting.replaceChildren(
    el('p', { class: 'greeting-name' }, 'Hello, ', el('strong', {}, name), '.'),
    el('p', {}, 'You are logged in. The server gave this page the tokens, because these two are equal:'),
    proof,
  );
  greeting.hidden = false;
  greeting.focus({ preventScroll: true });
}

// --- Errors ---

/** Shows what went wrong and what to do. `kind` selects the style. */
export function panel({ title, kind, words, refusal, action }) {
  const shown = byId('error-panel');
  shown.dataset.kind = kind;
  shown.replaceChildren(
    el('h2', {}, title),
    ...(words ?? []).map((text) => el('p', {}, text)),
    refusal ? facts(refusal) : '',
    action ?? '',
  );
  shown.hidden = false;
  shown.focus();
}

export function hidePanel() {
  byId('error-panel').hidden = true;
}

/** An error as reported by the server, with advice if `instructive`. */
export function facts({ error, description, hint, trace, status }, instructive = true) {
  const entries = [
    ['error', 'Error', el('code', {}, status ? `${error} (HTTP ${status})` : error)],
    ['description', 'Description', description],
    ['hint', 'Hint', hint],
    ['advice', 'What to do', instructive ? advice(error) : null],
    ['trace', 'Trace id', trace ? el('code', {}, trace) : null],
  ];
  return el(
    'dl',
    { class: 'facts' },
    entries
      .filter(([, , value]) => value)
      .map(([key, name, value]) => el('div', { 'data-fact': key }, el('dt', {}, name), el('dd', {}, value))),
  );
}

// --- Parts of a card ---

export function line(method, url) {
  return el('p', { class: 'line' }, el('b', {}, method), ' ', el('code', {}, url));
}

export function note(...children) {
  return el('p', { class: 'note' }, ...children);
}

export function sub(text) {
  return el('h3', {}, text);
}

/** An expandable element with the full content. */
export function whole(summary, ...nodes) {
  return el('details', {}, el('summary', {}, summary), ...nodes);
}

// Values that a reader follows down the page keep their color everywhere.
const FOLLOWED = {
  code: 'code',
  code_challenge: 'challenge',
  code_verifier: 'verifier',
  access_token: 'token',
  id_token: 'token',
};

/** Names, values and their meaning. `checks` says which of them were compared, and the result. */
export function rows(values, words, checks = {}) {
  return el(
    'dl',
    { class: 'rows' },
    Object.entries(values).map(([name, value]) =>
      el(
        'div',
        { 'data-name': name },
        el('dt', {}, name),
        el(
          'dd',
          {},
          valueOf(name, value),
          Object.hasOwn(checks, name) && check(name, checks[name], ''),
          explained(name, value, words),
        ),
      ),
    ),
  );
}

function valueOf(name, value) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const code = el('code', { class: 'value' }, abridged(name, text));
  if (Object.hasOwn(FOLLOWED, name)) {
    code.dataset.value = FOLLOWED[name];
  }
  return code;
}

/** Tokens are shown in full further down; in a list, an abbreviation is enough. */
function abridged(name, text) {
  return FOLLOWED[name] === 'token' ? `${text.slice(0, 18)} … ${text.slice(-10)}` : text;
}

function explained(name, value, words) {
  const parts = [wordsFor(words, name)];
  if (TIMES.includes(name)) {
    parts.push(humanTime(value));
  }
  const text = parts.filter(Boolean).join(' ');
  return text ? el('span', { class: 'meaning' }, text) : null;
}

/** “14 Mar 2026, 09:26:53, in 60 minutes.” */
export function humanTime(value) {
  const time = typeof value === 'number' ? value * 1000 : Date.parse(value);
  if (!Number.isFinite(time)) {
    return '';
  }
  const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
  return `${absolute.format(time)}, ${ago(time - Date.now())}.`;
}

function ago(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  const [unit, size] = Math.abs(seconds) < 90 ? ['second', 1]
    : Math.abs(seconds) < 5400 ? ['minute', 60]
    : Math.abs(seconds) < 129_600 ? ['hour', 3600]
    : ['day', 86_400];
  const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  return relative.format(Math.round(seconds / size), unit);
}

export function check(name, passed, text) {
  return el(
    'span',
    { class: 'check', 'data-check': name, 'data-ok': String(passed) },
    el('span', { 'aria-hidden': 'true' }, passed ? '✓' : '✗'),
    el('span', { class: 'unseen' }, passed ? 'passed ' : 'failed '),
    text ? ` ${text}` : '',
  );
}

// --- The figures ---

/** How the challenge is computed from the verifier. */
export function descent(verifier, digest, challenge) {
  const rung = (kind, name, size, ...value) =>
    el(
      'div',
      { class: 'rung', 'data-rung': kind },
      el('p', { class: 'rung-name' }, el('b', { 'data-value': kind }, name), ` ${size}`),
      el('code', { class: 'value', 'data-value': kind }, value),
    );
  const arrow = (text) => el('p', { class: 'down' }, text);
  return el(
    'div',
    { class: 'descent' },
    rung('verifier', 'verifier', '32 random bytes, written as 43 characters', verifier),
    arrow('SHA-256'),
    rung('digest', 'hash', '32 bytes', hexGroups(digest)),
    arrow('base64url'),
    rung('challenge', 'challenge', 'the same 32 bytes, written as 43 characters', challenge),
  );
}

/** Eight bytes to a group, so that lines break between groups. */
function hexGroups(bytes) {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
  const starts = [0, 8, 16, 24];
  return starts.map((start) => [el('span', {}, hex.slice(start, start + 8).join(' ')), ' ']).flat();
}

/** The comparison that the server makes, one value above the other. */
export function comparison(sent, computed) {
  const half = (label, value) => [el('dt', {}, label), el('dd', {}, el('code', { class: 'value', 'data-value': 'challenge' }, value))];
  return el(
    'div',
    { class: 'comparison' },
    el('dl', {}, half('challenge, from step 3', sent), half('SHA-256 of the verifier, from step 7', computed)),
    check('challenge', sent === computed, sent === computed ? 'equal, character for character' : 'different'),
  );
}

/** A decoded token: its checks, its header, its claims, and its serialization. */
export function token(name, title, words, { header, payload, parts, checks }) {
  const [head, body, signature] = parts;
  const dot = () => el('span', { class: 'dot' }, '.');
  return el(
    'article',
    { class: 'token', 'data-token': name },
    el('h3', {}, title),
    note(words),
    checklist(checks),
    el('h4', {}, 'Header'),
    rows(header, HEADER),
    el('h4', {}, 'Claims'),
    rows(payload, CLAIMS),
    whole(
      'As it travels',
      el(
        'code',
        { class: 'raw' },
        el('span', { class: 'raw-header' }, head), dot(),
        el('span', { class: 'raw-payload' }, body), dot(),
        el('span', { class: 'raw-signature' }, signature),
      ),
    ),
  );
}

export function checklist(checks) {
  return el(
    'ul',
    { class: 'checks' },
    Object.entries(checks).map(([name, passed]) =>
      el('li', {}, check(name, passed, wordsFor(CHECKS, name) || name)),
    ),
  );
}

/** A table with a head of its own; the first cell of each row names the row. */
export function table(head, ...lines) {
  return el(
    'div',
    { class: 'scroll' },
    el(
      'table',
      {},
      el('thead', {}, el('tr', {}, head.map((text) => el('th', { scope: 'col' }, text)))),
      el(
        'tbody',
        {},
        lines.map(([name, ...cells]) =>
          el('tr', {}, el('th', { scope: 'row' }, name), cells.map((cell) => el('td', {}, cell))),
        ),
      ),
    ),
  );
}

/** The outcome of an attempt; tests and styles refer to `outcome`. */
export function attempted(id, outcome, ...nodes) {
  const result = byId(id);
  result.dataset.outcome = outcome;
  result.replaceChildren(...nodes);
}
