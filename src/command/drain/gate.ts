import { z } from 'zod';
import { HostName } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import { ask, blocked, done, type Outcome } from '../outcome.ts';

export const GateInput = z.object({ host: HostName, first: z.array(z.string()) });

const answerWithin = 30 * 60_000;
const left: ReadonlySet<string> = new Set(['done', 'gone']);

/**
 * The first few servers go before the others, which follow once one of them has left. One failure may be that server's own,
 * so the drain goes on; when all of them failed it is more likely the host or the cloud, and a person says whether the others
 * are tried.
 */
export async function gate({ host, first: keys }: z.output<typeof GateInput>, context: StepContext): Promise<Outcome> {
  const first = context.ended.filter(({ key }) => keys.includes(key));
  const failures = first.filter(({ state }) => state === 'failed' || state === 'unproven');
  if (failures.length < first.length) return done(howMany(first.filter(({ state }) => left.has(state)).length));
  if (context.answer?.choice === 'go')
    return done(`all of the first ${first.length} failed; ${context.answer.by} said to go on`);
  if (context.answer !== null)
    return blocked(`all of the first ${first.length} failed: the others were not tried (${context.answer.by})`);
  return ask({
    text: `The first ${first.length} servers all failed to leave ${host}: ${failures.map(({ label, note }) => `${label}: ${note}`).join(' | ')}. Try the others?`,
    choices: [
      { choice: 'go', label: 'Try the others' },
      { choice: 'stop', label: 'Stop here' },
    ],
    fallback: 'stop',
    deadline: new Date(context.now().getTime() + answerWithin),
  });
}

/** One that was blocked has neither left nor failed: of the host it tells nothing. */
function howMany(have: number): string {
  if (have === 0) return 'none has, but not all were tried';
  return have === 1 ? 'one has' : `${have} have`;
}
