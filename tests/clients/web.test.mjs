// Libraries for web applications on servers, each in a small application, with its recipe.

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
  'Spring Boot': {
    command: () => ['java', '-XX:TieredStopAtLevel=1', '-jar', here('../../target/clients-spring/application.jar')],
    login: '/oauth2/authorization/postern',
    refused: /^Failed: .*the user denied the request/,
    furthermore: acceptsTokens,
  },
  mod_auth_openidc: {
    command: () => ['apache2', '-f', here('applications/apache.conf'), '-DFOREGROUND'],
    login: '/',
    // Its page for errors has more bytes than its headers say, and Node takes that for the next answer.
    refused: null,
  },
};

/** The API of the application takes access tokens, and nothing else. */
async function acceptsTokens(alice) {
  const ask = async (token) => {
    const response = await fetch(`${alice.application.origin}/api/notes`, { headers: { authorization: `Bearer ${token}` } });
    return [response.status, await response.text()];
  };
  const [status, notes] = await ask(await alice.open('/token'));
  assert.deepEqual([status, /^Notes of [\w-]+$/.test(notes)], [200, true], alice.application.log);
  const [refused] = await ask(await alice.open('/id-token'));
  assert.equal(refused, 401);
}

describe('libraries for web applications', () => {
  for (const [name, { command, login = '/login', ...expected }] of Object.entries(APPLICATIONS)) {
    const { greeting = 'Hello, Alice Example.', refused = /^Failed: the user denied the request/, stays = true, furthermore } = expected;

    test(`${name} logs a user in, and tells a refusal`, async (t) => {
      const port = await freePort();
      const workspace = recipe(name, port);
      const server = await startServer([workspace]);
      t.after(server.stop);
      // Apache reads it as a user of its own.
      const folder = mkdtempSync(join(tmpdir(), 'postern-application-'));
      chmodSync(folder, 0o755);
      writeFileSync(join(folder, 'index.html'), 'Hello, <!--#echo var="OIDC_CLAIM_name" -->.');
      t.after(() => rmSync(folder, { recursive: true }));
      const application = await startApplication(t, command(port), {
        port,
        cwd: here('applications'),
        ISSUER: server.issuer('notes'),
        CLIENT_SECRET: /client_secret = "(.*)"/.exec(workspace)[1],
        AUDIENCE: 'https://api.notes.example',
        DATABASE: join(folder, 'database'),
        FOLDER: folder,
      });
      const alice = new Visitor(server, application);
      if (refused) assert.match(await alice.open(login, 'deny'), refused, application.log);
      assert.equal(await alice.open(login), greeting, application.log);
      if (stays) assert.equal(await alice.open('/'), greeting, application.log);
      await furthermore?.(alice);
    });
  }
});
