// Everything that this page knows of logging in. It discovers the endpoints from the issuer, and uses PKCE by itself.

import { UserManager, type User } from 'oidc-client-ts';

const manager = new UserManager({
  authority: import.meta.env.VITE_ISSUER ?? 'http://localhost:9000/default/spa',
  client_id: 'spa',
  redirect_uri: `${location.origin}/callback`,
  post_logout_redirect_uri: `${location.origin}/`,
  // offline_access: with a refresh token the library renews the tokens by itself before they end.
  scope: 'openid profile email offline_access',
  // Name and address are at the userinfo endpoint, and not in the ID token.
  loadUserInfo: true,
});

/** Leaves for the login page. */
export const logIn = () => manager.signinRedirect();

/** Leaves for the server to end the session there as well. */
export const logOut = () => manager.signoutRedirect();

/** Gets new tokens for those that the page has. */
export const renew = () => manager.signinSilent();

/** Takes the answer that a login has brought to `/callback`, if it did, and says who is logged in. */
export async function returned(): Promise<User | null> {
  if (location.pathname !== '/callback') return manager.getUser();
  try {
    return await manager.signinRedirectCallback();
  } finally {
    // The code is used: neither the address bar nor the history keeps it.
    history.replaceState(null, '', '/');
  }
}
