import type { StepMark } from '../chat/report.ts';
import { StepMark as StepMarkSchema } from '../chat/report.ts';
import type { Json, Outcome, Question } from '../command/outcome.ts';
import type { PlannedStep } from '../command/plan.ts';
import { cut } from '../command/words.ts';
import type { Database, Rows, Work } from '../mysql/database.ts';
import { audit } from '../policy/audit.ts';
import { touchCards, touchProgress } from './deliveries.ts';
import { dbNow, fence, type Owner } from './store.ts';

export interface StepRow {
  readonly key: string;
  readonly name: string;
  readonly stage: string;
  readonly input: Json;
  readonly label: string;
  readonly state: StepMark;
  readonly attempt: number;
  readonly note: string;
  readonly checkpoint: Json;
  readonly checkpointAt: Date | null;
  readonly output: Json;
  readonly question: Question | null;
  readonly answer: { choice: string; by: string } | null;
  readonly until: Date | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
}

export async function stepsOf(rows: Rows | Work, job: string): Promise<StepRow[]> {
  const found = await rows.selectFrom('step').selectAll().where('job', '=', job).orderBy('ordinal').execute();
  return found.map((row) => ({
    key: row.step_key,
    name: row.name,
    stage: row.stage,
    input: JSON.parse(row.input),
    label: row.label,
    state: StepMarkSchema.parse(row.state),
    attempt: Number(row.attempt),
    note: row.note,
    checkpoint: row.checkpoint === null ? null : JSON.parse(row.checkpoint),
    checkpointAt: row.checkpoint_at,
    output: row.output === null ? null : JSON.parse(row.output),
    question: row.question === null ? null : revived(JSON.parse(row.question)),
    answer: row.answer === null ? null : { choice: row.answer, by: row.answered_by ?? 'nobody' },
    until: row.until,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  }));
}

function revived(question: Question): Question {
  return { ...question, deadline: new Date(question.deadline) };
}

/** Rows of a plan that begins: `vanished` steps are recorded as gone, the rest wait. */
export async function insertSteps(
  rows: Work,
  job: string,
  steps: readonly PlannedStep[],
  vanished: ReadonlySet<string>,
): Promise<void> {
  const values = steps.map((step, ordinal) => ({
    job,
    ordinal,
    step_key: step.key,
    name: step.step,
    stage: step.stage,
    input: JSON.stringify(step.input),
    label: step.label,
    state: vanished.has(step.key) ? 'gone' : 'waiting',
    note: vanished.has(step.key) ? 'no longer needed when the job began' : '',
  }));
  for (let at = 0; at < values.length; at += 500)
    await rows
      .insertInto('step')
      .values(values.slice(at, at + 500))
      .execute();
}

export async function startStep(database: Database, owner: Owner, step: StepRow): Promise<void> {
  await database.transaction(async (rows) => {
    await fence(rows, owner);
    await rows
      .updateTable('step')
      .set((set) => ({
        state: 'running',
        attempt: set('attempt', '+', 1),
        started_at: step.startedAt ?? dbNow,
        until: null,
      }))
      .where('job', '=', owner.job)
      .where('step_key', '=', step.key)
      .where('state', 'in', ['waiting', 'running', 'asking'])
      .execute();
    await touchCards(rows, owner.job);
  });
}

/** Writes what a step is about to ask for, so that whoever comes next can find it again. */
export async function saveCheckpoint(database: Database, owner: Owner, key: string, checkpoint: Json): Promise<void> {
  await database.transaction(async (rows) => {
    await fence(rows, owner);
    await rows
      .updateTable('step')
      .set({ checkpoint: JSON.stringify(checkpoint), checkpoint_at: dbNow })
      .where('job', '=', owner.job)
      .where('step_key', '=', key)
      .execute();
  });
}

export async function saveNotes(database: Database, owner: Owner, notes: ReadonlyMap<string, string>): Promise<void> {
  await database.transaction(async (rows) => {
    await fence(rows, owner);
    for (const [key, note] of notes) {
      await rows
        .updateTable('step')
        .set({ note: cut(note, noteLimit) })
        .where('job', '=', owner.job)
        .where('step_key', '=', key)
        .where('state', '=', 'running')
        .execute();
    }
    await touchProgress(rows, owner.job);
  });
}

/** Ends a step's turn. An outcome is audited in the same transaction. */
export async function endStep(
  database: Database,
  owner: Owner,
  step: Pick<StepRow, 'key' | 'label'>,
  outcome: Outcome,
): Promise<void> {
  await database.transaction(async (rows) => {
    await fence(rows, owner);
    const written = await rows
      .updateTable('step')
      .set(columnsOf(outcome))
      .where('job', '=', owner.job)
      .where('step_key', '=', step.key)
      .where('ended_at', 'is', null)
      // Asked once: a rerun after a lost answer must not take back what a person has answered since.
      .where('state', 'in', asksOrWaits(outcome) ? ['running'] : ['waiting', 'running', 'asking'])
      .executeTakeFirst();
    await touchCards(rows, owner.job);
    if (written.numUpdatedRows !== 1n || outcome.state === 'later') return;
    const note = outcome.state === 'ask' ? outcome.question.text : outcome.note;
    await audit(rows, {
      kind: 'step',
      job: owner.job,
      detail: { step: step.key, state: outcome.state, note, worker: owner.worker, epoch: owner.epoch },
    });
  });
}

/** Characters of a note: a row of a card, not a log. */
const noteLimit = 4000;

/** What a row and one packet of any database take; a step that finds out more is a bug of ours. */
const outputLimit = 4 * 1024 * 1024;

function kept(output: Json): string {
  const bytes = JSON.stringify(output);
  if (Buffer.byteLength(bytes) <= outputLimit) return bytes;
  throw new Error(`a step's output takes ${Buffer.byteLength(bytes)} bytes, more than the ${outputLimit} of a row`);
}

function asksOrWaits({ state }: Outcome): boolean {
  return state === 'ask' || state === 'later';
}

function columnsOf(outcome: Outcome) {
  if (outcome.state === 'ask') {
    return {
      state: 'asking',
      question: JSON.stringify(outcome.question),
      answer: null,
      answered_by: null,
      until: outcome.question.deadline,
    };
  }
  if (outcome.state === 'later') return { state: 'waiting', note: cut(outcome.note, noteLimit), until: outcome.until };
  return {
    state: outcome.state,
    note: cut(outcome.note, noteLimit),
    output: kept(outcome.output),
    ended_at: dbNow,
    until: null,
  };
}

/** Whatever had not ended when its job did is said to have been left. */
export async function leaveRest(rows: Work, job: string, why: string): Promise<void> {
  await rows
    .updateTable('step')
    .set({ state: 'blocked', note: why, ended_at: dbNow })
    .where('job', '=', job)
    .where('state', 'in', ['waiting', 'asking'])
    .execute();
  await rows
    .updateTable('step')
    .set({ state: 'unproven', ended_at: dbNow })
    .where('job', '=', job)
    .where('state', '=', 'running')
    .execute();
}
