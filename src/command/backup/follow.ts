import type { DumpProgress } from '../../openstack/cloud.ts';
import type { StepContext } from '../command.ts';
import { bytes } from './doubt.ts';

/** What a dump or a proof comes to, told meanwhile; null where somebody cancelled it: then nothing is left of it. */
export async function follow<T>(
  work: AsyncGenerator<DumpProgress, T>,
  context: StepContext,
  expected: number,
): Promise<T | null> {
  try {
    for (;;) {
      const { done, value } = await work.next();
      if (done) return value;
      context.progress(progressWords(value, expected));
      if (context.cancelled()) return null;
      // Told to stop at once or to hand over: `sleep` throws, and whoever comes next begins it anew.
      if (context.signal.aborted) await context.sleep(0);
    }
  } finally {
    await work.return(undefined as never);
  }
}

function progressWords({ doing, rawBytes }: DumpProgress, expected: number): string {
  if (rawBytes === 0) return doing;
  return expected > rawBytes ? `${doing}: ${bytes(rawBytes)} of ${bytes(expected)}` : `${doing}: ${bytes(rawBytes)}`;
}
