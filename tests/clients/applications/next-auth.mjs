// The handler of next-auth 4 for API routes, which takes a request as Next.js makes it.

import express from 'express';
import nextAuth from 'next-auth';
import { getToken } from 'next-auth/jwt';

const { ISSUER, PORT, CLIENT_SECRET } = process.env;
process.env.NEXTAUTH_URL = `http://localhost:${PORT}`;

const options = {
  secret: 'only for a test',
  providers: [{
    id: 'postern',
    name: 'Postern',
    type: 'oauth',
    wellKnown: `${ISSUER}/.well-known/openid-configuration`,
    clientId: 'next-auth',
    clientSecret: CLIENT_SECRET,
    authorization: { params: { scope: 'openid profile email' } },
    idToken: true,
    checks: ['pkce', 'state', 'nonce'],
    profile: ({ sub, name, email }) => ({ id: sub, name, email }),
  }],
};

/** What Next.js adds to a request. */
function asNextDoes(request, path) {
  const cookies = (request.headers.cookie ?? '').split('; ').map((cookie) => cookie.split('='));
  request.cookies = Object.fromEntries(cookies.map(([name, ...value]) => [name, decodeURIComponent(value.join('='))]));
  Object.defineProperty(request, 'query', { value: { ...request.query, nextauth: path } });
}

const app = express();
app.get('/', async (request, response) => {
  asNextDoes(request, []);
  const token = await getToken({ req: request, secret: options.secret });
  response.send(token ? `Hello, ${token.name}.` : 'Nobody is logged in.');
});
app.get('/login', (_request, response) => response.redirect('/api/auth/signin?callbackUrl=/'));
app.all('/api/auth/*path', express.urlencoded(), (request, response) => {
  asNextDoes(request, request.params.path);
  return nextAuth.default(request, response, options);
});
app.listen(Number(PORT), 'localhost');
