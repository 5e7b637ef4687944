import type { Cloud, CloudReader, InstanceAction, Migration, Server } from '../../openstack/cloud.ts';
import { type CloudProblem, OpenStackError } from '../../openstack/errors.ts';
import type { ServerId } from '../../openstack/names.ts';
import type { MoveInput, MoveIntent } from './move-intent.ts';
import { ourMigration } from './move-view.ts';

/** One look at a server, or why the cloud could not be looked at just now. */
export type Look =
  | {
      readonly seen: true;
      readonly self: string | null;
      readonly server: Server | null;
      readonly migrations: readonly Migration[];
      readonly actions: readonly InstanceAction[] | null;
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

/** A cloud that does not answer for a while is no reason to end a move: the step looks again until its time is over. */
export async function look(cloud: Cloud, input: MoveInput, intent: MoveIntent | null): Promise<Look> {
  try {
    const [server, migrations, { userId: self }] = await Promise.all([
      serverOrNull(cloud, input.server),
      cloud.migrations({ server: input.server, limit: 50 }),
      cloud.about(),
    ]);
    const found = { input, intent, migrations, actions: null, self };
    const unsure =
      intent !== null && intent.asked.refused === null && (doubtful(intent) || ourMigration(found) === null);
    // Of a server whose cell is down there is nothing more to ask.
    const actions = unsure && server !== null && server.status !== 'UNKNOWN' ? await cloud.actions(input.server) : null;
    const copying = migrations.some(({ status, type }) => status === 'running' && type === 'live-migration');
    // Only this list of Nova's has the figures of a copy.
    const figures = copying && intent !== null ? await cloud.serverMigrations(input.server) : [];
    const told = new Map(figures.map((one) => [one.id, one]));
    const whole = migrations.map((one) => ({
      ...one,
      memory: told.get(one.id)?.memory ?? one.memory,
      disk: told.get(one.id)?.disk ?? one.disk,
    }));
    return { seen: true, self, server, migrations: whole, actions };
  } catch (error) {
    if (!(error instanceof OpenStackError && isPassingTrouble(error))) throw error;
    return { seen: false, why: error.message };
  }
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
