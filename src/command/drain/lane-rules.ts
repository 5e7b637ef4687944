import type { Underway } from '../command.ts';
import type { Json } from '../outcome.ts';
import { MoveInput, MoveIntent } from './move-intent.ts';

/** A step that has written nothing for so long waits for its server, and holds nobody up. */
const settles = 10_000;
/** Disks of stopped servers copied at once: Nova queues none of them. */
const coldLanes = 2;

/**
 * How many guests a host sends at once (`max_concurrent_live_migrations`) cannot be read: it is learnt. One move may
 * wait in Nova's queue while others run; the next is posted when that one runs, too, or when one has ended.
 */
export function mayPost(input: Json, others: readonly Underway[], now: Date): boolean {
  const intents = others.map(({ checkpoint, startedAt }) => ({ intent: intentOf(checkpoint), startedAt }));
  if (MoveInput.safeParse(input).data?.how === 'cold') {
    return intents.filter(({ intent }) => intent?.how === 'cold').length < coldLanes;
  }
  return intents.every(({ intent, startedAt }) => {
    if (intent === null) return now.getTime() - startedAt.getTime() > settles;
    return intent.how === 'cold' || intent.runningSince !== null || intent.asked.refused !== null;
  });
}

function intentOf(checkpoint: Json): MoveIntent | null {
  return MoveIntent.safeParse(checkpoint).data ?? null;
}
