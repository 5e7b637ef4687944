import { UserError } from '../chat/user-error.ts';
import type { CloudReader, Project, Server, Service } from '../openstack/cloud.ts';
import { OpenStackError } from '../openstack/errors.ts';
import { HostName, ServerId } from '../openstack/names.ts';
import { distance } from './suggest.ts';
import { list } from './words.ts';

/** How many matches of an ambiguous reference are listed. */
const shown = 8;

/** The nova-compute service of exactly this host, or a `UserError` that names the nearest. */
export async function resolveHost(cloud: CloudReader, name: string): Promise<Service> {
  const host = HostName.safeParse(name);
  const service = host.success ? await cloud.computeService(host.data) : null;
  if (service) return service;

  const computes = await cloud.services({ binary: 'nova-compute' });
  const near = nearest(
    name,
    computes.map((compute) => compute.host),
  );
  const hint = near.length > 0 ? `did you mean ${list(near)}?` : `see \`hosts --cloud ${cloud.name}\``;
  throw new UserError(`${cloud.name} has no compute host ${quoted(name)}; ${hint}`);
}

/** One server by uuid, uuid prefix or exact name; several or none is a `UserError` that says what to type. */
export async function resolveServer(cloud: CloudReader, reference: string): Promise<Server> {
  const id = ServerId.safeParse(reference.toLowerCase());
  if (id.success) return serverById(cloud, id.data);

  const found = await cloud.findServers(reference, shown + 1);
  const [only] = found;
  if (only && found.length === 1) return only;
  if (only) throw new UserError(ambiguous(cloud.name, reference, found));
  const hint = /^[0-9a-f-]{1,3}$/i.test(reference)
    ? 'a uuid needs its first 4 characters or more'
    : 'give a uuid, its first 4 characters or more, or the exact name';
  const unseen = unseenHosts(await cloud.services({ binary: 'nova-compute' }));
  if (unseen.length > 0)
    throw new UserError(
      `${cloud.name} lists no server ${quoted(reference)}, but a cell is unreachable (${list(unseen, 5)}); a server there is found by its whole uuid only`,
    );
  throw new UserError(`${cloud.name} has no server ${quoted(reference)}; ${hint}`);
}

/** Hosts of a cell that is down: Nova leaves their servers out of its lists in silence. Empty below 2.69, where it does not tell. */
export function unseenHosts(computes: readonly Service[]): HostName[] {
  return computes.filter(({ status }) => status === 'unknown').map(({ host }) => host);
}

/** One project by id or exact name. */
export async function resolveProject(cloud: CloudReader, reference: string): Promise<Project> {
  const projects = await cloud.projects();
  const byId = projects.find((project) => project.id === reference);
  const byName = projects.filter((project) => project.name === reference);
  const [only] = byId ? [byId] : byName;
  if (only && (byId || byName.length === 1)) return only;
  if (only) {
    const ids = byName.map((project) => project.id);
    throw new UserError(
      `${cloud.name} has ${byName.length} projects named ${quoted(reference)}; give an id: ${list(ids, shown)}`,
    );
  }
  const near = nearest(
    reference,
    projects.map((project) => project.name),
  );
  throw new UserError(
    `${cloud.name} has no project ${quoted(reference)}${near.length > 0 ? `; did you mean ${list(near)}?` : ''}`,
  );
}

/** The candidates a mistyped word may have meant, nearest first, at most three; none where nothing is near. */
export function nearest(word: string, candidates: readonly string[]): string[] {
  const typed = word.toLowerCase();
  const allowed = typed.length < 4 ? 1 : Math.max(2, Math.floor(typed.length / 3));
  return [...new Set(candidates)]
    .map((candidate) => ({ candidate, far: apart(typed, candidate.toLowerCase()) }))
    .filter(({ far }) => far <= allowed)
    .sort((a, b) => a.far - b.far || a.candidate.localeCompare(b.candidate))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

async function serverById(cloud: CloudReader, id: ServerId): Promise<Server> {
  try {
    return await cloud.server(id);
  } catch (error) {
    if (!(error instanceof OpenStackError) || error.problem !== 'not-found') throw error;
    throw new UserError(`${cloud.name} has no server ${id}: servers lists those it has`, { cause: error });
  }
}

function ambiguous(cloud: string, reference: string, found: readonly Server[]): string {
  const lines = found
    .slice(0, shown)
    .map((server) => `${server.id}  ${server.name}  ${server.status}  on ${server.host ?? 'no host'}`);
  const more = found.length > shown ? ['… and more'] : [];
  const many = found.length > shown ? `more than ${shown}` : `${found.length}`;
  return [`${many} servers of ${cloud} match ${quoted(reference)}; type the uuid of one:`, ...lines, ...more].join(
    '\n',
  );
}

/** A short name that is the beginning of a longer one (`cmp1` for `cmp1.example.net`) is near, whatever follows. */
function apart(typed: string, candidate: string): number {
  return typed.length >= 3 && candidate.startsWith(`${typed}.`) ? 0 : distance(typed, candidate);
}

/** What was typed, on one line and short, so that a refusal cannot be flooded. */
function quoted(typed: string): string {
  const line = typed.replace(/\p{C}/gu, '?');
  return `"${line.length > 60 ? `${line.slice(0, 59)}…` : line}"`;
}
