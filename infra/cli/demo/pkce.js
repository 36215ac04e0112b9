// The core of the demo: PKCE and token verification on top of WebCrypto. Meant to be read from top to bottom.

// --- PKCE (RFC 7636) ---

/**
 * Creates a `code_verifier`: 32 random bytes, encoded as 43 characters (§4.1). `state` and `nonce` only have to be
 * unguessable, so they are created the same way.
 */
export function randomString() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** Computes the `code_challenge` of `verifier` with the method S256 (§4.2). */
export async function challengeOf(verifier) {
  return base64url(await sha256(verifier));
}

/** The 32-byte SHA-256 digest of `text`, from which `text` cannot be recovered. */
export async function sha256(text) {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text)));
}

// --- base64url (RFC 4648 §5), without padding ---

/** Encodes bytes with the 64 characters that need no escaping in a URL. */
export function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** Decodes them. Any other character is refused. */
export function bytesOf(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) {
    throw new Error('This is not base64url.');
  }
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

// --- Tokens (JWS, RFC 7515) ---

/** Splits a token: `header.payload.signature`. Nothing in it is trusted yet. */
export function decodeJws(token) {
  const parts = token.split('.');
  if (parts.length !== 3) {
    throw new Error('A signed token has three parts.');
  }
  const [header, payload, signature] = parts;
  return {
    header: jsonOf(header),
    payload: jsonOf(payload),
    signature: bytesOf(signature),
    signed: utf8(`${header}.${payload}`),
    parts,
  };
}

// The accepted algorithms. Neither `none` nor a shared secret (HS256) is among them.
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
const PSS = { name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32 };
const ECDSA = { name: 'ECDSA', hash: 'SHA-256', namedCurve: 'P-256' };
const ALGORITHMS = new Map([
  ['RS256', { webcrypto: RSA, kty: 'RSA', members: ['n', 'e'] }],
  ['PS256', { webcrypto: PSS, kty: 'RSA', members: ['n', 'e'] }],
  ['ES256', { webcrypto: ECDSA, kty: 'EC', members: ['crv', 'x', 'y'] }],
]);

/** Whether one of the server's published keys signed this token (RFC 7515 §5.2). */
export async function isSignedBy(jws, jwks) {
  const { alg, kid, crit } = jws.header;
  const algorithm = ALGORITHMS.get(alg);
  if (!algorithm || crit !== undefined) {
    return false;
  }
  const jwk = jwks.keys.find((key) => key.kid === kid && key.kty === algorithm.kty);
  if (!jwk || (jwk.alg ?? alg) !== alg || (jwk.use ?? 'sig') !== 'sig') {
    return false;
  }
  const key = await importKey(jwk, algorithm);
  return crypto.subtle.verify(algorithm.webcrypto, key, jws.signature, jws.signed);
}

/**
 * Computes the `at_hash` of an ID token: the left half of the SHA-256 digest of the access token (OpenID Connect Core
 * §3.1.3.6).
 */
export async function halfHash(accessToken) {
  return base64url((await sha256(accessToken)).slice(0, 16));
}

// --- Helpers ---

function importKey(jwk, { webcrypto, kty, members }) {
  const publicPart = Object.fromEntries(members.map((member) => [member, jwk[member]]));
  return crypto.subtle.importKey('jwk', { kty, ...publicPart }, webcrypto, false, ['verify']);
}

function jsonOf(part) {
  const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(part)));
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new Error('This part of a token must be a JSON object.');
  }
  return value;
}

function utf8(text) {
  return new TextEncoder().encode(text);
}
