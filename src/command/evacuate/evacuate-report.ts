import { z } from 'zod';
import { type Report, text } from '../../chat/report.ts';
import type { EndedJob, EndedStep } from '../command.ts';
import { hostOf, lineFor } from '../drain/drain-report.ts';
import { serverBlocks, serverFile, type Told, toldByPlan } from '../drain/server-blocks.ts';
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
      ...serverBlocks(['server', 'to', 'disk', ''], serversTold(job)),
      ...(stopped === undefined ? [text(comesBack(host, job))] : []),
    ],
    ...(moves.length > 10 ? { file: serverFile(host, serversTold(job)) } : {}),
    footer: `${job.cloud} · ${job.id}`,
  };
}

function serversTold({ plan, steps }: EndedJob): Told[] {
  const byKey = new Map(steps.map((step) => [step.key, step]));
  const rows = plan.rows.filter(({ key }) => key.startsWith('move:'));
  return rows.map((row) => toldOf(row, byKey.get(row.key)));
}

function toldOf(row: PlanRow, step: EndedStep | undefined): Told {
  if (step === undefined) return toldByPlan(row);
  const { key, label, name = label, verdict, project } = row;
  const server = key.slice('move:'.length);
  const { state, note } = step;
  const went = Went.safeParse(step.output).data;
  const took = spokenDuration((went?.seconds ?? 0) * 1000);
  const told = state === 'done' ? `${took}; ${note.split(';')[0]?.split(', ')[1] ?? ''}` : `${state}: ${note}`;
  // Where a row stands alone, whether its disk is lost is said in it.
  const alone = state === 'done' ? note : `${verdict}; ${note}`;
  return { server, name, label, state, note: alone, cells: [label, went?.to ?? '-', verdict, told], project, ...went };
}

function comesBack(host: string, job: EndedJob): string {
  return `${host} comes back in this order: start nova-compute there (it deletes the old disks of what was rebuilt), then \`${lineFor(job, `maintenance ${host} off`)}\`.`;
}
