import { z } from 'zod';
import { type Block, type Reply, type Report, text } from '../../chat/report.ts';
import type { EndedJob, EndedStep } from '../command.ts';
import { spokenDuration } from '../duration.ts';
import type { PlanRow } from '../plan.ts';
import { count, list } from '../words.ts';
import { NewcomersOutput } from './newcomers.ts';
import { ProofOutput } from './proof.ts';

const Input = z.object({ host: z.string() });
const Went = z.object({
  name: z.string().optional(),
  to: z.string().nullable(),
  how: z.string(),
  seconds: z.number().optional(),
});

/** A table of more servers than this is a file, too. */
const filedFrom = 10;

/** What a drain has done: what is proven first, then one line per server, then what may be said next. */
export function drainReport(job: EndedJob): Report {
  const host = hostOf(job);
  const cordoned = stateOf(job, 'cordon') === 'done';
  const proof = job.steps.find(({ step }) => step === 'proof');
  const rows = serverRows(job);
  return {
    title: titleOf(host, { cordoned, proof, job }),
    tone: job.state === 'done' ? 'good' : cordoned ? 'warn' : 'bad',
    blocks: [
      ...(rows.length === 0 ? [] : [{ kind: 'table', columns: ['server', 'to', 'how', ''], rows } satisfies Block]),
      ...evidence(proof).map(text),
      ...hooksTold(job).map(text),
      ...timing(job).map(text),
      text(hostLine(host, job)),
    ],
    ...(rows.length > filedFrom ? { file: true as const } : {}),
    replies: replies(host, job),
    footer: `${job.cloud} · ${job.id} · ${spokenDuration(job.seconds * 1000)}`,
  };
}

/** The operators' own programs: what they said, or why they did not end well. */
export function hooksTold({ steps }: Pick<EndedJob, 'steps'>): string[] {
  const hooks = steps.filter(({ step, state }) => step === 'hook' && state !== 'gone');
  return hooks.map(({ label, state, note }) => `${label}: ${state}${note === '' ? '' : `, ${note}`}`);
}

/** Only a drain that went its whole way is held against what was predicted. */
function timing({ state, seconds, plan: { predicted } }: EndedJob): string[] {
  if (predicted === undefined || state !== 'done') return [];
  return [`Predicted ${spokenDuration(predicted * 1000)}, took ${spokenDuration(seconds * 1000)}.`];
}

export function hostOf(job: EndedJob): string {
  return job.steps.flatMap(({ input }) => Input.safeParse(input).data?.host ?? [])[0] ?? 'the host';
}

/** A line for the same cloud as the job's: it names the cloud where the job's line did. */
export function lineFor(job: Pick<EndedJob, 'line' | 'cloud'>, line: string): string {
  return job.line.includes('--cloud') ? `${line} --cloud ${job.cloud}` : line;
}

function stateOf({ steps }: EndedJob, name: string): EndedStep['state'] | null {
  return steps.find(({ step }) => step === name)?.state ?? null;
}

interface Facts {
  readonly cordoned: boolean;
  readonly proof: EndedStep | undefined;
  readonly job: EndedJob;
}

function titleOf(host: string, { cordoned, proof, job }: Facts): string {
  if (!cordoned) return `${host} was not disabled; nothing was moved`;
  const stopped = job.state === 'cancelled' ? 'cancelled; ' : '';
  if (proof?.state === 'done') return `${stopped}${host} is empty`;
  const left = ProofOutput.safeParse(proof?.output).data?.left.length ?? 0;
  if (left === 0) return `${stopped}${host}: not proven empty`;
  const all = job.plan.rows.filter(({ key }) => key.startsWith('move:')).length;
  return `${stopped}${host} is not empty: ${left} of ${Math.max(all, left)} left`;
}

