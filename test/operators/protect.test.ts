import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { PlanContext } from '../../src/command/command.ts';
import { protectMany } from '../../src/command/protect/plan-many.ts';
import { connectDatabases } from '../../src/mysql/databases.ts';
import type { ServerId } from '../../src/openstack/names.ts';
import { openStage, type Stage, wordsOf } from './stage.ts';

vi.setConfig({ testTimeout: 60_000 });

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ servers: 2, cells: 2 });
});
afterAll(() => stage.close());

async function server(name: string, host?: string): Promise<ServerId> {
  const { id } = await stage.simulator.control.createServer({ name, ...(host === undefined ? {} : { host }) });
  const [found] = await stage.cloud.findServers(id, 1);
  if (found === undefined) throw new Error(`no ${name}`);
  return found.id;
}

async function say(person: string, line: string): Promise<string> {
  return wordsOf(await stage.story.say(person, `!${line}`));
}

function limits() {
  return { signal: new AbortController().signal, notAfter: performance.now() + 2000 };
}

test('a server is protected, shown, and let go again', async () => {
  const id = await server('db-1');
  const said = await say('alice', 'protect db-1 --reason "master database" --until 3d');
  expect(said).toContain('db-1 is protected');
  expect(said).toContain('answered with success and does nothing');
  expect(await stage.cloud.databases.instance(id)).toMatchObject({ disableTerminate: true });
  expect(await say('alice', 'protected')).toMatch(
    new RegExp(`db-1 \\| ${id} \\| alpha \\| cmp1 \\| alice \\| master database \\| .* UTC \\| no \\| -`),
  );
  expect(await say('alice', 'unprotect db-1')).toContain('no longer protected');
  expect(await stage.cloud.databases.instance(id)).toMatchObject({ disableTerminate: false });
  expect(await say('alice', 'protected')).not.toContain(id);
});

test('--lock locks with a reason that names job and person, and only that lock is taken off', async () => {
  const id = await server('locked-by-us');
  const said = await say('alice', 'protect locked-by-us --lock --reason precious');
  expect(said).toContain('locked, read back');
  expect(await stage.cloud.server(id)).toMatchObject({
    locked: true,
    lockedReason: expect.stringMatching(/^vigie \S+ by alice: precious$/),
  });
  expect(await say('alice', 'protected')).toContain('by vigie');
  await say('alice', 'unprotect locked-by-us');
  expect(await stage.cloud.server(id)).toMatchObject({ locked: false });
});

test('a lock of another hand keeps its reason through protect and unprotect', async () => {
  const id = await server('locked-before');
  await stage.cloud.lock(id, 'the owner said so', limits());
  expect(await say('alice', 'protect locked-before --lock')).toContain('that lock stays');
  await say('alice', 'unprotect locked-before');
  expect(await stage.cloud.server(id)).toMatchObject({ locked: true, lockedReason: 'the owner said so' });
  expect(await stage.cloud.databases.instance(id)).toMatchObject({ disableTerminate: false });
});

test('a flag that was set before vigie came stays, unless it is adopted', async () => {
  const id = await server('flag-before');
  await stage.cloud.databases.setDisableTerminate(id, true, limits());
  expect(await say('alice', 'protected')).toContain('no record: flag set by another hand');
  expect(await say('alice', 'unprotect flag-before')).toContain('by another hand (vigie has no record)');
  await say('alice', 'protect flag-before --reason mine');
  await say('alice', 'unprotect flag-before');
  expect(await stage.cloud.databases.instance(id)).toMatchObject({ disableTerminate: true });
  await say('alice', 'unprotect flag-before --adopt --reason "nobody misses it"');
  expect(await stage.cloud.databases.instance(id)).toMatchObject({ disableTerminate: false });
});

test('another person hears who protects it, and may take over with a reason', async () => {
  await server('shared');
  await say('alice', 'protect shared --reason "alice needs it" --move');
  expect(await say('bob', 'protect shared')).toMatch(
    /protected by alice \(alice needs it\), stays on its host\. To take it over/,
  );
  expect(await say('bob', 'protect shared --reason "bob needs it more"')).toContain('shared is protected');
  expect(await say('bob', 'protected')).toMatch(/\(stays\) \| bob \| bob needs it more/);
  expect(await say('bob', 'unprotect shared')).toContain('no longer protected');
});

