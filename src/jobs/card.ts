import type { Phase } from '../chat/message.ts';
import type { Block, Reply, Report, Tone } from '../chat/report.ts';
import { text } from '../chat/report.ts';
import type { Plan } from '../command/plan.ts';
import { moment } from '../command/words.ts';
import type { Freeze } from './freezes.ts';
import { hasEnded, type Job } from './job.ts';
import { isAsking } from './questions.ts';
import type { StepRow } from './steps.ts';

/** Everything a card shows: rows, nothing else. The same rows always make the same card. */
export interface CardFacts {
  readonly job: Job;
  readonly steps: readonly StepRow[];
  readonly votes: readonly { human: string; choice: string }[];
  readonly children: readonly Job[];
  readonly freeze: Freeze | null;
}

export function cardOf(facts: CardFacts): Report {
  if (facts.children.length > 0) return groupCard(facts);
  const made = body(facts);
  return { ...made, footer: footer(facts) };
}

/** Where a job that changes something stands; null for what only reads. */
export function phaseOf({ job }: CardFacts): Phase | null {
  if (job.kind !== 'change') return null;
  if (hasEnded(job.state)) return 'ended';
  if (job.state === 'planning' || job.state === 'awaiting') return job.state === 'planning' ? 'planning' : 'waiting';
  return 'running';
}

/** What people must not miss: as long as it is the same, a changed card is progress. About to start is as good as begun. */
export function newsOf({ job, steps, votes, freeze }: CardFacts): string {
  const state = job.state === 'queued' ? 'running' : job.state;
  const questions = steps.filter(isAsking).map(({ key }) => key);
  return JSON.stringify([state, job.wish, votes, freeze?.reason ?? null, questions]);
}

function body(facts: CardFacts): Report {
  const { job } = facts;
  const title = job.title ?? job.line;
  switch (job.state) {
    case 'planning':
      return card(`${job.line}: reading the cloud`, 'plain', []);
    case 'awaiting':
      return awaiting(facts, title);
    case 'queued':
      return card(`${title}: ${approvedWord(facts)}`, 'plain', frozenLine(facts), [stop(job)]);
    case 'parked':
      return card(`${title}: ${waitingLine(facts)}`, 'plain', [...frozenLine(facts), ...going(facts)], [stop(job)]);
    case 'running':
      if (facts.steps.some(isAsking)) return asking(facts, title);
      return card(`${title}: ${progressLine(facts)}`, 'plain', [...frozenLine(facts), ...going(facts)], [stop(job)]);
    case 'asking':
      return asking(facts, title);
    case 'done':
    case 'partial':
    case 'failed':
    case 'cancelled':
      return (
        job.report ??
        card(
          `${job.line}: ${job.state}`,
          job.state === 'done' ? 'good' : 'bad',
          [job.reason ?? [], job.started_at === null ? 'nothing was touched' : []].flat().map(text),
        )
      );
    case 'expired':
      return card(
        `${title}: nobody approved in time`,
        'warn',
        [text('nothing was touched')],
        // The line alone would do at once what was to be approved for later.
        job.standing === null ? [{ label: 'Ask again', line: job.line }] : [],
      );
    case 'stale':
      return card(`${title}: the cloud changed, nothing was touched`, 'warn', [
        text(`the new plan is ${job.successor ?? 'another job'}`),
      ]);
  }
}

function awaiting(facts: CardFacts, title: string): Report {
  const { job } = facts;
  const yes = approversOf(facts);
  const missing = Math.max(0, (job.approval?.votes ?? 1) - yes.length);
  const soFar = yes.length === 0 ? '' : `: approved by ${yes.join(', ')}, needs ${missing} more`;
  const who = job.approval?.roles.join(' or ') || 'another person';
  const until = job.until === null ? '' : ` before ${deadline(job.until, job.planned_at)}`;
  const needs = text(
    `needs ${missing} ${missing === 1 ? 'approval' : 'approvals'} by ${who}, not by ${job.human},${until}`.replace(
      /,$/,
      '',
    ),
  );
  const calls = job.approval?.call ?? [];
  const typed = job.approval?.typed === true ? [text(`to approve, type: ${typedLine(job)}`)] : [];
  return {
    ...card(`${title}${soFar}`, 'warn', [...planBlocks(job.plan), ...frozenLine(facts), needs, ...typed], votesOn(job)),
    ...(calls.length === 0 ? {} : { calls }),
  };
}

/** What one may say to a plan that waits; a yes that must be typed is no button. */
export function votesOn({ id, approval }: Job): Reply[] {
  const deny: Reply = { label: 'Deny', line: `deny ${id}` };
  return approval?.typed === true ? [deny] : [{ label: 'Approve', line: `approve ${id}`, danger: true }, deny];
}

/** The plan's own, so that nobody types it for another one. */
export function codeOf({ plan_hash: hash }: Job): string {
  return (hash ?? '').slice(0, 4);
}

function typedLine(job: Job): string {
  return `approve ${job.id} ${codeOf(job)}`;
}

export function planBlocks(plan: Plan | null): Block[] {
  if (plan === null) return [text('the plan is no longer readable')];
  if (plan.rows.length === 0) return plan.blocks;
  const rows = plan.rows.map(({ label, verdict, why }) => [label, verdict, why]);
  return [...plan.blocks, { kind: 'table', columns: ['what', 'how', 'why'], rows }];
}

