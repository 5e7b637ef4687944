import type { KeyObject } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { escapeId } from 'mysql2';
import { z } from 'zod';
import { readBeside } from '../../archive/manifest.ts';
import type { Place } from '../../archive/place.ts';
import { UserError } from '../../chat/user-error.ts';
import type { DumpProgress, Proof, StoredDump } from '../../openstack/cloud.ts';
import { DumpFacts } from '../../openstack/dump-facts.ts';
import { load, mustBeAsWritten, reasonOf } from './load.ts';
import { probe } from './probes.ts';
import { freeBytes, mustMatch, openScratch, type ScratchServer, Unproven } from './scratch.ts';
import { ticking } from './ticking.ts';

interface ProofPlace {
  readonly place: Place;
  /** Where throw-away servers live. */
  readonly scratch: string;
}

/** What a proof has at hand, and how far it is. */
interface Proving extends ProofPlace {
  readonly dump: StoredDump;
  server: ScratchServer | null;
  doing: string;
  rawBytes: number;
}

/** The file as it lies there, restored into a server of its own, table by table as its manifest says. */
export async function* proveDump(where: ProofPlace, dump: StoredDump): AsyncGenerator<DumpProgress, Proof> {
  const proving: Proving = { ...where, dump, server: null, doing: 'reading it again', rawBytes: 0 };
  try {
    return yield* proven(proving);
  } catch (error) {
    if (!(error instanceof UserError) || dump.signal.aborted) throw error;
    return { verdict: error instanceof Unproven ? 'unproven' : 'failed', why: error.message };
  } finally {
    await proving.server?.drop();
  }
}

async function* proven(proving: Proving): AsyncGenerator<DumpProgress, Proof> {
  const { signal, facts, path } = proving.dump;
  const key = await ready(proving, facts, path);
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
  const { path, facts } = proving.dump;
  await mustBeAsWritten(path, facts, signal);
  const server = await openScratch(proving.scratch, facts.job);
  Object.assign(proving, { server, doing: 'restoring' });
  await load({ path, key, server, signal, told: (rawBytes) => Object.assign(proving, { rawBytes }) });
  return server;
}

/** What must hold before anything is tried. */
async function ready({ place, scratch }: ProofPlace, facts: DumpFacts, path: string): Promise<KeyObject | null> {
  // The folder may be one that several workers share, or the worker's host may have got another name.
  const here = (await stat(path).catch(() => null)) !== null;
  if (facts.host !== hostname() && !here)
    throw new Unproven(`it is on ${facts.host}, and this worker runs on ${hostname()}`);
  const key = openedWith(place, facts.keyId);
  await mustMatch(facts.source);
  const manifest = await readBeside(path, DumpFacts);
  if (manifest === null) throw new UserError(`${path} has lost its manifest`);
  if (manifest.sha256 !== facts.sha256) throw new UserError(`the manifest of ${path} is not as it was written`);
  const needed = facts.rawBytes * roomFactor + leastRoom;
  const free = await freeBytes(scratch);
  if (free < needed)
    throw new Unproven(
      `a proof may need ${gigabytes(needed)}, and ${scratch} on ${hostname()} has ${gigabytes(free)} left`,
    );
  return key;
}

/** Rows with their indexes, beside what they are as text. */
const roomFactor = 2;
/** An empty server with its logs. */
const leastRoom = 512 * 1024 * 1024;

function openedWith(place: Place, keyId: string | null): KeyObject | null {
  try {
    return place.openWith(keyId);
  } catch (error) {
    if (error instanceof UserError) throw new Unproven(error.message);
    throw error;
  }
}

function gigabytes(bytes: number): string {
  return `${Math.round((bytes / 1024 ** 3) * 10) / 10} GB`;
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
  if (verdict !== 'OK') throw new UserError(`CHECK TABLE says of ${database}.${table} that it is damaged`);
  const [row] = await pool.read(z.object({ found: z.coerce.number() }), {
    sql: `SELECT COUNT(*) AS found FROM ${name}`,
    limitMs,
    signal,
  });
  if (row?.found !== written)
    throw new UserError(`${database}.${table} has ${row?.found} rows, and ${written} were dumped`);
}
