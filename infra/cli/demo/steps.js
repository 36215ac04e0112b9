// The ten steps of the authorization code grant with PKCE, in order.

import * as client from './client.js';
import { challengeOf, sha256 } from './pkce.js';
import * as view from './view.js';
import * as words from './words.js';

const { el, line, note, rows, whole } = view;
const { Refusal } = client;

/**
 * The progress: the current step, and the results of the login. It is kept in memory only.
 */
export const walk = { step: null, session: null };

// --- Steps 1 to 3: before the redirect to the server ---

export async function login() {
  view.phase('redirecting');
  forget();
  const place = await stepOne();
  const transaction = await client.begin(place.config.redirect_uri);
  await pause();
  await stepTwo(transaction);
  await pause();
  const url = stepThree(place, transaction);
  client.keep(transaction);
  view.status('Step 3 of 10. On the way to the authorization server.');
  await pause();
  location.assign(url);
  return new Promise(() => {});
}

async function stepOne() {
  at(1, 'The application looks up its server.');
  demandWebCrypto();
  const config = await client.settings();
  const endpoints = await client.discover(config);
  view.fill(
    1,
    rows(
      { client_id: config.client_id, issuer: config.issuer },
      { client_id: 'Its name. There is no secret beside it.', issuer: 'The server it trusts. This is all it has to know.' },
    ),
    whole(
      'What it finds out from the issuer',
      line('GET', `${config.issuer}/.well-known/openid-configuration`),
      rows(picked(endpoints), {}),
    ),
  );
  return { config, endpoints };
}

