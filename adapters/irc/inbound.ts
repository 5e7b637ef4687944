/** How much one person may say to vigie: `burst` lines at once, then one each `everyMs`. */
export interface InboundLimit {
  readonly burst: number;
  readonly everyMs: number;
}

export const usualInbound: InboundLimit = { burst: 8, everyMs: 3000 };

export interface Inbound {
  /** `warn` once, when somebody begins to say too much; `drop` until they have paused. */
  take(who: string): 'hear' | 'warn' | 'drop';
}

interface Speech {
  left: number;
  at: number;
  warned: boolean;
}

const remembered = 1000;

export function openInbound({ burst, everyMs }: InboundLimit, now: () => number): Inbound {
  const speech = new Map<string, Speech>();
  return {
    take(who) {
      const one = speech.get(who) ?? { left: burst, at: now(), warned: false };
      one.left = Math.min(burst, one.left + (now() - one.at) / everyMs);
      one.at = now();
      // Whoever spoke last is remembered longest.
      speech.delete(who);
      speech.set(who, one);
      if (speech.size > remembered) speech.delete(speech.keys().next().value ?? '');
      if (one.left >= 1) {
        one.left -= 1;
        if (one.left >= burst / 2) one.warned = false;
        return 'hear';
      }
      const first = !one.warned;
      one.warned = true;
      return first ? 'warn' : 'drop';
    },
  };
}
