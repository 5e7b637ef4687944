import { type Report, refuse } from '../chat/report.ts';
import { UserError } from '../chat/user-error.ts';
import type { ChangeCommand, PlanContext } from '../command/command.ts';
import { Plan } from '../command/plan.ts';
import type { Interpreted } from '../command/registry.ts';
import { isUnreachable } from '../mysql/database.ts';
import type { CloudReader } from '../openstack/cloud.ts';
import { OpenStackError } from '../openstack/errors.ts';
import { heedsWishes, mustArchive, riskOf } from '../policy/policy.ts';
import { approvalFor, standingApproval } from '../policy/votes.ts';
import { backupReader } from './backups.ts';
import { campaignReader } from './campaign-ports.ts';
import { mustBeWell } from './campaign-trust.ts';
import { heldHosts, holderOf, jobOn } from './claims.ts';
import { historyOf } from './history.ts';
import { isByItself, type Job } from './job.ts';
import { leaseReader } from './leases.ts';
import { endJob, type Planned, planned } from './lifecycle.ts';
import type { WorkerParts } from './parts.ts';
import { bounded, proposal } from './standing-plan.ts';
import { judgeStanding } from './standing-trust.ts';
import { Fenced } from './store.ts';
import type { Tenure } from './tenure.ts';
import { mayPlan } from './trust.ts';

const risks = ['read', 'change', 'disruptive', 'destructive'] as const;

/** Plans a change, or answers a query: what the `ask` queue is for. Whatever goes wrong ends the job with one clear line. */
export async function planJob(parts: WorkerParts, tenure: Tenure, job: Job): Promise<void> {
  try {
    const { command, values } = interpreted(parts, job);
    const refusal = mayPlan(parts.policy(), job, command);
    if (refusal !== null) return await end(parts, tenure, job, refuse(refusal));
    const context = await contextOf(parts, tenure, job);
    if (command.kind === 'query') return await end(parts, tenure, job, await command.answer(values, context), 'done');
    if (command.kind === 'control') throw new UserError(`${job.command} is not for a worker`);
    const made = await draft(parts, job, command, values, context);
    await planned(parts.database, tenure.owner, job, await scheduled(parts, job, made));
  } catch (error) {
    if (tenure.signal.aborted || error instanceof Fenced || isUnreachable(error)) throw error;
    await end(parts, tenure, job, refuse(explain(parts, job, error)));
  }
}

async function end(
  parts: WorkerParts,
  tenure: Tenure,
  job: Job,
  report: Report,
  state: 'done' | 'failed' = 'failed',
): Promise<void> {
  const reason = state === 'failed' ? report.title : null;
  await endJob(parts.database, tenure.owner, job, { state, report, reason });
}

/** The plan as it is now, with what this worker's own policy asks for it. */
export async function draft(
  parts: WorkerParts,
  job: Job,
  command: ChangeCommand,
  values: Readonly<Record<string, unknown>>,
  context: PlanContext,
): Promise<Planned> {
  await mustBeWell(parts.database.rows, job, context);
  const plan = Plan.parse(await command.plan(values, context));
  const base = riskOf(parts.policy(), { name: job.command, risk: command.risk, cloud: job.cloud });
  const raised = plan.risk ?? base;
  const risk = risks.indexOf(raised) > risks.indexOf(base) ? raised : base;
  for (const step of plan.steps) {
    const known = command.steps[step.step];
    if (known === undefined) throw new Error(`${job.command} planned a step it does not have: ${step.step}`);
    if (!plan.stages.some(({ name }) => name === step.stage))
      throw new Error(`${job.command} planned ${step.key} in a stage it does not have: ${step.stage}`);
    known.input.parse(step.input);
  }
  const approval = command.standing === true ? standingApproval : approvalFor;
  const asked = approval(parts.policy(), { cloud: job.cloud, command: job.command, risk, size: plan.size });
  const { extra, least } = plan.votes ?? { extra: 0, least: 0 };
  return { plan, risk, approval: { ...asked, votes: Math.max(asked.votes + extra, least) } };
}

/** What a schedule or a campaign opened asks for its standing approval, or is held against it; every other plan stays as it is. */
async function scheduled(parts: WorkerParts, job: Job, made: Planned): Promise<Planned> {
  if (job.standing !== null) return proposal(parts.policy(), job, made);
  if (!isByItself(job)) return made;
  const today = { ...made.plan, risk: made.risk };
  return bounded(made, await judgeStanding(parts.database.rows, parts.policy(), job, today, parts.now()));
}

/** The stored line read again, as the person's own words: nothing else says what is to be done. */
export function interpreted(parts: WorkerParts, job: Job): Extract<Interpreted, { ok: true }> {
  const read = parts.registry.interpret(job.line);
  if (!read.ok) throw new UserError(read.problem.title);
  if (read.name !== job.command)
    throw new UserError(
      `this worker reads the line as ${read.name}, not ${job.command}: restart the older of bot and worker`,
    );
  return read;
}

export async function contextOf(parts: WorkerParts, tenure: Tenure, job: Job): Promise<PlanContext> {
  const cloud: CloudReader = await parts.cloud(job.cloud);
  return {
    cloud,
    leases: leaseReader(parts.database.rows, job.cloud),
    campaigns: campaignReader(parts.database.rows, job.cloud),
    backups: backupReader(parts.database.rows, job.cloud),
    history: historyOf(parts.database.rows, job.cloud),
    by: { human: job.human },
    now: parts.now(),
    signal: tenure.signal,
    holder: (claim) => holderOf(parts.database.rows, claim, job.id),
    jobOn: (claim) => jobOn(parts.database.rows, claim, job),
    held: () => heldHosts(parts.database.rows, job, null),
    mustArchive: mustArchive(parts.policy(), job.cloud),
    heedsWishes: (project) => heedsWishes(parts.policy(), job.cloud, project),
    closedPerZone: parts.policy().file.guards.closed_per_zone ?? null,
    leaseMs: (kind) => parts.policy().lease[kind === 'host' ? 'hostMs' : 'serverMs'],
  };
}

/** One clear line for the person; a bug says only where the log has it. */
export function explain(parts: WorkerParts, job: Job, error: unknown): string {
  if (error instanceof UserError || error instanceof OpenStackError) return error.message;
  parts.log.error({ err: error, job: job.id }, 'a plan broke');
  return `something broke in vigie; the log has it under job ${job.id}`;
}
