import { z } from 'zod';
import type { HostName } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import type { Whereabouts } from '../history.ts';
import type { Json } from '../outcome.ts';
import { hostLease } from './host-lease.ts';
import { NewcomersOutput } from './newcomers.ts';

const Went = z.object({ name: z.string(), to: z.string(), how: z.string() });

/** Where servers went by what such steps put out: their own moves, and those of who came meanwhile. */
export function whereaboutsIn(ended: readonly { readonly key: string; readonly output: Json }[]): Whereabouts[] {
  const came = ended.flatMap(({ output }) => NewcomersOutput.safeParse(output).data?.newcomers ?? []);
  const moved = ended.flatMap(({ key, output }) =>
    key.startsWith('move:') ? [{ server: key.slice('move:'.length), output }] : [],
  );
  return [...moved, ...came].flatMap(({ server, output }): Whereabouts[] => {
    const went = Went.safeParse(output);
    return went.success ? [{ server, ...went.data }] : [];
  });
}

/** Where each server went is kept with the host's lease for as long as the maintenance lasts. */
export async function keepWhereabouts(host: HostName, { leases, ended, job }: StepContext): Promise<void> {
  const lease = hostLease(await leases.find('host', host));
  if (lease === null || lease.job !== job.id) return;
  const moved = whereaboutsIn(ended).map((one) => ({ ...one }));
  const known = new Set(moved.map(({ server }) => server));
  const detail = {
    ...lease.detail,
    drainBegan: lease.detail.drainBegan.toISOString(),
    moved: [...lease.detail.moved.filter(({ server }) => !known.has(server)), ...moved],
  };
  await leases.take({
    kind: 'host',
    subject: host,
    reason: lease.reason,
    until: lease.until,
    detail,
    undo: `maintenance ${host} off`,
  });
}
