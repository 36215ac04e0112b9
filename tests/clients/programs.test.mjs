// Clients in other languages: Authlib in Python, `openidconnect` and `oauth2` in Rust.
//
// `build` builds the programs. A scenario is a function in `python/client.py` or a line in the table of
// `rust/src/main.rs`.

import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { run } from './programs.mjs';
import { startServer } from './support.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const PYTHON = here('../../target/clients/bin/python');
const RUST = here('../../target/clients-rust/debug/postern-client-tests');

/** The scenarios and what each of them must show. */
const COMMON = {
  public: 'a public client logs in with PKCE, verifies the ID token, and calls userinfo',
  confidential: 'a confidential client authenticates with its secret',
  refused: 'errors of both endpoints are understood',
  revoked: 'a revoked token is no longer accepted',
  refreshed: 'refresh tokens are rotated for a public client and kept for a confidential one, and revocation ends all',
  service: 'a service gets a client credentials token and introspects tokens of users',
};

// The two Rust crates have no such methods.
const SIGNING = { asserted: 'a confidential client authenticates with signed assertions' };

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
