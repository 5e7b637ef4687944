import type { State } from './state.ts';

const hourMs = 3_600_000;
const most = 3;

export const rivalled =
  'the nick is taken back from vigie again and again, as by a second bot with its account: stop one of the two; vigie waits until the nick is free';

/** Whoever is killed again and again has a rival, which is told to the same end: one of them has to wait. */
export function noteKill(state: State, why: string | null, now = performance.now()): void {
  if (/\b(ghost|kill)/i.test(why ?? '')) state.kills.push(now);
}

export function isRivalled({ kills }: State, now = performance.now()): boolean {
  return kills.filter((at) => now - at < hourMs).length >= most;
}
