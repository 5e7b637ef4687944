import type { Agent, CloudReader, Service } from '../../openstack/cloud.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import type { HostName } from '../../openstack/names.ts';

/** What else runs on a host: it dies or serves on with the host, and moves with no server. */
export interface Beside {
  /** Other services of Nova on it. */
  readonly services: readonly Service[];
  readonly agents: Agents;
}

/** Neutron's agents, or why they are not known: that is no health. */
export type Agents = { readonly known: readonly Agent[] } | { readonly unknown: string };

export async function besideOf(host: HostName, services: readonly Service[], cloud: CloudReader): Promise<Beside> {
  return {
    services: services.filter((one) => one.host === host && one.binary !== 'nova-compute'),
    agents: await agentsOn(host, cloud),
  };
}

export async function agentsOn(host: HostName, cloud: CloudReader): Promise<Agents> {
  try {
    const agents = await cloud.agents(host);
    return agents === null ? { unknown: 'the cloud has no agents API' } : { known: agents };
  } catch (error) {
    if (error instanceof OpenStackError) return { unknown: error.message };
    throw error;
  }
}

/** What ends for others when an agent's host goes down. Agents that only serve guests beside them are not named. */
const serves: Readonly<Record<string, string>> = {
  'neutron-l3-agent': 'routers it serves have no gateway',
  'neutron-dhcp-agent': 'networks it serves get no addresses',
  'neutron-metadata-agent': 'guests it serves get no metadata',
  'neutron-lbaasv2-agent': 'load balancers it serves stop',
  'neutron-bgp-dragent': 'routes it announces are withdrawn',
};

export function besideFields({ services, agents }: Beside): [string, string][] {
  const nova = services.map(({ binary, state }) => `${binary} (${state})`);
  return [
    ...(nova.length === 0 ? [] : [['also on it', `${nova.join(', ')}: stays there`] satisfies [string, string]]),
    ['network agents', agentsLine(agents)],
  ];
}

function agentsLine(agents: Agents): string {
  if ('unknown' in agents) return `not known: ${agents.unknown}`;
  if (agents.known.length === 0) return 'none on this host';
  return agents.known
    .map(({ binary, type, alive }) => {
      const consequence = serves[binary];
      return `${type} (${alive ? 'alive' : 'dead'}${consequence === undefined ? '' : `; without the host ${consequence}`})`;
    })
    .join(', ');
}
