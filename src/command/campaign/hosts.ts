import { UserError } from '../../chat/user-error.ts';
import type { CloudReader, Service } from '../../openstack/cloud.ts';
import { nearest } from '../resolve.ts';
import { list } from '../words.ts';

const help = 'type aggregate=ssd, zone=az1 or hosts=cmp1,cmp2';

/** The compute services that `aggregate=ssd`, `zone=az1` or `hosts=cmp1,cmp2` means, but for those left out; in the order they are worked on. */
export async function campaignHosts(
  set: string,
  except: readonly string[],
  { cloud, computes }: { readonly cloud: CloudReader; readonly computes: readonly Service[] },
): Promise<Service[]> {
  const named = await namesOf(set, cloud, computes);
  const services = named.map((name) => serviceOf(name, cloud, computes));
  const hosts = new Set<string>(services.map(({ host }) => host));
  const stray = except.find((name) => !hosts.has(name));
  if (stray !== undefined)
    throw new UserError(`--except ${stray}: ${set} has no such host${meant(nearest(stray, [...hosts]))}`);
  const left = services.filter(({ host }) => !except.includes(host));
  if (left.length === 0) throw new UserError(`${set} without ${list(except)} has no host: nothing is left to do`);
  return left;
}

async function namesOf(set: string, cloud: CloudReader, computes: readonly Service[]): Promise<string[]> {
  const [, kind = '', value = ''] = /^(aggregate|zone|hosts)=(.+)$/.exec(set) ?? [];
  switch (kind) {
    case 'aggregate':
      return ofAggregate(value, cloud);
    case 'zone':
      return ofZone(value, cloud.name, computes);
    case 'hosts':
      return typed(value);
    default:
      throw new UserError(`${JSON.stringify(set.slice(0, 60))} names no hosts: ${help}`);
  }
}

async function ofAggregate(name: string, cloud: CloudReader): Promise<string[]> {
  const aggregates = await cloud.aggregates();
  const found = aggregates.find((one) => one.name === name);
  if (found === undefined) {
    const names = aggregates.map((one) => one.name);
    const there = names.length === 0 ? '; it has none' : `; there are ${list(names.toSorted())}`;
    throw new UserError(
      `${cloud.name} has no aggregate ${JSON.stringify(name)}${meant(nearest(name, names)) || there}`,
    );
  }
  if (found.hosts.length === 0) throw new UserError(`aggregate ${name} of ${cloud.name} has no hosts`);
  return sorted(found.hosts);
}

function ofZone(name: string, cloud: string, computes: readonly Service[]): string[] {
  const zones = [...new Set(computes.flatMap(({ zone }) => zone ?? []))];
  if (!zones.includes(name))
    throw new UserError(
      `${cloud} has no zone ${JSON.stringify(name)} with compute hosts${meant(nearest(name, zones)) || `; there are ${list(zones.toSorted())}`}`,
    );
  return sorted(computes.filter(({ zone }) => zone === name).map(({ host }) => host));
}

/** In the order they were typed. */
function typed(value: string): string[] {
  const names = value.split(',').map((name) => name.trim());
  if (names.some((name) => name === '')) throw new UserError(`hosts=${value}: a name is missing; ${help}`);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new UserError(`hosts=${value} names ${twice} twice: once is enough`);
  return names;
}

function serviceOf(name: string, cloud: CloudReader, computes: readonly Service[]): Service {
  const found = computes.find(({ host }) => host === name);
  if (found !== undefined) return found;
  const near = nearest(
    name,
    computes.map(({ host }) => host),
  );
  throw new UserError(`${cloud.name} has no compute host ${JSON.stringify(name)}${meant(near)}`);
}

/** cmp2 before cmp10. */
function sorted(names: readonly string[]): string[] {
  return names.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

function meant(near: readonly string[]): string {
  return near.length === 0 ? '' : `; did you mean ${list(near)}?`;
}
