import type { Cloud, CloudReader, InstanceAction, Migration, Server } from '../../openstack/cloud.ts';
import { type CloudProblem, OpenStackError } from '../../openstack/errors.ts';
import type { ServerId } from '../../openstack/names.ts';
import type { MoveInput, MoveIntent } from './move-intent.ts';
import { ourMigration, underway } from './move-view.ts';

/** One look at a server, or why the cloud could not be looked at just now. */
export type Look =
  | {
      readonly seen: true;
      readonly self: string | null;
      readonly server: Server | null;
      readonly migrations: readonly Migration[];
      readonly actions: readonly InstanceAction[] | null;
      /** Looks at the migration alone since all was looked at; null: it cannot be looked at alone. */
      readonly short: number | null;
    }
  | { readonly seen: false; readonly why: string };

const passing: readonly CloudProblem[] = [
  'unavailable',
  'timeout',
  'not-sent',
  'rate-limited',
  'unreadable',
  'unauthorized',
];

/** All is looked at again after so many looks at the migration alone. */
const mostShort = 7;

/** A cloud that does not answer for a while is no reason to end a move: the step looks again until its time is over. */
export async function look(
  cloud: Cloud,
  input: MoveInput,
  intent: MoveIntent | null,
  last: Look | null,
): Promise<Look> {
  try {
    return (await lookAtMigration(cloud, input, intent, last)) ?? (await lookAtAll(cloud, input, intent));
  } catch (error) {
    if (!(error instanceof OpenStackError && isPassingTrouble(error))) throw error;
    return { seen: false, why: error.message };
  }
}

/**
 * As long as Nova shows our migration on its way nothing else of its server changes: one request instead of two or three.
 * Null: all is to be looked at.
 */
async function lookAtMigration(
  cloud: Cloud,
  input: MoveInput,
  intent: MoveIntent | null,
  last: Look | null,
): Promise<Look | null> {
  if (last?.seen !== true || last.short === null || last.short >= mostShort || !isCalm(intent)) return null;
  const ours = ourMigration({ input, intent, ...last });
  const now = ours === null ? undefined : await oneOf(cloud, ours);
  if (now === undefined || !underway(now.status)) return null;
  return { ...last, migrations: last.migrations.map((one) => (one.id === now.id ? now : one)), short: last.short + 1 };
}

/** Only Nova's list of what is in progress has the figures of a copy; what has not begun is not in it yet. */
async function oneOf(cloud: Cloud, before: Migration): Promise<Migration | undefined> {
  const isIt = ({ id }: Migration) => id === before.id;
  const copies = async () => (await inProgress(cloud, before.server)).find(isIt);
  if (before.status === 'running') {
    const copy = await copies();
    return copy === undefined ? undefined : { ...withFigures(before, copy), status: copy.status };
  }
  const now = (await cloud.migrations({ server: before.server, limit: 50 })).find(isIt);
  return now?.status === 'running' ? withFigures(now, await copies()) : now;
}

async function inProgress(cloud: Cloud, server: ServerId): Promise<Migration[]> {
  try {
    return await cloud.serverMigrations(server);
  } catch (error) {
    if (error instanceof OpenStackError && error.problem === 'not-found') return [];
    throw error;
  }
}

async function lookAtAll(cloud: Cloud, input: MoveInput, intent: MoveIntent | null): Promise<Look> {
  const [server, migrations, { userId: self }] = await Promise.all([
    serverOrNull(cloud, input.server),
    cloud.migrations({ server: input.server, limit: 50 }),
    cloud.about(),
  ]);
  const ours = ourMigration({ input, intent, migrations, actions: null, self });
  const unsure = intent !== null && intent.asked.refused === null && (doubtful(intent) || ours === null);
  // Of a server whose cell is down there is nothing more to ask.
  const actions = unsure && server !== null && server.status !== 'UNKNOWN' ? await cloud.actions(input.server) : null;
  const copying = migrations.some(({ status, type }) => status === 'running' && type === 'live-migration');
  // Only this list of Nova's has the figures of a copy.
  const figures = copying && intent !== null ? await inProgress(cloud, input.server) : [];
  const told = new Map(figures.map((one) => [one.id, one]));
  return {
    seen: true,
    self,
    server,
    migrations: migrations.map((one) => withFigures(one, told.get(one.id))),
    actions,
    short: ours !== null && !unsure && canBeAlone(ours, told) ? 0 : null,
  };
}

/** A live one on its way, whose copy Nova lists once it runs: an old one lists none. */
function canBeAlone({ id, status, type }: Migration, told: ReadonlyMap<number, Migration>): boolean {
  return type === 'live-migration' && underway(status) && (status !== 'running' || told.has(id));
}

/** Nobody stopped or forced it: nothing but its copy is waited for. */
function isCalm(intent: MoveIntent | null): boolean {
  return intent !== null && intent.abort === null && intent.force === null;
}

function withFigures(migration: Migration, figures: Migration | undefined): Migration {
  return { ...migration, memory: figures?.memory ?? migration.memory, disk: figures?.disk ?? migration.disk };
}

/** The answer to our request was lost: whose migration it is that Nova shows, only the instance actions tell. */
function doubtful({ request, migration }: MoveIntent): boolean {
  return request === null && migration === null;
}

export function isPassingTrouble({ problem }: OpenStackError): boolean {
  return passing.includes(problem);
}

/** Null only on Nova's own 404, which to an admin means that the server is gone. */
export async function serverOrNull(cloud: Pick<CloudReader, 'server'>, id: ServerId): Promise<Server | null> {
  try {
    return await cloud.server(id);
  } catch (error) {
    if (error instanceof OpenStackError && error.problem === 'not-found') return null;
    throw error;
  }
}

/** Changes exactly when something of what moves look at has changed. */
export function fingerprint(seen: Look): string {
  if (!seen.seen) return 'unseen';
  const { server, migrations } = seen;
  const newest = migrations
    .map(({ id, status }) => `${id} ${status}`)
    .toSorted()
    .at(-1);
  return [server?.host, server?.status, server?.taskState, newest].join(' ');
}
