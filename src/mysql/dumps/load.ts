import { spawn } from 'node:child_process';
import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { openFrames } from '../../archive/reader.ts';
import { UserError } from '../../chat/user-error.ts';
import { findProgram } from '../../embedded/process.ts';
import { bareEnvironment, programTrouble, saysFull, saysLost } from './program.ts';
import { freeBytes, type ScratchServer, Unproven } from './scratch.ts';

export interface Load {
  readonly path: string;
  readonly key: KeyObject | null;
  readonly server: ScratchServer;
  readonly signal: AbortSignal;
  /** So much went in. */
  told(rawBytes: number): void;
}

const mostSaid = 16 * 1024;
/** Below this the server can no longer say what is wrong with it. */
const leastFree = 16 * 1024 * 1024;

/** Through the database's own client, as the runbook does it; it takes no commands from what it reads. */
export async function load({ path, key, server, signal, told }: Load): Promise<void> {
  const plain = ['--no-defaults', '--user=root', `--socket=${server.socket}`, '--default-character-set=utf8mb4'];
  const child = spawn(findProgram('mariadb') ?? 'mariadb', [...plain, '--binary-mode', '--max-allowed-packet=1G'], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: bareEnvironment,
    signal,
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-mostSaid);
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  ended.catch(() => undefined);
  const poured = await pipeline(texts(path, key, told), child.stdin).then(
    () => null,
    (error: unknown) => error,
  );
  if (poured instanceof UserError) {
    child.kill('SIGKILL');
    throw poured;
  }
  signal.throwIfAborted();
  const code = await ended;
  if (code === 0 && poured === null) return;
  if (saysFull(said)) throw new Unproven(`the disk or memory of the scratch server in ${server.folder} is full`);
  const reason = await reasonOf(server, programTrouble(said, code));
  // A server that is ending may still be there.
  throw saysLost(said) && !(reason instanceof Unproven) ? new Unproven(endedAmid) : reason;
}

async function* texts(path: string, key: KeyObject | null, told: Load['told']): AsyncGenerator<Buffer> {
  let raw = 0;
  for await (const { sql } of openFrames(path, key)) {
    yield sql;
    raw += sql.length;
    told(raw);
  }
}

const endedAmid = 'the scratch server ended in the middle of it (killed, or out of memory?)';

/** A full disk or a server that was killed says nothing about the dump. */
export async function reasonOf(server: ScratchServer, trouble: string): Promise<UserError> {
  if ((await freeBytes(server.folder)) < leastFree) return new Unproven(`the disk of ${server.folder} is full`);
  if (!(await server.alive())) return new Unproven(endedAmid);
  return new UserError(`it cannot be restored: ${trouble}`);
}
