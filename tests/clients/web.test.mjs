// Libraries for web applications on servers, each in a small application, with its recipe.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Visitor, freePort, startApplication } from './applications.mjs';
import { recipe } from './recipes.mjs';
import { startServer } from './support.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const node = (name) => () => [process.execPath, here(`applications/${name}.mjs`)];
const PYTHON = here('../../target/clients/bin/python');
const go = (name) => () => [here('../../target/clients-go'), name];

/** How each is started; the path at which it logs in; what it shows when the user says no. */
const APPLICATIONS = {
  'passport-openidconnect': { command: node('passport-openidconnect') },
  // These two have a text of their own for every error, and log that of the server.
  'Auth.js': { command: node('auth-js'), refused: /Try signing in with a different account\./ },
  'next-auth': { command: node('next-auth'), refused: /Try signing in with a different account\./ },
  FastAPI: {
    command: (port) => [PYTHON, '-m', 'uvicorn', '--host', 'localhost', '--port', `${port}`, 'fastapi_application:app'],
  },
  Django: {
    command: () => [PYTHON, 'django_application.py'],
    login: '/oidc/authenticate/',
    // The name of an account here is a hash of the address.
    greeting: 'Hello, alice@example.com.',
    refused: /^Failed: the login did not succeed/,
  },
  'go-oidc': { command: go('go-oidc'), stays: false },
  'zitadel/oidc': { command: go('zitadel/oidc'), stays: false },
};

describe('libraries for web applications', () => {
  for (const [name, { command, login = '/login', ...expected }] of Object.entries(APPLICATIONS)) {
    const { greeting = 'Hello, Alice Example.', refused = /^Failed: the user denied the request/, stays = true } = expected;

    test(`${name} tells a refusal, and logs a user in`, async (t) => {
      const port = await freePort();
      const workspace = recipe(name, port);
      const server = await startServer([workspace]);
      t.after(server.stop);
      const folder = mkdtempSync(join(tmpdir(), 'postern-application-'));
      t.after(() => rmSync(folder, { recursive: true }));
      const application = await startApplication(t, command(port), {
        port,
        cwd: here('applications'),
        ISSUER: server.issuer('notes'),
        CLIENT_SECRET: /client_secret = "(.*)"/.exec(workspace)[1],
        DATABASE: join(folder, 'database'),
      });
      const alice = new Visitor(server, application);
      assert.match(await alice.open(login, 'deny'), refused, application.log);
      assert.equal(await alice.open(login), greeting, application.log);
      if (stays) assert.equal(await alice.open('/'), greeting, application.log);
    });
  }
});
