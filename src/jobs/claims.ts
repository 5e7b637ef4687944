import type { ClaimingJob } from '../command/command.ts';
import { Plan } from '../command/plan.ts';
import type { Rows } from '../mysql/database.ts';
import type { Job } from './job.ts';

/** Who holds a claim, or has a plan that will: a running job first, then the one that waits longest. */
export async function jobOn(rows: Rows, claim: string, asking: Job): Promise<ClaimingJob | null> {
  const holder = await rows
    .selectFrom('claim')
    .innerJoin('job', 'job.id', 'claim.job')
    .select(['job.id', 'job.line', 'job.human'])
    .where('claim.what', '=', claim)
    .where('job.id', '!=', asking.id)
    .executeTakeFirst();
  if (holder !== undefined) return { ...holder, state: 'running' };
  const waiting = await rows
    .selectFrom('job')
    .select(['id', 'line', 'human', 'state', 'plan'])
    .where('state', 'in', ['awaiting', 'queued'])
    .where('cloud', '=', asking.cloud)
    .where('kind', '=', 'change')
    .where('standing', 'is', null)
    .where('id', '!=', asking.id)
    .orderBy('created_at')
    .limit(200)
    .execute();
  const [first] = waiting.filter(({ plan }) => claims(plan).includes(claim));
  if (first === undefined) return null;
  const { id, line, human, state } = first;
  return { id, line, human, state: state === 'queued' ? 'queued' : 'awaiting' };
}

/** Hosts of the asking job's cloud that other running jobs hold, by their claims. */
export async function heldHosts(rows: Rows, asking: Job): Promise<{ host: string; command: string }[]> {
  const prefix = `host:${asking.cloud}/`;
  const found = await rows
    .selectFrom('claim')
    .innerJoin('job', 'job.id', 'claim.job')
    .select(['claim.what', 'job.command'])
    .where('job.cloud', '=', asking.cloud)
    .where('job.id', '!=', asking.id)
    .where('claim.what', 'like', 'host:%')
    .execute();
  return found.flatMap(({ what, command }) =>
    what.startsWith(prefix) ? [{ host: what.slice(prefix.length), command }] : [],
  );
}

function claims(plan: string | null): readonly string[] {
  return Plan.safeParse(plan === null ? null : JSON.parse(plan)).data?.claims ?? [];
}

/** A running job other than one's own, as `maintenance cmp1 (7f3a, by alice)`. */
export async function holderOf(rows: Rows, claim: string, self: string): Promise<string | null> {
  const found = await rows
    .selectFrom('claim')
    .innerJoin('job', 'job.id', 'claim.job')
    .select(['job.id', 'job.line', 'job.human'])
    .where('claim.what', '=', claim)
    .executeTakeFirst();
  return found === undefined || found.id === self ? null : `${found.line} (${found.id}, by ${found.human})`;
}
