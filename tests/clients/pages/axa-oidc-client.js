import { OidcClient } from '@axa-fr/oidc-client';

import { run, show } from './page.js';

const oidc = OidcClient.getOrCreate(() => fetch)({
  authority: ISSUER,
  client_id: 'axa-oidc-client',
  redirect_uri: `${location.origin}/callback`,
  scope: 'openid profile email offline_access',
});

run(async () => {
  if (location.pathname === '/callback') {
    await oidc.loginCallbackAsync();
    history.replaceState(null, '', '/');
  } else {
    await oidc.tryKeepExistingSessionAsync();
  }
  if (!oidc.tokens) {
    show(undefined, { 'Log in': () => oidc.loginAsync('/') });
    return;
  }
  const name = async () => (await oidc.userInfoAsync(true)).name;
  show(await name(), {
    Renew: async () => {
      await oidc.renewTokensAsync();
      show(await name(), { 'Log out': () => oidc.logoutAsync('/') });
    },
  });
});
