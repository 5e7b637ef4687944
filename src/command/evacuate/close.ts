import { z } from 'zod';
import type { StepContext } from '../command.ts';
import { type CordonInput, cordon } from '../drain/cordon.ts';
import type { Outcome } from '../outcome.ts';

const Closed = z.object({ heartbeat: z.coerce.date().nullable() });

/** Disables the dead host and takes its lease; then notes when it was last heard of: what comes later is a sign of life. */
export async function close(input: CordonInput, context: StepContext): Promise<Outcome> {
  const outcome = await cordon(input, context);
  if (outcome.state !== 'done') return outcome;
  const service = await context.cloud.computeService(input.host);
  return { ...outcome, output: { heartbeat: service?.updatedAt?.toISOString() ?? null } };
}

/** Nova counts our own changes as the service's, too: so the time is read after them. Null where it is not known. */
export function closedAt({ ended }: Pick<StepContext, 'ended'>): Date | null {
  const closed = ended.find(({ step, state }) => step === 'cordon' && state === 'done');
  return Closed.safeParse(closed?.output).data?.heartbeat ?? null;
}
