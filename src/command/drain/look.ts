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
      readonly at: Times;
      /** All was looked at, not our migration alone. */
      readonly whole: boolean;
    }
  | { readonly seen: false; readonly why: string };

/** When all of it was looked at, and when the figures of its copy: meanwhile our migration alone is. */
interface Times {
  readonly all: Date;
  readonly figures: Date;
}

const passing: readonly CloudProblem[] = [
  'unavailable',
  'timeout',
  'not-sent',
  'rate-limited',
  'unreadable',
  'unauthorized',
];

/** All is looked at again after so long, ms. */
const allAgain = 15_000;

/** A cloud that does not answer for a while is no reason to end a move: the step looks again until its time is over. */
export async function look(cloud: Cloud, looking: Looking, last: Look | null): Promise<Look> {
  try {
    return (await lookAtMigration(cloud, looking, last)) ?? (await lookAtAll(cloud, looking));
  } catch (error) {
    if (!(error instanceof OpenStackError && isPassingTrouble(error))) throw error;
    return { seen: false, why: error.message };
  }
}

interface Looking {
  readonly input: MoveInput;
  readonly intent: MoveIntent | null;
  readonly now: Date;
}

/**
 * As long as Nova shows our live migration on its way nothing else of its server changes: one request for all that leave its
 * host instead of two or three for each. Null: all is to be looked at.
 */
async function lookAtMigration(cloud: Cloud, looking: Looking, last: Look | null): Promise<Look | null> {
  const { intent, now } = looking;
  if (last?.seen !== true || !isCalm(intent) || last.server?.status === 'UNKNOWN') return null;
  const before = ourMigration({ ...last, ...looking });
  if (apart(now, last.at.all) >= allAgain || (before !== null && !underway(before.status))) return null;
  const isDue = apart(now, last.at.figures) >= cloud.settings.pollInterval;
  const listed = before?.status === 'running' && isDue ? null : await listedOf(cloud, looking, last);
  // One that copies for long is in the list no more.
  const asks = listed === null && before?.status === 'running';
  const ours = asks ? await copyOf(cloud, before) : listed;
  if (ours === null || !underway(ours.status)) return null;
  const known = withFigures(ours, before ?? undefined);
  return {
    ...last,
    migrations: [known, ...last.migrations.filter(({ id }) => id !== ours.id)],
    at: asks || ours.status !== 'running' ? { ...last.at, figures: now } : last.at,
    whole: false,
  };
}

/** A clock may be set back. */
function apart(a: Date, b: Date): number {
  return Math.abs(a.getTime() - b.getTime());
}

/** Our migration as the list of those that leave its host has it. */
async function listedOf(
  cloud: Cloud,
  { input, intent }: Looking,
  { self }: Extract<Look, { seen: true }>,
): Promise<Migration | null> {
  const leaving = (await cloud.latestLeaving(input.from)) ?? [];
  const migrations = leaving.filter(({ server }) => server === input.server);
  return ourMigration({ input, intent, migrations, actions: null, self });
}

async function copyOf(cloud: Cloud, { id, server }: Migration): Promise<Migration | null> {
  return (await inProgress(cloud, server)).find((one) => one.id === id) ?? null;
}

/** Only this list of Nova's has the figures of a copy, while it runs. */
async function inProgress(cloud: Cloud, server: ServerId): Promise<Migration[]> {
  try {
    return await cloud.serverMigrations(server);
  } catch (error) {
    if (error instanceof OpenStackError && error.problem === 'not-found') return [];
    throw error;
  }
}

async function lookAtAll(cloud: Cloud, { input, intent, now }: Looking): Promise<Look> {
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
  const figures = copying && intent !== null ? await inProgress(cloud, input.server) : [];
  const told = new Map(figures.map((one) => [one.id, one]));
  return {
    seen: true,
    self,
    server,
    migrations: migrations.map((one) => withFigures(one, told.get(one.id))),
    actions,
    at: { all: now, figures: now },
    whole: true,
  };
}

/** Nova took a live move, and nobody stopped or forced it: nothing but its copy is waited for. */
function isCalm(intent: MoveIntent | null): boolean {
  if (intent === null || intent.how === 'cold' || intent.asked.refused !== null) return false;
  return !doubtful(intent) && intent.abort === null && intent.force === null;
}

/** With its own, or those it had. */
function withFigures(migration: Migration, figures: Migration | undefined): Migration {
  return {
    ...migration,
    memory: migration.memory ?? figures?.memory ?? null,
    disk: migration.disk ?? figures?.disk ?? null,
  };
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
