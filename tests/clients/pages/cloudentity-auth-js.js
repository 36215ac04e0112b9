import CloudentityAuthJs from 'cloudentity-auth-js';

import { run, show } from './page.js';

const cloudentity = new CloudentityAuthJs({
  // With `domain`, `tenantId` and `authorizationServerId` instead it makes these itself, with `https`.
  authorizationUri: `${ISSUER}/oauth2/authorize`,
  tokenUri: `${ISSUER}/oauth2/token`,
  userInfoUri: `${ISSUER}/userinfo`,
  // It logs out by revoking its token.
  logoutUri: `${ISSUER}/oauth2/revoke`,
  clientId: 'cloudentity-auth-js',
  redirectUri: `${location.origin}/callback`,
  scopes: ['openid', 'profile', 'email'],
  responseType: ['code'],
});

run(async () => {
  const returning = location.search.includes('code=') || location.search.includes('error=');
  const kept = await cloudentity.getAuth().catch((refusal) => {
    if (returning) throw refusal;
  });
  if (returning) history.replaceState(null, '', '/');
  if (!kept) {
    show(undefined, { 'Log in': () => cloudentity.authorize() });
    return;
  }
  show((await cloudentity.userInfo()).name, {
    'Log out': async () => {
      await cloudentity.revokeAuth();
      location.assign('/');
    },
  });
});
