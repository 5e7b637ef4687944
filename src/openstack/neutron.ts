import { z } from 'zod';
import type { Agent as AgentFacts } from './cloud.ts';
import { OpenStackError } from './errors.ts';
import type { HostName } from './names.ts';
import type { Session } from './session.ts';
import { Moment, read } from './wire.ts';

const Agent = z.looseObject({
  binary: z.string(),
  agent_type: z.string(),
  alive: z.boolean(),
  host: z.string(),
  heartbeat_timestamp: Moment,
});
const Agents = z.object({ agents: z.array(Agent) });

/** Null where the cloud has no Neutron, or one whose plugin has no agents (404). */
export async function listAgents(session: Session, cloud: string, host: HostName): Promise<AgentFacts[] | null> {
  if ((await session.find('network')) === null) return null;
  try {
    const { body } = await session.ask('network', { path: '/agents', query: { host } });
    const { agents } = read(Agents, body, cloud, 'GET network /agents');
    // A token without the right to filter by host gets every agent.
    return agents
      .filter((agent) => agent.host === host)
      .map(({ binary, agent_type: type, alive, heartbeat_timestamp: heardAt }) => ({ binary, type, alive, heardAt }));
  } catch (error) {
    if (error instanceof OpenStackError && error.problem === 'not-found') return null;
    throw error;
  }
}
