import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Shown } from '../clouds/servers.ts';
import { onLab, openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

let stage: Stage;
let near: Shown;
let far: Shown;

// The lab has one cell, and taking that away takes everything away.
if (onLab) test.skip('a cell that is down: on the simulator only', () => undefined);

beforeAll(async () => {
  if (onLab) return;
  stage = await openStage({ simulator: { cells: 2, hosts: 4 }, settings: { totalDeadline: 6000 } });
  near = await stage.cloud.server('near', 'cmp1');
  far = await stage.cloud.server('far', 'cmp3');
});
afterAll(() => stage?.close());
afterEach(() => (onLab ? undefined : cell('up', 2).then(() => cell('up', 1))));

const say = (line: string) => stage.say('rita', line);

async function cell(way: 'up' | 'down', number: number): Promise<void> {
  const url = new URL(`/control/cell-${way}`, stage.cloud.authUrl);
  const { status } = await fetch(url, { method: 'POST', body: JSON.stringify({ cell: number }) });
  expect(status).toBe(200);
}

test.skipIf(onLab)('what cannot be seen is said, and never counted as nothing', async () => {
  await cell('down', 2);

  const hosts = await say('hosts');
  expect(hosts).toContain('demo: 4 compute hosts, 2 not to be seen');
  expect(hosts).toContain('A cell is unreachable: nothing is known of cmp3, cmp4');
  expect(hosts).toMatch(/^cmp3 \| - \| cell unreachable \| - \| - \| - \|/m);

  const host = await say('host cmp3');
  expect(host).toContain('cmp3: cell unreachable, its servers cannot be seen');
  expect(host).not.toMatch(/\b0 servers/);
  expect(await say('maintenance cmp3 status')).toContain('its cell is unreachable, its servers cannot be seen');

  expect(await say('servers')).toContain('A cell is unreachable: servers on cmp3, cmp4 are not in this list.');
  const there = await say('servers --host cmp3');
  expect(there).toContain('demo: servers that cannot be seen on cmp3');
  expect(await say('servers --host cmp1')).toContain(near.name);
});

test.skipIf(onLab)('a server there is known by its whole uuid only, and the others as ever', async () => {
  await cell('down', 2);

  const known = await say(`server ${far.id}`);
  expect(known).toContain('UNKNOWN');
  expect(known).toContain('Its cell is unreachable: where it is and how it stands is not known.');
  expect(await say(`server ${far.name}`)).toContain(
    `demo lists no server "${far.name}", but a cell is unreachable (cmp3, cmp4); a server there is found by its whole uuid only`,
  );
  expect(await say(`server ${near.name}`)).toContain(near.id);

  await cell('up', 2);
  expect(await say(`server ${far.name}`)).toContain('on cmp3');
});

test.skipIf(onLab)('a drain is not even planned, and one that was approved before does not begin', async () => {
  await cell('down', 2);
  for (const host of ['cmp1', 'cmp3'])
    expect(await stage.say('alice', `maintenance ${host}`)).toContain(
      'demo: a cell does not answer (cmp3, cmp4); a drain would not see every server',
    );

  await cell('up', 2);
  const { job } = await stage.plan('maintenance cmp3');
  await cell('down', 2);
  await stage.approve(job);
  const ran = await stage.ended(job);
  expect(ran.state).toBe('failed');
  expect(ran.words).toContain('a cell does not answer');
  await cell('up', 2);
  expect(await stage.cloud.service('cmp3')).toMatchObject({ status: 'enabled' });
  expect((await stage.cloud.show(far.id)).host).toBe('cmp3');
});

test.skipIf(onLab)(
  'a cell that goes in the middle of a drain leaves it unproven: nothing is called empty',
  async () => {
    await stage.cloud.migrationSeconds(40);
    const { job } = await stage.plan('maintenance cmp1');
    await stage.approve(job);
    const leaving = async () => (await stage.cloud.show(near.id)).task === 'migrating';
    await stage.cloud.until('the server moves', leaving, 20_000);
    await cell('down', 1);
    await stage.cloud.migrationSeconds(0);

    const ran = await stage.ended(job);

    expect(ran.state).toBe('partial');
    expect(ran.words).toContain('its cell does not answer');
    expect(ran.words).not.toContain('empty, asked twice');
  },
);
