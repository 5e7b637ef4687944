/** Calls a minute by Slack's tiers; `post` is chat.postMessage, which counts per channel and per workspace. */
export type Tier = 1 | 2 | 3 | 4 | 'post';

const perMinute = { 1: 1, 2: 20, 3: 50, 4: 100 } as const;
const postsPerSecond = 1;
const postBurst = 4;
const postsOfWorkspacePerMinute = 300;

export interface Rates {
  /** Takes one call of this method; the answer is how many seconds to wait, 0 when it may go on. */
  take(method: string, tier: Tier, channel: string): number;
}

interface Bucket {
  level: number;
  at: number;
}

/** `factor` 100 allows a hundred times more than the real Slack does; Infinity does not count at all. */
export function makeRates(factor: number, now: () => number): Rates {
  const buckets = new Map<string, Bucket>();

  function take(key: string, perSecond: number, most: number): number {
    const bucket = buckets.get(key) ?? { level: most, at: now() };
    bucket.level = Math.min(most, bucket.level + ((now() - bucket.at) / 1000) * perSecond);
    bucket.at = now();
    buckets.set(key, bucket);
    if (bucket.level < 1) return Math.max(1, Math.ceil((1 - bucket.level) / perSecond));
    bucket.level -= 1;
    return 0;
  }

  return {
    take(method, tier, channel) {
      if (factor === Infinity) return 0;
      if (tier !== 'post') {
        const calls = perMinute[tier] * factor;
        return take(method, calls / 60, Math.max(1, calls / 5));
      }
      const wait = take(`post ${channel}`, postsPerSecond * factor, postBurst * factor);
      const whole = (postsOfWorkspacePerMinute * factor) / 60;
      return wait > 0 ? wait : take('post', whole, whole * 10);
    },
  };
}
