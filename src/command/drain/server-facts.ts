import { UserError } from '../../chat/user-error.ts';
import type { CloudReader, Server, ServerGroup, Version } from '../../openstack/cloud.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { type HostName, ServerId } from '../../openstack/names.ts';
import type { PlanContext } from '../command.ts';
import { projectNames } from '../inventory/tables.ts';
import { type Asker, asker } from './asker.ts';
import { hardwareOf } from './hardware.ts';
import type { ServerFacts, Surroundings } from './judge.ts';
import { serverOrNull } from './look.ts';
import { standing } from './standing.ts';
import { protectionIn } from './stays-put.ts';
import { wishOf } from './wishes.ts';

const atOnce = 8;

/** What there is to know about servers before they are judged, and what was asked on the way. */
export interface Facts {
  readonly facts: readonly ServerFacts[];
  readonly asking: Asker;
  /** Names of the owners' projects, by id. */
  readonly projects: ReadonlyMap<string, string>;
}

type Known = Pick<PlanContext, 'cloud' | 'leases' | 'holder' | 'heedsWishes'>;

/** `heed`: guests' own wishes bind where the policy lists their project. */
export async function readFacts(servers: readonly Server[], heed: boolean, context: Known): Promise<Facts> {
  const { cloud } = context;
  const asking = asker(cloud);
  const version = (await cloud.about()).computeVersion;
  const projects = servers.length === 0 ? new Map<string, string>() : await projectNames(cloud);
  const asked = { ...context, asking, version, projects, heed };
  return { facts: await inBatches(servers, (server) => factsOf(server, asked)), asking, projects };
}

interface Asked extends Known {
  readonly asking: Asker;
  readonly version: Version;
  readonly projects: ReadonlyMap<string, string>;
  readonly heed: boolean;
}

async function factsOf(server: Server, asked: Asked): Promise<ServerFacts> {
  const { cloud, leases, holder, asking, version, projects, heed } = asked;
  const movable = ['live', 'cold', 'wait', 'ask'].includes(standing(server).verdict);
  const [protection, pinnedZone, candidates, shares, held] = await Promise.all([
    protectionIn(server.id, { cloud, leases }),
    movable ? zoneOf(server, cloud) : null,
    movable ? asking.candidates(server) : { needs: null, hosts: [] },
    cloud.shares(server.id),
    holder(`server:${cloud.name}/${server.id}`),
  ]);
  const hardware = hardwareOf(server, version, shares);
  const room = { candidates: candidates?.hosts ?? null, needs: candidates?.needs ?? null };
  const name = projects.get(server.project) ?? null;
  const wish = wishOf(server, heed && asked.heedsWishes({ id: server.project, name }));
  return {
    server,
    owner: name ?? server.project,
    volumesGb: null,
    protection,
    pinnedZone,
    ...room,
    hardware,
    wish,
    holder: held,
    ours: null,
  };
}

/** With what lies on their volumes: only the rows of a drain's plan say it, so nobody else waits for Cinder. */
export function sized(facts: readonly ServerFacts[], sizes: ReadonlyMap<string, number> | null): ServerFacts[] {
  return facts.map((one) => ({ ...one, volumesGb: sumOf(one.server.volumes.map((id) => sizes?.get(id))) }));
}

function sumOf(sizes: readonly (number | undefined)[]): number | null {
  return sizes.includes(undefined) ? null : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
}

/** Nova tells from 2.96; before, only its own record of the request knows. */
export async function zoneOf(server: Server, cloud: CloudReader): Promise<string | null | undefined> {
  if (server.pinnedZone !== undefined) return server.pinnedZone;
  try {
    return await cloud.databases.requestedZone(server.id);
  } catch (error) {
    if (error instanceof UserError || error instanceof OpenStackError) return undefined;
    throw error;
  }
}

/** Only groups with a member here, and where the other members are: the rules need no more. */
export async function groupsOf(
  here: readonly Server[],
  all: readonly ServerGroup[],
  cloud: CloudReader,
): Promise<Pick<Surroundings, 'groups' | 'memberHosts'>> {
  const hosts = new Map<string, HostName | null>(here.map(({ id, host }) => [id, host]));
  const groups = all.filter(({ members }) => members.some((member) => hosts.has(member)));
  const elsewhere = [...new Set(groups.flatMap(({ members }) => members))].filter((member) => !hosts.has(member));
  const ids = elsewhere.flatMap((member) => ServerId.safeParse(member).data ?? []);
  const found = await inBatches(ids, (id) => serverOrNull(cloud, id));
  const memberHosts = new Map([
    ...hosts,
    ...found.flatMap((server): [string, HostName | null][] => (server === null ? [] : [[server.id, server.host]])),
  ]);
  return { groups, memberHosts };
}

export async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += atOnce) {
    results.push(...(await Promise.all(items.slice(from, from + atOnce).map(work))));
  }
  return results;
}
