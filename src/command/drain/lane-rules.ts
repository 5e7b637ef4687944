import type { Underway } from '../command.ts';
import type { Json } from '../outcome.ts';
import { MoveInput, MoveIntent } from './move-intent.ts';

/** A step that has written nothing for so long waits for its server: the next may begin. */
const settles = 10_000;
/** Moves of a kind that Nova has not begun: it queues live ones; of the copies of stopped servers' disks it queues none. */
const places: Readonly<Record<MoveIntent['how'], number>> = { live: 1, cold: 2 };

/** Whether one more step may begin; how it moves in the end, its server tells it later. Who has just begun may ask first. */
export function mayPost(input: Json, others: readonly Underway[], now: Date): boolean {
  const how = MoveInput.safeParse(input).data?.how ?? 'live';
  const begins = ({ checkpoint, startedAt }: Underway) =>
    intentOf(checkpoint) === null && now.getTime() - startedAt.getTime() <= settles;
  return mayAsk(
    how,
    others.map((one) => ({ ...one, asks: one.asks || begins(one) })),
  );
}

/**
 * How many guests a host sends at once (`max_concurrent_live_migrations`) cannot be read: it is learnt. One move may
 * wait in Nova's queue while others run; the next is posted when that one runs, too, or when one has ended.
 */
export function mayAsk(how: MoveIntent['how'], others: readonly Underway[]): boolean {
  return others.filter((one) => one.asks || holdsPlace(how, intentOf(one.checkpoint))).length < places[how];
}

function holdsPlace(how: MoveIntent['how'], intent: MoveIntent | null): boolean {
  if (intent?.how !== how) return false;
  return how === 'cold' || (intent.runningSince === null && intent.asked.refused === null);
}

/** It is asked for, and nothing before it in Nova's queue is a copy of this job's: what holds the places may never end. */
export function waitsAlone(intent: MoveIntent | null, others: readonly Underway[]): boolean {
  if (intent === null || intent.how === 'cold' || intent.runningSince !== null) return false;
  return others.every(({ checkpoint }) => (intentOf(checkpoint)?.runningSince ?? null) === null);
}

function intentOf(checkpoint: Json): MoveIntent | null {
  return MoveIntent.safeParse(checkpoint).data ?? null;
}
