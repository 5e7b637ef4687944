import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { type ArchiveStream, openStream } from '../../archive/stream.ts';
import { UserError } from '../../chat/user-error.ts';
import type { DumpOrder, DumpProgress } from '../../openstack/cloud.ts';
import type { DumpFacts } from '../../openstack/dump-facts.ts';
import { putText, type Store } from '../../stores/store.ts';
import type { OperatorDsn } from '../operator-dsn.ts';
import type { OperatorPool } from '../operator-pool.ts';
import { type Counted, countDump, type DumpCount } from './count.ts';
import { type Inspected, inspect, mustBeSynced } from './inspect.ts';
import { manifestFile, manifestIn } from './manifest.ts';
import {
  type DumpTool,
  dumpArguments,
  findDumpTool,
  programTrouble,
  type RunningProgram,
  runLoggedIn,
} from './program.ts';
import { ticking } from './ticking.ts';

export interface DumpSource {
  readonly cloud: string;
  readonly pool: OperatorPool;
  readonly dsn: OperatorDsn;
  readonly store: Store;
  /** What it is sealed to; null: in clear. */
  readonly key: KeyObject | null;
  readonly keys: DumpFacts['keys'];
  /** Of the listed databases, such as may have no tables. */
  readonly empty: readonly string[];
  readonly now: () => Date;
}

type Made = { path: string; facts: DumpFacts };

/** One invocation of the dump program for all databases of the server, into the file, counted and hashed as it passes. */
export async function* makeDump(source: DumpSource, order: DumpOrder): AsyncGenerator<DumpProgress, Made> {
  const { store, key } = source;
  const name = nameOf(source.cloud, order, key !== null);
  const path = store.pathOf(name);
  const made = await manifestIn(store, name, order.signal);
  // A worker died between the end of the dump and the row that says so.
  if (made !== null) return { path, facts: made };

  await store.sweep(`dump-${source.cloud}-${order.name}-`, unfinished);
  const before = await inspect(source.pool, order.databases, order.signal);
  mustBeSynced(before, source.pool);
  const tool = await findDumpTool(before.flavour);
  const began = source.now();
  const stop = new AbortController();
  const signal = AbortSignal.any([order.signal, stop.signal]);
  const stream = openStream(await store.create(name, signal), key);
  const args = dumpArguments(tool, { ...before, databases: order.databases });
  const running = await runLoggedIn(source.dsn, tool, args).catch(async (error: unknown) => {
    await stream.abandon();
    throw error;
  });
  const pour: Pour = { running, stream, count: countDump(), store, stop, raw: 0 };
  try {
    yield* ticking({
      signal: order.signal,
      work: (own) => poured(pour, own),
      tell: () => ({ doing: 'dumping', rawBytes: pour.raw }),
    });
    const counted = pour.count.sum();
    mustBeWhole(counted, before, source);
    const after = await inspect(source.pool, order.databases, order.signal);
    if (after.fingerprint !== before.fingerprint)
      throw new UserError('tables changed while they were dumped (a db_sync?): do it again when it is over');
    const sum = await stream.finish();
    const ended = source.now();
    const facts: DumpFacts = {
      ...factsOf(source, order, { before, tool, counted }),
      name,
      began: began.toISOString(),
      ended: ended.toISOString(),
      seconds: (ended.getTime() - began.getTime()) / 1000,
      ...sum,
    };
    await putText(store, manifestFile(name), `${JSON.stringify(facts, null, 2)}\n`, signal);
    return { path, facts };
  } finally {
    running.child.kill('SIGKILL');
    await running.forget();
    await stream.abandon();
  }
}

/** `dump-prod-main-20261129-7f3a.sql.zst.sealed`: the same when its job is taken up again. */
function nameOf(cloud: string, { name, job, began }: DumpOrder, sealed: boolean): string {
  const day = began.toISOString().slice(0, 10).replaceAll('-', '');
  return `dump-${cloud}-${name}-${day}-${job}.sql.zst${sealed ? '.sealed' : ''}`;
}

/** One job at a time dumps a cloud: what is unfinished is of a worker that died. */
const unfinished = /^\d{8}-\w+\.sql\.zst(?:\.sealed)?(?:\.json)?$/;

interface Pour {
  readonly running: RunningProgram;
  readonly stream: ArchiveStream;
  readonly count: DumpCount;
  readonly store: Store;
  /** What is on its way to the store need not arrive. */
  readonly stop: AbortController;
  raw: number;
}

/** How often the disk is looked at, in bytes of the dump. */
const lookBytes = 32 * 1024 * 1024;
const mostSaid = 16 * 1024;

async function poured(pour: Pour, signal: AbortSignal): Promise<void> {
  const { child, outlet, forget } = pour.running;
  const stop = (): void => {
    child.kill('SIGKILL');
    pour.stop.abort();
    // Whatever it started may hold the other end.
    outlet.close();
    child.stderr?.destroy();
  };
  signal.addEventListener('abort', stop);
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-mostSaid);
  });
  const ended = once(child, 'close');
  ended.catch(() => undefined);
  for await (const piece of outlet.pieces()) {
    if (pour.raw === 0) await forget();
    if (Math.floor((pour.raw + piece.length) / lookBytes) > Math.floor(pour.raw / lookBytes))
      await pour.store.mustHaveRoom();
    pour.raw += piece.length;
    pour.count.push(piece);
    await pour.stream.write(piece);
  }
  signal.throwIfAborted();
  const [code] = await ended;
  if (code !== 0) throw new UserError(`the dump broke off: ${programTrouble(said, code)}`);
  // It is over, and so is the signal: what was poured is to arrive.
  signal.removeEventListener('abort', stop);
}

/** Exit code 0 is not enough: a pipe that broke or an account that sees half of it end well, too. */
function mustBeWhole(counted: Counted, { tables }: Inspected, { empty }: DumpSource): void {
  if (!counted.complete)
    throw new UserError('the dump has no end, the program stopped before its last line: say it again');
  const dumped = new Map(counted.databases.map(({ name, tables: held }) => [name, held]));
  const missing = tables.find(({ schema, name }) => dumped.get(schema)?.has(name) !== true);
  if (missing !== undefined)
    throw new UserError(`${missing.schema}.${missing.name} is on the server and not in the dump`);
  const bare = counted.databases.find(({ name, tables: held }) => held.size === 0 && !empty.includes(name));
  if (bare !== undefined) throw bareDatabase(bare.name);
}

export function bareDatabase(name: string): UserError {
  return new UserError(
    `${name} has no table at all: is it the right server? One that may have none is named under empty in vigie.backup`,
  );
}

interface Known {
  readonly before: Inspected;
  readonly tool: DumpTool;
  readonly counted: Counted;
}

function factsOf({ cloud, keys }: DumpSource, { name, job, human }: DumpOrder, { before, tool, counted }: Known) {
  return {
    format: 'vigie backup 1' as const,
    cloud,
    server: name,
    host: hostname(),
    job,
    human,
    source: { flavour: before.flavour, version: before.version },
    tool: tool.version,
    databases: counted.databases.map((database) => ({
      name: database.name,
      revision: [...(before.revisions.get(database.name) ?? [])],
      rawBytes: database.rawBytes,
      tables: Object.fromEntries(database.tables),
    })),
    position: counted.position,
    gtid: counted.gtid,
    galera: before.galera?.position ?? null,
    keys,
  };
}
