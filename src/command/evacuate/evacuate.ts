import { z } from 'zod';
import type { Migration, Server } from '../../openstack/cloud.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { HostName, ServerId } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import { recorded } from '../drain/explain.ts';
import { serverOrNull } from '../drain/look.ts';
import { lostRequest, mostTries } from '../drain/move-view.ts';
import { staysPut } from '../drain/stays-put.ts';
import { blocked, done, failed, gone, type Outcome, unproven } from '../outcome.ts';
import { duration } from '../words.ts';
import { closedAt } from './close.ts';
import { heardSince } from './down.ts';

export const EvacuateInput = z.object({
  server: ServerId,
  from: HostName,
  shared: z.boolean(),
  disk: z.enum(['kept', 'lost']),
});
type EvacuateInput = z.output<typeof EvacuateInput>;

/** What was seen before it was asked: only a newer evacuation is ours. */
const Intent = z.object({
  seen: z.number().nullable(),
  status: z.string(),
  at: z.coerce.date(),
  tries: z.number(),
  refused: z.string().nullable(),
});
type Intent = z.output<typeof Intent>;

/** Rebuilds one server elsewhere: looks, asks at most three times, looks until it is there or is known to have failed. */
export async function evacuate(input: EvacuateInput, context: StepContext): Promise<Outcome> {
  const { cloud } = context;
  for (;;) {
    const server = await serverOrNull(cloud, input.server);
    if (server === null) return gone('was deleted meanwhile');
    const migrations = await cloud.migrations({ server: input.server, limit: 50 });
    const intent = Intent.safeParse(context.checkpoint).data ?? null;
    const ours = intent === null ? null : oursAmong(migrations, input, intent);
    const end = ours === null ? null : await ended({ input, server, ours, intent }, context);
    if (end !== null) return end;
    if (ours === null) {
      const stop = await mayAsk(input, { server, intent }, context);
      if (stop !== null) return stop;
      if (mustAsk(intent, context.now())) await ask(input, { server, migrations, intent }, context);
    }
    const late = overdue(intent, server, context);
    if (late !== null) return late;
    context.progress(ours === null ? 'asked' : `${ours.status}, to ${ours.destination ?? 'a host of Nova’s choice'}`);
    await context.sleep(cloud.settings.pollInterval);
  }
}

function oursAmong(migrations: readonly Migration[], { from }: EvacuateInput, { seen }: Intent): Migration | null {
  const newer = migrations.filter(
    ({ id, type, source }) => id > (seen ?? -1) && type === 'evacuation' && source === from,
  );
  return newer.toSorted((a, b) => b.id - a.id)[0] ?? null;
}

interface Seen {
  readonly input: EvacuateInput;
  readonly server: Server;
  readonly ours: Migration;
  readonly intent: Intent | null;
}

async function ended({ input, server, ours, intent }: Seen, context: StepContext): Promise<Outcome | null> {
  if (server.taskState !== null) return null;
  const seconds = Math.round((context.now().getTime() - (intent?.at ?? context.startedAt).getTime()) / 1000);
  const output = {
    name: server.name,
    from: input.from,
    to: server.host,
    how: 'evacuated',
    migration: ours.id,
    seconds,
  };
  if (['done', 'completed'].includes(ours.status) && server.host !== input.from) {
    if (server.status === 'ERROR') return failed(`rebuilt on ${server.host}, but is in ERROR there`, output);
    const disk = input.disk === 'lost' ? 'rebuilt from its image, its old disk is lost' : 'its disk is kept';
    return done(`on ${server.host}, ${server.status}; ${disk}`, output);
  }
  if (!['failed', 'error', 'cancelled'].includes(ours.status)) return null;
  return failed(`${await reason(input, context)}; ${server.status} on ${server.host ?? 'no host'}`, output);
}

/** Why nothing may be asked (any more): it is elsewhere, stays by protection, or its host may be alive. */
async function mayAsk(
  { server: id, from }: EvacuateInput,
  { server, intent }: { server: Server; intent: Intent | null },
  context: StepContext,
): Promise<Outcome | null> {
  if (server.host !== from) {
    const output = { name: server.name, to: server.host, how: 'another hand' };
    return gone(`is on ${server.host ?? 'no host'} already, not by this job`, output);
  }
  if (intent !== null && !isRefused(intent)) {
    // Sent, and nothing seen of it: where its host lives it may never come, or make the guest run twice.
    const again = await heardSince(from, closedAt(context), context.cloud);
    return again === null ? null : unproven(`asked already: ${again}`);
  }
  if ((intent?.tries ?? 0) >= mostTries) return failed(intent?.refused ?? 'Nova neither answered nor began');
  const alive = await heardSince(from, closedAt(context), context.cloud);
  if (alive !== null) return blocked(alive);
  const stays = await staysPut(id, context);
  return stays === null ? null : blocked(stays);
}

function isRefused({ refused }: Intent): boolean {
  return refused !== null;
}

function mustAsk(intent: Intent | null, now: Date): boolean {
  if (intent === null || isRefused(intent)) return true;
  return intent.tries < mostTries && now.getTime() - intent.at.getTime() > lostRequest;
}

interface Asking {
  readonly server: Server;
  readonly migrations: readonly Migration[];
  readonly intent: Intent | null;
}

async function ask({ server: id, from, shared }: EvacuateInput, asking: Asking, context: StepContext): Promise<void> {
  const { server, migrations, intent } = asking;
  // Asked again after a silence, too: the host may have come back meanwhile.
  if (intent !== null && (await heardSince(from, closedAt(context), context.cloud)) !== null) return;
  const newest = migrations.reduce<number | null>((highest, { id: one }) => Math.max(highest ?? one, one), null);
  const at = context.now().toISOString();
  const fresh = { seen: newest, status: server.status, at, tries: (intent?.tries ?? 0) + 1, refused: null };
  try {
    await context.act(fresh, (limits) => context.cloud.evacuate(id, { shared }, limits));
  } catch (error) {
    if (!(error instanceof OpenStackError)) throw error;
    const final = ['bad-request', 'forbidden', 'unsupported', 'over-quota', 'conflict'].includes(error.problem);
    const tries = final ? mostTries : fresh.tries;
    if (error.problem !== 'timeout' && error.problem !== 'unavailable' && error.problem !== 'unreadable')
      await context.remember({ ...fresh, tries, refused: error.message });
  }
}

function overdue(intent: Intent | null, server: Server, context: StepContext): Outcome | null {
  const { serverDeadline } = context.cloud.settings;
  const since = intent?.at ?? context.startedAt;
  if (context.now().getTime() - since.getTime() <= serverDeadline) return null;
  return unproven(
    `asked, but not rebuilt after ${duration(serverDeadline)}: ${server.taskState ?? server.status} on ${server.host ?? 'no host'}`,
  );
}

async function reason({ server }: EvacuateInput, { cloud }: StepContext): Promise<string> {
  const action = (await cloud.actions(server)).find((one) => one.action === 'evacuate');
  if (action === undefined) return 'failed; Nova shows no reason';
  const said = recorded(await cloud.action(server, action.requestId));
  return `${said ?? 'failed; Nova gives no reason'} (${action.requestId})`;
}
