import { z } from 'zod';
import { type Report, text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { UndoPreview, UndoRow } from '../../openstack/cloud.ts';
import type { EndedJob, PlanContext, StepContext } from '../command.ts';
import { done, type Outcome, unproven } from '../outcome.ts';
import type { PlanDraft, PlannedStep, PlanRow } from '../plan.ts';
import { count } from '../words.ts';

export const UndoInput = z.object({ job: z.string(), sha256: z.string() });

type Draft = PlanDraft & { steps: (PlannedStep & { step: 'undo' })[] };

/** Every row as it was before the job, or nothing: one that somebody else changed since refuses all. */
export async function undoPlan(job: string, { cloud, history }: PlanContext): Promise<Draft> {
  const past = await history.edited(job);
  if (past === null)
    throw new UserError(
      `${job} is no ended job of ${cloud.name} that changed rows by a runbook: only those can be undone, and job ${job} shows what it did`,
    );
  const seen = await cloud.databases.previewUndo(job, past.undo);
  const ours = restorable(job, seen);
  const what = `restore ${count(ours.length, 'row')} that ${job} ${seen.change}d`;
  return {
    title: `undo ${job} (${seen.runbook}): ${what}`,
    blocks: [{ kind: 'fields', fields: facts(seen) }],
    rows: seen.rows.map(planRow),
    stages: [{ name: 'undo' }],
    steps: [{ key: 'undo', step: 'undo', input: { job, sha256: seen.file.sha256 }, stage: 'undo', label: what }],
    claims: [...past.claims],
    size: ours.length,
  };
}

/** Run again after a death it finds the rows restored. */
export async function runUndo({ job, sha256 }: z.output<typeof UndoInput>, context: StepContext): Promise<Outcome> {
  const { databases } = context.cloud;
  const rows = await context.act({ job }, (limits) => databases.undoEdit({ job, sha256 }, limits));
  if (rows === 'unclear')
    return unproven(
      'asked to restore the rows, and they are otherwise: somebody changed one right after, or it was not done',
    );
  return done(rows === 0 ? 'all rows are as before' : `${count(rows, 'row')} restored, read back`, { rows });
}

export function undoReport(job: EndedJob): Report {
  const undo = job.steps.find(({ step }) => step === 'undo');
  const of = UndoInput.safeParse(undo?.input).data?.job ?? 'the job';
  const whole = undo?.state === 'done';
  return {
    title: whole ? `${of} is undone: ${undo.note}` : `${of} is not undone`,
    tone: whole ? 'good' : 'bad',
    blocks: whole || undo === undefined ? [] : [text(undo.note)],
    footer: `${job.cloud} · ${job.id}`,
  };
}

function restorable(job: string, { rows }: UndoPreview): UndoRow[] {
  const changed = rows.filter(({ state }) => state === 'changed');
  if (changed.length > 0) {
    const which = changed.map(({ cells }) => conflictWords(cells)).join('; ');
    throw new UserError(
      `somebody else changed ${count(changed.length, 'row')} since: ${which}. Nothing of ${job} is undone`,
    );
  }
  const ours = rows.filter(({ state }) => state === 'ours');
  if (ours.length === 0) throw new UserError(`nothing to undo: the rows are as they were before ${job}`);
  return ours;
}

/** `id 12 (task_state is rebooting, was deleting)`. */
function conflictWords([identity, ...cells]: UndoRow['cells']): string {
  const differences = cells.map(({ column, before, after }) => `${column} is ${before}, was ${after}`);
  return `${identity?.column} ${identity?.before} (${differences.slice(0, 4).join(', ') || 'gone'})`;
}

function facts({ runbook, label, at, human, file }: UndoPreview): [string, string][] {
  return [
    ['undoes', `${runbook}, run by ${human} ${at} UTC`],
    ['database', label],
    ['row images', `${file.host}:${file.path}`],
  ];
}

function planRow({ hash, state, cells: [identity, ...cells] }: UndoRow): PlanRow {
  const label = `${identity?.column} ${identity?.before}`;
  if (state === 'as before')
    return { key: `undo:${hash}`, verdict: 'stays', weight: 0, label, why: 'it is as it was before' };
  const why = cells.map(({ column, before, after }) => `${column}: ${before} → ${after}`).join(', ');
  return { key: `undo:${hash}`, verdict: 'restore', weight: 2, label, why };
}
