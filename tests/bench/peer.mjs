// Compares Postern with a peer, the certified server `oidc-provider`: the cost of an authorization, a code exchange and
// a refresh with RS256 and ES256, with all rows interleaved in a single run.
//
// usage: node tests/bench/peer.mjs [--rounds 15] [--warm 3] [--batch 250] [--concurrency 8] [--cores 0,1] [--json]
//
// A turn is one login through the server's pages, then a batch of single sign-ons, then the exchange of their codes,
// then a refresh of each; the three phases are measured separately. Codes live for a minute, so a batch must finish
// within that time. The peer keeps at most a thousand objects in memory, so a batch has at most 300 logins.
//
// POSTERN names a release build (default: target/release/postern), POSTERN_PEER the folder of the peer (default:
// ../shared/bench/peer).

import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { Player } from './peer/player.mjs';
import { Process } from './peer/process.mjs';
import { markdown, quantile, summary } from './peer/report.mjs';
import { prove } from './peer/tokens.mjs';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const TARGET = resolve(REPOSITORY, process.env.CARGO_TARGET_DIR ?? 'target');
const POSTERN = resolve(process.env.POSTERN ?? join(TARGET, 'release/postern'));
const PEER = resolve(process.env.POSTERN_PEER ?? join(REPOSITORY, '../shared/bench/peer'));
const OURS = join(REPOSITORY, 'tests/bench/peer');
const WORK = join(TARGET, 'peer');

const ALGORITHMS = ['RS256', 'ES256'];

/** With larger batches the in-memory peer evicts codes before they are redeemed. */
const LARGEST_BATCH = 300;

let options;
try {
  options = read();
  await main();
} catch (error) {
  console.error(`the benchmark stops: ${error.message}`);
  process.exit(1);
}

function read() {
  const { values } = parseArgs({ options: {
    rounds: { type: 'string', default: '15' },
    warm: { type: 'string', default: '3' },
    batch: { type: 'string', default: '250' },
    concurrency: { type: 'string', default: '8' },
    cores: { type: 'string', default: '0,1' },
    json: { type: 'boolean', default: false },
  } });
  const [server, driver] = values.cores.split(',');
  const numbers = ['rounds', 'warm', 'batch', 'concurrency'].map((name) => [name, Number(values[name])]);
  const wrong = numbers.find(([name, number]) => !Number.isInteger(number) || number < (name === 'warm' ? 0 : 1));
  if (wrong) throw new Error(`--${wrong[0]} is a whole number`);
  if (Number(values.batch) > LARGEST_BATCH) throw new Error(`a batch has at most ${LARGEST_BATCH} logins`);
  return { ...Object.fromEntries(numbers), server, driver, json: values.json };
}

async function main() {
  execFileSync('taskset', ['-a', '-c', '-p', options.driver, String(process.pid)]);
  await install();
  const folder = await mkdtemp(join(WORK, 'run-'));
  const rows = await started(folder);
  for (let round = -options.warm; round < options.rounds; round += 1) {
    for (const row of rows) {
      const figures = await turn(row);
      if (round >= 0) row.turns.push(figures);
    }
    console.error(round < 0 ? 'a round to get warm' : `round ${round + 1} of ${options.rounds}`);
  }
  const processes = new Set(rows.flatMap(({ server, engine }) => (engine ? [server, engine] : [server])));
  for (const one of processes) one.prove();
  const figures = rows.map(summary);
  await Promise.all([...processes].map((one) => one.stop()));
  await rm(folder, { recursive: true });
  const context = await surroundings();
  const text = `${sentence(context)}\n\n${markdown(figures)}`;
  console.log(options.json ? JSON.stringify({ context, figures }, undefined, 1) : text);
}

/** Installs the peer in a separate folder, with our settings. */
async function install() {
  await mkdir(WORK, { recursive: true });
  const theirs = ['package.json', 'package-lock.json', 'dynamo.mjs'].map((file) => join(PEER, file));
  for (const file of [...theirs, join(OURS, 'server.mjs')]) await copyFile(file, join(WORK, basename(file)));
  const [lock, installed] = ['package-lock.json', 'installed.json'].map((file) => join(WORK, file));
  const isInstalled = await readFile(installed, 'utf8').catch(() => undefined) === await readFile(lock, 'utf8');
  if (isInstalled) return;
  execFileSync('npm', ['ci', '--silent', '--no-audit', '--no-fund'], { cwd: WORK, stdio: 'inherit' });
  await copyFile(lock, installed);
}

