// Verifies token responses: JWTs with the right algorithm and a valid signature, and no duplicates.

import { createPublicKey, verify } from 'node:crypto';

/**
 * Throws if one of `answers` is invalid.
 *
 * @param {object[]} answers token responses, whose refresh tokens must all differ
 * @param {{ issuer: string, keys: object[] }} server the expected issuer and its keys
 * @param {string} algorithm the expected algorithm
 */
export function prove(answers, { issuer, keys }, algorithm) {
  const published = new Map(keys.map((key) => [key.kid, createPublicKey({ key, format: 'jwk' })]));
  for (const answer of answers) {
    for (const kind of ['access_token', 'id_token']) proveOne(kind, answer[kind], { issuer, published, algorithm });
    if (typeof answer.refresh_token !== 'string') throw new Error(`${issuer} gave no refresh token`);
  }
  for (const kind of ['access_token', 'refresh_token']) {
    const different = new Set(answers.map((answer) => answer[kind])).size;
    if (different !== answers.length) {
      throw new Error(`${issuer} gave ${different} different ${kind}s in ${answers.length} answers`);
    }
  }
}

function proveOne(kind, token, { issuer, published, algorithm }) {
  const parts = token?.split('.') ?? [];
  if (parts.length !== 3) throw new Error(`the ${kind} of ${issuer} has ${parts.length} parts: ${token}`);
  const [header, claims] = parts.slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
  if (header.alg !== algorithm) throw new Error(`the ${kind} of ${issuer} is signed with ${header.alg}`);
  if (claims.iss !== issuer) throw new Error(`the ${kind} of ${issuer} is from ${claims.iss}`);
  const key = published.get(header.kid);
  if (!key) throw new Error(`the ${kind} of ${issuer} names the key ${header.kid}, which is not published`);
  const [input, signature] = [Buffer.from(`${parts[0]}.${parts[1]}`), Buffer.from(parts[2], 'base64url')];
  if (!verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, signature)) {
    throw new Error(`the signature of the ${kind} of ${issuer} does not hold`);
  }
}
