// Clients in other languages: Authlib in Python, `openidconnect` and `oauth2` in Rust.
//
// `build` makes the programs. A scenario is a function in `python/client.py`, or a line in the table of
// `rust/src/main.rs`.

import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { run } from './programs.mjs';
import { startServer } from './support.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const PYTHON = here('../../target/clients/bin/python');
const RUST = here('../../target/clients-rust/debug/postern-client-tests');

/** The scenarios, and what must come of each. */
const COMMON = {
  public: 'a public client logs in with PKCE, verifies the ID token, and asks userinfo',
  confidential: 'a confidential client authenticates with its secret',
  refused: 'a refusal at either endpoint is understood as what it is',
  revoked: 'a revoked token is good no more',
  refreshed: 'a public client replaces its refresh token, a confidential one keeps it, and a revocation ends all',
  service: 'a program gets a token of its own, and looks at those of users',
};

// The two in Rust have no such methods.
const SIGNING = { asserted: 'a confidential client signs what it authenticates with' };

const PROGRAMS = {
  Authlib: { command: [PYTHON, here('python/client.py')], scenarios: { ...COMMON, ...SIGNING } },
  openidconnect: { command: [RUST, 'openidconnect'], scenarios: COMMON },
  oauth2: { command: [RUST, 'oauth2'], scenarios: COMMON },
};

for (const [name, { command, scenarios }] of Object.entries(PROGRAMS)) {
  describe(name, () => {
    let server;
    before(async () => { server = await startServer(); });
    after(() => server?.stop());
    for (const [scenario, what] of Object.entries(scenarios)) test(what, () => run(server, command, scenario));
  });
}
