// An OAuth client for the browser: discovery, authorization request, response, tokens, silent login. It implements the
// protocol and is independent of the page around it.

import { challengeOf, decodeJws, halfHash, isSignedBy, randomString } from './pkce.js';

/** Why something failed: an OAuth error from the server, or a failed check in this client. */
export class Refusal extends Error {
  constructor(error, description, { hint, trace, status } = {}) {
    super(description || error);
    Object.assign(this, { error, description, hint, trace, status });
  }
}

// --- Endpoints ---

/** Reads the application's own settings, which name the issuer. */
export async function settings() {
  return success(await ask('/demo/config.json'));
}

/** Finds every endpoint from the issuer alone (OpenID Connect Discovery §4). */
export async function discover({ issuer }) {
  const endpoints = success(await ask(`${issuer}/.well-known/openid-configuration`));
  if (endpoints.issuer !== issuer) {
    throw new Refusal('wrong_issuer', `Discovery speaks for ${endpoints.issuer}, not ${issuer}.`);
  }
  return endpoints;
}

/** The server's public keys, fetched for each verification so that a new key is never missed. */
export async function keys({ jwks_uri }) {
  const jwks = success(await ask(jwks_uri));
  if (!Array.isArray(jwks.keys)) {
    throw new Refusal('bad_token', 'The JWKS holds no keys.');
  }
  return jwks;
}

// --- The transaction: what must survive while the browser is away ---

const STORED = 'postern-demo-transaction';

/** Creates the values that bind the response, the ID token and the code to this login. */
export async function begin(redirectUri) {
  return withChallenge({
    state: randomString(),
    nonce: randomString(),
    verifier: randomString(),
    redirectUri,
  });
}

/** Stores it for this tab only, replacing any login in progress in the tab. */
export function keep({ state, nonce, verifier }) {
  sessionStorage.setItem(STORED, JSON.stringify({ state, nonce, verifier }));
}

/** Removes it from storage and returns it; this works once. */
export function take() {
  const stored = sessionStorage.getItem(STORED);
  sessionStorage.removeItem(STORED);
  return stored === null ? null : JSON.parse(stored);
}

export async function withChallenge(transaction) {
  return { ...transaction, challenge: await challengeOf(transaction.verifier) };
}

// --- Authorization request and response ---

/** The parameters of the authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3). */
export function authorizationParameters({ client_id, scope }, transaction) {
  return {
    response_type: 'code',
    client_id,
    redirect_uri: transaction.redirectUri,
    scope,
    state: transaction.state,
    nonce: transaction.nonce,
    code_challenge: transaction.challenge,
    code_challenge_method: 'S256',
  };
}

export function urlOf(endpoint, parameters) {
  const url = new URL(endpoint);
  for (const [name, value] of Object.entries(parameters)) {
    url.searchParams.set(name, value);
  }
  return url.href;
}

/**
 * The URL that signs the user out at the server too (OpenID Connect RP-Initiated Logout §2). The ID token identifies
 * the session, so that the server need not ask for confirmation.
 */
export function logoutUrl({ config, endpoints, tokens }, state) {
  return urlOf(endpoints.end_session_endpoint, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: config.post_logout_redirect_uri,
    state,
  });
}

/** Verifies that the response belongs to a request of this client. Comes before everything else. */
export function checkState(answer, { state }) {
  if (only(answer, 'state') !== state) {
    throw new Refusal('state_mismatch', 'The state that came back is not the one that was sent.');
  }
}

/** Verifies that the response comes from the expected server (RFC 9207 §2.4), and returns its content. */
export function codeOf(answer, { issuer }) {
  if (only(answer, 'iss') !== issuer) {
    throw new Refusal('wrong_issuer', `The answer does not come from ${issuer}.`);
  }
  if (answer.has('error')) {
    throw new Refusal(only(answer, 'error') ?? 'unknown', only(answer, 'error_description'));
  }
  const code = only(answer, 'code');
  if (!code) {
    throw new Refusal('no_code', 'The answer holds neither one code nor an error.');
  }
  return code;
}

/** A repeated parameter counts as absent, because it is ambiguous. */
function only(answer, name) {
  const values = answer.getAll(name);
  return values.length === 1 ? values[0] : null;
}

// --- Tokens ---

/** The parameters of the token request (RFC 6749 §4.1.3, RFC 7636 §4.5). */
export function tokenParameters({ client_id }, code, { redirectUri, verifier }) {
  return {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    client_id,
    code_verifier: verifier,
  };
}

/** Sends the form unchanged and returns the raw response. Its body is not checked yet. */
export function post(endpoint, parameters, headers = {}) {
  return ask(endpoint, { method: 'POST', headers, body: new URLSearchParams(parameters) });
}

