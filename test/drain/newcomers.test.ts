import { expect, test } from 'vitest';
import { newcomers } from '../../src/command/drain/newcomers.ts';
import type { Cloud } from '../../src/openstack/cloud.ts';
import { ServerId } from '../../src/openstack/names.ts';
import { stepContext } from '../operators/contexts.ts';
import { aServer, aService, cmp1, cmp2, quietCloud } from './things.ts';

const idOf = (n: number) => ServerId.parse(`${String(n).padStart(8, '0')}-2222-4333-8444-555555555555`);
const none = { find: async () => null, list: async () => [], take: async () => {}, end: async () => {} };

/** Of so many servers on the host, none of which was planned. */
function cloudOf(number: number): Cloud {
  const cloud: Partial<Cloud> = {
    ...quietCloud,
    services: async () => [aService(), aService({ host: cmp2 })],
    async *servers() {
      yield* Array.from({ length: number }, (_, n) => aServer({ id: idOf(n), name: 'same' }));
    },
    candidates: async () => ({ needs: { MEMORY_MB: 1 }, hosts: [cmp2], rooms: [] }),
    databases: { instance: async () => null } as unknown as Cloud['databases'], // only that is asked
  };
  return cloud as Cloud; // what is not asked for is not there
}

async function asked(number: number) {
  let remembered: unknown = null;
  const context = {
    ...stepContext(cloudOf(number), none, { id: '1', human: 'alice', line: '' } as never), // nothing else is used
    remember: async (checkpoint: unknown) => {
      remembered = checkpoint;
    },
  };
  const outcome = await newcomers({ host: cmp1, planned: [], block: 'auto', heed: true }, context);
  const { came } = remembered as { came: { server: string; stays: string | null }[] };
  const said = JSON.stringify(outcome);
  return { said, movable: came.filter(({ stays }) => stays === null).map(({ server }) => server), came };
}

test('each that would be moved is shown with its id, however many share a name', async () => {
  const { said, movable } = await asked(12);
  expect(movable).toHaveLength(12);
  for (const id of movable) expect(said).toContain(`same ${id}`);
});

test('of more than a question shows those beyond are not approved with it: they stay, and are told', async () => {
  const { said, movable, came } = await asked(50);
  expect(movable).toHaveLength(39);
  for (const id of movable) expect(said).toContain(`same ${id}`);
  expect(came.at(-1)?.stays).toMatch(/needs the next `maintenance`/);
  expect(said).toContain('50 servers came to cmp1');
});
