import { expect, test } from 'vitest';
import type { StepContext } from '../../src/command/command.ts';
import { evacuatePlan } from '../../src/command/evacuate/evacuate-plan.ts';
import { left } from '../../src/command/evacuate/left.ts';
import type { Cloud, Hypervisor, Server } from '../../src/openstack/cloud.ts';
import { ServerId } from '../../src/openstack/names.ts';
import { planContext } from '../operators/contexts.ts';
import { aRoom, aServer, aService, cmp1, cmp2, quietCloud } from './things.ts';

const ids = ['a', 'b', 'c', 'd'].map((letter) => ServerId.parse(`${letter.repeat(8)}-2222-4333-8444-555555555555`));
const there = ids.slice(0, 3).map((id, n) => aServer({ id, name: `s${n + 1}` }));
const deleted = aServer({ ...(ids[3] && { id: ids[3] }), name: 'gone', status: 'SOFT_DELETED' });
const none = { find: async () => null, list: async () => [], take: async () => {}, end: async () => {} };

/** A dead host with three servers, and one other that has room for two of them. */
function cloudOf(here: readonly Server[], softDeleted: readonly Server[]): Cloud {
  const dead = aService({ state: 'down' });
  const cloud: Partial<Cloud> = {
    ...quietCloud,
    computeService: async () => dead,
    hypervisors: async () => [],
    services: async () => [dead, aService({ host: cmp2 })],
    async *servers(filter) {
      yield* filter.softDeleted === true ? softDeleted : here;
    },
    candidates: async () => {
      return { needs: { MEMORY_MB: 400 }, hosts: [cmp2], rooms: [aRoom(cmp2, [])] };
    },
    databases: { instance: async () => null } as unknown as Cloud['databases'], // only that is asked
  };
  return cloud as Cloud; // what is not asked for is not there
}

const wish = { host: 'cmp1', fenced: 'power cut', acceptDataLoss: true, until: null, hookNames: [] };

test('room that earlier ones take is gone for later ones; what is lost is said before anything else', async () => {
  const plan = await evacuatePlan(wish, planContext(cloudOf(there, []), none));
  expect(plan.blocks?.[0]).toEqual({ kind: 'text', text: '3 disks will be LOST. Two people must agree.' });
  expect(JSON.stringify(plan.blocks)).toContain('By reckoning there is no room in the end for s3.');
  const whys = plan.rows?.slice(1).map(({ why }) => why.split('; ').at(-1));
  expect(whys).toEqual(['fits on 1 host', 'fits on 1 host', 'no room is left for it once those before it have moved']);
});

test('what its owner deleted is in the plan and in what is left, and keeps nothing from being done', async () => {
  const cloud = cloudOf([], [deleted]);
  const plan = await evacuatePlan(wish, planContext(cloud, none));
  expect(plan.rows?.[1]).toMatchObject({ verdict: 'skip', label: `gone ${deleted.id}` });
  const context: Partial<StepContext> = { cloud, leases: none, ended: [], job: { id: '1', human: 'a', line: '' } };
  const outcome = await left({ host: cmp1 }, context as StepContext); // what it does not use is not there
  expect(outcome).toMatchObject({
    state: 'done',
    note: `no server is left there but gone ${deleted.id}, deleted by its owner, by Nova`,
    output: { left: [{ server: deleted.id }] },
  });
});

test('a host of bare-metal machines is not evacuated: their servers cannot be rebuilt elsewhere', async () => {
  const hypervisors = async () => [{ host: cmp1, type: 'ironic' }] as Hypervisor[]; // nothing else of it is looked at
  const planning = evacuatePlan(wish, planContext({ ...cloudOf(there, []), hypervisors }, none));
  await expect(planning).rejects.toThrow('cmp1 stands for 1 bare-metal machine (Ironic)');
});
