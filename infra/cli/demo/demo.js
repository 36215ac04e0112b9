// The entry point of the page: buttons, one action at a time, errors. The flow is in steps.js and afterwards.js, the
// protocol in client.js, the cryptography in pkce.js, the rendering in view.js.

import { callApi, noChallenge, renew, replay, revoke, wrongVerifier } from './afterwards.js';
import * as client from './client.js';
import { login, resume, walk } from './steps.js';
import * as view from './view.js';

const ACTIONS = {
  login,
  'call-api': callApi,
  renew,
  replay,
  'wrong-verifier': wrongVerifier,
  'no-challenge': noChallenge,
  revoke,
};

/** The step that explains the others: the figure highlights it first after the login. */
const COMPARISON = 8;

/** The `state` of the redirect after signing out at the server. It is informative only. */
const SIGNED_OUT = 'signed-out';

const page = document.documentElement;

/** The card being read. Until the reader scrolls, the figure shows what happened last. */
let reading = 1;
let moved = false;

start();

function start() {
  for (const [id, action] of Object.entries(ACTIONS)) {
    view.byId(id).addEventListener('click', () => run(action, id));
  }
  view.byId('start-over').addEventListener('click', startOver);
  window.addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
  followTheReader();

  const answer = new URLSearchParams(location.search);
  const isAnswer = location.pathname === '/demo/callback' || answer.has('code') || answer.has('error');
  const signedOut = answer.get('state') === SIGNED_OUT;
  history.replaceState(null, '', `/demo${isAnswer ? '' : location.hash}`);
  if (isAnswer) {
    run(() => resume(answer));
    reading = COMPARISON;
  } else {
    settle();
    checkPlace();
    if (signedOut) {
      view.status('You are signed out, here and at the server.');
    }
  }
}

/** Runs one action at a time. Errors are shown in the error panel. */
async function run(action, id) {
  busy();
  view.hidePanel();
  walk.step = null;
  try {
    await action();
    view.phase(walk.session ? 'done' : 'start');
  } catch (error) {
    fail(error);
  } finally {
    settle();
    if (id && view.byId('error-panel').hidden) {
      view.byId(id).focus({ preventScroll: true });
    }
  }
}

function busy() {
  page.setAttribute('data-busy', '');
  for (const id of Object.keys(ACTIONS)) {
    view.byId(id).disabled = true;
  }
}

/** Shows only the actions that are currently possible. */
function settle() {
  const done = page.dataset.phase === 'done';
  page.removeAttribute('data-busy');
  moved = false;
  view.light(done ? reading : (walk.step ?? reading));
  for (const id of Object.keys(ACTIONS)) {
    view.byId(id).disabled = id !== 'login' && walk.session === null;
  }
  view.byId('login').hidden = done;
  view.byId('users').hidden = done;
  view.byId('start-over').hidden = page.dataset.phase === 'start';
  offerLogout();
}

/** The session at the server outlives this page, so there is a button to end it too. */
function offerLogout() {
  const link = view.byId('end-session');
  link.hidden = !walk.session?.endpoints.end_session_endpoint;
  if (!link.hidden) {
    link.href = client.logoutUrl(walk.session, SIGNED_OUT);
  }
}

/** A reloaded page deliberately keeps no state of the old one. */
function startOver() {
  client.take();
  location.replace('/demo');
}

// --- Errors ---

function fail(error) {
  const refusal =
    error instanceof client.Refusal ? error : new client.Refusal('fault', String(error?.message ?? error));
  if (walk.step !== null) {
    view.mark(walk.step, 'error');
  }
  view.phase('error');
  const { kind, title, words } = story(refusal);
  view.panel({ kind, title, words, refusal: kind === 'stray' ? null : refusal });
  view.status(`${title}.`);
}

/** How to present an error. Not everything that ends a login is a failure. */
function story({ error }) {
  switch (error) {
    case 'no_transaction':
      return {
        kind: 'stray',
        title: 'No login is under way in this tab',
        words: [
          'This address is where the server sends its answer. Perhaps the page was reloaded, or opened in another tab.',
          'Nothing was sent anywhere: an answer that this tab did not ask for is dropped. The button below starts a login.',
        ],
      };
    case 'access_denied':
      return {
        kind: 'denied',
        title: 'You said no',
        words: ['The server respects that. The application got no code, no token, and learned nothing about you.'],
      };
    case 'login_required':
      return { kind: 'error', title: 'You are no longer logged in at the server' };
    default:
      return { kind: 'error', title: `${placeOf(walk.step)} did not work` };
  }
}

function placeOf(step) {
  if (typeof step === 'number') {
    return `Step ${step}`;
  }
  return { renewal: 'The renewal', revocation: 'The revocation' }[step] ?? 'That';
}

/** The redirect URI names one origin, so a login started at another could not complete; report that early. */
async function checkPlace() {
  try {
    const { redirect_uri: redirectUri } = await client.settings();
    const { origin } = new URL(redirectUri);
    if (origin !== location.origin) {
      view.panel({
        kind: 'stray',
        title: 'This application lives at another address',
        words: [`Its redirect URI is registered for ${origin}, and redirect URIs are compared character by character.`],
        action: view.el('p', {}, view.el('a', { href: `${origin}/demo` }, `Open ${origin}/demo`)),
      });
    }
  } catch {
    // The server may not be running yet. The login reports that if it persists.
  }
}

// --- The figure ---

/** While no action runs, the figure highlights the step being read. */
function followTheReader() {
  window.addEventListener('scroll', () => (moved = true), { passive: true });
  const observer = new IntersectionObserver(
    (entries) => {
      const read = entries.find(({ isIntersecting }) => isIntersecting);
      if (read && moved && !page.hasAttribute('data-busy')) {
        reading = read.target.dataset.step;
        view.light(reading);
      }
    },
    { rootMargin: '-35% 0px -60% 0px' },
  );
  document.querySelectorAll('.card[data-step]').forEach((card) => observer.observe(card));
}