function picked(endpoints) {
  const names = ['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'userinfo_endpoint', 'revocation_endpoint', 'code_challenge_methods_supported'];
  return Object.fromEntries(names.filter((name) => name in endpoints).map((name) => [name, endpoints[name]]));
}

async function stepTwo({ verifier, challenge }) {
  at(2, 'The application makes a verifier and its challenge.');
  view.fill(2, view.descent(verifier, await sha256(verifier), challenge));
}

function stepThree({ config, endpoints }, transaction) {
  at(3, 'The application asks for authorization.');
  const parameters = client.authorizationParameters(config, transaction);
  const url = client.urlOf(endpoints.authorization_endpoint, parameters);
  view.fill(
    3,
    line('GET', endpoints.authorization_endpoint),
    rows(parameters, words.AUTHORIZATION),
    whole('The address as one line', el('code', { class: 'raw' }, url)),
    note('Until the answer comes, verifier, state and nonce wait in sessionStorage, which is this tab’s alone.'),
  );
  return url;
}

// --- Steps 4 to 10: after the redirect back ---

export async function resume(answer) {
  const stored = client.take();
  if (stored === null) {
    throw new Refusal('no_transaction');
  }
  view.phase('redirecting');
  walk.step = 6;
  client.checkState(answer, stored);
  walk.step = null;

  const place = await stepOne();
  const transaction = await client.withChallenge({ ...stored, redirectUri: place.config.redirect_uri });
  await stepTwo(transaction);
  stepThree(place, transaction);
  view.fill(4, line('303', 'to the login page'), note('Its address was the server’s, so that you knew to whom you gave your password.'));
  view.mark(4, 'done');
  const code = stepSix(place, transaction, answer);
  const tokens = await stepSeven(place, transaction, code);
  const computed = await challengeOf(transaction.verifier);
  stepEight(transaction, computed);
  await stepNine(place, transaction, tokens);
  walk.session.exchange = { code, transaction };
  await stepTen();
  view.greet(walk.session.profile, view.comparison(transaction.challenge, computed));
  view.status('Done. All ten steps, and every check passed.');
}

function stepSix({ config }, transaction, answer) {
  at(answer.has('error') ? 5 : 6, 'The answer of the server is checked.');
  const code = client.codeOf(answer, config);
  view.mark(5, 'done');
  view.fill(
    6,
    line('303', transaction.redirectUri),
    rows({ code, state: transaction.state, iss: config.issuer }, words.ANSWER, { state: true, iss: true }),
    note('All three are gone from the address bar already, and verifier, state and nonce from sessionStorage.'),
  );
  return code;
}

async function stepSeven({ config, endpoints }, transaction, code) {
  at(7, 'Code and verifier are handed in.');
  const parameters = client.tokenParameters(config, code, transaction);
  view.fill(
    7,
    line('POST', endpoints.token_endpoint),
    rows(parameters, words.TOKEN_REQUEST),
    note('No Authorization header, no client secret.'),
  );
  return client.success(await client.post(endpoints.token_endpoint, parameters));
}

function stepEight({ challenge }, computed) {
  at(8, 'The server has compared.');
  view.fill(
    8,
    view.comparison(challenge, computed),
    note('The server did this sum; the page repeats it for you to see. It also checked that the code was unused, not expired, and issued to this client for this redirect URI.'),
  );
}

async function stepNine(place, transaction, tokens) {
  at(9, 'The tokens are checked.');
  const inspected = await accept(place, transaction, tokens);
  const { auth_time: authTime, amr } = inspected.id.payload;
  view.fill(
    5,
    note(
      'The ID token of step 9 tells how it went: you logged in on ',
      el('b', {}, view.humanTime(authTime).replace(/\.$/, '')),
      amr ? [', by ', el('code', {}, [amr].flat().join(', '))] : '',
      '.',
    ),
  );
}

/** Accepts new tokens if all their checks pass, shows them, and makes them the session. */
export async function accept(place, transaction, tokens) {
  const jwks = await client.keys(place.endpoints);
  const inspected = await client.inspect(tokens, place.config, transaction.nonce, jwks);
  view.fill(
    9,
    rows(tokens, words.TOKEN_ANSWER),
    view.token('id', 'ID token', 'For this application. It checks the token before it believes who you are.', inspected.id),
    view.token('access', 'Access token', 'For the API. An application should pass it on unopened; it is opened here to show it.', inspected.access),
  );
  client.demandAll(inspected);
  walk.session = { ...walk.session, ...place, tokens, ...inspected };
  return inspected;
}

export async function stepTen() {
  at(10, 'The API is called.');
  const { config, endpoints, tokens, id } = walk.session;
  const offers = client.success(await client.getWith(tokens.access_token, config.api));
  const profile = client.success(await client.getWith(tokens.access_token, endpoints.userinfo_endpoint));
  if (profile.sub !== id.payload.sub) {
    throw new Refusal('other_subject', 'Userinfo speaks of somebody else than the ID token.');
  }
  walk.session.profile = profile;
  view.fill(
    10,
    line('GET', config.api),
    note('Authorization: Bearer ', el('code', { 'data-value': 'token' }, `${tokens.access_token.slice(0, 18)} …`)),
    view.sub('What the API checked'),
    rows(offers.validated ?? {}, words.VALIDATED),
    view.sub('What it answered'),
    el('ul', { class: 'offers' }, (offers.offers ?? []).map(({ id: name, title }) => el('li', {}, title, ' ', el('code', {}, name)))),
    whole('The userinfo endpoint, with the same token', line('GET', endpoints.userinfo_endpoint), rows(profile, words.CLAIMS)),
  );
  view.mark(10, 'done');
}

// --- Progress ---

/** Moves on to `step`, completing the previous one. */
export function at(step, text) {
  if (walk.step !== null && walk.step !== step) {
    view.mark(walk.step, 'done');
  }
  walk.step = step;
  view.mark(step, 'active');
  view.light(step);
  view.status(typeof step === 'number' ? `Step ${step} of 10. ${text}` : text);
}

function forget() {
  walk.session = null;
  for (const { dataset } of document.querySelectorAll('[data-step]')) {
    view.mark(dataset.step, 'todo');
    view.fill(dataset.step);
  }
  for (const { id } of document.querySelectorAll('[data-outcome]')) {
    view.attempted(id, '');
  }
}

function demandWebCrypto() {
  if (!globalThis.crypto?.subtle) {
    throw new Refusal('insecure_context', 'This browser offers no WebCrypto at this address.');
  }
}

function pause() {
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  return new Promise((resolve) => setTimeout(resolve, calm ? 0 : 450));
}
