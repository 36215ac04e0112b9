// A server whose users are in a pool, with an application and a visitor.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { POSTERN, authorizationRequest, nativeApplication, startServer, visitor } from './support.mjs';

/** The password of alice@example.com. */
export const PASSWORD = 'violet kettle orbits';

const file = (settings) => `#:schema ./workspace.schema.json
tenant = "default"
workspace = "demo"
name = "Notes"
default_audience = "https://notes.example"

[pool]
identifiers = ["email"]

[[pool.attributes]]
name = "name"

${settings}[[scopes]]
name = "openid"
title = "Know who you are"

[[scopes]]
name = "profile"
title = "See your name"

[[clients]]
client_id = "app"
client_name = "The app"
application_type = "native"
token_endpoint_auth_method = "none"
redirect_uris = ["http://127.0.0.1/callback"]
scope = "openid profile"
`;

/** A server with the user alice@example.com in its pool, an application, and a visitor; `settings` are further tables of the file. */
export async function stage(t, browser, options = {}, settings = '') {
  const folder = mkdtempSync(join(tmpdir(), 'postern-pool-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [workspace, data] = [join(folder, 'notes.toml'), join(folder, 'state')];
  writeFileSync(workspace, file(settings));
  const server = await startServer(t, '--config', workspace, '--data', data);
  const users = (input, ...words) =>
    execFileSync(POSTERN, ['users', '--workspace', 'default/demo', '--data', data, '--json', ...words], { input, encoding: 'utf8' });
  users(`${PASSWORD}\n`, 'create', '--email', 'Alice@Example.com', '--attribute', 'name=Alice');
  const app = await nativeApplication(t);
  const guest = await visitor(t, browser, options);
  const ask = () => authorizationRequest(server, { client_id: 'app', redirect_uri: app.redirectUri });
  return { server, users, app, ask, ...guest };
}
