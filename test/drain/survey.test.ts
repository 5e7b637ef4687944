import { expect, test } from 'vitest';
import { drainPlan } from '../../src/command/drain/drain-plan.ts';
import type { DrainWish } from '../../src/command/drain/drain-rows.ts';
import { mustBeVirtual, survey } from '../../src/command/drain/survey.ts';
import type { Cloud, CloudReader, Hypervisor, Migration, RoomsKnown } from '../../src/openstack/cloud.ts';
import { HostName, ServerId } from '../../src/openstack/names.ts';
import { planContext } from '../operators/contexts.ts';
import { aMigration, aRoom, aServer, aService, cmp1, cmp2, quietCloud } from './things.ts';

test('a host that stands for bare-metal machines is not emptied', async () => {
  const found = [
    { host: cmp1, type: 'ironic' },
    { host: cmp1, type: 'ironic' },
    { host: cmp2, type: 'QEMU' },
  ];
  const cloud = { hypervisors: async () => found } as unknown as CloudReader; // nothing else is asked
  await expect(mustBeVirtual(cmp1, cloud)).rejects.toThrow('cmp1 stands for 2 bare-metal machines (Ironic)');
  await expect(mustBeVirtual(cmp2, cloud)).resolves.toEqual(new Set([cmp1]));
});

const [cmp3, cmp4, cmp5] = ['cmp3', 'cmp4', 'cmp5'].map((host) => HostName.parse(host)) as [
  HostName,
  HostName,
  HostName,
];
const idOf = (letter: string) => ServerId.parse(`${letter.repeat(8)}-2222-4333-8444-555555555555`);
const [leaving, staying, rebuilt, resized] = ['a', 'b', 'c', 'd'].map(idOf) as [ServerId, ServerId, ServerId, ServerId];

const none = { find: async () => null, list: async () => [] };

interface Ground {
  /** MB that each consumer holds, by host. */
  readonly holds: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly here?: readonly ServerId[];
  readonly finished?: readonly Migration[];
  readonly hypervisors?: readonly Pick<Hypervisor, 'host' | 'type'>[];
  readonly volumeSizes?: Cloud['volumeSizes'];
  /** Under way from or to cmp2. */
  readonly moving?: readonly Migration[];
  /** It has not been closed yet: hooks of its start still run. */
  readonly open?: boolean;
  readonly command?: string;
}

/** cmp1 is asked about, cmp2 is being emptied by a running job that claimed `leaving` and `rebuilt`; each has 1000 MB. */
function surveyed({ holds, here = [], finished = [], moving = [], hypervisors = [], ...more }: Ground) {
  const { open = false, command = 'maintenance', volumeSizes } = more;
  const services = [cmp1, cmp2, cmp3, cmp4, cmp5].map((host) =>
    aService({
      id: host,
      host,
      status: host === cmp2 && !open ? 'disabled' : 'enabled',
      state: host === cmp2 && command === 'evacuate' ? 'down' : 'up',
    }),
  );
  const cloud: Partial<Cloud> = {
    ...quietCloud,
    services: async () => services,
    computeService: async (host) => services.find((one) => one.host === host) ?? null,
    hypervisors: async () => hypervisors as Hypervisor[], // nothing else of them is looked at
    async *servers({ host, softDeleted }) {
      if (softDeleted !== true && host === cmp2) yield* here.map((id) => aServer({ id, host: cmp2 }));
      if (softDeleted !== true && host === cmp1 && volumeSizes) yield aServer({ volumes: ['v1'] });
    },
    aggregates: async () => [],
    agents: async () => null,
    migrations: async ({ status, host }) => [
      ...(status === 'finished' ? finished : []),
      ...(host === cmp2 ? moving : []),
    ],
    candidates: async () => null,
    room: async (hosts, { needsPlace = () => true }: RoomsKnown = {}) =>
      hosts.map((host) => {
        const held = Object.entries(holds[host] ?? {});
        const used = held.reduce((sum, [, memory]) => sum + memory, 0);
        const consumers = held
          .filter(([id]) => needsPlace(host, id))
          .map(([, memory]) => ({ each: { MEMORY_MB: memory }, number: 1 }));
        return { ...aRoom(host, consumers), used: { MEMORY_MB: used } };
      }),
    volumeSizes: volumeSizes ?? (async () => null),
    databases: { instance: async () => null } as unknown as Cloud['databases'], // only that is asked
  };
  const context = {
    ...planContext(cloud as Cloud, none), // what is not asked for is not there
    held: async () => [{ host: cmp2, command, servers: new Set([leaving, rebuilt]) }],
  };
  return survey('cmp1', { block: 'auto', heed: false }, context);
}

const wish: DrainWish = {
  cloud: 'prod',
  text: 'fans',
  until: null,
  adopt: false,
  lanes: 1,
  order: 'smallest',
  ignoreWishes: null,
  acceptRisk: 'fans',
  hooks: [],
  hookNames: [],
  closedPerZone: null,
  now: new Date(),
  totalMs: 3_600_000,
};
const memoryOn = ({ rooms }: Awaited<ReturnType<typeof surveyed>>) =>
  Object.fromEntries(rooms.map(({ host, used }) => [host, used['MEMORY_MB']]));

