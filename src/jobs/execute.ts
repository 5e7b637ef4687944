import { refuse } from '../chat/report.ts';
import type { ChangeCommand } from '../command/command.ts';
import { isUnreachable } from '../mysql/database.ts';
import { heldHosts } from './claims.ts';
import { comeFirst } from './first-come.ts';
import { type Difference, harsher, type Job } from './job.ts';
import { beginJob, endJob } from './lifecycle.ts';
import type { WorkerParts } from './parts.ts';
import { contextOf, draft, explain, interpreted } from './plan-job.ts';
import { LetGo, runJob } from './run.ts';
import { granted } from './standing-plan.ts';
import { Fenced, readJob } from './store.ts';
import { supersede } from './supersede.ts';
import type { Tenure } from './tenure.ts';
import { mayGoOn, mayRun } from './trust.ts';

/** Runs an approved job: trust nothing, claim its hosts, look a second time, begin, carry on. What the `do` queue is for. */
export async function executeJob(parts: WorkerParts, tenure: Tenure, job: Job): Promise<void> {
  const command = changeOf(parts, job);
  if (job.standing !== null) return grant(parts, tenure, job, command);
  const goesOn = job.state === 'queued' ? begin(parts, tenure, job, command) : resume(parts, tenure, job);
  if (!(await goesOn)) return;
  const running = (await readJob(parts.database.rows, job.id)) ?? job;
  await runJob({ parts, tenure, job: running, command, cloud: await parts.cloud(job.cloud) });
}

/** The second look happens once, while no step has begun. */
async function begin(parts: WorkerParts, tenure: Tenure, job: Job, command: ChangeCommand): Promise<boolean> {
  try {
    const refusal = await mayRun(parts.database.rows, parts.policy(), job, { command, now: parts.now() });
    if (refusal !== null) return await giveUp(parts, tenure, job, refusal);
    if (job.plan === null) return await giveUp(parts, tenure, job, 'the stored plan no longer parses: ask again');
    const before = await comeFirst(parts.database, tenure.owner, job);
    if (typeof before === 'string') return await giveUp(parts, tenure, job, before);
    const context = await contextOf(parts, tenure, job);
    const second = { ...context, held: () => heldHosts(parts.database.rows, job, before) };
    const now = await draft(parts, job, command, interpreted(parts, job).values, second);
    const worse = [...harsher(job.plan.rows, now.plan.rows), ...needsMore(job, now.approval.votes)];
    if (worse.length > 0) {
      await supersede(parts.database, tenure.owner, job, now, worse);
      return false;
    }
    const keys = new Set(now.plan.steps.map((step) => step.key));
    const vanished = new Set(job.plan.steps.filter((step) => !keys.has(step.key)).map((step) => step.key));
    // What the policy no longer limits binds no job that was approved while it did.
    const { closing: _planned, ...approved } = job.plan;
    const plan = { ...approved, ...(now.plan.closing !== undefined && { closing: now.plan.closing }) };
    const held = await beginJob(parts.database, tenure.owner, plan, vanished);
    return held === null ? true : await giveUp(parts, tenure, job, held);
  } catch (error) {
    // A database that was away for long loses nobody an approval: the next worker looks again.
    if (tenure.signal.aborted || error instanceof Fenced || error instanceof LetGo || isUnreachable(error)) throw error;
    return giveUp(parts, tenure, job, explain(parts, job, error));
  }
}

/** What the plan itself raises (two votes against a guard) is reckoned anew, whatever the row says. */
function needsMore({ approval }: Job, votes: number): Difference[] {
  const before = approval?.votes ?? 0;
  if (approval?.standing !== undefined || votes <= before) return [];
  return [
    { key: 'votes', label: 'approvals', was: String(before), is: String(votes), why: 'the plan asks more people now' },
  ];
}

async function resume(parts: WorkerParts, tenure: Tenure, job: Job): Promise<boolean> {
  const why = await mayGoOn(parts.database.rows, job);
  if (why === null) return true;
  const report = refuse(`${job.line}: stopped`, why, 'look at what it holds by hand, and ask again');
  await endJob(parts.database, tenure.owner, job, { state: 'failed', report, reason: why });
  return false;
}

/** An approved standing approval: nothing runs, its schedule fires from now on. */
async function grant(parts: WorkerParts, tenure: Tenure, job: Job, command: ChangeCommand): Promise<void> {
  const refusal = await mayRun(parts.database.rows, parts.policy(), job, { command, now: parts.now() });
  if (refusal !== null) return void (await giveUp(parts, tenure, job, refusal));
  const report = granted(job);
  await endJob(parts.database, tenure.owner, job, { state: 'done', report, reason: null });
}

async function giveUp(parts: WorkerParts, tenure: Tenure, job: Job, why: string): Promise<false> {
  await endJob(parts.database, tenure.owner, job, {
    state: 'failed',
    report: {
      ...refuse(`${job.line}: not begun, nothing was touched`, why),
      // The line alone would do at once what was to be approved for later.
      replies: job.standing === null ? [{ label: 'Ask again', line: job.line }] : [],
    },
    reason: why,
  });
  return false;
}

function changeOf(parts: WorkerParts, job: Job): ChangeCommand {
  const known = parts.registry.commands.find((one) => one.name === job.command)?.command;
  if (known?.kind !== 'change') throw new Error(`this worker has no command ${job.command}`);
  return known;
}
