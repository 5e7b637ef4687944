import fc from 'fast-check';
import { expect, test } from 'vitest';
import { doubtOf } from '../../src/command/backup/doubt.ts';
import type { Backup } from '../../src/command/backup/ledger.ts';
import { listReport } from '../../src/command/backup/listing.ts';
import { provePlan } from '../../src/command/backup/prove-plan.ts';
import { excess } from '../../src/command/backup/retention.ts';
import { backupReport } from '../../src/command/backup/run-report.ts';
import { runbookReport } from '../../src/command/backup/runbook.ts';
import { statusReport } from '../../src/command/backup/status.ts';
import { lastProven } from '../../src/command/backup/words.ts';
import type { EndedJob, PlanContext } from '../../src/command/command.ts';
import type { DumpFacts } from '../../src/openstack/cloud.ts';

const mb = 1024 * 1024;
const keys = { fernet: null, credential: 'vault:credential@3' };

function database(name: string, rawBytes: number, tables: readonly string[] = ['instances', 'migrations']) {
  return { name, revision: [], rawBytes, tables: Object.fromEntries(tables.map((table) => [table, 1])) };
}

/** `age` in days; newest first is the caller's order. */
function backup(name: string, state: Backup['state'], age: number, databases = [database('nova', 10 * mb)]): Backup {
  const facts = { databases, keys, source: { version: '10.11' }, position: null } as unknown as DumpFacts;
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

/** Two servers, as `clouds.yaml` names them, and what is known of their dumps. */
function twoServers(known: readonly Backup[]): PlanContext {
  const servers = [
    { name: 'main', databases: ['nova', 'keystone'] },
    { name: 'cell2', databases: ['nova'] },
  ];
  const place = { host: 'cmp-a', keys, keep: 3, copies: null };
  const dumps = { servers: () => servers, place: async () => place, look: async () => 'there', endpointOf: () => null };
  const cloud = { name: 'demo', databases: { dumps } };
  return {
    cloud,
    backups: { list: async () => known },
    now: new Date(Date.UTC(2026, 10, 29, 1)),
  } as unknown as PlanContext;
}

const whole = [database('nova', mb), database('keystone', mb)];
const ofKeystone = backup('k', 'proven', 0, [database('keystone', mb)]);
const ofMain = backup('m', 'proven', 1, whole);
const ofCell = { ...backup('c', 'proven', 2), server: 'cell2', restoreSeconds: 600 };
const noFernet = 'keys not backed up: nobody says where the backup of fernet-keys is';

test('the runbook without a name is of the last proven dump of each server that holds all of it', async () => {
  const report = await runbookReport(undefined, twoServers([ofKeystone, ofMain, ofCell]));
  expect(report).toMatchObject({ title: 'by hand, never from here: restore m, c', tone: 'plain' });
  const codes = report.blocks.flatMap((block) => (block.kind === 'code' ? [block.text] : []));
  expect(codes).toHaveLength(2);
  expect(codes[0]).toMatch(
    /DATABASE is where main is[\s\S]* --databases nova keystone \| zstd > before-restore-main\.sql\.zst/,
  );
  expect(codes[1]).toMatch(
    /DATABASE is where cell2 is[\s\S]* --databases nova \| zstd > before-restore-cell2\.sql\.zst/,
  );
  for (const code of codes) expect(code).toContain('account and its grants, which no dump of vigie’s holds');
});

test('a server of which nothing is proven is told in the runbook; where that is so of all, there is none', async () => {
  const some = await runbookReport(undefined, twoServers([ofKeystone, ofCell]));
  expect(some).toMatchObject({ title: 'by hand, never from here: restore c', tone: 'bad' });
  expect(JSON.stringify(some)).toContain('main: nothing that holds nova, keystone was ever restored: no lines for it');
  await expect(runbookReport(undefined, twoServers([ofKeystone]))).rejects.toThrow(
    /^demo has no proven backup: main: nothing that holds nova, keystone was ever restored, cell2: nothing that holds nova/,
  );
  expect((await runbookReport('k', twoServers([ofKeystone]))).title).toBe('by hand, never from here: restore k');
});

test('servers are restored one after the other, and the title says how long that takes', async () => {
  const report = await statusReport(7 * 86_400_000, twoServers([ofMain, ofCell]));
  expect(report.title).toBe('last proven backup 2 d ago, restores in 11 min, one server after the other');
});

test('whoever proves, and whoever looks at the list, is told that the keys are not backed up', async () => {
  const context = twoServers([ofMain, ofCell]);
  for (const said of [await listReport(context), await provePlan(undefined, context)])
    expect((said.blocks ?? []).filter((block) => JSON.stringify(block).includes(noFernet))).toHaveLength(1);
  const step = (name: string, state: string, output: unknown) => ({ key: `${name}:main`, step: name, state, output });
  for (const [state, output] of [
    ['done', { name: 'm', keys, restoreSeconds: 60, said: [] }],
    ['unproven', { name: 'm', keys }],
  ] as const) {
    const job = { id: '7f3a', cloud: 'demo', state: 'done', seconds: 9, steps: [step('prove', state, output)] };
    expect(JSON.stringify(backupReport(job as unknown as EndedJob))).toContain(noFernet);
  }
});
