import { type Report, say } from '../chat/report.ts';
import { UserError } from '../chat/user-error.ts';
import { touchCards } from '../jobs/deliveries.ts';
import { isAsking } from '../jobs/questions.ts';
import { type StepRow, stepsOf } from '../jobs/steps.ts';
import { lockJob } from '../jobs/store.ts';
import type { Sitting } from './desk.ts';
import { mayTouch, meant, personAt, record, work } from './person.ts';

/** `answer ID [STEP] CHOICE`: by whoever might have asked for the job. */
export async function answerQuestion(sitting: Sitting, id: string, words: readonly string[]): Promise<Report> {
  const job = await meant(sitting, id, ['asking', 'running'], 'answer');
  mayTouch(sitting, job);
  await lockJob(work(sitting), job.id);
  const asking = (await stepsOf(sitting.rows, job.id)).filter(isAsking);
  const { step, choice } = chosen(job.id, asking, words);
  const rows = work(sitting);
  const person = personAt(sitting);
  const written = await rows
    .updateTable('step')
    .set({ answer: choice, answered_by: person.human, until: null })
    .where('job', '=', job.id)
    .where('step_key', '=', step.key)
    .where('state', 'in', ['asking', 'running'])
    .where('question', 'is not', null)
    .where('answer', 'is', null)
    .executeTakeFirst();
  if (written.numUpdatedRows !== 1n) throw new UserError('somebody answered a moment ago: see the card');
  await rows
    .updateTable('job')
    .set({ state: 'running', until: null })
    .where('id', '=', job.id)
    .where('state', '=', 'asking')
    .execute();
  await touchCards(rows, job.id);
  sitting.rings.push({ queue: `do-${job.cloud}`, id: job.id, once: `${job.id}-${job.epoch}-${step.key}` });
  record(sitting, { kind: 'answer', job: job.id, detail: { step: step.key, choice } });
  return say(`${job.id}, ${step.label}: ${choice}`);
}

function chosen(id: string, asking: readonly StepRow[], words: readonly string[]): { step: StepRow; choice: string } {
  if (asking.length === 0) throw new UserError(`${id} asks nothing now: job ${id} shows how far it is`);
  const named = words.length > 1 ? asking.find((step) => step.key === words[0] || step.label === words[0]) : undefined;
  const step = words.length > 1 ? named : asking.length === 1 ? asking[0] : undefined;
  if (step === undefined)
    throw new UserError(`which question? type answer ${id} STEP CHOICE: ${asking.map(({ key }) => key).join(', ')}`);
  const choices = step.question?.choices.map(({ choice }) => choice) ?? [];
  const choice = words.at(-1)?.toLowerCase() ?? '';
  if (!choices.includes(choice))
    throw new UserError(`answer one of ${choices.join(', ')}: answer ${id} ${choices[0] ?? ''}`);
  return { step, choice };
}
