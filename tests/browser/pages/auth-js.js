// Reimplements the requests and response handling of cloudentity-auth-js 2, which has no release that can be installed
// here. Its quirks are kept, because a server has to cope with them: it does not decode redirect parameters, it sends
// tokens unencoded, and it ignores a failed silent login.

class AuthJs {
  constructor(options) {
    this.options = options;
    this.issuer = `${options.baseUrl}/${options.tenantId}/${options.authorizationServerId}`;
  }

  // --- Stored values, under names that begin with the workspace ---

  name(item) {
    return `${this.options.tenantId}_${this.options.authorizationServerId}_${item}`;
  }

  kept(item) {
    return localStorage.getItem(this.name(item));
  }

  keep(item, value) {
    localStorage.setItem(this.name(item), value);
  }

  forget(...items) {
    for (const item of items) localStorage.removeItem(this.name(item));
  }

  forgetRequest() {
    this.forget('pkce_state', 'pkce_code_verifier', 'token_id_nonce');
  }

  // --- Login ---

  /** The URL of an authorization request, with the library's parameters, order and encoding. */
  async authorizationUrl({ silent = false, ...more } = {}) {
    const all = { ...this.options, ...more };
    const verifier = AuthJs.random();
    const [state, nonce] = [all.state ?? AuthJs.random(), AuthJs.random()];
    this.keep('pkce_state', state);
    this.keep('pkce_code_verifier', verifier);
    this.keep('token_id_nonce', nonce);
    const encoded = [
      ['response_type', all.responseType.join(' ')],
      ['client_id', all.clientId],
      ['state', state],
      ['nonce', nonce],
      ['scope', all.scopes.join(' ')],
      ['redirect_uri', this.redirectUri(silent)],
      ['code_challenge', await AuthJs.challenge(verifier)],
    ].map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    const plain = ['code_challenge_method=S256'];
    if (all.prompt) plain.push(`prompt=${all.prompt}`);
    if (silent) plain.push('prompt=none', `method_hint=${AuthJs.claim(this.kept('access_token'), 'mth') ?? ''}`);
    if (all.idpHint) plain.push(`idp_hint=${all.idpHint}`);
    if (all.loginHintIdentifier) plain.push(`login_hint=${encodeURIComponent(all.loginHintIdentifier)}`);
    return `${this.issuer}/oauth2/authorize?${[...encoded, ...plain].join('&')}`;
  }

  redirectUri(silent) {
    return silent && this.options.silentAuthRedirectUri ? this.options.silentAuthRedirectUri : this.options.redirectUri;
  }

  async authorize(more) {
    location.href = await this.authorizationUrl(more);
  }

  /** Reads the response from the URL and redeems the code. */
  async getAuth({ silent = false } = {}) {
    try {
      const data = await this.taken(AuthJs.answer(), silent);
      if (silent) parent.postMessage('silentAuthSuccess', location.origin);
      return data;
    } catch (error) {
      if (silent) parent.postMessage('silentAuthFailure', location.origin);
      throw error;
    }
  }

  async taken(answer, silent) {
    if (answer.error) {
      this.forgetRequest();
      const words = answer.error.replace(/[+_]/g, ' ');
      throw {
        error: 'Error',
        error_key: words.charAt(0).toUpperCase() + words.slice(1),
        error_description: (answer.error_description ?? '').replace(/\+/g, ' '),
      };
    }
    if (!answer.code || encodeURIComponent(this.kept('pkce_state')) !== answer.state) {
      this.forgetRequest();
      throw { error: 'Unauthorized' };
    }
    try {
      const data = await this.exchanged(answer.code, silent);
      this.keep('access_token', data.access_token);
      if (data.id_token) {
        if (AuthJs.claim(data.id_token, 'nonce') !== this.kept('token_id_nonce')) throw { error: 'Unauthorized' };
        this.keep('id_token', data.id_token);
      }
      return data;
    } finally {
      this.forgetRequest();
    }
  }

  async exchanged(code, silent) {
    const form = [
      ['grant_type', 'authorization_code'],
      ['code', code],
      ['client_id', this.options.clientId],
      ['redirect_uri', this.redirectUri(silent)],
      ['code_verifier', this.kept('pkce_code_verifier')],
    ];
    return AuthJs.read(await fetch(`${this.issuer}/oauth2/token`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded;charset=UTF-8' },
      body: form.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&'),
    }));
  }

  // --- After the login ---

  async userInfo() {
    const headers = { Accept: 'application/json', Authorization: `Bearer ${this.kept('access_token')}` };
    return AuthJs.read(await fetch(`${this.issuer}/userinfo`, { headers }));
  }

  async revokeAuth() {
    const token = this.kept('access_token');
    try {
      await fetch(`${this.issuer}/oauth2/revoke`, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/x-www-form-urlencoded',
          Accept: 'application/json',
          Authorization: `Bearer ${token}`,
        },
        body: `token=${token}`,
      });
    } finally {
      this.forget('access_token', 'id_token');
    }
  }

  /** Checks once a minute whether three quarters of the lifetime have passed, and renews in a hidden frame. */
  silentAuthentication(ratio = 0.75) {
    const timer = setInterval(() => {
      const token = this.kept('access_token');
      if (token?.split('.').length !== 3) return;
      const [from, to] = [AuthJs.claim(token, 'iat'), AuthJs.claim(token, 'exp')];
      if ((Date.now() / 1000 - from) / (to - from) > ratio) void this.renew(timer);
    }, 60_000);
  }

  async renew(timer) {
    document.querySelector('#silent-auth-iframe')?.remove();
    const address = await this.authorizationUrl({ silent: true });
    const frame = Object.assign(document.createElement('iframe'), { id: 'silent-auth-iframe', width: '0', height: '0' });
    frame.style.display = 'none';
    const listener = ({ origin, source, data }) => {
      if (origin !== location.origin || source !== frame.contentWindow || data !== 'silentAuthSuccess') return;
      clearTimeout(patience);
      done();
    };
    const done = () => {
      frame.remove();
      removeEventListener('message', listener);
    };
    const patience = setTimeout(() => {
      clearInterval(timer);
      done();
    }, 45_000);
    addEventListener('message', listener);
    document.body.append(frame);
    frame.src = address;
  }

  // --- Parsing and random values ---

  /** The redirect parameters from query and fragment, undecoded. */
  static answer() {
    const parts = [location.search, location.hash].flatMap((text) => text.slice(1).split('&')).filter(Boolean);
    return Object.fromEntries(parts.map((part) => part.split('=').slice(0, 2)));
  }

  static async read(response) {
    const json = await response.json();
    if (response.ok) return json;
    if (response.status === 401) throw { error: 'Unauthorized' };
    throw { error: 'Error', message: json.error_description };
  }

  static claim(token, name) {
    if (!token) return undefined;
    const bytes = atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/'));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0))))[name];
  }

  /** A random string of 56 hexadecimal digits. */
  static random() {
    return [...crypto.getRandomValues(new Uint8Array(28))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  static async challenge(verifier) {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier)));
    return btoa(String.fromCharCode(...digest)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  }
}
