import { z } from 'zod';
import { OpenStackError } from '../../openstack/errors.ts';
import { ServerId } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import { blocked, done, failed, gone, type Outcome } from '../outcome.ts';
import { lookUntil } from './steps.ts';

export const UnflagInput = z.object({ server: ServerId });
/** `reason` is the one vigie wrote: only that lock is taken off. */
export const UnlockInput = z.object({ server: ServerId, reason: z.string() });
export const ForgetInput = z.object({ server: ServerId });

export async function clearFlag({ server }: z.output<typeof UnflagInput>, context: StepContext): Promise<Outcome> {
  const { databases } = context.cloud;
  const row = await databases.instance(server);
  if (row === null) return gone('the server is gone');
  if (!row.disableTerminate) return done('off, read back');
  await context.act({ before: true }, (limits) => databases.setDisableTerminate(server, false, limits));
  return done('cleared, read back');
}

export async function clearLock(
  { server: id, reason }: z.output<typeof UnlockInput>,
  context: StepContext,
): Promise<Outcome> {
  try {
    const server = await context.cloud.server(id);
    if (server.locked !== true) return done('not locked, read back');
    if (server.lockedReason !== reason)
      return gone(`locked with another reason now (${server.lockedReason ?? 'none'}): left alone`);
    await context.act({ reason }, (limits) => context.cloud.unlock(id, limits));
    const after = await lookUntil(id, context, (now) => now.locked !== true);
    return after.locked === true
      ? failed('Nova took the unlock, but the server reads locked')
      : done('unlocked, read back');
  } catch (error) {
    if (error instanceof OpenStackError && error.problem === 'not-found') return gone('the server is gone');
    throw error;
  }
}

/** Without its record nobody would know whose the flag and the lock are that could not be put back. */
export async function forget(
  { server }: z.output<typeof ForgetInput>,
  { leases, ended }: StepContext,
): Promise<Outcome> {
  const undone = [`unflag:${server}`, `unlock:${server}`];
  if (ended.some(({ key, state }) => undone.includes(key) && state !== 'done' && state !== 'gone'))
    return blocked('not put back: its record stays');
  await leases.end('server', server);
  return (await leases.find('server', server)) === null ? done('ended') : failed('the record is still there');
}