function asking(facts: CardFacts, title: string): Report {
  const { job, steps } = facts;
  const questions = steps.filter(isAsking);
  const blocks = questions.flatMap((step): Block[] => {
    const question = step.question;
    if (question === null) return [];
    return [
      text(`${step.label}: ${question.text} (${question.fallback} at ${clock(question.deadline)} if nobody answers)`),
    ];
  });
  const replies = questions.flatMap((step) =>
    (step.question?.choices ?? []).map(({ choice, label }) => ({
      label: questions.length === 1 ? label : `${step.label}: ${label}`,
      line: questions.length === 1 ? `answer ${job.id} ${choice}` : `answer ${job.id} ${step.key} ${choice}`,
    })),
  );
  return card(`${title}: a question`, 'warn', [...blocks, ...going(facts)], [...replies, stop(job)]);
}

function going({ steps }: CardFacts): Block[] {
  // What waits for its turn is only counted; what waits for a time says why.
  const shown = steps.filter(({ state, until }) => state !== 'gone' && (state !== 'waiting' || until !== null));
  if (shown.length === 0) return [];
  const listed = shown.map(({ label, state, note }) => ({ label, state, note }));
  return [{ kind: 'steps', steps: listed, progress: [settled(steps), steps.length] }];
}

function settled(steps: readonly StepRow[]): number {
  return steps.filter((step) => step.endedAt !== null || step.state === 'gone').length;
}

function approversOf({ votes }: CardFacts): string[] {
  return votes.filter(({ choice }) => choice === 'yes').map(({ human }) => human);
}

function approvedWord(facts: CardFacts): string {
  const { job } = facts;
  const yes = approversOf(facts);
  if (yes.length > 0) return `approved by ${yes.join(', ')}, about to start`;
  return job.approval?.votes === 0 ? 'needs no approval, about to start' : 'about to start';
}

function waitingLine(facts: CardFacts): string {
  const { until, started_at: since } = facts.job;
  return `${progressLine(facts)}, waits until ${until === null ? 'its time' : deadline(until, since)}`;
}

function progressLine({ job, steps }: CardFacts): string {
  const wish = job.wish === null ? '' : `, stopping (${job.wish_by ?? 'someone'} cancelled)`;
  return `${settled(steps)} of ${steps.length} steps${wish}`;
}

function groupCard(facts: CardFacts): Report {
  const { job, children } = facts;
  const answered = children.filter((child) => child.report !== null);
  const late = children.filter((child) => child.report === null);
  const blocks = answered.flatMap((child): Block[] => {
    const report = child.report;
    return [text(`— ${child.cloud}: ${report?.title ?? child.reason ?? child.state}`), ...(report?.blocks ?? [])];
  });
  const waiting = job.ended_at === null ? 'still reading' : 'no answer from';
  const missing = late.length === 0 ? [] : [text(`${waiting}: ${late.map((child) => child.cloud).join(', ')}`)];
  const tone: Tone = answered.some((child) => child.state !== 'done') || late.length > 0 ? 'warn' : 'plain';
  return {
    ...card(`${job.line}: ${answered.length} of ${children.length} clouds`, tone, [...blocks, ...missing]),
    footer: footer(facts),
  };
}

function frozenLine({ freeze }: CardFacts): Block[] {
  return freeze === null
    ? []
    : [
        text(
          `${freeze.cloud === '*' ? 'all clouds are' : `${freeze.cloud} is`} frozen by ${freeze.human}: ${freeze.reason}`,
        ),
      ];
}

function footer({ job, votes }: CardFacts): string {
  const yes = votes.filter((vote) => vote.choice === 'yes').map((vote) => vote.human);
  const no = votes.filter((vote) => vote.choice === 'no').map((vote) => vote.human);
  const parts = [job.id, job.cloud, `asked by ${job.human}`];
  if (yes.length > 0) parts.push(`approved by ${yes.join(', ')}`);
  if (no.length > 0) parts.push(`denied by ${no.join(', ')}`);
  if (job.approval?.standing !== undefined) parts.push(`standing approval ${job.approval.standing}`);
  if (job.break_glass !== null) parts.push(`glass broken: ${job.break_glass}`);
  const took =
    job.started_at !== null && job.ended_at !== null
      ? Math.round((job.ended_at.getTime() - job.started_at.getTime()) / 1000)
      : null;
  if (took !== null) parts.push(`${took} s`);
  return parts.filter((part) => part !== '').join(' · ');
}

/** Asked to stop already, it can still be asked to stop at once. */
function stop({ id, wish }: Job): Reply {
  return wish === 'cancel'
    ? { label: 'Abort what runs', line: `cancel ${id} --now`, danger: true }
    : { label: 'Cancel', line: `cancel ${id}` };
}

function card(title: string, tone: Tone, blocks: readonly Block[], replies: readonly Reply[] = []): Report {
  return { title, tone, blocks: [...blocks], ...(replies.length === 0 ? {} : { replies: [...replies] }) };
}

/** With its date where the hour alone could be today's or tomorrow's. */
function deadline(until: Date, since: Date | null): string {
  const far = since !== null && until.getTime() - since.getTime() > 12 * 3_600_000;
  return far ? moment(until) : clock(until);
}

function clock(at: Date): string {
  return `${at.toISOString().slice(11, 16)} UTC`;
}
