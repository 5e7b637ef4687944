import type { Block, Reply, Report } from '../chat/report.ts';
import { text } from '../chat/report.ts';
import { riskOf } from '../jobs/approved.ts';
import { votesOn } from '../jobs/card.ts';
import { hasEnded, type Job, jobOf, open } from '../jobs/job.ts';
import { type Person, personOf } from '../policy/policy.ts';
import { mayVote } from '../policy/votes.ts';
import type { Sitting } from './desk.ts';
import { ago } from './listing-clouds.ts';
import { isStandingJob } from './person.ts';

/** Of each kind so many, the newest first. */
const most = 10;

/** One look at everything that concerns this person: what waits for their word, what runs, what they asked. */
export async function showMine(sitting: Sitting): Promise<Report> {
  const { message, rows } = sitting;
  const person = personOf(sitting.policy(), message.from.account);
  if (person === null)
    return { title: 'The policy knows nobody here by your account', tone: 'warn', blocks: [text(whyNot(sitting))] };
  const found = await rows
    .selectFrom('job')
    .selectAll()
    .where('parent', 'is', null)
    .where((where) => where.or([where('state', 'in', open), where('human', '=', person.human)]))
    .where('kind', '=', 'change')
    .orderBy('created_at', 'desc')
    .limit(200)
    .execute();
  const jobs = found.map(jobOf);
  const votable = jobs.filter((job) => job.state === 'awaiting' && mayDecide(sitting, job));
  const voted = await votedBy(sitting, person, votable);
  const waiting = votable.filter(({ id }) => !voted.has(id)).slice(0, most);
  const running = jobs.filter((job) => ['queued', 'running', 'asking', 'parked'].includes(job.state)).slice(0, most);
  const asked = jobs.filter((job) => job.human === person.human && (job.state === 'awaiting' || hasEnded(job.state)));
  return {
    title: titleOf(person, waiting.length),
    tone: waiting.length > 0 ? 'warn' : 'plain',
    blocks: [
      ...listed('waits for you', waiting, message.at),
      ...(voted.size === 0
        ? []
        : listed(
            'you voted, others must',
            votable.filter(({ id }) => voted.has(id)),
            message.at,
          )),
      ...listed('runs', running, message.at),
      ...listed('you asked', asked.slice(0, most), message.at),
    ],
    ...(waiting.length === 0 ? {} : { replies: waiting.slice(0, 5).flatMap(decisions) }),
    footer: `as of ${message.at.toISOString().slice(11, 16)} UTC`,
  };
}

/** Of what waits: where this person's word on this very plan is in already. */
async function votedBy({ rows }: Sitting, { human }: Person, jobs: readonly Job[]): Promise<ReadonlySet<string>> {
  if (jobs.length === 0) return new Set();
  const votes = await rows
    .selectFrom('vote')
    .innerJoin('job', 'job.id', 'vote.job')
    .select('vote.job')
    .where('vote.human', '=', human)
    .whereRef('vote.plan_hash', '=', 'job.plan_hash')
    .where(
      'vote.job',
      'in',
      jobs.map(({ id }) => id),
    )
    .execute();
  return new Set(votes.map(({ job }) => job));
}

function titleOf({ human }: Person, waiting: number): string {
  if (waiting === 0) return `${human}, nothing waits for you`;
  return waiting === 1 ? `${human}, 1 plan waits for you` : `${human}, ${waiting} plans wait for you`;
}

function whyNot({ message: { from } }: Sitting): string {
  if (from.account === null) return from.why ?? 'this chat vouches for no account of yours';
  return `Ask whoever keeps policy.yaml to add ${from.account} to your accounts.`;
}

function mayDecide(sitting: Sitting, job: Job): boolean {
  const { account } = sitting.message.from;
  const { cloud, command, size } = job;
  const ballot = { account, asker: job.human, cloud, command, risk: riskOf(job.risk), size };
  return mayVote(sitting.policy(), { ...ballot, standing: isStandingJob(sitting, job) }).verdict === 'allow';
}

function listed(what: string, jobs: readonly Job[], now: Date): Block[] {
  if (jobs.length === 0) return [text(`${what}: nothing`)];
  const rows = jobs.map((job) => [job.id, job.state, job.cloud, job.line, job.human, ago(job.created_at, now)]);
  return [text(`${what}:`), { kind: 'table', columns: ['job', 'state', 'cloud', 'line', 'by', 'asked'], rows }];
}

function decisions(job: Job): Reply[] {
  return votesOn(job).map((reply) => ({ ...reply, label: `${reply.label} ${job.id}` }));
}
