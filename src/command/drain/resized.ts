import { z } from 'zod';
import type { Migration, Server } from '../../openstack/cloud.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { HostName, ServerId } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import { ask, blocked, done, gone, type Outcome, unproven } from '../outcome.ts';
import { serverOrNull } from './look.ts';
import { move, readIntent } from './move.ts';

/** A server that waits in VERIFY_RESIZE for somebody else: on this host, or gone from it with its disk left behind. */
export const ResizedInput = z.object({
  server: ServerId,
  from: HostName,
  block: z.union([z.literal('auto'), z.boolean()]),
  /** For the move that follows, as in `MoveInput`. */
  interrupts: z.literal(true).exactOptional(),
  window: z.string().exactOptional(),
  /** The migration that a job of vigie's made and could not wait for. */
  ours: z.number().exactOptional(),
});
export type ResizedInput = z.output<typeof ResizedInput>;

/** The migration that the question showed: only that one is confirmed. */
const AskedAbout = z.object({ asksAbout: z.number() });
const ConfirmIntent = z.object({ confirms: z.number(), at: z.coerce.date() });
const answerWithin = 4 * 3_600_000;
const settles = 60_000;

/**
 * Never confirms another's by itself: a person says so, for exactly the migration that was shown. What a job of vigie's began
 * it confirms. Then the server is moved.
 */
export async function resized(input: ResizedInput, context: StepContext): Promise<Outcome> {
  if (readIntent(context.checkpoint) !== null) return moveOn(input, context);
  const server = await serverOrNull(context.cloud, input.server);
  if (server === null) return gone('was deleted meanwhile');
  if (server.status !== 'VERIFY_RESIZE') return settled(input, server, context);
  const confirmed = ConfirmIntent.safeParse(context.checkpoint);
  if (confirmed.success) return waitConfirmed(input, confirmed.data.confirms, context);
  if (context.answer !== null && context.answer.choice !== 'confirm') {
    return blocked(`its resize was left unconfirmed (${context.answer.by})`);
  }
  const migration = finished(await context.cloud.migrations({ server: input.server, limit: 50 }));
  if (migration === null) return unproven('VERIFY_RESIZE, but Nova shows no finished migration to confirm');
  if (input.ours === migration.id) return confirm(input, migration, context);
  if (context.answer === null) return question(input, { server, migration }, context);
  const asked = AskedAbout.safeParse(context.checkpoint);
  if (asked.data?.asksAbout !== migration.id)
    return blocked('was resized again since the question: nothing was confirmed');
  return confirm(input, migration, context);
}

async function question(
  { from }: ResizedInput,
  { server, migration }: { server: Server; migration: Migration },
  context: StepContext,
): Promise<Outcome> {
  await context.remember({ asksAbout: migration.id });
  const deadline = Math.min(answerWithin, context.cloud.settings.totalDeadline);
  return ask({
    text: `${server.name} (${server.id}) waits for its resize to be confirmed, and it was not this job that resized it (migration ${migration.id}, from ${migration.source ?? 'unknown'}). Confirming ends its owner's chance to revert. Confirm it, so that ${from} becomes free?`,
    choices: [
      { choice: 'confirm', label: 'Confirm the resize' },
      { choice: 'leave', label: 'Leave it' },
    ],
    fallback: 'leave',
    deadline: new Date(context.now().getTime() + deadline),
  });
}

async function confirm(input: ResizedInput, migration: Migration, context: StepContext): Promise<Outcome> {
  try {
    const intent = { confirms: migration.id, at: context.now().toISOString() };
    await context.act(intent, (limits) => context.cloud.confirmResize(input.server, limits));
  } catch (error) {
    if (!(error instanceof OpenStackError)) throw error;
    context.progress(error.message);
  }
  return waitConfirmed(input, migration.id, context);
}

/** 204 is only queued: the status says VERIFY_RESIZE for a second or so more. */
async function waitConfirmed(input: ResizedInput, migration: number, context: StepContext): Promise<Outcome> {
  const until = context.now().getTime() + settles;
  while (context.now().getTime() < until) {
    const server = await serverOrNull(context.cloud, input.server);
    if (server === null) return gone('was deleted meanwhile');
    if (server.status !== 'VERIFY_RESIZE' && server.taskState === null) return settled(input, server, context);
    await context.sleep(context.cloud.settings.pollInterval);
  }
  return unproven(`asked Nova to confirm migration ${migration}, but the server is still VERIFY_RESIZE`);
}

async function settled(input: ResizedInput, server: Server, context: StepContext): Promise<Outcome> {
  if (server.host === input.from) return moveOn(input, context);
  const asked = ConfirmIntent.safeParse(context.checkpoint).success;
  const note = `on ${server.host ?? 'no host'}, ${server.status}`;
  return asked
    ? done(`resize confirmed; ${note}`, { to: server.host, how: 'confirmed' })
    : gone(`no longer waits; ${note}`);
}

/** Whoever confirmed it asked for the host to become free: a stopped one may be moved cold. */
function moveOn(input: ResizedInput, context: StepContext): Promise<Outcome> {
  return move({ ...input, how: 'cold' }, context);
}

function finished(migrations: readonly Migration[]): Migration | null {
  return migrations.filter(({ status }) => status === 'finished').toSorted((a, b) => b.id - a.id)[0] ?? null;
}
