import type { ClaimingJob, HeldHost } from '../command/command.ts';
import { Plan } from '../command/plan.ts';
import { Conflict, isDuplicate, type Rows, type Work } from '../mysql/database.ts';
import type { Job } from './job.ts';

/** Who holds a claim, or has a plan that will: a running job first, then the one that waits longest. */
export async function jobOn(rows: Rows, claim: string, asking: Job): Promise<ClaimingJob | null> {
  const holder = await rows
    .selectFrom('claim')
    .innerJoin('job', 'job.id', 'claim.job')
    .select(['job.id', 'job.line', 'job.human', 'job.state'])
    .where('claim.what', '=', claim)
    .where('job.id', '!=', asking.id)
    .executeTakeFirst();
  if (holder !== undefined) return { ...holder, state: holder.state === 'queued' ? 'queued' : 'running' };
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

/**
 * Hosts of the asking job's cloud that other jobs hold, by their claims: those that run, and of those about to begin the ones
 * that came before it. `before` is null for who only plans: for him all of them did.
 */
export async function heldHosts(rows: Rows, asking: Job, before: ReadonlySet<string> | null): Promise<HeldHost[]> {
  const hosts = await claimsOf(rows, asking, 'host');
  const counts = hosts.filter(({ job, state }) => state !== 'queued' || before === null || before.has(job));
  if (counts.length === 0) return [];
  const servers = await claimsOf(rows, asking, 'server');
  return counts.map(({ name, job, command }) => {
    const own = servers.filter((one) => one.job === job);
    return { host: name, command, servers: new Set(own.map((one) => one.name)) };
  });
}

/** What other jobs claim of the asking job's cloud. */
async function claimsOf(rows: Rows, { id, cloud }: Job, kind: 'host' | 'server') {
  const prefix = `${kind}:${cloud}/`;
  const found = await rows
    .selectFrom('claim')
    .innerJoin('job', 'job.id', 'claim.job')
    .select(['claim.what', 'job.id as job', 'job.command', 'job.state'])
    .where('job.cloud', '=', cloud)
    .where('job.id', '!=', id)
    .where('claim.what', 'like', `${kind}:%`)
    .execute();
  // A cloud's name may have what LIKE takes for a wildcard.
  return found.flatMap(({ what, ...job }) =>
    what.startsWith(prefix) ? [{ ...job, name: what.slice(prefix.length) }] : [],
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

/** Somebody else holds what a job claims: thrown, so that none of its other claims stays. */
export class Held extends Error {
  override readonly name = 'Held';
}

/** What somebody else holds, in words, instead of what would have been done. */
export function unlessHeld<T>(claiming: Promise<T>): Promise<T | string> {
  return claiming.catch((error: unknown) => {
    if (error instanceof Held) return error.message;
    throw error;
  });
}

/** Whoever no longer works, or waits for people again, holds nothing. */
export async function letGo(rows: Work, job: string): Promise<void> {
  await rows.deleteFrom('claim').where('job', '=', job).execute();
}

/** All of them, or `Held`. What the job claimed before is its own still. */
export async function claimAll(rows: Work, job: string, claims: readonly string[]): Promise<void> {
  const own = await rows.selectFrom('claim').select('what').where('job', '=', job).execute();
  const known = new Set(own.map(({ what }) => what));
  for (const what of claims) if (!known.has(what)) await claim(rows, job, what);
}

async function claim(rows: Work, job: string, what: string): Promise<void> {
  try {
    await rows.insertInto('claim').values({ what, job }).execute();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    const holder = await rows
      .selectFrom('claim')
      .innerJoin('job', 'job.id', 'claim.job')
      .select(['job.id', 'job.line'])
      .where('claim.what', '=', what)
      .executeTakeFirst();
    if (holder === undefined) throw new Conflict(`${what} was let go of a moment ago`);
    if (holder.id !== job)
      throw new Held(
        `${what.replace(/^(\w+):/, '$1 ')} is held by ${holder.line} (${holder.id}): ask again when it has ended`,
      );
  }
}
