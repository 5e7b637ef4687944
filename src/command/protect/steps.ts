import { z } from 'zod';
import type { Server } from '../../openstack/cloud.ts';
import { ServerId } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import { done, failed, gone, type Outcome } from '../outcome.ts';
import { isOurLock, LockRecord, type ProtectionDetail, serverLease } from '../protection.ts';

export const FlagInput = z.object({ server: ServerId });
export const LockInput = z.object({ server: ServerId, text: z.string() });
export const RecordInput = z.object({
  server: ServerId,
  name: z.string(),
  project: z.string(),
  text: z.string(),
  until: z.iso.datetime().nullable(),
  move: z.boolean(),
});

const FlagFound = z.object({ before: z.boolean() });
/** Nova's column. */
const longestReason = 255;
const mostLooks = 5;

/** Sets `disable_terminate`. What was there before is in the intent, so a second worker still knows it. */
export async function setFlag({ server }: z.output<typeof FlagInput>, context: StepContext): Promise<Outcome> {
  const { databases } = context.cloud;
  const row = await databases.instance(server);
  if (row === null) return failed('the server is gone: no living row in any cell');
  const intent = FlagFound.safeParse(context.checkpoint);
  const before = intent.success ? intent.data.before : row.disableTerminate;
  if (row.disableTerminate) return done(before ? 'was set already' : 'set, read back', { before });
  const after = await context.act({ before }, (limits) => databases.setDisableTerminate(server, true, limits));
  return done(`set in cell ${after.cell}, read back`, { before });
}

/** Locks with a reason that names this job. A lock that is there already is kept: locking again would take its reason. */
export async function setLock(
  { server: id, text }: z.output<typeof LockInput>,
  context: StepContext,
): Promise<Outcome> {
  if (context.ended.some(({ key, state }) => key === `flag:${id}` && state !== 'done'))
    return gone('its flag was not set: not locked either');
  const server = await context.cloud.server(id);
  const reason = lockReason(context.job, text);
  if (server.locked === true) return lockFound(server, reason, context);
  const record: LockRecord = { ours: reason, before: false, reasonBefore: null };
  await context.act({ ...record }, (limits) => context.cloud.lock(id, reason, limits));
  const seen = await lookUntil(id, context, (now) => now.locked === true && now.lockedReason === reason);
  if (seen.locked !== true) return failed('Nova took the lock, but the server does not read locked');
  if (seen.lockedReason !== reason)
    return failed(`it reads locked with another reason: ${seen.lockedReason ?? 'none'}`);
  return done('locked, read back', { ...record });
}

/** Writes the record last, when it is known what was found and done; a job that stopped halfway records what it did. */
export async function record(input: z.output<typeof RecordInput>, context: StepContext): Promise<Outcome> {
  const flag = FlagFound.safeParse(outputOf(`flag:${input.server}`, context));
  if (!flag.success) return gone('the flag was not set: nothing to record');
  const known = serverLease(await context.leases.find('server', input.server));
  const detail: ProtectionDetail = {
    name: input.name,
    project: input.project,
    // Renewed: the flag that stands is the one we set then.
    flagBefore: flag.data.before && known !== null ? known.detail.flagBefore : flag.data.before,
    lock: lockRecord(input.server, context) ?? known?.detail.lock ?? null,
    move: input.move,
  };
  await context.leases.take({
    kind: 'server',
    subject: input.server,
    reason: input.text,
    until: input.until === null ? null : new Date(input.until),
    detail,
    undo: `unprotect ${input.server}`,
  });
  return done('recorded', detail);
}

/** `vigie 7f3a by alice: db master`: says who, and is how `unprotect` knows its own lock. */
export function lockReason(job: { id: string; human: string }, text: string): string {
  return [...`vigie ${job.id} by ${job.human}: ${text}`].slice(0, longestReason).join('');
}

/** Looks a few times: Nova has said 202, and the proof is what the server reads. */
export async function lookUntil(
  id: ServerId,
  context: StepContext,
  good: (server: Server) => boolean,
): Promise<Server> {
  for (let looks = 1; ; looks += 1) {
    const server = await context.cloud.server(id);
    if (good(server) || looks >= mostLooks) return server;
    await context.sleep(context.cloud.settings.pollInterval);
  }
}

async function lockFound(server: Server, reason: string, context: StepContext): Promise<Outcome> {
  const intent = LockRecord.safeParse(context.checkpoint);
  if (server.lockedReason === reason && intent.success) return done('locked, read back', intent.data);
  const known = serverLease(await context.leases.find('server', server.id));
  if (known?.detail.lock && isOurLock(server, known))
    return done('locked by vigie already; that lock stays', known.detail.lock);
  const kept: LockRecord = { ours: null, before: true, reasonBefore: server.lockedReason };
  return done(`was locked by another hand (${server.lockedReason ?? 'no reason'}); that lock stays`, kept);
}

function lockRecord(id: ServerId, context: StepContext): LockRecord | null {
  const found = LockRecord.safeParse(outputOf(`lock:${id}`, context));
  return found.success ? found.data : null;
}

function outputOf(key: string, { ended }: StepContext): unknown {
  return ended.find((one) => one.key === key && one.state === 'done')?.output;
}
