import { setTimeout as sleep } from 'node:timers/promises';
import { memory } from '../../src/chat/memory.ts';
import { Later, type Weight } from '../../src/chat/message.ts';
import { type Bucket, type BucketRate, openBucket } from './bucket.ts';
import { SlackTrouble } from './web.ts';

/** What Slack allows an app in a workspace. */
export interface Rates {
  /** Posts in one channel, and in all of them. */
  readonly posts: BucketRate;
  readonly allPosts: BucketRate;
  /** chat.update. */
  readonly updates: BucketRate;
  /** What one person is told alone, and homes. */
  readonly asides: BucketRate;
  /** What is looked up among what was said. */
  readonly looks: BucketRate;
}

/**
 * So many times what Slack writes down: a post a second in a channel and some hundreds a minute in all; chat.update,
 * conversations.history and conversations.replies are tier 3 (50 a minute), chat.postEphemeral and views.publish are
 * tier 4 (100). A little less, for nobody writes down how Slack counts.
 */
export function ratesTimes(factor: number): Rates {
  return {
    posts: { perSecond: 0.95 * factor, burst: 1 },
    allPosts: { perSecond: 4 * factor, burst: 20 * factor },
    updates: { perSecond: 0.7 * factor, burst: 8 * factor },
    asides: { perSecond: 1.4 * factor, burst: 15 * factor },
    looks: { perSecond: 0.7 * factor, burst: 8 * factor },
  };
}

/** Of the updates at once so many are kept for decisions and ends. */
const keptShare = 0.5;
/** One card's progress comes this often at most. */
const progressMs = 2500;
/** A card that has not moved for so long takes no share. */
const movesMs = 60_000;
/** So long a place waits for Slack's leave; then the delivery comes again. */
const patienceMs = 90_000;

/** Keeps what vigie says within Slack's rates, and in order within a channel. */
export interface Pace {
  post<T>(channel: string, call: () => Promise<T>): Promise<T>;
  /** Throws `Later` for progress where there is no room. */
  update<T>(message: string, weight: Weight, call: () => Promise<T>): Promise<T>;
  aside<T>(call: () => Promise<T>): Promise<T>;
  look<T>(call: () => Promise<T>): Promise<T>;
}

export function openPace(rates: Rates): Pace {
  const channels = memory<Bucket>();
  const [all, updates] = [openBucket(rates.allPosts), openBucket(rates.updates)];
  const [asides, looks] = [openBucket(rates.asides), openBucket(rates.looks)];
  const shares = openShares(rates.updates);
  let urgent = 0;

  function bucketOf(channel: string): Bucket {
    const bucket = channels.get(channel) ?? openBucket(rates.posts);
    channels.set(channel, bucket);
    return bucket;
  }

  async function progress<T>(message: string, call: () => Promise<T>): Promise<T> {
    const kept = rates.updates.burst * keptShare;
    const ms = Math.max(shares.dueIn(message), updates.roomIn(kept), urgent > 0 ? progressMs : 0);
    if (ms > 0) throw new Later(Math.ceil(ms));
    updates.note();
    shares.taken(message);
    return call().catch((error: unknown) => {
      if (!isLimit(error)) throw error;
      updates.pause(error.retryMs);
      throw new Later(error.retryMs);
    });
  }

  return {
    post: (channel, call) =>
      patiently(bucketOf(channel), async () => {
        await all.turn();
        return call();
      }),
    async update(message, weight, call) {
      if (weight === 'progress') return progress(message, call);
      urgent += 1;
      return patiently(updates, call).finally(() => {
        urgent -= 1;
      });
    },
    aside: (call) => patiently(asides, call),
    look: (call) => patiently(looks, call),
  };
}

/** Cards that move share what there is alike. */
function openShares({ perSecond }: BucketRate) {
  const moved = new Map<string, number>();
  return {
    taken(message: string): void {
      moved.set(message, performance.now());
    },
    dueIn(message: string): number {
      const now = performance.now();
      for (const [other, at] of moved) if (at < now - movesMs) moved.delete(other);
      const at = moved.get(message);
      return at === undefined ? 0 : Math.max(progressMs, (moved.size / perSecond) * 1000) - (now - at);
    },
  };
}

/** Waits where Slack says so, and not for ever. Slack did nothing of what it answers so: it may be said again. */
async function patiently<T>(bucket: Bucket, call: () => Promise<T>): Promise<T> {
  const giveUp = performance.now() + patienceMs;
  for (;;) {
    await bucket.turn();
    try {
      return await call();
    } catch (error) {
      if (!isLimit(error)) throw error;
      bucket.pause(error.retryMs);
      if (performance.now() + error.retryMs > giveUp) throw error;
      await sleep(error.retryMs + Math.random() * 200);
    }
  }
}

function isLimit(error: unknown): error is SlackTrouble {
  return error instanceof SlackTrouble && error.problem === 'ratelimited';
}