/** Starts the servers to measure. The peer's DynamoDB is the engine embedded in Postern, run as a separate process. */
async function started(folder) {
  const place = (name) => ({ core: options.server, log: join(folder, `${name}.log`), cwd: WORK });
  const postern = async (algorithm, name, ...further) => {
    const file = join(folder, `${name}.toml`);
    const workspace = await readFile(join(OURS, 'workspace.toml'), 'utf8');
    await writeFile(file, workspace.replace('"{algorithm}"', JSON.stringify(algorithm)));
    const command = [POSTERN, 'dev', '--memory', '--json', '--port', '0', '--config', file, ...further];
    return Process.start(command, place(name));
  };
  const peer = (name, env) => Process.start(
    [process.execPath, 'server.mjs'],
    { ...place(name), env: { NODE_ENV: 'production', ...env } },
  );
  const engine = await postern('ES256', 'engine', '--store-port', '0');
  const DYNAMODB = `http://127.0.0.1:${engine.said.store_port}`;
  const rows = [];
  for (const algorithm of ALGORITHMS) {
    const row = (name, processes) => rows.push({ name, algorithm, turns: [], ...processes });
    const env = { ALGORITHM: algorithm };
    row('Postern', { server: await postern(algorithm, `postern-${algorithm}`) });
    row('peer, in its memory', { server: await peer(`memory-${algorithm}`, env) });
    row('peer, on DynamoDB', { server: await peer(`dynamodb-${algorithm}`, { ...env, DYNAMODB }), engine });
  }
  return rows;
}

/** Runs one login and one batch of each phase. The results are verified outside the measurement. */
async function turn(row) {
  const [issuer] = row.server.said.issuers;
  const player = await Player.at(issuer, options.concurrency);
  await player.logIn();
  const logins = Array.from({ length: options.batch });
  const authorize = await phase(row, logins, () => player.authorize());
  const exchange = await phase(row, authorize.results, (code) => player.redeem(code));
  const refresh = await phase(row, exchange.results, (tokens) => player.refresh(tokens));
  player.leave();
  prove([...exchange.results, ...refresh.results], player, row.algorithm);
  return { authorize: authorize.figures, exchange: exchange.figures, refresh: refresh.figures };
}

/** Runs `work` on each of `items` with limited concurrency, and returns the cost per item in milliseconds. */
async function phase({ server, engine }, items, work) {
  const [results, latencies, todo] = [[], [], [...items.entries()].reverse()];
  const before = { server: server.spent(), engine: engine?.spent() };
  await Promise.all(Array.from({ length: options.concurrency }, async () => {
    for (let next = todo.pop(); next; next = todo.pop()) {
      const began = performance.now();
      results[next[0]] = await work(next[1]);
      latencies.push(performance.now() - began);
    }
  }));
  const figures = { server: (server.spent() - before.server) / items.length, latency: quantile(latencies, 0.5) };
  if (engine) figures.engine = (engine.spent() - before.engine) / items.length;
  return { results, figures };
}

async function surroundings() {
  const { version } = JSON.parse(await readFile(join(WORK, 'node_modules/oidc-provider/package.json'), 'utf8'));
  return {
    postern: execFileSync(POSTERN, ['--version'], { encoding: 'utf8' }).trim(),
    peer: `oidc-provider ${version}`,
    node: process.version,
    processor: cpus()[0].model,
    rounds: options.rounds,
    batch: options.batch,
    concurrency: options.concurrency,
  };
}

function sentence({ postern, peer, node, processor, rounds, batch, concurrency }) {
  return `${postern} beside ${peer} on Node ${node}, ${processor}: medians of ${rounds} turns with ${batch} logins, `
    + `${concurrency} at once; milliseconds of processor time, and how many times Postern's.`;
}
