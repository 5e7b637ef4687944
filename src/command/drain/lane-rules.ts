import type { Underway } from '../command.ts';
import type { Json } from '../outcome.ts';
import { MoveInput, MoveIntent } from './move-intent.ts';

/** A step that has written nothing for so long waits for its server, and holds nobody up. */
const settles = 10_000;
/** Disks of stopped servers copied at once: Nova queues none of them. */
const coldLanes = 2;

/** Whether one more step may begin; how it moves in the end, its server tells it later. */
export function mayPost(input: Json, others: readonly Underway[], now: Date): boolean {
  return mayAsk(MoveInput.safeParse(input).data?.how === 'cold' ? 'cold' : 'live', others, now);
}

/**
 * How many guests a host sends at once (`max_concurrent_live_migrations`) cannot be read: it is learnt. One move may
 * wait in Nova's queue while others run; the next is posted when that one runs, too, or when one has ended.
 */
export function mayAsk(how: MoveIntent['how'], others: readonly Underway[], now: Date): boolean {
  const intents = others.map(({ checkpoint, startedAt }) => ({ intent: intentOf(checkpoint), startedAt }));
  const begins = (startedAt: Date) => now.getTime() - startedAt.getTime() <= settles;
  if (how === 'cold') {
    const held = intents.filter(({ intent, startedAt }) =>
      intent === null ? begins(startedAt) : intent.how === 'cold',
    );
    return held.length < coldLanes;
  }
  return intents.every(({ intent, startedAt }) => {
    if (intent === null) return !begins(startedAt);
    return intent.how === 'cold' || intent.runningSince !== null || intent.asked.refused !== null;
  });
}

/** It is asked for, and nothing before it in Nova's queue is a copy of this job's: what holds the places may never end. */
export function waitsAlone(intent: MoveIntent | null, others: readonly Underway[]): boolean {
  if (intent === null || intent.how === 'cold' || intent.runningSince !== null) return false;
  return others.every(({ checkpoint }) => (intentOf(checkpoint)?.runningSince ?? null) === null);
}

function intentOf(checkpoint: Json): MoveIntent | null {
  return MoveIntent.safeParse(checkpoint).data ?? null;
}
