// A browser and client in one, usable with any authorization server.

import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';

const CLIENT = { client_id: 'spa', redirect_uri: 'https://client.example/cb' };
const SCOPE = 'openid read offline_access';
const USER = 'alice';

/** The maximum number of pages and redirects of a login. */
const HOPS = 20;

export class Player {
  #agent;
  #metadata;
  #cookies = new Map();

  /**
   * Fetches the server's metadata.
   *
   * @param {string} issuer
   * @param {number} connections the number of concurrent requests
   */
  static async at(issuer, connections) {
    const player = new Player();
    player.#agent = new http.Agent({ keepAlive: true, maxSockets: connections });
    player.#metadata = await player.#document(`${issuer}/.well-known/openid-configuration`);
    player.issuer = issuer;
    player.keys = (await player.#document(player.#metadata.jwks_uri)).keys;
    return player;
  }

  /** Logs in through the server's pages, consents, and keeps the session. The code is not redeemed. */
  async logIn() {
    let page = await this.#send('GET', this.#authorization().url, { cookies: this.#cookies });
    for (let hop = 0; hop < HOPS; hop += 1) {
      if (page.location?.startsWith(CLIENT.redirect_uri)) return codeOf(page);
      const [method, url, body] = page.location ? ['GET', page.location] : ['POST', ...filled(page)];
      page = await this.#send(method, url, { cookies: this.#cookies, body });
    }
    throw new Error(`the login at ${this.issuer} has no end`);
  }

  /** Logs in by single sign-on and returns the code with its verifier. */
  async authorize() {
    const { url, verifier } = this.#authorization();
    // New cookies are discarded, so that each login starts from the same state.
    const cookies = new Map(this.#cookies);
    let page = await this.#send('GET', url, { cookies });
    for (let hop = 0; hop < HOPS && page.location && !page.location.startsWith(CLIENT.redirect_uri); hop += 1) {
      page = await this.#send('GET', page.location, { cookies });
    }
    return { code: codeOf(page), verifier };
  }

  /** Exchanges a code for tokens. */
  redeem({ code, verifier }) {
    return this.#tokens({ grant_type: 'authorization_code', code, code_verifier: verifier, ...CLIENT });
  }

  /** Refreshes the tokens. */
  refresh({ refresh_token }) {
    return this.#tokens({ grant_type: 'refresh_token', refresh_token, client_id: CLIENT.client_id });
  }

  /** Closes all connections. */
  leave() {
    this.#agent.destroy();
  }

  #authorization() {
    const verifier = randomBytes(32).toString('base64url');
    const parameters = new URLSearchParams({
      ...CLIENT,
      response_type: 'code',
      scope: SCOPE,
      state: randomBytes(12).toString('base64url'),
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    return { url: `${this.#metadata.authorization_endpoint}?${parameters}`, verifier };
  }

  async #tokens(fields) {
    const answer = await this.#send('POST', this.#metadata.token_endpoint, { body: new URLSearchParams(fields) });
    if (answer.status !== 200) throw new Error(`${fields.grant_type}: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text);
  }

  async #document(url) {
    const answer = await this.#send('GET', url, {});
    if (answer.status !== 200) throw new Error(`${answer.status} at ${url}: ${answer.text}`);
    return JSON.parse(answer.text);
  }

  /** Sends a request: from the browser with `cookies`, from the client without. */
  async #send(method, url, { cookies, body }) {
    const text = body?.toString();
    const headers = {};
    if (text !== undefined) {
      headers['content-type'] = 'application/x-www-form-urlencoded';
      headers['content-length'] = Buffer.byteLength(text);
    }
    if (cookies?.size) headers.cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    if (cookies && method === 'POST') headers.origin = new URL(url).origin;
    const response = await new Promise((resolve, reject) => {
      http.request(url, { method, headers, agent: this.#agent }, resolve).on('error', reject).end(text);
    });
    const chunks = [];
    for await (const chunk of response) chunks.push(chunk);
    if (cookies) keep(cookies, response.headers['set-cookie'] ?? []);
    const location = response.headers.location && new URL(response.headers.location, url).href;
    return { status: response.statusCode, location, text: Buffer.concat(chunks).toString(), url };
  }
}

function codeOf({ location, status, text, url }) {
  if (!location) throw new Error(`no code but ${status} at ${url}: ${text.slice(0, 300)}`);
  const code = new URL(location).searchParams.get('code');
  if (!code) throw new Error(`no code in ${location}`);
  return code;
}

function keep(cookies, lines) {
  for (const line of lines) {
    const [pair, ...attributes] = line.split(';');
    const at = pair.indexOf('=');
    const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1)];
    const gone = value === '' || attributes.some((one) => /max-age=0\b|expires=thu, 01 jan 1970/i.test(one));
    if (gone) cookies.delete(name);
    else cookies.set(name, value);
  }
}

/** The target and fields of the first form on a page, with the user name filled in. */
function filled({ text, url, status }) {
  const form = /<form[^>]*>.*?<\/form>/is.exec(text)?.[0];
  if (!form) throw new Error(`no form but ${status} at ${url}: ${text.slice(0, 300)}`);
  const fields = new URLSearchParams();
  for (const [tag] of form.matchAll(/<(?:input|button)\b[^>]*>/gi)) {
    const { name, type = 'text', value = '' } = attributes(tag);
    const isLeftOut = type === 'checkbox' && !/\bchecked\b/i.test(tag);
    // Of several buttons, the first one is pressed.
    if (!name || isLeftOut || (type === 'submit' && fields.has(name))) continue;
    fields.append(name, ['text', 'password'].includes(type) ? USER : value);
  }
  return [new URL(attributes(form).action ?? '', url).href, fields];
}

/** The attributes of the tag at the beginning of `html`. */
function attributes(html) {
  const [tag] = /^<[^>]*>/.exec(html);
  const found = tag.matchAll(/\b([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))/gi);
  return Object.fromEntries([...found].map(([, name, ...values]) => [
    name.toLowerCase(),
    unescaped(values.find((value) => value !== undefined)),
  ]));
}

function unescaped(text) {
  const named = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|([a-z]+));/gi, (whole, hexadecimal, decimal, name) => {
    if (name) return named[name.toLowerCase()] ?? whole;
    return String.fromCodePoint(hexadecimal ? Number.parseInt(hexadecimal, 16) : Number(decimal));
  });
}
