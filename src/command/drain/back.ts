import { z } from 'zod';
import type { Block } from '../../chat/report.ts';
import type { EndedJob, EndedStep } from '../command.ts';
import { spokenDuration } from '../duration.ts';
import type { PlanRow } from '../plan.ts';
import { count } from '../words.ts';
import { serverBlocks, type Told, toldByPlan } from './server-blocks.ts';

const Way = z.object({ to: z.string() });
const Went = z.object({ to: z.string().nullable(), seconds: z.number().optional() });

/** `5 of 6 servers are back on cmp1`. */
export function backTitle({ steps }: EndedJob): string {
  const moves = steps.filter(({ step }) => step === 'move');
  const back = moves.filter(({ state }) => state === 'done').length;
  const to = Way.safeParse(moves[0]?.input).data?.to ?? 'the host';
  if (back === moves.length) return `${count(back, 'server')} ${back === 1 ? 'is' : 'are'} back on ${to}`;
  return `${back} of ${count(moves.length, 'server')} are back on ${to}`;
}

/** Every server; empty where none was to come back. */
export function backBlocks({ plan, steps }: EndedJob): Block[] {
  const byKey = new Map(steps.map((step) => [step.key, step]));
  const rows = plan.rows.filter(({ key }) => key.startsWith('move:'));
  return serverBlocks(
    ['server', 'now on', 'how', ''],
    rows.map((row) => toldOf(row, byKey.get(row.key))),
  );
}

function toldOf(row: PlanRow, step: EndedStep | undefined): Told {
  if (step === undefined) return toldByPlan(row);
  const { label, name = label, verdict } = row;
  const server = row.key.slice('move:'.length);
  const { state, note } = step;
  const went = Went.safeParse(step.output).data;
  const told =
    state === 'done'
      ? [verdict, spokenDuration((went?.seconds ?? step.seconds ?? 0) * 1000)]
      : [state === 'waiting' ? 'not begun' : state, note];
  return { server, name, label, state, note, cells: [label, went?.to ?? '-', ...told] };
}
