import { z } from 'zod';
import { type Reply, type Report, StepMark, text } from '../../chat/report.ts';
import type { EndedJob, EndedStep } from '../command.ts';
import { spokenDuration } from '../duration.ts';
import type { PlanRow } from '../plan.ts';
import { list } from '../words.ts';
import { NewcomersOutput } from './newcomers.ts';
import { ProofOutput } from './proof.ts';
import { isWell, serverBlocks, serverFile, type Told, toldByPlan } from './server-blocks.ts';

const Input = z.object({ host: z.string() });
const Went = z.object({
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
  const told = serversTold(job);
  return {
    title: titleOf(host, { cordoned, proof, job }),
    tone: job.state === 'done' ? 'good' : cordoned ? 'warn' : 'bad',
    blocks: [
      ...serverBlocks(['server', 'to', 'how', ''], told),
      ...stopped(job).map(text),
      ...stillThere(host, proof, told).map(text),
      ...evidence(proof).map(text),
      ...hooksTold(job).map(text),
      ...timing(job).map(text),
      text(hostLine(host, job)),
    ],
    ...(told.length > filedFrom ? { file: serverFile(host, told) } : {}),
    replies: replies(host, job),
    footer: `${job.cloud} · ${job.id} · ${spokenDuration(job.seconds * 1000)}`,
  };
}

/** The operators' own programs: what they said, or why they did not end well. */
export function hooksTold({ steps }: Pick<EndedJob, 'steps'>): string[] {
  const hooks = steps.filter(({ step, state }) => step === 'hook' && state !== 'gone');
  return hooks.map(({ label, state, note }) => `${label}: ${state}${note === '' ? '' : `, ${note}`}`);
}

/** Why the others were not tried, and who said so: once, not in each of their rows. */
function stopped(job: EndedJob): string[] {
  const gate = job.steps.find(({ step }) => step === 'gate');
  const isSaid = gate?.state === 'blocked' && job.state !== 'cancelled' && stateOf(job, 'cordon') === 'done';
  return isSaid ? [`Stopped: ${gate.note}.`] : [];
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

function serversTold(job: EndedJob): Told[] {
  const steps = new Map(job.steps.map((step) => [step.key, step]));
  const rows = job.plan.rows.filter(({ key }) => key.startsWith('move:'));
  return [...rows.map((row) => toldOf(row, steps.get(row.key))), ...strangers(job)];
}

/** Those that came after the plan and were moved on when somebody said so. */
function strangers({ steps }: EndedJob): Told[] {
  const output = NewcomersOutput.safeParse(steps.find(({ step }) => step === 'newcomers')?.output).data;
  return (output?.newcomers ?? []).map(({ server, name, project, state: ended, note, output: moved }) => {
    const state = StepMark.catch('failed').parse(ended);
    const went = Went.safeParse(moved).data;
    const time = timeOf(went?.seconds ?? null);
    const told = ['came meanwhile', time].filter((part) => part !== '').join('; ');
    const cells = [name, went?.to ?? '-', went?.how ?? state, told];
    return { server, name, label: name, state, note, cells, project, ...went };
  });
}

function toldOf(row: PlanRow, step: EndedStep | undefined): Told {
  if (step === undefined) return toldByPlan(row);
  const { label, name = label, project } = row;
  const server = row.key.slice('move:'.length);
  const { state, note } = step;
  const went = Went.safeParse(step.output).data;
  const to = went?.to ?? '-';
  const whole = { server, name, label, state, note, project, ...went };
  if (state !== 'done') return { ...whole, cells: [label, to, state === 'waiting' ? 'not begun' : state, note] };
  const more = note.includes(';') ? note.slice(note.indexOf(';') + 1).trim() : '';
  const seconds = went?.seconds ?? step.seconds;
  const cells = [label, to, went?.how ?? state, [timeOf(seconds), more].filter((part) => part !== '').join('; ')];
  return { ...whole, seconds, cells };
}

/** Of the move alone where that is known: not of its wait in Nova's queue. */
function timeOf(seconds: number | null): string {
  return seconds === null ? '' : spokenDuration(seconds * 1000);
}

/** Who is on the host though no row says so: it came after the plan, or came back. Nothing else names it. */
function stillThere(host: string, proof: EndedStep | undefined, told: readonly Told[]): string[] {
  const rows = new Map(told.map(({ server, state }) => [server, state]));
  const unsaid = (ProofOutput.safeParse(proof?.output).data?.left ?? []).flatMap(({ server, name, status, why }) => {
    const state = rows.get(server);
    if (state === undefined) return [`${name} ${status}, ${why} (${server})`];
    return isWell(state) ? [`${name} ${status} (${server})`] : [];
  });
  return unsaid.length === 0 ? [] : [`Still on ${host}: ${unsaid.join('; ')}.`];
}

/** Where servers are left, that they are is evidence enough. */
function evidence(proof: EndedStep | undefined): string[] {
  if (proof === undefined) return [];
  const output = ProofOutput.safeParse(proof.output).data;
  if (output === undefined) return [`proof: ${proof.note}`];
  return [
    ...(output.left.length === 0 ? [`Asked twice: ${list(output.looked, 9)}.`] : []),
    ...output.doubts.map((doubt) => `Not proven: ${doubt}.`),
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
