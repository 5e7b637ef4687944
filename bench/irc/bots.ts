import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Person } from './person.ts';

/** `bare` is irc-framework alone. */
export type Peer = 'bare' | 'hubot' | 'vigie';

interface Start {
  readonly peer: Peer;
  readonly port: number;
  readonly password?: string;
  /** The bucket as it is shipped; else lifted. */
  readonly careful?: true;
}

export interface Bot {
  readonly peer: Peer;
  /** Where it answers. */
  readonly channel: string;
  /** Tells it one of `peers.ts`'s words; resolves once it says that this is done. */
  tell(word: string): Promise<void>;
  stop(): Promise<void>;
}

/** Bots in processes of their own. Hubot comes from npm into a folder that `close` removes again. */
export interface Bots {
  start(which: Start): Promise<Bot>;
  close(): void;
}

export function openBots(): Bots {
  const room = mkdtempSync(join(tmpdir(), 'vigie-bench-irc-'));
  let installed = false;
  function install(): void {
    const options = ['--no-audit', '--no-fund', '--ignore-scripts'];
    if (!installed) execFileSync('npm', ['install', '--prefix', room, ...options, 'hubot@14.1.0'], { stdio: 'ignore' });
    installed = true;
  }
  return {
    async start({ peer, port, password = '', careful }) {
      if (peer === 'hubot') install();
      const channel = `#${peer}`;
      const env = { PORT: String(port), CHANNEL: channel, PASSWORD: password, RATE: careful ? 'real' : 'lifted' };
      const child = fork(new URL(`./peers${extname(import.meta.url)}`, import.meta.url), [peer], {
        env: { ...process.env, ...env, HUBOT: join(room, 'node_modules/hubot/index.mjs') },
      });
      await once(child, 'message');
      // The channel is joined a moment after the connection is there.
      await sleep(1000);
      return { peer, channel, tell: (word) => told(child, word), stop: () => ended(child, peer) };
    },
    close: () => rmSync(room, { recursive: true, force: true }),
  };
}

async function told(child: ChildProcess, word: string): Promise<void> {
  child.send(word);
  await once(child, 'message');
}

async function ended(child: ChildProcess, peer: Peer): Promise<void> {
  const gone = once(child, 'exit');
  child.send('stop');
  const late = setTimeout(() => child.kill('SIGKILL'), peer === 'vigie' ? 20_000 : 100);
  await gone;
  clearTimeout(late);
}

interface Asking {
  readonly person: Person;
  readonly channel: string;
  line(): string;
  /** What comes back for each line. */
  readonly answer: RegExp;
}

/** One line and its answer, ms: until it begins, and until `end` of it is there. */
export async function ask(
  { person, channel, line, answer }: Asking,
  end = answer,
): Promise<[first: number, all: number]> {
  const words = `PRIVMSG ${channel} :${line()}`;
  const began = performance.now();
  let first = 0;
  await new Promise<void>((resolve) => {
    const stop = person.onLine((said) => {
      if (first === 0 && answer.test(said)) first = performance.now() - began;
      if (first === 0 || !end.test(said)) return;
      stop();
      resolve();
    });
    person.send(words);
  });
  return [first, performance.now() - began];
}

/** So many lines with `width` of them under way; answers per second. Never ends where one is lost. */
export function atOnce({ person, channel, line, answer }: Asking, count: number, width = 64): Promise<number> {
  const began = performance.now();
  let [sent, answered] = [0, 0];
  return new Promise((resolve) => {
    const say = (): void => {
      if (sent >= count) return;
      sent += 1;
      person.send(`PRIVMSG ${channel} :${line()}`);
    };
    const stop = person.onLine((said) => {
      if (!answer.test(said)) return;
      answered += 1;
      if (answered < count) return say();
      stop();
      resolve(count / ((performance.now() - began) / 1000));
    });
    for (let first = 0; first < width; first += 1) say();
  });
}
