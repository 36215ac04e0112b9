// Actions after the login: call the API again, renew, attack, revoke.

import * as client from './client.js';
import { randomString } from './pkce.js';
import { accept, at, stepTen, walk } from './steps.js';
import * as view from './view.js';
import * as words from './words.js';

const { el, line, note, rows } = view;
const { Refusal } = client;

export async function callApi() {
  await stepTen();
  view.status(`The API answered at ${clock()}.`);
}

export async function renew() {
  at('renewal', 'New tokens are fetched in a hidden frame.');
  const before = walk.session;
  const { parameters, tokens } = await silentLogin();
  view.fill(
    'renewal',
    rows({ prompt: parameters.prompt, redirect_uri: parameters.redirect_uri }, { ...words.AUTHORIZATION, redirect_uri: 'A page that hands the answer to this one, and does nothing else.' }),
    view.table(
      ['claim', 'before', 'now'],
      ['jti', mono(before.access.payload.jti), mono(walk.session.access.payload.jti)],
      ['exp', clock(before.access.payload.exp), clock(walk.session.access.payload.exp)],
      ['auth_time', clock(before.id.payload.auth_time), clock(walk.session.id.payload.auth_time)],
    ),
    el('ul', { class: 'checks' }, el('li', {}, view.check('same_subject', true, 'still the same person: sub is unchanged'))),
    note(`Unchanged auth_time: nobody logged in again. The new tokens, good for ${Math.round(tokens.expires_in / 60)} minutes, are shown in step 9. The old access token ends by itself.`),
  );
  view.mark('renewal', 'done');
  view.status(`Renewed at ${clock()}, without a page.`);
}

/** Runs a whole login in a hidden frame. `meddle` may use the fresh code before it is redeemed. */
async function silentLogin(meddle = async () => {}) {
  const { config, endpoints, id } = walk.session;
  const { code, transaction, parameters } = await client.silently(config, endpoints);
  await meddle(code, transaction);
  const form = client.tokenParameters(config, code, transaction);
  const tokens = client.success(await client.post(endpoints.token_endpoint, form));
  if (client.subjectOf(tokens) !== id.payload.sub) {
    throw new Refusal('other_subject', 'Somebody else is logged in at the server now.');
  }
  await accept({ config, endpoints }, transaction, tokens);
  walk.session.exchange = { code, transaction };
  return { parameters, tokens };
}

export async function revoke() {
  at('revocation', 'The access token is given back.');
  const { config, endpoints, tokens, access } = walk.session;
  const token = tokens.access_token;
  const before = await statuses(token);
  const answer = await client.post(endpoints.revocation_endpoint, { token }, client.bearer(token));
  if (!answer.ok) {
    throw client.refusal(answer);
  }
  const after = await statuses(token);
  view.fill(
    'revocation',
    line('POST', endpoints.revocation_endpoint),
    view.table(
      ['asked with the token', 'before', 'after'],
      ['userinfo', verdict(before.userinfo), verdict(after.userinfo)],
      ['example API', verdict(before.api), verdict(after.api)],
    ),
    note(
      `Userinfo asks the server’s records. The API at ${new URL(config.api).pathname} checks signature and times only, so for it the token lives until `,
      el('b', {}, clock(access.payload.exp)),
      '. An API that cannot wait so long asks the introspection endpoint.',
    ),
  );
  view.mark('revocation', 'done');
  view.status(`Revoked at ${clock()}. “Renew silently” gets a new token.`);
}

async function statuses(token) {
  const { config, endpoints } = walk.session;
  const userinfo = await client.getWith(token, endpoints.userinfo_endpoint);
  const api = await client.getWith(token, config.api);
  return { userinfo, api };
}

function verdict({ ok, status: code }) {
  const accepted = ok ? 'accepted' : 'refused';
  return el('span', { class: 'verdict-cell', 'data-status': String(code) }, `${code} ${accepted}`);
}

// --- Break it ---

export async function replay() {
  view.status('The code is handed in again.');
  const { config, endpoints, exchange, tokens } = walk.session;
  const form = client.tokenParameters(config, exchange.code, exchange.transaction);
  const answer = await client.post(endpoints.token_endpoint, form);
  const userinfo = await client.getWith(tokens.access_token, endpoints.userinfo_endpoint);
  view.attempted(
    'replay-result',
    outcomeOf(answer),
    ...told(answer, 'The server gave out tokens for a used code. That must not happen.'),
    view.table(['the first tokens', 'now'], ['userinfo', verdict(userinfo)]),
    note(
      userinfo.ok
        ? 'The tokens from the first use are still accepted.'
        : 'The tokens from the first use have ended as well. “Renew silently” gets new ones.',
    ),
  );
  view.status('The replay was tried.');
}

export async function wrongVerifier() {
  view.status('A fresh code is handed in with a wrong verifier.');
  let stolen;
  await silentLogin(async (code, transaction) => {
    const { config, endpoints } = walk.session;
    const guess = { ...transaction, verifier: randomString() };
    stolen = await client.post(endpoints.token_endpoint, client.tokenParameters(config, code, guess));
    view.attempted(
      'wrong-verifier-result',
      outcomeOf(stolen),
      rows({ code, code_verifier: guess.verifier }, { code: 'The thief has this.', code_verifier: 'This is a guess.' }),
      ...told(stolen, 'The server accepted a wrong verifier. That must not happen.'),
    );
  });
  view.byId('wrong-verifier-result').append(
    el('p', { class: 'verdict' }, view.check('right_verifier', true, 'Then the right verifier came, and the server returned the tokens. The thief could not even spoil the code.')),
  );
  view.status('The thief got nothing; the owner got the tokens.');
}

export async function noChallenge() {
  view.status('An authorization request goes out without a challenge.');
  const { config, endpoints } = walk.session;
  const transaction = await client.begin(config.silent_redirect_uri);
  const parameters = { ...client.authorizationParameters(config, transaction), prompt: 'none' };
  delete parameters.code_challenge;
  delete parameters.code_challenge_method;
  const answer = await client.throughFrame(client.urlOf(endpoints.authorization_endpoint, parameters));
  client.checkState(answer, transaction);
  if (answer.has('error')) {
    const refused = new Refusal(answer.get('error'), answer.get('error_description'));
    view.attempted('no-challenge-result', 'refused', ...refusedAsItShould(refused));
  } else {
    const alarm = 'The server issued a code without a challenge. That must not happen.';
    view.attempted('no-challenge-result', 'accepted', verdictLine(false, alarm));
  }
  view.status('The request without a challenge was tried.');
}

/** The outcome of an attack on the token endpoint. Anything but `invalid_grant` deserves attention. */
function outcomeOf({ ok, body }) {
  if (ok) {
    return 'accepted';
  }
  return body?.error === 'invalid_grant' ? 'refused' : 'unexpected';
}

function told(answer, alarm) {
  if (answer.ok) {
    return [verdictLine(false, alarm)];
  }
  const refused = client.refusal(answer);
  return outcomeOf(answer) === 'refused'
    ? refusedAsItShould(refused)
    : [verdictLine(false, 'Not accepted, but not for the reason that was expected.'), view.facts(refused)];
}

function refusedAsItShould(refused) {
  return [verdictLine(true, 'Refused, as it should be.'), view.facts(refused, false)];
}

function verdictLine(passed, text) {
  return el('p', { class: 'verdict' }, view.check('refused', passed, text));
}


// --- Helpers ---

function clock(seconds = Date.now() / 1000) {
  return new Date(seconds * 1000).toLocaleTimeString('en-GB');
}

function mono(text) {
  return el('code', {}, String(text));
}
