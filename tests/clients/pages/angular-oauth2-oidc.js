import '@angular/compiler';
import { provideHttpClient } from '@angular/common/http';
import { provideZonelessChangeDetection } from '@angular/core';
import { createApplication } from '@angular/platform-browser';
import { OAuthService, provideOAuthClient } from 'angular-oauth2-oidc';

import { run, show } from './page.js';

run(async () => {
  const application = await createApplication({
    providers: [provideZonelessChangeDetection(), provideHttpClient(), provideOAuthClient()],
  });
  const oauth = application.injector.get(OAuthService);
  oauth.configure({
    issuer: ISSUER,
    clientId: 'angular-oauth2-oidc',
    responseType: 'code',
    redirectUri: `${location.origin}/callback`,
    postLogoutRedirectUri: `${location.origin}/`,
    scope: 'openid profile email offline_access',
  });
  await oauth.loadDiscoveryDocumentAndTryLogin();
  if (!oauth.hasValidAccessToken()) {
    show(undefined, { 'Log in': () => oauth.initCodeFlow() });
    return;
  }
  const name = async () => (await oauth.loadUserProfile()).info.name;
  show(await name(), {
    Renew: async () => {
      await oauth.refreshToken();
      show(await name(), { 'Log out': () => oauth.logOut() });
    },
  });
});
