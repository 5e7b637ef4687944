import { copyFile, open, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { openPlace, type Place } from '../../archive/place.ts';
import { inWords } from '../../archive/writer.ts';
import { UserError } from '../../chat/user-error.ts';
import type { DumpFacts, DumpServer, DumpSurvey, Dumps } from '../../openstack/cloud.ts';
import type { BackupServer, BackupSettings } from '../../openstack/config.ts';
import { mustSeeAll } from '../grants.ts';
import { parseDsn } from '../operator-dsn.ts';
import { type OperatorPool, openOperatorPool } from '../operator-pool.ts';
import { inspect } from './inspect.ts';
import { keyIds } from './keys.ts';
import { mustBeAsWritten } from './load.ts';
import { filesOf, makeDump } from './make.ts';
import { findDumpTool } from './program.ts';
import { proveDump } from './prove.ts';
import { unlistedBy } from './unlisted.ts';

export interface DumpsParts {
  readonly cloud: string;
  readonly backup: BackupSettings | null | undefined;
  readonly now: () => Date;
}

interface Known extends BackupServer {
  readonly pool: OperatorPool;
}

/** Dumps and proofs of one cloud's database servers. Opens no connection by itself. */
export function connectDumps({ cloud, backup, now }: DumpsParts): Dumps & { close(): Promise<void> } {
  const servers = new Map(
    Object.entries(backup?.servers ?? {}).map(([name, server]): [string, Known] => [
      name,
      { ...server, pool: openOperatorPool(server.dsn, `database server ${name} of ${cloud}`) },
    ]),
  );
  const place = (): Place => openPlace(backup, cloud, 'backup');
  const settings = (): BackupSettings => {
    place();
    return backup as BackupSettings;
  };
  function known(name: string): Known {
    const server = servers.get(name);
    if (server === undefined) throw new UserError(`vigie.backup of ${cloud} names no server ${name}`);
    return server;
  }
  return {
    servers() {
      settings();
      return [...servers].map(([name, { databases }]) => ({ name, databases }));
    },
    survey: (server, { signal }) => survey(known(server.name), server, signal),
    async place() {
      const { folder, sealTo, keyIdOf, freeBytes } = place();
      const key = sealTo();
      mustSealCopies(settings(), key === null);
      const { copies, keep } = settings();
      return {
        host: hostname(),
        folder,
        freeBytes: await freeBytes(),
        keyId: key === null ? null : keyIdOf(key),
        copies,
        keep,
        keys: await keyIds(settings()),
      };
    },
    has: async (path) => (await Promise.all(filesOf(path).map(isFile))).every(Boolean),
    async *dump(order) {
      const { pool, dsn, empty } = known(order.name);
      const keys = await keyIds(settings());
      const source = { cloud, pool, dsn: parseDsn(dsn, pool.label), place: place(), keys, empty, now };
      return yield* makeDump(source, order);
    },
    copy: (path, facts) => copy(settings(), path, facts),
    prove: (dump) => proveDump({ place: place(), scratch: settings().scratch ?? settings().folder }, dump),
    async remove(path) {
      for (const file of filesOf(path)) await rm(file, { force: true });
      const { copies } = settings();
      if (copies !== null) for (const file of filesOf(join(copies, basename(path)))) await rm(file, { force: true });
    },
    async close() {
      await Promise.all([...servers.values()].map(({ pool }) => pool.close()));
    },
  };
}

/** What leaves the host leaves it sealed. */
function mustSealCopies({ copies }: BackupSettings, clear: boolean): void {
  if (copies !== null && clear)
    throw new UserError(
      `${copies} is off this host (vigie.backup.copies), and what goes there must be sealed: set public_key`,
    );
}

async function survey(known: Known, { databases }: DumpServer, signal: AbortSignal): Promise<DumpSurvey> {
  const { pool, empty } = known;
  const unlisted = await unlistedBy(pool, known.databases);
  const absent = databases.find((name) => !unlisted.present.includes(name));
  if (absent !== undefined) throw new UserError(`${pool.label} has no database ${absent} that its account may see`);
  await mustSeeAll(pool, databases);
  const { version, tables, galera, flavour } = await inspect(pool, databases, signal);
  await findDumpTool(flavour);
  const bare = databases.find((name) => !empty.includes(name) && !tables.some(({ schema }) => schema === name));
  if (bare !== undefined)
    throw new UserError(`${bare} has no table at all: is it the right server? One that may be empty is named in empty`);
  if (galera !== null && galera.state !== 'Synced')
    throw new UserError(`${pool.label} is a Galera node that is ${galera.state}, not Synced: look at it first`);
  const outside = tables.filter(({ engine }) => engine !== 'InnoDB').map(({ schema, name }) => `${schema}.${name}`);
  return {
    version,
    bytes: tables.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
    tables: tables.length,
    unlisted: unlisted.others,
    outside,
  };
}

/** Read back from there: a file system of another machine says yes to many things. */
async function copy(settings: BackupSettings, path: string, facts: DumpFacts): Promise<string | null> {
  const { copies } = settings;
  if (copies === null) return null;
  mustSealCopies(settings, facts.keyId === null);
  // Made here it would lie beneath the mount point, on the very disk that it is a copy of.
  if (!(await isFolder(copies))) throw new UserError(`${copies} is not there: is it mounted?`);
  const target = join(copies, basename(path));
  await inWords(target, async () => {
    for (const file of filesOf(path)) await copyWhole(file, join(copies, basename(file)));
  });
  await mustBeAsWritten(target, facts, new AbortController().signal);
  return target;
}

async function copyWhole(from: string, to: string): Promise<void> {
  const part = `${to}.part`;
  try {
    await copyFile(from, part);
    const file = await open(part, 'r+');
    await file.chmod(0o600).catch(() => undefined);
    await file.sync().finally(() => file.close());
    await rename(part, to);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() === true;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() === true;
}
