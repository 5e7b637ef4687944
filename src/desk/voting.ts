import type { Place } from '../chat/message.ts';
import { type Report, refuse, say } from '../chat/report.ts';
import { UserError } from '../chat/user-error.ts';
import { riskOf } from '../jobs/approved.ts';
import { codeOf } from '../jobs/card.ts';
import { insertNote, touchCards } from '../jobs/deliveries.ts';
import type { Job } from '../jobs/job.ts';
import { dbNow } from '../jobs/store.ts';
import { approvalFor, mayBreakGlass, mayVote, standingApproval, tally } from '../policy/votes.ts';
import type { Sitting } from './desk.ts';
import { isStandingJob, meant, personAt, record, work } from './person.ts';

/** Every approval ends here, whether it was a line, a button or a reaction. */
export async function approveJob(
  sitting: Sitting,
  id: string | null,
  { code, breakGlass }: { readonly code: string | null; readonly breakGlass: string | null },
): Promise<Report> {
  const job = await meant(sitting, id, ['awaiting'], 'approve');
  if (breakGlass !== null) return breakTheGlass(sitting, job, breakGlass);
  const person = entitled(sitting, job);
  mustBeTyped(sitting, job, code);
  const needed = votesNeeded(sitting, job);
  // A yes by the same account again changes no card: it is answered, not taken.
  const before = (await votesOf(sitting, job.id)).filter(({ choice }) => choice === 'yes');
  if (before.some(({ account }) => account === person.account))
    throw new UserError(
      `you approved ${job.id} already (${before.length} of ${needed}): another person must, or approve ${job.id} --withdraw`,
    );
  await cast(sitting, job, 'yes', null);
  const others = before.filter(({ human }) => human !== person.human);
  const votes = [...others, { human: person.human, choice: 'yes' as const, at: sitting.message.at }];
  if (tally(votes, needed) !== 'approved') {
    await touchCards(work(sitting), job.id);
    return say(`${job.id}: ${votes.length} of ${needed} approvals`);
  }
  await decide(sitting, job, 'queued');
  return say(`${job.id} approved by ${person.human}`);
}

/** What the plan was told to need, or what the policy asks by now where that is more: the worker counts so too. */
function votesNeeded(sitting: Sitting, job: Job): number {
  return Math.max(asksNow(sitting, job).votes, job.approval?.votes ?? 1);
}

function asksNow(sitting: Sitting, job: Job) {
  const { cloud, command, risk, size } = job;
  const asked = isStandingJob(sitting, job) ? standingApproval : approvalFor;
  return asked(sitting.policy(), { cloud, command, risk: riskOf(risk), size });
}

/** Where the policy wants more than a press: the plan's own code, read off its card. */
function mustBeTyped(sitting: Sitting, job: Job, code: string | null): void {
  const typed = job.approval?.typed === true || asksNow(sitting, job).typed === true;
  if (code === null ? !typed : code.toLowerCase() === codeOf(job)) return;
  const wrong = code === null ? 'the policy wants this yes typed' : 'that is not the code of this plan';
  throw new UserError(`${wrong}: the code is on the card: read the plan, then type approve ${job.id} CODE`);
}

export async function denyJob(sitting: Sitting, id: string | null, reason: string | null): Promise<Report> {
  const job = await meant(sitting, id, ['awaiting'], 'deny');
  const person = entitled(sitting, job);
  await cast(sitting, job, 'no', reason);
  await decide(sitting, job, 'cancelled', `denied by ${person.human}${reason === null ? '' : `: ${reason}`}`);
  return say(`${job.id} denied: nothing was touched`);
}

/** Always: somebody else, whom the policy lets approve, while it waits, before it expires. */
function entitled(sitting: Sitting, job: Job) {
  const person = personAt(sitting);
  if (job.state !== 'awaiting') throw new UserError(`${job.id} ${decidedWord(job)}`);
  const decision = mayVote(sitting.policy(), {
    account: person.account,
    asker: job.human,
    cloud: job.cloud,
    command: job.command,
    risk: riskOf(job.risk),
    size: job.size,
    standing: isStandingJob(sitting, job),
    place: sitting.message.place.id,
  });
  if (decision.verdict === 'refuse') throw new UserError(decision.because);
  return person;
}

