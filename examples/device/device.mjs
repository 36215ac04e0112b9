// A terminal application that logs its user in without a browser of its own (RFC 8628).

import * as client from 'openid-client';
import qrcode from 'qrcode-terminal';

const { ISSUER = 'http://localhost:9000/default/demo', CLIENT_ID = 'demo-device' } = process.env;

try {
  await main();
} catch (error) {
  console.error(inWords(error));
  process.exitCode = 1;
}

async function main() {
  const config = await discovered();
  const device = await client.initiateDeviceAuthorization(config, { scope: 'openid profile offline_access' });
  invite(device);
  // Polls at the interval that the server wants, and slows down when it says so.
  const tokens = await client.pollDeviceAuthorizationGrant(config, device);
  const user = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  console.log(`Signed in as ${user.name ?? user.sub}.`);
  // Keep it where only your user can read it: it signs in without asking again.
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
  console.log(`The access token was renewed, and lasts ${renewed.expires_in} seconds.`);
}

function discovered() {
  // Plain HTTP is for a server on this machine.
  const execute = new URL(ISSUER).protocol === 'http:' ? [client.allowInsecureRequests] : [];
  return client.discovery(new URL(ISSUER), CLIENT_ID, undefined, client.None(), { execute });
}

function invite({ user_code: code, verification_uri: page, verification_uri_complete: link, expires_in: seconds }) {
  qrcode.generate(link, { small: true }, (picture) => console.log(picture));
  console.log(`Scan this, or open ${page} and enter the code ${code}.`);
  console.log(`Check that the page shows the same code. It is good for ${Math.round(seconds / 60)} minutes.`);
}

function inWords(error) {
  switch (error.error) {
    case 'access_denied': return 'You denied the sign-in.';
    case 'expired_token': return 'The code has expired. Start again.';
    default: return error.code === 'OAUTH_TIMEOUT' ? 'The code has expired. Start again.' : `It did not work: ${error.message}`;
  }
}