/** What did not move comes first: it is what people must read. */
function serverRows(job: EndedJob): string[][] {
  const steps = new Map(job.steps.map((step) => [step.key, step]));
  const rows = job.plan.rows.filter(({ key }) => key.startsWith('move:'));
  const told = rows.map((row) => ({
    cells: rowOf(row, steps.get(row.key)),
    trouble: trouble(row, steps.get(row.key)),
  }));
  return [...told, ...strangers(job)]
    .toSorted((a, b) => Number(b.trouble) - Number(a.trouble))
    .map(({ cells }) => cells);
}

/** Those that came after the plan and were moved on when somebody said so. */
function strangers({ steps }: EndedJob): { cells: string[]; trouble: boolean }[] {
  const output = NewcomersOutput.safeParse(steps.find(({ step }) => step === 'newcomers')?.output).data;
  return (output?.newcomers ?? []).map(({ name, state, note, output: moved }) => {
    const went = Went.safeParse(moved).data;
    const well = state === 'done' || state === 'gone';
    const time = timeOf(went?.seconds ?? null);
    const told = well ? ['came meanwhile', time].filter((part) => part !== '').join('; ') : note;
    return { cells: [name, went?.to ?? '-', well ? (went?.how ?? state) : state, told], trouble: !well };
  });
}

function trouble({ verdict }: PlanRow, step: EndedStep | undefined): boolean {
  return step === undefined ? verdict !== 'skip' : step.state !== 'done' && step.state !== 'gone';
}

function rowOf({ label, verdict, why }: PlanRow, step: EndedStep | undefined): string[] {
  if (step === undefined) return [label, '-', verdict, why];
  const went = Went.safeParse(step.output).data;
  if (step.state !== 'done') return [label, went?.to ?? '-', step.state, step.note];
  const told = step.note.includes(';') ? step.note.slice(step.note.indexOf(';') + 1).trim() : '';
  return [
    label,
    went?.to ?? '-',
    went?.how ?? step.state,
    [timeOf(went?.seconds ?? step.seconds), told].filter((part) => part !== '').join('; '),
  ];
}

/** Of the move alone where that is known: not of its wait in Nova's queue. */
function timeOf(seconds: number | null): string {
  return seconds === null ? '' : spokenDuration(seconds * 1000);
}

function evidence(proof: EndedStep | undefined): string[] {
  if (proof === undefined) return [];
  const output = ProofOutput.safeParse(proof.output).data;
  if (output === undefined) return [`proof: ${proof.note}`];
  const strangers = output.left.filter(({ why }) => why.startsWith('arrived'));
  return [
    `Asked twice: ${list(output.looked, 9)}.`,
    ...output.doubts.map((doubt) => `Not proven: ${doubt}.`),
    ...(strangers.length > 0
      ? [
          `${count(strangers.length, 'server')} arrived after the plan: ${list(
            strangers.map(({ name }) => name),
            9,
          )}.`,
        ]
      : []),
  ];
}

function hostLine(host: string, job: EndedJob): string {
  if (stateOf(job, 'cordon') !== 'done')
    return `${host}: ${job.steps.find(({ step }) => step === 'cordon')?.note ?? 'not touched'}`;
  const note = job.steps.find(({ step }) => step === 'cordon')?.note ?? '';
  return `${host} ${note}; it stays disabled until \`${lineFor(job, `maintenance ${host} off`)}\`.`;
}

function replies(host: string, job: EndedJob): Reply[] {
  if (stateOf(job, 'cordon') !== 'done') return [];
  const off: Reply = { label: `Enable ${host} again`, line: lineFor(job, `maintenance ${host} off`) };
  const status: Reply = { label: 'What is left', line: lineFor(job, `maintenance ${host} status`) };
  const moved = job.steps.some(({ step, state }) => step === 'move' && state === 'done');
  const line = lineFor(job, `maintenance ${host} off --return`);
  const back: Reply[] = moved ? [{ label: 'Enable it and bring them back', line }] : [];
  return job.state === 'done' ? [off, ...back] : [{ label: 'Drain again', line: job.line }, status, off];
}
