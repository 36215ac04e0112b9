// Validates the access tokens of one issuer for one API (RFC 9068, RFC 6750) with jose.

import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

/** The error responses of RFC 6750 §3.1, and one for faults of the server. */
const REFUSALS = {
  missing: [401, undefined, 'send an access token in the Authorization header'],
  malformed: [400, 'invalid_request', 'send exactly one access token, in the Authorization header'],
  invalid: [401, 'invalid_token', 'the access token is not valid here, or has expired'],
  lacking: [403, 'insufficient_scope', 'the access token lacks the scope that this request requires'],
  unavailable: [503, 'temporarily_unavailable', 'the service is not available at the moment: try again'],
};

class Refusal extends Error {
  constructor(kind, { scope, cause } = {}) {
    super(kind, { cause });
    [this.status, this.code, this.description] = REFUSALS[kind];
    this.scope = scope;
  }
}

/**
 * Creates middleware that admits a request only with a token of `issuer` for `audience` that has `scope`, and stores
 * its claims in `request.token`.
 *
 * @param {{issuer: string, audience: string, now?: () => Date}} trusted the trusted issuer, this API's audience, and a
 * clock for tests
 */
export function protector({ issuer, audience, now = () => new Date() }) {
  const keys = keysOf(issuer);
  return (scope) => async (request, response, next) => {
    try {
      request.token = await accepted(presented(request), { keys, issuer, audience, now });
      if (!(request.token.scope ?? '').split(' ').includes(scope)) throw new Refusal('lacking', { scope });
    } catch (error) {
      return error instanceof Refusal ? refuse(response, error, audience) : next(error);
    }
    return next();
  };
}

/** Returns the single token of a request. A token in the URL would end up in logs, so it is refused there. */
function presented(request) {
  if ('access_token' in request.query) throw new Refusal('malformed');
  const headers = request.headersDistinct.authorization ?? [];
  if (headers.length > 1) throw new Refusal('malformed');
  const [scheme, token, ...more] = (headers[0] ?? '').split(' ');
  if (scheme.toLowerCase() !== 'bearer') throw new Refusal('missing');
  if (!token || more.length > 0) throw new Refusal('malformed');
  return token;
}

/** Verifies `token` and returns its claims. */
async function accepted(token, { keys, issuer, audience, now }) {
  if (token.length > 8192) throw new Refusal('invalid');
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      // Without these two checks, an ID token or a token with an unexpected algorithm could be accepted.
      typ: 'at+jwt',
      algorithms: ['RS256', 'PS256', 'ES256'],
      requiredClaims: ['exp', 'iat', 'sub', 'client_id', 'jti'],
      clockTolerance: 5,
      currentDate: now(),
    });
    // A sender-constrained token is not a bearer token, and nothing here proves possession of the key.
    if (payload.cnf !== undefined) throw new Refusal('invalid');
    return payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) throw new Refusal('invalid', { cause: error });
    throw error;
  }
}

/** Finds keys in the JWKS of `issuer`; its URL is discovered when the first token arrives. */
function keysOf(issuer) {
  let found;
  return async (header, token) => {
    try {
      found ??= createRemoteJWKSet(await jwksUri(issuer), {
        cacheMaxAge: 300_000,
        cooldownDuration: 60_000,
        timeoutDuration: 3000,
      });
      return await found(header, token);
    } catch (error) {
      // Only after a successful fetch of the JWKS is a missing key the token's fault.
      const { JWKSNoMatchingKey, JWKSMultipleMatchingKeys } = errors;
      if (error instanceof JWKSNoMatchingKey || error instanceof JWKSMultipleMatchingKeys) throw error;
      throw new Refusal('unavailable', { cause: error });
    }
  };
}

async function jwksUri(issuer) {
  const url = `${issuer}/.well-known/openid-configuration`;
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(3000) });
  const metadata = await response.json();
  if (metadata.issuer !== issuer) throw new Error('the discovery document is another issuer\'s');
  return new URL(metadata.jwks_uri);
}

function refuse(response, { status, code, description, scope }, realm) {
  const attributes = [`realm="${realm}"`];
  if (code) attributes.push(`error="${code}"`, `error_description="${description}"`);
  if (scope) attributes.push(`scope="${scope}"`);
  if (status === 503) response.set('Retry-After', '5');
  else response.set('WWW-Authenticate', `Bearer ${attributes.join(', ')}`);
  response.status(status).set('Cache-Control', 'no-store');
  response.json({ error: code ?? 'invalid_token', error_description: description });
}
