import type { KeyObject } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname } from 'node:path';
import { escapeId } from 'mysql2';
import { z } from 'zod';
import type { Keys } from '../../archive/place.ts';
import { UserError } from '../../chat/user-error.ts';
import type { DumpProgress, Proof, StoredDump } from '../../openstack/cloud.ts';
import { openFolder } from '../../stores/folder.ts';
import { mustBeAsWritten, type Store, transfer, Unseen } from '../../stores/store.ts';
import type { RawRow } from '../operator-pool.ts';
import { load, reasonOf } from './load.ts';
import { manifestIn } from './manifest.ts';
import { probe } from './probes.ts';
import { freeBytes, mustMatch, openScratch, type ScratchServer, scratchFolder, Unproven } from './scratch.ts';
import { look as lookAt, type Stores, storeOfDump } from './stored.ts';
import { ticking } from './ticking.ts';

/** What a proof has at hand, and how far it is. */
interface Proving {
  readonly stores: Stores;
  readonly dump: StoredDump;
  /** Its own, where everything is that it needs; null before it is made. */
  folder: string | null;
  server: ScratchServer | null;
  doing: string;
  rawBytes: number;
}

/** The file as it lies there, restored into a server of its own, table by table as its manifest says. */
export async function* proveDump(stores: Stores, dump: StoredDump): AsyncGenerator<DumpProgress, Proof> {
  const proving: Proving = { stores, dump, folder: null, server: null, doing: 'reading it again', rawBytes: 0 };
  try {
    return yield* proven(proving);
  } catch (error) {
    if (!(error instanceof UserError) || dump.signal.aborted) throw error;
    const unknown = error instanceof Unproven || error instanceof Unseen;
    return { verdict: unknown ? 'unproven' : 'failed', why: error.message };
  } finally {
    await proving.server?.drop();
    if (proving.folder !== null) await rm(proving.folder, { recursive: true, force: true });
  }
}

async function* proven(proving: Proving): AsyncGenerator<DumpProgress, Proof> {
  const { signal } = proving.dump;
  const key = await ready(proving);
  const tell = (): DumpProgress => ({ doing: proving.doing, rawBytes: proving.rawBytes });
  const began = performance.now();
  const server = yield* ticking({ signal, work: (own) => restore(proving, key, own), tell });
  const restored = performance.now();
  const looked = yield* ticking({ signal, work: (own) => look(server, proving, own), tell });
  return {
    verdict: 'proven',
    restoreSeconds: (restored - began) / 1000,
    checkSeconds: (performance.now() - restored) / 1000,
    ...looked,
  };
}

async function restore(proving: Proving, key: KeyObject | null, signal: AbortSignal): Promise<ScratchServer> {
  const folder = await scratchFolder(scratchOf(proving), proving.dump.facts.cloud);
  Object.assign(proving, { folder });
  const path = await atHand(proving, folder, signal);
  const server = await openScratch(folder);
  Object.assign(proving, { server, doing: 'restoring' });
  await load({ path, key, server, signal, told: (rawBytes) => Object.assign(proving, { rawBytes }) });
  return server;
}

/** Nothing of it is run before all of it is known to be ours: from a bucket it comes to this disk, once. */
async function atHand(proving: Proving, folder: string, signal: AbortSignal): Promise<string> {
  const { path, facts } = proving.dump;
  const name = basename(path);
  const from = storeOfDump(proving.stores, path);
  const here = from.localPath(name);
  const expected = { ...facts, signal };
  if (here !== null) await mustBeAsWritten(from, name, expected);
  else await transfer(name, { from, to: openFolder(folder) }, expected, (bytes) => tellFetched(proving, bytes));
  return here ?? openFolder(folder).pathOf(name);
}

function tellFetched(proving: Proving, bytes: number): void {
  proving.doing = `fetching it: ${megabytes(bytes)} of ${megabytes(proving.dump.facts.bytes)}`;
}

/** What must hold before anything is tried. */
async function ready(proving: Proving): Promise<KeyObject | null> {
  const { stores, dump } = proving;
  const { facts, path } = dump;
  const there = await lookAt(stores, dump);
  if (typeof there === 'object') throw new Unproven(notLookedAt(dump, there.unseen));
  const store = storeOfDump(stores, path);
  // It may be its bucket that is not there.
  if (there === 'gone' && store.endpoint !== null) await store.ready();
  const key = openedWith(stores.keys, facts.keyId);
  await mustMatch(facts.source);
  const manifest = await manifestIn(store, basename(path), dump.signal);
  if (manifest === null) throw new UserError(`${path} has lost its manifest`);
  if (manifest.sha256 !== facts.sha256) throw new UserError(`the manifest of ${path} is not as it was written`);
  await mustFit(proving, store);
  return key;
}

