import type { DumpedDatabase } from '../../openstack/cloud.ts';
import { count, list, size } from '../words.ts';
import type { Backup } from './ledger.ts';

/** A database that is smaller than this share of what it was is another database until somebody says otherwise. */
const least = 0.6;
/** Differences below are those of an almost empty database. */
const noticeable = 64 * 1024;

/** Why a dump cannot be what was meant, held against the last proven ones; null where nothing speaks against it. */
export function doubtOf(databases: readonly DumpedDatabase[], known: readonly Backup[]): string | null {
  const proven = known.filter(({ state }) => state === 'proven');
  for (const database of databases) {
    const before = proven.flatMap(({ facts }) => facts.databases).find(({ name }) => name === database.name);
    const doubt = before === undefined ? null : (fewer(database, before) ?? smaller(database, before));
    if (doubt !== null) return doubt;
  }
  return null;
}

function fewer(now: DumpedDatabase, before: DumpedDatabase): string | null {
  const missing = Object.keys(before.tables).filter((table) => !(table in now.tables));
  if (missing.length === 0) return null;
  return `${now.name} has ${count(missing.length, 'table')} fewer than the last proven one (${list(missing, 3)})`;
}

function smaller(now: DumpedDatabase, before: DumpedDatabase): string | null {
  if (now.rawBytes >= before.rawBytes * least || before.rawBytes - now.rawBytes < noticeable) return null;
  return `${now.name} is far smaller than the last proven one: ${bytes(now.rawBytes)}, and it was ${bytes(before.rawBytes)}`;
}

export function bytes(amount: number): string {
  return amount < 1024 ** 2 ? `${Math.ceil(amount / 1024)} KB` : size(amount / 1024 ** 2);
}