test('of a host that is being emptied only what its job moves needs room elsewhere: what it leaves takes nobody’s', async () => {
  const found = await surveyed({ holds: { cmp2: { [leaving]: 300, [staying]: 5000 } }, here: [leaving, staying] });
  expect(found.beingEmptied).toEqual({ hosts: [cmp2], homeless: [] });
  expect(Object.values(memoryOn(found)).toSorted()).toEqual([0, 0, 0, 300]);
  expect(drainPlan(found, wish, []).spare).toBe('holds');
});

test('hosts of bare metal stand in for nobody, and nobody’s N-1 hangs on them', async () => {
  const hypervisors = [{ host: cmp5, type: 'ironic' }];
  const found = await surveyed({ holds: {}, hypervisors });
  expect(found.around.others.map(({ host }) => host)).toEqual([cmp3, cmp4]);
  expect(memoryOn(found)).toEqual({ cmp1: 0, cmp3: 0, cmp4: 0 });
});

test('how large volumes are is asked for the rows; where Cinder tells nothing it is not known', async () => {
  const asked = async (sizes: ReadonlyMap<string, number> | null) => {
    const { facts } = await surveyed({ holds: {}, volumeSizes: async () => sizes });
    return facts.map(({ volumesGb }) => volumesGb);
  };
  expect(await asked(new Map([['v1', 20]]))).toEqual([20]);
  expect(await asked(new Map())).toEqual([null]);
});

test('what finds no room on the others is told, stays there, and refuses no other drain', async () => {
  const full = { [staying]: 600 };
  const holds = { cmp2: { [leaving]: 900 }, cmp1: {}, cmp3: full, cmp4: full, cmp5: {} };
  const roomless = { ...holds, cmp5: { [resized]: 200 } };
  const found = await surveyed({ holds: roomless, here: [leaving], finished: [aMigration({ uuid: resized })] });
  expect(found.beingEmptied.homeless).toEqual(['a server of 900 MB of memory']);
  expect(drainPlan(found, wish, []).spare).toBe('holds');
});

test('what was rebuilt elsewhere holds its place on the dead host until that is back: it is reckoned once', async () => {
  const holds = { cmp2: { [rebuilt]: 700 }, cmp3: { [rebuilt]: 700 } };
  const found = await surveyed({ holds, here: [], command: 'evacuate' });
  expect(memoryOn(found)).toEqual({ cmp1: 0, cmp3: 700, cmp4: 0, cmp5: 0 });
});

test('what is being rebuilt is reckoned once, where Nova has chosen a place; before that it needs one', async () => {
  const ground = {
    holds: { cmp2: { [rebuilt]: 700 }, cmp3: { [rebuilt]: 700 } },
    here: [rebuilt],
    command: 'evacuate',
  };
  const facts = { server: rebuilt, type: 'evacuation', source: cmp2 } as const;
  const chosen = aMigration({ ...facts, status: 'pre-migrating', destination: cmp3 });
  expect(memoryOn(await surveyed({ ...ground, moving: [chosen] }))).toEqual({ cmp1: 0, cmp3: 700, cmp4: 0, cmp5: 0 });
  const asked = {
    ...ground,
    holds: { cmp2: { [rebuilt]: 700 } },
    moving: [aMigration({ ...facts, status: 'accepted', destination: null })],
  };
  expect(Object.values(memoryOn(await surveyed(asked))).toSorted()).toEqual([0, 0, 0, 700]);
});

test('a host counts as empty from when the job that empties it has begun: nobody counts on it, or is sent there', async () => {
  const ground = { holds: { cmp2: { [leaving]: 300 } }, here: [leaving], open: true };
  const found = await surveyed(ground);
  expect(found.beingEmptied.hosts).toEqual([cmp2]);
  expect(found.around.others.map(({ host }) => host)).toEqual([cmp3, cmp4, cmp5]);
  expect(Object.values(memoryOn(found)).toSorted()).toEqual([0, 0, 0, 300]);
  const disabled = await surveyed({ ...ground, command: 'disable' });
  expect(disabled.beingEmptied.hosts).toEqual([]);
  expect(disabled.around.others.map(({ host }) => host)).toContain(cmp2);
});

test('a place that is kept until a resize is confirmed needs no other one when its host fails', async () => {
  const kept = { [resized]: 700 };
  const holds = { cmp3: { ...kept, [leaving]: 100 }, cmp4: kept, cmp5: kept };
  const finished = [aMigration({ uuid: resized, status: 'finished' })];
  expect(drainPlan(await surveyed({ holds }), wish, []).spare).toBe('lost');
  expect(drainPlan(await surveyed({ holds, finished }), wish, []).spare).toBe('holds');
});
