import { z } from 'zod';
import { HostName } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import { ask, blocked, done, type Outcome } from '../outcome.ts';

export const GateInput = z.object({ host: HostName, first: z.array(z.string()) });

const answerWithin = 30 * 60_000;

/**
 * The first three servers go before the others, which follow once one of them has left. One failure may be that server's
 * own, so the drain goes on; when all three failed it is more likely the host or the cloud, and a person says whether the
 * others are tried.
 */
export async function gate({ host, first: keys }: z.output<typeof GateInput>, context: StepContext): Promise<Outcome> {
  const first = context.ended.filter(({ key }) => keys.includes(key));
  const failures = first.filter(({ state }) => state === 'failed' || state === 'unproven');
  const left = first.length - failures.length;
  if (left > 0) return done(left === 1 ? 'one has' : `${left} have`);
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
