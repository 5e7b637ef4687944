import type { Question } from '../command/outcome.ts';
import type { Database, Work } from '../mysql/database.ts';
import { audit } from '../policy/audit.ts';
import { touchCards } from './deliveries.ts';
import { type StepRow, stepsOf } from './steps.ts';
import { fence, type Owner } from './store.ts';

/**
 * A question that is shown while its step goes on. Asked once: the same one again only reads whether somebody has
 * answered; null takes it back.
 */
export async function askBeside(
  database: Database,
  owner: Owner,
  key: string,
  question: Question | null,
): Promise<StepRow['answer']> {
  const row = (await stepsOf(database.rows, owner.job)).find((step) => step.key === key);
  if ((row?.question?.text ?? null) === (question?.text ?? null)) return row?.answer ?? null;
  await database.transaction(async (rows) => {
    await fence(rows, owner);
    await rows
      .updateTable('step')
      .set({ question: question === null ? null : JSON.stringify(question), answer: null, answered_by: null })
      .where('job', '=', owner.job)
      .where('step_key', '=', key)
      .where('state', '=', 'running')
      .execute();
    await touchCards(rows, owner.job);
    if (question !== null)
      await audit(rows, { kind: 'question', job: owner.job, detail: { step: key, text: question.text } });
  });
  return null;
}

/** It waits for somebody's word, whether it goes on meanwhile or not. */
export function isAsking({ state, question, answer }: StepRow): boolean {
  return answer === null && (state === 'asking' || (state === 'running' && question !== null));
}

/** A question of these stages has its answer, and no worker has gone on with it. */
export async function hasAnswer(rows: Work, job: string, stages: readonly string[]): Promise<boolean> {
  const answered = await rows
    .selectFrom('step')
    .select('step_key')
    .where('job', '=', job)
    .where('stage', 'in', stages)
    .where('state', '=', 'asking')
    .where('answer', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  return answered !== undefined;
}
