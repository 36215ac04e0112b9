import { createOidc, oidcEarlyInit } from 'oidc-spa/core';

import { run, show } from './page.js';

// The frame that restores a session loads this page too, and must not run the application.
const { shouldLoadApp } = oidcEarlyInit({ BASE_URL: '/' });

if (shouldLoadApp) {
  run(async () => {
    const oidc = await createOidc({ issuerUri: ISSUER, clientId: 'oidc-spa', scopes: ['profile', 'email', 'offline_access'] });
    if (!oidc.isUserLoggedIn) {
      if (oidc.initializationError) throw oidc.initializationError;
      show(undefined, { 'Log in': () => oidc.login({ doesCurrentHrefRequiresAuth: false }) });
      return;
    }
    const { name } = oidc.getDecodedIdToken();
    show(name, {
      Renew: async () => {
        await oidc.renewTokens();
        show(oidc.getDecodedIdToken().name, { 'Log out': () => oidc.logout({ redirectTo: 'home' }) });
      },
    });
  });
}
