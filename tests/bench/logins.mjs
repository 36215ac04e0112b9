// The processor time of a whole login: plain, with a pushed request (RFC 9126), and of a device (RFC 8628), in turns.
//
// usage: node tests/bench/logins.mjs [--rounds 15] [--warm 2] [--batch 100] [--cores 0,1] [--before BINARY]
//
// The user has a session and has consented, except that devices are always asked about. A plain login is the authorization
// request and the exchange of its code; a pushed one has the push before it; a device asks for codes, polls once in vain, has
// its code entered and allowed, and polls again. All are exchanged for an access token and an ID token, signed with a wrapped RS256
// key. With --before, the plain login is measured with an earlier binary as well.
//
// POSTERN names a release build (default: target/release/postern).

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { UserAgent } from '../clients/support.mjs';
import { Process } from './peer/process.mjs';
import { quantile } from './peer/report.mjs';

const TARGET = resolve(fileURLToPath(new URL('../../', import.meta.url)), process.env.CARGO_TARGET_DIR ?? 'target');
const POSTERN = resolve(process.env.POSTERN ?? join(TARGET, 'release/postern'));
const WEB = { client_id: 'demo-web', redirect_uri: 'https://client.example/cb' };
const SECRET = { authorization: `Basic ${Buffer.from('demo-web:demo-web-secret').toString('base64')}` };
const DEVICE = { client_id: 'demo-device' };
const DEVICE_BATCH = 20;

const { values } = parseArgs({ options: {
  rounds: { type: 'string', default: '15' },
  warm: { type: 'string', default: '2' },
  batch: { type: 'string', default: '100' },
  cores: { type: 'string', default: '0,1' },
  before: { type: 'string' },
} });
const [core] = values.cores.split(',');

/** A server, with a user who is logged in and has consented. */
async function start(binary, name) {
  const folder = join(TARGET, 'logins');
  mkdirSync(folder, { recursive: true });
  const command = [binary, 'dev', '--port', '0', '--memory', '--json'];
  const server = await Process.start(command, { core, cwd: folder, log: join(folder, `${name}.log`) });
  const publicUrl = server.said.public_url;
  const place = { server, publicUrl, issuer: `${publicUrl}/default/demo`, user: new UserAgent({ publicUrl }) };
  await plain(place);
  return place;
}

async function post({ issuer }, path, fields, headers = {}) {
  const response = await fetch(`${issuer}${path}`, { method: 'POST', headers, body: new URLSearchParams(fields) });
  return { status: response.status, body: await response.json() };
}

async function authorization(place, parameters) {
  const query = new URLSearchParams(parameters);
  const arrived = await place.user.authorize(`${place.issuer}/oauth2/authorize?${query}`);
  return arrived.searchParams.get('code');
}

function request() {
  const verifier = randomBytes(32).toString('base64url');
  const code_challenge = createHash('sha256').update(verifier).digest('base64url');
  const terms = { response_type: 'code', scope: 'openid profile', code_challenge, code_challenge_method: 'S256' };
  return { verifier, parameters: { ...WEB, ...terms, state: randomBytes(8).toString('hex') } };
}

async function exchange(place, code, code_verifier) {
  const fields = { grant_type: 'authorization_code', code, code_verifier, redirect_uri: WEB.redirect_uri };
  const { status, body } = await post(place, '/oauth2/token', fields, SECRET);
  assert.equal(status, 200, JSON.stringify(body));
}

async function plain(place) {
  const { verifier, parameters } = request();
  await exchange(place, await authorization(place, parameters), verifier);
}

async function pushed(place) {
  const { verifier, parameters } = request();
  const { status, body } = await post(place, '/par', parameters, SECRET);
  assert.equal(status, 201, JSON.stringify(body));
  await exchange(place, await authorization(place, { client_id: WEB.client_id, request_uri: body.request_uri }), verifier);
}

/** How many requests of devices one address may make in a minute: here all come from one. */
const DEVICE_LIMIT = 60;

/** Waits until the limit leaves room for a batch of devices. */
async function room(used) {
  const minute = () => Math.floor(Date.now() / 60_000);
  if (used.minute !== minute()) Object.assign(used, { minute: minute(), devices: 0 });
  if (used.devices + DEVICE_BATCH > DEVICE_LIMIT) {
    while (minute() === used.minute) await pause(500);
    Object.assign(used, { minute: minute(), devices: 0 });
  }
  used.devices += DEVICE_BATCH;
}

async function device(place) {
  const asked = await post(place, '/device/authorization', { ...DEVICE, scope: 'openid profile' });
  assert.equal(asked.status, 200, JSON.stringify(asked.body));
  const { device_code, verification_uri_complete: link } = asked.body;
  const poll = () => post(place, '/oauth2/token', {
    ...DEVICE, grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code,
  });
  assert.equal((await poll()).body.error, 'authorization_pending');
  assert.equal(await place.user.connect(link), 'Your device is connected');
  place.user.pages.length = 0;
  assert.equal((await poll()).status, 200);
}

/** The processor time of `login`, in milliseconds, over a batch. */
async function measured({ place, login, batch }) {
  const begun = place.server.spent();
  for (let number = 0; number < batch; number += 1) {
    await login(place);
  }
  return (place.server.spent() - begun) / batch;
}

const now = await start(POSTERN, 'now');
const before = values.before && (await start(resolve(values.before), 'before'));
const batch = Number(values.batch);
const rows = [
  ...(before ? [{ name: 'plain, before', place: before, login: plain, batch }] : []),
  { name: 'plain', place: now, login: plain, batch },
  { name: 'pushed', place: now, login: pushed, batch },
  { name: 'device', place: now, login: device, batch: DEVICE_BATCH },
];
const spent = rows.map(() => []);
const used = {};
const [rounds, warm] = [Number(values.rounds), Number(values.warm)];
for (let round = 0; round < rounds + warm; round += 1) {
  for (const [at, row] of rows.entries()) {
    if (row.login === device) await room(used);
    const cost = await measured(row);
    if (round >= warm) spent[at].push(cost);
  }
  process.stderr.write(`\rround ${round + 1} of ${rounds + warm}`);
}
process.stderr.write('\n');
console.log('| a login | processor, ms | quartiles |\n| --- | --- | --- |');
for (const [at, { name }] of rows.entries()) {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(spent[at], share).toFixed(3));
  console.log(`| ${name} | ${middle} | ${low} to ${high} |`);
}
for (const place of [now, before].filter(Boolean)) {
  place.server.prove();
  await place.server.stop();
}