test('renewing keeps what was there before vigie', async () => {
  const id = await server('renewed');
  await say('alice', 'protect renewed --reason one --until 1h');
  expect(await say('alice', 'protect renewed --until 2d')).toContain('renewed is protected');
  expect(await say('alice', 'protected')).toContain('| one |');
  await say('alice', 'unprotect renewed');
  expect(await stage.cloud.databases.instance(id)).toMatchObject({ disableTerminate: false });
});

test('drift between flag, lock and record is shown', async () => {
  const id = await server('drifting');
  await say('alice', 'protect drifting --lock --reason drift');
  await stage.cloud.databases.setDisableTerminate(id, false, limits());
  await stage.cloud.unlock(id, limits());
  expect(await say('alice', 'protected')).toContain('the flag is off; vigie’s lock is gone');
  expect(await say('alice', 'unprotect drifting')).toContain('no longer protected');
});

test('what cannot be protected is one clear line, and nothing is opened', async () => {
  expect(await say('alice', 'protect nobody-here')).toContain('has no server "nobody-here"');
  expect(await say('alice', 'protect db-1 --reason "party 🎉"')).toContain('U+1F389');
  expect(await say('alice', 'unprotect db-1')).toContain(
    'db-1 is not protected: its flag is off and vigie has no record',
  );
});

test('each server is protected in its own cell', async () => {
  const [first, second] = [await server('in-cell-1', 'cmp1'), await server('in-cell-2', 'cmp4')];
  for (const id of [first, second])
    expect(await say('alice', `protect ${id} --reason "both cells"`)).toContain('is protected');
  const cells = await Promise.all([first, second].map((id) => stage.cloud.databases.instance(id)));
  expect(cells.map((row) => row?.disableTerminate)).toEqual([true, true]);
  expect(new Set(cells.map((row) => row?.cell)).size).toBe(2);
  expect(await say('alice', 'protected')).toMatch(/in-cell-1[\s\S]*in-cell-2|in-cell-2[\s\S]*in-cell-1/);
});

test('a server in a cell without a DSN is blocked in the plan, which names the cell; the others are protected', async () => {
  const { dsns } = stage.simulator;
  const [seen, unseen] = [await server('seen', 'cmp1'), await server('unseen', 'cmp4')];
  const cell = (await stage.cloud.databases.instance(unseen))?.cell ?? '';
  const cells = Object.fromEntries(Object.entries(dsns.cells).filter(([uuid]) => uuid !== cell));
  const databases = connectDatabases({ cloud: 'demo', dsns: { ...dsns, cells }, now: () => new Date() });
  const context = { ...plan(), cloud: { ...stage.cloud, databases } };
  const made = await protectMany('project', 'alpha', wish, context);
  await databases.close();
  const why = (id: string) => made.rows?.find(({ key }) => key === `flag:${id}`);
  expect(why(unseen)).toMatchObject({ verdict: 'blocked', why: expect.stringContaining(`no DSN for cell ${cell}`) });
  expect(why(seen)).toMatchObject({ verdict: 'protect' });
  expect(made.steps.some(({ key }) => key.includes(unseen))).toBe(false);
  expect(made.claims).toContain(`server:demo/${seen}`);
});

const wish = { reason: 'all of alpha', until: null, lock: false, move: false };

function plan(): PlanContext {
  return {
    cloud: stage.cloud,
    leases: { find: async () => null, list: async () => [] },
    history: { drains: async () => [], moved: async () => null, edited: async () => null },
    by: { human: 'alice' },
    now: new Date(),
    signal: new AbortController().signal,
    mustArchive: false,
    holder: async () => null,
    jobOn: async () => null,
    heedsWishes: () => false,
    closedPerZone: null,
    leaseMs: () => null,
  };
}
