import { setTimeout as sleep } from 'node:timers/promises';
import type { DumpProgress } from '../../openstack/cloud.ts';

const tickMs = 1000;

interface Ticking<T> {
  readonly signal: AbortSignal;
  work(signal: AbortSignal): Promise<T>;
  tell(): DumpProgress;
}

/** The work's own result; until then how far it came, once a second, so that whoever waits may stop it: then it is aborted and awaited. */
export async function* ticking<T>({ signal, work, tell }: Ticking<T>): AsyncGenerator<DumpProgress, T> {
  const left = new AbortController();
  const working = work(AbortSignal.any([signal, left.signal]));
  const ended = working.then(
    () => 'end' as const,
    () => 'end' as const,
  );
  try {
    for (;;) {
      const over = new AbortController();
      const tick = sleep(tickMs, 'tick' as const, { signal: over.signal }).catch(() => 'tick' as const);
      const first = await Promise.race([ended, tick]);
      over.abort();
      if (first === 'end') return await working;
      yield tell();
    }
  } finally {
    left.abort();
    await ended;
  }
}
