import { expect, test } from 'vitest';
import { anotherHost } from '../../src/command/drain/another-host.ts';
import type { Cloud, Server, ServerGroup, Service } from '../../src/openstack/cloud.ts';
import { HostName, ServerId } from '../../src/openstack/names.ts';
import { aGroup, aServer, aService, cmp1, cmp2, serverId } from './things.ts';

const host = (name: string) => HostName.parse(name);
const fellow = ServerId.parse('22222222-2222-4333-8444-555555555555');

interface Around {
  readonly server?: Partial<Server>;
  readonly services?: readonly Partial<Service>[];
  readonly groups?: ServerGroup[];
  /** Where the fellow of its group is. */
  readonly fellowOn?: string;
}

/** It did not arrive on cmp2; Placement gives cmp2 to cmp5, the later the more room. */
async function chosen({ server = {}, services = [], groups = [], fellowOn = 'cmp9' }: Around): Promise<string | null> {
  const all = [cmp2, ...['cmp3', 'cmp4', 'cmp5'].map(host)];
  const cloud: Partial<Cloud> = {
    about: async () => ({ computeVersion: { major: 2, minor: 93 } }) as Awaited<ReturnType<Cloud['about']>>,
    server: async (id) => (id === serverId ? aServer(server) : aServer({ id, host: host(fellowOn) })),
    serverGroups: async () => groups,
    services: async () =>
      [cmp1, ...all].map((name) => aService({ host: name, ...services.find((one) => one.host === name) })),
    candidates: async () => ({
      needs: {},
      hosts: all,
      rooms: all.map((name, at) => ({ host: name, capacity: { MEMORY_MB: 1000 * (at + 1) }, used: {} })),
    }),
  } as Partial<Cloud>;
  const input = { server: serverId, from: cmp1, how: 'live', block: 'auto' } as const;
  const found = await anotherHost(input, cmp2, { cloud: cloud as Cloud }); // what it does not ask for is not there
  return found?.host ?? null;
}

test('the one with the most room that is up and enabled, never the one where it did not arrive', async () => {
  expect(await chosen({})).toBe('cmp5');
  const services = [
    { host: host('cmp5'), state: 'down' },
    { host: host('cmp4'), status: 'disabled' },
  ] as const;
  expect(await chosen({ services })).toBe('cmp3');
});

test('in the zone it is pinned to, or, where nobody tells, in the one it is in', async () => {
  const services = [
    { host: host('cmp5'), zone: 'az2' },
    { host: host('cmp4'), zone: 'az2' },
  ];
  expect(await chosen({ services, server: { pinnedZone: 'nova' } })).toBe('cmp3');
  expect(await chosen({ services, server: { pinnedZone: 'az2' } })).toBe('cmp5');
  expect(await chosen({ services, server: { pinnedZone: 'az3' } })).toBeNull();
  expect(await chosen({ services, server: { pinnedZone: null } })).toBe('cmp5');
});

test('by the rules of its group', async () => {
  const members = [serverId, fellow];
  expect(await chosen({ groups: [aGroup({ members })], fellowOn: 'cmp5' })).toBe('cmp4');
  expect(await chosen({ groups: [aGroup({ members, policy: 'affinity' })], fellowOn: 'cmp3' })).toBe('cmp3');
  expect(await chosen({ groups: [aGroup({ members, policy: 'soft-anti-affinity' })], fellowOn: 'cmp5' })).toBe('cmp5');
});
