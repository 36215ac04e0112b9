// The peer: `oidc-provider`, configured for the same work as Postern's benchmark workspace. It extends the settings of
// ../shared/bench/peer/server.mjs with one key for the algorithm in ALGORITHM, and with refresh tokens. DYNAMODB names
// a DynamoDB endpoint for storage; without it the peer stores everything in memory.
//
// `offline_access` has no effect here: `oidc-provider` drops it from every request without `prompt=consent`, and single
// sign-on shows no prompt. `issueRefreshToken` and `expiresWithSession` achieve what the scope would. Rotation is the
// default for a public client.

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';

import { Provider } from 'oidc-provider';

const algorithm = process.env.ALGORITHM;
const key = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
}[algorithm]().privateKey.export({ format: 'jwk' });

const settings = {
  adapter: process.env.DYNAMODB ? (await import('./dynamo.mjs')).DynamoAdapter : undefined,
  jwks: { keys: [{ ...key, alg: algorithm, use: 'sig', kid: 'peer-1' }] },
  clients: [{
    client_id: 'spa',
    token_endpoint_auth_method: 'none',
    redirect_uris: ['https://client.example/cb'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    id_token_signed_response_alg: algorithm,
  }],
  features: {
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'urn:api',
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'read',
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: algorithm } },
      }),
    },
  },
  pkce: { required: () => true },
  issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
  expiresWithSession: () => false,
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  cookies: { keys: ['benchmark'] },
};

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  server.on('request', new Provider(issuer, settings).callback());
  console.log(JSON.stringify({ issuers: [issuer] }));
});
