import { z } from 'zod';
import type { Block } from '../../chat/report.ts';
import type { EndedJob, EndedStep } from '../command.ts';
import { spokenDuration } from '../duration.ts';
import type { PlanRow } from '../plan.ts';
import { count } from '../words.ts';

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

/** A table of every server; empty where none was to come back. */
export function backBlocks({ plan, steps }: EndedJob): Block[] {
  const rows = plan.rows.filter(({ key }) => key.startsWith('move:'));
  if (rows.length === 0) return [];
  const byKey = new Map(steps.map((step) => [step.key, step]));
  const told = rows.map((row) => ({ cells: cellsOf(row, byKey.get(row.key)), step: byKey.get(row.key) }));
  const sorted = told.toSorted((a, b) => Number(b.step?.state !== 'done') - Number(a.step?.state !== 'done'));
  return [{ kind: 'table', columns: ['server', 'now on', 'how', ''], rows: sorted.map(({ cells }) => cells) }];
}

function cellsOf({ label, verdict, why }: PlanRow, step: EndedStep | undefined): string[] {
  if (step === undefined) return [label, '-', verdict, why];
  const went = Went.safeParse(step.output).data;
  if (step.state !== 'done') return [label, went?.to ?? '-', step.state, step.note];
  return [label, went?.to ?? '-', verdict, spokenDuration((went?.seconds ?? step.seconds ?? 0) * 1000)];
}
