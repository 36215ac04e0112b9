// An application on Express whose users log in with Postern.

import { randomBytes } from 'node:crypto';

import express from 'express';
import openid from 'express-openid-connect';

import { homePage, notesPage } from './pages.mjs';

const {
  ISSUER = 'http://localhost:9000/default/web-node',
  PORT = '3000',
  CLIENT_SECRET = 'web-node-example-secret',
  // With a random one, a restart logs everybody out.
  SESSION_SECRET = randomBytes(32).toString('hex'),
} = process.env;

const { auth, requiresAuth } = openid;
const app = express();

// Adds /login, /callback and /logout, and keeps the session in an encrypted cookie.
app.use(auth({
  issuerBaseURL: ISSUER,
  baseURL: `http://localhost:${PORT}`,
  clientID: 'web-node',
  clientSecret: CLIENT_SECRET,
  secret: SESSION_SECRET,
  // `code` is the authorization code flow; the library adds PKCE, state and nonce.
  authorizationParams: { response_type: 'code', scope: 'openid profile email' },
  authRequired: false,
  // Logging out ends the session at Postern as well.
  idpLogout: true,
}));

app.get('/', (request, response) => {
  response.send(homePage(request.oidc.user));
});

app.get('/notes', requiresAuth(), (request, response) => {
  response.send(notesPage(request.oidc.user));
});

// What a login is refused for, and nothing of what the server is made of.
app.use((error, _request, response, _next) => {
  console.error(error);
  response.status(error.status ?? 500).send(homePage(undefined, error.error_description ?? 'see the log.'));
});

app.listen(Number(PORT), 'localhost', () => console.log(`http://localhost:${PORT}`));
