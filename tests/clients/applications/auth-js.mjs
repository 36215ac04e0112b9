import { ExpressAuth, getSession } from '@auth/express';
import express from 'express';

const { ISSUER, PORT, CLIENT_SECRET } = process.env;

const config = {
  // Where `ExpressAuth` is mounted below, for `getSession`.
  basePath: '/auth',
  secret: 'only for a test',
  trustHost: true,
  providers: [{
    id: 'postern',
    name: 'Postern',
    type: 'oidc',
    issuer: ISSUER,
    clientId: 'auth-js',
    clientSecret: CLIENT_SECRET,
    checks: ['pkce', 'state', 'nonce'],
  }],
};

const app = express();
app.get('/', async (request, response) => {
  const session = await getSession(request, config);
  response.send(session ? `Hello, ${session.user.name}.` : 'Nobody is logged in.');
});
app.get('/login', (_request, response) => response.redirect('/auth/signin?callbackUrl=/'));
app.use('/auth', ExpressAuth(config));
app.listen(Number(PORT), 'localhost');
