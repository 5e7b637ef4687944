import type { StepContext } from '../command.ts';
import { type Copy, seeCopy, unseenCopy } from './copy.ts';
import { waitsAlone } from './lane-rules.ts';
import { waitsForOthers } from './learn-lanes.ts';
import { fingerprint, type Look } from './look.ts';
import type { MoveInput, MoveIntent } from './move-intent.ts';
import { isBusy } from './move-rules.ts';
import { ourMigration } from './move-view.ts';

/** What changed last, and when; how far the copy has come. */
export interface Watch {
  readonly print: string;
  readonly since: Date;
  /** Since when something else is being done to it; null where nothing is, or where our own move is. */
  readonly busy: Date | null;
  readonly copy: Copy;
  /** When `copy` was last told of. */
  readonly figures: Date | null;
  /** Since when it waits in Nova's queue behind nothing of ours; null where it does not. */
  readonly alone: Date | null;
  /** Since when it waits there though fewer of this job's run than are known to. */
  readonly fewer: Date | null;
}

export function unwatched(since: Date): Watch {
  return { print: '', since, busy: null, copy: unseenCopy, figures: null, alone: null, fewer: null };
}

/** Nothing is to be asked: it gets smaller, and what it waits for moves. */
export function goesOn({ copy, alone }: Watch): boolean {
  return copy.looks === 0 && alone === null;
}

export function watchOn(watch: Watch, { input, seen, intent }: Watched, context: StepContext): Watch {
  const print = `${fingerprint(seen)} ${intent?.asked.at.getTime()}`;
  const now = context.now();
  const others = context.beside();
  const ours = seen.seen ? ourMigration({ ...seen, input, intent }) : null;
  return {
    print,
    since: print === watch.print ? watch.since : now,
    busy: seen.seen ? (ours === null && isBusy({ ...seen, input }) ? (watch.busy ?? now) : null) : watch.busy,
    ...(seen.seen && seen.at.figures !== watch.figures
      ? { copy: seeCopy(watch.copy, seen.migrations, now), figures: seen.at.figures }
      : { copy: watch.copy, figures: watch.figures }),
    alone: waitsAlone(intent, others) ? (watch.alone ?? now) : null,
    fewer: waitsForOthers(input.from, ours?.status, others) ? (watch.fewer ?? now) : null,
  };
}

interface Watched {
  readonly input: MoveInput;
  readonly intent: MoveIntent | null;
  readonly seen: Look;
}
