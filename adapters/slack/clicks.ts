import { createHash } from 'node:crypto';
import type { Click } from './envelopes.ts';

/** Two presses of one button within this are one; when they are twice as far apart they are two. */
const slotSeconds = 1.5;

/**
 * A press is known by the slot of time it falls into and takes the slot before along: two in neighbouring slots meet in
 * one row, whichever processes heard them. With the line's hash, for the same button may stand for another line later.
 */
export function clickKeys(click: Click, action: Click['actions'][number]): { key: string; before: string } {
  const { user, channel, container, message: on, view } = click;
  const where = channel?.id ?? container?.channel_id ?? view?.id ?? '';
  const line = createHash('sha256').update(action.value).digest('hex').slice(0, 12);
  const what = `${where}/${on?.ts ?? container?.message_ts ?? ''}/${user.id}/${action.action_id}/${line}`;
  const slot = Math.floor(Number(action.action_ts || Date.now() / 1000) / slotSeconds);
  return { key: `${what}/${slot}`, before: `${what}/${slot - 1}` };
}
