import express from 'express';
import session from 'express-session';
import passport from 'passport';
import OpenIDConnectStrategy from 'passport-openidconnect';

const { ISSUER, PORT, CLIENT_SECRET } = process.env;

// The library reads no metadata itself.
const metadata = await (await fetch(`${ISSUER}/.well-known/openid-configuration`)).json();

passport.use('postern', new OpenIDConnectStrategy({
  issuer: metadata.issuer,
  authorizationURL: metadata.authorization_endpoint,
  tokenURL: metadata.token_endpoint,
  userInfoURL: metadata.userinfo_endpoint,
  clientID: 'passport',
  clientSecret: CLIENT_SECRET,
  callbackURL: `http://localhost:${PORT}/callback`,
  scope: 'profile email',
  // It knows no PKCE, so the nonce is what ties the code to this browser.
  nonce: true,
}, (_issuer, profile, done) => done(null, { name: profile.displayName })));
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use(session({ secret: 'only for a test', resave: false, saveUninitialized: false }));
app.use(passport.session());
app.get('/', (request, response) => response.send(request.user ? `Hello, ${request.user.name}.` : 'Nobody is logged in.'));
app.get('/login', passport.authenticate('postern'));
app.get('/callback', (request, response, next) => {
  passport.authenticate('postern', (error, user, challenge) => {
    if (error) return next(error);
    if (!user) return response.status(401).send(`Failed: ${challenge.message}`);
    return request.logIn(user, (fault) => (fault ? next(fault) : response.redirect('/')));
  })(request, response, next);
});
app.listen(Number(PORT), 'localhost');
