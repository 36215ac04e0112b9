// The page: shows who is logged in, and lets them log in, renew and log out.

import type { User } from 'oidc-client-ts';

import { logIn, logOut, renew, returned } from './login';

const element = (id: string): HTMLElement => document.getElementById(id)!;

function show(user: User | null): void {
  element('status').textContent = user ? `Hello, ${user.profile.name}.` : 'You are not logged in.';
  element('log-in').hidden = user !== null;
  for (const id of ['profile', 'renew', 'log-out']) element(id).hidden = user === null;
  if (user) element('profile').replaceChildren(...rows(user));
}

function rows(user: User): HTMLElement[] {
  const facts = {
    'E-mail': user.profile.email ?? 'not shared',
    Scopes: user.scope ?? '',
    'Tokens end': new Date((user.expires_at ?? 0) * 1000).toLocaleTimeString(),
  };
  return Object.entries(facts).flatMap(([term, text]) => [
    Object.assign(document.createElement('dt'), { textContent: term }),
    Object.assign(document.createElement('dd'), { textContent: text }),
  ]);
}

function explain(error: unknown): void {
  show(null);
  element('status').textContent = `That failed: ${error instanceof Error ? error.message : error}`;
}

element('log-in').onclick = () => logIn().catch(explain);
element('renew').onclick = () => {
  document.body.inert = true;
  void renew().then(show, explain).finally(() => (document.body.inert = false));
};
element('log-out').onclick = () => logOut().catch(explain);

returned().then(show, explain);