function decidedWord(job: Job): string {
  switch (job.state) {
    case 'planning':
      return 'has no plan yet: wait for its card';
    case 'queued':
    case 'running':
    case 'asking':
    case 'parked':
      return 'is approved already and under way';
    case 'expired':
      return 'has expired: ask again';
    case 'stale':
      return `is out of date: the new plan is ${job.successor ?? 'another job'}`;
    default:
      return `is ${job.state} already`;
  }
}

async function cast(sitting: Sitting, job: Job, choice: 'yes' | 'no', reason: string | null): Promise<void> {
  const rows = work(sitting);
  const person = personAt(sitting);
  const vote = { account: person.account, choice, plan_hash: job.plan_hash ?? '', reason, at: dbNow };
  await rows
    .insertInto('vote')
    .values({ job: job.id, human: person.human, ...vote })
    .onDuplicateKeyUpdate(vote)
    .execute();
  record(sitting, { kind: 'vote', job: job.id, detail: { choice, hash: job.plan_hash, reason } });
}

async function votesOf(sitting: Sitting, job: string) {
  const votes = await sitting.rows
    .selectFrom('vote')
    .select(['human', 'account', 'choice', 'at'])
    .where('job', '=', job)
    .execute();
  return votes.map(({ human, account, choice, at }) => ({
    human,
    account,
    choice: choice === 'yes' ? ('yes' as const) : ('no' as const),
    at,
  }));
}

/** One decision only: two at once meet in the compare-and-set, and the expiry is looked at by the database's clock. */
async function decide(
  sitting: Sitting,
  job: Job,
  state: 'queued' | 'cancelled',
  reason: string | null = null,
  until: 'in time' | 'any time' = 'in time',
): Promise<void> {
  const rows = work(sitting);
  const ended = state === 'cancelled' ? { ended_at: dbNow } : {};
  let update = rows
    .updateTable('job')
    .set({ state, reason, decided_at: dbNow, policy_hash: sitting.policy().hash, ...ended })
    .where('id', '=', job.id)
    .where('state', '=', 'awaiting');
  if (until === 'in time')
    update = update.where((where) => where.or([where('until', 'is', null), where('until', '>', dbNow)]));
  const moved = await update.executeTakeFirst();
  if (moved.numUpdatedRows !== 1n) throw new UserError(`${job.id} was decided, or expired, a moment ago: see its card`);
  await touchCards(rows, job.id);
  if (state === 'queued')
    sitting.rings.push({ queue: `do-${job.cloud}`, id: job.id, once: `${job.id}-${job.epoch}-queued` });
}

/** One person alone, in an emergency: explicit, with a reason, announced, audited. */
async function breakTheGlass(sitting: Sitting, job: Job, reason: string): Promise<Report> {
  const person = personAt(sitting);
  const { breakGlass } = sitting.policy();
  if (job.state !== 'awaiting') throw new UserError(`${job.id} ${decidedWord(job)}`);
  if (isStandingJob(sitting, job))
    throw new UserError('a standing approval is never an emergency: have the others approve it');
  const decision = mayBreakGlass(sitting.policy(), person.account, job.cloud, sitting.message.place.id);
  if (decision.verdict === 'refuse') throw new UserError(decision.because);
  if (reason.trim().length < 5)
    throw new UserError('breaking the glass needs a reason: approve ID --break-glass "why it cannot wait"');
  const rows = work(sitting);
  await decide(sitting, job, 'queued', null, 'any time');
  await rows.updateTable('job').set({ break_glass: reason }).where('id', '=', job.id).execute();
  const report = refuse(`${person.human} broke the glass for ${job.id}: ${job.line}`, `reason: ${reason}`);
  for (const id of breakGlass?.announce ?? []) {
    const place: Place = { adapter: id.split(':')[0] ?? id, id, kind: 'channel' };
    await insertNote(rows, { key: `glass:${job.id}:${id}`.slice(0, 190), place, report, job: job.id });
  }
  record(sitting, { kind: 'break-glass', job: job.id, detail: { reason, hash: job.plan_hash } });
  return report;
}
