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

/**
 * What ends for others when an agent's host goes down. Agents that only serve guests beside them are not named. What is
 * highly available or distributed is served by other agents, too: which router is, only Neutron knows.
 */
const serves: Readonly<Record<string, string>> = {
  'neutron-l3-agent': 'routers that only it serves have no gateway',
  'neutron-dhcp-agent': 'networks that only it serves get no addresses',
  'neutron-metadata-agent': 'guests it serves get no metadata',
  'neutron-lbaasv2-agent': 'load balancers it serves stop',
  'neutron-bgp-dragent': 'routes that only it announces are withdrawn',
};

/** OVN's agents have one binary: only the type tells a gateway from what every compute host runs. */
const gateway = /^OVN Controller Gateway agent$/i;

function consequenceOf({ binary, type }: Agent): string | undefined {
  return gateway.test(type) ? 'routers without another gateway chassis have no gateway' : serves[binary];
}

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
    .map((agent) => {
      const { type, alive } = agent;
      const consequence = consequenceOf(agent);
      return `${type} (${alive ? 'alive' : 'dead'}${consequence === undefined ? '' : `; without the host ${consequence}`})`;
    })
    .join(', ');
}
