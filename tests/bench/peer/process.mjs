// A server as a process of its own, on a processor of its own, and what it has cost so far.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** The unit of times in /proc/PID/stat, in milliseconds. */
const TICK = 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

export class Process {
  #child;
  #log;
  /** Nanoseconds that each thread has run, as last seen: what has ended keeps what it had. */
  #threads = new Map();

  /**
   * Starts `command`, and waits for the line of JSON that says where it listens.
   *
   * @param {string[]} command
   * @param {{ core: string, log: string, cwd: string, env?: object }} place
   */
  static async start(command, { core, log, cwd, env = {} }) {
    const started = new Process();
    started.#log = log;
    const errors = openSync(log, 'w');
    const stdio = ['ignore', 'pipe', errors];
    // `taskset` becomes the command, so the process is the one that is measured.
    const child = spawn('taskset', ['-c', core, ...command], { cwd, stdio, env: { ...process.env, ...env } });
    closeSync(errors);
    started.#child = child;
    process.once('exit', () => child.kill('SIGKILL'));
    const ended = once(child, 'exit').then(() => {
      throw new Error(`${command.join(' ')} has ended:\n${started.#lastWords()}`);
    });
    // Later it shows in the requests that it does not answer.
    ended.catch(() => {});
    const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended]);
    started.said = JSON.parse(line);
    return started;
  }

  /** Milliseconds of processor time that the threads have run, as the scheduler counts them: to the nanosecond. */
  spent() {
    for (const thread of readdirSync(this.#of('task'))) {
      const ran = this.#ran(thread);
      if (ran !== undefined) this.#threads.set(thread, ran);
    }
    return [...this.#threads.values()].reduce((sum, ran) => sum + ran, 0) / 1e6;
  }

  /** The same in ticks of the clock, with everything that has ended and with children: user and system time. */
  ticked() {
    const fields = readFileSync(this.#of('stat'), 'utf8').split(') ').at(-1).split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * TICK;
  }

  /** Stops with a sentence if threads came and went unseen, so that `spent` has missed something. */
  prove() {
    const [seen, counted] = [this.spent(), this.ticked()];
    if (Math.abs(seen - counted) > counted * 0.02 + 4 * TICK) {
      throw new Error(`threads of process ${this.#child.pid} came and went unseen: ${seen} ms of ${counted}`);
    }
  }

  /** The most memory that it has had, in megabytes. */
  peak() {
    const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(this.#of('status'), 'utf8'));
    return (Number(kib) * 1024) / 1e6;
  }

  async stop() {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }

  #ran(thread) {
    try {
      return Number(readFileSync(this.#of(`task/${thread}/schedstat`), 'utf8').split(' ')[0]);
    } catch {
      // It ended after it was listed.
      return undefined;
    }
  }

  #of(file) {
    return `/proc/${this.#child.pid}/${file}`;
  }

  #lastWords() {
    return readFileSync(this.#log, 'utf8').split('\n').slice(-20).join('\n');
  }
}
