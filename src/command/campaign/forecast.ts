import { setImmediate } from 'node:timers/promises';
import type { CloudReader, Service } from '../../openstack/cloud.ts';
import { without } from '../drain/emptied.ts';
import { circlesOf, type Neighbours, type Spares, sparesOf } from '../drain/spare.ts';
import { bareMetal, isTaking, keptForResizes } from '../drain/survey.ts';
import { list } from '../words.ts';

/** N-1 as each host of a campaign would leave it, in their order, by what Placement has given away today. */
export async function readForecast(
  hosts: readonly Service[],
  atOnce: number,
  { cloud, services }: { readonly cloud: CloudReader; readonly services: readonly Service[] },
): Promise<Spares[]> {
  const bare = new Set(await bareMetal(cloud));
  const others = services.filter((one) => isTaking(one) && !bare.has(one.host));
  const aggregates = await cloud.aggregates();
  const peers = hosts.flatMap((service) => circlesOf(service, others, aggregates).flatMap((circle) => circle.hosts));
  const names = new Set([...hosts.map(({ host }) => host), ...peers]);
  const kept = await keptForResizes(cloud);
  const needsPlace = (_: string, consumer: string) => !kept.has(consumer);
  const rooms = (await cloud.room([...names], { needsPlace })) ?? [];
  return forecast(hosts, atOnce, { others, aggregates, rooms });
}

/** Where several may be out at once, the largest of its zone are taken to be out before it. `others`: all that are up and enabled. */
export async function forecast(hosts: readonly Service[], atOnce: number, around: Neighbours): Promise<Spares[]> {
  const sizes = new Map(around.rooms.map(({ host, capacity }) => [host, capacity['MEMORY_MB'] ?? 0]));
  const size = ({ host }: Service) => sizes.get(host) ?? 0;
  const spares: Spares[] = [];
  for (const service of hosts) {
    const fellows = hosts.filter(({ host, zone }) => host !== service.host && zone === service.zone);
    const out = fellows.toSorted((a, b) => size(b) - size(a)).slice(0, atOnce - 1);
    const before = out.reduce(without, { ...around, homeless: [] });
    const after = without(before, service);
    spares.push(sparesOf(service, { ...before, others: after.others }, after));
    // Seconds in all where hosts are many: the worker's other jobs keep their leases meanwhile.
    await setImmediate();
  }
  return spares;
}

/** What a plan says of them all together. */
export function forecastWords(hosts: readonly Service[], spares: readonly Spares[], atOnce: number): string {
  const named = (state: Spares['state']) =>
    hosts.filter((_, at) => spares[at]?.state === state).map(({ host }) => host);
  const [lost, unknown] = [named('lost'), named('unknown')];
  const together = atOnce === 1 ? '' : `, ${atOnce} of them out at once`;
  if (lost.length === 0 && unknown.length === 0) return `by today's load it holds without each of them${together}`;
  return [
    ...(lost.length === 0 ? [] : [`by today's load it does not hold without ${list(lost, 5)}${together}`]),
    ...(unknown.length === 0 ? [] : [`not known for ${list(unknown, 5)}: Placement does not tell of every host`]),
  ].join('; ');
}
