import { z } from 'zod';
import { type Report, text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { Edited, EditOrder } from '../../openstack/cloud.ts';
import type { EndedJob, StepContext } from '../command.ts';
import { done, gone, type Outcome, unproven } from '../outcome.ts';
import { count } from '../words.ts';

export const EditInput = z.object({
  runbook: z.string(),
  sha256: z.string(),
  cell: z.string().nullable(),
  values: z.record(z.string(), z.string().nullable()),
  rows: z.array(z.string()).min(1),
});

/** All rows in one transaction. Who takes over from a dead worker looks by the row images what that one did. */
export async function runEdit(input: z.output<typeof EditInput>, context: StepContext): Promise<Outcome> {
  const order = { job: context.job.id, human: context.job.human, ...input };
  if (context.checkpoint !== null) return resume(order, context);
  const edited = await ask(order, context);
  return written(edited) ?? gone(nothing);
}

/** What comes next may be refused because of what the one that died did: then its row images tell, if they are on this disk. */
async function resume(order: EditOrder, context: StepContext): Promise<Outcome> {
  const { databases } = context.cloud;
  const found = await databases.edited(order);
  if (found === 'unclear') return unproven('the rows are neither as before nor as this job would have left them');
  const unchanged = async () => (await databases.edited(order)) === 'as before';
  try {
    const edited = written(found === null || found === 'as before' ? await ask(order, context) : found);
    if (edited !== null) return edited;
    return (await unchanged()) ? gone(nothing) : unproven(`the approved rows are no longer as they were; ${elsewhere}`);
  } catch (error) {
    if (!(error instanceof UserError) || (await unchanged())) throw error;
    return unproven(`${error.message}; ${elsewhere}`);
  }
}

const nothing = 'no approved row is as it was: nothing was changed';
const elsewhere = 'a worker that died may have changed them: the row images on its disk tell';

function ask(order: EditOrder, context: StepContext): Promise<Edited> {
  const intent = { runbook: order.runbook, rows: order.rows.length };
  return context.act(intent, (limits) => context.cloud.databases.edit(order, limits));
}

function written({ rows, left, undo, doubt }: Edited): Outcome | null {
  if (undo === null) return null;
  const output = { rows, left, undo: { ...undo } };
  if (doubt !== null) return unproven(doubt, output);
  const others = left > 0 ? `; ${count(left, 'row')} needed it no more` : '';
  return done(`${count(rows, 'row')} written, read back${others}`, output);
}

const Wrote = z.object({ undo: z.object({ host: z.string(), path: z.string() }) });

export function runReport(job: EndedJob): Report {
  const edit = job.steps.find(({ step }) => step === 'edit');
  const wrote = Wrote.safeParse(edit?.output).data?.undo ?? null;
  const name = EditInput.safeParse(edit?.input).data?.runbook ?? job.line;
  return {
    title: edit?.state === 'done' ? `${name}: ${edit.note}` : `${name}: ${edit?.note ?? 'nothing was changed'}`,
    tone: edit?.state === 'done' ? 'good' : edit?.state === 'gone' ? 'plain' : 'bad',
    blocks: [
      { kind: 'steps', steps: job.steps.map(({ label, state, note }) => ({ label, state, note })) },
      ...(wrote === null ? [] : [text(`Row images: ${wrote.host}:${wrote.path}`)]),
    ],
    ...(wrote === null
      ? {}
      : { replies: [{ label: 'Undo', line: `sql undo ${job.id} --cloud ${job.cloud}`, danger: true }] }),
    footer: `${job.cloud} · ${job.id}`,
  };
}
