import { expect, test } from 'vitest';
import type { PlanContext } from '../../src/command/command.ts';
import { indexPlan } from '../../src/command/tokens/index-plan.ts';
import { purgePlan } from '../../src/command/tokens/sweep-plan.ts';
import { SweepInput } from '../../src/command/tokens/sweep-step.ts';
import type { CloudReader, ReplicaTrouble, RevocationSurvey, TokenSurvey } from '../../src/openstack/cloud.ts';
import { survey, table } from './keystone-seen.ts';

const hour = 3_600_000;
const now = new Date('2026-11-29T12:00:00Z');

/** The server's estimate is far off. */
const tokens = { ...table, estimate: 7, counts: { live: 400_000, expired: 590_000, revoked: 10_000 } };

const revocations: RevocationSurvey = {
  old: 40_000,
  index: 'ix_revocation_event_new_revoked_at',
  rows: 50_000,
  dataBytes: 10 * 1024 ** 2,
  galera: null,
  replicas: 0,
};

interface World {
  readonly seen?: Partial<TokenSurvey>;
  readonly troubles?: readonly ReplicaTrouble[];
  readonly lifetimeMs?: number | null;
  readonly old?: Partial<RevocationSurvey>;
}

function contextOf({ seen = {}, troubles = [], lifetimeMs = hour, old = {} }: World): PlanContext {
  const databases: Partial<CloudReader['databases']> = {
    tokens: async () => tokens,
    tokenSurvey: async () => ({ ...survey, expired: 500_000, ...seen }),
    revocationSurvey: async () => ({ ...revocations, ...old }),
    tokenLifetimeMs: async () => lifetimeMs,
    replicaTroubles: async () => [...troubles],
  };
  const context: Partial<PlanContext> = {
    cloud: { name: 'prod', databases } as unknown as PlanContext['cloud'],
    signal: new AbortController().signal,
    mustArchive: false,
    now,
  };
  return context as PlanContext; // what a plan does not ask for is not there
}

const wish = { table: 'token', before: undefined, archive: false } as const;

async function said(plan: ReturnType<typeof purgePlan> | ReturnType<typeof indexPlan>): Promise<string> {
  return JSON.stringify((await plan).blocks);
}

test.each([
  [50_000, 'ix_token_expires'],
  [119_999, 'ix_token_expires'],
  [500_000, null],
])('%i of a million rows expired: walked along %s', async (expired, index) => {
  const { steps } = await purgePlan(wish, contextOf({ seen: { expired } }));
  expect(steps[0]?.input).toMatchObject({ table: 'token', index, expected: expired });
});

test('where nobody counted, the key is walked', async () => {
  const { steps } = await purgePlan(wish, contextOf({ seen: { expired: null, expiresIndex: null } }));
  expect(steps[0]?.input).toMatchObject({ index: null, expected: null });
});

test('a watched server that is no replica is refused; one that cannot be reached is a warning', async () => {
  const gone = { trouble: 'replica 1 cannot be reached', lasting: false };
  expect(await said(purgePlan(wish, contextOf({ troubles: [gone] })))).toContain(
    'It would wait as things are: replica 1 cannot be reached.',
  );
  const none = { trouble: 'replica 2 is no replica: its replica status is empty', lasting: true };
  await expect(purgePlan(wish, contextOf({ troubles: [gone, none] }))).rejects.toThrow(
    'a purge would wait for ever: replica 2 is no replica',
  );
});

test('revocations go along the moment they were made, never younger than twice what a token lives', async () => {
  const events = { ...wish, table: 'revocation_event' } as const;
  const cutoffOf = async (lifetimeMs: number) => {
    const { steps } = await purgePlan(events, contextOf({ lifetimeMs }));
    const cutoff = SweepInput.parse(steps[0]?.input).cutoff;
    return (now.getTime() - Date.parse(`${cutoff.replace(' ', 'T')}Z`)) / hour;
  };
  expect([await cutoffOf(hour), await cutoffOf(24 * hour), await cutoffOf(7 * 24 * hour)]).toEqual([48, 49, 337]);
  const { title, steps } = await purgePlan(events, contextOf({}));
  expect(title).toBe('purge 40000 old revocations of prod');
  expect(steps.map(({ input }) => input)).toMatchObject([
    { table: 'revocation_event', index: revocations.index, expected: 40_000 },
    { table: 'revocation_event' },
  ]);
  const soon = { ...events, before: { ago: 49 * hour } };
  await expect(purgePlan(soon, contextOf({ lifetimeMs: 7 * 24 * hour }))).rejects.toThrow(
    /--before is at most 2026-11-15 11:00 UTC: tokens live 7 d here/,
  );
});

test.each<[string, World]>([
  ['could not be seen from our own', { lifetimeMs: null }],
  ['has no index on revoked_at', { old: { index: null, old: null } }],
  ['no revocation of prod was made before', { old: { old: 0 } }],
])('revocations: %s', async (words, world) => {
  await expect(purgePlan({ ...wish, table: 'revocation_event' }, contextOf(world))).rejects.toThrow(words);
});

test('an index: who waits for it depends on who shares the table', async () => {
  const alone = await said(indexPlan(contextOf({})));
  expect(alone).toContain('the table is read and written meanwhile');
  expect(alone).not.toMatch(/replica|Galera/);
  expect(await said(indexPlan(contextOf({ seen: { replicas: 2 } })))).toContain(
    'Each replica makes it after that, and lags as long: 2 replicas.',
  );
  const cluster = await said(indexPlan(contextOf({ seen: { galera: { nodes: 3, state: 'Synced' } } })));
  expect(cluster).toContain('On Galera all 3 nodes wait for each index');
  expect(cluster).not.toContain('read and written meanwhile');
});
