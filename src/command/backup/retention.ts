import type { Backup } from './ledger.ts';

/** Tries that came to nothing: so many are kept to be looked at. */
const keptFailures = 3;

/**
 * What may go, of one server's, newest first: proven ones beyond `keep` of the same databases, and older failures. The last proven
 * one of any set of databases is never among them.
 */
export function excess(backups: readonly Backup[], keep: number): Backup[] {
  const sets = new Map<string, Backup[]>();
  for (const one of backups) {
    const set = one.facts.databases
      .map(({ name }) => name)
      .sort()
      .join();
    sets.set(set, [...(sets.get(set) ?? []), one]);
  }
  return [...sets.values()].flatMap((set) => beyond(set, keep));
}

function beyond(set: readonly Backup[], keep: number): Backup[] {
  const proven = set.filter(({ state }) => state === 'proven');
  const newest = proven[0];
  const failures = set.filter(
    ({ state, dumpedAt }) => state !== 'proven' && newest !== undefined && dumpedAt < newest.dumpedAt,
  );
  return [...proven.slice(Math.max(1, keep)), ...failures.slice(keptFailures)];
}