/** Calls a protected resource with the token where it belongs: in the header. */
export function getWith(accessToken, url) {
  return ask(url, { headers: bearer(accessToken) });
}

export function bearer(accessToken) {
  return { Authorization: `Bearer ${accessToken}` };
}

/** Decodes both tokens and performs the checks required of a client (OpenID Connect Core §3.1.3.7). */
export async function inspect(tokens, { client_id, issuer }, nonce, jwks) {
  const now = Date.now() / 1000;
  const id = readable(tokens.id_token, 'id');
  const access = readable(tokens.access_token, 'access');
  const audience = [id.payload.aud].flat();
  id.checks = {
    signature: await isSignedBy(id, jwks),
    issuer: id.payload.iss === issuer,
    audience: audience.length === 1 && audience[0] === client_id,
    nonce: id.payload.nonce === nonce,
    at_hash: id.payload.at_hash === (await halfHash(tokens.access_token)),
    not_expired: id.payload.exp > now,
  };
  access.checks = {
    signature: await isSignedBy(access, jwks),
    issuer: access.payload.iss === issuer,
    type: access.header.typ === 'at+jwt',
    not_expired: access.payload.exp > now,
  };
  return { id, access };
}

/** The subject of the ID token. The caller must verify the whole token before relying on it. */
export function subjectOf({ id_token }) {
  return readable(id_token, 'id').payload.sub;
}

function readable(token, name) {
  try {
    return decodeJws(token);
  } catch {
    throw new Refusal('bad_token', `The ${name} token cannot be read.`);
  }
}

/** Rejects both tokens if any check of either failed. */
export function demandAll(inspected) {
  for (const [token, { checks }] of Object.entries(inspected)) {
    for (const [check, passed] of Object.entries(checks)) {
      if (!passed) {
        throw new Refusal('bad_token', `The ${token} token fails the check “${check}”.`);
      }
    }
  }
}

// --- Silent login: the same request, in a hidden frame, with prompt=none ---

/** Gets a fresh code without a page, if the session at the server allows it. */
export async function silently(config, endpoints) {
  const transaction = await begin(config.silent_redirect_uri);
  const parameters = { ...authorizationParameters(config, transaction), prompt: 'none' };
  const answer = await throughFrame(urlOf(endpoints.authorization_endpoint, parameters));
  checkState(answer, transaction);
  return { transaction, parameters, code: codeOf(answer, config) };
}

const TIMEOUT_MS = 10_000;
const GRACE_AFTER_LOAD = 1_000;

/** Loads `url` in a hidden frame and waits for the message from /demo/silent. */
export function throughFrame(url) {
  return new Promise((resolve, reject) => {
    const frame = document.createElement('iframe');
    const end = (settle, value) => {
      window.removeEventListener('message', receive);
      clearTimeout(timer);
      frame.remove();
      settle(value);
    };
    const giveUp = () =>
      end(reject, new Refusal('no_answer', 'The frame was not redirected back to this application.'));
    const receive = (event) => {
      if (event.origin !== location.origin || event.source !== frame.contentWindow) {
        return;
      }
      if (typeof event.data === 'string') {
        end(resolve, new URLSearchParams(event.data));
      }
    };
    let timer = setTimeout(giveUp, TIMEOUT_MS);
    window.addEventListener('message', receive);
    // A page that loads without sending a message is a page of the server, which cannot be framed.
    frame.addEventListener('load', () => {
      clearTimeout(timer);
      timer = setTimeout(giveUp, GRACE_AFTER_LOAD);
    });
    frame.hidden = true;
    frame.title = 'Silent login';
    frame.src = url;
    document.body.append(frame);
  });
}

// --- HTTP ---

/** Sends a request without cookies: only the token counts. */
async function ask(url, options = {}) {
  const careful = { cache: 'no-store', credentials: 'omit', redirect: 'error', ...options };
  let response;
  try {
    response = await fetch(url, careful);
  } catch {
    throw new Refusal('network', `No answer from ${url}.`);
  }
  return {
    status: response.status,
    ok: response.ok,
    trace: response.headers.get('X-Trace-Id'),
    challenge: response.headers.get('WWW-Authenticate'),
    body: json(await response.text()),
  };
}

/** The body of a successful response. */
export function success(answer) {
  if (!answer.ok || answer.body === null) {
    throw refusal(answer);
  }
  return answer.body;
}

/** The error of a failed response: from its body, or else from WWW-Authenticate (RFC 6750 §3). */
export function refusal({ status, trace, challenge, body }) {
  const quoted = (name) => challenge?.match(new RegExp(`\\b${name}="([^"]*)"`))?.[1];
  const error = body?.error ?? quoted('error') ?? `HTTP ${status}`;
  const description = body?.error_description ?? quoted('error_description');
  return new Refusal(error, description, { hint: body?.error_hint, trace, status });
}

function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
