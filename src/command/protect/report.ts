import { type Report, text } from '../../chat/report.ts';
import type { EndedJob, EndedStep } from '../command.ts';
import { protectManyReport, unprotectManyReport } from './report-many.ts';

/** `protect`: what was done and proven, what it does not stop, and the line that ends it. */
export function protectReport(job: EndedJob): Report {
  if (isMany(job)) return protectManyReport(job);
  const name = nameOf(job);
  const flagged = job.steps.some(({ step, state }) => step === 'flag' && state === 'done');
  const whole = job.state === 'done';
  return {
    title: whole
      ? `${name} is protected`
      : flagged
        ? `${name} is protected, but not all was done`
        : `${name} was not protected`,
    tone: whole ? 'good' : flagged ? 'warn' : 'bad',
    blocks: [
      marks(job),
      ...(flagged
        ? [text('A delete is answered with success and does nothing; whoever waits for it to be gone waits in vain.')]
        : []),
      ...(flagged ? [text('A rebuild still wipes its disk.')] : []),
    ],
    ...(flagged ? { replies: [{ label: `Unprotect ${name}`, line: lineFor(job, `unprotect ${idOf(job)}`) }] } : {}),
    footer: `${job.cloud} · ${job.id}`,
  };
}

export function unprotectReport(job: EndedJob): Report {
  if (isMany(job)) return unprotectManyReport(job);
  const name = nameOf(job);
  const whole = job.state === 'done';
  return {
    title: whole ? `${name} is no longer protected by vigie` : `${name}: not all was put back`,
    tone: whole ? 'good' : 'bad',
    blocks: [marks(job)],
    ...(whole ? {} : { replies: [{ label: 'Again', line: job.line }] }),
    footer: `${job.cloud} · ${job.id}`,
  };
}

/** What a selection found is a table, also where that is one server. */
function isMany({ plan }: EndedJob): boolean {
  return plan.stages.some(({ lanes }) => lanes > 1);
}

function marks(job: EndedJob): Report['blocks'][number] {
  const known = new Map(job.steps.map((step) => [step.key, step]));
  return {
    kind: 'steps',
    steps: job.plan.steps.map(({ key, label }) => ({
      label,
      state: known.get(key)?.state ?? 'waiting',
      note: noteOf(known.get(key)),
    })),
  };
}

function noteOf(step: EndedStep | undefined): string {
  return step?.note ?? '';
}

function nameOf(job: EndedJob): string {
  return job.plan.title.replace(/^(un)?protect /, '');
}

function idOf(job: EndedJob): string {
  return job.plan.steps[0]?.key.split(':')[1] ?? '';
}

function lineFor(job: EndedJob, line: string): string {
  return job.line.includes('--cloud') ? `${line} --cloud ${job.cloud}` : line;
}
