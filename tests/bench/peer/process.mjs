// Runs a server as a process pinned to a CPU, and measures its cost.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** The unit of times in /proc/PID/stat, in milliseconds. */
const TICK = 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

export class Process {
  #child;
  #log;
  /** Nanoseconds each thread has run, as last read; threads that have exited keep their last value. */
  #threads = new Map();

  /**
   * Starts `command` and waits for the line of JSON that contains its address.
   *
   * @param {string[]} command
   * @param {{ core: string, log: string, cwd: string, env?: object }} place
   */
  static async start(command, { core, log, cwd, env = {} }) {
    const started = new Process();
    started.#log = log;
    const errors = openSync(log, 'w');
    const stdio = ['ignore', 'pipe', errors];
    // `taskset` execs the command, so the measured process is the child itself.
    const child = spawn('taskset', ['-c', core, ...command], { cwd, stdio, env: { ...process.env, ...env } });
    closeSync(errors);
    started.#child = child;
    process.once('exit', () => child.kill('SIGKILL'));
    const ended = once(child, 'exit').then(() => {
      throw new Error(`${command.join(' ')} has ended:\n${started.#lastWords()}`);
    });
    // A later exit shows up as requests without a response.
    ended.catch(() => {});
    const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended]);
    started.said = JSON.parse(line);
    return started;
  }

  /** CPU time of the threads in milliseconds, counted by the scheduler with nanosecond precision. */
  spent() {
    for (const thread of readdirSync(this.#of('task'))) {
      const ran = this.#ran(thread);
      if (ran !== undefined) this.#threads.set(thread, ran);
    }
    return [...this.#threads.values()].reduce((sum, ran) => sum + ran, 0) / 1e6;
  }

  /** User and system time in clock ticks, including exited threads and children. */
  ticked() {
    const fields = readFileSync(this.#of('stat'), 'utf8').split(') ').at(-1).split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * TICK;
  }

  /** Throws if threads came and went unseen, so that `spent` is incomplete. */
  prove() {
    const [seen, counted] = [this.spent(), this.ticked()];
    if (Math.abs(seen - counted) > counted * 0.02 + 4 * TICK) {
      throw new Error(`threads of process ${this.#child.pid} came and went unseen: ${seen} ms of ${counted}`);
    }
  }

  /** Peak memory in megabytes. */
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
      // The thread exited after it was listed.
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
