// The explanations on the page for each parameter, claim, check and error. Text only.

export const AUTHORIZATION = {
  response_type: 'Asks for a code, never for a token.',
  client_id: 'Which application asks. Public: it is no secret.',
  redirect_uri: 'Where the answer goes. It must be registered, character for character.',
  scope: 'What the application wants to be allowed. You decide in step 5.',
  state: 'Random. It comes back unchanged, and so ties the answer to this tab.',
  nonce: 'Random. It comes back inside the ID token, and so ties that token to this login.',
  code_challenge: 'The fingerprint from step 2. Whoever reads it learns nothing of the verifier.',
  code_challenge_method: 'How the fingerprint was made: SHA-256. The server accepts no other method.',
  prompt: 'No page, please: answer from the session, or say that it is not enough.',
};

export const ANSWER = {
  code: 'Good for one exchange, for about a minute, and only with the verifier.',
  state: 'The same as in step 3, so this is the answer to our own request.',
  iss: 'The server that was asked in step 3, and no other (RFC 9207).',
};

export const TOKEN_REQUEST = {
  grant_type: 'What is handed in: a code.',
  code: 'The code from step 6.',
  redirect_uri: 'The same as in step 3, which the code is bound to.',
  client_id: 'The same as in step 3, which the code is bound to.',
  code_verifier: 'The secret itself. It leaves the application here, for the first and last time.',
};

export const TOKEN_ANSWER = {
  access_token: 'The key to the API.',
  token_type: 'Whoever bears it may use it. So it stays in the memory of this page.',
  expires_in: 'Seconds until it ends.',
  scope: 'What was granted. It can be less than what was asked for.',
  id_token: 'Who logged in, when and how, for this application alone.',
};

export const HEADER = {
  typ: 'What kind of token this is.',
  alg: 'How it is signed.',
  kid: 'With which of the server’s keys.',
};

export const CLAIMS = {
  iss: 'Who issued it.',
  sub: 'Who you are: an identifier that stays the same.',
  aud: 'Whom it is meant for. Everyone else must refuse it.',
  client_id: 'Which application it was given to.',
  iat: 'When it was issued.',
  nbf: 'When it begins to be valid.',
  exp: 'When it ends.',
  auth_time: 'When you logged in.',
  jti: 'The name of this one token.',
  scope: 'What it allows.',
  nonce: 'The nonce of step 3.',
  acr: 'How strong the login was.',
  amr: 'How you logged in.',
  at_hash: 'Half the SHA-256 of the access token: ties the two together.',
  sid: 'Your session at the server.',
  azp: 'The application that asked for it.',
  name: 'Your name.',
  given_name: 'Your first name.',
  family_name: 'Your last name.',
  email: 'Your address.',
  email_verified: 'Whether the address is known to be yours.',
  tid: 'The tenant.',
  aid: 'The workspace.',
};

export const TIMES = ['iat', 'nbf', 'exp', 'auth_time', 'expires_at', 'updated_at'];

export const CHECKS = {
  signature: 'signature, with the key from the JWKS',
  issuer: 'issuer',
  audience: 'audience: this application',
  nonce: 'nonce of step 3',
  at_hash: 'at_hash fits the access token',
  not_expired: 'not expired',
  type: 'type is at+jwt',
};

export const VALIDATED = {
  algorithm: 'The signature fits a key of the server, with this algorithm.',
  issuer: 'The server that this API trusts.',
  audience: 'This API.',
  scope: 'Contains what the request needs: offers.read.',
  subject: 'Whose offers to return.',
  expires_at: 'Still ahead.',
};

/** Advice for an error, addressed to the reader of the page. */
const ADVICE = {
  access_denied: 'Nothing is broken. Log in again whenever you like.',
  login_required: 'Your session at the server has ended. Log in again, with the page this time.',
  consent_required: 'The server wants to ask you something. Log in again, with the page this time.',
  interaction_required: 'The server wants to show you a page. Log in again, without the frame.',
  account_selection_required: 'The server wants to know which account. Log in again.',
  invalid_request: 'The request is not well formed. The description tells which part of it.',
  invalid_scope: 'Ask only for scopes that this application may have.',
  invalid_client: 'Check that the client demo-spa exists and has token_endpoint_auth_method “none”.',
  unauthorized_client: 'Allow the authorization code grant for this client.',
  unsupported_response_type: 'Allow the response type “code” for this client.',
  invalid_grant: 'A code works once, for about a minute, with its own verifier. Start over.',
  invalid_token: 'The token has ended or was revoked. Renew it, or start over.',
  insufficient_scope: 'The token does not allow this. Start over, and grant the scope offers.read.',
  server_error: 'The server has a fault. Its log has the cause, under the trace id.',
  temporarily_unavailable: 'The server is busy. Try again in a moment.',
  network: 'Check that “postern dev” is running, then try again.',
  no_answer: 'The server showed a page instead, which it does not allow in a frame. Log in again.',
  state_mismatch: 'The answer was dropped. Start a new login in this tab.',
  wrong_issuer: 'The answer was dropped. Check the issuer in /demo/config.json.',
  no_code: 'The answer was dropped. Start over.',
  bad_token: 'The tokens were dropped. Check the clock of this machine and the JWKS, then start over.',
  other_subject: 'The new tokens were dropped. Start over.',
  fault: 'This page has a fault. The console of the browser has more.',
  insecure_context: 'Open the page on localhost or over https: only there has a browser WebCrypto.',
};

export function advice(error) {
  return Object.hasOwn(ADVICE, error) ? ADVICE[error] : 'Start over. The log of “postern dev” may tell more.';
}

/** The explanation of `name`, if there is one. */
export function wordsFor(words, name) {
  return Object.hasOwn(words, name) ? words[name] : '';
}
