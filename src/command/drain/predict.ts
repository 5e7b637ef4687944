import type { PastDrain, PastMove } from '../history.ts';
import { count, duration } from '../words.ts';

/** Fewer moves than this say nothing about the next. */
const enough = 3;

export interface Prediction {
  readonly seconds: number;
  /** Of some of them too little is known: the time is that of the others. */
  readonly whole: boolean;
  readonly words: string;
}

/** How long a drain of these will take, by what moves of this cloud took; null where that is known of none. */
export function predict(
  moves: readonly Pick<PastMove, 'how' | 'ramMb'>[],
  past: readonly PastDrain[],
): Prediction | null {
  const known = past.flatMap((drain) => drain.moves);
  const each = moves.map(({ how, ramMb }) =>
    secondsOf(
      ramMb,
      known.filter((one) => one.how === how),
    ),
  );
  const told = each.flatMap((seconds) => seconds ?? []);
  if (told.length === 0) return null;
  const sum = told.reduce((total, seconds) => total + seconds, 0);
  const seconds = Math.round(
    sum / sideBySide(past) + median(past.map(({ took, moving }) => Math.max(0, took - moving))),
  );
  const words = `about ${duration(seconds * 1000)}, by ${count(known.length, 'move')} here${scored(past)}`;
  const unknown = moves.filter((_, at) => each[at] === null);
  return { seconds, whole: unknown.length === 0, words: words + besides(unknown) };
}

function besides(unknown: readonly Pick<PastMove, 'how'>[]): string {
  if (unknown.length === 0) return '';
  const kinds = [...new Set(unknown.map(({ how }) => how))].join(' and ');
  return `; and ${unknown.length} moved ${kinds}, of which too few were before`;
}

/** A line through what is known: so long for any guest, and so long for each megabyte of it. Never falling. */
function secondsOf(ramMb: number, known: readonly PastMove[]): number | null {
  if (known.length < enough) return null;
  const meanMb = mean(known.map((one) => one.ramMb));
  const meanSeconds = mean(known.map((one) => one.seconds));
  const spread = known.reduce((sum, one) => sum + (one.ramMb - meanMb) ** 2, 0);
  const joint = known.reduce((sum, one) => sum + (one.ramMb - meanMb) * (one.seconds - meanSeconds), 0);
  const slope = spread === 0 ? 0 : Math.max(0, joint / spread);
  return Math.max(0, meanSeconds + slope * (ramMb - meanMb));
}

/** How many moves went on at the same time, as it turned out. */
function sideBySide(past: readonly PastDrain[]): number {
  const ratios = past
    .filter(({ moves, moving }) => moves.length > 1 && moving > 0)
    .map(({ moves, moving }) => moves.reduce((sum, { seconds }) => sum + seconds, 0) / moving);
  return ratios.length === 0 ? 1 : Math.max(0.1, median(ratios));
}

function scored(past: readonly PastDrain[]): string {
  const errors = past.flatMap(({ predicted, took }) =>
    predicted === null || predicted === 0 ? [] : [Math.abs(took / predicted - 1)],
  );
  if (errors.length === 0) return '';
  return `; the last ${errors.length === 1 ? 'guess was' : `${errors.length} guesses were`} ${Math.round(median(errors) * 100)} % off`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
