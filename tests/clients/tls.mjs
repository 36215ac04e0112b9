// A TLS proxy in front of plain HTTP servers, as in production, with a throwaway certificate.

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { request as forward } from 'node:http';
import { createServer } from 'node:https';
import { createServer as createListener } from 'node:net';

import { startServer } from './support.mjs';

/** Generates a key and a self-signed certificate for localhost. */
export function selfSigned() {
  const pem = execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', '-',
  ], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return { key: pem, cert: pem };
}

/** Starts a server that is reachable over TLS only. */
export async function startServerBehindTls(identity, workspaces) {
  let port;
  const proxy = createServer(identity, (request, response) => {
    const { method, url: path, headers } = request;
    const onwards = forward({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(response);
    });
    onwards.on('error', () => response.destroy());
    request.pipe(onwards);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const publicUrl = `https://localhost:${proxy.address().port}`;

  // With a public URL the server does not report its port, so the port must be chosen here.
  port = await freePort();
  const server = await startServer(workspaces, ['--public-url', publicUrl, '--port', String(port)]);
  return {
    ...server,
    async stop() {
      proxy.closeAllConnections();
      proxy.close();
      await server.stop();
    },
  };
}

async function freePort() {
  const listener = createListener().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  listener.close();
  await once(listener, 'close');
  return port;
}