function notLookedAt({ path, facts }: StoredDump, unseen: string): string {
  if (facts.host === hostname()) return `not looked at: ${unseen}`;
  const here = `not looked at: ${unseen}; this worker runs on ${hostname()}`;
  if (!path.startsWith('/')) return here;
  return `${here}: share ${dirname(path)} between them, or say it again while only the worker there runs`;
}

async function mustFit(proving: Proving, store: Store): Promise<void> {
  const { facts, path } = proving.dump;
  const fetched = store.localPath(path) === null ? facts.bytes : 0;
  const needed = facts.rawBytes * roomFactor + leastRoom + fetched;
  const scratch = scratchOf(proving);
  const free = await freeBytes(scratch);
  if (free < needed)
    throw new Unproven(
      `a proof may need ${gigabytes(needed)}, and ${scratch} on ${hostname()} has ${gigabytes(free)} left`,
    );
}

function scratchOf({ stores: { settings, target } }: Proving): string {
  const scratch = settings.scratch ?? target.localPath('');
  if (scratch === null) throw new Unproven('vigie.backup names no scratch, where dumps of a bucket are proven');
  return scratch;
}

/** Rows with their indexes, beside what they are as text. */
const roomFactor = 2;
/** An empty server with its logs. */
const leastRoom = 512 * 1024 * 1024;

function openedWith(keys: Keys, keyId: string | null): KeyObject | null {
  try {
    return keys.openWith(keyId);
  } catch (error) {
    if (error instanceof UserError) throw new Unproven(error.message);
    throw error;
  }
}

function gigabytes(bytes: number): string {
  return `${Math.round((bytes / 1024 ** 3) * 10) / 10} GB`;
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)} MB`;
}

interface Looked {
  readonly tables: number;
  readonly rows: number;
  readonly said: string[];
}

/** Each table of the manifest is there, has its rows, and reads from end to end; no other is. */
async function look(server: ScratchServer, proving: Proving, signal: AbortSignal): Promise<Looked> {
  const { facts } = proving.dump;
  let tables = 0;
  let rows = 0;
  try {
    for (const { name, tables: wanted } of facts.databases) {
      await sameTables(server, name, Object.keys(wanted));
      for (const [table, written] of Object.entries(wanted)) {
        proving.doing = `looking at ${name}.${table}`;
        await wholeTable(server, { database: name, table, written, signal });
        tables += 1;
        rows += written;
      }
    }
    proving.doing = 'probing';
    return { tables, rows, said: await probe(server.pool, facts) };
  } catch (error) {
    if (signal.aborted || (error instanceof UserError && (await server.alive()))) throw error;
    throw await reasonOf(server, 'the scratch server does not answer');
  }
}

async function sameTables({ pool }: ScratchServer, database: string, wanted: readonly string[]): Promise<void> {
  const found = await pool.read(z.object({ name: z.string() }), {
    sql: "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = 'BASE TABLE'",
    values: [database],
  });
  const there = new Set(found.map(({ name }) => name));
  const missing = wanted.find((name) => !there.has(name));
  if (missing !== undefined) throw new UserError(`${database}.${missing} is in the manifest and was not restored`);
  const extra = found.find(({ name }) => !wanted.includes(name));
  if (extra !== undefined) throw new UserError(`${database}.${extra.name} was restored and is not in the manifest`);
}

const limitMs = 3_600_000;

async function wholeTable(
  { pool }: ScratchServer,
  { database, table, written, signal }: { database: string; table: string; written: number; signal: AbortSignal },
): Promise<void> {
  const name = `${escapeId(database, true)}.${escapeId(table, true)}`;
  const checked = await pool.raw({ sql: `CHECK TABLE ${name}`, limitMs, signal });
  const verdict = checked.at(-1)?.[3]?.toString() ?? 'nothing';
  if (verdict !== 'OK') throw new UserError(`${database}.${table} is damaged: CHECK TABLE says ${firstError(checked)}`);
  const [row] = await pool.read(z.object({ found: z.coerce.number() }), {
    sql: `SELECT COUNT(*) AS found FROM ${name}`,
    limitMs,
    signal,
  });
  if (row?.found !== written)
    throw new UserError(`${database}.${table} has ${row?.found} rows, and ${written} were dumped`);
}

/** The last row says only that there was one. */
function firstError(checked: readonly RawRow[]): string {
  const row = checked.find((one) => one[2]?.toString().toLowerCase() === 'error') ?? checked.at(-1);
  return row?.[3]?.toString() ?? 'nothing';
}
