import { createRoot } from 'react-dom/client';
import { AuthProvider, useAuth } from 'react-oidc-context';

const settings = {
  authority: ISSUER,
  client_id: 'react-oidc-context',
  redirect_uri: `${location.origin}/callback`,
  post_logout_redirect_uri: `${location.origin}/`,
  scope: 'openid profile email offline_access',
  loadUserInfo: true,
  onSigninCallback: () => history.replaceState(null, '', '/'),
};

let renewed = false;

function Application() {
  const auth = useAuth();
  if (auth.isLoading) return <p>One moment…</p>;
  if (auth.error) return <p>Failed: {auth.error.message}</p>;
  if (!auth.isAuthenticated) {
    return <><p>Nobody is logged in.</p><button onClick={() => auth.signinRedirect()}>Log in</button></>;
  }
  const renew = () => { renewed = true; void auth.signinSilent(); };
  return (
    <>
      <p>Hello, {auth.user.profile.name}.</p>
      {renewed
        ? <button onClick={() => auth.signoutRedirect()}>Log out</button>
        : <button onClick={renew}>Renew</button>}
    </>
  );
}

createRoot(document.body.appendChild(document.createElement('main'))).render(
  <AuthProvider {...settings}><Application /></AuthProvider>,
);
