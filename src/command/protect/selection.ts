import { z } from 'zod';
import { UserError } from '../../chat/user-error.ts';
import type { CloudReader, Server, ServerFilter } from '../../openstack/cloud.ts';
import type { HostName, ServerId } from '../../openstack/names.ts';
import { ServerReference } from '../args.ts';
import { serverOrNull } from '../drain/look.ts';
import { inBatches } from '../drain/server-facts.ts';
import { option, positional } from '../make.ts';
import { resolveProject, unseenHosts } from '../resolve.ts';

/** Which servers a line is about: the one it names, or all of a project, of a tag, of a list beside the worker. */
export type Selection =
  | { readonly kind: 'server'; readonly server: string }
  | { readonly kind: 'project' | 'tag' | 'file' | 'job'; readonly name: string };

const Tag = z
  .string()
  .trim()
  .regex(/^[^,/]{1,60}$/, 'a tag has at most 60 characters, no comma and no slash');

/** What `protect` and `unprotect` take to say which servers they mean. */
export const selectors = {
  server: positional(ServerReference.optional(), 'uuid, the beginning of one, or the exact name'),
  project: option(z.string().optional(), 'every server of this project, by its name or id'),
  tag: option(Tag.optional(), 'every server with this tag'),
  file: option(z.string().optional(), 'every server of a list in the worker’s folder of lists, by the file’s name'),
};

interface Said {
  readonly server?: string | undefined;
  readonly project?: string | undefined;
  readonly tag?: string | undefined;
  readonly file?: string | undefined;
  readonly job?: string | undefined;
}

/** Exactly one of them, or a `UserError` that lists them. */
export function selectionOf({ server, ...others }: Said): Selection {
  const said = Object.entries(others).flatMap(([kind, name]) =>
    name === undefined ? [] : [{ kind: kind as 'project' | 'tag' | 'file' | 'job', name }],
  );
  const options = Object.keys(others)
    .map((kind) => `--${kind}`)
    .join(', ');
  const [only] = said;
  if (said.length + (server === undefined ? 0 : 1) !== 1)
    throw new UserError(`say which servers by exactly one of these: a server’s uuid or name, ${options}`);
  return only ?? { kind: 'server', server: server ?? '' };
}

export interface Chosen {
  /** `project alpha`: how the plan calls them. */
  readonly words: string;
  readonly servers: readonly Server[];
  /** In the list, but not in the cloud. */
  readonly missing: readonly ServerId[];
  /** Hosts of cells that do not answer: their servers may be missing here. */
  readonly unseen: readonly HostName[];
}

/** More than this is no preview that anybody reads. */
const most = 500;

export async function chosenServers(
  kind: 'project' | 'tag' | 'file',
  name: string,
  cloud: CloudReader,
): Promise<Chosen> {
  if (kind === 'file') return fromList(name, cloud);
  const { filter, words } = kind === 'project' ? await ofProject(name, cloud) : await withTag(name, cloud);
  const servers: Server[] = [];
  for await (const server of cloud.servers(filter)) {
    servers.push(server);
    if (servers.length > most) throw tooMany(words);
  }
  return { words, servers, missing: [], unseen: unseenHosts(await cloud.services({ binary: 'nova-compute' })) };
}

async function fromList(name: string, cloud: CloudReader): Promise<Chosen> {
  const ids = await cloud.serverList(name);
  const words = `list ${name}`;
  if (ids.length > most) throw tooMany(words);
  const found = await inBatches(ids, async (id) => ({ id, server: await serverOrNull(cloud, id) }));
  const servers = found.flatMap(({ server }) => server ?? []);
  const missing = found.flatMap(({ id, server }) => (server === null ? [id] : []));
  return { words, servers, missing, unseen: [] };
}

interface Filtered {
  readonly filter: ServerFilter;
  readonly words: string;
}

async function ofProject(reference: string, cloud: CloudReader): Promise<Filtered> {
  const { id, name } = await resolveProject(cloud, reference);
  return { filter: { project: id }, words: `project ${name}` };
}

async function withTag(tag: string, cloud: CloudReader): Promise<Filtered> {
  const { major, minor } = (await cloud.about()).computeVersion;
  if (major === 2 && minor < 26)
    throw new UserError(
      `${cloud.name} speaks ${major}.${minor} and knows no tags (2.26 does): use --project or --file`,
    );
  return { filter: { tag }, words: `tag ${tag}` };
}

function tooMany(words: string): UserError {
  return new UserError(`${words} has more than ${most} servers: take them in parts, by --tag or --file`);
}
