import { createHash } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { readManifest } from '../archive/manifest.ts';
import { archiveOf, type Part, type Place, partName } from '../archive/place.ts';
import { firstHead } from '../archive/reader.ts';
import { type Inserts, openInserts, schemaSql } from '../archive/sql.ts';
import { finishArchive, type ManifestFacts } from '../archive/sum-up.ts';
import { type ArchiveWriter, createArchive } from '../archive/writer.ts';
import { UserError } from '../chat/user-error.ts';
import type { SweepMark, SweepOrder, SweptTable } from '../openstack/cloud.ts';
import type { OperatorPool } from './operator-pool.ts';
import { ageOf, type Chunk, type Keeping } from './token-walk.ts';

export interface ArchiveParts {
  readonly cloud: string;
  readonly keystone: OperatorPool;
  readonly place: Place;
  readonly order: SweepOrder;
  readonly mark: SweepMark | null;
  readonly now: () => Date;
}

type MarkedPart = SweepMark['parts'][number];

/** The archive of one sweep. Every worker that takes the job up writes a part of its own: nobody ever writes into another's. */
export interface SweepArchive extends Keeping {
  /** Resolves once the rows are on the disk; they leave the memory then. A chunk without rows writes nothing. */
  put(chunk: Chunk): Promise<void>;
  parts(): MarkedPart[];
  finish(marked: readonly MarkedPart[]): Promise<Part[]>;
  close(): Promise<void>;
}

export async function openSweepArchive(parts: ArchiveParts): Promise<SweepArchive> {
  const { keystone, place, mark } = parts;
  const key = place.sealTo();
  const former = mark?.parts ?? [];
  await stillThere(former);
  const table = await tableOf(keystone, parts.order.table);
  let writer: ArchiveWriter | null = null;
  /** Some megabytes each: as many as chunks are on their way at a time, and used again. */
  const spare: Inserts[] = [];
  /** Made with the first rows: a worker that finds none leaves no file. */
  async function begin(from: string): Promise<ArchiveWriter> {
    const path = await nextPath(parts, key !== null);
    return createArchive({ path, schema: schemaSql(table.create), key, from });
  }
  const own = (): MarkedPart[] =>
    writer === null ? [] : [{ host: hostname(), path: writer.path, bytes: writer.bytes() }];
  return {
    columns: table.columns,
    inserts: () => spare.pop() ?? openInserts(parts.order.table, table.columns),
    async put({ from, to, kept }) {
      if (kept === null) return;
      const { rows, first, last, inserts } = kept;
      if (rows > 0) {
        await place.mustHaveRoom();
        writer ??= await begin(mark?.at ?? '');
        await writer.append({ rows, from, to, first, last, statements: inserts.statements() });
      }
      inserts.clear();
      spare.push(inserts);
    },
    parts: () => [...former, ...own()],
    async finish(marked) {
      const facts = await factsOf(parts, table);
      const all = [...marked.filter(({ path }) => path !== writer?.path), ...own()];
      return finishAll(all, facts);
    },
    close: async () => writer?.close(),
  };
}

/** Rows were deleted because they stand there: without the file nothing more may go. */
async function stillThere(former: readonly MarkedPart[]): Promise<void> {
  for (const { host, path, bytes } of former.filter((part) => part.host === hostname())) {
    const found = await stat(path).catch(() => null);
    if (found !== null && found.size >= bytes) continue;
    throw new UserError(
      `the archive ${path} on ${host} is gone or shorter than it was, and rows were deleted that stood in it: nothing more is deleted`,
    );
  }
}

interface Table {
  readonly create: string;
  readonly columns: readonly string[];
}

/** From the table itself: an account that may read only some columns would archive only those, without a word. */
async function tableOf(keystone: OperatorPool, name: SweptTable): Promise<Table> {
  const [row] = await keystone.raw({ sql: `SHOW CREATE TABLE ${name}` });
  const create = row?.[1]?.toString() ?? '';
  const columns = [...create.matchAll(/^\s+`([^`]+)` /gm)].map(([, column = '']) => column);
  const first = ['id', ageOf[name]];
  if (first.some((column) => !columns.includes(column)))
    throw new UserError(`${keystone.label} has a table ${name} that is not Keystone's`);
  return { create, columns: [...first, ...columns.filter((column) => !first.includes(column))] };
}

/**
 * `tokens-prod-20261125-7f3a-1.sql.zst.sealed`. A file of that name that no intent names is of a worker that died before
 * it could delete anything: its rows are all in the table still.
 */
async function nextPath({ cloud, place, order, mark, now }: ArchiveParts, sealed: boolean): Promise<string> {
  const first = mark?.parts[0]?.path;
  const day = now().toISOString().slice(0, 10).replaceAll('-', '');
  const archive = first === undefined ? `tokens-${cloud}-${day}-${order.job}` : archiveOf(basename(first));
  const path = join(place.folder, partName(archive, (mark?.parts.length ?? 0) + 1, sealed));
  if ((await readManifest(path)) !== null)
    throw new UserError(`there is an archive ${path} on ${hostname()} already, with its manifest: nothing is deleted`);
  await rm(path, { force: true });
  return path;
}

type Facts = Omit<ManifestFacts, 'part' | 'parts'>;

async function factsOf({ cloud, keystone, order, now }: ArchiveParts, table: Table): Promise<Facts> {
  const [row] = await keystone.raw({ sql: 'SELECT VERSION()' });
  return {
    cloud,
    table: order.table,
    columns: [...table.columns],
    schemaSha256: createHash('sha256').update(table.create).digest('hex'),
    server: row?.[0]?.toString() ?? 'unknown',
    before: order.cutoff,
    deleted: order.purge,
    job: order.job,
    human: order.human,
    endedAt: now().toISOString(),
  };
}

/** Those on this host: of the others only their own disk knows. */
async function finishAll(parts: readonly MarkedPart[], facts: Facts): Promise<Part[]> {
  const made: Part[] = [];
  const all = parts.map(({ host, path }) => ({ host, name: basename(path) }));
  for (const [index, { host, path, bytes }] of parts.entries()) {
    const name = basename(path);
    if (host !== hostname()) {
      made.push({ host, path, name, bytes, manifest: null });
      continue;
    }
    const after = parts[index + 1];
    const next = after === undefined || after.host !== host ? null : ((await firstHead(after.path))?.from ?? null);
    const known = await readManifest(path);
    const own = { ...facts, part: index + 1, parts: all };
    const manifest = known ?? (await finishArchive(path, own, { next, atLeast: bytes }));
    made.push({ host, path, name, bytes: manifest.bytes, manifest });
  }
  return made;
}
