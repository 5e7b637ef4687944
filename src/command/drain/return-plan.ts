import { UserError } from '../../chat/user-error.ts';
import type { PlanContext } from '../command.ts';
import type { PlanDraft, PlannedStep } from '../plan.ts';
import { count } from '../words.ts';
import { homeward } from './homeward.ts';
import { stateOf } from './host-lease.ts';
import { findHost, isTaking } from './survey.ts';

type Draft = PlanDraft & { steps: (PlannedStep & { step: 'move' })[] };

/** `return JOB`: what that job moved off its host goes back there. */
export async function returnPlan(job: string, context: PlanContext): Promise<Draft> {
  const past = await context.history.moved(job);
  if (past === null)
    throw new UserError(
      `${context.cloud.name} knows no job ${job} that has ended and moved servers off a host: jobs --all lists them`,
    );
  const service = await findHost(past.host, context);
  const { host } = service;
  if (!isTaking(service))
    throw new UserError(
      `${host} is ${stateOf(service)}: \`maintenance ${host} off --return\` opens it and brings them back`,
    );
  const { rows, steps, claims, lanes } = await homeward(service, past.moved, context);
  if (steps.length === 0)
    throw new UserError(
      `nothing of ${job} can be brought back to ${host}: ${
        rows
          .map(({ label, why }) => `${label}: ${why}`)
          .slice(0, 5)
          .join('; ') || 'it moved nothing'
      }`,
    );
  return {
    title: `bring ${count(steps.length, 'server')} back to ${host}`,
    rows,
    stages: [{ name: 'back', lanes, onFailure: 'continue' }],
    steps,
    claims: [`host:${context.cloud.name}/${host}`, ...claims],
    size: steps.length,
  };
}
