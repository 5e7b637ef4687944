import type { Migration } from '../../openstack/cloud.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import type { StepContext, Underway } from '../command.ts';
import { lanesOf, runningOf } from './lane-rules.ts';
import type { Lanes, MoveInput, MoveIntent } from './move-intent.ts';
import { stored } from './move-requests.ts';
import { postCopy } from './move-view.ts';

interface Sight {
  readonly input: MoveInput;
  /** What was written before this look, and what it made of that. */
  readonly before: MoveIntent;
  readonly after: MoveIntent;
  /** How long it has waited in Nova's queue though fewer run than are known to, ms. */
  readonly fewer: number;
}

/** What has just ended left its lane to what waits a moment before it is seen there. */
const waitsFor = 1000;
const sending = ['preparing', 'running', postCopy, 'post-migrating'];

/** What a look at a live move tells about its host's lanes, with what is known of the moves beside it; null: nothing new. */
export async function lanesSeen(sight: Sight, context: StepContext): Promise<Lanes | null> {
  const { before, after, fewer } = sight;
  const host = sight.input.from;
  const others = context.beside();
  const running = runningOf(others).length;
  if (fewer >= waitsFor && running > 0) return { host, most: running, at: context.now() };
  const known = lanesOf(host, [...others, { checkpoint: stored(before) }])?.most ?? 0;
  const begins = before.runningSince === null && after.runningSince !== null;
  if (!begins || running + 1 <= known) return null;
  const most = running === 0 ? 1 : await countSending(sight, context);
  return most > known ? { host, most, at: context.now() } : null;
}

/** It waits in Nova's queue though fewer of this job's run than are known to: other hands took lanes. */
export function waitsForOthers(from: string, status: string | undefined, others: readonly Underway[]): boolean {
  return status === 'queued' && runningOf(others).length < (lanesOf(from, others)?.most ?? 0);
}

/**
 * Some of those that ran at their last look may have arrived since: only one answer of Nova's tells what runs at once. A
 * cloud that gives none just now teaches nothing: the move itself goes on.
 */
async function countSending({ input: { from, server } }: Sight, { cloud, beside }: StepContext): Promise<number> {
  const ours = new Set([`move:${server}`, ...beside().map(({ key }) => key)]);
  const isSent = (one: Migration) =>
    one.type === 'live-migration' && sending.includes(one.status) && ours.has(`move:${one.server}`);
  try {
    return (await cloud.migrations({ source: from, limit: 100 })).filter(isSent).length;
  } catch (error) {
    if (error instanceof OpenStackError) return 0;
    throw error;
  }
}
