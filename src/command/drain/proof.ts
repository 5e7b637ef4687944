import { z } from 'zod';
import type { CloudReader, Server } from '../../openstack/cloud.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { HostName, ServerId } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import { done, failed, type Outcome, unproven } from '../outcome.ts';
import { count, list } from '../words.ts';
import { serverOrNull } from './look.ts';
import { underway } from './move-view.ts';
import { type Reading, readHost, settled } from './readings.ts';
import { inBatches } from './server-facts.ts';
import { standing } from './standing.ts';
import { keepWhereabouts } from './whereabouts.ts';

export const ProofInput = z.object({ host: HostName, planned: z.array(z.string()) });
export type ProofInput = z.output<typeof ProofInput>;

/** One server that is still on the host, as the proof's output keeps it. */
export const Left = z.object({ server: z.string(), name: z.string(), status: z.string(), why: z.string() });
export type Left = z.output<typeof Left>;

export const ProofOutput = z.object({ left: z.array(Left), doubts: z.array(z.string()), looked: z.array(z.string()) });

/**
 * Says that a host is empty only when everyone who could know says so, twice: Nova's list with and without
 * soft-deleted servers, the hypervisor's own, unconfirmed migrations, Placement.
 */
export async function proof(input: ProofInput, context: StepContext): Promise<Outcome> {
  // Nothing of what is asked below may cost the way back.
  await keepWhereabouts(input.host, context);
  const reading = await settled(() => readHost(context.cloud, input.host), context);
  const left = reading.servers.map((server) => leftOver(server, input, context));
  const doubts = [...reading.blind, ...(await doubtsOf(input, reading, context.cloud))];
  const output = { left, doubts, looked: [...reading.looked] };
  if (left.length > 0) return failed(remaining(input, left), output);
  if (doubts.length > 0) return unproven(`no server is listed, but it is not proven empty: ${list(doubts, 3)}`, output);
  return done('empty, asked twice', output);
}

function remaining({ host, planned }: ProofInput, left: readonly Left[]): string {
  const names = left.map(({ name, status }) => `${name} ${status}`);
  return `${left.length} of ${count(Math.max(planned.length, left.length), 'server')} left on ${host}: ${list(names, 5)}`;
}

function leftOver(server: Server, { planned }: ProofInput, { ended }: StepContext): Left {
  const step = ended.find(({ key }) => key === `move:${server.id}`);
  const fresh = planned.includes(server.id) ? standing(server).why : 'arrived after the plan was made';
  return { server: server.id, name: server.name, status: server.status, why: step?.note ?? fresh };
}

async function doubtsOf({ host }: ProofInput, reading: Reading, cloud: CloudReader): Promise<string[]> {
  const unconfirmed = reading.migrations.filter(({ source, status }) => source === host && status === 'finished');
  const coming = reading.migrations.filter(({ destination, status }) => destination === host && underway(status));
  // Who is on its way here lies here already, by the hypervisor and Placement.
  const known = new Set<string>([...reading.servers.map(({ id }) => id), ...coming.map(({ server }) => server)]);
  const unknown = (reading.hypervisor ?? []).filter((id) => !known.has(id));
  const held = (reading.consumers ?? []).filter((id) => !known.has(id));
  const shown = 3;
  const ids = [...unconfirmed, ...coming].map(({ server }): string => server);
  const names = await namesOf([...ids, ...unknown.slice(0, shown), ...held.slice(0, shown)], cloud);
  // Who clears up types the id: the name is for the one who reads.
  const both = (id: string) => [...new Set([names.get(id) ?? id, id])].join(' ');
  return [
    ...(unknown.length > 0 ? [`the hypervisor still lists ${list(unknown.map(both), shown)}`] : []),
    ...unconfirmed.map(
      ({ id, server }) => `the old disk of ${names.get(server)} is here: migration ${id} is not confirmed`,
    ),
    ...coming.map(({ id, server, status }) => `${names.get(server)} is on its way here (migration ${id}, ${status})`),
    ...(held.length > 0 ? [`Placement still holds allocations here for ${list(held.map(both), shown)}`] : []),
  ];
}

/** People know names; the id where there is none any more or it cannot be asked now: no name is worth the proof. */
async function namesOf(ids: readonly string[], cloud: CloudReader): Promise<Map<string, string>> {
  return new Map(await inBatches([...new Set(ids)], async (id) => [id, await nameOf(id, cloud)] as const));
}

/** What holds an allocation may be a migration: no server has its id. */
async function nameOf(id: string, cloud: CloudReader): Promise<string> {
  try {
    const server = ServerId.safeParse(id).data;
    return (server && (await serverOrNull(cloud, server))?.name) ?? id;
  } catch (error) {
    if (!(error instanceof OpenStackError)) throw error;
    return id;
  }
}
