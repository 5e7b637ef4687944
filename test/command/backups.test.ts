import fc from 'fast-check';
import { expect, test } from 'vitest';
import { doubtOf } from '../../src/command/backup/doubt.ts';
import type { Backup } from '../../src/command/backup/ledger.ts';
import { excess } from '../../src/command/backup/retention.ts';
import { statusReport } from '../../src/command/backup/status.ts';
import { lastProven } from '../../src/command/backup/words.ts';
import type { PlanContext } from '../../src/command/command.ts';
import type { DumpFacts } from '../../src/openstack/cloud.ts';

const mb = 1024 * 1024;

function database(name: string, rawBytes: number, tables: readonly string[] = ['instances', 'migrations']) {
  return { name, revision: [], rawBytes, tables: Object.fromEntries(tables.map((table) => [table, 1])) };
}

/** `age` in days; newest first is the caller's order. */
function backup(name: string, state: Backup['state'], age: number, databases = [database('nova', 10 * mb)]): Backup {
  const facts = { databases } as unknown as DumpFacts;
  const dumpedAt = new Date(Date.UTC(2026, 10, 29) - age * 86_400_000);
  return {
    name,
    server: 'main',
    host: 'h',
    path: name,
    state,
    why: '',
    facts,
    dumpedAt,
    provenAt: null,
    restoreSeconds: 60,
  };
}

test('a dump is doubted where a database shrank or lost tables since the last proven one, and by nothing else', () => {
  const known = [backup('new', 'unproven', 1, [database('nova', 1 * mb)]), backup('old', 'proven', 2)];
  expect(doubtOf([database('nova', 9 * mb)], known)).toBeNull();
  expect(doubtOf([database('nova', 6 * mb)], known)).toBeNull();
  expect(doubtOf([database('nova', 5 * mb)], known)).toBe(
    'nova is far smaller than the last proven one: 5 MB, and it was 10 MB',
  );
  expect(doubtOf([database('nova', 10 * mb, ['instances'])], known)).toBe(
    'nova has 1 table fewer than the last proven one (migrations)',
  );
  expect(doubtOf([database('glance', 1)], known)).toBeNull();
  expect(doubtOf([database('nova', 1)], [])).toBeNull();
});

test('the last proven one holds all that the server should have', () => {
  const both = [database('nova', mb), database('keystone', mb)];
  const known = [backup('failed', 'failed', 0, both), backup('part', 'proven', 1), backup('whole', 'proven', 2, both)];
  expect(lastProven(known, { name: 'main', databases: ['nova', 'keystone'] })?.name).toBe('whole');
  expect(lastProven(known, { name: 'main', databases: ['nova'] })?.name).toBe('part');
  expect(lastProven(known, { name: 'other', databases: ['nova'] })).toBeNull();
});

test('whatever happened, the last proven one of every set of databases stays, and so do the newest', () => {
  const state = fc.constantFrom('proven' as const, 'unproven' as const, 'failed' as const);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(state, fc.boolean()), { maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      (all, keep) => {
        const sets = [[database('nova', mb)], [database('nova', mb), database('keystone', mb)]];
        const known = all.map(([one, whole], age) => backup(`d${age}`, one, age, sets[whole ? 1 : 0]));
        const gone = new Set(excess(known, keep).map(({ name }) => name));
        for (const set of sets) {
          const own = known.filter(({ facts }) => facts.databases === set);
          const proven = own.filter((one) => one.state === 'proven');
          for (const one of proven.slice(0, keep)) expect(gone.has(one.name)).toBe(false);
          for (const one of proven.slice(keep)) expect(gone.has(one.name)).toBe(true);
          const newest = proven[0]?.dumpedAt ?? new Date(0);
          for (const one of own)
            if (one.state !== 'proven' && one.dumpedAt >= newest) expect(gone.has(one.name)).toBe(false);
        }
      },
    ),
  );
});

test('a proven dump on another worker’s host is told as not looked at; in a folder that both have it is looked at', async () => {
  const ask = (here: boolean) =>
    statusReport(86_400_000, {
      cloud: {
        name: 'demo',
        databases: {
          dumps: {
            servers: () => [{ name: 'main', databases: ['nova'] }],
            place: async () => ({ host: 'cmp-b', keys: { fernet: 'vault', credential: 'vault' } }),
            look: async ({ host }: { host: string }) => (here ? 'there' : { unseen: `on ${host}` }),
          },
        },
      },
      backups: { list: async () => [{ ...backup('d', 'proven', 0), host: 'cmp-a' }] },
      now: new Date(Date.UTC(2026, 10, 29, 1)),
    } as unknown as PlanContext);
  const elsewhere = await ask(false);
  expect(elsewhere.tone).toBe('warn');
  expect(JSON.stringify(elsewhere)).toContain('on cmp-a, not looked at');
  const here = await ask(true);
  expect(here.tone).toBe('good');
  expect(JSON.stringify(here)).not.toContain('not looked at');
});
