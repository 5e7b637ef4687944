import { z } from 'zod';
import { type Report, text } from '../../chat/report.ts';
import type { EndedJob, EndedStep } from '../command.ts';
import { hostOf, lineFor } from '../drain/drain-report.ts';
import { spokenDuration } from '../duration.ts';
import type { PlanRow } from '../plan.ts';
import { count, list } from '../words.ts';
import { LeftOutput } from './left.ts';

const Went = z.object({ to: z.string().nullable(), seconds: z.number().optional() });

/** What became of every server of the dead host, what may exist twice first, and in which order the host comes back. */
export function evacuateReport(job: EndedJob): Report {
  const host = hostOf(job);
  const moves = job.steps.filter(({ step }) => step === 'evacuate');
  const well = moves.filter(({ state }) => state === 'done').length;
  const output = LeftOutput.safeParse(job.steps.find(({ step }) => step === 'left')?.output).data;
  const twice = output?.twice ?? [];
  const stopped = job.steps.some(({ step, state }) => step === 'cordon' && state === 'done')
    ? undefined
    : job.steps.find(({ key, state }) => /^(hook:start|down|cordon):/.test(key) && state !== 'done');
  const alive = twice.length > 0 ? `; ${host} was heard of again` : '';
  return {
    title:
      stopped === undefined
        ? `${host}: ${well} of ${count(moves.length, 'server')} rebuilt elsewhere${alive}`
        : `${host} was not evacuated`,
    tone: job.state === 'done' ? 'good' : 'bad',
    blocks: [
      ...(twice.length === 0
        ? []
        : [text(`May exist twice: ${list(twice, 20)}. Power ${host} off before anything else.`)]),
      ...(stopped === undefined ? [] : [text(stopped.note)]),
      { kind: 'table', columns: ['server', 'to', 'disk', ''], rows: rowsOf(job) },
      ...(stopped === undefined ? [text(comesBack(host, job))] : []),
    ],
    ...(moves.length > 10 ? { file: true as const } : {}),
    footer: `${job.cloud} · ${job.id}`,
  };
}

function rowsOf({ plan, steps }: EndedJob): string[][] {
  const byKey = new Map(steps.map((step) => [step.key, step]));
  const rows = plan.rows.filter(({ key }) => key.startsWith('move:'));
  const told = rows.map((row) => ({ row, step: byKey.get(row.key) }));
  const sorted = told.toSorted((a, b) => Number(b.step?.state !== 'done') - Number(a.step?.state !== 'done'));
  return sorted.map(({ row, step }) => cellsOf(row, step));
}

function cellsOf({ label, verdict, why }: PlanRow, step: EndedStep | undefined): string[] {
  if (step === undefined) return [label, '-', verdict, why];
  const went = Went.safeParse(step.output).data;
  if (step.state !== 'done') return [label, went?.to ?? '-', verdict, `${step.state}: ${step.note}`];
  const took = spokenDuration((went?.seconds ?? 0) * 1000);
  return [label, went?.to ?? '-', verdict, `${took}; ${step.note.split(';')[0]?.split(', ')[1] ?? ''}`];
}

function comesBack(host: string, job: EndedJob): string {
  return `${host} comes back in this order: start nova-compute there (it deletes the old disks of what was rebuilt), then \`${lineFor(job, `maintenance ${host} off`)}\`.`;
}
