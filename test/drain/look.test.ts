import { beforeEach, expect, test } from 'vitest';
import { look } from '../../src/command/drain/look.ts';
import type { MoveIntent } from '../../src/command/drain/move-intent.ts';
import type { Cloud, Migration } from '../../src/openstack/cloud.ts';
import { defaultSettings } from '../../src/openstack/config.ts';
import { aMigration, anIntent, aServer, cmp1, quietCloud, serverId } from './things.ts';

const input = { server: serverId, from: cmp1, how: 'live', block: 'auto' } as const;
const { pollInterval } = defaultSettings;
const copied = { totalBytes: 100, remainingBytes: 40 };
let asked: string[];
let ours: Migration;
/** Whether Nova gives the newest of a host. */
let listed: true | null;
let state: string;

beforeEach(() => {
  asked = [];
  listed = true;
  state = 'ACTIVE';
  ours = aMigration({ id: 4, status: 'queued' });
});

const cloud: Partial<Cloud> = {
  ...quietCloud,
  server: async () => noted('server', aServer({ status: state })),
  migrations: async () =>
    noted(
      'migrations',
      [ours].filter(({ server }) => server === serverId),
    ),
  actions: async () => noted('actions', []),
  latestLeaving: async () => noted('latest', listed && [aMigration({ id: 9, server: other }), ours]),
  serverMigrations: async () => noted('figures', [{ ...ours, memory: copied }]),
};
const other = aServer().id.replace('1', '2') as Migration['server'];

function noted<T>(what: string, answer: T): T {
  asked.push(what);
  return answer;
}

/** What was asked for at each of these times, ms, one look after the other. */
async function looks(intent: MoveIntent | null, times: readonly number[], between = (_: number) => {}) {
  const all: string[] = [];
  let seen: Awaited<ReturnType<typeof look>> | null = null;
  for (const time of times) {
    asked = [];
    between(time);
    // What it does not ask for is not there.
    seen = await look(cloud as Cloud, { input, intent, now: new Date(time) }, seen);
    all.push(asked.join(' '));
  }
  return { all, seen };
}

test('a move on its way is looked at with all that leave its host, its copy as often as others are', async () => {
  const begins = (time: number) => {
    if (time === 500) ours = aMigration({ id: 4, status: 'running' });
  };
  const { all, seen } = await looks(anIntent(), [0, 250, 500, 750, 500 + pollInterval], begins);
  expect(all).toEqual(['server migrations', 'latest', 'latest', 'latest', 'figures']);
  expect(seen).toMatchObject({ migrations: [{ id: 4, status: 'running', memory: copied }] });
});

test('how far its copy was is known until it is looked at again', async () => {
  ours = aMigration({ id: 4, status: 'running' });
  const { all, seen } = await looks(anIntent(), [0, 250]);
  expect(all).toEqual(['server migrations figures', 'latest']);
  expect(seen).toMatchObject({ migrations: [{ id: 4, memory: copied }] });
});

test('all is looked at where it ended, and every 15 seconds', async () => {
  const ends = (time: number) => {
    if (time === 250) ours = aMigration({ id: 4, status: 'completed' });
  };
  expect((await looks(anIntent(), [0, 250], ends)).all).toEqual(['server migrations', 'latest server migrations']);
  ours = aMigration({ id: 4, status: 'queued' });
  expect((await looks(anIntent(), [0, 14_999, 15_000])).all).toEqual([
    'server migrations',
    'latest',
    'server migrations',
  ]);
});

test('a long copy is one request at each look, also where it is none of the newest any more', async () => {
  ours = aMigration({ id: 4, status: 'running' });
  const every = [0, pollInterval, 2 * pollInterval];
  expect((await looks(anIntent(), every)).all).toEqual(['server migrations figures', 'figures', 'figures']);
  listed = null;
  expect((await looks(anIntent(), [0, 1000, 1250])).all.slice(1)).toEqual(['latest figures', 'latest figures']);
});

test('a cold move, and one that Nova refused, is not looked for among those of its host', async () => {
  const refused = { at: new Date(0), tries: 1, refused: '409' };
  for (const intent of [anIntent({ how: 'cold' }), anIntent({ asked: refused }), null]) {
    expect((await looks(intent, [0, 250])).all[1]).toMatch(/^server migrations/);
  }
});

test('whose cell was down is looked at whole once Nova shows its migration again', async () => {
  state = 'UNKNOWN';
  expect((await looks(anIntent(), [0, 250])).all[1]).toBe('server migrations');
});

test('one that has ended, and whose server has not settled, is not looked for in the list again', async () => {
  ours = aMigration({ id: 4, status: 'completed' });
  expect((await looks(anIntent(), [0, 250])).all[1]).toBe('server migrations');
});

test('a clock that is set back blinds nobody', async () => {
  expect((await looks(anIntent(), [60_000, 0])).all[1]).toBe('server migrations');
});

test('of another’s, an older one, or one that Nova shows no more, all is looked at', async () => {
  for (const seen of [aMigration({ id: 4, server: other }), aMigration({ id: 3 })]) {
    ours = seen;
    const intent = anIntent({ migration: null, seen: { migration: 3, action: null, status: 'ACTIVE' } });
    expect((await looks(intent, [0, 250])).all[1]).toMatch(/^latest server migrations actions/);
  }
});

test('who does not know whether Nova took it, or asked to end or force it, looks at all each time', async () => {
  const tried = { at: new Date(0), tries: 1, refused: null };
  for (const intent of [
    anIntent({ request: null, migration: null }),
    anIntent({ abort: { ...tried, why: 'late' } }),
    anIntent({ force: tried }),
  ]) {
    expect((await looks(intent, [0, 250])).all[1]).toMatch(/^server migrations/);
  }
});
