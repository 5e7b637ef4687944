import type { Underway } from '../command.ts';
import type { Json } from '../outcome.ts';
import { type Lanes, MoveInput, MoveIntent } from './move-intent.ts';

/** A step that has written nothing for so long waits for its server, or for a place: the next may begin. */
const settles = 10_000;
/** Moves of a kind that Nova has not begun: it queues live ones; of the copies of stopped servers' disks it queues none. */
const places: Readonly<Record<MoveIntent['how'], number>> = { live: 1, cold: 2 };

/**
 * Whether one more step may begin; how it moves in the end, its server tells it later. Who has just begun may ask first. One
 * that goes live may look at its server before a place is free, where all that began have asked.
 */
export function mayPost(input: Json, others: readonly Underway[], now: Date): boolean {
  const { how, from } = MoveInput.safeParse(input).data ?? { how: 'live', from: null };
  const begins = ({ checkpoint, startedAt }: Underway) =>
    intentOf(checkpoint) === null && now.getTime() - startedAt.getTime() <= settles;
  const looks =
    how === 'live' && others.every(({ key, checkpoint }) => !key.startsWith('move:') || intentOf(checkpoint) !== null);
  const asking = others.map((one) => ({ ...one, asks: one.asks || begins(one) }));
  return looks || mayAsk({ how, from }, asking);
}

interface Wanted {
  readonly how: MoveIntent['how'];
  /** The host it leaves. */
  readonly from: string | null;
}

/**
 * How many guests a host sends at once (`max_concurrent_live_migrations`) cannot be read: it is learnt. One move may
 * wait in Nova's queue while others run: so one is posted when none waits, or when with it no more are on their way than
 * one above those that were seen to run at once.
 */
export function mayAsk({ how, from }: Wanted, others: readonly Underway[]): boolean {
  const waiting = others.filter((one) => one.asks || (!one.left && holdsPlace(how, intentOf(one.checkpoint)))).length;
  if (waiting < places[how]) return true;
  const running = runningOf(others).length;
  const lost = copying(others).length - running;
  return how === 'live' && running > 0 && running + lost + waiting <= (lanesOf(from, others)?.most ?? 0);
}

export function runningOf(others: readonly Underway[]): Underway[] {
  return copying(others).filter(({ left }) => !left);
}

/** Those whose copy was seen to run last, also where nobody looks after them any more. */
function copying(others: readonly Underway[]): Underway[] {
  return others.filter(({ checkpoint }) => {
    const intent = intentOf(checkpoint);
    return intent?.how === 'live' && intent.runningSince !== null;
  });
}

/** What the moves that go on know of this host's lanes. */
export function lanesOf(from: string | null, others: readonly Pick<Underway, 'checkpoint'>[]): Lanes | null {
  const known = others.flatMap(({ checkpoint }) => intentOf(checkpoint)?.lanes ?? []);
  return known.filter(({ host }) => host === from).toSorted((a, b) => b.at.getTime() - a.at.getTime())[0] ?? null;
}

function holdsPlace(how: MoveIntent['how'], intent: MoveIntent | null): boolean {
  if (intent?.how !== how) return false;
  return how === 'cold' || (intent.runningSince === null && intent.asked.refused === null);
}

/** It is asked for, and nothing before it in Nova's queue is a copy of this job's: what holds the places may never end. */
export function waitsAlone(intent: MoveIntent | null, others: readonly Underway[]): boolean {
  if (intent === null || intent.how === 'cold' || intent.runningSince !== null) return false;
  return runningOf(others).length === 0;
}

function intentOf(checkpoint: Json): MoveIntent | null {
  return MoveIntent.safeParse(checkpoint).data ?? null;
}
