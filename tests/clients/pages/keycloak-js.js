import Keycloak from 'keycloak-js';

import { run, show } from './page.js';

const keycloak = new Keycloak({ oidcProvider: ISSUER, clientId: 'keycloak-js' });
const home = `${location.origin}/`;

async function main() {
  await keycloak.init({
    // It keeps tokens in memory only: a page that is loaded again finds its user in a hidden frame.
    onLoad: 'check-sso',
    silentCheckSsoRedirectUri: `${location.origin}/silent-check-sso.html`,
    checkLoginIframe: false,
    redirectUri: home,
    scope: 'openid profile email',
  });
  if (!keycloak.authenticated) {
    show(undefined, { 'Log in': () => keycloak.login() });
    return;
  }
  const { name } = await keycloak.loadUserInfo();
  show(name, {
    Renew: () => location.reload(),
    'Log out': () => keycloak.logout({ redirectUri: home }),
  });
}

if (location.pathname === '/silent-check-sso.html') parent.postMessage(location.href, location.origin);
else run(main);
